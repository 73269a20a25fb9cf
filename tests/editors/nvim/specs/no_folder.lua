-- A buffer without a file, in a folder that is no repository: the working directory is searched.
local t = require('harness')
vim.lsp.enable('codeintel')
vim.bo.filetype = 'python'
t.wait('attached', function()
  return t.client() and t.client().initialized
end)
t.equal(t.client().root_dir, vim.fn.getcwd())
t.indexed()
t.equal(#require('codeintel.pickers').find_now('retry') > 0, true)
vim.cmd('CodeIntel explain retry')
t.noticed('the cursor is in no file')
