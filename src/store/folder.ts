/** A data folder: what stands where, its version, and its lock. Nothing is written into a folder that is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { replaceFile } from './checkpoint.ts';
import { RealDisk } from './disk.ts';
import { LOCK_NAME, lockFolder, PID_NAME } from './lock.ts';

/** The layout's version; another one is refused. */
export const DATA_VERSION = 1;
const VERSION_NAME = 'version';
const TEMPORARY = 'version.tmp';
/** What a start that was interrupted before the version was written may have left. */
const EARLY: ReadonlySet<string> = new Set([LOCK_NAME, PID_NAME, TEMPORARY]);

export interface Folder {
  readonly path: string;
  /** The folder itself: the checkpoint stands in it. */
  readonly disk: RealDisk;
  /** The log's segments. */
  readonly log: RealDisk;
  /** Where the state store keeps its files; made by it. */
  readonly state_path: string;
  /** A path within the folder, for what other rooms keep in it. */
  at(name: string): string;
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
  if (version !== null && version !== DATA_VERSION) throw new Fault('data_version', `${path} has version ${version}, this AVA knows ${DATA_VERSION}`, { folder: path, version });
  return version;
}

/**
 * Opens and locks the data folder, or makes one in a missing or empty folder.
 * @throws Fault data_version, data_locked: nothing was written then
 */
export async function openFolder(path: string): Promise<Folder> {
  checkVersion(path);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = lockFolder(path);
  try {
    const disk = new RealDisk(path);
    // looked at again: another process may have been first
    if (checkVersion(path) === null) await replaceFile(disk, VERSION_NAME, TEMPORARY, utf8(`ava-data ${DATA_VERSION}\n`));
    return { path, disk, log: new RealDisk(join(path, 'log')), state_path: join(path, 'state'), at: (name) => join(path, name), release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}
