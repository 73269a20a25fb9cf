---Hits through `vim.ui.select`, which many plugins replace by their own.

local M = {}

function M.choose(title, hits)
  vim.ui.select(hits, {
    prompt = title,
    kind = 'codeintel',
    format_item = require('codeintel.pickers').line,
  }, function(hit)
    if hit then
      require('codeintel.locations').open(hit)
    end
  end)
end

return M
