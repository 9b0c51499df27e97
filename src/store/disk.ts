/**
 * The disk as the store sees it, and the real one on node:fs. The simulated one is sim/disk.ts. Every operation may
 * throw; an error code (`EIO`, `ENOSPC`, …) is all that the store looks at.
 */
import {
  close,
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Called once, never before the call that was given it has returned. */
export type Done = (error: Error | null) => void;

/** One open file. Offsets and sizes in bytes. */
export interface DiskFile {
  readonly size: number;
  /** Fills `target` from `at` on; returns the bytes read, fewer only at the file's end. */
  read(target: Uint8Array, at: number): number;
  /** Writes all of `bytes`, or throws (some may have been written then). */
  writeSync(bytes: Uint8Array, at: number): void;
  /** The same off the event loop. `bytes` must not change until done. */
  write(bytes: Uint8Array, at: number, done: Done): void;
  /** Makes everything written so far durable, the size included. `alone`: nobody else waits, so this thread may. */
  fdatasync(done: Done, alone?: boolean): void;
  close(): void;
}

/** One folder. Names have no slash. A change of names is durable only after `syncFolder`. */
export interface Disk {
  /** Names of the files, in no order. */
  list(): string[];
  open(name: string, mode: 'read' | 'write' | 'create'): DiskFile;
  rename(from: string, to: string): void;
  unlink(name: string): void;
  syncFolder(done: Done): void;
}

const NODE_MODES = { read: 'r', write: 'r+', create: 'wx+' } as const;

/** A disk that syncs within this is waited for where nobody else is: to wake another thread takes as long again. */
const QUICK_MS = 2;

class RealFile implements DiskFile {
  private readonly fd: number;
  private bytes: number;
  /** What the last sync took. */
  private sync_ms = Number.POSITIVE_INFINITY;

  constructor(fd: number) {
    this.fd = fd;
    this.bytes = fstatSync(fd).size;
  }

  get size(): number {
    return this.bytes;
  }

  read(target: Uint8Array, at: number): number {
    let got = 0;
    while (got < target.length) {
      const count = readSync(this.fd, target, got, target.length - got, at + got);
      if (count === 0) break;
      got += count;
    }
    return got;
  }

  private grew(end: number): void {
    if (end > this.bytes) this.bytes = end;
  }

  writeSync(bytes: Uint8Array, at: number): void {
    let put = 0;
    while (put < bytes.length) {
      put += writeSync(this.fd, bytes, put, bytes.length - put, at + put);
      this.grew(at + put);
    }
  }

  write(bytes: Uint8Array, at: number, done: Done): void {
    const step = (put: number): void => {
      write(this.fd, bytes, put, bytes.length - put, at + put, (error, count) => {
        if (error !== null) return done(error);
        this.grew(at + put + count);
        if (put + count < bytes.length) step(put + count);
        else done(null);
      });
    };
    step(0);
  }

  fdatasync(done: Done, alone = false): void {
    const begin = performance.now();
    const synced: Done = (error) => {
      this.sync_ms = performance.now() - begin;
      done(error);
    };
    if (!alone || this.sync_ms > QUICK_MS) return fdatasync(this.fd, synced);
    let failure: Error | null = null;
    try {
      fdatasyncSync(this.fd);
    } catch (error) {
      failure = error as Error;
    }
    queueMicrotask(() => synced(failure));
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** The folder at `path`, which is made when it is missing (mode 0700). */
export class RealDisk implements Disk {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  list(): string[] {
    return readdirSync(this.path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
  }

  open(name: string, mode: 'read' | 'write' | 'create'): DiskFile {
    return new RealFile(openSync(join(this.path, name), NODE_MODES[mode], 0o600));
  }

  rename(from: string, to: string): void {
    renameSync(join(this.path, from), join(this.path, to));
  }

  unlink(name: string): void {
    unlinkSync(join(this.path, name));
  }

  syncFolder(done: Done): void {
    syncFolder(this.path, done);
  }
}

/** Makes the names in a folder durable. Windows has no such call: there it does nothing. */
export function syncFolder(path: string, done: Done): void {
  if (process.platform === 'win32') {
    setImmediate(done, null);
    return;
  }
  open(path, 'r', (error, fd) => {
    if (error !== null) return done(error);
    fsync(fd, (failed) => close(fd, (closing) => done(failed ?? closing ?? null)));
  });
}

/** A callback operation as a promise. */
export const settled = (start: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error === null || error === undefined ? resolve() : reject(error))));
