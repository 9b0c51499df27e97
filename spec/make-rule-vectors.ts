/** Writes spec/vectors/rule-ir.json and spec/vectors/input.json: `node spec/make-rule-vectors.ts`. A test compares them. */
import { writeFileSync } from 'node:fs';
import { hex } from '../src/base/bytes.ts';
import { admit } from '../src/rule/admit.ts';
import { canonical } from '../src/rule/canonical.ts';
import { find, type Source, writeInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { encodeProgram, type Input } from '../src/rule/ir.ts';
import { lower } from '../src/rule/lower.ts';
import { parse } from '../src/rule/parse.ts';
import { scopeOf } from '../src/rule/scope.ts';
import { parseType } from '../src/rule/type-text.ts';
import { REFUSED } from './refused-programs.ts';

/** The limits under which the programs are admitted. */
export const LIMITS = { gas: 1_000_000, memory_pages: 16 };

type Declared = Readonly<Record<string, string>>;
const DECLARED: Declared = {
  'args.n': 'int',
  'args.s': 'string(16)',
  'args.t': 'string(16)',
  'args.ok': 'bool',
  'args.xs': 'list(int, 4)',
  'args.words': 'list(string(8), 3)',
  'args.m': 'map(string(4), int, 3)',
  'args.grid': 'list(list(int, 2), 2)',
  'money.amount': 'int',
  'params.limit': 'int',
};
const FULL: Source = {
  args: { n: 2, s: 'héllo', t: 'll', ok: true, xs: [3, 1, 2], words: ['😀', '\uffff', 'a'], m: { b: 2, a: 1 }, grid: [[1, 2], [3]] },
  money: { amount: 5 },
  params: { limit: 5000 },
  agent: { 'sum(money.amount,86400000)': 4996 },
};
const EMPTY: Source = { args: {} };
const WRONG: Source = {
  args: { n: '2', s: 'x'.repeat(17), t: '', ok: 1, xs: [1, 2, 3, 4, 5], words: [], m: {}, grid: [] },
  money: null,
  params: { limit: 0.5 },
};

const RULES: readonly string[] = [
  'true',
  'args.ok',
  'has(args.n)',
  'has(money.amount)',
  'agent.sum("money.amount", "24h") + money.amount <= params.limit',
  'args.ok && args.n > 1 && args.n > 1 && (args.s != "" && args.ok)',
  'args.n / 0 > 1 || args.ok',
  'args.n / 0 > 1 && args.ok',
  '-9223372036854775808 / -args.n == 1',
  '-9223372036854775808 % (args.n - 3) == 0',
  '9223372036854775807 + args.n > 0',
  'args.s.contains(args.t) && args.s.startsWith("h") && args.s.endsWith("")',
  'size(args.s) == 5 && args.s + args.t == "héllol" + "l"',
  'args.words[0] > args.words[1]',
  'args.words.exists(w, w == args.s || w < args.t)',
  'args.xs.all(x, args.xs.exists(y, x >= y && args.ok))',
  'args.xs.exists_one(x, x > args.n)',
  'args.xs.exists_one(x, 6 / (x - 1) > 2)',
  'args.xs.filter(x, x > 1) == [3, 2]',
  'args.xs.map(x, x > 1, x * x) + [args.n] == [9, 4, 2]',
  'args.grid.map(row, row.map(x, x + size(row))) == [[3, 4], [4]]',
  'args.grid.all(row, row.all(x, args.xs.exists(y, y == x)))',
  'args.m.all(k, args.m[k] > 0 && k < "c")',
  '"a" in args.m && has(args.m.b) && !has(args.m.c)',
  '{"b": 2, "a": 1} == args.m',
  '{args.s: 1, args.t: 2}[args.t] == 2',
  '{args.s: 1, args.s: 2} == args.m',
  '[] == args.xs || args.n in args.xs',
  'cel.bind(d, args.n * args.n, d + d > 7 && d < 9)',
  'args.ok ? args.xs[args.n] == 2 : args.xs[99] == 0',
  'args.xs.map(x, args.xs.filter(y, y < x)) == [[1, 2], [], [1]]',
];

function ruleVector(source: string): object {
  const scope = scopeOf(new Map(Object.entries(DECLARED).map(([path, type]) => [path, parseType(type)])), new Set(['money.amount']));
  const { program, analysis, bytes, id } = admit(encodeProgram(canonical(lower(parse(source), scope))), LIMITS);
  const { inputs } = program;
  const cases = [FULL, EMPTY, WRONG].map((given) => {
    return {
      buffer: hex(writeInputs(inputs, given)),
      answer: judge(
        program,
        inputs.map((input) => find(input, given)),
      ),
    };
  });
  const { gas, input_bytes, const_bytes, arena_bytes } = analysis;
  return { source, bytes: hex(bytes), id: hex(id), gas, input_bytes, const_bytes, arena_bytes, cases };
}

const inputsOf = (declared: Declared): readonly Input[] => Object.entries(declared).map(([path, type]) => ({ path, type: parseType(type) }));

const BUFFERS: readonly (readonly [declared: Declared, source: Source])[] = [
  [{}, {}],
  [{ now_ms: 'int' }, {}],
  [
    { now_ms: 'int', 'args.a': 'bool' },
    { now_ms: -2, args: { a: true } },
  ],
  [{ 'args.a': 'int', 'args.b.c': 'int', 'args.d': 'int' }, { args: { a: null, d: '5' } }],
  [{ 'args.a': 'int', 'args.b': 'int' }, { args: { a: 9007199254740991, b: 0.5 } }],
  [{ 'args.a': 'string(8)', 'args.b': 'string(8)', 'args.c': 'string(8)', 'args.d': 'string(4)' }, { args: { a: 'héllo', b: '', c: 'exactly8', d: 'longer' } }],
  [{ 'args.a': 'list(string(8), 3)', 'args.b': 'int' }, { args: { a: ['x', '', '😀'], b: 7 } }],
  [{ 'args.a': 'list(int, 2)', 'args.b': 'list(int, 2)', 'args.c': 'list(int, 2)' }, { args: { a: [], b: [1, 2, 3], c: [1, null] } }],
  [{ 'args.a': 'map(string(4), int, 5)' }, { args: { a: { z: 1, é: 2, '\uffff': 3, '😀': 4, A: 5 } } }],
  [{ 'args.a': 'map(string(4), list(string(4), 2), 2)', 'args.b': 'list(list(int, 2), 2)' }, { args: { a: { y: ['q'], x: [] }, b: [[1], [2, 3]] } }],
  [
    { 'agent.sum(money.amount,86400000)': 'int', 'args.user-id': 'int' },
    { agent: { 'sum(money.amount,86400000)': 12 }, args: { 'user-id': 3 } },
  ],
];

function bufferVectors(): object[] {
  return BUFFERS.map(([inputs, source]) => ({ inputs, source, buffer: hex(writeInputs(inputsOf(inputs), source)) }));
}

/** A buffer that a writer made, with some bytes changed. */
function changed(declared: Declared, source: Source, changes: Readonly<Record<number, number>>, size?: number): object {
  const buffer = writeInputs(inputsOf(declared), source);
  for (const [at, byte] of Object.entries(changes)) buffer[Number(at)] = byte;
  const sized = new Uint8Array(size ?? buffer.length);
  sized.set(buffer.subarray(0, sized.length));
  return { inputs: declared, buffer: hex(sized), fault: 'rule_inputs' };
}

function refusedBuffers(): object[] {
  const text: readonly [Declared, Source] = [{ 'args.a': 'string(2)' }, { args: { a: 'x' } }];
  const map: readonly [Declared, Source] = [{ 'args.a': 'map(string(1), int, 2)' }, { args: { a: { a: 1, b: 2 } } }];
  return [
    changed({ 'args.a': 'int' }, { args: { a: 1 } }, { 0: 2 }),
    changed({ 'args.a': 'int' }, { args: { a: 1 } }, { 3: 1 }),
    changed({ 'args.a': 'int' }, { args: { a: 1 } }, { 4: 1 }),
    changed({ 'args.a': 'int' }, { args: {} }, { 8: 3 }),
    changed({ 'args.a': 'bool' }, { args: { a: true } }, { 8: 2 }),
    changed({ 'args.a': 'int' }, { args: { a: 1 } }, {}, 8),
    changed({ 'args.a': 'int' }, { args: { a: 1 } }, {}, 24),
    changed(...text, { 4: 3 }),
    changed(...text, { 8: 24 }),
    changed(...text, { 23: 1 }),
    changed(...text, { 16: 0xff }),
    changed(...text, {}, 16),
    changed(...map, { 80: 0x62 }),
    changed(...map, { 80: 0x63 }),
  ];
}

/** The vectors as they stand in the files. */
export const ruleVectors = (): object => ({
  limits: LIMITS,
  declared: DECLARED,
  sources: [FULL, EMPTY, WRONG],
  positive: RULES.map(ruleVector),
  negative: REFUSED.map(([name, bytes, fault]) => ({ name, bytes, fault })),
});
export const inputVectors = (): object => ({ positive: bufferVectors(), negative: refusedBuffers() });

if (import.meta.main) {
  for (const [name, vectors] of [
    ['rule-ir', ruleVectors()],
    ['input', inputVectors()],
  ] as const) {
    writeFileSync(new URL(`vectors/${name}.json`, import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
  }
}
