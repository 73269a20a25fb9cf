/** Lines of text with the evidence marked in them. */

import type { Evidence, Hit } from '../protocol';
import type { Mark } from '../viewMessages';
import { element, visible } from './dom';

/** From which part of the largest share on a token has which tint. */
const STEPS = [0.1, 0.33, 0.66];

/** A stretch of a line that looks the same. */
export interface Piece {
  readonly text: string;
  readonly word: boolean;
  /** 0 for no tint, up to 3. */
  readonly tint: number;
}

/** The line cut where marks begin and end; they may overlap. */
export function pieces(line: string, marks: readonly Pick<Mark, 'start' | 'end' | 'kind' | 'heat'>[]): Piece[] {
  const bounds = marks.flatMap(mark => [mark.start, mark.end]).filter(at => at > 0 && at < line.length);
  const cuts = [...new Set([0, ...bounds, line.length])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, at) => {
    const over = marks.filter(mark => mark.start <= start && mark.end > start);
    const heat = Math.max(0, ...over.filter(mark => mark.kind === 'token').map(mark => mark.heat));
    return {
      text: line.slice(start, cuts[at + 1]),
      word: over.some(mark => mark.kind === 'word'),
      tint: STEPS.filter(step => heat >= step).length,
    };
  });
}

/** The line as elements. */
export function markedLine(line: string, marks: Parameters<typeof pieces>[1]): (Node | string)[] {
  return pieces(line, marks).map(({ text, word, tint }) => {
    const shown = visible(text);
    const inner = tint > 0 ? element('span', { class: `tint tint-${tint}` }, shown) : shown;
    return word ? element('mark', {}, inner) : inner;
  });
}

/** Characters of a preview in the list, and how many of them before the first mark. */
const PREVIEW_CHARACTERS = 160;
const BEFORE_MARK = 40;

/** The hit's one line, from shortly before its first matching word where it is long. */
export function markedPreview(hit: Hit): (Node | string)[] {
  const text = hit.preview.trim();
  const marks = occurrences(text.slice(0, 20_000), evidenceOf(hit));
  const first = marks[0]?.start ?? 0;
  const from = text.length > PREVIEW_CHARACTERS && first > BEFORE_MARK ? first - BEFORE_MARK : 0;
  const line = text.slice(from, from + PREVIEW_CHARACTERS);
  const shifted = marks.map(mark => ({ ...mark, start: mark.start - from, end: mark.end - from }));
  const shown = shifted.filter(mark => mark.start >= 0 && mark.end <= line.length);
  const rest = from + line.length < text.length;
  return [...(from > 0 ? ['…'] : []), ...markedLine(line, shown), ...(rest ? ['…'] : [])];
}

/** Where the words behind a hit stand in a line; the line's own place in the file is not known. */
function occurrences(line: string, words: readonly string[]): Pick<Mark, 'start' | 'end' | 'kind' | 'heat'>[] {
  const known = words.filter(word => word.length > 1).map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (known.length === 0) {
    return [];
  }
  return Array.from(line.matchAll(new RegExp(known.join('|'), 'gi')), found => ({
    start: found.index,
    end: found.index + found[0].length,
    kind: 'word',
    heat: 1,
  }));
}

/** The words that matched, the longest first, so that none hides behind a shorter one. */
function evidenceOf(hit: Hit): string[] {
  const pieces: Evidence[] = hit.contributions.flatMap(part => (part.source === 'bm25' ? (part.evidence ?? []) : []));
  return [...new Set(pieces.map(piece => piece.text))].sort((a, b) => b.length - a.length);
}
