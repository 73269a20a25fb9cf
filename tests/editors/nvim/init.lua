-- The configuration of a person who has just installed the plugin, with the server of this checkout.
vim.opt.runtimepath:prepend(vim.env.CODEINTEL_PLUGIN)
vim.opt.runtimepath:append(vim.env.CODEINTEL_SPECS)
vim.opt.swapfile = false
vim.opt.shadafile = 'NONE'
vim.o.columns, vim.o.lines = 120, 34
vim.o.termguicolors = false
vim.g.codeintel = { picker = 'builtin' }
vim.lsp.config('codeintel', {
  cmd = vim.json.decode(vim.env.CODEINTEL_SERVER),
  settings = { codeintel = { index = { tier = 'text' } } },
})
