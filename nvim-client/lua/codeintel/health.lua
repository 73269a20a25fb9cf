---`:checkhealth codeintel`: what runs, what is missing, and where its log is.

local M = {}

local function check_neovim()
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok('Neovim ' .. tostring(vim.version()))
  else
    vim.health.error('Neovim is too old', 'Install Neovim 0.11 or newer')
  end
end

local function check_server()
  if not vim.lsp.is_enabled('codeintel') then
    vim.health.warn('the server is not enabled', 'Add vim.lsp.enable("codeintel") to your configuration')
  end
  local missing = require('codeintel.server').missing()
  if missing then
    vim.health.error(missing)
  else
    local cmd = vim.lsp.config.codeintel.cmd
    vim.health.ok('server: ' .. (type(cmd) == 'table' and vim.fn.exepath(cmd[1]) or 'started by a function'))
  end
  local deaths = require('codeintel.server').deaths()
  if deaths > 0 then
    vim.health.warn(('it died %d times lately'):format(deaths), 'See ' .. vim.lsp.get_log_path())
  end
end

---@param client vim.lsp.Client
local function check_client(client)
  local version = vim.tbl_get(client, 'server_info', 'version') or 'of an unknown version'
  local folders = vim.tbl_map(function(folder)
    return folder.name
  end, client.workspace_folders or {})
  vim.health.ok(('running: %s, positions in %s'):format(version, client.offset_encoding))
  vim.health.info('folders: ' .. (#folders > 0 and table.concat(folders, ', ') or 'none'))
  for _, method in ipairs({ 'codeintel/search', 'codeintel/explain', 'codeintel/whyNot', 'codeintel/judge' }) do
    if not require('codeintel.client').supports(client, method) then
      vim.health.warn('the server does not know ' .. method, 'Install a newer codeintel-server')
    end
  end
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = 'codeintel' })
  if #clients == 0 then
    vim.health.info('no server runs: one is started with the first file that is opened')
  end
  vim.iter(clients):each(check_client)
end

local function check_options()
  local troubles = require('codeintel.config').troubles()
  vim.iter(troubles):each(vim.health.warn)
  if #troubles == 0 then
    vim.health.ok('options')
  end
  vim.health.info('picker: ' .. require('codeintel.pickers').name())
  vim.health.info('log: ' .. vim.lsp.get_log_path())
end

function M.check()
  vim.health.start('codeintel')
  check_neovim()
  check_server()
  check_clients()
  check_options()
end

return M
