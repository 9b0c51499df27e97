import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { emptyFrame, frameOf } from '../../sim/frames.ts';
import { Random } from '../../sim/random.ts';
import { Fault } from '../base/fault.ts';
import { decodeFrame, FRAME_ENTRIES_MAX, type Frame, FrameWriter, readHead, WITNESS_BYTES_MAX } from './frame.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);
const SALT = 'saltsalt';
const writer = new FrameWriter(SALT);
const bytesOf = (frame: Frame): Buffer => Buffer.from(writer.encode(frame));
const refuses = (bytes: Uint8Array, reason: RegExp) =>
  assert.throws(
    () => decodeFrame(bytes, SALT),
    (e) => e instanceof Fault && e.slug === 'frame_malformed' && reason.test(e.message),
    String(reason),
  );

/** The frame with one field changed and both checksums made anew. */
function resealed(frame: Frame, change: (bytes: Buffer) => void): Buffer {
  const bytes = bytesOf(frame);
  change(bytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 44)), 44);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 8)), bytes.length - 8);
  return bytes;
}

test('a frame goes and comes back', () => {
  const random = new Random(SEED);
  for (let i = 0; i < 200; i++) {
    const frame = frameOf(random, 1 + random.below(2 ** 32) * 1_000, random.below(12), 400);
    const bytes = bytesOf(frame);
    const again = decodeFrame(bytes, SALT);
    assert.deepEqual(
      { ...again, header: Buffer.from(again.header), signature: Buffer.from(again.signature), items: [] },
      { ...frame, header: Buffer.from(frame.header), signature: Buffer.from(frame.signature), items: [] },
    );
    assert.equal(again.items.length, frame.items.length);
    again.items.forEach((item, at) => {
      for (const part of ['entry', 'sidecar', 'witness'] as const)
        assert.deepEqual(item[part] && Buffer.from(item[part]), frame.items[at][part] && Buffer.from(frame.items[at][part] ?? []));
    });
    assert.deepEqual(bytesOf(again), bytes, 'one encoding');
  }
});

test('null and empty are told apart', () => {
  const item = { entry: new Uint8Array([1]), sidecar: new Uint8Array(0), witness: null };
  const [again] = decodeFrame(bytesOf({ ...emptyFrame(7), items: [item] }), SALT).items;
  assert.equal(again.sidecar?.length, 0);
  assert.equal(again.witness, null);
});

test('the buffer grows, and the first bytes stay valid until the next call', () => {
  const small = new FrameWriter(SALT, 64);
  const random = new Random(SEED);
  for (let i = 1; i < 20; i++) {
    const frame = frameOf(random, i, i, 1_000);
    assert.deepEqual(Buffer.from(small.encode(frame)), bytesOf(frame));
  }
});

test('every flipped bit is refused', () => {
  const bytes = bytesOf(frameOf(new Random(SEED), 9, 3, 60));
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      bytes[at] ^= 1 << bit;
      refuses(bytes, /./);
      bytes[at] ^= 1 << bit;
    }
  }
  decodeFrame(bytes, SALT);
});

test('every cut and every longer one is refused', () => {
  const bytes = bytesOf(frameOf(new Random(SEED), 9, 2, 60));
  for (let length = 0; length < bytes.length; length++) refuses(bytes.subarray(0, length), /cut/);
  refuses(Buffer.concat([bytes, Buffer.from([0])]), /bytes follow/);
});

test('what has valid checksums and no meaning is refused with its reason', () => {
  const frame = frameOf(new Random(SEED), 9, 2, 60);
  const rows = 48 + 32 + 576 + 64;
  const cases: [RegExp, (bytes: Buffer) => void][] = [
    [/the magic is wrong/, (b) => b.writeUInt8(0, 0)],
    [/version 2 is unknown/, (b) => b.writeUInt16BE(2, 4)],
    [/suite 0/, (b) => b.writeUInt16BE(0, 6)],
    [/another log/, (b) => b.writeUInt8(b[15] + 1, 15)],
    [/is cut/, (b) => b.writeUInt32BE(b.length + 1, 16)],
    [/bytes follow/, (b) => b.writeUInt32BE(b.length - 1, 16)],
    [/the length cannot be/, (b) => b.writeUInt32BE(100, 16)],
    [/the length cannot be/, (b) => b.writeUInt32BE(0xffffffff, 16)],
    [/bytes are left over|exceeds its bound|past the end/, (b) => b.writeUInt32BE(1, 20)],
    [/a count exceeds/, (b) => b.writeUInt32BE(FRAME_ENTRIES_MAX + 1, 20)],
    [/the heights cannot be/, (b) => b.writeUInt32BE(0x00200000, 24)],
    [/the heights cannot be/, (b) => b.writeUInt32BE(9, 36)],
    [/a count exceeds/, (b) => b.writeUInt32BE(8_193, 40)],
    [/exceeds its bound/, (b) => b.writeUInt32BE(0, rows)],
    [/exceeds its bound/, (b) => b.writeUInt32BE(65_536, rows)],
    [/exceeds its bound/, (b) => b.writeUInt32BE(WITNESS_BYTES_MAX + 2, rows + 8)],
    [/past the end/, (b) => b.writeUInt32BE(60_000, rows)],
    [/bytes are left over|past the end/, (b) => b.writeUInt32BE(b.readUInt32BE(rows + 12) - 1, rows + 12)],
  ];
  for (const [reason, change] of cases) refuses(resealed(frame, change), reason);
  decodeFrame(
    resealed(frame, () => undefined),
    SALT,
  );
  const mark = bytesOf(frame);
  mark.writeUInt8(0x45, mark.length - 4);
  refuses(mark, /the checksum is wrong/);
  assert.equal(typeof readHead(bytesOf(frame), 0, 'otherslt'), 'string');
});

test('what a frame cannot hold is refused before it is written', () => {
  const good = emptyFrame(5);
  const item = { entry: new Uint8Array(1), sidecar: null, witness: null };
  const cases: Frame[] = [
    { ...good, height: -1 },
    { ...good, height: 0.5 },
    { ...good, durable: 5 },
    { ...good, durable: -1 },
    { ...good, header: new Uint8Array(575) },
    { ...good, key_id: 'x' },
    { ...good, suite: 0 },
    { ...good, suite: 65_536 },
    { ...good, signature: new Uint8Array(8_193) },
    { ...good, items: [{ ...item, entry: new Uint8Array(0) }] },
    { ...good, items: [{ ...item, entry: new Uint8Array(65_536) }] },
    { ...good, items: [{ ...item, sidecar: new Uint8Array(196_609) }] },
    { ...good, items: [{ ...item, witness: new Uint8Array(131_073) }] },
    { ...good, items: Array.from({ length: FRAME_ENTRIES_MAX + 1 }, () => item) },
  ];
  for (const frame of cases)
    assert.throws(
      () => writer.encode(frame),
      (e) => e instanceof Fault && e.slug === 'frame_malformed',
    );
  const large = { entry: new Uint8Array(65_535), sidecar: new Uint8Array(196_608), witness: null };
  assert.throws(
    () => writer.encode({ ...good, items: Array.from({ length: 200 }, () => large) }),
    (e) => e instanceof Fault && e.slug === 'frame_too_large',
  );
  assert.throws(() => new FrameWriter('short'), RangeError);
});
