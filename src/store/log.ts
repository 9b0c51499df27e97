/**
 * The log (spec/frame.md): the one durable thing. A block is one write and one fdatasync; it counts only after both.
 * After an error of the disk the log takes nothing more and stays readable: a failed fsync is never tried again.
 */
import assert from 'node:assert/strict';
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { randomOctets } from '../crypto/hash.ts';
import { type Disk, type DiskFile, settled } from './disk.ts';
import { decodeFrame, type Frame, readHead, SALT_BYTES } from './frame.ts';
import { Segment } from './place.ts';
import { RECOVERING_NAME, type Survey, survey, type TornTail, type Trusted } from './recover.ts';
import { clearSpare, makeSegment, SEGMENT_BYTES, SEGMENT_HEAD_BYTES, segmentName } from './segment.ts';

const OPEN_FILES_MAX = 16;
const OFFSET_MAX = 2 ** 31;
const ZERO_CHUNK_BYTES = 1_048_576;

export interface LogOptions {
  /** Bytes of a segment; tests use small ones. */
  readonly segment_bytes?: number;
  /** The height of the first block. */
  readonly first_height?: number;
  /** What the published checkpoint says; the log is refused when it has less. */
  readonly trusted?: Trusted;
  /** Reads only: writes nothing, not even what recovery would; appending is refused. */
  readonly read_only?: boolean;
  /** Where a new log's salt comes from. */
  readonly salt?: () => Octets;
}

/** Called once, after the call that was given it: null when the block is durable, else why the log has stopped. */
export type Appended = (fault: Fault | null) => void;

/** Sees each block when it has become durable, in order; `bytes` is the frame, its own copy. */
export type Watcher = (height: number, bytes: Uint8Array) => void;

interface Flight {
  readonly height: number;
  readonly end: number;
  readonly entries: number;
  readonly copy: Uint8Array | null;
  readonly done: Appended;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : String(error));

export class Log {
  /** Marks this log's frames (`FrameWriter`). */
  readonly salt: Octets;
  /** What interrupted writes had left at opening; empty after a clean stop. */
  readonly torn: readonly TornTail[];
  private readonly disk: Disk;
  private readonly segmentBytes: number;
  private readonly readOnly: boolean;
  private readonly segments: Segment[];
  /** Segments made and synced, not yet in use, in order. */
  private readonly spares: DiskFile[] = [];
  private current: DiskFile | null = null;
  private readonly files = new Map<number, DiskFile>();
  private readonly watchers = new Set<Watcher>();
  private position: number;
  private flight: Flight | null = null;
  private preparing = false;
  /** The position from which on the next segment is made. */
  private prepareAt: number;
  private fault: Fault | null = null;
  private idle: (() => void) | null = null;

  private constructor(disk: Disk, options: LogOptions, found: Survey, salt: Octets) {
    this.disk = disk;
    this.segmentBytes = options.segment_bytes ?? SEGMENT_BYTES;
    this.readOnly = options.read_only ?? false;
    this.salt = salt;
    this.torn = found.torn;
    this.segments = found.segments.filter((segment, i) => i === 0 || segment.count > 0);
    this.position = this.last.end(SEGMENT_HEAD_BYTES);
    this.prepareAt = this.segmentBytes / 4;
  }

  /**
   * Opens the log in `disk`, or makes one where there is none. Nothing is written when it is refused.
   * @throws Fault ledger_corrupt and ledger_behind, naming the block; disk_failed
   */
  static async open(disk: Disk, options: LogOptions = {}): Promise<Log> {
    const first = options.first_height ?? 1;
    const trusted = options.trusted ?? null;
    try {
      const found = survey(disk, first, trusted);
      const salt = found.salt ?? (options.salt ?? (() => randomOctets(SALT_BYTES)))();
      const made = found.segments.length === 0;
      if (made) found.segments.push(new Segment(1, first, 0, 0));
      const log = new Log(disk, options, found, salt);
      if (!log.readOnly) await log.start(found, made);
      return log;
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault('disk_failed', `the ledger cannot be opened: ${codeOf(error)}`);
    }
  }

