/**
 * Crash states of the log, enumerated: a stop at every call of the disk, every or many subsets of what was not synced,
 * also while recovering, and again. Properties: acknowledged ⊂ durable; recovery never invents or reorders.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyWay } from '../../sim/choice.ts';
import { SimDisk, type SimFault } from '../../sim/disk.ts';
import { adopt, appendMany, checkLog, openLog, Witnessed } from '../../sim/life.ts';
import { Random } from '../../sim/random.ts';
import { Fault } from '../base/fault.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
const WAYS_MAX = Number(process.env.AVA_CRASH_WAYS ?? 40);
const BLOCKS = 10;
console.log(`seed ${SEED}`);

/** One life with `fault` at call `at`; the same seed makes the same calls up to it. */
async function live(at: number, fault: SimFault): Promise<{ disk: SimDisk; witnessed: Witnessed }> {
  const random = new Random(SEED);
  const disk = new SimDisk((of) => random.below(of));
  const witnessed = new Witnessed();
  disk.faults.set(at, fault);
  const blocks = new Random(SEED + 1);
  try {
    const log = await openLog(disk);
    if (log !== null) {
      await appendMany(disk, log, blocks, witnessed, BLOCKS);
      if (!disk.stopped) checkLog(log, witnessed);
    }
  } catch (error) {
    if (disk.stopped && !(error instanceof assert.AssertionError)) return { disk, witnessed };
    assert(error instanceof Fault && error.slug === 'disk_failed', String(error));
  }
  return { disk, witnessed };
}

/** The calls of an undisturbed life. */
async function callsOf(): Promise<number> {
  const { disk } = await live(-1, 'crash');
  return disk.calls;
}

/** Restarts on `disk`, appends other blocks, and restarts once more. */
async function goOn(disk: SimDisk, witnessed: Witnessed, seed: number): Promise<void> {
  const log = await openLog(disk);
  assert(log !== null);
  adopt(log, witnessed);
  await appendMany(disk, log, new Random(seed), witnessed, 2);
  checkLog(log, witnessed);
  const again = await openLog(disk.crashed(() => 0));
  assert(again !== null);
  checkLog(again, witnessed);
  assert.deepEqual(again.torn, [], 'a clean stop leaves nothing torn');
}

test('a power cut at every call, with every subset of what was not synced', async () => {
  const calls = await callsOf();
  let states = 0;
  for (let at = 1; at <= calls; at++) {
    const { disk, witnessed } = await live(at, 'crash');
    states += await everyWay(WAYS_MAX, async (choose) => goOn(disk.crashed(choose), witnessed.clone(), at));
    // subsets drawn at random where there are more than were walked
    const random = new Random(SEED + at);
    for (let i = 0; i < WAYS_MAX / 4; i++, states++)
      await goOn(
        disk.crashed((of) => random.below(of)),
        witnessed.clone(),
        at,
      );
    await goOn(disk.killed(), witnessed.clone(), at);
  }
  console.log(`${calls} calls, ${states} crash states`);
  assert(states > 500);
});

test('a power cut while recovering, and again', async () => {
  const calls = await callsOf();
  const random = new Random(SEED);
  let states = 0;
  for (let at = 1; at <= calls; at++) {
    const first = await live(at, 'crash');
    for (let second = 1 + random.below(2); second <= 30; second += 1 + random.below(3), states++) {
      const witnessed = first.witnessed.clone();
      let disk = first.disk.crashed((of) => random.below(of));
      disk.faults.set(second, 'crash');
      try {
        const log = await openLog(disk);
        if (log !== null) {
          adopt(log, witnessed);
          await appendMany(disk, log, random, witnessed, 2);
        }
      } catch (error) {
        assert(disk.stopped && error instanceof Fault, String(error));
      }
      const stopped = disk.stopped;
      disk = disk.crashed((of) => random.below(of));
      await goOn(disk, witnessed, second);
      if (!stopped) break;
    }
  }
  console.log(`${states} pairs`);
  assert(states > 300);
});

