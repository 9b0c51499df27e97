import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SimDisk } from '../../sim/disk.ts';
import { frameOf } from '../../sim/frames.ts';
import { Random } from '../../sim/random.ts';
import { scratchFolder } from '../../sim/scratch.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { type Disk, RealDisk } from './disk.ts';
import { type Frame, FrameWriter } from './frame.ts';
import { Log } from './log.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);
const random = new Random(SEED);
const SMALL = { segment_bytes: 16_384 };
const refuses = (slug: FaultName, text: RegExp) => (e: unknown) => e instanceof Fault && e.slug === slug && text.test(e.message);

const append = (log: Log, writer: FrameWriter, frame: Frame): Promise<void> =>
  new Promise((resolve, reject) => log.append(writer.encode(frame), frame.height, (fault) => (fault === null ? resolve() : reject(fault))));

async function grow(log: Log, blocks: number, bytes = 400): Promise<Frame[]> {
  const writer = new FrameWriter(log.salt);
  const frames: Frame[] = [];
  for (let i = 0; i < blocks; i++) {
    const frame = frameOf(random, log.head + 1, random.below(6), bytes);
    await append(log, writer, frame);
    frames.push(frame);
  }
  return frames;
}

const plain = (frame: Frame): unknown =>
  JSON.parse(
    JSON.stringify({
      ...frame,
      header: [...frame.header],
      signature: [...frame.signature],
      items: frame.items.map(({ entry, sidecar, witness }) => [[...entry], sidecar && [...sidecar], witness && [...witness]]),
    }),
  );

for (const [kind, diskOf] of [
  ['a real disk', (t) => new RealDisk(join(scratchFolder(t), 'log'))],
  ['the simulated disk', () => new SimDisk((of) => random.below(of))],
] satisfies [string, (t: Parameters<typeof scratchFolder>[0]) => Disk][]) {
  test(`blocks go through segments and restarts and come back, on ${kind}`, async (t) => {
    const disk = diskOf(t);
    const frames: Frame[] = [];
    for (let life = 0; life < 4; life++) {
      const log = await Log.open(disk, SMALL);
      assert.equal(log.head, frames.length);
      assert.deepEqual(log.torn, []);
      frames.push(...(await grow(log, 40)));
      assert.deepEqual([...log.frames()].map(plain), frames.map(plain));
      assert.deepEqual([...log.frames(100)].map(plain), frames.slice(99).map(plain));
      let index = 0;
      for (const frame of frames) {
        assert.equal(log.entriesBefore(frame.height), index);
        for (let i = 0; i < frame.items.length; i++, index++) assert.equal(log.heightOfEntry(index), frame.height);
      }
      assert.equal(log.size, index);
      assert.equal(log.entriesBefore(log.head + 1), index);
      for (const height of [0, -1, log.head + 1, 0.5, Number.NaN]) assert.throws(() => log.read(height), refuses('block_unknown', /no block/));
      for (const wrong of [-1, index, 0.5]) assert.throws(() => log.heightOfEntry(wrong), refuses('block_unknown', /no entry/));
      await log.close();
    }
    const segments = disk.list().filter((name) => name.endsWith('.log'));
    assert(segments.length > 3, `${segments.length} segments`);
    assert(!disk.list().some((name) => name.endsWith('.tmp') || name === 'recovering'));
  });
}

test('segments are made ahead, and a block that fits in none stands all the same', async (t) => {
  const folder = join(scratchFolder(t), 'log');
  const log = await Log.open(new RealDisk(folder), SMALL);
  const [large] = await grow(log, 1, 9_000);
  const huge: Frame = { ...frameOf(random, 2, 0, 1), items: [{ entry: new Uint8Array(60_000).fill(1), sidecar: null, witness: null }] };
  await append(log, new FrameWriter(log.salt), huge);
  const frames = [large, huge, ...(await grow(log, 30))];
  await log.close();
  assert(readdirSync(folder).length > 1);
  assert(
    readdirSync(folder).every((name) => statSync(join(folder, name)).size >= SMALL.segment_bytes),
    'zeroed to their size',
  );
  const again = await Log.open(new RealDisk(folder), SMALL);
  assert.deepEqual([...again.frames()].map(plain), frames.map(plain));
  await again.close();
});

test('one block at a time, of this log, and the next height', async () => {
  const log = await Log.open(new SimDisk(() => 0), SMALL);
  const writer = new FrameWriter(log.salt);
  assert.throws(() => log.append(writer.encode(frameOf(random, 2, 1, 9)), 2, () => undefined), /block 2 after 0/);
  assert.throws(() => log.append(writer.encode(frameOf(random, 1, 1, 9)), 2, () => undefined), /block 2 after 0/);
  assert.throws(() => log.append(new FrameWriter('another!').encode(frameOf(random, 1, 1, 9)), 1, () => undefined), /not a frame of this log/);
  const first = append(log, writer, frameOf(random, 1, 1, 9));
  assert(log.busy);
  assert.throws(() => log.append(writer.encode(frameOf(random, 1, 1, 9)), 1, () => undefined), /in flight/);
  assert.equal(log.head, 0, 'not durable yet');
  await first;
  assert.equal(log.head, 1);
});

