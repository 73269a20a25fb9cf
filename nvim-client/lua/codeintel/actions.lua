---What `:CodeIntel` does: each asks the server one thing and shows the answer.

local client = require('codeintel.client')
local config = require('codeintel.config')
local explanation = require('codeintel.explanation')
local float = require('codeintel.float')
local locations = require('codeintel.locations')
local text = require('codeintel.text')

local M = {}

---@type string?
local last_query

---The query to explain or judge by: the one given, else the last one searched for.
---@param query string
---@return string?
local function query_or_last(query)
  local found = query ~= '' and query or last_query
  if not found then
    vim.notify('codeintel: search for something first, or name the query', vim.log.levels.WARN)
  end
  return found
end

---The cursor's place, or a word that there is none.
local function place()
  local found = client.cursor()
  if not found then
    vim.notify('codeintel: the cursor is in no file', vim.log.levels.WARN)
  end
  return found
end

---@param query string
function M.remember(query)
  last_query = query
end

---@return string?
function M.last_query()
  return last_query
end

---Search, and let a person choose; without words in a picker that searches while they type.
---@param query string
function M.search(query)
  require('codeintel.pickers').search(query)
end

---Code like that at the cursor.
function M.similar()
  local here = place()
  if not here then
    return
  end
  client.ask('codeintel/similar', vim.tbl_extend('error', here, { limit = config.get().limit }), function(fault, result)
    if fault then
      return client.complain(fault)
    end
    require('codeintel.pickers').choose('similar', result.hits)
  end)
end

---Why the code at the cursor ranks where it does; its evidence is marked in the file while the answer is shown.
---@param query string
function M.explain(query)
  local asked, here = query_or_last(query), place()
  if not asked or not here then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local params = vim.tbl_extend('error', here, { query = asked, depth = config.get().depth })
  client.ask('codeintel/explain', params, function(fault, result, from)
    if fault then
      return client.complain(fault)
    elseif params.depth == 'one' then
      return vim.notify(text.line(result.summary))
    end
    local clear
    if result.hit and from and vim.api.nvim_buf_is_valid(bufnr) then
      clear = explanation.highlight(bufnr, result.hit, from.offset_encoding)
    end
    local page = explanation.page(asked, result)
    float.open(page.lines, { title = 'codeintel explain', marks = page.marks, on_close = clear })
  end, bufnr)
end

---Why something is not among the hits: the code at the cursor, or a symbol anywhere.
---@param query string
---@param symbol string?
function M.why_not(query, symbol)
  local asked = query_or_last(query)
  local here = symbol and {} or place()
  if not asked or not here then
    return
  end
  local params = vim.tbl_extend('error', here, { query = asked, symbol = symbol, limit = config.get().limit })
  client.ask('codeintel/whyNot', params, function(fault, result)
    if fault then
      return client.complain(fault)
    end
    ---@cast result codeintel.WhyNotResult
    local page = { lines = {}, marks = {} }
    for sentence in vim.gsplit((text.line(result.note, 2000):gsub('([.?]) ', '%1\n')), '\n') do
      explanation.add(page, sentence)
    end
    if result.hit then
      explanation.add(page, '')
      explanation.describe(page, result.hit, ('%d  %s'):format(result.rank, locations.place(result.hit)))
    end
    if result.lastShown then
      vim.list_extend(page.lines, { '', 'the last hit shown:' })
      explanation.describe(page, result.lastShown, ('%d  %s'):format(result.shown, locations.place(result.lastShown)))
    end
    float.open(page.lines, { title = 'codeintel why not: ' .. result.kind, marks = page.marks })
  end)
end

---Say whether the code at the cursor answers a query.
---@param verdict string
---@param query string
function M.judge(verdict, query)
  local asked, here = query_or_last(query), place()
  if asked and here then
    M.judge_at(here, verdict, asked)
  end
end

---@param at { textDocument: { uri: string }, position: lsp.Position }
---@param verdict string
---@param query string
function M.judge_at(at, verdict, query)
  local params = vim.tbl_extend('error', at, { query = query, verdict = verdict })
  client.ask('codeintel/judge', params, function(fault, result)
    if fault then
      return client.complain(fault)
    end
    vim.notify(('codeintel: %s · %s'):format(verdict, text.counted(result.judgments, 'judgment')))
  end)
end

---Bring the index up to date, all of it or the current file.
---@param whole boolean
function M.reindex(whole)
  local running = client.get()
  if not running then
    return client.complain({ message = 'no server is running here' })
  end
  local command = whole and { command = 'codeintel.server.reindex' }
    or { command = 'codeintel.server.reindexFile', arguments = { { uri = vim.uri_from_bufnr(0) } } }
  client.ask('workspace/executeCommand', command, function(fault, result)
    if fault then
      return client.complain(fault)
    end
    local read, chunks = text.counted(result.changed, 'file'), text.counted(result.chunks, 'chunk')
    vim.notify(('codeintel: %s read, %s in %.1f s'):format(read, chunks, result.seconds))
  end)
end

return M
