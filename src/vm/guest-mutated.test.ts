/** Guests with changed bytes: refused by name, or judged twice the same. Nothing is a fault of the node, nothing hangs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { EMPTY } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { encodeInputs } from '../rule/input.ts';
import { type AbiName, Guest } from './guest.ts';
import { type Answers, HOST_FUNCTIONS } from './host.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 34);
const ROUNDS = Number(process.env['AVA_ROUNDS'] ?? 400);
console.log(`seed ${SEED}, ${ROUNDS} rounds`);

interface Original {
  readonly module: Uint8Array;
  readonly abi: AbiName;
  readonly paths: readonly string[];
  readonly inputs: readonly Uint8Array[];
}

const original = (name: string, abi: AbiName, paths: readonly string[], inputs: readonly Uint8Array[]): Original => ({
  module: new Uint8Array(readFileSync(`${import.meta.dirname}/../../test/guest/${name}.wasm`)),
  abi,
  paths,
  inputs,
});

const PROBE = original(
  'probe',
  'buffer',
  ['a', 'b'],
  Array.from({ length: 25 }, (_, what) => encodeInputs([{ value: BigInt(what) }, { value: true }])),
);
const POD = [encodeInputs([{ value: { keys: ['privileged'], values: [true] } }, { value: 3n }, { value: 9n }])];
const WAPC = original('wapc', 'wapc', ['args.object', 'now_ms', 'params.limit'], POD);
const TRANSFER = [encodeInputs([{ value: 500n }, { value: ['a@example.org', 'b'] }, { value: 'evil' }, { value: 1n }, { value: 100n }])];
const OPA = original('opa-deny', 'opa', ['args.amount', 'args.recipients', 'args.to', 'now_ms', 'params.limit'], TRANSFER);

const ANSWERS: Answers = {
  read: () => encodeInputs([{ value: 5n }]),
  oracle: () => encodeInputs([{ missing: 0 }]),
  call: () => ({ result: 2, gas: 100, record: EMPTY, short: false }),
};

test('changed bytes', () => {
  const random = new Random(SEED);
  const seen = new Set<string>();
  for (let i = 0; i < ROUNDS; i++) {
    const { module, abi, paths, inputs } = i % 16 === 0 ? OPA : i % 2 === 0 ? PROBE : WAPC;
    const bytes = module.slice();
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      const at = random.below(bytes.length);
      bytes[at] = random.below(2) === 0 ? random.below(256) : bytes[at] ^ (1 << random.below(8));
    }
    try {
      const limits = { gas: 1_000_000, memory_pages: 16, stack_words: 65_536 };
      const guest = new Guest({ name: 'me', module: bytes, abi, limits, inputs: paths, hosts: HOST_FUNCTIONS, calls: ['other'], reads: ['session.calls'] });
      for (const input of inputs) {
        const { result, gas } = guest.judge(input, ANSWERS);
        const again = guest.judge(input, ANSWERS);
        assert.deepEqual([again.result, again.gas], [result, gas], `round ${i}`);
        assert.ok(gas >= 0 && gas <= limits.gas && (result <= 2 || result >= 16));
        seen.add(result >= 16 ? 'trap' : 'answer');
      }
    } catch (error) {
      if (!(error instanceof Fault) || !error.slug.startsWith('wasm_')) throw new Error(`round ${i} of seed ${SEED}`, { cause: error });
      seen.add(error.slug);
    }
  }
  for (const end of ['answer', 'trap', 'wasm_malformed', 'wasm_invalid', 'wasm_refused']) assert.ok(seen.has(end), end);
});
