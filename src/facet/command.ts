/** Facets of calls that hold a command line, statements, or files to touch (spec/facet.md T-11, T-30, T-39). */
import { findValues, fits } from './arguments.ts';
import { type Network, networkOf } from './host.ts';
import type { ArgPath, Effect, ShellBinding } from './map.ts';
import { readShell } from './shell.ts';
import { Findings, type Touch } from './shell-findings.ts';
import { LINE_BYTES_MAX } from './shell-syntax.ts';
import { sqlFacts } from './sql.ts';
import { FILE_PATH_BYTES_MAX, HOST_BYTES_MAX, VALUES_MAX } from './version.ts';

/** What is touched, however it is asked for. */
export interface Touched {
  /** All paths, the first of them as `path`. */
  path?: string;
  paths?: string[];
  reads?: string[];
  writes?: string[];
  deletes?: string[];
  /** `read.key`, `delete.home`, … (T-41). */
  marks?: string[];
}
export interface Shell {
  commands?: string[];
  acts?: string[];
  opaque: boolean;
  pipes_to_shell: boolean;
  privileged: boolean;
  destroys: boolean;
}
/** Where a call reaches, however it is asked for; absent fields where an address cannot be decoded. */
export interface Net {
  hosts?: string[];
  networks?: Network[];
}
export interface Sql {
  verbs?: string[];
  tables?: string[];
  unbounded: boolean;
  opaque: boolean;
}

const READS = /^(?:read|get|open|view|cat|load|show|fetch|download|search|grep|head|tail|peek|dump)/;
const WRITES = /^(?:write|create|edit|append|save|put|upload|mkdir|make|new|touch|insert|replace|patch|update|set|modify|truncate|chmod|chown)/;
const DELETES = /^(?:delete|remove|rm|unlink|trash|erase|purge|rmdir|wipe)/;
const NAMES = /^(?:list|ls|stat|info|exists|tree|glob|find|watch)/;

/** T-11: what an operation does to its paths; one that is not known may do all. */
function touches(op: string | undefined): readonly Touch[] {
  if (op === undefined) return ['read', 'write', 'delete'];
  if (NAMES.test(op)) return [];
  if (READS.test(op)) return ['read'];
  if (WRITES.test(op)) return ['write'];
  if (op === 'use') return ['read', 'write'];
  return DELETES.test(op) ? ['delete'] : ['read', 'write', 'delete'];
}

/** T-11, T-41: paths of a tool for files, by what it does to them. */
export function touchedBy(op: string | undefined, paths: readonly string[], out: Touched): void {
  const found = new Findings(null);
  for (const how of touches(op)) for (const path of paths) found.touch(how, path, how === 'delete');
  touched(found.touched, [...found.marks].sort(), out);
}

function touched(by: Readonly<Record<Touch, Iterable<string>>>, marks: string[], out: Touched): boolean {
  const plain = (paths: Iterable<string>): string[] => [...paths].filter((path) => fits(path, FILE_PATH_BYTES_MAX));
  [out.reads, out.writes, out.deletes] = [plain(by.read), plain(by.write), plain(by.delete)];
  out.marks = marks;
  return [by.read, by.write, by.delete].every((paths) => [...paths].every((path) => fits(path, FILE_PATH_BYTES_MAX)));
}

/** T-12: what a call names as its files beside what its command touches; false where there is too much of it. */
export function joinTouched(out: Touched, other: (Touched & { op?: string }) | undefined): boolean {
  if (other === undefined) return true;
  let fit = true;
  for (const key of ['paths', 'reads', 'writes', 'deletes', 'marks'] as const) {
    const all = [...new Set([...(other[key] ?? []), ...(out[key] ?? [])])];
    if (all.length === 0 && out[key] === undefined && other[key] === undefined) continue;
    fit &&= all.length <= VALUES_MAX;
    out[key] = all.slice(0, VALUES_MAX);
  }
  if (other.op !== undefined) Object.assign(out, { op: other.op });
  const path = other.path ?? out.path;
  if (path !== undefined) out.path = path;
  return fit;
}