test("the frame's buffer is free on return, and watchers have copies", async () => {
  const log = await Log.open(new SimDisk(() => 0), SMALL);
  const writer = new FrameWriter(log.salt);
  const seen: [number, Uint8Array][] = [];
  const stop = log.watch((height, bytes) => seen.push([height, bytes]));
  const frame = frameOf(random, 1, 3, 50);
  const done = append(log, writer, frame);
  writer.encode(frameOf(random, 2, 3, 50)); // while the first is in flight
  await done;
  assert.deepEqual(plain(log.read(1)), plain(frame));
  assert.deepEqual(seen, [[1, log.bytesOf(1)]]);
  stop();
  await grow(log, 1);
  assert.equal(seen.length, 1);
});

test('a log that has less than was published is refused, and nothing is written', async () => {
  const disk = new SimDisk(() => 0);
  const log = await Log.open(disk, SMALL);
  await grow(log, 5);
  const { size } = log;
  await log.close();
  for (const trusted of [{ size }, { size: 0 }, { size, height: 5 }]) await (await Log.open(disk.killed(), { ...SMALL, trusted })).close();
  for (const trusted of [{ size: size + 1 }, { size: 0, height: 6 }]) {
    const copy = disk.killed();
    await assert.rejects(Log.open(copy, { ...SMALL, trusted }), refuses('ledger_behind', /ends with block 5/));
    assert.deepEqual(copy.fileNames(), disk.fileNames());
  }
  await assert.rejects(Log.open(new SimDisk(() => 0), { ...SMALL, trusted: { size: 1 } }), refuses('ledger_behind', /the ledger 0/));
  // the last block torn, although it had been published
  const name = disk.fileNames()[0];
  const bytes = disk.bytesOf(name);
  let end = bytes.length;
  while (bytes[end - 1] === 0) end -= 1;
  const torn = disk.killed();
  torn.bytesOf(name).fill(0, end - 300, end);
  await assert.rejects(Log.open(torn.killed(), { ...SMALL, trusted: { size, height: 5 } }), refuses('ledger_corrupt', /block 5/));
  const recovered = await Log.open(torn, SMALL);
  assert.equal(recovered.head, 4);
  assert.equal(recovered.torn[0].height, 5);
});

test('damage is refused, and the block named', async () => {
  const disk = new SimDisk(() => 0);
  const log = await Log.open(disk, { segment_bytes: 4_096 });
  await grow(log, 12, 200);
  await log.close();
  const names = disk.fileNames();
  assert(names.length > 3);
  const damaged = async (change: (copy: SimDisk) => void, text: RegExp): Promise<void> => {
    const copy = disk.killed();
    change(copy);
    await assert.rejects(Log.open(copy, SMALL), refuses('ledger_corrupt', text), String(text));
  };
  const start = 64;
  const second = start + disk.bytesOf(names[0]).readUInt32BE(start + 16);
  await damaged((copy) => copy.bytesOf(names[0]).fill(0, start, start + 700), /block 1: .*a whole frame follows/);
  await damaged((copy) => copy.unlink(names[1]), /segment 2 is missing/);
  await damaged((copy) => copy.unlink(names[0]), /segment 1 is missing/);
  await damaged((copy) => copy.bytesOf(names[0]).copy(copy.bytesOf(names[0]), start, second, second + 600), /block 2 stands in its place|block 1/);
  await damaged((copy) => copy.bytesOf(names[1]).fill(0, start), /block 4: block \d stands in its place/);
  await damaged((copy) => copy.bytesOf(names[1]).writeUInt8(9, 8), /the head of segment 2/);
});

test('reading alone writes nothing, and sees a torn tail', async () => {
  const disk = new SimDisk(() => 0);
  const log = await Log.open(disk, SMALL);
  await grow(log, 3);
  disk.bytesOf(disk.fileNames()[0]).write('AV', 15_000);
  const copy = disk.killed();
  const reader = await Log.open(copy, { ...SMALL, read_only: true });
  assert.equal([...reader.frames()].length, 3);
  assert.equal(reader.torn.length, 1);
  assert.equal(copy.bytesOf(copy.fileNames()[0]).toString('latin1', 15_000, 15_002), 'AV');
  assert.throws(() => reader.append(new FrameWriter(reader.salt).encode(frameOf(random, 4, 0, 1)), 4, () => undefined), /for reading/);
  const empty = new SimDisk(() => 0);
  assert.equal((await Log.open(empty, { read_only: true })).head, 0);
  assert.deepEqual(empty.fileNames(), []);
});

test('content that looks like a frame is not taken for one', async () => {
  const disk = new SimDisk(() => 0);
  const log = await Log.open(disk, SMALL);
  await grow(log, 2);
  // an agent sends bytes of a frame as its arguments; the machine stops, and the first sectors of the block are lost
  const forged = new FrameWriter('guessed!').encode(frameOf(random, 3, 1, 9)).slice();
  const frame = { ...frameOf(random, 3, 1, 9), items: [{ entry: new Uint8Array(500).fill(1), sidecar: forged, witness: null }] };
  await append(log, new FrameWriter(log.salt), frame);
  const name = disk.fileNames()[0];
  const bytes = disk.bytesOf(name);
  const from = 64 + log.bytesOf(1).length + log.bytesOf(2).length;
  bytes.fill(0, from, Math.ceil(from / 512) * 512);
  const again = await Log.open(disk, SMALL);
  assert.equal(again.head, 2);
  assert.equal(again.torn.length, 1);
  assert.equal(disk.bytesOf(name).indexOf(Buffer.from(forged)), -1, 'its remains are gone');
});
