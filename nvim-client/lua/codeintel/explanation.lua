---A hit's explanation as lines and marks, and its evidence where it stands in the file.

local locations = require('codeintel.locations')
local text = require('codeintel.text')

local M = {}

local CELLS = 14
local MOST_PIECES = 6
local NAMESPACE = vim.api.nvim_create_namespace('codeintel.evidence')

vim.api.nvim_set_hl(0, 'CodeIntelEvidence', { link = 'Search', default = true })
vim.api.nvim_set_hl(0, 'CodeIntelChannel', { link = 'Function', default = true })
vim.api.nvim_set_hl(0, 'CodeIntelGain', { link = 'String', default = true })
vim.api.nvim_set_hl(0, 'CodeIntelLoss', { link = 'WarningMsg', default = true })

---@class codeintel.Page
---@field lines string[]
---@field marks codeintel.Mark[]

---@param page codeintel.Page
---@param line string
---@param marks { start: integer, stop: integer, group: string }[]?
function M.add(page, line, marks)
  page.lines[#page.lines + 1] = line
  for _, mark in ipairs(marks or {}) do
    page.marks[#page.marks + 1] = vim.tbl_extend('keep', { line = #page.lines - 1 }, mark)
  end
end

---@param part codeintel.Contribution
local function group_of(part)
  if part.kind == 'channel' then
    return 'CodeIntelChannel'
  end
  return part.contribution < 0 and 'CodeIntelLoss' or 'CodeIntelGain'
end

---The pieces of evidence with the largest shares, each text once.
---@param part codeintel.Contribution
---@return codeintel.Evidence[]
local function strongest(part)
  local pieces, seen = {}, {}
  for _, piece in ipairs(part.evidence or {}) do
    if vim.trim(piece.text) ~= '' and not seen[piece.text] then
      seen[piece.text] = true
      pieces[#pieces + 1] = piece
    end
  end
  table.sort(pieces, function(one, other)
    return math.abs(one.share) > math.abs(other.share)
  end)
  return vim.list_slice(pieces, 1, MOST_PIECES)
end

---@param page codeintel.Page
---@param part codeintel.Contribution
local function add_evidence(page, part)
  local words = {}
  for _, piece in ipairs(strongest(part)) do
    local line = piece.range.start.line + 1
    words[#words + 1] = ('%s (line %d, %.2f)'):format(text.line(piece.text, 40), line, piece.share)
  end
  if #words > 0 then
    M.add(page, (' '):rep(20) .. table.concat(words, ' · '))
  end
end

---@param page codeintel.Page
---@param hit codeintel.Hit
---@param heading string
function M.describe(page, hit, heading)
  M.add(page, ('%s  %.3f  %s  %s'):format(heading, hit.score, hit.kind, locations.name(hit)))
  local largest = 0
  for _, part in ipairs(hit.contributions) do
    largest = math.max(largest, math.abs(part.contribution))
  end
  for _, part in ipairs(locations.weighty(hit)) do
    local bar = text.bar(part.contribution, largest, CELLS)
    local line = ('  %-11s %+7.3f %s %s'):format(part.source, part.contribution, bar, text.line(part.reason))
    local start = #('  %-11s %+7.3f '):format(part.source, part.contribution)
    M.add(page, line, {
      { start = 2, stop = 2 + #part.source, group = group_of(part) },
      { start = start, stop = start + #bar, group = group_of(part) },
    })
    add_evidence(page, part)
  end
end

---The pages of an explanation, as deep as it was asked for.
---@param query string
---@param result codeintel.ExplainResult
---@return codeintel.Page
function M.page(query, result)
  local page = { lines = {}, marks = {} }
  if not result.hit then
    M.add(page, 'Not among the candidates for ' .. text.line(query, 80))
    M.add(page, text.line(result.note))
    return page
  end
  M.add(
    page,
    ('rank %d of %s for %s'):format(result.rank, text.counted(result.candidates, 'candidate'), text.line(query, 80))
  )
  M.add(page, '')
  M.describe(page, result.hit, locations.place(result.hit))
  for channel, rank in vim.spairs(result.without or {}) do
    M.add(page, ('  without %s: %s'):format(channel, rank == vim.NIL and 'not found' or 'rank ' .. rank))
  end
  if result.nextHit then
    M.add(page, '')
    M.add(page, ('next, %.3f behind:'):format(result.hit.score - result.nextHit.score))
    M.describe(page, result.nextHit, locations.place(result.nextHit))
  end
  return page
end

---Mark the evidence of a hit in a buffer that shows its file; answers how to take the marks away.
---@param bufnr integer
---@param hit codeintel.Hit
---@param encoding string
---@param first_line integer? the line of the file that the buffer begins with, 0-based
---@return fun() clear
function M.highlight(bufnr, hit, encoding, first_line)
  vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  local offset, count = first_line or 0, vim.api.nvim_buf_line_count(bufnr)
  for _, part in ipairs(hit.contributions) do
    for _, piece in ipairs(strongest(part)) do
      local from, to = piece.range.start, piece.range['end']
      local row = from.line - offset
      if row >= 0 and row < count and from.line == to.line then
        local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
        local start = vim.str_byteindex(line, encoding, from.character, false)
        local stop = vim.str_byteindex(line, encoding, to.character, false)
        vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, row, start, { end_col = stop, hl_group = 'CodeIntelEvidence' })
      end
    end
  end
  return function()
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
    end
  end
end

M.NAMESPACE = NAMESPACE

return M
