/** The Search view: hands what its page asks to the rest of the extension, and what happens back to the page. */

import {
  commands,
  type Disposable,
  type ExtensionContext,
  env,
  l10n,
  Uri,
  type WebviewView,
  type WebviewViewProvider,
  window,
  workspace,
} from 'vscode';
import type { Channels } from './channels';
import { excerptOf } from './excerpt';
import type { Highlights } from './highlights';
import { History } from './history';
import { copyHit, openPlace } from './hits';
import { Pin, placeAtCursor } from './place';
import type { Hit, WhyNotResult } from './protocol';
import type { Search, SearchEvent } from './search';
import type { Server } from './server';
import { flag, limit } from './settings';
import type { Action, FromView, Place, ToView, Verdict } from './viewMessages';
import { viewPage } from './viewPage';
import { viewStrings } from './viewStrings';
import { type Expected, expectedAt, pickExpected, whyNot } from './whyNot';

const VIEW = 'codeintel.searchView';

export class SearchView implements WebviewViewProvider, Disposable {
  private readonly history: History;
  private readonly listening: Disposable[];
  private view: WebviewView | undefined;
  private ready = false;
  private waiting: ToView | undefined;

  /** The place that is expected among the hits, whatever is searched. */
  readonly pin = new Pin(place => {
    this.post({ type: 'pinned', place });
    void this.explainPin();
  });

