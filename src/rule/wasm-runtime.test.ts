/** Every operation on values at the edges: interpreter and module agree on each pair. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantiate } from '../vm/run.ts';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import { encodeInputs, type Found, type Missing } from './input.ts';
import { judge } from './interpret.ts';
import { I64_MAX, I64_MIN, type Input, NO_PREDICATE, type Op, type Program } from './ir.ts';
import { apply, constant, fold, input, item, type PlainOp, present, type Term } from './term.ts';
import { BOOL, INT, list, map, str, type Type } from './type.ts';
import { compareText, type MapValue, type Value } from './value.ts';
import { emitWasm } from './wasm.ts';

type Values = Readonly<Record<string, Value | undefined>>;
const of = (path: string, type: Type): Input => ({ path, type });
const show = (values: Values): string => JSON.stringify(values, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));

/** Judges a term: the module's answer, asserted to be the interpreter's. An input that is undefined is missing as `missing`. */
const judged = (term: Term): ((values: Values, missing?: Missing) => number) => judgedProgram(canonical(term));

function judgedProgram(program: Program): (values: Values, missing?: Missing) => number {
  const analysis = analyse(program);
  const instance = instantiate(emitWasm(program, analysis));
  return (values, missing = 0) => {
    const found = program.inputs.map(({ path }): Found => {
      const value = values[path];
      return value === undefined ? { missing } : { value };
    });
    instance.memory.fill(0xee, 0, analysis.input_bytes);
    instance.memory.set(encodeInputs(found));
    const answer = instance.judge();
    assert.equal(answer, judge(program, found), show(values));
    return answer;
  };
}

const INTEGERS = [
  0n,
  1n,
  -1n,
  2n,
  -2n,
  3n,
  7n,
  -7n,
  10n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n,
  3037000499n,
  3037000500n,
  -3037000500n,
  2n ** 53n,
  2n ** 62n,
  I64_MAX,
  I64_MAX - 1n,
  I64_MIN,
  I64_MIN + 1n,
];

/** Texts around the word of 8 bytes, alike to the last byte, with every width of UTF-8. */
const TEXTS = (() => {
  const texts = [
    '',
    'é',
    '日',
    '😀',
    '\uffff',
    '\u{10ffff}',
    '\ud7ff',
    '\ue000',
    '\0',
    'a\0',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    'ab',
    'aab',
    'aabaab',
    'abab',
    'ababab',
    '日本日本日本',
    '😀😀😀',
  ];
  for (const length of [1, 6, 7, 8, 9, 15, 16, 17, 24, 31]) {
    const base = 'a'.repeat(length);
    texts.push(base, `${base.slice(1)}b`, `b${base.slice(1)}`, `${base}é`, `${'é'.repeat(length)}`);
  }
  return texts;
})();

test('integers: arithmetic, order, errors', () => {
  const [a, b, c] = [of('a', INT), of('b', INT), of('c', INT)];
  const [A, B, C] = [input(a), input(b), input(c)];
  const terms: Term[] = [apply('lt', A, B), apply('le', A, B), apply('eq', A, B), apply('eq', apply('neg', A), C)];
  for (const op of ['add', 'sub', 'mul', 'div', 'rem'] as const) terms.push(apply('eq', apply(op, A, B), C));
  const seen = new Set<number>();
  for (const ask of terms.map(judged)) {
    for (const x of INTEGERS) {
      for (const y of INTEGERS) {
        const results = y === 0n ? [x] : [x + y, x - y, x * y, x / y, x % y, -x];
        for (const z of results) seen.add(ask({ a: x, b: y, c: BigInt.asIntN(64, z) }));
      }
      ask({ a: x });
      ask({ b: x, c: x });
    }
  }
  assert.equal(seen.size, 3);
});

