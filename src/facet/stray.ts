/**
 * What a call is given beside what its entry knows (spec/facet.md T-27): an entry that any server's tool of its name has
 * may know other arguments than this server's tool, and a path is a path whatever its argument is called.
 */
import { findValues } from './arguments.ts';
import { plainPath } from './facet.ts';
import { networkOf } from './host.ts';
import { type ArgPath, type Entry, stricter } from './map.ts';
import { webAddress } from './url.ts';

/** Values of a call that are looked at; a call of more is not read. */
const VALUES_MAX = 4_096;
/** UTF-16 units of a value that may be a path; a longer one is text. */
const LENGTH_MAX = 65_536;

const PATH = /^(?:file:\/|~[\w.-]*[\\/]|\$\{?home\}?[\\/]|%userprofile%[\\/]|\.[\w.-]*[\\/]|[a-z]:[\\/]|[\\/]+[^\s\\/*])/i;
/** Bytes in base 64 may begin with a slash. */
const BASE64 = /^[A-Za-z0-9+/]{256,}={0,2}$/;

/** T-27: is the whole value a path from the root, from home or from here? */
function isPath(value: string): boolean {
  const text = value.trim();
  if (text.length > LENGTH_MAX || !PATH.test(text) || /[\n\r\t]/.test(text)) return false;
  const single = text.replace(/[\\/]{2,}/g, '/');
  return !BASE64.test(single) && !/\s\S+\s+\S+\s+\S+\s+\S/.test(plainPath(single) ?? single);
}

/** T-27: is it an address of the machine's own metadata service, or one of numbers that readers read differently? */
function isMetadata(value: string): boolean {
  const text = value.trim();
  const found = webAddress(/^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text) && /:.*:/.test(text) ? `[${text}]` : text);
  if (found === undefined) return /^https?:\/\/[0-9a-fx.]+(?:[:/?#]|$)/i.test(text);
  return networkOf(found.host) === 'metadata' && (/[.:]/.test(found.host) || /^https?:/i.test(text));
}

interface Strays {
  readonly paths: readonly ArgPath[];
  readonly address: ArgPath | null;
  readonly whole: boolean;
}

/** Arguments of the call, but for `bound` ones, that hold such a value. */
function straysIn(args: unknown, bound: ReadonlySet<string>): Strays {
  const paths = new Map<string, ArgPath>();
  let address: ArgPath | null = null;
  let left = VALUES_MAX;
  const walk = (value: unknown, at: ArgPath, key: string): void => {
    if (left < 0) return;
    left -= 1;
    if (typeof value === 'string') {
      if (bound.has(key)) return;
      if (isPath(value)) paths.set(key, at);
      else if (isMetadata(value)) address ??= at;
    } else if (Array.isArray(value)) for (let i = 0; i < value.length && left >= 0; i++) walk(value[i], at, key);
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) walk(item, [...at, name], `${key}${name.length}:${name}`);
  };
  walk(args, [], '');
  return { paths: [...paths.values()], address, whole: left >= 0 };
}

const keyOf = (path: ArgPath): string => path.map((name) => `${name.length}:${name}`).join('');

/** Arguments from which facets are read. */
function boundBy({ money, mail, http, fs, shell, sql }: Entry): ArgPath[] {
  const all = [money?.amount, money?.payee, ...(mail?.to ?? []), mail?.subject, mail?.body, http?.url, ...(fs?.paths ?? []), shell?.command, shell?.cwd, sql];
  return all.filter((path): path is ArgPath => path !== undefined && path !== null);
}

/** T-27: the entry with paths and the metadata service wherever they stand in the call. */
export function withStrays(entry: Entry, args: unknown): Entry {
  const { paths, address, whole } = straysIn(args, new Set(boundBy(entry).map(keyOf)));
  if (paths.length === 0 && address === null && whole) return entry;
  const reads = entry.effect === 'read';
  return {
    ...entry,
    effect: whole ? entry.effect : 'opaque',
    ...(paths.length > 0 && { fs: { op: entry.fs?.op ?? { fixed: reads ? 'read' : 'use', path: [] }, paths: [...(entry.fs?.paths ?? []), ...paths] } }),
    ...(address !== null && { egress: true, http: { method: entry.http?.method ?? { fixed: reads ? 'GET' : 'POST', path: [] }, url: address } }),
  };
}

/**
 * T-27: where a call has arguments that an entry for any server does not know, what they show is bound as a guess binds
 * them, where the entry's own arguments give nothing; and the stricter effect of the two counts.
 */
export function withGuess(entry: Entry, guessed: () => Entry, paths: readonly ArgPath[], args: unknown): Entry {
  const known = [...entry.args.map(({ path }) => path), ...boundBy(entry)].map(keyOf);
  const isNew = (path: ArgPath): boolean => !known.some((name) => keyOf(path).startsWith(name));
  if (!paths.some(isNew)) return entry;
  const guess = guessed();
  const given = (path: ArgPath): boolean => {
    const found: unknown[] = [];
    return !findValues(args, path, 0, found) || found.length > 0;
  };
  const files = (guess.fs?.paths ?? []).filter(isNew);
  const fs =
    files.length > 0 && !(entry.fs?.paths ?? []).some(given) ? { op: entry.fs?.op ?? guess.fs?.op ?? { fixed: 'use', path: [] }, paths: files } : entry.fs;
  const shell = entry.shell ?? (guess.shell !== null && isNew(guess.shell.command) ? guess.shell : null);
  const sql = entry.sql ?? (guess.sql !== null && isNew(guess.sql) ? guess.sql : null);
  const http = guess.http !== null && isNew(guess.http.url) && (entry.http === null || !given(entry.http.url)) ? guess.http : entry.http;
  const decoded = shell !== entry.shell || sql !== entry.sql;
  return {
    ...entry,
    fs,
    shell,
    sql,
    http,
    effect: stricter(entry.effect, decoded && guess.beside === undefined && guess.effect !== 'opaque' ? 'read' : guess.effect),
    egress: entry.egress || (http !== null && http !== entry.http),
    ...(decoded && entry.effect !== 'read' && { beside: entry.effect }),
  };
}
