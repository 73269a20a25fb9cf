/** The commands: each is one line to what does the work, and the context keys that enable them. */

import { commands, type Disposable, type ExtensionContext, l10n, ProgressLocation, window, workspace } from 'vscode';
import type { Channels } from './channels';
import type { Highlights } from './highlights';
import { placeAtCursor } from './place';
import type { Commands, IndexResult, LineParams, SymbolParams } from './protocol';
import { quickSearch } from './quickSearch';
import type { Search } from './search';
import type { SearchView } from './searchView';
import type { Server } from './server';
import { placeOf, showReferences } from './serverLenses';
import { SECTION } from './settings';
import type { Place } from './viewMessages';

const REFRESH_SCIP = 'codeintel.server.refreshScip';

export interface Parts {
  readonly server: Server;
  readonly search: Search;
  readonly view: SearchView;
  readonly highlights: Highlights;
  readonly channels: Channels;
}

export function registerCommands(context: ExtensionContext, parts: Parts): void {
  const { server, search, view, highlights, channels } = parts;
  const table: Record<string, (...args: never[]) => unknown> = {
    search: (query?: string) => view.show(typeof query === 'string' ? query : undefined),
    quickSearch: () => quickSearch(search, query => view.remember(query)),
    searchSelection: () => view.show(selectedText() || undefined),
    similar: () => similar(parts, placeAtCursor(server)),
    similarTo: (at: LineParams) => similar(parts, placeOf(at)),
    showReferences: (at: SymbolParams) => showReferences(server, at),
    whyNotHere: () => view.whyNot(),
    pinPlace: () => view.pin.set(placeAtCursor(server)),
    unpinPlace: () => view.pin.set(undefined),
    reindex: () => indexed(server.command('codeintel.server.reindex', {})),
    reindexFile: () => reindexFile(server),
    rebuild: () => rebuild(server),
    refreshScip: () => refreshScip(server),
    showStatus: () => commands.executeCommand('codeintel.indexView.focus'),
    restart: () => server.start(),
    showLogs: () => channels.log.show(),
    groupByFile: () => setGrouping(true),
    flatList: () => setGrouping(false),
    clearHighlights: () => highlights.clear(),
    clearHistory: () => view.clearHistory(),
  };
  for (const [name, run] of Object.entries(table)) {
    context.subscriptions.push(commands.registerCommand(`${SECTION}.${name}`, run));
  }
  context.subscriptions.push(keepContext(server, search));
}

/** Keep the context keys that enable commands and show menus as they should be. */
function keepContext(server: Server, search: Search): Disposable {
  const set = (key: string, value: boolean) => void commands.executeCommand('setContext', `${SECTION}.${key}`, value);
  const listening = [
    server.onState(({ kind }) => {
      set('running', kind === 'running');
      set('judge', server.has('codeintel/judge'));
      set('whyNot', server.has('codeintel/whyNot'));
      set('scip', server.has(REFRESH_SCIP));
    }),
    search.onEvent(({ answer }) => set('hasQuery', answer.query.trim() !== '')),
  ];
  return { dispose: () => listening.map(one => one.dispose()) };
}

/** Characters of a selection that are searched for: more says nothing more about what is meant. */
const MOST_CHARACTERS = 2_000;

/** What is selected, or the word at the cursor, without the marks that would mean something in a query. */
function selectedText(): string {
  const editor = window.activeTextEditor;
  if (!editor) {
    return '';
  }
  const { selection, document } = editor;
  const range = selection.isEmpty ? document.getWordRangeAtPosition(selection.active) : selection;
  return range
    ? document
        .getText(range)
        .slice(0, MOST_CHARACTERS)
        .replace(/[":\s]+/g, ' ')
        .trim()
    : '';
}

async function similar({ search, view }: Parts, place: Place | undefined): Promise<void> {
  if (place) {
    await view.show();
    await search.similar(place);
  }
}

function setGrouping(grouped: boolean): Thenable<void> {
  return workspace.getConfiguration(SECTION).update('view.groupByFile', grouped, true);
}

async function reindexFile(server: Server): Promise<void> {
  const uri = window.activeTextEditor?.document.uri;
  if (uri?.scheme === 'file') {
    await indexed(server.command('codeintel.server.reindexFile', { uri: server.uriOf(uri) }));
  }
}

async function rebuild(server: Server): Promise<void> {
  const go = l10n.t('Rebuild');
  const detail = l10n.t(
    'What is indexed is removed and made anew. Vectors that the cache knows are not computed again.',
  );
  if (await window.showWarningMessage(l10n.t('Rebuild the index?'), { modal: true, detail }, go)) {
    const running = server.command('codeintel.server.rebuild', {} satisfies Commands['codeintel.server.rebuild'][0]);
    await window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Rebuilding the index') }, () =>
      indexed(running),
    );
  }
}

/** Run the indexers of whole projects, and tell what each came to. */
async function refreshScip(server: Server): Promise<void> {
  try {
    const { runs } = await server.command(REFRESH_SCIP, {});
    const said = runs.map(({ indexer, root, documents, error, remedy }) =>
      error
        ? `${indexer}: ${error} ${remedy ?? ''}`.trim()
        : l10n.t('{0}: {1} documents of {2}', indexer, documents, root),
    );
    void window.showInformationMessage(`codeintel: ${said.join('; ') || l10n.t('No indexer has documents here.')}`);
  } catch (error) {
    void window.showWarningMessage(`codeintel: ${error instanceof Error ? error.message : error}`);
  }
}

/** Tell how an upkeep command ended. */
async function indexed(running: Promise<IndexResult>): Promise<void> {
  try {
    const { files, changed, removed, seconds } = await running;
    const text = l10n.t('{0} files indexed: {1} read, {2} removed, {3} s', files, changed, removed, seconds.toFixed(1));
    window.setStatusBarMessage(`codeintel: ${text}`, 5_000);
  } catch (error) {
    void window.showWarningMessage(`codeintel: ${error instanceof Error ? error.message : error}`);
  }
}
