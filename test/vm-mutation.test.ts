/**
 * Mutated binaries: each is refused by a fault or admitted, at once. What is admitted is valid to the engine, before and
 * after, is instantiated without running, and its exports end within small limits. AVA_VM_MUTATIONS sets how many.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../sim/random.ts';
import { Fault } from '../src/base/fault.ts';
import { type Admitted, admitModule } from '../src/vm/admit.ts';
import { Metered } from './vm/metered.ts';
import { mutated } from './vm/mutate.ts';
import { bytesOf } from './vm/program.ts';
import { randomProgram } from './vm/random-program.ts';
import { type Imports, wasm } from './vm/web-assembly.ts';

const MUTATIONS = Number(process.env['AVA_VM_MUTATIONS'] ?? 20_000);
const SEED = Number(process.env['AVA_VM_SEED'] ?? 1);
const EACH = 50;
const GAS_MAX = 20_000n;
const STACK_WORDS_MAX = 2_000;
const SLOW_MS = 1_000;
/** The engine returns memories late: few of those that are admitted are run with one. */
const RUN_SHARE = 0.25;

const counts = { malformed: 0, invalid: 0, refused: 0, bound: 0, admitted: 0, run: 0, gas: 0, slowest_ms: 0 };

function admit(bytes: Uint8Array, floats: boolean): Admitted | undefined {
  try {
    return admitModule(bytes, floats ? 'canonical-nan' : 'integer');
  } catch (error) {
    if (!(error instanceof Fault) || !/^wasm_(?:malformed|invalid|refused|bound)$/.test(error.slug)) throw error;
    counts[error.slug.slice(5) as 'malformed']++;
    return undefined;
  }
}

function runAll(admitted: Admitted): void {
  const { facts } = admitted;
  const imports: Imports = {};
  for (const { module, name, type } of facts.imports) {
    imports[module] ??= {};
    imports[module][name] = () => (type?.results[0] === 0x7e ? 0n : 0);
  }
  const metered = new Metered({ admitted, module: new wasm.Module(admitted.wasm), imports });
  counts.run++;
  if (metered.start(GAS_MAX).trap !== null) return;
  for (const { name, type } of facts.exports) {
    if (type === null) continue;
    const call = metered.instance.exports[name] as (...args: readonly (number | bigint)[]) => unknown;
    const { trap } = metered.run(
      () => {
        call(...type.params.map((param) => (param === 0x7e ? 3n : 3)));
        return [];
      },
      GAS_MAX,
      STACK_WORDS_MAX,
    );
    if (trap === 'gas') counts.gas++;
  }
}

test(`${MUTATIONS} mutated modules from seed ${SEED}`, { timeout: 24 * 3_600_000 }, () => {
  for (let done = 0, seed = SEED; done < MUTATIONS; seed++) {
    const floats = seed % 2 === 1;
    const module = bytesOf(randomProgram(seed, floats), false);
    const random = new Random(seed);
    for (let count = 0; count < EACH && done < MUTATIONS; count++, done++) {
      const bytes = mutated(random, module);
      const begin = process.cpuUsage();
      try {
        const admitted = admit(bytes, floats);
        if (admitted === undefined) continue;
        counts.admitted++;
        assert.ok(wasm.validate(bytes), 'admitted, and invalid to the engine');
        assert.ok(wasm.validate(admitted.wasm), 'instrumented, and invalid to the engine');
        assert.throws(() => admitModule(admitted.wasm, 'canonical-nan'), Fault, 'what is instrumented is not admitted');
        if (random.chance(RUN_SHARE)) runAll(admitted);
      } catch (error) {
        throw new Error(
          `seed ${seed}, mutation ${count} (${Buffer.from(bytes).toString('base64')}): ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
      const { user, system } = process.cpuUsage(begin);
      const took = (user + system) / 1000;
      counts.slowest_ms = Math.max(counts.slowest_ms, Math.round(took));
      assert.ok(took < SLOW_MS, `seed ${seed}, mutation ${count} took ${took} ms`);
    }
  }
  console.log(JSON.stringify(counts));
  assert.ok(counts.admitted > 0 && counts.malformed > 0 && counts.invalid > 0 && counts.run > 0);
});
