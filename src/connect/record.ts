/** What AVA remembers of a connection: the old bytes of each settings file, and which bytes it wrote. In the data folder, private. */

import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { replaceSettings } from './file.ts';

const FOLDER = 'connect';

export interface FileRecord {
  readonly path: string;
  /** The file behind links. */
  readonly target: string;
  /** SHA-256 of the old bytes in hex, which is the name of their copy; null: there was no file. */
  readonly old: string | null;
  readonly mode: number;
  /** SHA-256 of the bytes that AVA wrote. */
  readonly written: string;
  /** Folders that were made for it. */
  readonly made: readonly string[];
}

export interface ConnectionRecord {
  readonly version: 1;
  readonly client: string;
  readonly connected_ms: number;
  readonly files: readonly FileRecord[];
}

export const digestOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

const at = (data: string, name: string): string => join(data, FOLDER, name);

/** The record of a client's connection; null when it is not connected. @throws Fault config */
export function readRecord(data: string, client: string): ConnectionRecord | null {
  const path = at(data, `${client}.json`);
  if (!existsSync(path)) return null;
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ConnectionRecord;
    if (record.version === 1 && Array.isArray(record.files)) return record;
  } catch {
    // said below
  }
  throw new Fault('config', `${path} cannot be read; the old settings lie beside it`, { path });
}

/** Clients that are connected with this data folder. */
export function connectedClients(data: string): string[] {
  const folder = join(data, FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []))
    .sort();
}

/** Keeps the old bytes under their digest. */
export function keepOld(data: string, bytes: Uint8Array): string {
  const digest = digestOf(bytes);
  const path = at(data, `${digest}.old`);
  if (!existsSync(path)) replaceSettings(path, bytes, 0o600);
  return digest;
}

/** @throws Fault config when the copy is gone or is not what was kept */
export function oldBytes(data: string, digest: string): Uint8Array {
  const path = at(data, `${digest}.old`);
  const bytes = existsSync(path) ? new Uint8Array(readFileSync(path)) : new Uint8Array(0);
  if (digestOf(bytes) !== digest) throw new Fault('config', `the old settings ${path} are gone or damaged`, { path });
  return bytes;
}

export function writeRecord(data: string, record: ConnectionRecord): void {
  mkdirSync(join(data, FOLDER), { recursive: true, mode: 0o700 });
  replaceSettings(at(data, `${record.client}.json`), utf8(`${JSON.stringify(record, null, 2)}\n`), 0o600);
}

/** Forgets a connection, and the copies that no other one needs. */
export function forget(data: string, client: string): void {
  rmSync(at(data, `${client}.json`), { force: true });
  const needed = new Set(connectedClients(data).flatMap((one) => readRecord(data, one)?.files.map(({ old }) => `${old}.old`) ?? []));
  for (const name of readdirSync(join(data, FOLDER))) if (name.endsWith('.old') && !needed.has(name)) rmSync(at(data, name), { force: true });
  try {
    rmdirSync(join(data, FOLDER));
  } catch {
    // others are connected
  }
}
