/** Hostile modules end as a refusal or a trap, within their limits and in time, on each of the engine's compilers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Fault } from '../src/base/fault.ts';
import { admitModule } from '../src/vm/admit.ts';
import { HOSTILE, type Hostile } from './vm/hostile.ts';
import { type Ended, Metered } from './vm/metered.ts';
import { TIERS } from './vm/tier.ts';
import { wasm } from './vm/web-assembly.ts';

const COMPILER = process.env['AVA_VM_COMPILER'];
const GAS_MAX = 20_000_000n;
/** Of processor time, the engine's compilers included: a busy machine is not at fault. */
const ADMIT_MS_MAX = 3_000;
const RUN_MS_MAX = 4_000;
const HOST_COST = 128n;

function timed<T>(ms_max: number, what: string, work: () => T): T {
  const begin = process.cpuUsage();
  try {
    return work();
  } finally {
    const { user, system } = process.cpuUsage(begin);
    const took = (user + system) / 1000;
    assert.ok(took < ms_max, `${what} took ${Math.round(took)} ms`);
  }
}

function runs({ bytes, trap = null }: Hostile): void {
  const given = bytes();
  const admitted = timed(ADMIT_MS_MAX, 'admission', () => admitModule(given, 'canonical-nan'));
  let hostCalls = 0n;
  const imports = { h: { f: () => void hostCalls++ } };
  const ended = timed(RUN_MS_MAX, 'running', (): Ended => {
    const metered = new Metered({ admitted, module: new wasm.Module(admitted.wasm), imports });
    assert.equal(hostCalls, 0n, 'nothing runs when it is instantiated');
    const started = metered.start(GAS_MAX);
    if (started.trap !== null) return started;
    const run = metered.instance.exports['run'] as () => void;
    return metered.run(() => {
      run();
      return [];
    }, GAS_MAX);
  });
  assert.equal(ended.trap, trap);
  assert.ok(ended.gas <= GAS_MAX && hostCalls <= GAS_MAX / HOST_COST);
}

function isRefused({ bytes, refused = [] }: Hostile): void {
  const given = bytes();
  timed(ADMIT_MS_MAX, 'refusal', () =>
    assert.throws(
      () => admitModule(given, 'canonical-nan'),
      (error) => error instanceof Fault && refused.some((slug) => slug === error.slug) && error.message.length < 300,
    ),
  );
}

for (const hostile of HOSTILE) {
  if (hostile.refused === undefined) test(`${hostile.name}: ${hostile.trap ?? 'harmless'}`, () => runs(hostile));
  else if (COMPILER === undefined) test(`${hostile.name}: refused`, () => isRefused(hostile));
}

if (COMPILER === undefined) {
  for (const tier of ['baseline', 'optimising'] as const) {
    test(`those that run, on the ${tier} compiler alone`, () => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { status, stdout, stderr } = spawnSync(process.execPath, [...TIERS[tier], '--test-reporter=tap', fileURLToPath(import.meta.url)], {
        encoding: 'utf8',
        env: { ...env, AVA_VM_COMPILER: tier },
      });
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.match(stdout, /^# pass [1-9]\d*$/m);
    });
  }
}
