/** Settings files on disk: read whole, replaced whole, with their mode and behind their links. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fromUtf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { readJson } from './json-settings.ts';
import type { Table } from './settings.ts';
import { readToml } from './toml-settings.ts';

/** Bytes of a settings file; `~/.claude.json` keeps a history and can be large. */
const FILE_BYTES_MAX = 67_108_864;
const NEW_MODE = 0o600;

export interface Read {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly mode: number;
  /** The file behind links: this one is replaced. */
  readonly target: string;
}

/** Null where there is no file. @throws Fault settings_malformed, config */
export function readSettings(path: string): Read | null {
  try {
    lstatSync(path);
  } catch {
    return null;
  }
  try {
    const target = realpathSync(path);
    const { mode, size } = statSync(target);
    if (size > FILE_BYTES_MAX) throw new Fault('settings_malformed', `${path} has ${size} bytes, at most ${FILE_BYTES_MAX} are read`, { path });
    const bytes = new Uint8Array(readFileSync(target));
    return { bytes, text: utf8Text(path, bytes), mode: mode & 0o7777, target };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('config', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { path });
  }
}

function utf8Text(path: string, bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new Fault('settings_malformed', `${path} is not UTF-8`, { path });
  }
}

/** Folders that had to be made for the file, the outermost first. */
export function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = dirname(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  return missing;
}

/** Replaces the file as a whole, durably: a reader sees the old one or the new one. @throws Fault config */
export function replaceSettings(target: string, bytes: Uint8Array, mode = NEW_MODE): void {
  const temporary = `${target}.ava-${process.pid}-${randomBytes(4).toString('hex')}`;
  let file: number | null = null;
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    file = openSync(temporary, 'wx', mode);
    // not narrowed by the umask
    fchmodSync(file, mode);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
    closeSync(file);
    file = null;
    renameSync(temporary, target);
    chmodSync(target, mode);
  } catch (error) {
    if (file !== null) closeSync(file);
    rmSync(temporary, { force: true });
    throw new Fault('config', `${target} cannot be written (${(error as NodeJS.ErrnoException).code}); it is as it was`, { path: target });
  }
}

/** The value of a settings file, or null where it is missing or cannot be read: for looking only. */
export function readJsonFile(path: string): Table | null {
  return looked(path, (text) => readJson(path, text).value);
}

/** As `readJsonFile`. */
export function readTomlFile(path: string): Table | null {
  return looked(path, (text) => readToml(path, text));
}

function looked(path: string, read: (text: string) => Table): Table | null {
  try {
    const file = readSettings(path);
    return file === null ? null : read(file.text);
  } catch {
    return null;
  }
}
