import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pieces } from '../../src/webview/marks';

const word = (start: number, end: number) => ({ start, end, kind: 'word' as const, heat: 1 });
const token = (start: number, end: number, heat: number) => ({ start, end, kind: 'token' as const, heat });

test('a line without marks is one piece', () => {
  assert.deepEqual(pieces('def f():', []), [{ text: 'def f():', word: false, tint: 0 }]);
});

test('overlapping marks keep both', () => {
  const found = pieces('retry_policy', [word(0, 12), token(0, 5, 1), token(6, 12, 0.2)]);
  assert.deepEqual(found, [
    { text: 'retry', word: true, tint: 3 },
    { text: '_', word: true, tint: 0 },
    { text: 'policy', word: true, tint: 1 },
  ]);
});

test('the pieces are the line, whatever the marks', () => {
  const line = 'a\u202eb😀c';
  const marks = [word(-5, 2), word(1, 99), token(2, 3, 0.5), token(4, 4, 1), word(50, 60)];
  assert.equal(
    pieces(line, marks)
      .map(piece => piece.text)
      .join(''),
    line,
  );
});
