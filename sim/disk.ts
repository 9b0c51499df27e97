/**
 * A simulated disk: what was written stands in a page cache until it is synced; a crash keeps an arbitrary subset of
 * the sectors, sizes and names that were not. Faults strike at chosen calls. Nothing is random but by `pick`.
 */
import type { Disk, DiskFile, Done } from '../src/store/disk.ts';
import type { Choose } from './choice.ts';

export const SIM_SECTOR_BYTES = 512;

/** What a call meets: the machine stops, the call fails, or a write stores only a part and fails. */
export type SimFault = 'crash' | 'EIO' | 'ENOSPC' | 'short';

interface Inode {
  cache: Buffer;
  durable: Buffer;
  /** Sectors written and not synced. */
  dirty: Set<number>;
  /** Sectors whose sync failed: the system counts them as clean, the disk may not have them. */
  doomed: Set<number>;
}

type NameChange = { readonly name: string; readonly inode: Inode | null }[];

const failure = (code: string): Error => Object.assign(new Error(`${code}: simulated`), { code });
const sectorsOf = (bytes: number): number => Math.ceil(bytes / SIM_SECTOR_BYTES);

function resized(bytes: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size);
  bytes.copy(out);
  return out;
}

export class SimDisk implements Disk {
  /** Calls made so far. */
  calls = 0;
  /** By number of the call, from 1: what it meets. */
  readonly faults = new Map<number, SimFault>();
  /** Bytes that all files may have together. */
  capacity = Number.POSITIVE_INFINITY;
  stopped = false;
  /** When a callback is called: as soon as may be, unless a simulation puts its own time in between. */
  defer: (answer: () => void) => void = queueMicrotask;
  private readonly pick: Choose;
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private pending: NameChange[] = [];

  constructor(pick: Choose) {
    this.pick = pick;
  }

  /** Counts a call and strikes it if it was chosen. `short` is for writes; elsewhere it is a full disk. */
  strike(): SimFault | null {
    if (this.stopped) throw failure('STOPPED');
    this.calls += 1;
    const fault = this.faults.get(this.calls) ?? null;
    if (fault === 'crash') {
      this.stopped = true;
      throw failure('STOPPED');
    }
    return fault;
  }

  private guard(): void {
    const fault = this.strike();
    if (fault !== null) throw failure(fault === 'short' ? 'ENOSPC' : fault);
  }

  /** Answers a callback; a stopped machine answers nothing. */
  answer(done: Done, run: () => void): void {
    let error: Error | null = null;
    try {
      run();
    } catch (thrown) {
      error = thrown as Error;
    }
    this.defer(() => {
      if (!this.stopped) done(error);
    });
  }

  list(): string[] {
    this.guard();
    return [...this.names.keys()];
  }

  open(name: string, mode: 'read' | 'write' | 'create'): DiskFile {
    this.guard();
    let inode = this.names.get(name);
    if (mode === 'create') {
      if (inode !== undefined) throw failure('EEXIST');
      inode = { cache: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set(), doomed: new Set() };
      this.change([{ name, inode }]);
    }
    if (inode === undefined) throw failure('ENOENT');
    return new SimFile(this, inode);
  }

  private change(change: NameChange): void {
    for (const { name, inode } of change) {
      if (inode === null) this.names.delete(name);
      else this.names.set(name, inode);
    }
    this.pending.push(change);
  }

  rename(from: string, to: string): void {
    this.guard();
    const inode = this.names.get(from);
    if (inode === undefined) throw failure('ENOENT');
    this.change([
      { name: from, inode: null },
      { name: to, inode },
    ]);
  }

  unlink(name: string): void {
    this.guard();
    if (!this.names.has(name)) throw failure('ENOENT');
    this.change([{ name, inode: null }]);
  }

  syncFolder(done: Done): void {
    this.answer(done, () => {
      this.guard();
      this.durableNames = new Map(this.names);
      this.pending = [];
    });
  }

  /** Bytes of all files. */
  used(): number {
    return [...this.names.values()].reduce((sum, inode) => sum + inode.cache.length, 0);
  }

  shortOf(length: number): number {
    return this.pick(length + 1);
  }

