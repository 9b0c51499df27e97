import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../sim/disk.ts';
import { frameOf } from '../../sim/frames.ts';
import { Random } from '../../sim/random.ts';
import { follow } from './follow.ts';
import { FrameWriter } from './frame.ts';
import { Log } from './log.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);
const random = new Random(SEED);

async function grow(log: Log, blocks: number): Promise<void> {
  const writer = new FrameWriter(log.salt);
  for (let i = 0; i < blocks; i++)
    await new Promise<void>((resolve) => log.append(writer.encode(frameOf(random, log.head + 1, 2, 50)), log.head + 1, () => resolve()));
}

/** Takes `count` heights from a follower. */
async function take(iterator: AsyncGenerator<{ height: number }>, count: number): Promise<number[]> {
  const heights: number[] = [];
  for (let i = 0; i < count; i++) heights.push(((await iterator.next()).value as { height: number }).height);
  return heights;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('catches up, then follows live, in order', async () => {
  const log = await Log.open(new SimDisk(() => 0), { segment_bytes: 16_384 });
  await grow(log, 20);
  const iterator = follow(log, 5);
  assert.deepEqual(await take(iterator, 16), range(5, 20));
  const waiting = take(iterator, 10);
  await grow(log, 10);
  assert.deepEqual(await waiting, range(21, 30));
  await grow(log, 3);
  assert.deepEqual(await take(iterator, 3), range(31, 33));
  await iterator.return();
});

test('a slow reader loses nothing: past its queue it reads from the log', async () => {
  const log = await Log.open(new SimDisk(() => 0), { segment_bytes: 16_384 });
  const iterator = follow(log, 0, { queue_frames: 4 });
  const first = take(iterator, 1);
  await grow(log, 50);
  assert.deepEqual(await first, [1]);
  for (let at = 2; at <= 200; at += 3) {
    await grow(log, 1 + random.below(6));
    assert.deepEqual(await take(iterator, 3), range(at, at + 2));
  }
  await iterator.return();
});

test('a follower that starts beyond the head waits for its block', async () => {
  const log = await Log.open(new SimDisk(() => 0), { segment_bytes: 16_384 });
  const waiting = take(follow(log, 3), 2);
  await grow(log, 4);
  assert.deepEqual(await waiting, [3, 4]);
});

test('a signal ends it, waiting or not', async () => {
  const log = await Log.open(new SimDisk(() => 0), { segment_bytes: 16_384 });
  await grow(log, 2);
  const stop = new AbortController();
  const iterator = follow(log, 1, { signal: stop.signal });
  assert.deepEqual(await take(iterator, 2), [1, 2]);
  const waiting = iterator.next();
  stop.abort();
  assert.equal((await waiting).done, true);
  assert.equal((await follow(log, 1, { signal: AbortSignal.abort() }).next()).done, true);
});
