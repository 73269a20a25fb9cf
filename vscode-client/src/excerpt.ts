/** Some lines of a hit with the evidence in them: presentation of ranges that the server gave. */

import { Uri, workspace } from 'vscode';
import type { Evidence, Hit } from './protocol';
import type { Excerpt, Mark } from './viewMessages';

/** Lines of an excerpt: what is read at a glance in a side bar. */
const MOST_LINES = 14;

/** Characters of a line that are shown; a minified line would be a page of its own. */
const MOST_CHARACTERS = 400;

const NOTHING: Excerpt = { firstLine: 0, lines: [], marks: [], missing: true };

/** The lines of the hit around its strongest evidence, from the editor's text where the file is open. */
export async function excerptOf(hit: Hit): Promise<Excerpt> {
  let lines: string[];
  try {
    lines = (await textOf(Uri.parse(hit.uri))).split(/\r\n|\r|\n/);
  } catch {
    return NOTHING;
  }
  const marks = marksOf(hit);
  const { start, end } = hit.range;
  const [first, last] = window(start.line, Math.min(end.line, lines.length - 1), marks);
  const written = lines.slice(first, last + 1).map(line => line.slice(0, MOST_CHARACTERS));
  const lastWritten = written.findLastIndex(line => line.trim());
  return {
    firstLine: first,
    lines: written.slice(0, Math.max(1, lastWritten + 1)), // the blank lines behind it say nothing
    marks: marks.filter(mark => mark.line >= first && mark.line <= last && mark.start < MOST_CHARACTERS),
    missing: false,
  };
}

/** The pieces of text behind the hit: matching words whole, tokens with their share of the largest one. */
export function marksOf(hit: Hit): Mark[] {
  return hit.contributions.flatMap(part => {
    const placed = part.evidence?.filter(isPlaced) ?? [];
    if (!isByToken(part.source)) {
      return placed.map(({ range }) => mark(range, 'word', 1));
    }
    const largest = Math.max(...placed.map(piece => piece.share), Number.MIN_VALUE);
    return placed.filter(piece => piece.share > 0).map(({ range, share }) => mark(range, 'token', share / largest));
  });
}

/** Channels whose evidence is every token with its exact share, rather than the words that matched. */
function isByToken(source: string): boolean {
  return source === 'dense' || source === 'static' || source === 'late';
}

function isPlaced({ range: { start, end } }: Evidence): boolean {
  return start.line === end.line && start.character < end.character;
}

function mark({ start, end }: Evidence['range'], kind: Mark['kind'], heat: number): Mark {
  return { line: start.line, start: start.character, end: end.character, kind, heat };
}

/** The first and last line to show: all of a short hit, of a long one what lies around most of the evidence. */
export function window(first: number, last: number, marks: readonly Mark[]): [number, number] {
  if (last - first < MOST_LINES) {
    return [first, Math.max(first, last)];
  }
  const heat = new Map<number, number>();
  for (const { line, heat: added } of marks) {
    heat.set(line, (heat.get(line) ?? 0) + added);
  }
  let best = first;
  let most = -1;
  for (let start = first; start + MOST_LINES - 1 <= last; start++) {
    let sum = 0;
    for (let line = start; line < start + MOST_LINES; line++) {
      sum += heat.get(line) ?? 0;
    }
    if (sum > most) {
      [best, most] = [start, sum];
    }
  }
  return [best, best + MOST_LINES - 1];
}

/** What an editor has, saved or not, or else the file; opening it as a document would make it the server's business. */
async function textOf(uri: Uri): Promise<string> {
  const open = workspace.textDocuments.find(document => document.uri.toString() === uri.toString());
  return open ? open.getText() : new TextDecoder().decode(await workspace.fs.readFile(uri));
}
