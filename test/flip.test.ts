/**
 * Every byte counts: a ledger that a real node made, and bundles of it, with one byte changed, are refused, and a change
 * in the log is told with its block. AVA_FLIPS and AVA_SEED repeat or lengthen a run.
 */
import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  cpSync,
  fstatSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { Random } from '../sim/random.ts';
import { verifyBundle } from '../src/audit/bundle.ts';
import { fsck, openReadOnly } from '../src/audit/fsck.ts';
import { Fault } from '../src/base/fault.ts';
import { RealDisk } from '../src/store/disk.ts';
import { makeSegment } from '../src/store/segment.ts';
import { type ByteClass, classesOf, type Span } from './real/bytes.ts';
import { writeLaw } from './real/law.ts';
import { Promises, startLoad } from './real/load.ts';
import { endAll, RealNode, scratch } from './real/process.ts';

const FLIPS = Number(process.env['AVA_FLIPS'] ?? 1_000);
const SEED = Number(process.env['AVA_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);
/** Of the zero space, so much stays in the copies: reading 64 MiB for each flip shows nothing more. */
const PADDING_BYTES = 65_536;
const ENTRIES_MIN = 300;
const BUNDLES = 24;
const FORGED_SHARE = 4;

const folder = scratch('flip');
const whole = join(folder.path, 'data');
const copy = join(folder.path, 'copy');
const bundles: Uint8Array[] = [];
const random = new Random(SEED);
let spans: readonly Span[] = [];

before(async () => {
  const node = await RealNode.start({ dir: whole, constitution: writeLaw(folder.path) });
  const promises = new Promises();
  for (let round = 0; promises.answers < ENTRIES_MIN; round++) {
    const load = startLoad({ client: node.client, random, promises, clients: 5, name: `agent-${round}` });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await load.stop();
  }
  assert.deepEqual(promises.unexpected, []);
  const { held } = promises.take();
  for (let i = 0; i < BUNDLES; i++) bundles.push(await node.client.bundle(random.pick(held).receipt));
  assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.err);
  // a copy with little padding, and the spare segment that a fuller log would have
  const { log } = await openReadOnly(whole);
  cpSync(whole, copy, { recursive: true, filter: (path) => !path.includes('.log') && !path.includes('state') });
  mkdirSync(join(copy, 'log'), { recursive: true });
  const first = join(copy, 'log', '00000001.log');
  copyFileSync(join(whole, 'log', '00000001.log'), first);
  const { ends, classes } = classesOf(readFileSync(first), log.salt, PADDING_BYTES);
  truncateSync(first, ends + PADDING_BYTES);
  await new Promise<void>((resolve, reject) =>
    makeSegment(new RealDisk(join(copy, 'log')), 2, log.salt, PADDING_BYTES, (file, failure) => {
      file?.close();
      if (failure === null) resolve();
      else reject(failure.error);
    }),
  );
  spans = [
    ...classes,
    { name: 'spare head', file: 'log/00000002.log', from: 0, to: 64, height: log.head + 1, frame: null },
    { name: 'spare padding', file: 'log/00000002.log', from: 64, to: PADDING_BYTES, height: log.head + 1, frame: null },
    { name: 'genesis', file: 'genesis.cbor', from: 0, to: statSync(join(copy, 'genesis.cbor')).size, height: null, frame: null },
    { name: 'checkpoint', file: 'checkpoint', from: 0, to: statSync(join(copy, 'checkpoint')).size, height: null, frame: null },
  ];
  const heights = log.head;
  const sizes = new Set([...log.frames()].map(({ items }) => items.length));
  await log.close();
  console.log(`flip: seed ${SEED}, ${heights} blocks of ${sizes.size} sizes, ${promises.answers} answers`);
  assert.ok(sizes.size > 1 && heights > 20);
});

after(async () => {
  await endAll();
  folder.remove();
});

/** Changes the file while `work` runs. */
async function changed<T>(file: string, change: (bytes: Buffer) => void, from: number, length: number, work: () => Promise<T>): Promise<T> {
  const path = join(copy, file);
  const fd = openSync(path, 'r+');
  try {
    const size = Math.min(length, fstatSync(fd).size - from);
    const kept = Buffer.alloc(size);
    readSync(fd, kept, 0, size, from);
    const other = Buffer.from(kept);
    change(other);
    writeSync(fd, other, 0, size, from);
    try {
      return await work();
    } finally {
      writeSync(fd, kept, 0, size, from);
    }
  } finally {
    closeSync(fd);
  }
}

/** The fault that refuses the copy. */
async function refusal(where: string): Promise<Fault> {
  try {
    await fsck(copy);
  } catch (error) {
    assert.ok(error instanceof Fault, `${where}: ${error instanceof Error ? error.stack : String(error)}`);
    return error;
  }
  assert.fail(`${where} is not refused`);
}

function namesBlock(fault: Fault, where: string, height: number): void {
  assert.equal(fault.context['height'], height, `${where}: ${fault.message}`);
  assert.match(fault.message, new RegExp(`block ${height}\\b`), where);
}

test('the copies are sound', async () => {
  const report = await fsck(copy);
  assert.equal(report.entries, (await fsck(whole)).entries);
  for (const bytes of bundles) assert.equal(verifyBundle(bytes).complete, true);
});

test(`${FLIPS} flips of a byte in log, genesis and checkpoint are refused`, { timeout: 900_000 }, async () => {
  const counts = new Map<ByteClass, number>();
  const classes = [...new Set(spans.map(({ name }) => name))];
  for (let i = 0; i < FLIPS; i++) {
    // each class in turn, so that small ones are hit as often as large ones
    const name = classes[i % classes.length];
    const span = random.pick(spans.filter((one) => one.name === name));
    const at = span.from + random.below(span.to - span.from);
    const flip = 1 + random.below(255);
    const where = `seed ${SEED}, flip ${i}: ${name}, ${span.file} byte ${at} ^ ${flip}`;
    const fault = await changed(
      span.file,
      (bytes) => (bytes[0] ^= flip),
      at,
      1,
      () => refusal(where),
    );
    if (span.height !== null) namesBlock(fault, where, span.height);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  console.log(`flip: ${JSON.stringify(Object.fromEntries(counts))}`);
  assert.equal(counts.size, classes.length);
  await fsck(copy);
});

test('a forger who corrects the checksums is refused as well', { timeout: 900_000 }, async () => {
  const counts = new Map<ByteClass, number>();
  const forgeable = spans.filter(({ frame, name }) => frame !== null && name !== 'crc' && name !== 'end mark');
  const classes = [...new Set(forgeable.map(({ name }) => name))];
  const total = Math.max(classes.length * 4, Math.floor(FLIPS / FORGED_SHARE));
  for (let i = 0; i < total; i++) {
    const name = classes[i % classes.length];
    const span = random.pick(forgeable.filter((one) => one.name === name));
    const frame = span.frame as NonNullable<Span['frame']>;
    const at = span.from + random.below(span.to - span.from);
    // the head's own checksum is written anew: a flip there is none
    if (at - frame.from >= 44 && at - frame.from < 48) continue;
    const where = `seed ${SEED}, forgery ${i}: ${name}, byte ${at - frame.from} of block ${span.height}`;
    const flip = 1 + random.below(255);
    const fault = await changed(
      span.file,
      (bytes) => {
        bytes[at - frame.from] ^= flip;
        bytes.writeUInt32BE(crc32(bytes.subarray(0, 44)), 44);
        bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 8)), bytes.length - 8);
      },
      frame.from,
      frame.to - frame.from,
      () => refusal(where),
    );
    namesBlock(fault, where, span.height as number);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  console.log(`flip: forged ${JSON.stringify(Object.fromEntries(counts))}`);
  await fsck(copy);
});

