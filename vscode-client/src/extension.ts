/** Puts the parts together; the server is started behind that, so that activation waits for nothing. */

import { type ExtensionContext, languages, window, workspace } from 'vscode';
import { openChannels } from './channels';
import { HitLenses } from './codeLens';
import { registerCommands } from './commands';
import { announceFailures } from './failures';
import { Highlights } from './highlights';
import { IndexTree } from './indexTree';
import { showLanguageStatus } from './languageStatus';
import { Search } from './search';
import { SearchView } from './searchView';
import { Server } from './server';
import { limit, SERVER_KEYS } from './settings';

let running: Server | undefined;

export function activate(context: ExtensionContext): void {
  const channels = openChannels();
  const server = new Server(context, channels);
  const search = new Search(server, limit);
  const highlights = new Highlights();
  const view = new SearchView(context, server, search, highlights, channels);
  const lenses = new HitLenses(search);
  const tree = new IndexTree(server);
  running = server;
  context.subscriptions.push(
    channels.log,
    channels.trace,
    server,
    search,
    highlights,
    view,
    lenses,
    tree,
    window.registerTreeDataProvider('codeintel.indexView', tree),
    languages.registerCodeLensProvider({ scheme: 'file' }, lenses),
    showLanguageStatus(server),
    announceFailures(server),
    search.onEvent(event => {
      if (event.type === 'began') {
        highlights.clear();
      }
      lenses.refresh();
    }),
    server.onState(state => {
      if (state.kind === 'running') {
        search.again();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => server.start()),
    workspace.onDidChangeWorkspaceFolders(() => {
      if (server.state.kind === 'noFolder') {
        void server.start();
      }
    }),
    workspace.onDidChangeConfiguration(change => {
      if (SERVER_KEYS.some(key => change.affectsConfiguration(key))) {
        void server.start();
      }
      if (change.affectsConfiguration('codeintel.view.codeLens')) {
        lenses.refresh();
      }
    }),
  );
  registerCommands(context, { server, search, view, highlights, channels });
  void server.start();
}

/** Let the server close its index before the editor goes. */
export async function deactivate(): Promise<void> {
  await running?.stop();
}
