---How far the index is: the last `codeintel/statusChanged`, a line for status lines, and the whole in a window.

local client = require('codeintel.client')
local float = require('codeintel.float')
local text = require('codeintel.text')

local M = {}

---@type codeintel.StatusChanged?
local last

---@param status codeintel.StatusChanged
function M.changed(status)
  last = status
  vim.api.nvim_exec_autocmds('User', { pattern = 'CodeIntelStatus', data = status })
end

---A server started or ended: nothing is known.
function M.forget()
  last = nil
end

---One line for a status line: '' where no server runs; it changes with the `User CodeIntelStatus` event.
---@return string
function M.line()
  if #vim.lsp.get_clients({ name = 'codeintel' }) == 0 then
    return ''
  end
  local progress = vim.lsp.status():match('[^\n,]*') or ''
  if not last then
    return progress ~= '' and 'codeintel ' .. text.line(progress, 60) or 'codeintel'
  elseif last.state == 'trouble' then
    return 'codeintel ! ' .. text.line(last.message, 60)
  end
  local share = last.chunks > 0 and math.floor(100 * last.meaning / last.chunks) or 100
  local parts = { 'codeintel', last.state == 'indexing' and text.line(last.message, 40) or nil }
  parts[#parts + 1] = share < 100 and ('meaning %d%%'):format(share) or nil
  parts[#parts + 1] = last.live > 0 and ('%d unsaved'):format(last.live) or nil
  return table.concat(parts, ' · ')
end

---@param root codeintel.RootStatus
---@param lines string[]
local function describe(root, lines)
  local share = root.chunks > 0 and math.floor(100 * root.meaning / root.chunks) or 100
  vim.list_extend(lines, {
    '# ' .. text.line(root.name),
    ('index      %s'):format(root.indexFolder or 'in memory'),
    ('files      %s, generation %d'):format(text.counted(root.files, 'file'), root.generation),
    ('chunks     %s, %d%% with meaning'):format(text.counted(root.chunks, 'chunk'), share),
    ('documents  %d unsaved, %d changed since they were read'):format(root.live, root.stale),
  })
  if root.following then
    lines[#lines + 1] = 'writer     another process; this one follows it'
  end
  for reason, count in vim.spairs(root.skipped) do
    lines[#lines + 1] = ('skipped    %d: %s'):format(count, text.line(reason))
  end
  lines[#lines + 1] = ''
end

---Show the whole status in a window.
function M.show()
  client.ask('codeintel/status', vim.empty_dict(), function(fault, result)
    if fault then
      return client.complain(fault)
    end
    ---@cast result codeintel.StatusResult
    local lines = { ('codeintel-server %s'):format(result.version), '' }
    if result.stage then
      lines[1] = ('%s · %s %d of %d'):format(lines[1], result.stage.stage, result.stage.done, result.stage.total)
    end
    for _, root in ipairs(result.roots) do
      describe(root, lines)
    end
    for _, warning in ipairs(result.warnings) do
      lines[#lines + 1] = 'warning    ' .. text.line(warning)
    end
    float.open(lines, { title = 'codeintel status' })
  end)
end

return M
