---From hits to places: quickfix entries, windows, and the reasons in a line.

local text = require('codeintel.text')

local M = {}

---The contributions, the weightiest first.
---@param hit codeintel.Hit
---@return codeintel.Contribution[]
function M.weighty(hit)
  local parts = vim.list_slice(hit.contributions)
  table.sort(parts, function(one, other)
    return math.abs(one.contribution) > math.abs(other.contribution)
  end)
  return parts
end

---Why a hit ranks where it does, in a line.
---@param hit codeintel.Hit
---@return string
function M.reasons(hit)
  local found = {}
  for _, part in ipairs(M.weighty(hit)) do
    found[#found + 1] = part.reason
  end
  return text.line(table.concat(found, ' · '))
end

---What a hit is called in a list.
---@param hit codeintel.Hit
---@return string
function M.name(hit)
  return text.line(hit.breadcrumb ~= '' and hit.breadcrumb or hit.symbols[1] or hit.preview, 80)
end

---`path:line`, with a mark where the text is not the saved one.
---@param hit codeintel.Hit
---@return string
function M.place(hit)
  local mark = hit.freshness == 'live' and ' [unsaved]' or hit.freshness == 'stale' and ' [stale]' or ''
  return ('%s:%d%s'):format(text.line(hit.path, 200), hit.range.start.line + 1, mark)
end

---An entry of the quickfix list. No file is read for it, so that a thousand hits take a moment.
---@param hit codeintel.Hit
---@return vim.quickfix.entry
function M.entry(hit)
  return {
    filename = vim.uri_to_fname(hit.uri),
    lnum = hit.range.start.line + 1,
    end_lnum = hit.range['end'].line + 1,
    col = 1,
    text = ('%s — %s'):format(M.name(hit), M.reasons(hit)),
    user_data = hit,
  }
end

---Put hits into the quickfix list, and show it.
---@param title string
---@param hits codeintel.Hit[]
function M.quickfix(title, hits)
  vim.fn.setqflist({}, ' ', { title = title, items = vim.tbl_map(M.entry, hits) })
  vim.cmd('botright copen')
end

---Whether the text of a hit can still be shown.
---@param hit codeintel.Hit
---@return boolean
function M.exists(hit)
  local path = vim.uri_to_fname(hit.uri)
  local bufnr = vim.fn.bufnr(vim.fn.escape(path, '*?[]{}\\,'))
  return vim.uv.fs_stat(path) ~= nil or (bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr))
end

---Open the hit; a file that was deleted meanwhile is not made anew. Whether it was opened.
---@param hit codeintel.Hit
---@param command string? 'split', 'vsplit' or 'tab split' first
---@return boolean
function M.open(hit, command)
  if not M.exists(hit) then
    vim.notify(('codeintel: %s is no longer there'):format(text.line(hit.path)), vim.log.levels.WARN)
    return false
  end
  if command then
    vim.cmd(command)
  end
  local client = require('codeintel.client').get()
  local encoding = client and client.offset_encoding or 'utf-16'
  return vim.lsp.util.show_document({ uri = hit.uri, range = hit.range }, encoding, { focus = true })
end

return M
