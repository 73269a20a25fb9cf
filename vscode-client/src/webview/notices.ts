/** What the view says in place of hits, and what can be done then: nothing asked, nothing found, not ready, not running. */

import type { StatusChanged } from '../protocol';
import type { ServerState } from '../serverState';
import type { Action, Outcome } from '../viewMessages';
import type { ViewStrings } from '../viewStrings';
import { button, element, filled, visible, written } from './dom';
import { filtersIn, withoutFilters } from './queryText';

export interface NoticeActs {
  act(action: Action): void;
  ask(query: string): void;
}

export class Notices {
  constructor(
    private readonly strings: ViewStrings,
    private readonly acts: NoticeActs,
  ) {}

  /** What is wrong with the server; undefined where it runs. */
  ofServer(state: ServerState): HTMLElement | undefined {
    const { strings } = this;
    switch (state.kind) {
      case 'running':
        return undefined;
      case 'noFolder':
        return this.notice(
          'info',
          strings.noFolder,
          strings.noFolderAdvice,
          this.does('openFolder', strings.openFolder),
        );
      case 'starting':
        return this.notice('busy', strings.starting, '');
      case 'waiting':
        return this.notice(
          'busy',
          filled(strings.waiting, written(state.delayMs / 1_000, 1)),
          state.reason,
          this.does('showLogs', strings.showLogs),
        );
      case 'failed':
        return this.notice(
          'error',
          strings.offline,
          `${state.reason} ${state.advice}`,
          this.does('restart', strings.restart),
          this.does('showLogs', strings.showLogs),
          this.does('openSettings', strings.settings),
        );
      case 'stopped':
        return this.notice('error', strings.offline, '', this.does('restart', strings.restart));
    }
  }

  /** What the index is at while nothing can be found yet. */
  ofIndexing(status: StatusChanged | undefined): HTMLElement {
    const detail = status?.message ? `${status.message}. ` : '';
    return this.notice('busy', this.strings.indexing, detail + this.strings.indexingAdvice);
  }

  ofTrouble(status: StatusChanged): HTMLElement {
    const { strings } = this;
    const logs = this.does('showLogs', strings.showLogs);
    return this.notice('warning', strings.trouble, status.message, logs, this.does('rebuild', strings.rebuild));
  }

  /** What to begin with. */
  welcome(): HTMLElement {
    const { strings } = this;
    const examples = strings.examples.map(text =>
      element(
        'li',
        {},
        button({ class: 'link' }, () => this.acts.ask(text), text),
      ),
    );
    const keys = strings.keyList.flatMap(([key, does]) => [
      element('dt', {}, element('kbd', {}, key)),
      element('dd', {}, does),
    ]);
    return element(
      'div',
      { class: 'notice welcome' },
      element('p', { class: 'notice-title' }, strings.welcome),
      element('p', {}, strings.welcomeAdvice),
      element('ul', { class: 'plain' }, ...examples),
      element('details', { class: 'keys' }, element('summary', {}, strings.keys), element('dl', {}, ...keys)),
    );
  }

  ofOutcome(query: string, outcome: Outcome): HTMLElement | undefined {
    const { strings } = this;
    switch (outcome.kind) {
      case 'found':
        return this.nothingFound(query);
      case 'badQuery':
        return this.badQuery(query, outcome.message, outcome.column);
      case 'failed':
        return this.notice('error', strings.failed, outcome.message, this.does('showLogs', strings.showLogs));
      default:
        return undefined;
    }
  }

  /** The place is named where it is limited, as VS Code's own restricted mode does. */
  untrusted(): HTMLElement {
    const { strings } = this;
    return element(
      'p',
      { class: 'restricted' },
      `${strings.untrusted} `,
      button({ class: 'link' }, () => this.acts.act('manageTrust'), strings.manageTrust),
    );
  }

  private nothingFound(query: string): HTMLElement {
    const { strings } = this;
    if (filtersIn(query).length === 0) {
      return this.notice('info', strings.noHits, strings.noHitsAdvice);
    }
    const bare = withoutFilters(query);
    const again = button({ class: 'action' }, () => this.acts.ask(bare), strings.withoutFilters);
    return this.notice('info', strings.noHits, strings.noHitsFiltered, ...(bare ? [again] : []));
  }

  private badQuery(query: string, message: string, column: number | undefined): HTMLElement {
    const made = this.notice('error', this.strings.badQuery, message);
    if (column !== undefined) {
      const from = Math.max(0, column - 20);
      const pointed = `${query.slice(from, from + 60)}\n${' '.repeat(column - from)}^`;
      made.append(element('pre', { class: 'pointer', 'aria-hidden': 'true' }, pointed));
    }
    return made;
  }

  private does(action: Action, label: string): HTMLButtonElement {
    return button({ class: 'action' }, () => this.acts.act(action), label);
  }

  private notice(kind: 'info' | 'busy' | 'warning' | 'error', title: string, text: string, ...actions: HTMLElement[]) {
    return element(
      'div',
      { class: `notice ${kind}`, role: kind === 'error' ? 'alert' : undefined },
      kind === 'busy' && element('div', { class: 'progress', 'aria-hidden': 'true' }),
      element('p', { class: 'notice-title' }, visible(title)),
      text.trim() !== '' && element('p', {}, visible(text)),
      actions.length > 0 && element('p', { class: 'actions' }, ...actions),
    );
  }
}
