/**
 * Connects a client program: its settings start every server through AVA and call AVA's hooks. Either every file is written
 * or none is: each is read, edited and checked before the first one is replaced, and the old ones come back where one fails.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { restore } from './disconnect.ts';
import { missingFolders, type Read, readSettings, replaceSettings } from './file.ts';
import { connectJson, disconnectJson } from './json-settings.ts';
import { type Launch, ownLaunch } from './launch.ts';
import { type ConnectionRecord, digestOf, type FileRecord, keepOld, oldBytes, readRecord, writeRecord } from './record.ts';
import type { Edited, FoundServer, HookOptions, Place, Program, SettingsFile } from './settings.ts';
import { connectToml, disconnectToml } from './toml-settings.ts';

export interface ConnectOptions extends HookOptions {
  /** Servers only, no hooks. */
  readonly mcp_only: boolean;
  /** Servers at an address that stay as they are: they could not be reached through a gateway. */
  readonly leave: ReadonlySet<string>;
}

/** What is to become of one file. */
export interface Change {
  readonly file: SettingsFile;
  readonly read: Read | null;
  readonly text: string;
  readonly servers: readonly FoundServer[];
  readonly changed: boolean;
}

const edit = (file: SettingsFile, text: string, launch: Launch, remotes: (name: string) => boolean): Edited =>
  file.syntax === 'json' ? connectJson(file, text, launch, remotes) : connectToml(file, text, launch);

/** What connecting would change. Nothing is written. @throws Fault settings_malformed, client_unknown, config */
export function plan(program: Program, place: Place, node: Pick<Launch, 'data' | 'port'>, options: ConnectOptions): readonly Change[] {
  const launch = ownLaunch(node.data, node.port);
  // where a hook sees their calls, servers at an address keep their own way of signing in
  const remotes = (name: string): boolean => (program.judges === '' || options.mcp_only) && !options.leave.has(name);
  const changes = program.files(place, options).flatMap((file): Change[] => {
    const wanted = options.mcp_only ? { ...file, hooks: null } : file;
    const read = readSettings(file.path);
    if (read === null && wanted.hooks === null) return [];
    const text = read?.text ?? '';
    const { text: edited, servers } = edit(wanted, text, launch, remotes);
    return [{ file: wanted, read, text: edited, servers, changed: edited !== text }];
  });
  if (changes.length === 0 || (changes.every(({ read }) => read === null) && !program.traces(place).some((path) => readableFolder(path))))
    throw new Fault(
      'client_unknown',
      `no settings of ${program.title} are there: ${program
        .files(place, options)
        .map(({ path }) => path)
        .join(', ')}`,
      {
        client: program.id,
      },
    );
  return changes;
}

const readableFolder = (path: string): boolean => missingFolders(`${path}/x`).length === 0;

/**
 * Writes the plan and remembers the old files. @throws Fault settings_changed when a file is not as it was planned for,
 * config: all files are as they were then
 */
export function apply(program: Program, changes: readonly Change[], data: string, now_ms: number): ConnectionRecord {
  const known = readRecord(data, program.id);
  const records = new Map(known?.files.map((record) => [record.path, record]));
  const fresh: FileRecord[] = [];
  try {
    for (const { file, read, text, changed } of changes) {
      const before = records.get(file.path);
      if (!changed) continue;
      const bytes = utf8(text);
      const old = before === undefined ? (read?.bytes ?? null) : oldOf(data, before, file, read);
      const record: FileRecord = {
        path: file.path,
        target: read?.target ?? file.path,
        old: old === null ? null : keepOld(data, old),
        mode: read?.mode ?? 0o600,
        written: digestOf(bytes),
        made: before?.made ?? (read === null ? missingFolders(file.path) : []),
      };
      // remembered first: whatever happens next, the old bytes are known
      records.set(file.path, record);
      fresh.push(record);
      writeRecord(data, { version: 1, client: program.id, connected_ms: known?.connected_ms ?? now_ms, files: [...records.values()] });
      const now = readSettings(file.path);
      if ((now === null) !== (read === null) || (now !== null && read !== null && digestOf(now.bytes) !== digestOf(read.bytes)))
        throw new Fault('settings_changed', `${file.path} was changed by another program just now`, { path: file.path });
      replaceSettings(record.target, bytes, record.mode);
    }
  } catch (error) {
    if (known === null) restore(program, data);
    throw error;
  }
  const record: ConnectionRecord = { version: 1, client: program.id, connected_ms: known?.connected_ms ?? now_ms, files: [...records.values()] };
  if (fresh.length > 0 || known === null) writeRecord(data, record);
  return record;
}

/** What the file is without AVA: the old bytes while nobody else changed it, else what its owner made of it. */
function oldOf(data: string, record: FileRecord, file: SettingsFile, read: Read | null): Uint8Array | null {
  const original = record.old === null ? null : oldBytes(data, record.old);
  if (read === null) return null;
  if (digestOf(read.bytes) === record.written) return original;
  const text = original === null ? null : fromUtf8(original);
  return utf8(file.syntax === 'json' ? disconnectJson(file, read.text, text) : disconnectToml(file, read.text, text));
}