test('texts: order by code point, equality, parts, size', () => {
  const [a, b] = [of('a', str(200)), of('b', str(200))];
  const [A, B] = [input(a), input(b)];
  const asks = (['lt', 'le', 'eq', 'starts', 'ends', 'contains'] as const).map((op) => judged(apply(op, A, B)));
  for (const x of TEXTS) for (const y of TEXTS) for (const ask of asks) ask({ a: x, b: y });
  const joined = judged(apply('eq', apply('add', A, B), input(of('c', str(400)))));
  const within = judged(apply('contains', apply('add', A, B), input(of('c', str(400)))));
  const size = judged(apply('eq', apply('size', A), input(of('n', INT))));
  for (const x of TEXTS) {
    for (const y of TEXTS) {
      assert.equal(joined({ a: x, b: y, c: x + y }), 2);
      assert.equal(joined({ a: x, b: y, c: `${x + y}a` }), 0);
      assert.equal(within({ a: x, b: y, c: (x + y).slice(1).isWellFormed() ? (x + y).slice(1) : '' }), 2);
    }
    assert.equal(size({ a: x, n: BigInt([...x].length) }), 2);
    assert.equal(size({ a: x, n: BigInt([...x].length + 1) }), 0);
  }
});

test('contains is linear on the text that defeats the naive search', () => {
  const ask = judged(apply('contains', input(of('a', str(32_768))), input(of('b', str(16_384)))));
  const needle = `${'a'.repeat(16_383)}b`;
  const start = process.hrtime.bigint();
  assert.equal(ask({ a: 'a'.repeat(32_768), b: needle }), 0);
  assert.equal(ask({ a: 'a'.repeat(16_384) + needle, b: needle }), 2);
  assert.ok(process.hrtime.bigint() - start < 1_000_000_000n, 'the naive search takes seconds');
  for (const [text, part] of [
    ['abcabcabd', 'abcabd'],
    ['aabaaabaaac', 'aabaaac'],
    ['aaaaab', 'aab'],
    ['abababac', 'ababac'],
    ['xyz', 'xyz'],
    ['xyz', 'xyzz'],
  ])
    ask({ a: text, b: part });
});

const mapOf = (entries: readonly (readonly [string, Value])[]): MapValue => {
  const sorted = [...entries].sort(([x], [y]) => compareText(x, y));
  return { keys: sorted.map(([key]) => key), values: sorted.map(([, value]) => value) };
};

test('lists and maps: search, index, equality at depth', () => {
  const ints = of('xs', list(INT, 8));
  const texts = of('ts', list(str(40), 64));
  const table = of('m', map(str(40), INT, 64));
  const [X, T, M] = [input(ints), input(texts), input(table)];
  const [I, S] = [input(of('i', INT)), input(of('s', str(40)))];
  const asks = [
    judged(apply('member', I, X)),
    judged(apply('member', S, T)),
    judged(apply('member', S, M)),
    judged(apply('has', M, S)),
    judged(apply('eq', apply('get', X, I), I)),
    judged(apply('eq', apply('get', T, I), S)),
    judged(apply('eq', apply('get', M, S), I)),
    judged(apply('eq', apply('size', X), I)),
    judged(apply('eq', apply('size', M), I)),
    judged(apply('eq', apply('add', X, X), X)),
    judged(apply('member', X, apply('list', X, apply('add', X, X), apply('list', I)))),
    judged(apply('eq', apply('map', S, I, constant('a'), constant(1n)), M)),
    judged(apply('has', apply('map', I, S, constant(0n), S, constant(5n), S), I)),
    judged(apply('eq', apply('get', apply('map', apply('eq', I, constant(3n)), S, constant(true), constant('yes')), constant(true)), S)),
  ];
  const keys = TEXTS.filter((text) => new TextEncoder().encode(text).length <= 40).slice(0, 40);
  for (let size = 0; size <= keys.length; size += 3) {
    const some = keys.slice(0, size);
    const values = { ts: some, m: mapOf(some.map((key, n) => [key, BigInt(n)])), xs: INTEGERS.slice(0, Math.min(size, 8)) };
    for (const s of [...keys, 'zz', 'yes'])
      for (const i of [0n, 1n, 5n, BigInt(size) - 1n, BigInt(size), -1n, 2n ** 32n, I64_MIN]) for (const ask of asks) ask({ ...values, s, i });
  }
  for (const ask of asks) for (const values of [{}, { i: 1n }, { s: 'a' }, { xs: [], ts: [], m: mapOf([]) }] as Values[]) ask(values);
});

