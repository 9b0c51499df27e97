/**
 * Takes AVA out of a client's settings. A file that nobody changed since comes back byte for byte, with its mode; of one that
 * was changed only AVA's own edits are undone.
 */
import { rmdirSync, rmSync } from 'node:fs';
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { readSettings, replaceSettings } from './file.ts';
import { disconnectJson } from './json-settings.ts';
import { digestOf, type FileRecord, forget, oldBytes, readRecord } from './record.ts';
import type { Program, SettingsFile } from './settings.ts';
import { disconnectToml } from './toml-settings.ts';

/** Clients that are connected with a data folder. */
export { connectedClients } from './record.ts';

export interface Restored {
  readonly path: string;
  /** `restored`: byte for byte; `undone`: the owner's changes were kept; `removed`: AVA had made it; `gone`: its owner removed it. */
  readonly how: 'restored' | 'undone' | 'removed' | 'gone';
}

/** Where servers and hooks of AVA may stand, whichever program has the file. */
const SHAPES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  json: [['mcpServers'], ['servers'], ['projects', '*', 'mcpServers']],
  toml: [['mcp_servers']],
};

/** Null when it was not connected. @throws Fault settings_malformed, config: the files that were not reached stay connected */
export function restore(program: Pick<Program, 'id'>, data: string): readonly Restored[] | null {
  const record = readRecord(data, program.id);
  if (record === null) return null;
  const undone = record.files.map((file) => ({ file, ...undo(data, file) }));
  for (const { file, bytes, how } of undone) {
    if (bytes !== null) replaceSettings(file.target, bytes, modeOf(file));
    if (how === 'removed') remove(file);
  }
  forget(data, program.id);
  return undone.map(({ file, how }) => ({ path: file.path, how }));
}

const modeOf = (file: FileRecord): number => readSettings(file.target)?.mode ?? file.mode;

/** What becomes of a file; bytes null: nothing is written. */
function undo(data: string, file: FileRecord): { readonly how: Restored['how']; readonly bytes: Uint8Array | null } {
  const now = readSettings(file.target);
  if (now === null) return { how: 'gone', bytes: null };
  const old = file.old === null ? null : oldBytes(data, file.old);
  const current = digestOf(now.bytes);
  if (current === file.old) return { how: 'restored', bytes: null };
  if (current === file.written) return old === null ? { how: 'removed', bytes: null } : { how: 'restored', bytes: old };
  const syntax = file.path.endsWith('.toml') ? 'toml' : 'json';
  const shape: SettingsFile = { path: file.path, scope: 'user', syntax, maps: SHAPES[syntax], hooks: null };
  const original = old === null ? null : fromUtf8(old);
  const text = syntax === 'toml' ? disconnectToml(shape, now.text, original) : disconnectJson(shape, now.text, original);
  return { how: 'undone', bytes: utf8(text) };
}

function remove({ target, made }: FileRecord): void {
  rmSync(target, { force: true });
  for (const folder of made.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      // its owner uses it by now
    }
  }
}
