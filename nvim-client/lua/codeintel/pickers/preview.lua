---A hit's reasons and, below them, its code with the evidence marked; the code is that of the buffer where one is open.

local explanation = require('codeintel.explanation')
local text = require('codeintel.text')

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('codeintel.preview')
local MOST_LINES = 200
local MOST_BYTES = 1000000 -- larger files are not indexed

---@param hit codeintel.Hit
---@param first integer 0-based
---@param last integer exclusive
---@return string[]?
local function code(hit, first, last)
  local path = vim.uri_to_fname(hit.uri)
  local bufnr = vim.fn.bufnr(vim.fn.escape(path, '*?[]{}\\,'))
  if bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr) then
    return vim.api.nvim_buf_get_lines(bufnr, first, last, false)
  end
  local status = vim.uv.fs_stat(path)
  if not status or status.type ~= 'file' or status.size > MOST_BYTES then
    return nil
  end
  local read, lines = pcall(vim.fn.readfile, path, '', last)
  return read and vim.list_slice(lines, first + 1) or nil
end

---@param bufnr integer
---@param window integer
---@param hit codeintel.Hit
---@param page codeintel.Page
function M.show(bufnr, window, hit, page)
  local first = hit.range.start.line
  local last = math.min(hit.range['end'].line + 1, first + MOST_LINES)
  local lines = vim.list_extend({}, page.lines)
  lines[#lines + 1] = ('─'):rep(vim.api.nvim_win_get_width(window))
  local above = #lines
  local read = code(hit, first, last)
  for _, line in ipairs(read or { 'The file is no longer there.' }) do
    lines[#lines + 1] = (line:gsub('[%z\n\r]', ' '))
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].syntax = vim.filetype.match({ filename = text.line(hit.path) }) or ''
  vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  for _, mark in ipairs(page.marks) do
    local options = { end_col = math.min(mark.stop, #page.lines[mark.line + 1]), hl_group = mark.group }
    vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, mark.line, mark.start, options)
  end
  local client = require('codeintel.client').get()
  explanation.highlight(bufnr, hit, client and client.offset_encoding or 'utf-16', first - above)
  vim.api.nvim_win_set_config(window, { title = ' ' .. text.line(hit.path, 60) .. ' ' })
end

return M
