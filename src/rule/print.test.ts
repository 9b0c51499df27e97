import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical } from './canonical.ts';
import { find, type Source } from './input.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { explainProgram, printPath, printProgram, printText, printValue } from './print.ts';
import { scopeOf } from './scope.ts';
import { parseType } from './type-text.ts';
import { duration, ERROR, typeValue, uint } from './value.ts';

const types = {
  n: 'int',
  m: 'int',
  s: 'string(16)',
  ok: 'bool',
  xs: 'list(int, 4)',
  'args.in': 'int',
  'args.a-b': 'map(string(8), int, 2)',
  d: 'double',
  at: 'timestamp',
  any: 'dyn(64)',
};
const scope = scopeOf(new Map(Object.entries(types).map(([path, type]) => [path, parseType(type)])), new Set(['money.amount']));
const program = (text: string) => canonical(lower(parse(text), scope));

/** Canonical programs as they are printed. Operands of && and || are in the order of their hashes, so none stands here. */
const PRINTED: readonly (readonly [source: string, text: string])[] = [
  ['n > 1', '1 < n'],
  ['(n + m) * 2 - (n - m) <= -5', '(n + m) * 2 - (n - m) <= -5'],
  ['n - (m - 1) < 2', 'n - (m - 1) < 2'],
  ['-(1) < -n', '-(1) < -n'],
  ['!(ok ? n < 1 : m < 1)', '!(ok ? n < 1 : m < 1)'],
  ['(ok ? n : m) < 1', '(ok ? n : m) < 1'],
  ['xs.exists_one(y, y < n)', 'xs.exists_one(x1, x1 < n)'],
  ['size(xs.map(y, y < 3, size(xs.filter(z, z < y)))) < 2', 'size(xs.map(x1, x1 < 3, size(xs.filter(x2, x2 < x1)))) < 2'],
  ['args["in"] < args["a-b"].k', 'args["in"] < args["a-b"].k'],
  ['has(args["a-b"].k)', 'has(args["a-b"].k)'],
  ['has(args["a-b"])', 'has(args["a-b"])'],
  ['s.contains("\\n\\"") ', 's.contains("\\n\\"")'],
  ['{"a": [1, 2]}["a"][0] < 2', '{"a": [1, 2]}.a[0] < 2'],
  ['agent.sum("money.amount", "24h") < n', 'agent.sum("money.amount", "1d") < n'],
  // profile 1
  ['d < 2.0', 'd < 2.0'],
  ['dyn(n) < d', 'dyn(n) < d'],
  ['d == dyn(7u)', 'dyn(7u) == d'],
  ['math.abs(d) < 1e300', 'math.abs(d) < 1e+300'],
  ['bytes(s) == b"a\\xff\\""', 'bytes(s) == b"a\\xff\\x22"'],
  ['s.matches("^a\\\\d$")', 's.matches("^a\\\\d$")'],
  ['at.getHours("-09:30") < 5', 'at.getHours("-09:30") < 5'],
  ['at < timestamp("2026-01-01T00:00:00Z")', 'at < timestamp("2026-01-01T00:00:00Z")'],
  ['at + duration("1h") < at', 'at + duration("1h") < at'],
  ['s.replace("a", "b", 2).size() < 3', 'size(s.replace("a", "b", 2)) < 3'],
  ['strings.quote(s) < "%d".format([n])', 'strings.quote(s) < "%d".format([n])'],
  ['math.greatest(n, 2) < 3', 'math.greatest([n, 2]) < 3'],
  ['type(any) == map', 'type(any) == map'],
  ['any.all(k, k == 1)', 'any.all(x1, 1 == x1)'],
  ['any.exists(k, v, k < v)', 'any.exists(x1k, x1, x1k < x1)'],
  ['xs.transformList(i, x, i < 2, x + i).size() < 2', 'size(xs.transformList(x1k, x1, x1k < 2, x1 + x1k)) < 2'],
  ['xs.transformMap(i, x, x).size() < 2', 'size(xs.transformMap(x1k, x1, x1)) < 2'],
  ['xs.transformMapEntry(i, x, {x: i}).size() < 2', 'size(xs.transformMapEntry(x1k, x1, {x1: x1k})) < 2'],
  ['string(dyn(s)) < s', 'string(dyn(s)) < s'],
];

test('programs as text', () => {
  for (const [source, text] of PRINTED) assert.equal(printProgram(program(source)).text, text);
});

test('each node has its place in the text', () => {
  const of = program('n + m < 3');
  const { text, spans } = printProgram(of);
  const parts = of.nodes.map((node, i) => [node.op, text.slice(...(spans.get(i) ?? [0, 0]))]);
  assert.deepEqual(parts, [
    ['in', 'n'],
    ['in', 'm'],
    ['add', 'n + m'],
    ['const', '3'],
    ['lt', 'n + m < 3'],
  ]);
});

