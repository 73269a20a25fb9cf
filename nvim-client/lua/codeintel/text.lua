---Text of the workspace made fit for one line of a window: it is data, whatever it holds.

local M = {}

local LONGEST = 400

-- What turns the direction of text around, or breaks lines, beyond ASCII: U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
local DIRECTION = [=[[\u200e\u200f\u2028-\u202e\u2066-\u2069]\+]=]

---The text in one line, without control and direction characters, cut where it is longer than `longest` characters.
---@param text string?
---@param longest integer?
---@return string
function M.line(text, longest)
  local most = longest or LONGEST
  local plain = (text or ''):sub(1, most * 8):gsub('[%z\1-\31\127]+', ' ')
  local found = vim.fn.strcharpart(vim.trim(plain), 0, most + 1)
  if vim.fn.strchars(found) > most then
    found = vim.fn.strcharpart(found, 0, most - 1) .. '…'
  end
  if found:find('[\128-\255]') then -- most lines are ASCII, and a thousand are made at once
    found = vim.fn.substitute(found, DIRECTION, ' ', 'g')
  end
  return vim.trim(found)
end

---`1 hit`, `1,234 hits`.
---@param count integer
---@param noun string
---@return string
function M.counted(count, noun)
  local digits = tostring(count):reverse():gsub('(%d%d%d)', '%1,'):reverse():gsub('^,', '')
  return ('%s %s%s'):format(digits, noun, count == 1 and '' or 's')
end

---A bar of `cells` cells at most, for a number beside the largest of its kind.
---@param number number
---@param largest number
---@param cells integer
---@return string
function M.bar(number, largest, cells)
  local filled = largest > 0 and math.floor(cells * math.abs(number) / largest + 0.5) or 0
  return (number >= 0 and '█' or '░'):rep(filled) .. (' '):rep(cells - filled)
end

return M
