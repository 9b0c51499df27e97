/** Obligations: what each makes of arguments, and what cannot be met. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cbor, CborMap } from '../base/cbor.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';
import { parseManifest } from './manifest-source.ts';
import { applyObligations } from './obligation.ts';

const redact = (path: string, value: Cbor = '[redacted]'): CborMap => ({ do: 'redact', path: `args.${path}`, value });
const cap = (path: string, value: Cbor): CborMap => ({ do: 'cap', path: `args.${path}`, value });
const transform = (path: string, value: Cbor): CborMap => ({ do: 'transform', path: `args.${path}`, value });

test('D-18: what obligations make of arguments', () => {
  const args: CborMap = { to: 'a', amount: 50, n: null, list: [{ x: 1 }, { x: 9 }, 'y'], deep: { a: { b: 'c' } }, big: 2n ** 60n, texts: ['a', 'b'] };
  const table: readonly [string, readonly unknown[], CborMap | null][] = [
    ['nothing', [], args],
    ['a text', [redact('to')], { ...args, to: '[redacted]' }],
    ['another text in its place', [redact('deep.a.b', '***')], { ...args, deep: { a: { b: '***' } } }],
    ['each of a list', [redact('texts')], { ...args, texts: ['[redacted]', '[redacted]'] }],
    ['a whole map', [redact('deep')], { ...args, deep: '[redacted]' }],
    ['what is not there', [redact('none'), cap('none', 1), redact('to.x'), redact('n')], args],
    ['a number below its cap', [cap('amount', 50)], args],
    ['a number above it', [cap('amount', 49)], { ...args, amount: 49 }],
    ['a large one', [cap('big', 7)], { ...args, big: 7 }],
    ['a cap within a list', [cap('list.x', 3)], { ...args, list: [{ x: 1 }, { x: 3 }, 'y'] }],
    ['a cap on a text', [cap('to', 3)], null],
    ['a cap on a map', [cap('deep', 3)], null],
    ['a value in place of another', [transform('amount', false)], { ...args, amount: false }],
    ['a list in place of a list', [transform('texts', [])], { ...args, texts: [] }],
    ['a value that was not there', [transform('dry_run', true), transform('deep.a.new', 1)], { ...args, dry_run: true, deep: { a: { b: 'c', new: 1 } } }],
    ['no way to it', [transform('none.x', true)], args],
    ['one after the other', [transform('amount', 900), cap('amount', 10)], { ...args, amount: 10 }],
    [
      'delay and notify change nothing',
      [
        { do: 'delay', path: '', value: 5 },
        { do: 'notify', path: '', value: 'owner' },
      ],
      args,
    ],
    ['an unknown one', [{ do: 'encrypt', path: 'args.to', value: 1 }], null],
    ['no obligation', ['redact'], null],
    ['without a path', [{ do: 'redact', value: 'x' }], null],
    ['outside the arguments', [{ do: 'redact', path: 'context.to', value: 'x' }], null],
    ['a cap that is no number', [cap('amount', 'x')], null],
  ];
  for (const [name, obligations, expected] of table) {
    const got = applyObligations(args, obligations);
    assert.deepEqual(got, expected, name);
    if (expected === args) assert.equal(got, args, `${name}: the same object`);
    // a second time nothing changes
    if (got !== null) assert.deepEqual(applyObligations(got, obligations), got, name);
  }
});

test('any arguments and obligations end in arguments or null', () => {
  const value = fc.object({ maxDepth: 4, values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)] }) as fc.Arbitrary<CborMap>;
  const path = fc.oneof(
    fc.string().map((text) => `args.${text}`),
    fc.constantFrom('args.a', 'args.', 'args', '', 'args.__proto__', 'args.constructor.x'),
  );
  const one = fc.oneof(fc.record({ do: fc.constantFrom('redact', 'cap', 'transform', 'delay', 'x'), path, value: fc.anything() }), fc.anything());
  fc.assert(
    fc.property(value, fc.array(one, { maxLength: 4 }), (args, obligations) => {
      const before = JSON.stringify(args);
      const got = applyObligations(args, obligations);
      assert.ok(got === null || typeof got === 'object');
      assert.equal(JSON.stringify(args), before, 'what was given is left alone');
      assert.equal(({} as Record<string, unknown>)['x'], undefined);
    }),
    { seed: 7, numRuns: 500 },
  );
});

const RULE = 'rule: r\ntitle: t\nscope: all\njudge: 1 < 2\n';

test('R-13: obligations as people write them, and their law bytes', () => {
  const text = `${RULE}obligations:\n  - { redact: args.body, with: "***" }\n  - { redact: args.note }\n  - { cap: args.amount, at: 100 }\n  - { transform: args.dry_run, to: true }\n  - { delay: 5s }\n  - { notify: owner }\n`;
  const { manifest } = parseManifest(text);
  assert.deepEqual(manifest.obligations, [
    { do: 'redact', path: 'args.body', value: '***' },
    { do: 'redact', path: 'args.note', value: '[redacted]' },
    { do: 'cap', path: 'args.amount', value: 100 },
    { do: 'transform', path: 'args.dry_run', value: true },
    { do: 'delay', path: '', value: 5_000 },
    { do: 'notify', path: '', value: 'owner' },
  ]);
  assert.deepEqual(decodeManifest(encodeManifest(manifest)), manifest);
  for (const [line, message] of [
    ['- { redact: body }', /args\.NAME/],
    ['- { cap: args.amount }', /`at` is missing/],
    ['- { transform: args.x }', /`to` is missing/],
    ['- { delay: 2h }', /at most an hour/],
    ['- { delay: soon }', /such as 5s/],
    ['- { notify: "" }', /empty/],
    ['- { redact: args.a, cap: args.b }', /one of redact/],
    ['- { encrypt: args.a }', /not a field of an obligation/],
    ['- { transform: args.__proto__.x, to: 1 }', /not a path/],
    [Array.from({ length: 9 }, () => '- { notify: a }').join('\n  '), /at most 8/],
  ] as const)
    assert.throws(() => parseManifest(`${RULE}obligations:\n  ${line}\n`), { slug: 'rule_field', message }, line);
});
