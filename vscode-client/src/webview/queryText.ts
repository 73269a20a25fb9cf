/** The query as text with qualifiers in it, for chips and completion alone: what it means is the server's to say. */

import { KINDS, LANGUAGES, QUALIFIERS } from '../protocol';

/** A qualifier where it stands in the text. */
export interface Filter {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What could stand in place of the word at the cursor. */
export interface Suggestion {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** A query that was asked before, whole. */
  readonly past: boolean;
}

const MOST_SUGGESTIONS = 12;

const FILTER = new RegExp(`(?<=^|\\s)-?(?:${QUALIFIERS.join('|')}):(?:"[^"]*"|[^\\s"]+)(?=\\s|$)`, 'gi');

export function filtersIn(query: string): Filter[] {
  return Array.from(query.matchAll(FILTER), found => ({
    text: found[0],
    start: found.index,
    end: found.index + found[0].length,
  }));
}

/** The query without one of its filters. */
export function without(query: string, filter: Filter): string {
  return `${query.slice(0, filter.start).trimEnd()} ${query.slice(filter.end).trimStart()}`.trim();
}

export function withoutFilters(query: string): string {
  return query.replace(FILTER, ' ').replace(/\s+/g, ' ').trim();
}

/** What fits the word at the cursor: queries asked before at the start, names and values of qualifiers elsewhere. */
export function suggestionsFor(query: string, cursor: number, history: readonly string[]): Suggestion[] {
  const start = query.slice(0, cursor).search(/\S*$/);
  const end = cursor + query.slice(cursor).search(/\s|$/);
  const word = query.slice(start, cursor);
  const words = word === '' ? [] : wordsFor(word).filter(text => text !== word);
  const past = cursor === query.length ? pastQueries(query, history) : [];
  return [
    ...words.map(text => ({ text, start, end, past: false })),
    ...past.map(text => ({ text, start: 0, end: query.length, past: true })),
  ].slice(0, MOST_SUGGESTIONS);
}

/** The query with a suggestion taken over, and where the cursor goes. */
export function completed(query: string, { text, start, end, past }: Suggestion): { query: string; cursor: number } {
  const space = past || text.endsWith(':') || query.slice(end).startsWith(' ') ? '' : ' ';
  return { query: query.slice(0, start) + text + space + query.slice(end), cursor: start + text.length + space.length };
}

function wordsFor(word: string): string[] {
  const [, minus = '', name = '', colon, value = ''] = /^(-?)([a-z]*)(:?)(.*)$/i.exec(word) ?? [];
  const starting = (words: readonly string[], typed: string) =>
    words.filter(one => one.startsWith(typed.toLowerCase()) && one !== typed);
  if (!colon) {
    return name || minus ? starting(QUALIFIERS, name).map(one => `${minus}${one}:`) : [];
  }
  const values: Record<string, readonly string[]> = { lang: LANGUAGES, kind: KINDS };
  return starting(values[name.toLowerCase()] ?? [], value).map(one => `${minus}${name}:${one}`);
}

function pastQueries(query: string, history: readonly string[]): string[] {
  const typed = query.trim().toLowerCase();
  return history.filter(past => past !== query.trim() && past.toLowerCase().includes(typed)).slice(0, 6);
}
