/** A data folder: what stands where, its version, and its lock. Nothing is written into a folder that is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { SigningKey } from '../crypto/suite.ts';
import type { Checkpoint, NoteVerifier } from '../merkle/note.ts';
import { type Durable, openPublished, Publisher, readPublished, replaceFile } from './checkpoint.ts';
import { RealDisk } from './disk.ts';
import { LOCK_NAME, lockFolder, PID_NAME } from './lock.ts';

/** The layout's version; another one is refused. */
export const DATA_VERSION = 1;
const VERSION_NAME = 'version';
const TEMPORARY = 'version.tmp';
/** What a start that was interrupted before the version was written may have left, and what the gateway and connect keep here: they may come first. */
const EARLY: ReadonlySet<string> = new Set([
  LOCK_NAME,
  PID_NAME,
  TEMPORARY,
  'servers.json',
  'pins.json',
  'pins.json.lock',
  'pins.json.next',
  'gateway.key',
  'connect',
  'threads',
]);

export type { Publisher } from './checkpoint.ts';
/** The process that has this data folder open, as it wrote it; null when none did. */
export { holderOf, LOCK_NAME } from './lock.ts';

/** A data folder to read, which another process may hold. */
export interface ReadFolder {
  readonly path: string;
  /** The log's segments, for `Log.open`. */
  readonly log: RealDisk;
  /** A path within the folder, for what other rooms keep in it. */
  at(name: string): string;
  /** The checkpoint that was published last, or null. @throws Fault note_malformed, note_unsigned */
  published(verifier: NoteVerifier): Checkpoint | null;
  /** Its signed note as it was published, unchecked. */
  note(): Uint8Array | null;
}

export interface Folder extends ReadFolder {
  /** Replaces one of its small files whole, durably. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** Publishes this log's checkpoints; `last` is what `published` gave. */
  publisher(log: Durable, key: SigningKey, origin: string, last: Checkpoint | null): Publisher;
  /** Where the state store keeps its files; made by it. */
  readonly state_path: string;
  /** Frees the lock. */
  release(): void;
}

/** The version of a data folder; null when it is missing or empty. @throws Fault data_version */
export function versionOf(path: string): number | null {
  if (!existsSync(path)) return null;
  const file = join(path, VERSION_NAME);
  if (!existsSync(file)) {
    if (readdirSync(path).every((name) => EARLY.has(name))) return null;
    throw new Fault('data_version', `${path} holds other files and is no data folder`, { folder: path });
  }
  const match = /^ava-data ([1-9][0-9]{0,5})\n$/.exec(readFileSync(file, 'utf8'));
  if (match === null) throw new Fault('data_version', `the version file of ${path} cannot be read`, { folder: path });
  return Number(match[1]);
}

function checkVersion(path: string): number | null {
  const version = versionOf(path);
  if (version !== null && version !== DATA_VERSION)
    throw new Fault('data_version', `${path} has version ${version}, this AVA knows ${DATA_VERSION}`, { folder: path, version });
  return version;
}

const within = (path: string): ReadFolder => ({
  path,
  log: new RealDisk(join(path, 'log')),
  at: (name) => join(path, name),
  published: (verifier) => openPublished(new RealDisk(path), verifier),
  note: () => readPublished(new RealDisk(path)),
});

/** A data folder to read only: no lock, nothing written. Open its log with `read_only`. @throws Fault data_version */
export function readFolder(path: string): ReadFolder {
  if (checkVersion(path) === null || !existsSync(join(path, 'log'))) throw new Fault('data_version', `${path} is no data folder`, { folder: path });
  return within(path);
}

/** What a path that can be no data folder of this user gives; other errors are the disk's. */
const UNUSABLE: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG']);

/** @throws Fault config, data_version */
function makeFolder(path: string): void {
  try {
    checkVersion(path);
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw UNUSABLE.has(code) ? new Fault('config', `${path} cannot be a data folder (${code})`, { folder: path }) : error;
  }
}

/**
 * Opens and locks the data folder, or makes one in a missing or empty folder.
 * @throws Fault config, data_version, data_locked: nothing was written then
 */
export async function openFolder(path: string): Promise<Folder> {
  makeFolder(path);
  const lock = lockFolder(path);
  try {
    const disk = new RealDisk(path);
    // looked at again: another process may have been first
    if (checkVersion(path) === null) await replaceFile(disk, VERSION_NAME, TEMPORARY, utf8(`ava-data ${DATA_VERSION}\n`));
    return {
      ...within(path),
      replace: (name, bytes) => replaceFile(disk, name, `${name}.tmp`, bytes),
      publisher: (log, key, origin, last) => new Publisher(disk, log, key, origin, last),
      state_path: join(path, 'state'),
      release: () => lock.release(),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
