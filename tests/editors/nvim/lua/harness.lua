-- What specs share: waiting, comparing, taking pictures of the screen, and leaving with an exit code.
local M = {}

M.notices = {} ---@type string[]
M.PATIENCE_MS = tonumber(vim.env.CODEINTEL_PATIENCE_MS) or 60000

---@diagnostic disable-next-line: duplicate-set-field
vim.notify = function(message)
  M.notices[#M.notices + 1] = message
end

local function shown(value)
  return type(value) == 'string' and value or vim.inspect(value)
end

function M.equal(found, wanted, what)
  if not vim.deep_equal(found, wanted) then
    error(('%s: found %s, not %s'):format(what or 'value', shown(found), shown(wanted)), 2)
  end
end

function M.matches(found, pattern)
  if not tostring(found):find(pattern) then
    error(('no %s in: %s'):format(pattern, shown(found)), 2)
  end
end

---Wait until a condition holds, or fail naming it.
function M.wait(what, condition)
  local found
  local held = vim.wait(M.PATIENCE_MS, function()
    found = condition()
    return found ~= nil and found ~= false
  end, 20)
  if not held then
    local said = table.concat(M.notices, '\n')
    error(('never %s\n%s\n%s\n%s'):format(what, said, M.screen(), vim.fn.execute('messages')), 2)
  end
  return found
end

function M.noticed(pattern)
  return M.wait('told ' .. pattern, function()
    for _, message in ipairs(M.notices) do
      if message:find(pattern) then
        return message
      end
    end
  end)
end

---Type keys as a person does; they are handled before this returns.
function M.type(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'tx', false)
end

function M.screen()
  vim.cmd.redraw()
  vim.cmd.redraw() -- a window that has just been opened is on the screen after the second
  local lines = {}
  for row = 1, vim.o.lines do
    local cells = {}
    for column = 1, vim.o.columns do
      cells[column] = vim.fn.screenstring(row, column)
    end
    lines[row] = (table.concat(cells):gsub('%s+$', ''))
  end
  return table.concat(lines, '\n')
end

---Keep what the screen shows, for people to look at.
function M.picture(name)
  local folder = vim.env.CODEINTEL_PICTURES
  if folder and folder ~= '' then
    vim.fn.writefile(vim.split(M.screen(), '\n'), ('%s/%s.txt'):format(folder, name))
  end
end

function M.client()
  return vim.lsp.get_clients({ name = 'codeintel' })[1]
end

---Open a file of the workspace, and wait until the server has indexed it all.
function M.start(file)
  vim.lsp.enable('codeintel')
  vim.cmd.edit(file)
  M.wait('attached', function()
    local client = M.client()
    return client and client.initialized
  end)
  M.indexed()
end

function M.indexed()
  local status
  M.wait('indexed', function()
    local fault, result = require('codeintel.client').ask_now('codeintel/status', vim.empty_dict(), 20000)
    status = result
    return not fault and not result.stage and result.roots[1].chunks > 0
  end)
  return status
end

---A server within this process: answers by method, for what no real one can be made to say.
function M.fake(capabilities, answers)
  return function(dispatchers)
    local closing, last = false, 0
    local server = {}
    function server.request(method, params, callback)
      last = last + 1
      if method == 'initialize' then
        callback(nil, { capabilities = capabilities, serverInfo = { name = 'fake', version = '0.0.1' } })
      elseif method == 'shutdown' then
        callback(nil, vim.NIL)
      elseif answers[method] then
        callback(answers[method](params))
      else
        callback({ code = -32601, message = 'There is no method ' .. method }, nil)
      end
      return true, last
    end
    function server.notify(method)
      if method == 'exit' then
        closing = true
        dispatchers.on_exit(0, 0)
      end
      return true
    end
    function server.is_closing()
      return closing
    end
    function server.terminate()
      closing = true
    end
    return server
  end
end

---Run a spec in the event loop, and leave with 0 where it held.
function M.run(file)
  vim.schedule(function()
    local held, why = xpcall(dofile, debug.traceback, file)
    for _, client in ipairs(vim.lsp.get_clients()) do
      client:stop()
    end
    vim.wait(5000, function()
      return #vim.lsp.get_clients() == 0
    end, 20)
    if not held then
      io.stderr:write(why .. '\n')
    end
    vim.cmd(held and 'qall!' or 'cquit! 1')
  end)
end

return M
