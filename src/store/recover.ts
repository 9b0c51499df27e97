/**
 * Recovery (spec/frame.md F-14 to F-19): what a log's segments hold after a crash. Reads only; decides between a
 * torn tail, which was never acknowledged, and damage, which refuses the log.
 */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Disk } from './disk.ts';
import { FRAME_MAGIC, HEAD_BYTES, isWhole, readHead } from './frame.ts';
import { Segment } from './place.ts';
import { readSegmentHead, SEGMENT_HEAD_BYTES, segmentName, segmentNumbers } from './segment.ts';

/** The unit in which a disk keeps or loses a write. */
const SECTOR_BYTES = 512;
/** F-18: stands in the folder while a torn tail is being zeroed. */
export const RECOVERING_NAME = 'recovering';
const ZEROS = Buffer.alloc(65_536);
const MAGIC = Buffer.alloc(4);
MAGIC.writeUInt32BE(FRAME_MAGIC);

/** What an interrupted write left in a segment: bytes `from` to `to`, to be zeroed before the log goes on. */
export interface TornTail {
  readonly segment: number;
  readonly from: number;
  readonly to: number;
  /** The block that was being written. */
  readonly height: number;
}

export interface Survey {
  readonly segments: Segment[];
  readonly salt: Octets | null;
  readonly torn: readonly TornTail[];
  /** Whether an earlier recovery was interrupted. */
  readonly recovering: boolean;
}

/** What is known to have been durable: the published checkpoint's size in entries and, if known, its height. */
export interface Trusted {
  readonly size: number;
  readonly height?: number;
}

/** The end of the non-zero bytes of `bytes` from `from` on; `from` when all are zero. */
function endOfContent(bytes: Buffer, from: number): number {
  let end = bytes.length;
  while (end - from >= ZEROS.length && bytes.subarray(end - ZEROS.length, end).equals(ZEROS)) end -= ZEROS.length;
  while (end > from && bytes[end - 1] === 0) end -= 1;
  return end;
}

const isZero = (bytes: Buffer, from: number, to: number): boolean => bytes.subarray(from, to).equals(ZEROS.subarray(0, to - from));

/** F-17: whether a whole frame of this log starts anywhere after `from`. */
function findFrame(bytes: Buffer, from: number, salt: Octets): number {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const head = readHead(bytes, at, salt);
    if (typeof head !== 'string' && at + head.length <= bytes.length && isWhole(bytes, at, head)) return at;
  }
  return -1;
}

/**
 * F-16: whether bytes `from` to `end` can be an interrupted write: a sector of it is still zero, or it ends early.
 * A write that arrived whole and was changed later has neither (the head and the end mark hold no zero byte run).
 */
function isTorn(bytes: Buffer, from: number, end: number, headReadable: boolean): boolean {
  if (end > bytes.length || bytes[end - 1] === 0) return true;
  if (!headReadable && end - from < HEAD_BYTES) return true;
  for (let at = from; at < end; ) {
    const next = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (isZero(bytes, at, next)) return true;
    at = next;
  }
  return false;
}

const corrupt = (height: number, detail: string, segment: number, at: number): Fault =>
  new Fault('ledger_corrupt', `block ${height}: ${detail}`, { height, segment, at });

/** The salt in a segment's head. @throws Fault ledger_corrupt naming the block that would stand first in it */
function saltOf(bytes: Buffer, number: number, height: number): Octets {
  try {
    return readSegmentHead(bytes, number);
  } catch (error) {
    throw error instanceof Fault ? corrupt(height, error.message, number, 0) : error;
  }
}

/** Walks one segment's frames, and judges what stands behind the last. */
function surveySegment(bytes: Buffer, segment: Segment, height: number, salt: Octets, recovering: boolean): TornTail | null {
  let at = SEGMENT_HEAD_BYTES;
  let next = height;
  for (;;) {
    const head = readHead(bytes, at, salt);
    if (typeof head === 'string' || at + head.length > bytes.length || !isWhole(bytes, at, head)) break;
    // F-15
    if (head.height !== next) throw corrupt(next, `block ${head.height} stands in its place`, segment.number, at);
    at += head.length;
    segment.push(at, head.count);
    next += 1;
  }
  const content = endOfContent(bytes, at);
  if (content === at) return null;
  const after = findFrame(bytes, at + 1, salt);
  if (after >= 0) throw corrupt(next, 'it is damaged, and a whole frame follows', segment.number, at);
  const head = readHead(bytes, at, salt);
  const readable = typeof head !== 'string';
  if (readable && head.height !== next) throw corrupt(next, `a part of block ${head.height} stands in its place`, segment.number, at);
  const end = readable ? at + head.length : content;
  if (content > end) throw corrupt(next, 'it is damaged, and bytes of no block follow', segment.number, at);
  // an interrupted recovery had found it torn, and may have zeroed a part that is no sector
  if (!recovering && !isTorn(bytes, at, end, readable)) throw corrupt(next, 'it was written whole and is damaged', segment.number, at);
  return { segment: segment.number, from: at, to: content, height: next };
}

/**
 * F-14 to F-19. `first` is the height of the log's first block.
 * @throws Fault ledger_corrupt, ledger_behind, disk_failed
 */
export function survey(disk: Disk, first: number, trusted: Trusted | null): Survey {
  const segments: Segment[] = [];
  const torn: TornTail[] = [];
  const recovering = disk.list().includes(RECOVERING_NAME);
  let salt: Octets | null = null;
  let height = first;
  let size = 0;
  let ended = false;
  let buffer = Buffer.alloc(0);
  for (const number of segmentNumbers(disk)) {
    if (number !== segments.length + 1)
      throw new Fault('ledger_corrupt', `segment ${segments.length + 1} is missing, block ${height} with it`, { segment: segments.length + 1, height });
    const file = disk.open(segmentName(number), 'read');
    try {
      if (buffer.length < file.size) buffer = Buffer.alloc(file.size);
      const bytes = buffer.subarray(0, file.read(buffer.subarray(0, file.size), 0));
      const own = saltOf(bytes, number, height);
      salt ??= own;
      if (own !== salt) throw corrupt(height, `segment ${number} is of another log`, number, 0);
      const segment = new Segment(number, height, size, file.size);
      const tail = surveySegment(bytes, segment, height, salt, recovering);
      if (ended && segment.count > 0) throw corrupt(height, `it is missing, and segment ${number} goes on`, number, SEGMENT_HEAD_BYTES);
      if (tail !== null) torn.push(tail);
      ended ||= tail !== null || segment.count === 0;
      height += segment.count;
      size += segment.entries;
      segments.push(segment);
    } finally {
      file.close();
    }
  }
  // F-19: what was published has been durable
  if (trusted !== null && (size < trusted.size || (trusted.height !== undefined && height - 1 < trusted.height))) {
    const known =
      size < trusted.size ? `the published checkpoint has ${trusted.size} entries, the ledger ${size} and` : `block ${trusted.height} was durable, the ledger`;
    if (torn.length > 0) throw corrupt(height, `it is damaged; ${known} ends with block ${height - 1}`, torn[0].segment, torn[0].from);
    throw new Fault('ledger_behind', `${known} ends with block ${height - 1}`, { height: height - 1, size });
  }
  return { segments, salt, torn, recovering };
}
