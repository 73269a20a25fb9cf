-- Each key cancels the question before it: an answer that comes late is not shown over a newer one.
local t = require('harness')
local cancelled, asked = {}, {}
local function hit(path)
  local range = { start = { line = 0, character = 0 }, ['end'] = { line = 0, character = 0 } }
  return {
    uri = vim.uri_from_fname(vim.fn.getcwd() .. '/' .. path),
    range = range,
    path = path,
    root = 'x',
    kind = 'x',
    lang = 'x',
    breadcrumb = path,
    symbols = {},
    preview = '',
    score = 1,
    freshness = 'saved',
    contributions = {},
  }
end
local base = t.fake({ experimental = { codeintel = { methods = { 'codeintel/search', 'codeintel/whyNot' } } } }, {})
vim.lsp.config('codeintel', {
  cmd = function(dispatchers)
    local server = base(dispatchers)
    local request, notify, number = server.request, server.notify, 1000
    server.request = function(method, params, callback, replied)
      if method ~= 'codeintel/search' then
        return request(method, params, callback)
      end
      number = number + 1
      asked[#asked + 1] = params.query
      local wait = params.query == 'slow' and 800 or 20
      vim.defer_fn(function()
        replied(number)
        local result = { hits = { hit(params.query) }, coverage = { share = 1 }, candidates = 1, elapsedMs = 1 }
        callback(nil, result)
      end, wait)
      return true, number
    end
    server.notify = function(method, params)
      if method == '$/cancelRequest' then
        cancelled[#cancelled + 1] = params.id
      end
      return notify(method, params)
    end
    return server
  end,
})
vim.lsp.enable('codeintel')
vim.cmd.edit('README.md')
t.wait('attached', function()
  return t.client() and t.client().initialized
end)
local picker = require('codeintel.pickers.builtin').live('')
local function type_query(text)
  vim.api.nvim_buf_set_lines(vim.api.nvim_win_get_buf(picker.input), 0, -1, false, { text })
end
type_query('slow')
t.wait('asked', function()
  return asked[1] == 'slow'
end)
type_query('quick')
t.wait('answered', function()
  return picker.hits[1] and picker.hits[1].path == 'quick'
end)
vim.wait(1200)
t.equal(picker.hits[1].path, 'quick')
t.equal(#cancelled, 1, 'cancelled')
t.type('<Esc>')
t.equal(picker.closed, true)
