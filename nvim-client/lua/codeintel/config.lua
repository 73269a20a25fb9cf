---What a person may set in `vim.g.codeintel`, and what holds where nothing is set.

---@alias codeintel.PickerName 'auto'|'builtin'|'select'|'quickfix'|'telescope'|'fzf'|'snacks'

---@class codeintel.Config
---@field limit integer hits asked for in a picker
---@field picker codeintel.PickerName 'auto' takes telescope, fzf-lua or snacks where they are installed, else 'builtin'
---@field debounce_ms integer how long the live picker waits for the next key
---@field depth 'one'|'signals'|'full' how much an explanation says
---@field restarts integer how often in a row a server that died is started again
local defaults = {
  limit = 50,
  picker = 'auto',
  debounce_ms = 60,
  depth = 'full',
  restarts = 4,
}

local M = {}

---@return codeintel.Config
function M.get()
  local chosen = type(vim.g.codeintel) == 'table' and vim.g.codeintel or {}
  return vim.tbl_extend('force', defaults, chosen)
end

---What is wrong with `vim.g.codeintel`, a sentence each.
---@return string[]
function M.troubles()
  local found = {}
  local chosen = vim.g.codeintel
  if chosen ~= nil and type(chosen) ~= 'table' then
    return { 'vim.g.codeintel is a ' .. type(chosen) .. '; it should be a table.' }
  end
  for name, value in vim.spairs(chosen or {}) do
    if defaults[name] == nil then
      found[#found + 1] = ('vim.g.codeintel.%s: there is no such option.'):format(name)
    elseif type(value) ~= type(defaults[name]) then
      found[#found + 1] = ('vim.g.codeintel.%s should be a %s.'):format(name, type(defaults[name]))
    end
  end
  return found
end

return M
