-- Two thousand hits with names meant to harm: lists stay lists, lines stay lines, and nothing is executed.
local t = require('harness')
local hostile = {
  '<script>alert(1)</script>',
  '\u{202E}txt.exe\u{202C}',
  '😀👩‍👩‍👧',
  string.rep('x', 10000),
  'a\nb\rc\0d\27[31m',
  '%s%n$(touch pwned)`touch pwned`',
  '|:call writefile([], "pwned")|',
  '../../../../etc/passwd',
  'مرحبا שלום',
  '[[]]{}*?\\ ,',
}
local hits = {}
for number = 1, 2000 do
  local name = hostile[number % #hostile + 1]
  local range = { start = { line = number, character = 0 }, ['end'] = { line = number, character = 3 } }
  hits[number] = {
    uri = vim.uri_from_fname(vim.fn.getcwd() .. '/' .. name:gsub('[%z\n]', '_'):sub(1, 100)),
    range = range,
    path = name,
    root = name,
    kind = 'function',
    lang = 'python',
    breadcrumb = name,
    symbols = { name },
    preview = name,
    score = 1,
    freshness = 'saved',
    contributions = {
      {
        source = 'bm25',
        kind = 'channel',
        contribution = 1,
        reason = name,
        evidence = { { text = name, range = range, share = 1 } },
      },
    },
  }
end
local methods = { 'codeintel/search', 'codeintel/whyNot', 'codeintel/judge' }
vim.lsp.config('codeintel', {
  cmd = t.fake({ experimental = { codeintel = { methods = methods } } }, {
    ['codeintel/search'] = function()
      return nil, { hits = hits, coverage = { share = 1 }, candidates = 2000, elapsedMs = 1, plan = '' }
    end,
  }),
})
vim.lsp.enable('codeintel')
vim.cmd.edit('README.md')
t.wait('attached', function()
  return t.client() and t.client().initialized
end)
local picker = require('codeintel.pickers.builtin').live('anything')
t.wait('listed', function()
  return #picker.hits == 2000
end)
local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(picker.list), 0, -1, false)
t.equal(#lines, 2000)
for _, line in ipairs(lines) do
  t.equal(vim.fn.match(line, [=[[\x00-\x1f\u202a-\u202e\u2066-\u2069]]=]), -1, line)
  t.equal(vim.fn.strchars(line) < 600, true, 'length of a line')
end
for _ = 1, #hostile do
  t.type('<Down>')
end
t.picture('hostile')
t.type('<CR>') -- none of the files is there
t.equal(picker.closed, false)
t.matches(t.screen(), 'is no longer there')
t.type('<C-q>')
t.equal(#vim.fn.getqflist(), 2000)
t.equal(vim.uv.fs_stat('pwned'), nil)
