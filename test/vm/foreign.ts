/** Modules that others made (binaryen's fuzzer): plain and instrumented side by side, in a new and in a reused instance. */
import assert from 'node:assert/strict';
import { Random } from '../../sim/random.ts';
import { F32, F64, I32, type ValueType } from '../../src/vm/module.ts';
import type { NumberType } from './binary.ts';
import { bitCall } from './bit-call.ts';
import { randomBits } from './generate.ts';
import { GAS, Metered } from './metered.ts';
import { type Imports, type Instance, type Memory, wasm } from './web-assembly.ts';

const NAME = (type: ValueType): NumberType => (type === I32 ? 'i32' : type === F32 ? 'f32' : type === F64 ? 'f64' : 'i64');
const ROUNDS = 3;

interface Call {
  readonly name: string;
  readonly params: readonly NumberType[];
  readonly results: readonly NumberType[];
  readonly args: readonly bigint[];
}
export interface ForeignResult {
  readonly calls: number;
  readonly returned: number;
  readonly gas: bigint;
}

/** Imported functions take note of what they are given; they answer 0. */
function noting(module: object, log: string[]): Imports {
  const imports: Imports = {};
  for (const { module: from, name, kind } of wasm.Module.imports(module)) {
    if (from === 'ava:') continue;
    assert.equal(kind, 'function', `an imported ${kind}`);
    imports[from] ??= {};
    imports[from][name] = (...args: readonly unknown[]) => {
      log.push(`${name} ${args.map((arg) => (Object.is(arg, -0) ? '-0' : String(arg))).join()}`);
      return 0;
    };
  }
  return imports;
}

const trapOf = (error: unknown): string => {
  if (!(error instanceof wasm.RuntimeError)) throw error;
  return error.message === 'unreachable' ? 'unreachable' : 'trap';
};

/** @throws AssertionError */
export function foreign(bytes: Uint8Array, seed: number): ForeignResult {
  const random = new Random(seed);
  const [plainLog, log]: [string[], string[]] = [[], []];
  const plainModule = new wasm.Module(bytes);
  const { admitted, module } = Metered.admit(bytes, 'canonical-nan');
  const calls: Call[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, type } of admitted.facts.exports) {
      if (type === null) continue;
      const [params, results] = [type.params.map(NAME), type.results.map(NAME)];
      calls.push({ name, params, results, args: params.map((param) => randomBits(random, param)) });
    }
  }
  const metered = new Metered({ admitted, module, imports: noting(module, log) });
  const before = metered.snapshot();
  let plain: Instance;
  try {
    plain = new wasm.Instance(plainModule, noting(plainModule, plainLog));
  } catch (error) {
    assert.equal(metered.start().trap, trapOf(error), 'the start function');
    return { calls: 1, returned: 0, gas: 0n };
  }
  const seen = calls.map(({ name, params, results, args }) => {
    try {
      return bitCall(plain.exports[name], params, results)(args).join();
    } catch (error) {
      return trapOf(error);
    }
  });
  const run = (): { readonly outcome: string; readonly gas: bigint }[] =>
    calls.map(({ name, params, results, args }) => {
      const { trap, results: bits, gas } = metered.run(() => bitCall(metered.instance.exports[name], params, results)(args));
      return { outcome: trap ?? bits.join(), gas };
    });
  assert.equal(metered.start().trap, null);
  const ended = run();
  assert.deepEqual(
    ended.map(({ outcome }) => outcome),
    seen,
    'instrumented and plain',
  );
  assert.deepEqual(log, plainLog, 'what host functions were given');
  const memory = Object.values(plain.exports).find((one): one is Memory => one instanceof (wasm.Memory as unknown as new () => Memory));
  if (memory !== undefined) assert.ok(Buffer.from(memory.buffer).equals(metered.bytes), 'memory');
  if (!metered.grown) {
    metered.restore(before);
    metered.start(GAS);
    assert.deepEqual(run(), ended, 'a reused instance');
  }
  return { calls: calls.length, returned: seen.filter((outcome) => !/[a-z]/.test(outcome)).length, gas: ended.reduce((sum, { gas }) => sum + gas, 0n) };
}
