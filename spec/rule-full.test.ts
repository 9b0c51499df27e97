/** The committed vectors of profile 1 are what this version computes, on both backends, and mean what they say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, hex } from '../src/base/bytes.ts';
import { admit } from '../src/rule/admit.ts';
import { readInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { PROFILE_FULL } from '../src/rule/ir.ts';
import { emitWasm } from '../src/rule/wasm.ts';
import { instantiate } from '../src/vm/run.ts';
import { fullVectors } from './make-rule-full-vectors.ts';

interface Vectors {
  readonly limits: { readonly gas: number; readonly memory_pages: number };
  readonly positive: readonly {
    readonly source: string;
    readonly bytes: string;
    readonly id: string;
    readonly gas: number;
    readonly const_bytes: number;
    readonly arena_bytes: number;
    readonly cases: readonly { readonly buffer: string; readonly answer: number }[];
  }[];
  readonly negative: readonly { readonly name: string; readonly bytes: string; readonly fault: string }[];
}

const vectors = JSON.parse(readFileSync(new URL('vectors/rule-full.json', import.meta.url), 'utf8')) as Vectors;

test('the vectors are those that the script writes', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(fullVectors())), vectors);
});

test('R-12, R-16, R-18, R-27: each program has its identity, gas, memory and answers, interpreted and as WebAssembly', () => {
  for (const { source, bytes, id, gas, const_bytes, arena_bytes, cases } of vectors.positive) {
    const admitted = admit(fromHex(bytes), vectors.limits);
    const { program, analysis } = admitted;
    assert.equal(program.profile, PROFILE_FULL);
    assert.deepEqual([hex(admitted.id), analysis.gas, analysis.const_bytes, analysis.arena_bytes], [id, gas, const_bytes, arena_bytes], source);
    const module = instantiate(emitWasm(program, analysis));
    for (const { buffer, answer } of cases) {
      assert.equal(judge(program, readInputs(program.inputs, fromHex(buffer))), answer, source);
      module.memory.set(fromHex(buffer));
      assert.equal(module.judge(), answer, `as WebAssembly: ${source}`);
    }
  }
});

test('every answer occurs', () => {
  const answers = vectors.positive.flatMap(({ cases }) => cases.map(({ answer }) => answer));
  assert.ok([0, 1, 2].every((one) => answers.filter((answer) => answer === one).length > 20));
});

test('R-11, R-16: what is no canonical program is refused, each with its fault', () => {
  for (const { name, bytes, fault } of vectors.negative) assert.throws(() => admit(fromHex(bytes), vectors.limits), { slug: fault }, name);
});
