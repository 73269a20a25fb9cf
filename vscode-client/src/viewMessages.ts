/** What extension and Search view say to each other. Types only: both sides are bundled on their own. */

import type { Position } from 'vscode-languageclient';
import type { Coverage, ExplainResult, Hit, StatusChanged, WhyNotResult } from './protocol';
import type { ServerState } from './serverState';
import type { ViewStrings } from './viewStrings';

export type Verdict = 'good' | 'bad' | 'none';

/** How a search ended, other than by being superseded. */
export type Outcome =
  | {
      readonly kind: 'found';
      readonly coverage: Coverage;
      readonly candidates: number;
      readonly elapsedMs: number;
      readonly plan: string;
    }
  | { readonly kind: 'badQuery'; readonly message: string; readonly column: number | undefined }
  | { readonly kind: 'notReady'; readonly message: string; readonly retryAfterMs: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'offline' };

/** Some lines of a file with the evidence in them; `missing` where the file cannot be read any more. */
export interface Excerpt {
  readonly firstLine: number;
  readonly lines: readonly string[];
  readonly marks: readonly Mark[];
  readonly missing: boolean;
}

/** A piece of one line: a word that matched, or a token with its share of the similarity from 0 to 1. */
export interface Mark {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly kind: 'word' | 'token';
  readonly heat: number;
}

export interface Place {
  readonly uri: string;
  readonly path: string;
  readonly position: Position;
}

/** What the server that runs can do beyond searching. */
export interface Abilities {
  readonly judge: boolean;
  readonly whyNot: boolean;
}

export type ToView =
  | { readonly type: 'start'; readonly strings: ViewStrings; readonly history: readonly string[] }
  | { readonly type: 'options'; readonly grouped: boolean; readonly abilities: Abilities }
  | { readonly type: 'server'; readonly state: ServerState; readonly trusted: boolean }
  | { readonly type: 'status'; readonly status: StatusChanged }
  | { readonly type: 'query'; readonly query: string; readonly focus: boolean }
  | { readonly type: 'began'; readonly serial: number; readonly query: string; readonly similarTo: string | undefined }
  | { readonly type: 'hits'; readonly serial: number; readonly hits: readonly Hit[] }
  | { readonly type: 'ended'; readonly serial: number; readonly outcome: Outcome }
  | {
      readonly type: 'explained';
      readonly serial: number;
      readonly index: number;
      readonly result: ExplainResult | undefined;
      readonly excerpt: Excerpt;
      readonly trouble: string;
    }
  | { readonly type: 'gone'; readonly serial: number; readonly index: number }
  | { readonly type: 'judged'; readonly serial: number; readonly index: number; readonly verdict: Verdict }
  | { readonly type: 'whyNot'; readonly expected: string; readonly result: WhyNotResult | undefined }
  | { readonly type: 'pinned'; readonly place: Place | undefined }
  | { readonly type: 'history'; readonly history: readonly string[] };

export type FromView =
  | { readonly type: 'ready' }
  | { readonly type: 'search'; readonly query: string }
  | { readonly type: 'remember'; readonly query: string }
  | {
      readonly type: 'open';
      readonly serial: number;
      readonly index: number;
      readonly aside: boolean;
      readonly focus: boolean;
    }
  | { readonly type: 'explain'; readonly serial: number; readonly index: number }
  | { readonly type: 'judge'; readonly serial: number; readonly index: number; readonly verdict: Verdict }
  | { readonly type: 'copy'; readonly serial: number; readonly index: number; readonly as: 'place' | 'markdown' }
  | { readonly type: 'openPlace'; readonly uri: string; readonly position: Position }
  | { readonly type: 'act'; readonly action: Action }
  | { readonly type: 'violation'; readonly directive: string; readonly blocked: string };

/** What the view's buttons ask the extension to do. */
export type Action =
  | 'restart'
  | 'showLogs'
  | 'openFolder'
  | 'openSettings'
  | 'manageTrust'
  | 'rebuild'
  | 'showStatus'
  | 'whyNot'
  | 'unpin'
  | 'groupByFile'
  | 'flatList';
