/**
 * The log frame (spec/frame.md): one block as it stands on disk. Header, signature, entries, and what no leaf
 * contains: sidecars and witnesses. Every byte is covered by the crc and has one meaning.
 */
import { crc32 } from 'node:zlib';
import { type Octets, octets, putOctets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { BLOCK_DUE_MAX, BLOCK_TRANSACTIONS_MAX, ENTRY_BYTES_MAX, SIDECAR_BYTES_MAX, U53_MAX } from '../base/limit.ts';

/** F-2: bytes before the key id. */
export const HEAD_BYTES = 48;
/** Bytes of a block header: 18 words of 32. */
export const HEADER_BYTES = 576;
const FIXED_BYTES = HEAD_BYTES + 32 + HEADER_BYTES;
const ROW_BYTES = 12;
const TAIL_BYTES = 8;
const SIGNATURE_BYTES_MAX = 8_192;
/** Bytes of one entry's witness. */
export const WITNESS_BYTES_MAX = 131_072;
/** Entries of one frame: a transaction or a due item gives one. */
export const FRAME_ENTRIES_MAX = BLOCK_TRANSACTIONS_MAX + BLOCK_DUE_MAX;
/** Bytes of a frame. */
export const FRAME_BYTES_MAX = 33_554_432;
export const FRAME_MAGIC = 0x41_56_41_46; // AVAF
const END_MARK = 0x46_41_56_41; // FAVA: no byte of it is zero, nor one bit away from zero
const VERSION = 1;
/** Bytes of the mark that only this log's frames carry (F-3). */
export const SALT_BYTES = 8;

/** One entry and what rides with it. */
export interface FrameItem {
  /** The leaf. */
  readonly entry: Uint8Array;
  /** Salt, arguments, context; null when there are none or they were erased. */
  readonly sidecar: Uint8Array | null;
  /** The values that the judge read from state. */
  readonly witness: Uint8Array | null;
}

export interface Frame {
  readonly height: number;
  /** The last durable height that the writer knew of: below `height`, but 0 in a frame of height 0. */
  readonly durable: number;
  /** 576 bytes. */
  readonly header: Uint8Array;
  readonly suite: number;
  /** 32 octets. */
  readonly key_id: Octets;
  readonly signature: Uint8Array;
  readonly items: readonly FrameItem[];
}

/** What a frame's first bytes say (F-2). */
export interface FrameHead {
  readonly length: number;
  readonly height: number;
  readonly durable: number;
  readonly count: number;
  readonly suite: number;
  readonly signature_bytes: number;
}

const bytesOf = (frame: Frame): number => {
  let size = FIXED_BYTES + frame.signature.length + TAIL_BYTES;
  for (let i = 0; i < frame.items.length; i++) {
    const { entry, sidecar, witness } = frame.items[i];
    size += ROW_BYTES + entry.length + (sidecar === null ? 0 : sidecar.length) + (witness === null ? 0 : witness.length);
  }
  return size;
};

function checkFrame(frame: Frame): void {
  const wrong = (what: string): never => {
    throw new Fault('frame_malformed', `block ${frame.height}: ${what}`, { height: frame.height });
  };
  if (!Number.isSafeInteger(frame.height) || frame.height < 0) wrong('the height is not a whole number');
  if (!Number.isSafeInteger(frame.durable) || frame.durable < 0 || (frame.durable >= frame.height && frame.durable !== 0))
    wrong('the durable height is not below the height');
  if (frame.header.length !== HEADER_BYTES) wrong(`a header has ${HEADER_BYTES} bytes`);
  if (frame.key_id.length !== 32) wrong('a key id has 32 bytes');
  if (frame.suite < 1 || frame.suite > 0xffff) wrong('a suite is a u16 from 1');
  if (frame.signature.length > SIGNATURE_BYTES_MAX) wrong(`a signature has at most ${SIGNATURE_BYTES_MAX} bytes`);
  if (frame.items.length > FRAME_ENTRIES_MAX) wrong(`a frame has at most ${FRAME_ENTRIES_MAX} entries`);
  for (let i = 0; i < frame.items.length; i++) {
    const { entry, sidecar, witness } = frame.items[i];
    if (entry.length === 0 || entry.length > ENTRY_BYTES_MAX) wrong(`entry ${i} has 1 to ${ENTRY_BYTES_MAX} bytes`);
    if (sidecar !== null && sidecar.length > SIDECAR_BYTES_MAX) wrong(`a sidecar has at most ${SIDECAR_BYTES_MAX} bytes`);
    if (witness !== null && witness.length > WITNESS_BYTES_MAX) wrong(`a witness has at most ${WITNESS_BYTES_MAX} bytes`);
  }
}

/** Encodes frames of one log into a buffer that it uses again and again. */
export class FrameWriter {
  private readonly salt: Octets;
  private buffer: Buffer;

  /** `salt`: 8 octets, `Log.salt`. */
  constructor(salt: Octets, bytes = 262_144) {
    if (salt.length !== SALT_BYTES) throw new RangeError('a salt has 8 bytes');
    this.salt = salt;
    this.buffer = Buffer.alloc(bytes);
  }

  /**
   * F-1, F-2, F-4, F-5, F-6: the bytes are valid until the next call.
   * @throws Fault frame_too_large past FRAME_BYTES_MAX, frame_malformed for a field out of its bounds
   */
  encode(frame: Frame): Uint8Array {
    checkFrame(frame);
    const length = bytesOf(frame);
    if (length > FRAME_BYTES_MAX) throw new Fault('frame_too_large', `block ${frame.height} has ${length} bytes`, { height: frame.height });
    if (length > this.buffer.length) this.buffer = Buffer.alloc(length * 2);
    const b = this.buffer;
    b.writeUInt32BE(FRAME_MAGIC, 0);
    b.writeUInt16BE(VERSION, 4);
    b.writeUInt16BE(frame.suite, 6);
    putOctets(b, 8, this.salt);
    b.writeUInt32BE(length, 16);
    b.writeUInt32BE(frame.items.length, 20);
    putU64(b, frame.height, 24);
    putU64(b, frame.durable, 32);
    b.writeUInt32BE(frame.signature.length, 40);
    b.writeUInt32BE(crc32(b.subarray(0, 44)), 44);
    putOctets(b, HEAD_BYTES, frame.key_id);
    b.set(frame.header, HEAD_BYTES + 32);
    b.set(frame.signature, FIXED_BYTES);
    let row = FIXED_BYTES + frame.signature.length;
    let at = row + ROW_BYTES * frame.items.length;
    for (let i = 0; i < frame.items.length; i++) {
      const { entry, sidecar, witness } = frame.items[i];
      b.writeUInt32BE(entry.length, row);
      b.writeUInt32BE(sidecar === null ? 0 : sidecar.length + 1, row + 4);
      b.writeUInt32BE(witness === null ? 0 : witness.length + 1, row + 8);
      row += ROW_BYTES;
      b.set(entry, at);
      at += entry.length;
      if (sidecar !== null) {
        b.set(sidecar, at);
        at += sidecar.length;
      }
      if (witness !== null) {
        b.set(witness, at);
        at += witness.length;
      }
    }
    b.writeUInt32BE(crc32(b.subarray(0, at)), at);
    b.writeUInt32BE(END_MARK, at + 4);
    // no Buffer: its `slice` would be a view, not a copy
    return new Uint8Array(b.buffer, b.byteOffset, length);
  }
}

function putU64(b: Buffer, value: number, at: number): void {
  b.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  b.writeUInt32BE(value >>> 0, at + 4);
}

const takeU64 = (b: Buffer, at: number): number => b.readUInt32BE(at) * 0x1_0000_0000 + b.readUInt32BE(at + 4);

const asBuffer = (bytes: Uint8Array): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));

