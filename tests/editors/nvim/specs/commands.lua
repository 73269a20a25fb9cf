-- Completion, status, reindexing, progress, similar, select, health, and mistakes in commands.
local t = require('harness')

local function completed(line)
  return vim.fn.getcompletion(line, 'cmdline')
end

t.equal(completed('CodeIntel se'), { 'search' })
t.equal(#completed('CodeIntel '), 9)
t.equal(completed('CodeIntel judge g'), { 'good' })
t.equal(completed('CodeIntel search -p'), { '-path:' })
t.equal(completed('CodeIntel search kind:cl'), { 'kind:class' })
t.equal(completed('CodeIntel whynot sy'), { 'sym:', 'symbol=' })
t.equal(completed('CodeIntel reindex '), { 'file' })
t.equal(package.loaded['codeintel.pickers'], nil, 'loaded before it is needed')
vim.cmd('CodeIntel serach')
t.noticed('there is no serach; there are explain, judge,')

local progress = {}
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    progress[#progress + 1] = event.data.params.value.kind
  end,
})
t.start('courier/retry.py')
t.equal(completed('CodeIntel search lang:py'), { 'lang:python' })
vim.cmd('CodeIntel reindex')
t.noticed('files? read, %d+ chunks in')
vim.cmd('CodeIntel reindex file')
t.equal(vim.tbl_contains(progress, 'begin') and vim.tbl_contains(progress, 'end'), true, 'progress')
t.wait('told its status', function()
  return require('codeintel.status').line() == 'codeintel' or require('codeintel.status').line():find('meaning')
end)
vim.cmd('CodeIntel status')
t.wait('shown', function()
  return t.screen():find('# courier') and t.screen():find('files +%d+ files, generation')
end)
t.picture('status')
t.type('q')

vim.g.codeintel = { picker = 'select' }
local offered
vim.ui.select = function(items, options, choose)
  offered = vim.tbl_map(options.format_item, items)
  choose(items[1])
end
vim.cmd('CodeIntel similar')
t.wait('similar', function()
  return offered
end)
t.equal(#offered > 3, true)
t.matches(offered[1], ':%d+  ')
vim.cmd('CodeIntel log')
t.matches(vim.api.nvim_buf_get_name(0), 'lsp.log$')
vim.cmd.checkhealth('codeintel')
local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
t.matches(report, 'running: %d+%.%d+')
t.matches(report, 'picker: select')
t.matches(report, 'log: .*lsp.log')
t.picture('health')
