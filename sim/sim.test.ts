/**
 * Seeded simulations of a node with its replicas. AVA_SIM_SEEDS says how many (300), AVA_SIM_SEED=n runs one again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lawOf } from '../src/law/law.ts';
import { limitsOf } from './claims.ts';
import { Cluster, type Counts } from './cluster.ts';
import type { SimFault } from './disk.ts';
import { DAY_LIMIT, HOUR_LIMIT, simGenesis } from './laws.ts';
import { Random } from './random.ts';

const ONE = process.env['AVA_SIM_SEED'];
const SEEDS = ONE === undefined ? Number(process.env['AVA_SIM_SEEDS'] ?? 300) : 1;
const FIRST = ONE === undefined ? 1 : Number(ONE);

const genesis = simGenesis();
const worlds = {
  limits: { law: lawOf(genesis.limits), replicaLaw: lawOf(genesis.limits), limits: limitsOf(HOUR_LIMIT, DAY_LIMIT), halts: false },
  guarded: { law: lawOf(genesis.guarded), replicaLaw: lawOf(genesis.guarded), limits: limitsOf(HOUR_LIMIT, DAY_LIMIT), halts: true },
  starter: { law: lawOf(genesis.starter), replicaLaw: lawOf(genesis.starter), limits: [], halts: false },
};

/** Where faults strike: at one call, at two, in recovery, never. */
function faultsOf(random: Random): (readonly [number, SimFault])[] {
  const kinds: readonly SimFault[] = ['crash', 'crash', 'EIO', 'ENOSPC', 'short'];
  const at = (): number => 1 + random.below(random.chance(0.25) ? 12 : 120);
  const faults = Array.from({ length: random.pick([0, 1, 1, 1, 2]) }, (): readonly [number, SimFault] => [at(), random.pick(kinds)]);
  return faults;
}

async function simulate(seed: number, counts: Counts): Promise<void> {
  const random = new Random(seed);
  const world = worlds[random.pick(['limits', 'limits', 'guarded', 'guarded', 'starter'] as const)];
  const cluster = new Cluster({ ...world, random, counts });
  for (let life = 2 + random.below(4); life > 0; life--) await cluster.live(5 + random.below(60), faultsOf(random));
  const { disk } = await cluster.finish();
  for (let i = 0; i < 3; i++) await cluster.flip(disk);
}

test(`${SEEDS} simulations with faults`, async () => {
  const counts: Counts = {};
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      await simulate(seed, counts);
    } catch (error) {
      console.log(`seed ${seed} failed; once more with: AVA_SIM_SEED=${seed} node --test sim/sim.test.ts`);
      throw error;
    }
  }
  console.log(
    Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, count]) => `${what} ${count}`)
      .join(' · '),
  );
  if (SEEDS < 100) return;
  const met = [
    'crash',
    'kill',
    'poison',
    'clean',
    'unopened',
    'stops',
    'allow',
    'deny',
    'escalate',
    'session_unknown',
    'permit_used',
    'permit_unknown',
    'permit_expired',
    'sequence_used',
    'transaction_expired',
    'signature_invalid',
    'kind_unknown',
    'rule_unknown',
    'halt_unknown',
    'halt_span',
    'breaker.opened',
    'breaker.half_open',
    'breaker.closed',
    'halt.ended',
    'cause failed',
    'cause fault',
    'cause breaker',
    'cause halt',
    'overloaded',
    'disk_failed',
    'blocks without transactions',
    'blocks of an idle node',
    'recoveries from a snapshot',
    'replicas from a snapshot',
    'payments refused',
  ];
  for (const what of met) assert.ok((counts[what] ?? 0) > 0, `no seed has met: ${what}`);
});