test('a map of 100 keys in any order settles; a key given twice is an error', () => {
  const numbers = Array.from({ length: 100 }, (_, n) => (n * 37) % 101);
  const entries = (key: (n: number) => Term): Term[] => numbers.flatMap((n) => [key(n), constant(BigInt(n))]);
  const S = input(of('s', str(8)));
  for (const key of [(n: number) => constant(`k${n}`), (n: number) => constant(BigInt(n) - 50n)]) {
    const asks = [0, 1, 36, 100].map((n) => judged(apply('eq', apply('get', apply('map', ...entries(key)), key(n)), constant(BigInt(n)))));
    for (const ask of asks) ask({});
  }
  const twice = judged(apply('has', apply('map', S, constant(1n), ...entries((n) => constant(`k${n}`))), constant('k1')));
  assert.equal(twice({ s: 'k7' }), 1);
  assert.equal(twice({ s: 'other' }), 2);
});

test('bool operations and folds over every combination of false, error, true', () => {
  const inputs = ['a', 'b', 'c'].map((path) => of(path, BOOL));
  const [A, B, C] = inputs.map(input);
  const three = (op: PlainOp): Term => apply(op, A, B, C);
  const plain = [
    three('and'),
    three('or'),
    three('sel'),
    apply('not', A),
    apply('eq', A, B),
    apply('lt', A, B),
    apply('le', A, B),
    present(inputs[0]),
    apply('member', A, apply('list', B, C)),
  ];
  const folds = (['all', 'any', 'one'] as const).map((op) => {
    const range = apply('list', constant(0n), constant(1n), constant(2n));
    const binder = { name: 'x', range: range.type };
    const x = item('elem', binder);
    return fold(op, binder, range, undefined, apply('sel', apply('eq', x, constant(0n)), A, apply('sel', apply('eq', x, constant(1n)), B, C)));
  });
  const asks = [...plain, ...folds].map(judged);
  const values = [false, undefined, true];
  for (const a of values)
    for (const b of values) for (const c of values) for (const missing of [0, 1, 2] as const) for (const ask of asks) ask({ a, b, c }, missing);
});

test('an answer that is no bool is an error', () => {
  assert.equal(judged(input(of('a', INT)))({ a: 1n }), 1);
  assert.equal(judged(constant('text'))({}), 1);
});

test('a fold inside a fold: each round starts anew, outer items stay in reach', () => {
  const lists = of('ls', list(list(INT, 4), 4));
  const [outer, inner] = [
    { name: 'l', range: lists.type },
    { name: 'x', range: list(INT, 4) },
  ];
  const quotients = fold('collect', inner, item('elem', outer), undefined, apply('div', constant(6n), item('elem', inner)));
  // the first round of the outer fold fails, a later one has nothing to divide
  for (const op of ['any', 'all', 'one'] as const) {
    const ask = judged(fold(op, outer, input(lists), undefined, apply('eq', apply('size', quotients), constant(0n))));
    const some = ask({ ls: [[0n], [], [2n]] });
    if (op === 'any') assert.equal(some, 2);
    for (const ls of [[], [[]], [[1n], [0n]], [[], [0n], []], [[0n, 1n], [1n, 0n], [2n]]]) ask({ ls });
  }
  for (const op of ['one', 'any', 'all'] as const) {
    const divides = fold(op, inner, item('elem', outer), undefined, apply('eq', apply('div', constant(6n), item('elem', inner)), constant(1n)));
    const ask = judged(fold('any', outer, input(lists), undefined, op === 'all' ? divides : apply('not', divides)));
    assert.equal(ask({ ls: [[0n], []] }), 2);
    for (const ls of [
      [[6n], []],
      [
        [6n, 0n],
        [6n, 6n],
      ],
      [[0n], [6n]],
      [[6n], [0n]],
    ])
      ask({ ls });
  }
  // canonical form has each item in its own fold's region; the module reaches outer ones from further in as well
  const node = (op: Op, operands: readonly number[] = [], imm = 0, count = 0) => ({ op, imm, operands, count });
  const program: Program = {
    profile: 0,
    inputs: [of('xs', list(INT, 3)), of('ys', list(INT, 3))],
    consts: [],
    nodes: [
      node('in', [], 0),
      node('in', [], 1),
      node('all', [0, NO_PREDICATE, 3], 0, 4),
      node('any', [1, NO_PREDICATE, 6], 0, 3),
      node('elem', [], 1),
      node('elem', [], 2),
      node('lt', [4, 5]),
    ],
    out: 2,
  };
  const ask = judgedProgram(program);
  for (const xs of [[], [1n], [1n, 2n], [5n, 1n, 3n]]) for (const ys of [[], [2n], [1n, 2n], [2n, 6n, 0n]]) ask({ xs, ys });
});
