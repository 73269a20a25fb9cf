import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completed, filtersIn, suggestionsFor, without, withoutFilters } from '../../src/webview/queryText';

const texts = (query: string) => filtersIn(query).map(filter => filter.text);
const suggested = (query: string, history: string[] = []) =>
  suggestionsFor(query, query.length, history).map(one => one.text);

test('qualifiers are found where they stand alone', () => {
  assert.deepEqual(texts('lang:python retry -path:tests'), ['lang:python', '-path:tests']);
  assert.deepEqual(texts('path:"my files/**" x'), ['path:"my files/**"']);
  assert.deepEqual(texts('https://host/path:x Foo::bar lang: kindly:x'), []);
});

test('a filter goes without leaving gaps', () => {
  const query = 'retry lang:python backoff';
  const [filter] = filtersIn(query);
  assert.ok(filter);
  assert.equal(without(query, filter), 'retry backoff');
  assert.equal(withoutFilters('a lang:go b -kind:test'), 'a b');
});

test('names and values complete, a negation with them', () => {
  assert.deepEqual(suggested('retry la'), ['lang:']);
  assert.deepEqual(suggested('-ki'), ['-kind:']);
  assert.deepEqual(suggested('lang:pyth'), ['lang:python']);
  assert.deepEqual(suggested('-lang:ty'), ['-lang:typescript']);
  assert.deepEqual(suggested('path:x'), []);
  assert.deepEqual(suggested('plain words'), []);
});

test('queries asked before are offered for what they contain', () => {
  assert.deepEqual(suggested('retr', ['where are retries?', 'other']), ['where are retries?']);
  assert.deepEqual(suggested('', ['a', 'b']), ['a', 'b']);
});

test('a completion replaces the word at the cursor and leaves the rest', () => {
  const [suggestion] = suggestionsFor('la retry', 2, []);
  assert.ok(suggestion);
  assert.deepEqual(completed('la retry', suggestion), { query: 'lang: retry', cursor: 5 });
  const [value] = suggestionsFor('x lang:pyth', 11, []);
  assert.ok(value);
  assert.deepEqual(completed('x lang:pyth', value), { query: 'x lang:python ', cursor: 14 });
});
