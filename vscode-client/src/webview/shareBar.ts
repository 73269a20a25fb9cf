/** What each source added to a hit's score, as one bar: its length is the score, its colours the sources. */

import type { Contribution, Hit } from '../protocol';
import type { ViewStrings } from '../viewStrings';
import { element, filled, written } from './dom';

/** Sources with a colour of their own in the style sheet. */
const COLOURED = new Set(['bm25', 'dense', 'static', 'definition', 'stem', 'path', 'coherence']);

/** The class that colours a source. */
export function colourOf({ source, contribution }: Contribution): string {
  if (contribution < 0) {
    return 'from-loss';
  }
  return COLOURED.has(source) ? `from-${source}` : 'from-other';
}

/** The hit's contributions, the largest first. */
export function ordered(hit: Hit): Contribution[] {
  return [...hit.contributions].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

/** `+0.25` */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${written(Math.abs(value), 2)}`;
}

/** What a hit gained, before what was taken off: what bars are measured by. */
export function gained(hit: Hit): number {
  return hit.contributions.reduce((sum, part) => sum + Math.max(0, part.contribution), 0);
}

export function shareBar(hit: Hit, longest: number, strings: ViewStrings): HTMLElement {
  const parts = ordered(hit).filter(part => Math.abs(part.contribution) > 0.005);
  const said = parts.map(part => `${part.source} ${signed(part.contribution)}`).join(', ');
  const bar = element('span', { class: 'bar', role: 'img', 'aria-label': filled(strings.shareBar, said), title: said });
  for (const part of [...parts.filter(gains), ...parts.filter(part => !gains(part))]) {
    const piece = element('span', { class: `share ${colourOf(part)}` });
    piece.style.inlineSize = `${(100 * Math.abs(part.contribution)) / Math.max(longest, gained(hit), 1e-9)}%`;
    bar.append(piece);
  }
  return bar;
}

function gains(part: Contribution): boolean {
  return part.contribution >= 0;
}
