/** The Search view's page: keeps what is shown in step with what the extension tells, and tells it what people do. */

import type { Hit, StatusChanged } from '../protocol';
import type { ServerState } from '../serverState';
import type { FromView, Outcome, Place, ToView } from '../viewMessages';
import type { ViewStrings } from '../viewStrings';
import { absence } from './absence';
import { button, element, filled, visible, written } from './dom';
import { HitList } from './hitList';
import { icon } from './icons';
import { Notices } from './notices';
import { QueryBox } from './queryBox';

declare function acquireVsCodeApi(): { postMessage(message: FromView): void };

class Page {
  private readonly box: QueryBox;
  private readonly list: HitList;
  private readonly notices: Notices;
  private readonly head = element('div', { class: 'head', role: 'search' });
  private readonly summary = element('p', { class: 'summary' });
  private readonly announcer = element('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  private readonly banner = element('div', { class: 'banner' });
  private readonly expected = element('div', { class: 'expected' });
  private readonly instead = element('div', { class: 'instead' });
  private server: ServerState = { kind: 'starting' };
  private trusted = true;
  private status: StatusChanged | undefined;
  private serial = 0;
  private query = '';
  private similarTo: string | undefined;
  private fresh = false;
  private outcome: Outcome | undefined;
  private pin: Place | undefined;
  private canAskWhyNot = false;

  constructor(
    private readonly strings: ViewStrings,
    history: readonly string[],
    private readonly tell: (message: FromView) => void,
  ) {
    this.box = new QueryBox(strings, history, {
      search: query => tell({ type: 'search', query }),
      remember: query => tell({ type: 'remember', query }),
      toHits: () => this.list.focusFirst(),
      openFirst: aside => this.list.open(0, aside),
    });
    this.list = new HitList(strings, {
      open: (index, how) => {
        tell({ type: 'remember', query: this.query });
        tell({ type: 'open', serial: this.serial, index, ...how });
      },
      explain: index => tell({ type: 'explain', serial: this.serial, index }),
      judge: (index, verdict) => tell({ type: 'judge', serial: this.serial, index, verdict }),
      copy: (index, as) => tell({ type: 'copy', serial: this.serial, index, as }),
      toQuery: () => this.box.focus(),
    });
    this.notices = new Notices(strings, {
      act: action => tell({ type: 'act', action }),
      ask: query => this.box.set(query, true),
    });
    this.head.append(
      element('h1', { class: 'unseen' }, strings.title),
      this.box.element,
      this.banner,
      this.expected,
      this.summary,
    );
    const hits = element(
      'main',
      { 'aria-label': strings.results },
      element('h2', { class: 'unseen' }, strings.results),
      this.instead,
      this.list.element,
    );
    document.body.replaceChildren(this.head, hits, this.announcer);
    this.showState();
  }

  receive(message: ToView): void {
    switch (message.type) {
      case 'options':
        this.canAskWhyNot = message.abilities.whyNot;
        this.list.configure(message.grouped, message.abilities);
        return this.showSummary();
      case 'server':
        this.server = message.state;
        this.trusted = message.trusted;
        if (message.state.kind !== 'running') {
          this.status = undefined;
        }
        return this.showState();
      case 'status':
        this.status = message.status;
        return this.showState();
      case 'query':
        this.box.set(message.query, false);
        return message.focus ? this.box.focus() : undefined;
      case 'began':
        return this.began(message.serial, message.query, message.similarTo);
      case 'hits':
        return this.found(message.serial, message.hits);
      case 'ended':
        return this.ended(message.serial, message.outcome);
      case 'explained':
        return message.serial === this.serial ? this.list.explained(message.index, message) : undefined;
      case 'gone':
        return message.serial === this.serial ? this.list.gone(message.index) : undefined;
      case 'judged':
        return message.serial === this.serial ? this.list.judged(message.index, message.verdict) : undefined;
      case 'whyNot':
        return this.showAbsence(message);
      case 'pinned':
        this.pin = message.place;
        return this.showPin();
      case 'history':
        return this.box.learn(message.history);
    }
  }

  /** A new search: what the last one found stays until the first hits come, so that nothing flickers. */
  private began(serial: number, query: string, similarTo: string | undefined): void {
    this.serial = serial;
    this.query = query;
    this.similarTo = similarTo;
    this.outcome = undefined;
    this.fresh = true;
    if (!document.hasFocus() || similarTo !== undefined) {
      this.box.set(query, false); // it was asked elsewhere
    }
    if (!query.trim() && similarTo === undefined) {
      this.list.show([]);
      this.showState();
    }
    this.showSummary();
  }

  private found(serial: number, hits: readonly Hit[]): void {
    if (serial !== this.serial) {
      return;
    }
    if (this.fresh) {
      this.fresh = false;
      this.list.show(hits);
      this.showState();
    } else {
      this.list.add(hits);
    }
  }

  private ended(serial: number, outcome: Outcome): void {
    if (serial !== this.serial) {
      return;
    }
    this.outcome = outcome;
    if (this.fresh) {
      this.fresh = false;
      this.list.show([]);
    }
    this.showState();
    this.showSummary();
    if (outcome.kind === 'found') {
      const { announceFound, announceNone } = this.strings;
      this.announcer.textContent = this.list.size ? filled(announceFound, this.list.size) : announceNone;
    }
  }

  /** What stands in place of the hits or above them. */
  private showState(): void {
    const { notices, outcome, status } = this;
    const ofServer = notices.ofServer(this.server);
    const trouble = status?.state === 'trouble' ? notices.ofTrouble(status) : undefined;
    const hasHits = this.list.size > 0;
    const above = [this.trusted ? undefined : notices.untrusted(), hasHits ? (ofServer ?? trouble) : trouble];
    this.banner.replaceChildren(...above.filter(one => one !== undefined));
    const instead = hasHits ? undefined : (ofServer ?? this.notFound(outcome));
    this.instead.replaceChildren(...(instead ? [instead] : []));
  }

  private notFound(outcome: Outcome | undefined): HTMLElement | undefined {
    if (outcome?.kind === 'notReady') {
      return this.notices.ofIndexing(this.status);
    }
    if (outcome) {
      return this.notices.ofOutcome(this.query, outcome);
    }
    return this.query.trim() || this.similarTo !== undefined ? undefined : this.notices.welcome();
  }

  private showSummary(): void {
    this.summary.replaceChildren();
    const { strings, outcome } = this;
    if (this.similarTo !== undefined) {
      this.summary.append(element('span', {}, visible(filled(strings.similarTo, this.similarTo))));
    }
    if (outcome?.kind !== 'found') {
      return;
    }
    const count = this.list.size === 1 ? strings.foundOne : strings.found;
    const figures = [written(this.list.size), written(outcome.candidates), written(outcome.elapsedMs)];
    const title = filled(strings.understood, visible(outcome.plan));
    this.summary.append(element('span', { title }, filled(count, ...figures)));
    if (outcome.coverage.share < 1) {
      const known = filled(strings.partial, Math.floor(100 * outcome.coverage.share));
      const again = button(
        { class: 'link' },
        () => this.tell({ type: 'search', query: this.query }),
        strings.searchAgain,
      );
      this.summary.append(element('span', { class: 'partial' }, known, ' ', again));
    }
    if (this.canAskWhyNot && this.query) {
      this.summary.append(
        button({ class: 'link' }, () => this.tell({ type: 'act', action: 'whyNot' }), strings.whyNot),
      );
    }
  }

  private showAbsence({ expected, result }: Extract<ToView, { type: 'whyNot' }>): void {
    this.showPin();
    if (result) {
      const card = absence(expected, result, this.strings, {
        open: hit => this.tell({ type: 'openPlace', uri: hit.uri, position: hit.range.start }),
        close: () => {
          this.showPin();
          this.box.focus();
        },
      });
      this.expected.append(card);
      this.announcer.textContent = result.note;
    }
  }

  private showPin(): void {
    this.expected.replaceChildren();
    if (this.pin) {
      const { strings } = this;
      const label = filled(strings.pinned, visible(this.pin.path));
      const unpin = button(
        { class: 'tool', title: strings.unpin, 'aria-label': strings.unpin },
        () => this.tell({ type: 'act', action: 'unpin' }),
        icon('close'),
      );
      this.expected.append(element('p', { class: 'pin' }, icon('pin'), element('span', {}, label), unpin));
    }
  }
}

const api = acquireVsCodeApi();
let page: Page | undefined;

document.addEventListener('securitypolicyviolation', event =>
  api.postMessage({ type: 'violation', directive: event.violatedDirective, blocked: event.blockedURI }),
);
window.addEventListener('message', ({ data }: MessageEvent<ToView>) => {
  if (data.type === 'start') {
    page = new Page(data.strings, data.history, message => api.postMessage(message));
  } else {
    page?.receive(data);
  }
});
api.postMessage({ type: 'ready' });