export interface CommandFacets {
  readonly shell: Shell;
  readonly net: Net;
  /** Of the databases that it asks; null where it asks none. */
  readonly sql: Sql | null;
  readonly fs: Touched;
  readonly effect: Effect;
  readonly egress: boolean;
}

/** T-30: the command line of a call, or its argument vector. */
export function commandFacets(binding: ShellBinding, args: unknown): CommandFacets {
  const line = lineOf(args, binding.command);
  const folder = binding.cwd === null ? null : textAt(args, binding.cwd);
  if (line === undefined || folder === undefined) return UNREAD();
  const facts = readShell(line, folder?.startsWith('/') ? folder : null);
  const fs: Touched = {};
  const fit = touched({ read: facts.reads, write: facts.writes, delete: facts.deletes }, [...facts.marks], fs);
  const paths = [...new Set([...(fs.reads ?? []), ...(fs.writes ?? []), ...(fs.deletes ?? [])])];
  if (paths.length > 0 && paths.length <= VALUES_MAX) {
    fs.path = paths[0];
    fs.paths = paths;
  }
  const hosts = facts.hosts.filter((host) => fits(host, HOST_BYTES_MAX)).slice(0, VALUES_MAX);
  const opaque = facts.opaque || !fit || paths.length > VALUES_MAX || facts.hosts.length > VALUES_MAX;
  return {
    shell: {
      commands: [...facts.commands],
      acts: [...facts.acts],
      opaque,
      pipes_to_shell: facts.pipes_to_shell,
      privileged: facts.privileged,
      destroys: facts.destroys,
    },
    fs,
    net: netOf(hosts),
    sql: facts.sql === null ? null : { ...facts.sql, verbs: [...facts.sql.verbs], tables: [...facts.sql.tables] },
    effect: opaque ? 'opaque' : facts.effect,
    egress: facts.egress || opaque,
  };
}

export const netOf = (hosts: readonly string[]): Net => ({ hosts: [...hosts], networks: [...new Set(hosts.map(networkOf))].sort() });

const UNREAD = (): CommandFacets => ({
  shell: { opaque: true, pipes_to_shell: false, privileged: false, destroys: false },
  fs: {},
  net: {},
  sql: null,
  effect: 'opaque',
  egress: true,
});

/** A text, or a list of texts as one line of quoted words; undefined where it is neither, empty where there is none. */
function lineOf(args: unknown, path: ArgPath): string | undefined {
  const found: unknown[] = [];
  if (!findValues(args, path, 0, found)) return undefined;
  const texts = found.filter((value): value is string => typeof value === 'string');
  if (texts.length !== found.length || texts.reduce((sum, text) => sum + text.length, 0) > LINE_BYTES_MAX) return undefined;
  return texts.length < 2 ? (texts[0] ?? '') : texts.map((text) => `'${text.replaceAll("'", "'\\''")}'`).join(' ');
}

function textAt(args: unknown, path: ArgPath): string | null | undefined {
  const found: unknown[] = [];
  if (!findValues(args, path, 0, found) || found.length > 1) return undefined;
  const [value] = found;
  return value === undefined ? null : typeof value === 'string' ? value : undefined;
}

/** T-39: the statements of a call. */
export function statementFacets(path: ArgPath, args: unknown): { readonly sql: Sql; readonly effect: Effect } {
  const found: unknown[] = [];
  const whole = findValues(args, path, 0, found) && found.every((value) => typeof value === 'string');
  if (!whole) return { sql: { unbounded: false, opaque: true }, effect: 'opaque' };
  const facts = sqlFacts(found.join(';\n'));
  const opaque = facts.opaque || facts.programs.length > 0;
  return { sql: { verbs: [...facts.verbs], tables: [...facts.tables], unbounded: facts.unbounded, opaque }, effect: opaque ? 'opaque' : facts.effect };
}
