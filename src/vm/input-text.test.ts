/** The input buffer as JSON (GU-16): what JSON.parse reads in it is what was put into the buffer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { encodeInputs, type Found } from '../rule/input.ts';
import { compareText, isList, isMap, type Value } from '../rule/value.ts';
import { InputText } from './input-text.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 32);
console.log(`seed ${SEED}`);

const textOf = (paths: readonly string[], found: readonly Found[]): string => fromUtf8(new InputText(paths).document(encodeInputs(found)));

test('paths nest, a sum keeps its dots, what has no value is left out', () => {
  const table: readonly (readonly [readonly string[], readonly Found[], string])[] = [
    [[], [], '{}'],
    [['args.a'], [{ missing: 0 }], '{}'],
    [['now_ms'], [{ value: 5n }], '{"now_ms":5}'],
    [
      ['agent.name', 'agent.sum(money.amount,86400000)', 'args.a.b', 'args.a.c', 'now_ms'],
      [{ value: 'x' }, { value: 7n }, { value: true }, { missing: 2 }, { value: -9223372036854775808n }],
      '{"agent":{"name":"x","sum(money.amount,86400000)":7},"args":{"a":{"b":true}},"now_ms":-9223372036854775808}',
    ],
    [['args', 'args.a'], [{ value: { keys: ['z'], values: [1n] } }, { value: 2n }], '{"args":{"z":1}}'],
    [['args.a-b', 'args.a.c'], [{ value: 1n }, { value: 2n }], '{"args":{"a-b":1,"a":{"c":2}}}'],
    [['a.b.c', 'a.d'], [{ missing: 0 }, { value: [] }], '{"a":{"d":[]}}'],
    [['a'], [{ value: { keys: [1n, 2n], values: ['x', 'y'] } }], '{"a":{"1":"x","2":"y"}}'],
    [['a'], [{ value: '"\\\u0000\u001f\n/é\u{1f600}' }], '{"a":"\\"\\\\\\u0000\\u001f\\u000a/é\u{1f600}"}'],
  ];
  for (const [paths, found, text] of table) assert.equal(textOf(paths, found), text);
});

test('other kinds of slots, by hand: null, uint, double, timestamp, bytes', () => {
  const table: readonly (readonly [tag: number, length: number, payload: bigint, block: string, text: string])[] = [
    [1, 0, 0n, '', 'null'],
    [4, 0, 0xffffffffffffffffn, '', '18446744073709551615'],
    [5, 0, 0x3ff8000000000000n, '', '1.5'],
    [5, 0, 0x7ff0000000000000n, '', 'null'],
    [6, 5, 3n, '', '3000000005'],
    [7, 0, 0xffffffffffffffffn, '', '-1'],
    [9, 1, 16n, 'M', '"TQ=="'],
    [9, 2, 16n, 'Ma', '"TWE="'],
    [9, 3, 16n, 'Man', '"TWFu"'],
  ];
  for (const [tag, length, payload, block, text] of table) {
    const input = new Uint8Array(24);
    const view = new DataView(input.buffer);
    input[0] = tag;
    view.setUint32(4, length, true);
    view.setBigUint64(8, payload, true);
    input.set(Buffer.from(block), 16);
    assert.equal(fromUtf8(new InputText(['x']).document(input)), `{"x":${text}}`);
  }
});

/** Those of them that JSON has. */
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
        tie('value'),
        { maxKeys: 4 },
      )
      .map((entries) => {
        const keys = Object.keys(entries).sort(compareText);
        return { keys, values: keys.map((key) => entries[key]) };
      }),
  ),
})).value;

/** As JSON.parse gives it. */
function plain(of: Value): unknown {
  if (isMap(of)) return Object.fromEntries(of.keys.map((key, i) => [String(key), plain(of.values[i])]));
  if (isList(of)) return of.map(plain);
  return typeof of === 'bigint' ? Number(of) : of;
}

test('any values come back through JSON.parse', () => {
  const writer = new InputText(['args.a', 'args.b', 'c']);
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      const text = fromUtf8(writer.document(encodeInputs([{ value: a }, { value: b }, { value: c }])));
      assert.deepEqual(JSON.parse(text), { args: { a: plain(a), b: plain(b) }, c: plain(c) });
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('GU-18: groups as members, empty where they have nothing', () => {
  const names = [
    ['request', 'args'],
    ['settings', 'params'],
  ] as const;
  const text = new InputText(['args.a', 'now_ms', 'params.limit']);
  const of = (...found: readonly Found[]): string => fromUtf8(text.members(encodeInputs(found), names, {}));
  assert.equal(of({ value: 'x' }, { value: 1n }, { value: 2n }), '{"request":{"a":"x"},"settings":{"limit":2}}');
  assert.equal(of({ missing: 0 }, { value: 1n }, { value: 2n }), '{"request":{},"settings":{"limit":2}}');
  assert.equal(fromUtf8(new InputText([]).members(new Uint8Array(0), names, {})), '{"request":{},"settings":{}}');
  assert.equal(fromUtf8(new InputText([]).members(new Uint8Array(0), names, { settings: utf8('[1]') })), '{"request":{},"settings":[1]}');
});
