import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, bytes, clip, columns, day, duration, grouped, moment, plain, plural, toJson } from './text.ts';

test('what others wrote neither moves the cursor nor reorders a line', () => {
  assert.equal(plain('a\x1b[2Jb\r\n\tc'), 'a\\u001b[2Jb\\r\\n\\tc');
  assert.equal(plain('\u202etxt.exe\u2066 \x9b31m \u2028 \ud800!'), '\\u202etxt.exe\\u2066 \\u009b31m \\u2028 \\ud800!');
  assert.equal(plain('Grüße 😀 “x”'), 'Grüße 😀 “x”');
  for (let code = 0; code < 0x2100; code++) assert.doesNotMatch(plain(String.fromCharCode(code)), /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
});

test('short values', () => {
  assert.equal(clip('abcdef', 6), 'abcdef');
  assert.equal(clip('abcdefg', 6), 'abcde…');
  assert.equal(clip('abcd😀x', 6), 'abcd…');
  assert.equal(brief({ a: [1, 'x\n'] }, 40), '{"a":[1,"x\\\\n"]}'.replace('\\\\', '\\'));
  assert.equal(brief('line\nline', 40), 'line\\nline');
  assert.equal(toJson({ a: 5n, b: 2n ** 60n, c: undefined }), '{"a":5,"b":"1152921504606846976"}');
  assert.equal(toJson(undefined), 'null');
});

test('numbers and times', () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(grouped), ['0', '999', '1,000', '1,234,567']);
  assert.deepEqual([plural(1, 'call'), plural(0, 'call'), plural(2, 'entry', 'entries')], ['1 call', '0 calls', '2 entries']);
  assert.deepEqual([12, 1_500, 90_000, 7_200_000, 864_000_000].map(duration), ['12 ms', '1.5 s', '2 min', '2 h', '10 days']);
  assert.deepEqual([0, 1_023, 1_024, 15_728_640, 1_099_511_627_776].map(bytes), ['0 B', '1023 B', '1.0 KiB', '15 MiB', '1.0 TiB']);
  assert.equal(day(1_796_083_200_000), '2026-12-01');
  assert.equal(moment(1_796_083_200_000), '2026-12-01 00:00:00 UTC');
});

test('columns align, numbers to the right, and no line ends with blanks', () => {
  assert.deepEqual(
    columns(
      [
        ['A', 'N', ''],
        ['long', '10', 'x'],
        ['b', '7', ''],
      ],
      [1],
    ),
    ['A      N', 'long  10  x', 'b      7'],
  );
  assert.deepEqual(columns([]), []);
});
