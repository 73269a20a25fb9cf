---Our own live picker: a line to type in, the hits below it, and beside them the chosen hit's reasons and code.
---
---Each key asks again after a moment and cancels the question before; what is shown is never older than what was
---shown before it.

local client = require('codeintel.client')
local config = require('codeintel.config')
local explanation = require('codeintel.explanation')
local locations = require('codeintel.locations')
local preview = require('codeintel.pickers.preview')
local text = require('codeintel.text')

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('codeintel.picker')
local HINT = 'Type what you look for: words, names, or lang: path: kind: sym: def: ref: "a phrase"'
local KEYS = '<CR> open  <C-s> <C-v> <C-t> split  <C-q> quickfix  <M-g> <M-b> judge  <Esc> close'

---@class codeintel.LivePicker
---@field input integer window
---@field list integer window
---@field aside integer window
---@field home integer window where hits are opened
---@field hits codeintel.Hit[]
---@field chosen integer 1-based
---@field query string
---@field cancel fun()
---@field timer uv.uv_timer_t
---@field closed boolean

---@param bufnr integer
---@param lines string[]
local function fill(bufnr, lines)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
end

---@param enter boolean
---@param place table
---@return integer window
local function window(enter, place)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  local settings = { relative = 'editor', style = 'minimal', border = 'rounded' }
  local opened = vim.api.nvim_open_win(bufnr, enter, vim.tbl_extend('error', settings, place))
  vim.wo[opened].wrap = false
  return opened
end

---@return codeintel.LivePicker
local function open_windows()
  local home = vim.api.nvim_get_current_win()
  local columns, lines = vim.o.columns, vim.o.lines
  local width, height = math.max(20, math.floor(columns * 0.9) - 4), math.max(6, math.floor(lines * 0.8) - 5)
  local row, col = math.floor((lines - height - 5) / 2), math.floor((columns - width - 4) / 2)
  local left = math.floor(width * 0.5)
  local aside = { row = row + 3, col = col + left + 2, width = width - left, height = height, title = ' why ' }
  local list = { row = row + 3, col = col, width = left, height = height, footer = ' ' .. KEYS:sub(1, left - 2) .. ' ' }
  local input = { row = row, col = col, width = width + 2, height = 1, title = ' codeintel ' }
  return {
    aside = window(false, aside),
    list = window(false, list),
    input = window(true, input),
    home = home,
    hits = {},
    chosen = 1,
    query = '',
    cancel = function() end,
    timer = assert(vim.uv.new_timer()),
    closed = false,
  }
end

---@param picker codeintel.LivePicker
---@param win 'input'|'list'|'aside'
local function buffer(picker, win)
  return vim.api.nvim_win_get_buf(picker[win])
end

---@param picker codeintel.LivePicker
---@return codeintel.Hit?
local function chosen(picker)
  return picker.hits[picker.chosen]
end

---Say something in place of hits, or beside the title.
---@param picker codeintel.LivePicker
---@param message string
local function announce(picker, message)
  vim.api.nvim_win_set_config(picker.input, { title = ' codeintel · ' .. text.line(message, 120) .. ' ' })
end

---@param picker codeintel.LivePicker
local function show_chosen(picker)
  local hit = chosen(picker)
  if not hit then
    return fill(buffer(picker, 'aside'), {})
  end
  vim.api.nvim_win_set_cursor(picker.list, { picker.chosen, 0 })
  local page = { lines = {}, marks = {} }
  explanation.describe(page, hit, locations.place(hit))
  preview.show(buffer(picker, 'aside'), picker.aside, hit, page)
end

