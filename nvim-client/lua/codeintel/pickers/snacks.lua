---Hits in the picker of snacks.nvim.

local pickers = require('codeintel.pickers')

local M = {}

---@param hit codeintel.Hit
local function item(hit)
  return {
    text = pickers.line(hit),
    file = vim.uri_to_fname(hit.uri),
    pos = { hit.range.start.line + 1, 0 },
  }
end

---@param title string
---@param more table
local function open(title, more)
  require('snacks.picker').pick(vim.tbl_extend('error', {
    title = title,
    preview = 'file',
    format = function(chosen)
      return { { chosen.text } }
    end,
    sort = { fields = { 'score:desc', 'idx' } },
  }, more))
end

function M.live(query)
  open('codeintel', {
    live = true,
    supports_live = true,
    search = query,
    finder = function(_, context)
      return vim.tbl_map(item, pickers.find_now(context.filter.search))
    end,
  })
end

function M.choose(title, hits)
  open('codeintel: ' .. title, { items = vim.tbl_map(item, hits) })
end

return M
