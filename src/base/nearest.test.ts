import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest, suggestion } from './nearest.ts';

test('edit distance counts a swap of neighbours once', () => {
  for (const [a, b, distance] of [
    ['', '', 0],
    ['abc', '', 3],
    ['amout', 'amount', 1],
    ['mdoe', 'mode', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ] as const) {
    assert.equal(editDistance(a, b), distance, `${a} ${b}`);
    assert.equal(editDistance(b, a), distance, `${b} ${a}`);
  }
});

test('the nearest name, if any is near', () => {
  assert.equal(nearest('money.amout', ['money.amount', 'money.account', 'now_ms']), 'money.amount');
  assert.equal(nearest('zebra', ['money.amount', 'now_ms']), undefined);
  assert.equal(nearest('x', ['y']), undefined);
  assert.equal(suggestion('mdoe', ['title', 'mode']), '; `mode`?');
  assert.equal(suggestion('zebra', ['mode']), '');
});