---@param picker codeintel.LivePicker
local function show_hits(picker)
  local bufnr, lines = buffer(picker, 'list'), {}
  for _, hit in ipairs(picker.hits) do
    lines[#lines + 1] = ('%s  %s'):format(locations.place(hit), locations.name(hit))
  end
  fill(bufnr, lines)
  vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  for number, hit in ipairs(picker.hits) do
    local stop = math.min(#locations.place(hit), #lines[number])
    vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, number - 1, 0, { end_col = stop, hl_group = 'Directory' })
  end
  vim.wo[picker.list].cursorline = #lines > 0
  picker.chosen = 1
  show_chosen(picker)
end

---@param picker codeintel.LivePicker
---@param fault codeintel.Fault?
---@param hits codeintel.Hit[]
---@param result codeintel.SearchResult?
local function answered(picker, fault, hits, result)
  if picker.closed then
    return
  elseif fault then -- the hits of a moment ago stay: half a qualifier is no reason to lose them
    return announce(picker, fault.message)
  end
  picker.hits = hits
  show_hits(picker)
  assert(result)
  local meaning = result.coverage.share < 1 and (' · meaning %d%%'):format(math.floor(result.coverage.share * 100))
    or ''
  local none = #hits == 0 and 'nothing found: try other words or fewer qualifiers' or text.counted(#hits, 'hit')
  announce(picker, ('%s · %.0f ms%s'):format(none, result.elapsedMs, meaning))
end

---@param picker codeintel.LivePicker
local function ask(picker)
  picker.cancel()
  if vim.trim(picker.query) == '' then
    picker.hits = {}
    show_hits(picker)
    return announce(picker, HINT)
  end
  announce(picker, 'searching…')
  picker.cancel = require('codeintel.pickers').find(picker.query, function(...)
    answered(picker, ...)
  end)
end

---@param picker codeintel.LivePicker
local function typed(picker)
  local query = vim.api.nvim_buf_get_lines(buffer(picker, 'input'), 0, 1, false)[1] or ''
  if query == picker.query then
    return
  end
  picker.query = query
  picker.timer:start(config.get().debounce_ms, 0, function()
    vim.schedule(function()
      if not picker.closed then
        ask(picker)
      end
    end)
  end)
end

---@param picker codeintel.LivePicker
local function close(picker)
  if picker.closed then
    return
  end
  picker.closed = true
  picker.cancel()
  picker.timer:stop()
  picker.timer:close()
  vim.cmd.stopinsert()
  for _, win in ipairs({ picker.input, picker.list, picker.aside }) do
    pcall(vim.api.nvim_win_close, win, true)
  end
  if vim.api.nvim_win_is_valid(picker.home) then
    vim.api.nvim_set_current_win(picker.home)
  end
end

---@param picker codeintel.LivePicker
---@param by integer
local function move(picker, by)
  if #picker.hits > 0 then
    picker.chosen = (picker.chosen - 1 + by) % #picker.hits + 1
    show_chosen(picker)
  end
end

---@param picker codeintel.LivePicker
---@param command string?
local function open(picker, command)
  local hit = chosen(picker)
  if not hit then
    return
  elseif not locations.exists(hit) then
    return announce(picker, ('%s is no longer there'):format(hit.path))
  end
  close(picker)
  locations.open(hit, command)
end

---@param picker codeintel.LivePicker
---@param verdict string
local function judge(picker, verdict)
  local hit = chosen(picker)
  if not hit then
    return
  end
  local params =
    { query = picker.query, verdict = verdict, textDocument = { uri = hit.uri }, position = hit.range.start }
  client.ask('codeintel/judge', params, function(fault, result)
    if not picker.closed then
      announce(
        picker,
        fault and fault.message or ('judged %s · %s'):format(verdict, text.counted(result.judgments, 'judgment'))
      )
    end
  end)
end

---@param picker codeintel.LivePicker
local function to_quickfix(picker)
  local query, hits = picker.query, picker.hits
  close(picker)
  locations.quickfix('codeintel: ' .. query, hits)
end

---@param picker codeintel.LivePicker
local function map_keys(picker)
  local function act(action, ...)
    local arguments = { ... }
    return function()
      action(picker, unpack(arguments))
    end
  end
  local keys = {
    ['<CR>'] = act(open),
    ['<C-s>'] = act(open, 'split'),
    ['<C-v>'] = act(open, 'vsplit'),
    ['<C-t>'] = act(open, 'tab split'),
    ['<C-q>'] = act(to_quickfix),
    ['<Down>'] = act(move, 1),
    ['<C-n>'] = act(move, 1),
    ['<Up>'] = act(move, -1),
    ['<C-p>'] = act(move, -1),
    ['<M-g>'] = act(judge, 'good'),
    ['<M-b>'] = act(judge, 'bad'),
    ['<M-n>'] = act(judge, 'none'),
    ['<Esc>'] = act(close),
    ['<C-c>'] = act(close),
  }
  for key, action in pairs(keys) do
    vim.keymap.set({ 'i', 'n' }, key, action, { buffer = buffer(picker, 'input'), nowait = true })
  end
end

---Search while a person types, beginning with `query`.
---@param query string
---@return codeintel.LivePicker
function M.live(query)
  local picker = open_windows()
  map_keys(picker)
  announce(picker, HINT)
  vim.api.nvim_buf_attach(buffer(picker, 'input'), false, {
    on_lines = function()
      vim.schedule(function()
        if not picker.closed then
          typed(picker)
        end
      end)
    end,
  })
  vim.api.nvim_create_autocmd('WinLeave', {
    buffer = buffer(picker, 'input'),
    once = true,
    callback = function()
      vim.schedule(function()
        close(picker)
      end)
    end,
  })
  vim.api.nvim_buf_set_lines(buffer(picker, 'input'), 0, -1, false, { query })
  vim.cmd.startinsert({ bang = true })
  return picker
end

---Offer hits that are there.
---@param title string
---@param hits codeintel.Hit[]
---@return codeintel.LivePicker
function M.choose(title, hits)
  local picker = M.live('')
  picker.hits = hits
  show_hits(picker)
  announce(picker, ('%s · %s'):format(title, text.counted(#hits, 'hit')))
  return picker
end

return M
