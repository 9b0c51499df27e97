/**
 * Schedules at random: prices so high that charges are split, tested and kept apart where schedule 1 never does, and so
 * low that they vanish. Trials and proofs hold under each (VM-9 to VM-11). AVA_VM_PRICES sets how many.
 */
import { test } from 'node:test';
import { Random } from '../sim/random.ts';
import { admitModule } from '../src/vm/admit.ts';
import { type Costs, SCHEDULE, type Schedule } from '../src/vm/schedule.ts';
import { bytesOf } from './vm/program.ts';
import { prove } from './vm/proof.ts';
import { randomProgram } from './vm/random-program.ts';
import { trial } from './vm/trial.ts';

const SCHEDULES = Number(process.env['AVA_VM_PRICES'] ?? 60);
const SEED = Number(process.env['AVA_VM_SEED'] ?? 1);
const HIGHEST = [0, 3, 100, 1_500, 5_000];

/** `block`, `else` and `end` are free in every schedule. */
function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const highest = random.pick(HIGHEST);
  const costs = Object.fromEntries(Object.keys(SCHEDULE.costs).map((name) => [name, name === 'free' ? 0 : random.below(highest + 1)]));
  return { version: SCHEDULE.version, costs: costs as unknown as Costs };
}

test(`${SCHEDULES} schedules from seed ${SEED}`, { timeout: 3_600_000 }, () => {
  for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
    const schedule = scheduleOf(seed);
    trial(seed, schedule);
    const floats = seed % 2 === 1;
    const bytes = bytesOf(randomProgram(seed, floats), false);
    try {
      prove(bytes, admitModule(bytes, floats ? 'canonical-nan' : 'integer', {}, schedule).wasm, schedule.costs);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
});
