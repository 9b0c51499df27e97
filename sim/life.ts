/**
 * Lives of a log on a simulated disk: append until the machine stops, restart, and hold the store to its promises:
 * what was acknowledged is there, byte for byte, and nothing is there that was not handed in at its height.
 */
import assert from 'node:assert/strict';
import { Fault } from '../src/base/fault.ts';
import { FrameWriter } from '../src/store/frame.ts';
import { Log, type LogOptions } from '../src/store/log.ts';
import type { SimDisk } from './disk.ts';
import { frameOf } from './frames.ts';
import type { Random } from './random.ts';

export const LIFE_SALT = 'lifesalt';
export const LIFE_OPTIONS: LogOptions = { segment_bytes: 4_096, salt: () => LIFE_SALT };

/** What the outside knows: each block handed in last at its height, and the heights that were acknowledged. */
export class Witnessed {
  readonly handed = new Map<number, Buffer>();
  acknowledged = 0;

  clone(): Witnessed {
    const copy = new Witnessed();
    for (const [height, bytes] of this.handed) copy.handed.set(height, bytes);
    copy.acknowledged = this.acknowledged;
    return copy;
  }
}

/** Lets everything run that is due; true when the machine has stopped meanwhile. */
const settle = async (disk: SimDisk, over: () => boolean): Promise<void> => {
  for (let turns = 0; !over() && !disk.stopped && turns < 10_000; turns++) await Promise.resolve();
};

/** Opens the log, or null when the machine stopped while it did. Faults come through. */
export async function openLog(disk: SimDisk, options: LogOptions = LIFE_OPTIONS): Promise<Log | null> {
  let log: Log | null = null;
  let fault: unknown = null;
  const opening = Log.open(disk, options).then(
    (opened) => {
      log = opened;
    },
    (error) => {
      fault = error;
    },
  );
  await settle(disk, () => log !== null || fault !== null);
  if (disk.stopped) return null;
  await opening;
  if (fault !== null) throw fault;
  return log;
}

/** Appends blocks until `count` stand, the log refuses, or the machine stops. Blocks have up to `bytes` a part. */
export async function appendMany(disk: SimDisk, log: Log, random: Random, witnessed: Witnessed, count: number, bytes = 300): Promise<void> {
  const writer = new FrameWriter(LIFE_SALT);
  for (let i = 0; i < count && !disk.stopped; i++) {
    const height = log.head + 1;
    const frame = Buffer.from(writer.encode(frameOf(random, height, random.below(4), 1 + random.below(bytes))));
    const refused = log.failed !== null;
    if (!refused) witnessed.handed.set(height, frame);
    let answer: Fault | null | undefined;
    log.append(frame, height, (fault) => {
      answer = fault;
    });
    await settle(disk, () => answer !== undefined);
    if (disk.stopped) return;
    assert(answer !== undefined, 'append answers');
    if (answer === null) {
      assert(!refused, 'a log that has stopped takes nothing');
      witnessed.acknowledged = height;
    } else {
      assert.equal(answer.slug, 'disk_failed');
      assert.equal(log.failed?.slug, 'disk_failed');
    }
  }
  // makes of the background come to rest
  for (let i = 0; i < 40 && !disk.stopped; i++) await Promise.resolve();
}

/** The promises, of an opened log. */
export function checkLog(log: Log, witnessed: Witnessed): void {
  assert(log.head >= witnessed.acknowledged, `block ${witnessed.acknowledged} was acknowledged, the ledger ends with ${log.head}`);
  let height = 0;
  let entries = 0;
  for (const frame of log.frames()) {
    height += 1;
    assert.equal(frame.height, height);
    assert.deepEqual(Buffer.from(log.bytesOf(height)), witnessed.handed.get(height), `block ${height} is the one that was handed in`);
    assert.equal(log.entriesBefore(height), entries);
    if (frame.items.length > 0) assert.equal(log.heightOfEntry(entries), height);
    entries += frame.items.length;
  }
  assert.equal(height, log.head);
  assert.equal(entries, log.size);
  assert.throws(
    () => log.read(log.head + 1),
    (e) => e instanceof Fault && e.slug === 'block_unknown',
  );
}

/** After a restart: what was recovered is durable and counts as acknowledged, what was not is gone for ever. */
export function adopt(log: Log, witnessed: Witnessed): void {
  checkLog(log, witnessed);
  witnessed.acknowledged = log.head;
  for (const height of witnessed.handed.keys()) if (height > log.head) witnessed.handed.delete(height);
}
