-- The live picker: hits while a person types, reasons and code beside them, judged, and opened at the right line.
local t = require('harness')
t.start('README.md')
local home = vim.api.nvim_get_current_win()
local picker = require('codeintel.pickers.builtin').live('')
t.picture('picker-empty')
t.matches(t.screen(), 'Type what you look for')

local function type_query(text)
  vim.api.nvim_buf_set_lines(vim.api.nvim_win_get_buf(picker.input), 0, -1, false, { text })
end

for stop = 1, #'retry with backoff' do
  type_query(('retry with backoff'):sub(1, stop))
end
t.wait('searched', function()
  return picker.query == 'retry with backoff' and #picker.hits > 0
end)
t.matches(picker.hits[1].path, 'courier/retry.py')
t.wait('announced', function()
  return t.screen():find('%d+ hits · %d+ ms')
end)
local screen = t.screen()
t.matches(screen, 'courier/retry.py:%d+  retry_with_backoff')
t.matches(screen, 'bm25 +%+%d')
t.matches(screen, 'def retry_with_backoff')
t.picture('picker-hits')

local aside = vim.api.nvim_win_get_buf(picker.aside)
local marks =
  vim.api.nvim_buf_get_extmarks(aside, require('codeintel.explanation').NAMESPACE, 0, -1, { details = true })
local marked = {}
for _, mark in ipairs(marks) do
  local line = vim.api.nvim_buf_get_lines(aside, mark[2], mark[2] + 1, false)[1]
  marked[#marked + 1] = line:sub(mark[3] + 1, mark[4].end_col):lower()
end
t.equal(
  vim.iter(marked):any(function(text)
    return text:find('retry') ~= nil
  end),
  true,
  'the evidence is marked'
)

-- half a qualifier keeps the hits, and says what is wrong
type_query('retry with backoff lnag:x')
t.wait('complained', function()
  return t.screen():find('Unknown qualifier')
end)
t.equal(#picker.hits > 0, true, 'hits stay')
t.picture('picker-mistake')

type_query('zzqqxx_nothing path:nowhere')
t.wait('nothing', function()
  return t.screen():find('nothing found')
end)
t.picture('picker-nothing')
type_query('retry with backoff')
t.wait('searched again', function()
  return #picker.hits > 2 and picker.query == 'retry with backoff'
end)

vim.api.nvim_set_current_win(picker.input)
vim.cmd.stopinsert()
t.type('<Down>')
t.equal(picker.chosen, 2)
t.type('<Up><Up>')
t.equal(picker.chosen, #picker.hits)
t.type('<Down><M-g>')
t.wait('judged', function()
  return t.screen():find('judged good · 1 judgment')
end)
t.picture('picker-judged')
local best = picker.hits[1]
t.type('<CR>')
t.equal(vim.api.nvim_get_current_win(), home)
t.matches(vim.api.nvim_buf_get_name(0), 'courier/retry.py$')
t.equal(vim.fn.line('.'), best.range.start.line + 1)
t.equal(#vim.api.nvim_list_wins(), 1, 'windows')
