/** A hit's explanation: its text with the evidence, what added to its score, and, folded, everything else. */

import type { Contribution, Evidence, ExplainResult, Hit } from '../protocol';
import type { Excerpt } from '../viewMessages';
import type { ViewStrings } from '../viewStrings';
import { element, filled, isolated, visible, written } from './dom';
import { markedLine } from './marks';
import { colourOf, gained, ordered, signed } from './shareBar';

export interface Explained {
  readonly result: ExplainResult | undefined;
  readonly excerpt: Excerpt;
  readonly trouble: string;
}

/** Tokens of one channel that are shown. */
const MOST_TOKENS = 400;

export function explanation(shown: Hit, { result, excerpt, trouble }: Explained, strings: ViewStrings): HTMLElement[] {
  const hit = result?.hit ?? shown;
  const said = trouble || (result && !result.hit ? result.note || strings.notCandidate : '');
  return [
    excerptBlock(excerpt, strings),
    ...(said ? [element('p', { class: 'trouble' }, visible(said))] : []),
    ...(result?.rank ? [rankLine(result, strings)] : []),
    signalTable(hit, strings),
    ...(result?.hit ? [everything(hit, result, strings)] : []),
  ];
}

function excerptBlock(excerpt: Excerpt, strings: ViewStrings): HTMLElement {
  if (excerpt.missing) {
    return element('p', { class: 'trouble' }, strings.fileGone);
  }
  const digits = String(excerpt.firstLine + excerpt.lines.length).length;
  const code = element('code');
  excerpt.lines.forEach((line, at) => {
    const number = excerpt.firstLine + at;
    const marks = excerpt.marks.filter(mark => mark.line === number);
    const label = element('span', { class: 'number', 'aria-hidden': 'true' }, String(number + 1).padStart(digits));
    code.append(label, element('bdi', {}, ...markedLine(line, marks)), '\n');
  });
  return element('pre', { class: 'excerpt', tabindex: 0, role: 'region', 'aria-label': strings.excerpt }, code);
}

/** The place alone: what the answer's summary says beyond it stands in the table below, source by source. */
function rankLine({ rank, candidates }: ExplainResult, strings: ViewStrings): HTMLElement {
  return element('p', { class: 'rank-line' }, filled(strings.rankOf, written(rank ?? 0), written(candidates)));
}

function signalTable(hit: Hit, strings: ViewStrings): HTMLElement {
  const longest = gained(hit);
  const rows = ordered(hit).map(part =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('span', { class: `swatch ${colourOf(part)}` }), visible(part.source)),
      element('td', { class: 'figure' }, signed(part.contribution), miniBar(part, longest)),
      element('td', {}, isolated(part.reason)),
    ),
  );
  return table(strings.signals, [strings.source, strings.added, strings.why], rows);
}

function miniBar(part: Contribution, longest: number): HTMLElement {
  const bar = element('span', { class: `mini ${colourOf(part)}` });
  bar.style.inlineSize = `${Math.min(100, (100 * Math.abs(part.contribution)) / Math.max(longest, 1e-9))}%`;
  return element('span', { class: 'mini-track', 'aria-hidden': 'true' }, bar);
}

function table(caption: string, heads: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  const head = element('tr', {}, ...heads.map(text => element('th', { scope: 'col' }, text)));
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, head),
    element('tbody', {}, ...rows),
  );
}

function everything(hit: Hit, result: ExplainResult, strings: ViewStrings): HTMLElement {
  return element(
    'details',
    { class: 'trace' },
    element('summary', {}, strings.trace),
    channelTable(hit, strings),
    ...words(hit, strings),
    ...tokens(hit, strings),
    ...withoutEach(result, strings),
    ...comparison(hit, result.nextHit ?? undefined, strings),
  );
}

function channelTable(hit: Hit, strings: ViewStrings): HTMLElement {
  const rows = ordered(hit).map(part =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, visible(part.source)),
      element('td', { class: 'figure' }, part.rank ? `#${written(part.rank)}` : '–'),
      element('td', { class: 'figure' }, part.score == null ? '–' : written(part.score, 3)),
      element('td', { class: 'figure' }, part.weight == null ? '–' : written(part.weight, 2)),
      element('td', { class: 'figure' }, signed(part.contribution)),
    ),
  );
  const heads = [strings.source, strings.rank, strings.ownScore, strings.weight, strings.added];
  return table(`${hit.path}:${hit.range.start.line + 1}`, heads, rows);
}

