import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowMs, windowText } from './scope.ts';

test('windows in milliseconds', () => {
  for (const [text, span_ms] of [
    ['24h', 86_400_000],
    ['1d12h', 129_600_000],
    ['500ms', 500],
    ['2w', 1_209_600_000],
    ['1m30s', 90_000],
    ['0s', undefined],
    ['24', undefined],
    ['1y', undefined],
    ['-1h', undefined],
    ['367d', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(windowMs(text), span_ms, text);
  }
});

test('the shortest text of a window', () => {
  for (const [span_ms, text] of [
    [86_400_000, '1d'],
    [129_600_000, '36h'],
    [90_000, '90s'],
    [500, '500ms'],
    [60_000, '1m'],
  ] as const) {
    assert.equal(windowText(span_ms), text);
    assert.equal(windowMs(text), span_ms);
  }
});
