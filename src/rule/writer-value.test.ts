/** Values of the full profile at their edges: the planned writer makes the bytes of the generic one, and touches no others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputBytesMax, type SourceValue, writeInputs } from './input.ts';
import { parseType } from './type-text.ts';
import { planWriter } from './writer.ts';

const nested = (levels: number, inner: SourceValue): SourceValue =>
  levels === 0 ? inner : levels % 2 === 0 ? [nested(levels - 1, inner)] : { k: nested(levels - 1, inner) };

const VALUES: readonly SourceValue[] = [
  true,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1e300,
  5e-324,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
  2 ** 53,
  2 ** 63,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  0n,
  -1n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  -(2n ** 63n),
  -(2n ** 63n) - 1n,
  10n ** 400n,
  '',
  '0',
  '1h30m',
  '-1.5s',
  '2562047h47m16.854775808s',
  '-2562047h47m16.854775808s',
  '1s ',
  '1970-01-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '9999-12-31T23:59:59.999999999-00:01',
  '2024-02-29T12:00:00.1234567899+05:30',
  '2023-02-29T12:00:00Z',
  'YQ==',
  'YR==',
  'YQ',
  'YWI=',
  'YWJj',
  'YWJjZA==',
  'YQ=a',
  'Y===',
  '====',
  'YQ==YQ==',
  'é===',
  'ab\ud800c',
  'a'.repeat(7),
  'a'.repeat(8),
  'a'.repeat(9),
  'a'.repeat(49),
  'é'.repeat(20),
  [],
  {},
  [null],
  [undefined],
  [1, 'a', 0.5, null, true, 2n ** 63n],
  { b: 1, a: 2, é: 3, '': 4 },
  { '😀': 1, '\uffff': 2 },
  { a: undefined },
  { '\ud800': 1 },
  nested(14, 1),
  nested(15, 1),
  nested(16, 1),
  nested(15, []),
];
const TYPES = ['bool', 'int', 'uint', 'double', 'timestamp', 'duration', 'string(8)', 'bytes(0)', 'bytes(1)', 'bytes(4)'];
const DYNS = [0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 56, 63, 64, 100, 200, 400, 800].map((bytes) => `dyn(${bytes})`);

test('every type meets every value, alone and within lists and maps', () => {
  for (const text of [...TYPES, ...DYNS]) {
    for (const whole of [text, `list(${text}, 2)`, `map(string(8), ${text}, 2)`]) {
      const inputs = [
        { path: 'a.x', type: parseType(whole) },
        { path: 'a.y', type: parseType('int') },
      ];
      const write = planWriter(inputs);
      const most = inputBytesMax(inputs);
      for (const value of VALUES) {
        for (const held of whole === text ? [value] : whole.startsWith('list') ? [[value], [value, value]] : [{ k: value }, { k: value, b: value }]) {
          const source = { a: { x: held, y: 7 } };
          const memory = new Uint8Array(most + 64).fill(0x5a);
          const length = write(source, memory, new DataView(memory.buffer));
          const place = `${whole}: ${typeof value === 'bigint' ? value : JSON.stringify(held, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))}`;
          assert.deepEqual(memory.slice(0, length), writeInputs(inputs, source), place);
          assert.ok(
            memory.subarray(most).every((byte) => byte === 0x5a),
            `${place}: wrote past the buffer`,
          );
        }
      }
    }
  }
});
