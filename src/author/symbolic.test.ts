/** The solver's meaning of a program is the interpreter's: random programs on random inputs, and models read back. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { compileText } from '../rule/compile.ts';
import { makeFullProgram } from '../rule/full-generator.ts';
import { makeFullSource } from '../rule/full-values.ts';
import { find, type Source } from '../rule/input.ts';
import { judge } from '../rule/interpret.ts';
import type { Input, Program } from '../rule/ir.ts';
import { makeProgram, makeSource, Random } from '../rule/program-generator.ts';
import { DOUBLE, DURATION, INT, list, map, plainBytes, str, TIMESTAMP, UINT } from '../rule/type.ts';
import { duration, isList, isMap, uint, type Value } from '../rule/value.ts';
import { FALSE, NotLowered, Script, type Term, TRUE, vector } from './script.ts';
import { openSolver } from './solver.ts';
import { type BoolSymbol, intTerm, lengthTerm, type Symbol, TIME_BITS } from './symbol.ts';
import { doubleConstant } from './symbol-number.ts';
import { constantBytes, constantText } from './symbol-text.ts';
import { symbolic } from './symbolic.ts';
import { type Room, World } from './world.ts';

const seed = Number(process.env['AVA_SEED'] ?? 4);
const programs = Number(process.env['AVA_SMT_PROGRAMS'] ?? 25);

const solver = await openSolver();
assert.ok(solver !== null, 'z3-solver is not installed');
after(() => solver.close());

function constantOf(value: Value): Symbol {
  if (value === null) return { kind: 'null', ok: TRUE };
  if (typeof value === 'number') return doubleConstant(value);
  if (value instanceof Uint8Array) return constantBytes('bytes', value);
  if (typeof value === 'object' && 'kind' in value) {
    if (value.kind === 'ts') return { kind: 'ts', ok: TRUE, bits: vector(value.seconds * 1_000_000_000n + BigInt(value.nanos), TIME_BITS) };
    if (value.kind === 'type') throw new NotLowered('a type');
    return { kind: value.kind, ok: TRUE, bits: intTerm(value.kind === 'uint' ? value.value : value.nanos) };
  }
  if (typeof value === 'boolean') return { kind: 'bool', t: value ? TRUE : FALSE, f: value ? FALSE : TRUE };
  if (typeof value === 'bigint') return { kind: 'int', ok: TRUE, bits: intTerm(value) };
  if (typeof value === 'string') return constantText(value);
  if (isList(value)) return { kind: 'list', ok: TRUE, length: lengthTerm(value.length), items: value.map(constantOf) };
  assert.ok(isMap(value));
  return { kind: 'map', ok: TRUE, length: lengthTerm(value.keys.length), keys: value.keys.map(constantOf), values: value.values.map(constantOf) };
}

const WIDE = (): Room => ({ text_bytes: 24, items: 6 });

/** A world in which the inputs are these, and the program's answer in it. */
function pinned(program: Program, source: ReturnType<typeof makeSource>): { world: World; answer: BoolSymbol } {
  const script = new Script();
  const world = new World(script, program.inputs, WIDE, new Set(), true);
  const inputs = program.inputs.map((input) => world.input(input));
  const answer = symbolic(world.symbols, program, inputs);
  program.inputs.forEach((input, i) => {
    const found = find(input, source);
    const { value, present } = inputs[i];
    if ('value' in found) {
      script.assert(world.symbols.ok(value));
      script.assert(world.symbols.equal(value, constantOf(found.value)));
    } else if (found.missing === 0) script.assert(present.f);
    else for (const term of [present.t, present.f]) script.assert(script.not(term));
  });
  return { world, answer };
}

async function answerOf(world: World, answer: BoolSymbol): Promise<number> {
  const output = await solver?.run(world.script, `(check-sat)\n(get-value (${answer.t} ${answer.f}))`);
  const values = /^\s*sat\s+\(\(\S+ (\w+)\)\s*\(\S+ (\w+)\)\)/.exec(output ?? '');
  assert.ok(values !== null, output ?? '');
  return values[1] === 'true' ? 2 : values[2] === 'true' ? 0 : 1;
}

test(`random programs answer as the interpreter does (seed ${seed})`, async () => {
  const random = new Random(seed);
  const seen = new Map<number, number>();
  let refused = 0;
  for (let n = 0; n < programs; n++) {
    const { program } = makeProgram(random, { depth: 4, gas_max: 3_000, arena_bytes_max: 100_000, beyondCel: true });
    const source = makeSource(random, program.inputs);
    const expected = judge(
      program,
      program.inputs.map((input) => find(input, source)),
    );
    let made: ReturnType<typeof pinned>;
    try {
      made = pinned(program, source);
    } catch (error) {
      if (!(error instanceof NotLowered)) throw error;
      refused += 1;
      continue;
    }
    assert.equal(await answerOf(made.world, made.answer), expected, `program ${n} of seed ${seed}`);
    seen.set(expected, (seen.get(expected) ?? 0) + 1);
  }
  assert.equal(seen.size, 3, 'each answer occurred');
  assert.ok(refused * 20 <= programs, `${refused} refused`);
});

