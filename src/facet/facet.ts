/**
 * What a call really does, whatever the tool is called (spec/facet.md T-7 to T-12). Total: any arguments give facets;
 * what cannot be decoded makes the effect `opaque` and leaves its field out, never its group.
 */
import { FOUND_MAX, findValues, fits } from './arguments.ts';
import { commandFacets, joinTouched, type Net, netOf, type Shell, type Sql, statementFacets, type Touched, touchedBy } from './command.ts';
import { type ArgPath, type Binding, type Effect, type Entry, type FsBinding, type HttpBinding, type MailBinding, type MoneyBinding, stricter } from './map.ts';
import { hundredths } from './money.ts';
import { type SecretFacts, secretFacts } from './secret.ts';
import { webAddress } from './url.ts';
import {
  ADDRESS_BYTES_MAX,
  BODY_BYTES_MAX,
  CURRENCY_BYTES_MAX,
  FILE_PATH_BYTES_MAX,
  HOST_BYTES_MAX,
  METHOD_BYTES_MAX,
  PAYEE_BYTES_MAX,
  SUBJECT_BYTES_MAX,
  VALUES_MAX,
} from './version.ts';

export interface Action {
  readonly kind: string;
  readonly server: string | null;
  readonly name: string;
}
export interface Money {
  /** Hundredths of the unit. */
  amount?: number;
  currency?: string;
  payee?: string;
}
export interface Mail {
  to?: string[];
  /** Of its addresses, each once; none where one has no domain. */
  domains?: string[];
  subject?: string;
  body?: string;
}
export interface Http {
  method?: string;
  scheme?: string;
  host?: string;
  path?: string;
}
export interface Fs extends Touched {
  op?: string;
}
/** Nested as the rules' inputs are; a group is there exactly when the tool's entry has it. */
export interface Facets {
  effect: Effect;
  egress: boolean;
  money?: Money;
  mail?: Mail;
  http?: Http;
  fs?: Fs;
  /** Beside `http` and `shell`. */
  net?: Net;
  shell?: Shell;
  sql?: Sql;
  /** Of what leaves, and of what comes in at moments other than a call. */
  secret?: SecretFacts;
}

const MOMENTS: ReadonlySet<string> = new Set([
  'tool.list',
  'tool.result',
  'user.input',
  'model.call',
  'model.result',
  'agent.start',
  'agent.output',
  'agent.stop',
]);
/** Those of which nothing is looked through for secrets. */
const QUIET: ReadonlySet<string> = new Set(['tool.list', 'user.input']);
/** What servers offer and ask beside tools (T-4). */
const OFFERED: ReadonlySet<string> = new Set(['resource.read', 'prompt.get', 'sampling.create', 'elicitation.create']);

/** T-7: the facets of a call. `entry` is the tool's entry in the map in force, null where it has none. */
export function facetsOf(entry: Entry | null, action: Action, args: unknown): Facets {
  // T-4: the other moments of an agent's loop move nothing; a result is judged under its own.
  if (MOMENTS.has(action.kind))
    return QUIET.has(action.kind) ? { effect: 'read', egress: false } : { effect: 'read', egress: false, secret: secretFacts(args) };
  if (OFFERED.has(action.kind)) return { ...offeredFacets(args), secret: secretFacts(args) };
  if (action.kind !== 'tool.call' || entry === null) return { effect: 'opaque', egress: true, secret: secretFacts(args) };
  const facets: Facets = { effect: entry.effect, egress: entry.egress };
  let clear = true;
  if (entry.money !== null) clear = moneyOf(entry.money, args, (facets.money = {})) && clear;
  if (entry.mail !== null) clear = mailOf(entry.mail, args, (facets.mail = {})) && clear;
  if (entry.http !== null) clear = httpOf(entry.http, args, (facets.http = {}), (facets.net = {})) && clear;
  if (entry.fs !== null) clear = fsOf(entry.fs, args, (facets.fs = {})) && clear;
  if (entry.shell !== null) {
    const { shell, fs, net, sql, effect, egress } = commandFacets(entry.shell, args);
    clear = joinTouched(fs, facets.fs) && clear;
    const hosts = [...new Set([...(facets.net?.hosts ?? []), ...(net.hosts ?? [])])];
    if (hosts.length > VALUES_MAX) clear = false;
    Object.assign(
      facets,
      { shell, effect, egress: egress || (entry.http !== null && entry.egress), net: hosts.length === 0 ? net : netOf(hosts.slice(0, VALUES_MAX)), fs },
      sql === null ? {} : { sql },
    );
  }
  if (entry.sql !== null) {
    const { sql, effect } = statementFacets(entry.sql, args);
    // Two statements of one call are not told apart.
    if (facets.sql !== undefined) clear = false;
    Object.assign(facets, { sql, effect: entry.shell === null ? effect : stricter(effect, facets.effect) });
  }
  if (entry.beside !== undefined) {
    facets.effect = stricter(facets.effect, entry.beside);
    facets.egress ||= entry.egress;
  }
  if (!clear) facets.effect = 'opaque';
  // T-40
  if (facets.egress) facets.secret = secretFacts(args);
  return facets;
}

