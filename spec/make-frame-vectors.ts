/** Writes spec/vectors/frame.json: `node spec/make-frame-vectors.ts`. */
import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { hex, type Octets, octets } from '../src/base/bytes.ts';
import { type Frame, type FrameItem, FrameWriter } from '../src/store/frame.ts';
import { encodeSegmentHead } from '../src/store/segment.ts';

const SALT: Octets = octets(Uint8Array.from({ length: 8 }, (_, i) => 0xa0 + i));
const run = (length: number, start: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (start + i) & 255);
const item = (entry: number, sidecar: number | null, witness: number | null): FrameItem => ({
  entry: run(entry, 1),
  sidecar: sidecar === null ? null : run(sidecar, 2),
  witness: witness === null ? null : run(witness, 3),
});

const frameOf = (height: number, durable: number, signature: number, items: readonly FrameItem[]): Frame => ({
  height,
  durable,
  header: run(576, height),
  suite: 1,
  key_id: octets(run(32, 9)),
  signature: run(signature, 5),
  items,
});

const FRAMES: readonly Frame[] = [
  frameOf(0, 0, 64, []),
  frameOf(1, 0, 64, [item(1, null, null)]),
  frameOf(2, 1, 64, [item(40, 0, 0), item(300, 20, null), item(2, null, 7)]),
  { ...frameOf(2 ** 53 - 1, 2 ** 32, 0, [item(5, 5, 5)]), suite: 65_535 },
];

const part = (bytes: Uint8Array | null): string | null => (bytes === null ? null : hex(bytes));

/** A frame's bytes with a change, both checksums made anew. */
function resealed(bytes: Uint8Array, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32BE(crc32(copy.subarray(0, 44)), 44);
  copy.writeUInt32BE(crc32(copy.subarray(0, copy.length - 8)), copy.length - 8);
  return copy;
}

function frames(): object {
  const writer = new FrameWriter(SALT);
  const encoded = FRAMES.map((frame) => writer.encode(frame).slice());
  const good = encoded[2];
  const rows = 48 + 32 + 576 + 64;
  const negative: [string, string, Uint8Array][] = [
    ['F-2', 'another magic', resealed(good, (b) => b.writeUInt8(0x42, 0))],
    ['F-2', 'version 2', resealed(good, (b) => b.writeUInt16BE(2, 4))],
    ['F-2', 'suite 0', resealed(good, (b) => b.writeUInt16BE(0, 6))],
    ['F-3', 'the salt of another log', resealed(good, (b) => b.writeUInt8(0, 8))],
    ['F-2', 'a length past the end', resealed(good, (b) => b.writeUInt32BE(good.length + 1, 16))],
    ['F-2', 'too many entries', resealed(good, (b) => b.writeUInt32BE(1_513, 20))],
    ['F-2', 'an entry more than there is', resealed(good, (b) => b.writeUInt32BE(4, 20))],
    ['F-2', 'a height past 2^53', resealed(good, (b) => b.writeUInt32BE(0x200000, 24))],
    ['F-2', 'durable as high as the height', resealed(good, (b) => b.writeUInt32BE(2, 36))],
    ['F-2', 'a signature too long', resealed(good, (b) => b.writeUInt32BE(8_193, 40))],
    ['F-2', 'the checksum of the head', Buffer.from(good).fill(0, 44, 48)],
    ['F-4', 'an empty entry', resealed(good, (b) => b.writeUInt32BE(0, rows))],
    ['F-4', 'an entry that ends early', resealed(good, (b) => b.writeUInt32BE(1, rows + 24))],
    ['F-4', 'an entry past the end', resealed(good, (b) => b.writeUInt32BE(3, rows + 24))],
    ['F-6', 'a flipped bit in the header', Buffer.from(good).fill(good[100] ^ 1, 100, 101)],
    ['F-6', 'a flipped bit in an entry', Buffer.from(good).fill(good[good.length - 20] ^ 128, good.length - 20, good.length - 19)],
    ['F-6', 'another end mark', Buffer.from(good).fill(0x42, good.length - 1)],
    ['F-7', 'cut', good.subarray(0, good.length - 1)],
    ['F-7', 'a byte more', Buffer.concat([good, Buffer.from([0])])],
    ['F-7', 'nothing', new Uint8Array(0)],
  ];
  return {
    salt: hex(SALT),
    positive: FRAMES.map((frame, i) => ({
      clause: 'F-2',
      height: frame.height,
      durable: frame.durable,
      suite: frame.suite,
      key_id: hex(frame.key_id),
      header: hex(frame.header),
      signature: hex(frame.signature),
      items: frame.items.map(({ entry, sidecar, witness }) => [hex(entry), part(sidecar), part(witness)]),
      bytes: hex(encoded[i]),
    })),
    negative: negative.map(([clause, why, bytes]) => ({ clause, why, fault: 'frame_malformed', bytes: hex(bytes) })),
    segment: { clause: 'F-11', number: 3, head: hex(encodeSegmentHead(3, SALT)) },
  };
}

/** The text of each file under spec/vectors. */
export const frameVectors = (): Record<string, string> => ({ 'frame.json': `${JSON.stringify(frames(), null, 1)}\n` });

if (import.meta.main) for (const [name, text] of Object.entries(frameVectors())) writeFileSync(`${import.meta.dirname}/vectors/${name}`, text);