function words(hit: Hit, strings: ViewStrings): HTMLElement[] {
  const pieces = hit.contributions.flatMap(part => (isByToken(part) ? [] : (part.evidence ?? [])));
  const shown = pieces.filter(piece => piece.text.trim());
  if (shown.length === 0) {
    return [];
  }
  const items = shown.map(piece =>
    element('li', {}, isolated(piece.text), element('span', { class: 'figure' }, ` ${written(100 * piece.share)} %`)),
  );
  return [element('p', { class: 'subhead' }, strings.evidence), element('ul', { class: 'words' }, ...items)];
}

/** Each token of the text in its order, tinted by its exact part of the similarity. */
function tokens(hit: Hit, strings: ViewStrings): HTMLElement[] {
  return hit.contributions.filter(isByToken).flatMap(part => {
    const evidence = (part.evidence ?? []).filter(piece => piece.text.trim());
    if (evidence.length === 0) {
      return [];
    }
    const largest = Math.max(...evidence.map(piece => piece.share), Number.MIN_VALUE);
    const shown = evidence.slice(0, MOST_TOKENS).map(piece => token(piece, largest));
    return [
      element('p', { class: 'subhead' }, `${strings.heat} (${visible(part.source)})`),
      element('p', { class: 'tokens', tabindex: 0, role: 'region', 'aria-label': strings.heat }, ...shown),
    ];
  });
}

function token(piece: Evidence, largest: number): HTMLElement {
  const part = piece.share / largest;
  const tint = part >= 0.66 ? 3 : part >= 0.33 ? 2 : part >= 0.1 ? 1 : 0;
  const title = `${written(100 * piece.share, 1)} %`;
  return element('span', { class: tint > 0 ? `tint tint-${tint}` : 'tint', title }, isolated(piece.text), ' ');
}

function withoutEach({ without }: ExplainResult, strings: ViewStrings): HTMLElement[] {
  const lines = Object.entries(without).map(([source, rank]) =>
    rank === null ? filled(strings.withoutNone, source) : filled(strings.withoutOne, source, written(rank)),
  );
  return lines.length === 0
    ? []
    : [
        element('p', { class: 'subhead' }, strings.without),
        element('ul', { class: 'plain' }, ...lines.map(line => element('li', {}, visible(line)))),
      ];
}

/** What separates it from the next hit, source by source. */
function comparison(hit: Hit, next: Hit | undefined, strings: ViewStrings): HTMLElement[] {
  const title = element('p', { class: 'subhead' }, strings.nextHit);
  if (!next) {
    return [title, element('p', {}, strings.lastCandidate)];
  }
  const place = `${next.path}:${next.range.start.line + 1}`;
  const behind = element('p', {}, visible(filled(strings.nextHitIs, place, written(hit.score - next.score, 3))));
  return [title, behind, differences(hit, next, [strings.thisHit, strings.next], strings)];
}

/** Two hits side by side under their `heads`, the sources that differ most first. */
export function differences(hit: Hit, other: Hit, heads: [string, string], strings: ViewStrings): HTMLElement {
  const added = (one: Hit, source: string) =>
    one.contributions.reduce((sum, part) => sum + (part.source === source ? part.contribution : 0), 0);
  const sources = [...new Set([...hit.contributions, ...other.contributions].map(part => part.source))];
  const rows = sources
    .map(source => ({ source, here: added(hit, source), there: added(other, source) }))
    .sort((a, b) => Math.abs(b.here - b.there) - Math.abs(a.here - a.there))
    .map(({ source, here, there }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, visible(source)),
        element('td', { class: 'figure' }, signed(here)),
        element('td', { class: 'figure' }, signed(there)),
        element('td', { class: 'figure' }, signed(here - there)),
      ),
    );
  const names = [hit, other].map(one => one.breadcrumb || one.path);
  const caption = filled('{0} / {1}', visible(names[0] ?? ''), visible(names[1] ?? ''));
  return table(caption, [strings.source, ...heads, strings.difference], rows);
}

function isByToken(part: Contribution): boolean {
  return part.source === 'dense' || part.source === 'static' || part.source === 'late';
}
