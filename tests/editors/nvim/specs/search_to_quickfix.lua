-- `:CodeIntel search words` with the quickfix list: hits with reasons, and one opens at the right line.
local t = require('harness')
vim.g.codeintel = { picker = 'quickfix', limit = 5 }
t.start('README.md')
t.wait('found', function()
  return #require('codeintel.pickers').find_now('retry with exponential backoff') == 5
end)
vim.cmd('CodeIntel search retry with exponential backoff')
local list = t.wait('filled', function()
  local found = vim.fn.getqflist({ items = 0, title = 0 })
  return #found.items > 0 and found
end)
t.equal(#list.items, 5)
t.matches(list.title, 'retry with exponential backoff')
local first = list.items[1]
t.matches(vim.fn.bufname(first.bufnr), 'courier/retry.py')
t.matches(first.text, 'retry_with_backoff — .*matching words, rank 1')
t.picture('quickfix')
vim.cmd.cfirst()
t.matches(vim.api.nvim_buf_get_name(0), 'courier/retry.py$')
t.equal(vim.fn.line('.'), first.lnum)
local found = false
for number = first.lnum, first.end_lnum do
  found = found or vim.fn.getline(number):find('def retry_with_backoff') ~= nil
end
t.equal(found, true, 'the function stands in the hit')
