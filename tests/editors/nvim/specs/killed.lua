-- A server that is killed in the middle of a question: the question is answered, and another server takes over.
local t = require('harness')
t.start('courier/retry.py')
local first = t.client()
local pid = vim.tbl_filter(function(process)
  local info = vim.api.nvim_get_proc(process)
  return info and info.name:find('python') ~= nil
end, vim.api.nvim_get_proc_children(vim.fn.getpid()))[1]
local fault
require('codeintel.client').ask('codeintel/search', { query = 'retry' }, function(why)
  fault = why or false
end)
vim.uv.kill(pid, 'sigkill')
t.noticed('died %(signal 9%) and is started again in 0.5 s')
t.wait('answered', function()
  return fault ~= nil
end)
t.wait('started again', function()
  local client = t.client()
  return client and client.id ~= first.id and client.initialized
end)
t.indexed()
t.matches(require('codeintel.pickers').find_now('retry with backoff')[1].path, 'retry')
t.picture('restarted')
-- one that a person stops stays so
local told = #t.notices
t.client():stop(true)
t.wait('stopped', function()
  return #vim.lsp.get_clients({ name = 'codeintel' }) == 0
end)
vim.wait(1500)
t.equal(#vim.lsp.get_clients({ name = 'codeintel' }), 0, 'servers')
for number = told + 1, #t.notices do
  t.equal(t.notices[number]:find('started again'), nil, 'notice')
end
vim.cmd('CodeIntel restart')
t.wait('restarted', function()
  return t.client()
end)
