---The language server, for `vim.lsp.enable("codeintel")`; a `vim.lsp.config("codeintel", …)` of yours is merged over it.
---@type vim.lsp.Config
return {
  cmd = { 'codeintel-server' },
  root_dir = function(bufnr, on_dir)
    require('codeintel.server').choose_root(bufnr, on_dir)
  end,
  on_init = function(client)
    require('codeintel.server').started(client)
  end,
  on_exit = function(code, signal, client_id)
    require('codeintel.server').exited(code, signal, client_id)
  end,
  handlers = {
    ['codeintel/statusChanged'] = function(_, status)
      require('codeintel.status').changed(status)
    end,
  },
}
