---A window above the others for text that is read and closed with `q` or `<Esc>`.

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('codeintel.float')

---@class codeintel.Mark
---@field line integer 0-based
---@field start integer byte, 0-based
---@field stop integer byte, exclusive
---@field group string

---@param lines string[]
---@param options { title: string, marks?: codeintel.Mark[], on_close?: fun() }
---@return integer bufnr
---@return integer window
function M.open(lines, options)
  local widest = 20
  for _, line in ipairs(lines) do
    widest = math.max(widest, vim.fn.strdisplaywidth(line))
  end
  local width = math.min(widest + 1, math.max(20, math.floor(vim.o.columns * 0.9)))
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  local height = math.max(1, math.min(rows, math.floor(vim.o.lines * 0.7)))
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden = 'wipe'
  local window = vim.api.nvim_open_win(bufnr, true, {
    relative = 'editor',
    row = math.max(0, math.floor((vim.o.lines - height) / 3)),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    width = width,
    height = height,
    border = 'rounded',
    style = 'minimal',
    title = ' ' .. options.title .. ' ',
  })
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  for _, mark in ipairs(options.marks or {}) do
    vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, mark.line, mark.start, {
      end_col = math.min(mark.stop, #lines[mark.line + 1]),
      hl_group = mark.group,
    })
  end
  for _, key in ipairs({ 'q', '<Esc>' }) do
    vim.keymap.set('n', key, '<Cmd>close<CR>', { buffer = bufnr, nowait = true, desc = 'Close' })
  end
  if options.on_close then
    vim.api.nvim_create_autocmd('WinClosed', {
      pattern = tostring(window),
      once = true,
      callback = options.on_close,
    })
  end
  return bufnr, window
end

return M