  /** Removes what interrupted writes left, durably, and readies the files. */
  private async start(found: Survey, made: boolean): Promise<void> {
    clearSpare(this.disk);
    await this.clear(found);
    if (made) {
      await new Promise<void>((resolve, reject) =>
        makeSegment(this.disk, 1, this.salt, this.segmentBytes, (file, failure) => {
          this.current = file;
          if (failure === null) resolve();
          else reject(failure.error);
        }),
      );
      return;
    }
    // F-18: a killed process may have left names and the last block unsynced, a failed fsync a block that is only in
    // the page cache: written once more, it is dirty again and this sync covers it.
    await settled((done) => this.disk.syncFolder(done));
    const current = this.disk.open(segmentName(this.last.number), 'write');
    this.current = current;
    if (this.last.count > 0) current.writeSync(this.bytesOf(this.head), this.last.range(this.head, SEGMENT_HEAD_BYTES).from);
    await settled((done) => current.fdatasync(done));
    for (let number = this.last.number + 1; number <= found.segments.length; number++) this.spares.push(this.disk.open(segmentName(number), 'write'));
  }

  /**
   * F-18: zeroes what interrupted writes left, so that it is never taken for a later frame. While the mark stands,
   * zeros that are read back may be in the page cache alone (a failed fsync), so all that is free is zeroed anew.
   */
  private async clear(found: Survey): Promise<void> {
    const marked = found.recovering;
    if (found.torn.length === 0 && !marked) return;
    if (!marked) this.disk.open(RECOVERING_NAME, 'create').close();
    await settled((done) => this.disk.syncFolder(done));
    const zeros = new Uint8Array(ZERO_CHUNK_BYTES);
    for (const { number, bytes } of found.segments.slice(this.segments.length - 1)) {
      const tail = found.torn.find(({ segment }) => segment === number);
      if (tail === undefined && !marked) continue;
      const from = tail?.from ?? (number === this.last.number ? this.position : SEGMENT_HEAD_BYTES);
      const to = marked ? bytes : (tail?.to ?? from);
      const file = this.disk.open(segmentName(number), 'write');
      try {
        for (let at = from; at < to; at += zeros.length) file.writeSync(zeros.subarray(0, Math.min(zeros.length, to - at)), at);
        await settled((done) => file.fdatasync(done));
      } finally {
        file.close();
      }
    }
    this.disk.unlink(RECOVERING_NAME);
  }

  private get last(): Segment {
    return this.segments[this.segments.length - 1];
  }

  /** The height of the first block. */
  get first(): number {
    return this.segments[0].first;
  }

  /** The last durable height; first − 1 while there is none. */
  get head(): number {
    return this.last.first + this.last.count - 1;
  }

  /** Durable entries: the size of the tree over all of them. */
  get size(): number {
    return this.last.before + this.last.entries;
  }

  /** Why the log takes nothing more, or null. */
  get failed(): Fault | null {
    return this.fault;
  }

  /** Whether a block is being written. */
  get busy(): boolean {
    return this.flight !== null;
  }

  /**
   * Appends the next block: `bytes` from `FrameWriter.encode` with this log's salt, free again on return. At most one
   * is in flight: the next call comes after `done`. `alone`: nobody else waits for this thread.
   */
  append(bytes: Uint8Array, height: number, done: Appended, alone = false): void {
    const head = readHead(bytes, 0, this.salt);
    assert(typeof head !== 'string' && head.length === bytes.length, 'not a frame of this log');
    assert(head.height === height && height === this.head + 1, `block ${height} after ${this.head}`);
    assert(this.flight === null, 'a block is in flight');
    assert(!this.readOnly, 'the log was opened for reading');
    const fault = this.fault;
    if (fault !== null) {
      queueMicrotask(() => done(fault));
      return;
    }
    try {
      this.roll(bytes.length);
      const file = this.current as DiskFile;
      this.flight = { height, end: this.position + bytes.length, entries: head.count, copy: this.watchers.size > 0 ? new Uint8Array(bytes) : null, done };
      file.writeSync(bytes, this.position);
      file.fdatasync((error) => this.landed(error), alone);
    } catch (error) {
      queueMicrotask(() => this.landed(error as Error));
    }
  }

  /** Goes on in the next segment where the block does not fit and one is ready; else this one grows. */
  private roll(length: number): void {
    if (this.position + length <= this.segmentBytes) return;
    const next = this.spares.shift();
    if (next === undefined) {
      if (this.position + length > OFFSET_MAX) throw new Error('no further segment could be made');
      return;
    }
    const { last } = this;
    this.files.set(last.number, this.current as DiskFile);
    this.segments.push(new Segment(last.number + 1, last.first + last.count, last.before + last.entries, next.size));
    this.current = next;
    this.position = SEGMENT_HEAD_BYTES;
    this.prepareAt = this.segmentBytes / 4;
    this.trim();
  }

