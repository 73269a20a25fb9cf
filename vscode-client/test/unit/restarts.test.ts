import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Restarts } from '../../src/restarts';

test('a server that dies in a row is started later each time, and then no more', () => {
  const restarts = new Restarts();
  const delays = [0, 1_000, 2_000, 3_000, 4_000].map(now => restarts.died(now));
  assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, undefined]);
  assert.equal(restarts.count, 5);
});

test('deaths long ago do not count', () => {
  const restarts = new Restarts();
  for (const now of [0, 1_000, 2_000, 3_000]) {
    restarts.died(now);
  }
  assert.equal(restarts.died(200_000), 500);
});

test('a person who starts it begins a new row', () => {
  const restarts = new Restarts();
  for (const now of [0, 1, 2, 3, 4]) {
    restarts.died(now);
  }
  restarts.forget();
  assert.equal(restarts.died(5), 500);
});
