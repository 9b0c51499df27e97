/** What of a client program AVA judges, and what goes past it: read from its settings as they stand; nothing is changed. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { readSettings } from './file.ts';
import { readJson } from './json-settings.ts';
import { isHere } from './program.ts';
import { type FoundServer, hookedEvents, isTable, type Loophole, memberAt, type Place, type Program, type SettingsFile, serversOf } from './settings.ts';
import { readToml } from './toml-settings.ts';

export interface CoveredServer {
  readonly name: string;
  /** The settings file. */
  readonly path: string;
  readonly scope: SettingsFile['scope'];
  readonly state: FoundServer['state'];
  /** Who judges its calls. */
  readonly by: 'gateway' | 'hook' | 'nothing';
}

export interface Coverage {
  readonly program: Program;
  readonly servers: readonly CoveredServer[];
  /** `none`: the program has no hooks that AVA could use. */
  readonly hooks: 'all' | 'some' | 'missing' | 'none';
  readonly loopholes: readonly Loophole[];
  /** Files that cannot be read, so that what they hold is not known. */
  readonly unread: readonly string[];
  /** Files whose commands of AVA are no longer where they were. */
  readonly stale: readonly string[];
}

/** Null where the program is not here. */
export function coverageOf(program: Program, place: Place): Coverage | null {
  if (!isHere(program, place)) return null;
  const files = program.files(place, { ask: false });
  const wanted = files.flatMap(({ hooks }) => hooks?.events ?? []);
  const there = new Set<string>();
  const unread: string[] = [];
  const stale = new Set<string>();
  const found: { server: FoundServer; file: SettingsFile }[] = [];
  for (const file of files) {
    const value = valueOf(file);
    if (value === 'unread') unread.push(file.path);
    else if (value !== null) {
      for (const server of serversOf(value, file.maps)) {
        found.push({ server, file });
        if (server.state === 'wrapped' && !isThere(memberAt(value, server.path))) stale.add(file.path);
      }
      if (file.hooks !== null) for (const event of hookedEvents(value)) there.add(event);
    }
  }
  const loopholes = program.loopholes(place);
  const hooked = wanted.filter((event) => there.has(event)).length;
  const hooks = wanted.length === 0 ? 'none' : hooked === wanted.length ? 'all' : hooked > 0 ? 'some' : 'missing';
  const judge = hooks === 'all' && !loopholes.some(({ disarms }) => disarms) ? 'hook' : 'nothing';
  const servers = found.map(
    ({ server: { name, state }, file: { path, scope } }) => ({ name, path, scope, state, by: state === 'wrapped' ? ('gateway' as const) : judge }) as const,
  );
  return { program, servers, hooks, loopholes, unread, stale: [...stale] };
}

/** How many of the servers are judged, by whom ever. */
export const judgedOf = ({ servers }: Coverage): number => servers.filter(({ by }) => by !== 'nothing').length;

/** Whether the program and the script of a wrapped server still exist. */
function isThere(entry: unknown): boolean {
  const words = isTable(entry) ? [entry['command'], ...(Array.isArray(entry['args']) ? entry['args'].slice(0, 1) : [])] : [];
  return words.every((word) => typeof word !== 'string' || !isAbsolute(word) || existsSync(word));
}

function valueOf(file: SettingsFile): Readonly<Record<string, unknown>> | null | 'unread' {
  try {
    const read = readSettings(file.path);
    if (read === null) return null;
    return file.syntax === 'json' ? readJson(file.path, read.text).value : readToml(file.path, read.text);
  } catch {
    return 'unread';
  }
}
