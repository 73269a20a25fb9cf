---Questions to the server: sent, retried while nothing is indexed yet, cancelled, and answered exactly once.

local M = {}

local NAME = 'codeintel'
local NOT_STARTED = 'codeintel is not running here. Open a file, or see :checkhealth codeintel'

-- What servers answer that do not tell what they answer.
local FIRST_METHODS = { 'codeintel/search', 'codeintel/explain', 'codeintel/similar', 'codeintel/status' }

-- How long a question waits for the first chunk to be indexed; indexing a large workspace says so meanwhile.
local PATIENCE_MS = 60000

---@class codeintel.Fault
---@field message string for people
---@field field? string the parameter that is wrong
---@field column? integer where in the query, 0-based

---@type table<integer, table<integer, fun(fault: codeintel.Fault)>>
local waiting = {}
local last_ticket = 0

---The client of a buffer, else any that runs.
---@param bufnr integer?
---@return vim.lsp.Client?
function M.get(bufnr)
  return vim.lsp.get_clients({ name = NAME, bufnr = bufnr or 0 })[1] or vim.lsp.get_clients({ name = NAME })[1]
end

---Whether a server answers a method. One that does not tell is older than the list of methods.
---@param client vim.lsp.Client
---@param method string
---@return boolean
function M.supports(client, method)
  if not vim.startswith(method, 'codeintel/') then
    return true
  end
  local told = vim.tbl_get(client.server_capabilities or {}, 'experimental', 'codeintel', 'methods')
  return vim.tbl_contains(told or FIRST_METHODS, method)
end

---@param err lsp.ResponseError
---@return codeintel.Fault
local function fault_of(err)
  local data = type(err.data) == 'table' and err.data or {}
  return { message = err.message or 'unknown error', field = data.field, column = data.column }
end

---@param client vim.lsp.Client
---@param method string
---@return codeintel.Fault
local function too_old(client, method)
  local version = vim.tbl_get(client, 'server_info', 'version') or 'that runs'
  return { message = ('codeintel-server %s does not know %s. Install a newer one.'):format(version, method) }
end

---Ask the server. `answer` is called once, on the main loop, unless the question is cancelled before.
---@param method string
---@param params table
---@param answer fun(fault: codeintel.Fault?, result: any, client: vim.lsp.Client?)
---@param bufnr integer?
---@return fun() cancel
function M.ask(method, params, answer, bufnr)
  local client = M.get(bufnr)
  if not client then
    answer({ message = require('codeintel.server').missing() or NOT_STARTED })
    return function() end
  elseif not M.supports(client, method) then
    answer(too_old(client, method))
    return function() end
  end
  last_ticket = last_ticket + 1
  local ticket, request, done = last_ticket, nil, false
  local deadline = vim.uv.now() + PATIENCE_MS
  waiting[client.id] = waiting[client.id] or {}

  local function finish(fault, result)
    if not done then
      done = true
      waiting[client.id][ticket] = nil
      answer(fault, result, client)
    end
  end
  waiting[client.id][ticket] = finish

  local function send()
    if done then
      return
    end
    local sent
    sent, request = client:request(method, params, function(err, result)
      local retry = err and type(err.data) == 'table' and err.data.retry and err.data.retryAfterMs
      if retry and vim.uv.now() < deadline then
        vim.defer_fn(send, retry)
      elseif err then
        finish(fault_of(err))
      else
        finish(nil, result)
      end
    end, bufnr or 0)
    if not sent then
      finish({ message = 'The server is not answering any more; it is started again.' })
    end
  end
  send()

  return function()
    if not done then
      done = true
      waiting[client.id][ticket] = nil
      if request then
        client:cancel_request(request)
      end
    end
  end
end

---Ask and wait, for pickers whose sources cannot.
---@param method string
---@param params table
---@param timeout_ms integer
---@return codeintel.Fault?
---@return any result
---@return vim.lsp.Client?
function M.ask_now(method, params, timeout_ms)
  local fault, result, client
  local answered = false
  local cancel = M.ask(method, params, function(...)
    fault, result, client = ...
    answered = true
  end)
  if not vim.wait(timeout_ms, function()
    return answered
  end, 5) then
    cancel()
    return { message = 'The server did not answer in time.' }
  end
  return fault, result, client
end

---A server ended: whoever waits for it is told.
---@param client_id integer
function M.lost(client_id)
  local asked = waiting[client_id] or {}
  waiting[client_id] = nil
  for _, finish in pairs(asked) do
    waiting[client_id] = waiting[client_id] or {}
    finish({ message = 'The server ended in the middle of it; ask again.' })
  end
  waiting[client_id] = nil
end

---Tell a person what went wrong.
---@param fault codeintel.Fault
function M.complain(fault)
  vim.notify('codeintel: ' .. fault.message, vim.log.levels.ERROR)
end

---Where the cursor is, as the protocol has it; nil in a buffer that is no file.
---@return { textDocument: { uri: string }, position: lsp.Position }?
function M.cursor()
  local name = vim.api.nvim_buf_get_name(0)
  if name == '' or vim.bo.buftype ~= '' then
    return nil
  end
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  return { textDocument = { uri = vim.uri_from_bufnr(0) }, position = { line = line, character = 0 } }
end

return M
