---Where hits are chosen: our own live picker, Neovim's own lists, or a picker plugin that is installed.

local client = require('codeintel.client')
local config = require('codeintel.config')
local locations = require('codeintel.locations')

local M = {}

-- How long a picker whose source cannot wait for an answer stands still at most.
local SYNC_TIMEOUT_MS = 2000

---@class codeintel.Picker
---@field live? fun(query: string) searches while a person types
---@field choose fun(title: string, hits: codeintel.Hit[]) offers hits that are there

---@type [string, string][] the module that tells that a plugin is there, and ours for it
local PLUGINS = { { 'telescope', 'telescope' }, { 'fzf-lua', 'fzf' }, { 'snacks.picker', 'snacks' } }

---@param name string
local function is_there(name)
  return package.loaded[name] ~= nil or #vim.loader.find(name) > 0
end

---The picker that is set; with 'auto' that of the first plugin found.
---@return string
function M.name()
  local chosen = config.get().picker
  if chosen ~= 'auto' then
    return chosen
  end
  for _, plugin in ipairs(PLUGINS) do
    if is_there(plugin[1]) then
      return plugin[2]
    end
  end
  return 'builtin'
end

---@return codeintel.Picker
local function picker()
  local found, module = pcall(require, 'codeintel.pickers.' .. M.name())
  if not found then
    vim.notify_once(('codeintel: the picker %s cannot be used'):format(M.name()), vim.log.levels.WARN)
    return require('codeintel.pickers.builtin')
  end
  return module
end

---Search: without words live where the picker can, else by a question first.
---@param query string
function M.search(query)
  local chosen = picker()
  if query == '' and chosen.live then
    return chosen.live('')
  elseif query == '' then
    return vim.ui.input({ prompt = 'codeintel: ' }, function(words)
      if words and vim.trim(words) ~= '' then
        M.search(words)
      end
    end)
  end
  M.find(query, function(fault, hits)
    if fault then
      return client.complain(fault)
    elseif #hits == 0 then
      return vim.notify(('codeintel: no hit for %s'):format(query))
    end
    chosen.choose(query, hits)
  end)
end

---@param hits codeintel.Hit[]
function M.choose(title, hits)
  if #hits == 0 then
    return vim.notify('codeintel: no hit')
  end
  picker().choose(title, hits)
end

---Ask for the hits of a query.
---@param query string
---@param answer fun(fault: codeintel.Fault?, hits: codeintel.Hit[], result: codeintel.SearchResult?)
---@return fun() cancel
function M.find(query, answer)
  require('codeintel.actions').remember(query)
  local params = { query = query, limit = config.get().limit, explain = true }
  return client.ask('codeintel/search', params, function(fault, result)
    answer(fault, result and result.hits or {}, result)
  end)
end

---The hits of a query, waited for; none where it cannot be answered, e.g. in the middle of a qualifier.
---@param query string
---@return codeintel.Hit[]
function M.find_now(query)
  if vim.trim(query) == '' then
    return {}
  end
  require('codeintel.actions').remember(query)
  local params = { query = query, limit = config.get().limit, explain = true }
  local _, result = client.ask_now('codeintel/search', params, SYNC_TIMEOUT_MS)
  return result and result.hits or {}
end

---A hit in a line of a list, `path:line  what  why`.
---@param hit codeintel.Hit
---@return string
function M.line(hit)
  return ('%s  %s  %s'):format(locations.place(hit), locations.name(hit), locations.reasons(hit))
end

return M