  /** The disk as the next process finds it after SIGKILL: the page cache lives on. A copy. */
  killed(): SimDisk {
    const next = new SimDisk(this.pick);
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? {
        cache: Buffer.from(inode.cache),
        durable: Buffer.from(inode.durable),
        dirty: new Set(inode.dirty),
        doomed: new Set(inode.doomed),
      };
      copies.set(inode, copy);
      return copy;
    };
    for (const [name, inode] of this.names) next.names.set(name, copyOf(inode));
    for (const [name, inode] of this.durableNames) next.durableNames.set(name, copyOf(inode));
    next.pending = this.pending.map((change) => change.map(({ name, inode }) => ({ name, inode: inode === null ? null : copyOf(inode) })));
    return next;
  }

  /** The disk after a power cut: `pick` decides about everything that was not synced. */
  crashed(pick: Choose, later: Choose = this.pick): SimDisk {
    const next = new SimDisk(later);
    const names = new Map(this.durableNames);
    const kept = pick(this.pending.length + 1); // journals keep the order of names
    for (const change of this.pending.slice(0, kept)) {
      for (const { name, inode } of change) {
        if (inode === null) names.delete(name);
        else names.set(name, inode);
      }
    }
    const copies = new Map<Inode, Inode>();
    for (const [name, inode] of names) {
      let copy = copies.get(inode);
      if (copy === undefined) {
        copy = survivor(inode, pick);
        copies.set(inode, copy);
      }
      next.names.set(name, copy);
    }
    next.durableNames = new Map(next.names);
    return next;
  }

  /** Flips one bit of a file, on disk and in the cache. */
  flip(name: string, at: number, bit: number): void {
    const inode = this.names.get(name);
    if (inode === undefined || at >= inode.cache.length) throw new RangeError('no such byte');
    inode.cache[at] ^= 1 << bit;
    inode.durable = Buffer.from(inode.cache);
  }

  bytesOf(name: string): Buffer {
    const inode = this.names.get(name);
    if (inode === undefined) throw new RangeError(`no file ${name}`);
    return inode.cache;
  }

  fileNames(): string[] {
    return [...this.names.keys()].sort();
  }
}

/** A file after a power cut. */
function survivor(inode: Inode, pick: Choose): Inode {
  const { cache, durable } = inode;
  const grown = cache.length !== durable.length && pick(2) === 1;
  const bytes = resized(durable, grown ? cache.length : durable.length);
  for (const sector of [...inode.dirty, ...inode.doomed].sort((a, b) => a - b)) {
    const from = sector * SIM_SECTOR_BYTES;
    const to = Math.min(from + SIM_SECTOR_BYTES, cache.length, bytes.length);
    if (from < to && pick(2) === 1) cache.copy(bytes, from, from, to);
  }
  return { cache: bytes, durable: Buffer.from(bytes), dirty: new Set(), doomed: new Set() };
}

class SimFile implements DiskFile {
  private readonly disk: SimDisk;
  private readonly inode: Inode;

  constructor(disk: SimDisk, inode: Inode) {
    this.disk = disk;
    this.inode = inode;
  }

  get size(): number {
    return this.inode.cache.length;
  }

  read(target: Uint8Array, at: number): number {
    if (this.disk.strike() !== null) throw failure('EIO');
    return this.inode.cache.copy(target, 0, at, Math.min(at + target.length, this.inode.cache.length));
  }

  private put(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length;
    if (end > this.inode.cache.length) this.inode.cache = resized(this.inode.cache, end);
    this.inode.cache.set(bytes, at);
    for (let sector = Math.floor(at / SIM_SECTOR_BYTES); sector < sectorsOf(end); sector++) {
      this.inode.dirty.add(sector);
      this.inode.doomed.delete(sector);
    }
  }

  writeSync(bytes: Uint8Array, at: number): void {
    const fault = this.disk.strike();
    const room = this.disk.capacity - this.disk.used() + Math.max(0, this.inode.cache.length - at);
    const full = bytes.length > room;
    if (fault === null && !full) return this.put(bytes, at);
    if (fault === 'short' || full) this.put(bytes.subarray(0, Math.min(this.disk.shortOf(bytes.length), Math.max(0, room))), at);
    throw failure(fault === 'EIO' ? 'EIO' : 'ENOSPC');
  }

  write(bytes: Uint8Array, at: number, done: Done): void {
    this.disk.answer(done, () => this.writeSync(bytes, at));
  }

  fdatasync(done: Done): void {
    this.disk.answer(done, () => {
      const fault = this.disk.strike();
      const { inode } = this;
      if (fault !== null) {
        for (const sector of inode.dirty) inode.doomed.add(sector);
        inode.dirty.clear();
        throw failure(fault === 'short' ? 'ENOSPC' : fault);
      }
      inode.durable = resized(inode.durable, inode.cache.length);
      for (const sector of inode.dirty) {
        const from = sector * SIM_SECTOR_BYTES;
        inode.cache.copy(inode.durable, from, from, Math.min(from + SIM_SECTOR_BYTES, inode.cache.length));
      }
      inode.dirty.clear();
    });
  }

  close(): void {
    // closing syncs nothing
  }
}
