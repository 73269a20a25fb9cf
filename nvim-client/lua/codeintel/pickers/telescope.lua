---Hits in telescope.nvim.

local pickers = require('codeintel.pickers')

local M = {}

---@param hit codeintel.Hit
local function entry(hit)
  local line = pickers.line(hit)
  return {
    value = hit,
    display = line,
    ordinal = line,
    filename = vim.uri_to_fname(hit.uri),
    lnum = hit.range.start.line + 1,
    col = 1,
  }
end

---@param title string
---@param finder table
---@param query string
---@param sorter table?
local function open(title, finder, query, sorter)
  local values = require('telescope.config').values
  require('telescope.pickers')
    .new({}, {
      prompt_title = title,
      default_text = query,
      finder = finder,
      previewer = values.grep_previewer({}),
      sorter = sorter,
    })
    :find()
end

function M.live(query)
  -- no sorter: the order is the answer
  local finder = require('telescope.finders').new_dynamic({ fn = pickers.find_now, entry_maker = entry })
  open('codeintel', finder, query)
end

function M.choose(title, hits)
  local finder = require('telescope.finders').new_table({ results = hits, entry_maker = entry })
  open('codeintel: ' .. title, finder, '', require('telescope.config').values.generic_sorter({}))
end

return M
