/** The search that is shown: one at a time, the newest wins, its hits come in batches. What they mean is the server's. */

import { CancellationTokenSource, type Disposable, EventEmitter } from 'vscode';
import type { OnHits } from './connection';
import type { Hit, SearchResult } from './protocol';
import type { Server } from './server';
import { ServerOffline } from './serverState';
import type { Outcome, Place } from './viewMessages';

/** Codes of the protocol's errors. */
const INVALID_PARAMS = -32602;
const REQUEST_FAILED = -32803;
const CANCELLED = [-32800, -32802];
/** The connection went away while the request was written, waited for or about to be sent. */
const LOST = [-32099, -32097, -32096];

interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly reason?: string; readonly column?: number; readonly retryAfterMs?: number };
}

/** One search with what is known of its answer so far. */
export interface Answer {
  readonly serial: number;
  readonly query: string;
  /** The place whose likes were looked for; undefined for a search by query. */
  readonly similarTo: Place | undefined;
  readonly hits: readonly Hit[];
  readonly outcome: Outcome | undefined;
}

export type SearchEvent = { readonly answer: Answer } & (
  | { readonly type: 'began' }
  | { readonly type: 'hits'; readonly hits: readonly Hit[] }
  | { readonly type: 'ended'; readonly outcome: Outcome }
);

type Ask = (onHits: OnHits, source: CancellationTokenSource) => Promise<SearchResult>;

export class Search implements Disposable {
  private readonly events = new EventEmitter<SearchEvent>();
  private asked: CancellationTokenSource | undefined;
  private timer: NodeJS.Timeout | undefined;
  private shown: Answer | undefined;
  private serial = 0;

  readonly onEvent = this.events.event;

  constructor(
    private readonly server: Server,
    private readonly limit: () => number,
  ) {}

  /** What is shown now; undefined before the first search. */
  get answer(): Answer | undefined {
    return this.shown;
  }

  /** Search in place of what is shown; an empty query shows nothing. */
  run(query: string): Promise<Answer> {
    const params = { query, limit: this.limit(), explain: true };
    return this.ask(query, undefined, (onHits, { token }) =>
      this.server.streamed('codeintel/search', params, onHits, token),
    );
  }

  /** Look for the likes of a place. */
  similar(place: Place): Promise<Answer> {
    const params = { textDocument: { uri: place.uri }, position: place.position, limit: this.limit() };
    return this.ask('', place, (onHits, { token }) => this.server.streamed('codeintel/similar', params, onHits, token));
  }

  /** Ask again what is shown, for example because the server is back. */
  again(): void {
    const answer = this.shown;
    if (answer?.similarTo) {
      void this.similar(answer.similarTo);
    } else if (answer?.query) {
      void this.run(answer.query);
    }
  }

  dispose(): void {
    this.abandon();
    this.events.dispose();
  }

  private abandon(): void {
    clearTimeout(this.timer);
    this.asked?.cancel();
    this.asked?.dispose();
    this.asked = undefined;
  }

  private async ask(query: string, similarTo: Place | undefined, ask: Ask): Promise<Answer> {
    this.abandon();
    const source = new CancellationTokenSource();
    this.asked = source;
    let answer: Answer = { serial: ++this.serial, query, similarTo, hits: [], outcome: undefined };
    this.shown = answer;
    this.events.fire({ type: 'began', answer });
    if (!query.trim() && !similarTo) {
      return answer;
    }
    const onHits: OnHits = (hits, replace) => {
      if (this.asked === source) {
        if (replace) {
          answer = { ...answer, serial: ++this.serial, hits: [] };
          this.shown = answer;
          this.events.fire({ type: 'began', answer });
        }
        answer = { ...answer, hits: [...answer.hits, ...hits] };
        this.shown = answer;
        this.events.fire({ type: 'hits', answer, hits });
      }
    };
    const outcome = await outcomeOf(ask(onHits, source), onHits);
    if (outcome && this.asked === source) {
      answer = { ...answer, outcome };
      this.shown = answer;
      this.events.fire({ type: 'ended', answer, outcome });
      if (outcome.kind === 'notReady') {
        this.timer = setTimeout(() => this.again(), outcome.retryAfterMs);
      }
    }
    return answer;
  }
}

/** How the request ended; undefined where it was cancelled. Hits that were not streamed are handed on. */
async function outcomeOf(asked: Promise<SearchResult>, onHits: OnHits): Promise<Outcome | undefined> {
  try {
    const { hits, coverage, candidates, elapsedMs, plan } = await asked;
    if (hits.length > 0) {
      onHits(hits, false);
    }
    return { kind: 'found', coverage, candidates, elapsedMs, plan };
  } catch (error) {
    return outcomeOfError(error);
  }
}

function outcomeOfError(error: unknown): Outcome | undefined {
  const { code, message, data } = error as WireError;
  if (CANCELLED.includes(code)) {
    return undefined;
  }
  if (code === INVALID_PARAMS) {
    return { kind: 'badQuery', message, column: data?.column };
  }
  if (code === REQUEST_FAILED && data?.retryAfterMs !== undefined) {
    return { kind: 'notReady', message, retryAfterMs: data.retryAfterMs };
  }
  if (code === REQUEST_FAILED) {
    return { kind: 'failed', message };
  }
  // what happens next is the server's state, which is shown as well
  return error instanceof ServerOffline || LOST.includes(code) ? { kind: 'offline' } : { kind: 'failed', message };
}
