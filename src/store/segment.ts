/**
 * Segments: the files that the log consists of (spec/frame.md F-10 to F-13). A segment is made whole (head and
 * zeros), synced and only then given its name, so a named segment is never half made.
 */
import { crc32 } from 'node:zlib';
import { type Octets, octets, putOctets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Disk, DiskFile } from './disk.ts';
import { SALT_BYTES } from './frame.ts';

export const SEGMENT_HEAD_BYTES = 64;
export const SEGMENT_BYTES = 67_108_864;
const MAGIC = 0x41_56_41_53; // AVAS
const VERSION = 1;
const CHUNK_BYTES = 262_144;
const SYNC_EVERY_CHUNKS = 4;
const SPARE_NAME = 'spare.tmp';
const NAME = /^([0-9]{8})\.log$/;

/** F-10: segments are numbered from 1. */
export const segmentName = (number: number): string => `${String(number).padStart(8, '0')}.log`;

/** Numbers of the segments in the folder, ascending. */
export const segmentNumbers = (disk: Disk): number[] =>
  disk
    .list()
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

/** F-11: a segment's first bytes. */
export function encodeSegmentHead(number: number, salt: Octets): Buffer {
  const head = Buffer.alloc(SEGMENT_HEAD_BYTES);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt16BE(VERSION, 4);
  putOctets(head, 8, salt);
  head.writeUInt32BE(number, 16);
  head.writeUInt32BE(crc32(head.subarray(0, 60)), 60);
  return head;
}

/** F-11: the salt in a segment's head. @throws Fault ledger_corrupt */
export function readSegmentHead(bytes: Uint8Array, number: number): Octets {
  const salt = octets(bytes.subarray(8, 8 + SALT_BYTES));
  if (bytes.length < SEGMENT_HEAD_BYTES || !encodeSegmentHead(number, salt).equals(bytes.subarray(0, SEGMENT_HEAD_BYTES))) {
    throw new Fault('ledger_corrupt', `the head of segment ${number} is damaged`, { segment: number });
  }
  return salt;
}

/** Removes what an interrupted preparation left. */
export function clearSpare(disk: Disk): void {
  if (disk.list().includes(SPARE_NAME)) disk.unlink(SPARE_NAME);
}

/** Where making a segment failed: a full disk while writing leaves the log as it was, anything else is the disk's end. */
export interface SegmentFailure {
  readonly error: Error;
  readonly harmless: boolean;
}

const isFull = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/** F-12: makes segment `number` of `bytes`, off the event loop. `file` is null on failure. */
export function makeSegment(
  disk: Disk,
  number: number,
  salt: Octets,
  bytes: number,
  done: (file: DiskFile | null, failure: SegmentFailure | null) => void,
): void {
  let file: DiskFile | null = null;
  let named = false;
  const fail = (error: Error): void => {
    const harmless = isFull(error) && !named;
    try {
      file?.close();
      if (harmless) clearSpare(disk);
    } catch {
      // the first error counts
    }
    done(null, { error, harmless });
  };
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      fail(error as Error);
    }
  };
  const name = (made: DiskFile): void =>
    attempt(() => {
      named = true;
      disk.rename(SPARE_NAME, segmentName(number));
      disk.syncFolder((error) => (error === null || error === undefined ? done(made, null) : fail(error)));
    });
  const fill = (made: DiskFile, at: number, chunks: number): void => {
    if (at >= bytes) {
      made.fdatasync((error) => (error === null || error === undefined ? name(made) : fail(error)));
      return;
    }
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - at));
    if (at === 0) encodeSegmentHead(number, salt).copy(chunk);
    made.write(chunk, at, (error) => {
      if (error !== null) return fail(error);
      const next = (): void => attempt(() => fill(made, at + chunk.length, chunks + 1));
      // in pieces, so that no sync of a block waits behind 64 MiB of zeros
      if (chunks % SYNC_EVERY_CHUNKS !== SYNC_EVERY_CHUNKS - 1) return next();
      made.fdatasync((failed) => (failed === null || failed === undefined ? next() : fail(failed)));
    });
  };
  attempt(() => {
    clearSpare(disk);
    file = disk.open(SPARE_NAME, 'create');
    fill(file, 0, 0);
  });
}
