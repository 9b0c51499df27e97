/** Modules that binaryen's fuzzer makes of seeds, with the features that the profiles take. AVA_VM_BINARYEN sets how many. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../sim/random.ts';
import { foreign } from './vm/foreign.ts';

const MODULES = Number(process.env['AVA_VM_BINARYEN'] ?? 8);
const SEED = Number(process.env['AVA_VM_SEED'] ?? 1);
/** Its own NaNs are taken out: they are the engine's choice in a plain module. */
const OPTIONS = ['-ttf', '--mvp-features', '--enable-sign-ext', '--denan'];

test(`${MODULES} modules of wasm-opt from seed ${SEED}`, { timeout: 3_600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-binaryen-'));
  let [calls, returned] = [0, 0];
  try {
    for (let seed = SEED; seed < SEED + MODULES; seed++) {
      const random = new Random(seed);
      const [input, output] = [join(folder, 'seed'), join(folder, 'module.wasm')];
      writeFileSync(input, Buffer.from(random.octets(200 + random.below(8_000)), 'latin1'));
      const { status, stderr } = spawnSync('wasm-opt', [input, ...OPTIONS, '-o', output], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      try {
        const result = foreign(new Uint8Array(readFileSync(output)), seed);
        calls += result.calls;
        returned += result.returned;
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`${calls} calls, ${returned} returned`);
  assert.ok(calls > 0);
});
