---`:CodeIntel`: its subcommands, what they take, and how they are completed.

local M = {}

local QUALIFIERS = { 'lang:', 'path:', '-path:', 'kind:', 'sym:', 'def:', 'ref:', 'module:' }
local KINDS = { 'class', 'doc', 'enum', 'function', 'interface', 'method', 'struct', 'trait', 'type' }
local VERDICTS = { 'good', 'bad', 'none' }

local function actions()
  return require('codeintel.actions')
end

---@class codeintel.Subcommand
---@field run fun(words: string[])
---@field words? string[] what its first word can be
---@field takes_query? boolean

---@type table<string, codeintel.Subcommand>
local subcommands = {
  search = {
    takes_query = true,
    run = function(words)
      actions().search(table.concat(words, ' '))
    end,
  },
  explain = {
    takes_query = true,
    run = function(words)
      actions().explain(table.concat(words, ' '))
    end,
  },
  whynot = {
    takes_query = true,
    words = { 'symbol=' },
    run = function(words)
      local symbol = (words[1] or ''):match('^symbol=(.+)$')
      actions().why_not(table.concat(words, ' ', symbol and 2 or 1), symbol)
    end,
  },
  similar = {
    run = function()
      actions().similar()
    end,
  },
  judge = {
    takes_query = true,
    words = VERDICTS,
    run = function(words)
      if not vim.tbl_contains(VERDICTS, words[1]) then
        return vim.notify('codeintel: judge good, bad or none', vim.log.levels.WARN)
      end
      actions().judge(words[1], table.concat(words, ' ', 2))
    end,
  },
  status = {
    run = function()
      require('codeintel.status').show()
    end,
  },
  reindex = {
    words = { 'file' },
    run = function(words)
      actions().reindex(words[1] ~= 'file')
    end,
  },
  restart = {
    run = function()
      require('codeintel.server').restart()
    end,
  },
  log = {
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.get_log_path()))
    end,
  },
}

---@return string[]
function M.names()
  local names = vim.tbl_keys(subcommands)
  table.sort(names)
  return names
end

---@param call { fargs: string[] }
function M.run(call)
  local words = vim.list_slice(call.fargs)
  local name = table.remove(words, 1) or 'search'
  local subcommand = subcommands[name]
  if not subcommand then
    local known = table.concat(M.names(), ', ')
    return vim.notify(('codeintel: there is no %s; there are %s'):format(name, known), vim.log.levels.ERROR)
  end
  subcommand.run(words)
end

---Values after a qualifier: languages of the index's own files are not known here, so those of the buffers.
---@param lead string
---@return string[]
local function values(lead)
  local minus, name = lead:match('^(%-?)(%l+):')
  if name == 'kind' then
    return vim.tbl_map(function(kind)
      return ('%skind:%s'):format(minus, kind)
    end, KINDS)
  elseif name == 'lang' then
    local found = {}
    for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
      local filetype = vim.bo[bufnr].filetype
      if filetype ~= '' and vim.bo[bufnr].buftype == '' then
        found[('%slang:%s'):format(minus, filetype)] = true
      end
    end
    return vim.tbl_keys(found)
  elseif name == 'path' then
    local paths = vim.fn.getcompletion(lead:match(':(.*)$'), 'file')
    return vim.tbl_map(function(path)
      return ('%spath:%s'):format(minus, path)
    end, paths)
  end
  return QUALIFIERS
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line:sub(1, #line - #lead), '%s+', { trimempty = true })
  local found
  if #words <= 1 then
    found = M.names()
  else
    local subcommand = subcommands[words[2]] or {}
    found = vim.list_slice(#words == 2 and subcommand.words or {})
    if subcommand.takes_query then
      vim.list_extend(found, values(lead))
    end
  end
  found = vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, found)
  table.sort(found)
  return found
end

return M
