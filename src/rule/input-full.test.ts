/** Inputs of profile 1 (I-2, I-4, I-8): what fits, what the buffer has, what a reader refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { find, readInputs, type SourceValue, writeInputs } from './input.ts';
import type { Input } from './ir.ts';
import { printValue } from './print.ts';
import { parseType } from './type-text.ts';

const input = (type: string): Input => ({ path: 'a', type: parseType(type) });

function fitted(type: string, value: SourceValue): string {
  const found = find(input(type), { a: value });
  return 'value' in found ? printValue(found.value) : `missing ${found.missing}`;
}

const deep = (levels: number): SourceValue => (levels === 0 ? 1 : [deep(levels - 1)]);

const FITS: readonly (readonly [type: string, value: SourceValue, found: string])[] = [
  ['uint', 7, '7u'],
  ['uint', 2n ** 64n - 1n, '18446744073709551615u'],
  ['uint', 2n ** 64n, 'missing 2'],
  ['uint', -1, 'missing 2'],
  ['uint', 0.5, 'missing 2'],
  ['double', 0.1, '0.1'],
  ['double', 7, '7.0'],
  ['double', 2n ** 53n + 1n, '9007199254740992.0'],
  ['double', -0, '0.0'],
  ['double', Number.NaN, 'missing 2'],
  ['double', Number.POSITIVE_INFINITY, 'missing 2'],
  ['double', '1', 'missing 2'],
  ['timestamp', '2024-02-29T00:00:00.5Z', 'timestamp("2024-02-29T00:00:00.5Z")'],
  ['timestamp', '2023-02-29T00:00:00Z', 'missing 2'],
  ['timestamp', 1_700_000_000, 'missing 2'],
  ['duration', '-1.5h', 'duration("-5400s")'],
  ['duration', 5, 'missing 2'],
  ['bytes(2)', 'aGk=', 'b"hi"'],
  ['bytes(1)', 'aGk=', 'missing 2'],
  ['bytes(2)', 'aGk', 'missing 2'],
  ['bytes(2)', '', 'b""'],
  ['bytes(2)', 'a-_=', 'missing 2'],
  ['dyn(0)', 7, '7'],
  ['dyn(0)', 2 ** 53, '9007199254740992.0'],
  ['dyn(0)', 2n ** 63n, '9223372036854775808u'],
  ['dyn(0)', 2n ** 64n, 'missing 2'],
  ['dyn(0)', 0.5, '0.5'],
  ['dyn(0)', null, 'missing 0'],
  ['dyn(8)', 'abc', '"abc"'],
  ['dyn(8)', 'a'.repeat(9), 'missing 2'],
  ['dyn(7)', 'abc', 'missing 2'],
  ['dyn(0)', [], '[]'],
  ['dyn(31)', [null, true], 'missing 2'],
  ['dyn(32)', [null, true], '[null, true]'],
  ['dyn(104)', { b: [0.5], a: 'x' }, '{"a": "x", "b": [0.5]}'],
  ['dyn(103)', { b: [0.5], a: 'x' }, 'missing 2'],
  ['dyn(999)', deep(15), `${'['.repeat(15)}1${']'.repeat(15)}`],
  ['dyn(999)', deep(16), 'missing 2'],
  ['dyn(99)', '\ud800', 'missing 2'],
  ['map(string(2), dyn(16), 2)', { k: [1], l: null }, '{"k": [1], "l": null}'],
];

test('I-4: what fits, and what it is then', () => {
  for (const [type, value, found] of FITS) assert.equal(fitted(type, value), found, `${type} of ${typeof value}`);
});

test('I-1, I-2: slots of every kind', () => {
  const slot = (type: string, value: SourceValue): string => hex(writeInputs([input(type)], { a: value }));
  assert.equal(slot('uint', 258), '04000000000000000201000000000000');
  assert.equal(slot('double', -2.5), '050000000000000000000000000004c0');
  assert.equal(slot('timestamp', '1969-12-31T23:59:59.000000002Z'), '0600000002000000ffffffffffffffff');
  assert.equal(slot('duration', '-1ns'), '0700000000000000ffffffffffffffff');
  assert.equal(slot('bytes(4)', '/wA='), '09000000020000001000000000000000ff00000000000000');
  assert.equal(slot('dyn(64)', [null, true]), '0a0000000200000010000000000000000100000000000000000000000000000002000000000000000100000000000000');
});

/** A type, a source and the bytes that are changed. */
const REFUSED: readonly (readonly [type: string, value: SourceValue, at: number, byte: number, problem: RegExp])[] = [
  ['uint', 1, 0, 3, /another type/],
  ['uint', 1, 4, 1, /over the declared bound/],
  ['double', 1.5, 15, 0x7f, /not finite|int/],
  ['timestamp', '2024-01-01T00:00:00Z', 15, 0x40, /out of range/],
  ['timestamp', '2024-01-01T00:00:00Z', 7, 0x7f, /over the declared bound/],
  ['duration', '1s', 5, 1, /over the declared bound/],
  ['bytes(2)', 'aGk=', 4, 3, /over the declared bound/],
  ['bytes(2)', 'aGk=', 20, 1, /not zero/],
  ['dyn(16)', [5], 16, 6, /no value of a dyn/],
  ['dyn(16)', [5], 16, 4, /uint that is an int/],
  ['dyn(16)', [5], 16, 14, /no value of a dyn/],
  ['dyn(16)', [0.5], 31, 0x40, /a double that is an int/],
  ['dyn(16)', [null], 24, 1, /null/],
  ['dyn(8)', 'abc', 4, 9, /over the declared bound/],
  ['dyn(8)', 'abc', 16, 0xff, /UTF-8/],
];

test('I-8: other buffers are refused', () => {
  for (const [type, value, at, byte, problem] of REFUSED) {
    const inputs = [input(type)];
    const buffer = writeInputs(inputs, { a: value });
    readInputs(inputs, buffer);
    buffer[at] = byte;
    // 2.0, which is an int
    if (type === 'dyn(16)' && at === 31) buffer.set([0, 0, 0, 0, 0, 0, 0, 0x40], 24);
    assert.throws(
      () => readInputs(inputs, buffer),
      (fault) => fault instanceof Fault && fault.slug === 'rule_inputs' && problem.test(fault.message),
      `${type}, byte ${at}`,
    );
  }
  // larger than the reader's bound
  for (const [type, larger, value] of [
    ['dyn(31)', 'dyn(32)', [null, true]],
    ['dyn(7)', 'dyn(8)', 'a'],
    ['list(dyn(8), 2)', 'list(dyn(16), 2)', [[1]]],
  ] as const) {
    const buffer = writeInputs([input(larger)], { a: value });
    assert.throws(() => readInputs([input(type)], buffer), { slug: 'rule_inputs' }, type);
  }
});
