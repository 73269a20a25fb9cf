---Hits in fzf-lua.

local pickers = require('codeintel.pickers')

local M = {}

---A line as fzf-lua's own actions and previewer read it: `path:line:column:text`.
---@param hit codeintel.Hit
local function line(hit)
  local path = vim.fn.fnamemodify(vim.uri_to_fname(hit.uri), ':.')
  local text = require('codeintel.text').line(pickers.line(hit))
  return ('%s:%d:1: %s'):format(path, hit.range.start.line + 1, text)
end

local function options(title)
  local fzf = require('fzf-lua')
  return {
    prompt = title .. '> ',
    previewer = 'builtin',
    actions = fzf.defaults.actions.files,
    fzf_opts = { ['--no-sort'] = true },
  }
end

function M.live(query)
  local asked = options('codeintel')
  asked.query = query
  require('fzf-lua').fzf_live(function(words)
    return vim.tbl_map(line, pickers.find_now(type(words) == 'table' and words[1] or words or ''))
  end, asked)
end

function M.choose(title, hits)
  require('fzf-lua').fzf_exec(vim.tbl_map(line, hits), options('codeintel: ' .. title))
end

return M