/** T-4: an address that is read, or to which a person is sent, is decoded; nothing is changed. */
function offeredFacets(args: unknown): Facets {
  const facets: Facets = { effect: 'read', egress: false };
  const address = onlyText(args, ['uri']) ?? onlyText(args, ['url']) ?? null;
  if (address === null) return facets;
  const scheme = /^(https?|file):/i.exec(address)?.[1].toLowerCase();
  if (scheme === undefined) return facets;
  const web = scheme === 'file' ? undefined : webAddress(address);
  const path = scheme === 'file' ? filePath(address) : undefined;
  if (path !== undefined) {
    const fs: Fs = { op: 'read', path, paths: [path] };
    touchedBy('read', [path], fs);
    return { ...facets, fs };
  }
  if (web === undefined) return { effect: 'opaque', egress: true };
  return { effect: 'read', egress: true, http: { method: 'GET', ...web }, net: netOf([web.host]) };
}

/** The path of a file's address on this machine. */
function filePath(address: string): string | undefined {
  const path = /^file:\/\/(?:localhost)?(\/[^?#]*)$/i.exec(address)?.[1];
  if (path === undefined) return undefined;
  try {
    return plainPath(decodeURIComponent(path));
  } catch {
    return undefined;
  }
}

/** The only text at the path; null where nothing stands, undefined where it is not one text. */
function onlyText(args: unknown, path: ArgPath): string | null | undefined {
  const found: unknown[] = [];
  if (!findValues(args, path, 0, found)) return undefined;
  if (found.length === 0) return null;
  const value = found[0];
  if (found.length > 1) return undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

function bound(args: unknown, binding: Binding, max: number): string | null | undefined {
  if (binding.fixed !== null) return binding.fixed;
  const value = onlyText(args, binding.path);
  return typeof value === 'string' && !fits(value, max) ? undefined : value;
}

/** T-8. Several amounts (a list of payments) are added. */
function moneyOf(binding: MoneyBinding, args: unknown, out: Money): boolean {
  let clear = true;
  const found: unknown[] = [];
  if (!findValues(args, binding.amount, 0, found)) clear = false;
  else if (found.length > 0) {
    let sum = 0;
    for (const value of found) {
      const amount = hundredths(value, binding.minor);
      sum = amount === undefined ? Number.NaN : sum + amount;
    }
    if (Number.isSafeInteger(sum)) out.amount = sum;
    else clear = false;
  }
  if (binding.currency !== null) {
    const currency = bound(args, binding.currency, CURRENCY_BYTES_MAX);
    if (typeof currency === 'string') out.currency = currency.trim().toUpperCase();
    else if (currency === undefined) clear = false;
  }
  if (binding.payee !== null) {
    const payee = onlyText(args, binding.payee);
    if (typeof payee === 'string' && fits(payee, PAYEE_BYTES_MAX)) out.payee = payee.trim();
    else if (payee !== null) clear = false;
  }
  return clear;
}

/** T-9. A subject or body past its bound is left out: the rules that read it then fail, the others do not. */
function mailOf(binding: MailBinding, args: unknown, out: Mail): boolean {
  const to: string[] = [];
  let clear = true;
  for (const path of binding.to) {
    const found: unknown[] = [];
    if (!findValues(args, path, 0, found)) clear = false;
    for (const value of found) if (typeof value !== 'string' || !addresses(value, to)) clear = false;
  }
  if (clear && to.length <= VALUES_MAX) {
    out.to = to;
    const domains = to.map((each) => each.slice(each.indexOf('@') + 1));
    if (to.every((each) => each.includes('@')) && domains.every((each) => fits(each, HOST_BYTES_MAX))) out.domains = [...new Set(domains)];
  } else clear = false;
  const subject = binding.subject === null ? null : onlyText(args, binding.subject);
  if (typeof subject === 'string' && fits(subject, SUBJECT_BYTES_MAX)) out.subject = subject;
  const body = binding.body === null ? null : onlyText(args, binding.body);
  if (typeof body === 'string' && fits(body, BODY_BYTES_MAX)) out.body = body;
  return clear;
}

const PLAIN_ADDRESS = /^[^\s,;<>"()\\@]+@[^\s,;<>"()\\@]+$/;

/** T-9: the addresses of one text: `a@x`, `Name <a@x>`, several after commas or semicolons; lower case. */
function addresses(text: string, out: string[]): boolean {
  if (text.length > FOUND_MAX * ADDRESS_BYTES_MAX) return false;
  if (PLAIN_ADDRESS.test(text)) return address(text, out);
  for (const part of text.split(/[,;\r\n]/)) {
    const trimmed = part.trim();
    if (trimmed === '') continue;
    const bracket = /^[^<>]*<([^<>]*)>$/.exec(trimmed);
    const inner = bracket === null ? trimmed : bracket[1].trim();
    if ((inner.includes('@') || bracket !== null) && !PLAIN_ADDRESS.test(inner)) return false;
    if (!address(inner, out)) return false;
  }
  return true;
}

function address(text: string, out: string[]): boolean {
  if (out.length > VALUES_MAX || !fits(text, ADDRESS_BYTES_MAX)) return false;
  out.push(text.toLowerCase());
  return true;
}

/** T-10. */
function httpOf(binding: HttpBinding, args: unknown, out: Http, net: Net): boolean {
  let clear = true;
  const method = bound(args, binding.method, METHOD_BYTES_MAX);
  if (typeof method === 'string') out.method = method.toUpperCase();
  else if (method === undefined) clear = false;
  const url = onlyText(args, binding.url);
  if (url === null) return clear;
  const parsed = url === undefined ? undefined : webAddress(url);
  if (parsed === undefined) return false;
  out.scheme = parsed.scheme;
  out.host = parsed.host;
  out.path = parsed.path;
  Object.assign(net, netOf([parsed.host]));
  return clear;
}

/** T-11. */
function fsOf(binding: FsBinding, args: unknown, out: Fs): boolean {
  let clear = true;
  const op = bound(args, binding.op, METHOD_BYTES_MAX);
  if (typeof op === 'string') out.op = op.toLowerCase();
  else if (op === undefined) clear = false;
  const paths: string[] = [];
  for (const path of binding.paths) {
    const found: unknown[] = [];
    if (!findValues(args, path, 0, found)) clear = false;
    for (const value of found) {
      const plain = typeof value === 'string' ? plainPath(value) : undefined;
      if (plain === undefined) clear = false;
      else paths.push(plain);
    }
  }
  if (!clear || paths.length > VALUES_MAX) return false;
  if (paths.length > 0) {
    out.path = paths[0];
    out.paths = paths;
    touchedBy(out.op, paths, out);
  }
  return true;
}

/** T-11: slashes forward and single, dot segments removed; undefined for control characters and past the bound. */
export function plainPath(text: string): string | undefined {
  if (!fits(text, FILE_PATH_BYTES_MAX)) return undefined;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32 || text.charCodeAt(i) === 127) return undefined;
  // What stands for something else in paths of shells.
  if (/[\ue000-\ue00f]/.test(text)) return undefined;
  if (!/[\\]|\/\/|(?:^|\/)\.\.?(?:\/|$)|.\/$/.test(text)) return text;
  const forward = text.replaceAll('\\', '/');
  const root = forward.startsWith('/') ? '/' : '';
  const out: string[] = [];
  for (const part of forward.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else if (root === '') out.push(part);
  }
  const joined = root + out.join('/');
  return joined === '' ? '.' : joined;
}
