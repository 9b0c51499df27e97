/** The servers of a gateway: servers.json in the data folder (spec/gateway.md MG-50 to MG-52). */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../base/fault.ts';
import { isObject, type Params } from './message.ts';
import { isServerName } from './names.ts';

/** In the data folder. */
export const SERVERS_NAME = 'servers.json';
const BYTES_MAX = 1_048_576;
export const SERVERS_MAX = 64;
const ARGS_MAX = 256;
const VALUES_MAX = 128;

/** MG-51: a text, or where one stands that must not stand in a settings file. */
export type Value = string | { readonly file: string } | { readonly env: string };
export type Values = Readonly<Record<string, Value>>;

export interface ProgramSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to what every program needs: PATH, HOME and the like. */
  readonly env: Values;
  readonly cwd: string | undefined;
}
export interface UrlSpec {
  readonly url: string;
  readonly headers: Values;
}
export type ServerSpec = ProgramSpec | UrlSpec;

/** MG-50: by name, in the file's order. @throws Fault config */
export function readServers(folder: string): ReadonlyMap<string, ServerSpec> {
  const path = join(folder, SERVERS_NAME);
  let value: unknown;
  try {
    if (statSync(path).size > BYTES_MAX) throw new Fault('config', `${path} is larger than ${BYTES_MAX} bytes`, { path });
    value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'is missing: it names the servers, such as {"files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "."]}}'
        : code === undefined
          ? 'is not JSON'
          : `cannot be read: ${code}`;
    throw new Fault('config', `${path} ${why}`, { path });
  }
  if (!isObject(value)) throw new Fault('config', `${path}: an object of servers by name is expected`, { path });
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > SERVERS_MAX) throw new Fault('config', `${path}: 1 to ${SERVERS_MAX} servers are expected`, { path });
  return new Map(entries.map(([name, spec]) => [name, specOf(spec, name, (what) => new Fault('config', `${path}: ${name}: ${what}`, { path, server: name }))]));
}

function specOf(spec: unknown, name: string, bad: (what: string) => Fault): ServerSpec {
  if (!isServerName(name)) throw bad('a name has 1 to 32 of a-z 0-9 -, and begins with a letter or digit');
  if (!isObject(spec)) throw bad('an object is expected');
  const known = spec.url === undefined ? ['command', 'args', 'env', 'cwd'] : ['url', 'headers'];
  const other = Object.keys(spec).find((key) => !known.includes(key) && key !== 'type');
  if (other !== undefined) throw bad(`\`${other}\` is no field of it: there are ${known.join(', ')}`);
  return spec.url === undefined ? programOf(spec, bad) : urlOf(spec, bad);
}

function programOf({ command, args = [], env, cwd }: Params, bad: (what: string) => Fault): ProgramSpec {
  if (typeof command !== 'string' || command === '') throw bad('`command` or `url` is expected');
  if (!Array.isArray(args) || args.length > ARGS_MAX || !args.every((arg) => typeof arg === 'string'))
    throw bad(`\`args\` is a list of at most ${ARGS_MAX} texts`);
  if (cwd !== undefined && typeof cwd !== 'string') throw bad('`cwd` is a text');
  return { command, args: args as string[], env: valuesOf(env, 'env', bad), cwd };
}

function urlOf({ url, headers }: Params, bad: (what: string) => Fault): UrlSpec {
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) throw bad('`url` is an address that begins with https:// or http://');
  if (parsed.username !== '' || parsed.password !== '') throw bad('`url` holds no credentials: they go into `headers`');
  // MG-52
  if (parsed.protocol === 'http:' && headers !== undefined && !/^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(parsed.hostname))
    throw bad('`headers` would cross the network in clear: use https');
  return { url: parsed.href, headers: valuesOf(headers, 'headers', bad) };
}

function valuesOf(values: unknown, field: string, bad: (what: string) => Fault): Values {
  if (values === undefined) return {};
  if (!isObject(values) || Object.keys(values).length > VALUES_MAX) throw bad(`\`${field}\` is an object of at most ${VALUES_MAX} texts`);
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === 'string') continue;
    const [[kind, place] = []] = isObject(value) && Object.keys(value).length === 1 ? Object.entries(value) : [];
    if ((kind !== 'file' && kind !== 'env') || typeof place !== 'string' || place === '')
      throw bad(`\`${field}.${key}\` is a text, {"file": PATH} or {"env": NAME}`);
  }
  return values as Values;
}