  private landed(error: Error | null | undefined): void {
    const flight = this.flight as Flight;
    this.flight = null;
    const failed = error !== null && error !== undefined;
    if (failed) this.poison(error, `block ${flight.height} could not be written`);
    else {
      this.last.push(flight.end, flight.entries);
      this.position = flight.end;
      this.prepare();
    }
    flight.done(failed ? this.fault : null);
    if (!failed) for (const watcher of this.watchers) watcher(flight.height, flight.copy ?? this.bytesOf(flight.height));
    this.settle();
  }

  private poison(error: Error, what: string): void {
    this.fault ??= new Fault('disk_failed', `${what}: ${codeOf(error)}`, { error: codeOf(error) });
  }

  /** Makes the next segment in the background once this one is a quarter full. */
  private prepare(): void {
    if (this.preparing || this.spares.length > 0 || this.position < this.prepareAt || this.fault !== null) return;
    this.preparing = true;
    makeSegment(this.disk, this.last.number + 1, this.salt, this.segmentBytes, (file, failure) => {
      this.preparing = false;
      if (file !== null) this.spares.push(file);
      else if (failure?.harmless === true) this.prepareAt = this.position + this.segmentBytes / 4;
      else if (failure !== null) this.poison(failure.error, 'the next segment could not be made');
      this.settle();
    });
  }

  private settle(): void {
    if (this.flight === null && !this.preparing && this.idle !== null) this.idle();
  }

  private segmentOf(height: number): Segment {
    if (!Number.isSafeInteger(height) || height < this.first || height > this.head)
      throw new Fault('block_unknown', `no block ${height}: the ledger has ${this.first} to ${this.head}`, { height });
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.segments[middle].first <= height) low = middle;
      else high = middle - 1;
    }
    return this.segments[low];
  }

  private fileOf(number: number): DiskFile {
    if (this.current !== null && number === this.last.number) return this.current;
    let file = this.files.get(number);
    if (file === undefined) file = this.disk.open(segmentName(number), 'read');
    this.files.delete(number);
    this.files.set(number, file); // the last used is the last
    this.trim();
    return file;
  }

  private trim(): void {
    for (const [number, file] of this.files) {
      if (this.files.size <= OPEN_FILES_MAX) return;
      this.files.delete(number);
      file.close();
    }
  }

  /** The frame of a durable block as it stands on disk. @throws Fault block_unknown, disk_failed */
  bytesOf(height: number): Uint8Array {
    const segment = this.segmentOf(height);
    const { from, to } = segment.range(height, SEGMENT_HEAD_BYTES);
    const bytes = new Uint8Array(to - from);
    try {
      if (this.fileOf(segment.number).read(bytes, from) === bytes.length) return bytes;
    } catch (error) {
      throw new Fault('disk_failed', `block ${height} cannot be read: ${codeOf(error)}`, { height });
    }
    throw new Fault('ledger_corrupt', `block ${height} is cut`, { height });
  }

  /** A durable block, checked anew. @throws Fault block_unknown, ledger_corrupt, disk_failed */
  read(height: number): Frame {
    const bytes = this.bytesOf(height);
    try {
      const frame = decodeFrame(bytes, this.salt);
      if (frame.height === height) return frame;
    } catch (error) {
      throw new Fault('ledger_corrupt', `block ${height} is damaged: ${error instanceof Error ? error.message : ''}`, { height });
    }
    throw new Fault('ledger_corrupt', `another block stands at ${height}`, { height });
  }

  /** Durable blocks from `from` on, in order, up to the head at the time of each step. */
  *frames(from: number = this.first): Generator<Frame> {
    for (let height = from; height <= this.head; height++) yield this.read(height);
  }

  /** Entries of all blocks before `height`: the index of its first entry. `head + 1` gives the size. */
  entriesBefore(height: number): number {
    return height === this.head + 1 ? this.size : this.segmentOf(height).entriesBefore(height);
  }

  /** The block that holds entry `index`. @throws Fault block_unknown */
  heightOfEntry(index: number): number {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.size)
      throw new Fault('block_unknown', `no entry ${index}: the ledger has ${this.size}`, { index });
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.segments[middle].before <= index) low = middle;
      else high = middle - 1;
    }
    return this.segments[low].heightOf(index);
  }

  /** Calls `watcher` for each block that becomes durable from now on; the result ends it. */
  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Waits for what is in flight and closes the files. */
  async close(): Promise<void> {
    this.fault ??= new Fault('disk_failed', 'the ledger has been closed');
    if (this.flight !== null || this.preparing) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    for (const file of [...this.files.values(), ...this.spares, ...(this.current === null ? [] : [this.current])]) file.close();
    this.files.clear();
    this.spares.length = 0;
    this.current = null;
  }
}