/** The head at `at`, or why there is none: a sentence. Nothing past the head is looked at. */
export function readHead(bytes: Uint8Array, at: number, salt: Octets): FrameHead | string {
  const b = asBuffer(bytes);
  if (b.length - at < HEAD_BYTES) return 'the head is cut';
  if (b.readUInt32BE(at) !== FRAME_MAGIC) return 'the magic is wrong';
  if (crc32(b.subarray(at, at + 44)) !== b.readUInt32BE(at + 44)) return 'the checksum of the head is wrong';
  if (b.readUInt16BE(at + 4) !== VERSION) return `version ${b.readUInt16BE(at + 4)} is unknown`;
  for (let i = 0; i < SALT_BYTES; i++) if (b[at + 8 + i] !== salt.charCodeAt(i)) return 'the frame is of another log';
  const length = b.readUInt32BE(at + 16);
  const count = b.readUInt32BE(at + 20);
  const height = takeU64(b, at + 24);
  const durable = takeU64(b, at + 32);
  const signatureBytes = b.readUInt32BE(at + 40);
  const suite = b.readUInt16BE(at + 6);
  if (suite === 0) return 'suite 0 is none';
  if (height > U53_MAX || durable > U53_MAX || (durable >= height && durable !== 0)) return 'the heights cannot be';
  if (count > FRAME_ENTRIES_MAX || signatureBytes > SIGNATURE_BYTES_MAX) return 'a count exceeds its bound';
  if (length > FRAME_BYTES_MAX || length < FIXED_BYTES + signatureBytes + ROW_BYTES * count + TAIL_BYTES) return 'the length cannot be';
  return { length, height, durable, count, suite, signature_bytes: signatureBytes };
}

