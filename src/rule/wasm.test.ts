/** The emitted module and the interpreter agree, on random typed programs and on values. AVA_FUZZ_COUNT sets how many. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { instantiate } from '../vm/run.ts';
import { analyse } from './analysis.ts';
import { encodeInputs, find } from './input.ts';
import { answerOf, evaluate } from './interpret.ts';
import type { Const, Node, Program } from './ir.ts';
import { makeProgram, makeSource, Random } from './program-generator.ts';
import { BOOL, INT, list, map, str, type Type } from './type.ts';
import { ERROR, isList, isMap, type Value } from './value.ts';
import { emitWasm } from './wasm.ts';
import { layOut } from './wasm-layout.ts';

const COUNT = Number(process.env.AVA_FUZZ_COUNT ?? 10_000);
const SEED = Number(process.env.AVA_FUZZ_SEED ?? 20_261);
const SOURCES = 6;
const SPAWNED = 'AVA_FUZZ_SPAWNED';
const TYPES: readonly Type[] = [BOOL, BOOL, BOOL, INT, INT, str(0), list(INT, 0), list(str(0), 0), map(str(0), INT, 0), list(list(INT, 0), 0)];

/** The program that asks whether `program` answers `value`. */
function equalTo(program: Program, value: Value): Program {
  const nodes: Node[] = [...program.nodes];
  const consts: Const[] = [...program.consts];
  const node = (op: Node['op'], imm: number, operands: readonly number[]): number => nodes.push({ op, imm, operands, count: 0 }) - 1;
  const literal = (part: Value): number => {
    if (isList(part)) return node('list', 0, part.map(literal));
    if (isMap(part))
      return node(
        'map',
        0,
        part.keys.flatMap((key, i) => [literal(key), literal(part.values[i])]),
      );
    return node('const', consts.push(part as Const) - 1, []);
  };
  const expected = literal(value);
  return { ...program, nodes, consts, out: node('eq', 0, [program.out, expected]) };
}

/** Whether a fold's range depends on the item of an outer one. */
function nests({ nodes }: Program): boolean {
  const dependent = nodes.map(({ op }) => op === 'elem' || op === 'key');
  nodes.forEach((node, i) => {
    if (node.count === 0 && node.operands.some((j) => dependent[j])) dependent[i] = true;
  });
  return nodes.some((node) => node.count > 0 && dependent[node.operands[0]]);
}

test('interpreter and wasm agree on random programs, and nothing leaves the arena', () => {
  console.log(`seed ${SEED}, ${COUNT} programs`);
  const random = new Random(SEED);
  const answers = [0, 0, 0];
  let nested = 0;
  for (let k = 0; k < COUNT; k++) {
    const { program, inputs } = makeProgram(random, { depth: 3 + random.below(4), beyondCel: random.chance(50), type: random.pick(TYPES) });
    if (nests(program)) nested += 1;
    const sources = Array.from({ length: SOURCES }, () => makeSource(random, inputs));
    const found = sources.map((source) => program.inputs.map((input) => find(input, source)));
    const results = found.map((one) => evaluate(program, one));
    const first = results.find((result) => result !== ERROR);
    // a bool answers for itself; of any other value the module is asked whether it is what the interpreter found
    const asked = first === undefined || typeof first === 'boolean' ? program : equalTo(program, first);
    const analysis = analyse(asked);
    const instance = instantiate(emitWasm(asked, analysis));
    const layout = layOut(asked, analysis);
    const end = layout.data.at + analysis.const_bytes + analysis.arena_bytes;
    const guard = instance.memory.subarray(end, end + 4_096).fill(0x5a);
    found.forEach((one, s) => {
      // what a call leaves behind must not matter to the next one
      instance.memory.fill(random.below(256), 0, layout.data.at);
      instance.memory.fill(random.below(256), layout.arena, end);
      instance.memory.set(encodeInputs(one));
      const expected = answerOf(asked === program ? results[s] : evaluate(asked, one));
      const answer = instance.judge();
      answers[expected] += 1;
      assert.equal(answer, expected, `seed ${SEED}, program ${k}, source ${s}`);
      assert.equal(instance.judge(), expected, `seed ${SEED}, program ${k}, source ${s}, judged again`);
    });
    assert.ok(
      guard.every((byte) => byte === 0x5a),
      `seed ${SEED}, program ${k}: wrote past its arena`,
    );
  }
  console.log(`${nested} with a fold over an outer item's value; answers false, error, true: ${answers.join(', ')}`);
  assert.ok(nested >= COUNT / 50, 'too few nested folds');
  assert.ok(
    answers.every((count) => count >= (COUNT * SOURCES) / 10),
    'answers too uneven to tell anything',
  );
});

test('the same program gives the same bytes', () => {
  const random = new Random(SEED + 1);
  for (let k = 0; k < 200; k++) {
    const { program } = makeProgram(random, { depth: 5 });
    const bytes = emitWasm(program);
    emitWasm(makeProgram(random).program);
    assert.deepEqual(emitWasm(structuredClone(program)), bytes);
  }
});

// not again in the processes that this starts
for (const tier of process.env[SPAWNED] === undefined ? ['--liftoff-only', '--no-liftoff'] : []) {
  test(`equal under ${tier}`, () => {
    const env = { ...process.env, [SPAWNED]: '1', AVA_FUZZ_COUNT: String(Math.min(COUNT, 500)), NODE_TEST_CONTEXT: undefined };
    const { status, stdout, stderr } = spawnSync(process.execPath, [tier, fileURLToPath(import.meta.url)], { env, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /outer item/);
  });
}
