---The life of the server: where it is started, and what happens when it dies.

local config = require('codeintel.config')

local M = {}

local WINDOW_MS = 180000 -- deaths further apart are not a loop; VS Code's client counts in the same window
local FIRST_PAUSE_MS = 500

local ROOT_MARKERS =
  { { 'codeintel.toml', '.codeintel' }, '.git', { 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' } }

---@type integer[] when servers died lately
local deaths = {}
---@type table<string, boolean>
local told = {}

---@param message string
local function tell_once(message)
  if not told[message] then
    told[message] = true
    vim.notify('codeintel: ' .. message, vim.log.levels.ERROR)
  end
end

---What cannot be started, in a sentence; nil where it can.
---@return string?
function M.missing()
  local cmd = (vim.lsp.config.codeintel or {}).cmd
  if type(cmd) == 'table' and vim.fn.executable(cmd[1]) == 0 then
    return ('the server %s is not installed or not on your PATH. Install it with `pip install codeintel`, or set its path '):format(
      cmd[1]
    ) .. 'with vim.lsp.config("codeintel", { cmd = { "/path/to/codeintel-server" } })'
  end
end

---Say once that the server cannot be started, where that is so.
function M.complain_if_missing()
  local missing = M.missing()
  if missing then
    tell_once(missing)
  end
end

---The folder to serve for a buffer: that of the repository or project, else the working directory.
---@param bufnr integer
---@param on_dir fun(root: string)
function M.choose_root(bufnr, on_dir)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name:match('^%a[%w+.-]+://') then
    return -- a document of another tool, e.g. fugitive's, is in no folder
  end
  on_dir(name ~= '' and vim.fs.root(bufnr, ROOT_MARKERS) or vim.fn.getcwd())
end

---A server answered `initialize`.
---@param client vim.lsp.Client
function M.started(client)
  require('codeintel.status').forget()
  if not require('codeintel.client').supports(client, 'codeintel/whyNot') then
    local version = vim.tbl_get(client, 'server_info', 'version') or '?'
    tell_once(
      ('the server is of version %s, and older than this plugin: why-not and judgments need a newer one'):format(
        version
      )
    )
  end
end

---A server ended. One that nobody stopped is started again, later each time, until it has died too often.
---@param code integer
---@param signal integer
---@param client_id integer
function M.exited(code, signal, client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  -- Neovim's own mark: is_stopped() is true of a server that died, too, and one stopped by force ends as if killed.
  local was_stopped = client ~= nil and client._is_stopping == true
  vim.schedule(function()
    require('codeintel.client').lost(client_id)
    require('codeintel.status').forget()
    local is_leaving = vim.v.exiting ~= vim.NIL
    if not was_stopped and not is_leaving and (code ~= 0 or signal ~= 0) then
      M.died(signal ~= 0 and 'signal ' .. signal or 'exit code ' .. code)
    end
  end)
end

---@param how string
function M.died(how)
  local now = vim.uv.now()
  deaths = vim.tbl_filter(function(at)
    return now - at < WINDOW_MS
  end, deaths)
  deaths[#deaths + 1] = now
  if #deaths > config.get().restarts then
    tell_once(
      ('the server died %d times in a row (%s) and is not started again. See %s, then :CodeIntel restart'):format(
        #deaths,
        how,
        vim.lsp.get_log_path()
      )
    )
    told = {}
    return
  end
  local pause = FIRST_PAUSE_MS * 2 ^ (#deaths - 1)
  vim.notify(
    ('codeintel: the server died (%s) and is started again in %.1f s'):format(how, pause / 1000),
    vim.log.levels.WARN
  )
  vim.defer_fn(M.start, pause)
end

---Start a server for every buffer that wants one.
function M.start()
  if vim.lsp.is_enabled('codeintel') then
    vim.lsp.enable('codeintel')
  end
end

---Stop the servers and start them anew, whatever happened before.
function M.restart()
  deaths, told = {}, {}
  local clients = vim.lsp.get_clients({ name = 'codeintel' })
  for _, client in ipairs(clients) do
    client:stop()
  end
  vim.wait(5000, function()
    return #vim.lsp.get_clients({ name = 'codeintel' }) == 0
  end, 20)
  M.start()
end

---How often servers died lately.
---@return integer
function M.deaths()
  return #deaths
end

return M