test(`programs of the full profile answer so too, or are refused by name (seed ${seed})`, async () => {
  const random = new Random(seed);
  let answered = 0;
  for (let n = 0; n < 4 * programs; n++) {
    const { program } = makeFullProgram(random, { depth: 3, gas_max: 8_000, arena_bytes_max: 100_000, wild: 0 });
    const source = makeFullSource(random, program.inputs);
    const expected = judge(
      program,
      program.inputs.map((input) => find(input, source)),
    );
    try {
      const { world, answer } = pinned(program, source);
      assert.equal(await answerOf(world, answer), expected, `program ${n} of seed ${seed}`);
      answered += 1;
    } catch (error) {
      if (!(error instanceof NotLowered)) throw error;
      assert.match(error.message, /\w/);
    }
  }
  assert.ok(answered * 8 >= programs, `${answered} answered`);
});

test('each kind of the full profile, by programs written for it', async () => {
  const cases: readonly (readonly [expression: string, inputs: string, given: Source, expected: number])[] = [
    ['args.a.matches("^[a-z]+@x[.]org$")', 'args.a: string(24)', { args: { a: 'me@x.org' } }, 2],
    ['args.a.matches("^[a-z]+@x[.]org$")', 'args.a: string(24)', { args: { a: 'me@xyorg' } }, 0],
    ['args.a.lowerAscii() == "äbc"', 'args.a: string(24)', { args: { a: 'äBc' } }, 2],
    ['double(args.a) * 0.1 > 0.3', 'args.a: int', { args: { a: 3 } }, 2],
    ['int(args.a) == 2', 'args.a: double', { args: { a: 2.75 } }, 2],
    ['args.a / 0.0 > 1.0', 'args.a: double', { args: { a: 1 } }, 2],
    ['args.a - 1u < 5u', 'args.a: uint', { args: { a: 0 } }, 1],
    ['args.a + args.b > timestamp("2026-01-01T00:00:00Z") || true', 'args.a: timestamp, args.b: duration', { args: { a: '2026-01-01T00:00:00Z', b: '1s' } }, 2],
    [
      'args.a - args.b == args.c',
      'args.a: timestamp, args.b: timestamp, args.c: duration',
      { args: { a: '2026-01-01T00:00:01.5Z', b: '2026-01-01T00:00:00Z', c: '1500ms' } },
      2,
    ],
    ['args.a.all(k, v, k < v)', 'args.a: "list(int, 4)"', { args: { a: [1, 2, 3] } }, 2],
    ['math.abs(args.a) == 7 && math.greatest(args.a, 3) == 3', 'args.a: int', { args: { a: -7 } }, 2],
    ['size(args.a) == 2', 'args.a: bytes(4)', { args: { a: 'aGk=' } }, 2],
  ];
  for (const [judged, inputs, given, expected] of cases) {
    const text = `rule: r\ntitle: t\nscope: all\ninputs: { ${inputs} }\njudge: '${judged}'\n`;
    const compiled = compileText(text, new Map());
    let made: ReturnType<typeof pinned>;
    try {
      made = pinned(compiled.program, given);
    } catch (error) {
      // A constant that is made by a conversion is not told to the solver.
      if (error instanceof NotLowered && /timestamp/.test(error.message)) continue;
      throw error;
    }
    assert.equal(await answerOf(made.world, made.answer), expected, judged);
  }
});

test('a model is read back as a source that has its values', async () => {
  const inputs: readonly Input[] = [
    { path: 'args.text', type: str(12) },
    { path: 'args.names', type: list(str(4), 3) },
    { path: 'context.amounts', type: map(str(4), INT, 3) },
    { path: 'args.count', type: INT },
    { path: 'args.size', type: UINT },
    { path: 'args.share', type: DOUBLE },
    { path: 'args.at', type: TIMESTAMP },
    { path: 'args.span', type: DURATION },
    { path: 'args.raw', type: plainBytes(3) },
  ];
  const values: readonly Value[] = [
    'né😀',
    ['a', '', '\u{10ffff}'],
    { keys: ['b', 'é'], values: [-(2n ** 63n), 2n] },
    -7n,
    uint(2n ** 64n - 1n),
    -0.1,
    { kind: 'ts', seconds: -5n, nanos: 7 },
    duration(-1_500_000_000n),
    new Uint8Array([0, 255]),
  ];
  const script = new Script();
  const world = new World(script, inputs, WIDE);
  inputs.forEach((input, i) => {
    script.assert(world.input(input).present.t);
    script.assert(world.symbols.equal(world.input(input).value, constantOf(values[i])));
  });
  const output = await solver?.run(script, `(check-sat)\n(get-value (${world.asked().join(' ')}))`);
  const model = new Map([...(output ?? '').matchAll(/\(([vt]\d+) ([^\s()]+)\)/g)].map(([, name, value]) => [name, value]));
  const source = world.read((variable: Term) => model.get(variable));
  assert.deepEqual(
    inputs.map((input) => find(input, source)),
    values.map((value) => ({ value })),
  );
});

test('only well-formed texts are models', async () => {
  for (const [hex, good] of [
    ['61c3a900', true],
    ['f09f9880', true],
    ['f48fbfbf', true],
    ['eda08000', false],
    ['c0800000', false],
    ['f4908000', false],
    ['e28200', false],
    ['80000000', false],
    ['610062', true],
  ] as const) {
    const script = new Script();
    const world = new World(script, [{ path: 'args.a', type: str(hex.length / 2) }], WIDE);
    const text = world.value('args.a');
    assert.ok(text?.kind === 'str');
    script.assert(script.equal(text.bytes, `#x${hex}`));
    script.assert(script.equal(text.length, lengthTerm(hex.replace(/(?:00)+$/, '').length / 2)));
    assert.equal(((await solver?.run(script, '(check-sat)')) ?? '').trim(), good ? 'sat' : 'unsat', hex);
  }
});
