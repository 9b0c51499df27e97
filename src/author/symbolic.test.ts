/** The solver's meaning of a program is the interpreter's: random programs on random inputs, and models read back. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { find } from '../rule/input.ts';
import { judge } from '../rule/interpret.ts';
import type { Input, Program } from '../rule/ir.ts';
import { makeProgram, makeSource, Random } from '../rule/program-generator.ts';
import { INT, list, map, str } from '../rule/type.ts';
import { isList, isMap, type Value } from '../rule/value.ts';
import { FALSE, NotLowered, Script, type Term, TRUE } from './script.ts';
import { openSolver } from './solver.ts';
import { type BoolSymbol, intTerm, lengthTerm, type Symbol } from './symbol.ts';
import { constantText } from './symbol-text.ts';
import { symbolic } from './symbolic.ts';
import { World } from './world.ts';

const seed = Number(process.env['AVA_SEED'] ?? 4);
const programs = Number(process.env['AVA_SMT_PROGRAMS'] ?? 25);

const solver = await openSolver();
assert.ok(solver !== null, 'z3-solver is not installed');
after(() => solver.close());

function constantOf(value: Value): Symbol {
  if (typeof value === 'boolean') return { kind: 'bool', t: value ? TRUE : FALSE, f: value ? FALSE : TRUE };
  if (typeof value === 'bigint') return { kind: 'int', ok: TRUE, bits: intTerm(value) };
  if (typeof value === 'string') return constantText(value);
  if (isList(value)) return { kind: 'list', ok: TRUE, length: lengthTerm(value.length), items: value.map(constantOf) };
  assert.ok(isMap(value));
  return { kind: 'map', ok: TRUE, length: lengthTerm(value.keys.length), keys: value.keys.map(constantOf), values: value.values.map(constantOf) };
}

const WIDE = { text_bytes: 24, items: 6 };

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

test('a model is read back as a source that has its values', async () => {
  const inputs: readonly Input[] = [
    { path: 'args.text', type: str(12) },
    { path: 'args.names', type: list(str(4), 3) },
    { path: 'context.amounts', type: map(str(4), INT, 3) },
    { path: 'args.count', type: INT },
  ];
  const values: readonly Value[] = ['né😀', ['a', '', '\u{10ffff}'], { keys: ['b', 'é'], values: [-(2n ** 63n), 2n] }, -7n];
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
