-- A server that dies at once, again and again: started again later each time, then no more, with a word why.
local t = require('harness')
vim.g.codeintel = { restarts = 2 }
vim.lsp.config('codeintel', { cmd = { 'sh', '-c', 'exit 3' } })
vim.lsp.enable('codeintel')
vim.cmd.edit('courier/retry.py')
t.noticed('exit code 3%) and is started again in 0.5 s')
t.noticed('started again in 1.0 s')
t.noticed('died 3 times in a row %(exit code 3%) and is not started again%. See .*lsp.log')
local told = #t.notices
vim.wait(2500)
for number = told + 1, #t.notices do
  t.equal(t.notices[number]:find('is started again'), nil, 'notice')
end