test(`${FLIPS} flips of a byte in bundles are refused`, { timeout: 900_000 }, () => {
  for (let i = 0; i < FLIPS; i++) {
    const bytes = new Uint8Array(random.pick(bundles));
    const at = random.below(bytes.length);
    const flip = 1 + random.below(255);
    bytes[at] ^= flip;
    assert.throws(
      () => verifyBundle(bytes),
      (error) => error instanceof Fault,
      `seed ${SEED}, flip ${i}: byte ${at} of ${bytes.length} ^ ${flip}`,
    );
  }
});

test("in the node's own folder, 64 MiB segment and all", async () => {
  const path = join(whole, 'log', '00000001.log');
  const { size } = statSync(path);
  rmSync(join(whole, 'state'), { recursive: true });
  for (const at of [0, 100, size - 1, size >> 1]) {
    const fd = openSync(path, 'r+');
    const kept = Buffer.alloc(1);
    readSync(fd, kept, 0, 1, at);
    writeSync(fd, Buffer.from([kept[0] ^ 1]), 0, 1, at);
    await assert.rejects(fsck(whole), (error) => error instanceof Fault && error.slug === 'ledger_corrupt' && typeof error.context['height'] === 'number');
    writeSync(fd, kept, 0, 1, at);
    closeSync(fd);
  }
  assert.ok((await fsck(whole)).entries > 0);
  assert.deepEqual(globSync('log/*', { cwd: whole }), ['log/00000001.log']);
});
