-- A file that was deleted behind a hit is not made anew by opening the hit.
local t = require('harness')
t.start('README.md')
local hit = t.wait('searched', function()
  return require('codeintel.pickers').find_now('retry with backoff')[1]
end)
local path = vim.uri_to_fname(hit.uri)
vim.uv.fs_unlink(path)
t.equal(require('codeintel.locations').open(hit), false)
t.noticed('courier/retry.py is no longer there')
t.equal(vim.fn.bufexists(path), 0)
