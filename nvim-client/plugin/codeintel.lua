vim.api.nvim_create_user_command('CodeIntel', function(call)
  require('codeintel.commands').run(call)
end, {
  nargs = '*',
  desc = 'Search code by words and meaning, and ask why',
  complete = function(...)
    return require('codeintel.commands').complete(...)
  end,
})

-- Neovim only logs that an enabled server cannot be executed.
vim.api.nvim_create_autocmd('FileType', {
  group = vim.api.nvim_create_augroup('codeintel', {}),
  callback = function(event)
    if vim.bo[event.buf].buftype == '' and vim.lsp.is_enabled('codeintel') then
      require('codeintel.server').complain_if_missing()
      return true
    end
  end,
})