  constructor(
    private readonly context: ExtensionContext,
    private readonly server: Server,
    private readonly search: Search,
    private readonly highlights: Highlights,
    private readonly channels: Channels,
  ) {
    this.history = new History(context.workspaceState);
    this.listening = [
      window.registerWebviewViewProvider(VIEW, this),
      search.onEvent(event => this.tell(event)),
      server.onState(() => this.tellServer()),
      server.onStatus(status => this.post({ type: 'status', status })),
      workspace.onDidGrantWorkspaceTrust(() => this.tellServer()),
      workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration('codeintel.view')) {
          this.tellOptions();
        }
      }),
    ];
  }

  resolveWebviewView(view: WebviewView): void {
    this.view = view;
    view.webview.options = {
      enableScripts: true,
      localResourceRoots: [Uri.joinPath(this.context.extensionUri, 'dist')],
    };
    view.webview.onDidReceiveMessage((message: FromView) => this.receive(message));
    view.onDidDispose(() => {
      this.view = undefined;
      this.ready = false;
    });
    view.webview.html = viewPage(view.webview, this.context.extensionUri, env.language);
  }

  /** Bring the view up with the cursor in its query, which becomes `query` where one is given, and is then asked. */
  async show(query?: string): Promise<void> {
    const message: ToView = { type: 'query', query: query ?? this.search.answer?.query ?? '', focus: true };
    if (!this.ready) {
      this.waiting = message;
    }
    await commands.executeCommand(`${VIEW}.focus`);
    this.post(message);
    if (query !== undefined) {
      this.remember(query);
      await this.search.run(query);
    }
  }

  remember(query: string): void {
    this.history.add(query);
    this.post({ type: 'history', history: this.history.queries });
  }

  clearHistory(): void {
    this.history.clear();
    this.post({ type: 'history', history: [] });
  }

  /** Ask why a place is not among the hits, and show the answer; without one the person chooses. */
  async whyNot(place?: Place): Promise<WhyNotResult | undefined> {
    const query = this.search.answer?.query;
    if (!query) {
      void window.showInformationMessage(l10n.t('Search first; then ask why something is not among the hits.'));
      return undefined;
    }
    const known = [this.pin.place, placeAtCursor(this.server)].filter(one => one !== undefined);
    const expected = place ? expectedAt(place) : await pickExpected(known);
    return expected && this.explainAbsence(query, expected);
  }

  dispose(): void {
    for (const one of this.listening) {
      one.dispose();
    }
  }

  private async explainAbsence(query: string, expected: Expected): Promise<WhyNotResult | undefined> {
    try {
      const result = await whyNot(this.server, query, expected, limit());
      await commands.executeCommand(`${VIEW}.focus`);
      this.post({ type: 'whyNot', expected: expected.label, result });
      return result;
    } catch (error) {
      void window.showWarningMessage(said(error));
      return undefined;
    }
  }

  /** Whatever is searched while a place is pinned, say where that place is. */
  private async explainPin(): Promise<void> {
    const { place } = this.pin;
    const query = this.search.answer?.query;
    if (place && query && this.server.has('codeintel/whyNot')) {
      const result = await whyNot(this.server, query, expectedAt(place), limit()).catch(() => undefined);
      if (this.search.answer?.query === query && this.pin.place === place) {
        this.post({ type: 'whyNot', expected: place.path, result });
      }
    }
  }

  private receive(message: FromView): void {
    switch (message.type) {
      case 'ready':
        return this.begin();
      case 'search':
        return void this.search.run(message.query);
      case 'remember':
        return this.remember(message.query);
      case 'open':
        return void this.open(message);
      case 'explain':
        return void this.explain(message.serial, message.index);
      case 'judge':
        return void this.judge(message.serial, message.index, message.verdict);
      case 'copy':
        return void this.withHit(message, hit => copyHit(hit, message.as));
      case 'openPlace':
        return void openPlace(message.uri, message.position, { aside: false, focus: true });
      case 'act':
        return void this.act(message.action);
      case 'violation':
        return this.channels.log.error(`content security policy: ${message.directive} blocked ${message.blocked}`);
    }
  }

  private begin(): void {
    this.ready = true;
    const answer = this.search.answer;
    this.post({ type: 'start', strings: viewStrings(), history: this.history.queries });
    this.tellOptions();
    this.tellServer();
    this.post({ type: 'pinned', place: this.pin.place });
    if (answer) {
      this.post({ type: 'query', query: answer.query, focus: false });
      this.tell({ type: 'began', answer });
      this.tell({ type: 'hits', answer, hits: answer.hits });
      if (answer.outcome) {
        this.tell({ type: 'ended', answer, outcome: answer.outcome });
      }
    }
    if (this.waiting) {
      this.post(this.waiting);
      this.waiting = undefined;
    }
  }

  private tell(event: SearchEvent): void {
    const { serial, query, similarTo } = event.answer;
    if (event.type === 'began') {
      this.post({ type: 'began', serial, query, similarTo: similarTo?.path });
    } else if (event.type === 'hits') {
      this.post({ type: 'hits', serial, hits: event.hits });
    } else {
      this.post({ type: 'ended', serial, outcome: event.outcome });
      void this.explainPin();
    }
  }

  private tellServer(): void {
    this.post({ type: 'server', state: this.server.state, trusted: workspace.isTrusted });
    this.tellOptions();
    if (this.server.status) {
      this.post({ type: 'status', status: this.server.status });
    }
  }

  private tellOptions(): void {
    const abilities = { judge: this.server.has('codeintel/judge'), whyNot: this.server.has('codeintel/whyNot') };
    this.post({ type: 'options', grouped: flag('view.groupByFile'), abilities });
  }

  private async open(message: Extract<FromView, { type: 'open' }>): Promise<void> {
    const { serial, index } = message;
    await this.withHit(message, async (hit, query) => {
      const editor = await openPlace(hit.uri, hit.range.start, message);
      if (!editor) {
        this.post({ type: 'gone', serial, index });
        return;
      }
      this.highlights.show(editor, hit);
      const whole = query ? await this.explanation(hit, query).catch(() => undefined) : undefined;
      if (whole?.hit && window.visibleTextEditors.includes(editor)) {
        this.highlights.show(editor, whole.hit);
      }
    });
  }

  private async explain(serial: number, index: number): Promise<void> {
    await this.withHit({ serial, index }, async (hit, query) => {
      try {
        const result = query ? await this.explanation(hit, query) : undefined;
        const excerpt = await excerptOf(result?.hit ?? hit);
        this.post({ type: 'explained', serial, index, result, excerpt, trouble: '' });
      } catch (error) {
        const excerpt = await excerptOf(hit);
        this.post({ type: 'explained', serial, index, result: undefined, excerpt, trouble: said(error) });
      }
      void commands.executeCommand('setContext', 'codeintel.explained', true);
    });
  }

  private explanation(hit: Hit, query: string) {
    const { start } = hit.range;
    return this.server.request('codeintel/explain', { query, textDocument: { uri: hit.uri }, position: start });
  }

  private async judge(serial: number, index: number, verdict: Verdict): Promise<void> {
    await this.withHit({ serial, index }, async (hit, query) => {
      const position = hit.range.start;
      try {
        await this.server.request('codeintel/judge', { query, textDocument: { uri: hit.uri }, position, verdict });
        this.post({ type: 'judged', serial, index, verdict });
      } catch (error) {
        void window.showWarningMessage(said(error));
      }
    });
  }

  /** Do something with a hit of the answer that is shown; with one of an older answer nothing is done. */
  private async withHit(
    { serial, index }: { serial: number; index: number },
    act: (hit: Hit, query: string) => Promise<void>,
  ): Promise<void> {
    const answer = this.search.answer;
    const hit = answer?.serial === serial ? answer.hits[index] : undefined;
    if (answer && hit) {
      await act(hit, answer.query);
    }
  }

  private act(action: Action): Thenable<unknown> {
    const to: Record<Action, [string, ...unknown[]]> = {
      restart: ['codeintel.restart'],
      showLogs: ['codeintel.showLogs'],
      openFolder: ['vscode.openFolder'],
      openSettings: ['workbench.action.openSettings', 'codeintel.server'],
      manageTrust: ['workbench.trust.manage'],
      rebuild: ['codeintel.rebuild'],
      showStatus: ['codeintel.showStatus'],
      whyNot: ['codeintel.whyNotHere'],
      unpin: ['codeintel.unpinPlace'],
      groupByFile: ['codeintel.groupByFile'],
      flatList: ['codeintel.flatList'],
    };
    return commands.executeCommand(...to[action]);
  }

  private post(message: ToView): void {
    if (this.ready) {
      void this.view?.webview.postMessage(message);
    }
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
