/** The committed vectors of the rule IR and of the input buffer are what this version computes, and mean what they say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, hex } from '../src/base/bytes.ts';
import { admit } from '../src/rule/admit.ts';
import { readInputs, type Source, writeInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { parseType } from '../src/rule/type-text.ts';
import { inputVectors, ruleVectors } from './make-rule-vectors.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'));

interface RuleVectors {
  readonly limits: { readonly gas: number; readonly memory_pages: number };
  readonly positive: readonly {
    readonly source: string;
    readonly bytes: string;
    readonly id: string;
    readonly gas: number;
    readonly cases: readonly { readonly buffer: string; readonly answer: number }[];
  }[];
  readonly negative: readonly { readonly name: string; readonly bytes: string; readonly fault: string }[];
}

interface InputVectors {
  readonly positive: readonly { readonly inputs: Readonly<Record<string, string>>; readonly source: Source; readonly buffer: string }[];
  readonly negative: readonly { readonly inputs: Readonly<Record<string, string>>; readonly buffer: string; readonly fault: string }[];
}

const rules = read('rule-ir') as RuleVectors;
const inputs = read('input') as InputVectors;
const declared = (types: Readonly<Record<string, string>>) => Object.entries(types).map(([path, type]) => ({ path, type: parseType(type) }));

test('the vectors are those that the script writes', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(ruleVectors())), rules);
  assert.deepEqual(JSON.parse(JSON.stringify(inputVectors())), inputs);
});

test('R-5, R-7, R-12: each program has its identity, gas and answers', () => {
  for (const { source, bytes, id, gas, cases } of rules.positive) {
    const admitted = admit(fromHex(bytes), rules.limits);
    assert.equal(hex(admitted.id), id, source);
    assert.equal(admitted.analysis.gas, gas, source);
    for (const { buffer, answer } of cases) assert.equal(judge(admitted.program, readInputs(admitted.program.inputs, fromHex(buffer))), answer, source);
  }
});

test('every answer occurs', () => {
  const answers = new Set(rules.positive.flatMap(({ cases }) => cases.map(({ answer }) => answer)));
  assert.deepEqual([...answers].sort(), [0, 1, 2]);
});

test('R-11, R-15: what is no canonical program is refused, each with its fault', () => {
  for (const { name, bytes, fault } of rules.negative) assert.throws(() => admit(fromHex(bytes), rules.limits), { slug: fault }, name);
});

test('I-1 to I-8: buffers are written and read', () => {
  for (const { inputs: types, source, buffer } of inputs.positive) {
    assert.equal(hex(writeInputs(declared(types), source)), buffer);
    readInputs(declared(types), fromHex(buffer));
  }
  for (const { inputs: types, buffer, fault } of inputs.negative) assert.throws(() => readInputs(declared(types), fromHex(buffer)), { slug: fault }, buffer);
});
