-- What is typed and not saved is found, and said to be unsaved.
local t = require('harness')
t.start('courier/retry.py')
vim.api.nvim_buf_set_lines(0, -1, -1, false, { '', '', 'def frobnicate_the_widget(widget):', '    return widget' })
local hits
t.wait('found', function()
  hits = require('codeintel.pickers').find_now('"frobnicate_the_widget"')
  return hits[1]
end)
t.equal(hits[1].freshness, 'live')
t.equal(vim.tbl_contains(hits[1].symbols, 'frobnicate_the_widget'), true, 'it defines the function')
t.matches(require('codeintel.locations').place(hits[1]), 'courier/retry.py:%d+ %[unsaved%]')
t.wait('counted', function()
  return require('codeintel.status').line():find('1 unsaved')
end)
vim.cmd('edit!')
t.wait('forgotten', function()
  return #require('codeintel.pickers').find_now('"frobnicate_the_widget"') == 0
end)
