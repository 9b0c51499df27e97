/**
 * Random modules: instrumented code gives what plain code and the reference interpreter give, and the reference's gas, on
 * each of the engine's compilers, in new and in reused instances. AVA_VM_MODULES sets how many, AVA_VM_SEED where they begin.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { runTier, TIERS, type Tier, type TierRun } from './vm/tier.ts';

const MODULES = Number(process.env['AVA_VM_MODULES'] ?? 300);
const SEED = Number(process.env['AVA_VM_SEED'] ?? 1);
/** A process's share: the engine returns the address space of memories late. */
const SHARE = 2_000;
/** Replacing code as it runs is slow, and is asked of a part. */
const BOTH_SHARE = 8;

interface Job {
  readonly tier: Tier;
  readonly from: number;
  readonly to: number;
}

function jobs(): Job[] {
  const list: Job[] = [];
  for (let from = SEED; from < SEED + MODULES; from += SHARE) {
    const to = Math.min(from + SHARE, SEED + MODULES);
    list.push(
      { tier: 'baseline', from, to },
      { tier: 'optimising', from, to },
      { tier: 'both', from, to: Math.max(from + 1, from + Math.floor((to - from) / BOTH_SHARE)) },
    );
  }
  return list;
}

test(`${MODULES} random modules from seed ${SEED}: the same on every compiler`, { timeout: 24 * 3_600_000 }, async () => {
  const waiting = jobs();
  const done = new Map<string, TierRun>();
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) done.set(`${job.tier} ${job.from}`, await runTier(job.tier, job.from, job.to));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  let [calls, returned, instructions] = [0, 0, 0];
  for (let from = SEED; from < SEED + MODULES; from += SHARE) {
    const [baseline, ...others] = (Object.keys(TIERS) as Tier[]).map((tier) => done.get(`${tier} ${from}`));
    assert.ok(baseline !== undefined);
    for (const other of others)
      for (const [index, digest] of (other?.digests ?? []).entries())
        assert.equal(digest, baseline.digests[index], `seed ${from + index}: the compilers differ`);
    calls += baseline.calls;
    returned += baseline.returned;
    instructions += baseline.instructions;
  }
  console.log(`${MODULES} modules, ${calls} calls, ${returned} returned, ${instructions} instructions by the reference`);
  assert.ok(returned > calls / 10, 'programs that mostly trap show little');
});