test('paths, texts and values', () => {
  assert.equal(printPath('args.a.b-c'), 'args.a["b-c"]');
  assert.equal(printText('a"\\\u0000\u2028😀'), '"a\\"\\\\\\u0000\\u2028😀"');
  assert.equal(printValue({ keys: [1n, 2n], values: [['a'], [true]] }), '{1: ["a"], 2: [true]}');
  assert.equal(printValue(ERROR), 'error');
  assert.equal(
    printValue([null, 1.5, -0, 1e21, Number.NaN, uint(7n), duration(-1n), typeValue('ts')]),
    '[null, 1.5, -0.0, 1e+21, double("NaN"), 7u, duration("-0.000000001s"), google.protobuf.Timestamp]',
  );
  assert.equal(printValue(new Uint8Array([0, 97, 92])), 'b"\\x00a\\x5c"');
});

const REMEDIES: readonly (readonly [judge: string, sentence: string | undefined])[] = [
  ['agent.sum("money.amount", "24h") + money.amount <= params.limit', 'money.amount must be at most 4'],
  ['money.amount + 7 + agent.sum("money.amount", "24h") < params.limit', 'money.amount must be below -3'],
  ['money.amount > params.limit', 'money.amount must be above 5000'],
  ['!(money.amount <= params.limit)', 'money.amount must be above 5000'],
  ['!(money.amount < 9)', 'money.amount must be at least 9'],
  ['money.amount + money.amount < 9', 'money.amount + money.amount must be below 9'],
  ['agent.sum("money.amount", "24h") < 5', 'agent.sum("money.amount", "1d") must be below 5'],
  ['agent.sum("money.amount", "24h") == 0', 'agent.sum("money.amount", "1d") must be 0'],
  ['money.payee == "x"', 'money.payee must be "x"'],
  ['money.payee != "eve"', 'money.payee must not be "eve"'],
  ['money.payee in ["ann", "bob"]', 'money.payee must be in ["ann", "bob"]'],
  ['!money.payee.endsWith("ve")', 'money.payee must not end with "ve"'],
  ['money.payee.matches("^a")', 'money.payee must match "^a"'],
  ['money.payee == "eve"', undefined],
  ['["a"].exists(x, x == money.payee)', undefined],
];

test('what would make a condition hold', () => {
  const paths = { 'money.amount': 'int', 'money.payee': 'string(8)', 'params.limit': 'int' };
  const known = scopeOf(new Map(Object.entries(paths).map(([path, type]) => [path, parseType(type)])), new Set(['money.amount']));
  const source: Source = { money: { amount: 6, payee: 'eve' }, params: { limit: 5000 }, agent: { 'sum(money.amount,86400000)': 4996 } };
  for (const [judge, sentence] of REMEDIES) {
    const of = canonical(lower(parse(judge), known));
    const [part] = explainProgram(
      of,
      of.inputs.map((input) => find(input, source)),
    );
    assert.equal(part.remedy, sentence, judge);
  }
});

test('what is shared is explained once', () => {
  const doubled = (n: number): string => (n === 0 ? 'x < 1' : `cel.bind(x, x / 2 + x / 2, ${doubled(n - 1)})`);
  const chosen = (n: number): string => (n === 0 ? 'y' : `cel.bind(y, y ? !y : y, ${chosen(n - 1)})`);
  for (const judge of [`cel.bind(x, n, ${doubled(60)})`, `cel.bind(y, n < 1, ${chosen(60)})`]) {
    const of = program(judge);
    assert.ok(
      explainProgram(
        of,
        of.inputs.map((input) => find(input, { n: 5 })),
      ).length >= 1,
    );
    assert.ok(printProgram(of).text.endsWith('…'));
  }
});

test('what each condition came to', () => {
  const of = program('(n < 3 || !(m == 1)) && xs.all(x, x > 0)');
  const source: Source = { n: 5, m: 1, xs: [1, 0] };
  const parts = explainProgram(
    of,
    of.inputs.map((input) => find(input, source)),
  );
  const rows = parts.map(({ text, result, sides }) => [text, result, sides.map((side) => `${side.text} is ${printValue(side.result)}`)]);
  rows.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  const equal = rows.find(([text]) => String(text).includes('=='));
  assert.deepEqual(new Set(equal?.[2] as string[]), new Set(['m is 1', '1 is 1']));
  assert.deepEqual(
    rows.filter((row) => row !== equal),
    [
      ['n < 3', false, ['n is 5', '3 is 3']],
      ['xs.all(x1, 0 < x1)', false, []],
    ],
  );
  assert.equal(equal?.[1], true);
});