test('an error of the disk at every call: it stops, stays readable, and the next life keeps the promises', async () => {
  const calls = await callsOf();
  const random = new Random(SEED);
  let states = 0;
  for (const fault of ['EIO', 'ENOSPC', 'short'] as const) {
    for (let at = 1; at <= calls; at++) {
      const { disk, witnessed } = await live(at, fault);
      for (let i = 0; i < 4; i++, states++)
        await goOn(
          disk.crashed((of) => random.below(of)),
          witnessed.clone(),
          i,
        );
      // the page cache shows what a failed sync may never have stored: after the restart it must be durable
      const killed = disk.killed();
      const seen = witnessed.clone();
      const log = await openLog(killed);
      assert(log !== null);
      adopt(log, seen);
      await goOn(
        killed.crashed(() => 0),
        seen,
        at,
      );
      states += 1;
    }
  }
  console.log(`${states} states`);
});

test('a pair of errors, the second while recovering', async () => {
  const calls = await callsOf();
  const random = new Random(SEED);
  let states = 0;
  for (let at = 1; at <= calls; at++) {
    const fault = random.pick(['crash', 'EIO', 'ENOSPC', 'short'] as const);
    const first = await live(at, fault);
    for (let second = 1; second <= 12; second++, states++) {
      const witnessed = first.witnessed.clone();
      const disk = fault === 'crash' || random.chance(0.5) ? first.disk.crashed((of) => random.below(of)) : first.disk.killed();
      disk.faults.set(second, random.pick(['EIO', 'ENOSPC', 'short'] as const));
      try {
        const log = await openLog(disk);
        assert(log !== null);
        adopt(log, witnessed);
        await appendMany(disk, log, random, witnessed, 2);
      } catch (error) {
        assert(error instanceof Fault && error.slug === 'disk_failed', String(error));
      }
      disk.faults.clear();
      await goOn(random.chance(0.5) ? disk.crashed((of) => random.below(of)) : disk.killed(), witnessed, second);
    }
  }
  console.log(`${states} pairs`);
});

test('a failed sync while recovering: the page cache shows what the disk may not have', async () => {
  const calls = await callsOf();
  const random = new Random(SEED);
  let states = 0;
  for (let at = 1; at <= calls; at++) {
    const first = await live(at, random.chance(0.5) ? 'crash' : 'short');
    for (let second = 1; second <= 16; second++, states++) {
      const witnessed = first.witnessed.clone();
      const disk = first.disk.crashed((of) => random.below(of));
      disk.faults.set(second, 'EIO');
      const log = await openLog(disk).catch((error) => {
        assert(error instanceof Fault && error.slug === 'disk_failed', String(error));
        return null;
      });
      if (log !== null) break;
      await goOn(disk.killed(), witnessed, second);
    }
  }
  console.log(`${states} pairs`);
});

test('a full disk: acknowledged blocks stay, and freed space lets the next life go on', async () => {
  for (let capacity = 0; capacity <= 24_000; capacity += 700) {
    const random = new Random(SEED + capacity);
    const disk = new SimDisk((of) => random.below(of));
    disk.capacity = capacity;
    const witnessed = new Witnessed();
    try {
      const log = await openLog(disk);
      assert(log !== null);
      await appendMany(disk, log, random, witnessed, 30);
      checkLog(log, witnessed);
      assert.equal(log.failed?.slug, 'disk_failed');
    } catch (error) {
      assert(error instanceof Fault && error.slug === 'disk_failed', String(error));
    }
    disk.capacity = Number.POSITIVE_INFINITY;
    await goOn(random.chance(0.5) ? disk.crashed((of) => random.below(of)) : disk.killed(), witnessed, capacity);
  }
});

test('every flipped bit of an acknowledged block is refused, and the block named', async () => {
  const { disk, witnessed } = await live(-1, 'crash');
  const random = new Random(SEED);
  let flips = 0;
  for (const name of disk.fileNames().filter((file) => file.endsWith('.log'))) {
    const file = disk.bytesOf(name);
    let end = file.length;
    while (end > 0 && file[end - 1] === 0) end -= 1;
    for (let at = 0; at < end; at += 1 + random.below(5), flips++) {
      const copy = disk.crashed(() => 0);
      copy.flip(name, at, random.below(8));
      await assert.rejects(
        openLog(copy),
        (e) => e instanceof Fault && e.slug === 'ledger_corrupt' && /block \d|segment \d/.test(e.message),
        `${name} byte ${at}`,
      );
    }
  }
  console.log(`${flips} flips of ${witnessed.acknowledged} blocks`);
  assert(flips > 500);
});
