/** The thread that owns the LMDB environment of state.ts. */
import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { open, type RootDatabase } from 'lmdb';
import { type Change, packChanges, unpackChanges } from './pack.ts';
import type { StateAnswer, StateRequest } from './state.ts';

/** Keys: 0 for what describes the state, 1 before each entry's own key. */
const META = Buffer.from([0]);
const FORMAT = 'ava-state 1';
const DATA_NAME = 'data.mdb';
const OPENING_NAME = 'opening';
const LMDB_MAGIC = 0xbeefc0de;
const META_BYTES = 256;

let database: RootDatabase<Buffer, Buffer> | null = null;
let folder = '';

/** Why the environment cannot be opened safely, or null. LMDB maps its file: a cut or foreign one would end the process. */
function unsafeBecause(path: string): string | null {
  if (existsSync(join(path, OPENING_NAME))) return 'an earlier attempt to read it did not end';
  const file = join(path, DATA_NAME);
  if (!existsSync(file)) return null;
  const { size } = statSync(file);
  const fd = openSync(file, 'r');
  try {
    const pageBytes = 4_096;
    const metas = [0, pageBytes].map((at) => {
      const bytes = Buffer.alloc(META_BYTES);
      return readSync(fd, bytes, 0, META_BYTES, at) === META_BYTES ? bytes : null;
    });
    let newest = -1n;
    let last = 0n;
    for (const meta of metas) {
      if (meta === null || meta.readUInt32LE(0x18) !== LMDB_MAGIC || meta.readUInt32LE(0x30) !== pageBytes) return 'it is no LMDB environment of this kind';
      const transaction = meta.readBigUInt64LE(0x98);
      if (transaction >= newest) {
        newest = transaction;
        last = meta.readBigUInt64LE(0x90);
      }
    }
    return BigInt(size) < (last + 1n) * BigInt(pageBytes) ? 'its file is cut' : null;
  } finally {
    closeSync(fd);
  }
}

const sealed = (key: Uint8Array, value: Uint8Array): Buffer => {
  const out = Buffer.allocUnsafe(value.length + 4);
  out.set(value);
  out.writeUInt32BE(crc32(value, crc32(key)), value.length);
  return out;
};

function unsealed(key: Uint8Array, stored: Buffer): Uint8Array {
  const value = stored.subarray(0, Math.max(0, stored.length - 4));
  if (stored.length < 4 || stored.readUInt32BE(value.length) !== crc32(value, crc32(key))) throw new Error('a value is damaged');
  return value;
}

function openAt(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  folder = path;
  writeFileSync(join(path, OPENING_NAME), '');
  database = open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary' });
}

/** Throws the environment away and starts an empty one. */
async function drop(): Promise<void> {
  await database?.close().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
  openAt(folder);
}

const checked = (): RootDatabase<Buffer, Buffer> => {
  if (database === null) throw new Error('the state store is not open');
  return database;
};

const entryKey = (key: Uint8Array): Buffer => Buffer.concat([Buffer.from([1]), key]);

/** All entries and the height, or null for an empty store. */
function readAll(): { height: number; changes: ArrayBuffer } | null {
  const db = checked();
  const meta = db.get(META);
  // checked after the walk: LMDB's close would wait for a walk that was left half-way
  const stored = [...db.getRange({ start: Buffer.from([1]) })];
  const entries = stored.map(({ key, value }): Change => [key.subarray(1), unsealed(key, value)]);
  if (meta === undefined) {
    if (entries.length > 0) throw new Error('it has entries and no height');
    return null;
  }
  const [format, height, count] = unsealed(META, meta).toString().split('\n');
  if (format !== FORMAT) throw new Error(`it has format ${format}`);
  if (Number(count) !== entries.length) throw new Error(`it has ${entries.length} entries, not ${count}`);
  return { height: Number(height), changes: packChanges(entries) };
}

function write(height: number, changes: ArrayBuffer, count: number): void {
  const db = checked();
  db.transactionSync(() => {
    for (const [key, value] of unpackChanges(changes)) {
      const name = entryKey(key);
      if (value === null) db.removeSync(name);
      else db.putSync(name, sealed(name, value));
    }
    db.putSync(META, sealed(META, Buffer.from(`${FORMAT}\n${height}\n${count}`)));
  });
}

async function answer(request: StateRequest): Promise<StateAnswer> {
  switch (request.op) {
    case 'open': {
      let dropped: string | null = null;
      try {
        folder = request.path;
        dropped = unsafeBecause(request.path);
        if (dropped === null) openAt(request.path);
        else await drop();
      } catch (error) {
        dropped = String(error);
        await drop();
      }
      return { ok: true, dropped, found: null };
    }
    case 'load': {
      let found: ReturnType<typeof readAll> = null;
      let dropped: string | null = null;
      try {
        found = readAll();
      } catch (error) {
        dropped = error instanceof Error ? error.message : String(error);
        await drop();
      }
      rmSync(join(folder, OPENING_NAME), { force: true });
      return { ok: true, dropped, found };
    }
    case 'write':
      write(request.height, request.changes, request.count);
      return { ok: true, dropped: null, found: null };
    case 'drop':
      await drop();
      rmSync(join(folder, OPENING_NAME), { force: true });
      return { ok: true, dropped: null, found: null };
    case 'close':
      await database?.close();
      rmSync(join(folder, OPENING_NAME), { force: true });
      return { ok: true, dropped: null, found: null };
  }
}

parentPort?.on('message', (request: StateRequest) => {
  answer(request).then(
    (reply) => parentPort?.postMessage(reply, reply.ok && reply.found !== null ? [reply.found.changes] : []),
    (error: unknown) => parentPort?.postMessage({ ok: false, error: error instanceof Error ? error.message : String(error) } satisfies StateAnswer),
  );
});
