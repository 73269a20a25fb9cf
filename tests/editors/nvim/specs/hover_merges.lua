-- K on a hit shows why it matched, beside what another server has to say.
local t = require('harness')
vim.lsp.config('other', {
  cmd = t.fake({ hoverProvider = true }, {
    ['textDocument/hover'] = function()
      return nil, { contents = { kind = 'markdown', value = 'The signature, says another server.' } }
    end,
  }),
})
vim.lsp.enable('other')
t.start('courier/retry.py')
local hit = t.wait('searched', function()
  local hits = require('codeintel.pickers').find_now('retry with backoff')
  return hits[1]
end)
vim.api.nvim_win_set_cursor(0, { hit.range.start.line + 1, 0 })
vim.lsp.buf.hover()
t.wait('shown', function()
  local screen = t.screen()
  return screen:find('The signature, says another server')
    and screen:find('codeintel.*%d%.%d%d%d for')
    and screen:find('bm25')
end)
t.picture('hover')