/** Whether the frame at `at` is whole: its end mark and crc. The bytes hold all of it. */
export function isWhole(bytes: Uint8Array, at: number, head: FrameHead): boolean {
  const b = asBuffer(bytes);
  const end = at + head.length;
  return b.readUInt32BE(end - 4) === END_MARK && crc32(b.subarray(at, end - TAIL_BYTES)) === b.readUInt32BE(end - TAIL_BYTES);
}

/**
 * F-7: the frame that fills `bytes` exactly. Its parts are views of `bytes`.
 * @throws Fault frame_malformed with the reason
 */
export function decodeFrame(bytes: Uint8Array, salt: Octets): Frame {
  const head = readHead(bytes, 0, salt);
  if (typeof head === 'string') throw new Fault('frame_malformed', head);
  const wrong = (what: string): never => {
    throw new Fault('frame_malformed', `block ${head.height}: ${what}`, { height: head.height });
  };
  if (bytes.length !== head.length) wrong(bytes.length < head.length ? 'the frame is cut' : 'bytes follow the frame');
  if (!isWhole(bytes, 0, head)) wrong('the checksum is wrong');
  const b = asBuffer(bytes);
  let row = FIXED_BYTES + head.signature_bytes;
  const signature = bytes.subarray(FIXED_BYTES, row);
  let at = row + ROW_BYTES * head.count;
  const end = head.length - TAIL_BYTES;
  const part = (length: number): Uint8Array => {
    if (length > end - at) wrong('an entry goes past the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const items: FrameItem[] = [];
  for (let i = 0; i < head.count; i++, row += ROW_BYTES) {
    const entryBytes = b.readUInt32BE(row);
    const sidecarBytes = b.readUInt32BE(row + 4);
    const witnessBytes = b.readUInt32BE(row + 8);
    if (entryBytes === 0 || entryBytes > ENTRY_BYTES_MAX || sidecarBytes > SIDECAR_BYTES_MAX + 1 || witnessBytes > WITNESS_BYTES_MAX + 1)
      wrong(`a length of entry ${i} exceeds its bound`);
    items.push({
      entry: part(entryBytes),
      sidecar: sidecarBytes === 0 ? null : part(sidecarBytes - 1),
      witness: witnessBytes === 0 ? null : part(witnessBytes - 1),
    });
  }
  if (at !== end) wrong('bytes are left over');
  return {
    height: head.height,
    durable: head.durable,
    header: bytes.subarray(HEAD_BYTES + 32, FIXED_BYTES),
    suite: head.suite,
    key_id: octets(bytes.subarray(HEAD_BYTES, HEAD_BYTES + 32)),
    signature,
    items,
  };
}
