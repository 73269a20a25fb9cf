---Hits as the quickfix list.

local M = {}

function M.choose(title, hits)
  require('codeintel.locations').quickfix('codeintel: ' .. title, hits)
end

return M
