/** What arguments are, guessed from their names (spec/facet.md T-26), and which facets can be read from them. */
import type { Act } from './lexicon.ts';
import { ARGS_MAX, type ArgKind, type ArgPath, type Binding, type Entry, KINDS, type Kind } from './map.ts';

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

const SECRETS = set('password passwd pwd passcode passphrase secret pin credential credentials apikey privatekey');
const SECRET_PAIRS = set('api_key private_key secret_key access_key access_token auth_token bearer_token client_secret security_code');
const TIMES = set(
  'date time datetime timestamp day days start end deadline due until since before after month months year years hour hours minute minutes week weeks timezone tz when duration expires expiry expiration checkin checkout at birthday dob',
);
const COUNTS = set(
  'amount count limit quantity qty num total n size page offset max min price percent percentage rating score width height depth priority recurring recurrence enabled enable disabled recursive index level format type status state sort order ordering direction language lang locale currency unit units mode permission permissions role visibility private public draft force dry overwrite include includes exclude verbose timeout temperature speed volume color colour cursor stars rank ratio rate radius zoom seed top threshold interval frequency required submit confirm all flag flags head tail lines depth lat lng lon latitude longitude weight age zip cost fee budget tax tip version encoding quality insurance cabin class',
);
const COUNT_STARTS = set('is has can should use max min num total with no allow show');
const DESTS = set(
  'to recipient recipients cc bcc email emails mail address addresses url urls uri link links href host hostname endpoint webhook website site domain channel channels user users username participant participants attendee attendees invitee invitees guest guests member members payee receiver beneficiary account iban phone telephone mobile contact contacts destination target assignee assignees collaborator collaborators reviewer reviewers server ip people person recipientid handle friend friends group groups team customer vendor seller merchant hotel restaurant company payer sender account_number wallet chat room callback hook redirect domain bank provider business organizer',
);
/** Of whom or what an id says where something goes. */
const HOLDERS = set(
  'user users channel channels recipient recipients receiver customer account chat contact member payee beneficiary group participant attendee friend wallet phone',
);
const TEXTS = set(
  'body text message messages content contents description comment comments note notes subject title summary reason caption prompt memo details instructions abstract bio markdown html reply answer feedback review query question payload data value values input inputs snippet code script thought expression observations thoughts label tags tag keywords filename template suggestion suggestions name names topic location',
);
const OBJECTS = set(
  'id ids path paths file files filepath directory dir folder filename repo repository branch key keys uuid guid item items product products cart project issue ticket task event ref sha commit slug table database collection resource entity source node number query keyword keywords owner attachment attachments pattern patterns regex glob sku',
);
const MOVED = set('source destination target src dst dest');
const URLS = set('url uri href link website webpage');
const PATHS = set('path paths filepath directory dir folder filename file files cwd');
const COMMANDS = set('command commands cmd commandline');
const STATEMENTS = set('sql statement statements');

/** The words of an argument's name, as `nameWords` would cut them, without marks. */
function nameParts(segment: string): string[] {
  const spaced = segment.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2');
  return spaced.toLowerCase().match(/[a-z]+/g) ?? [];
}

export interface Doing {
  readonly reader: boolean;
  /** What it names is taken away: nothing goes there. */
  readonly removes: boolean;
  /** It gives a secret instead of setting one. */
  readonly enters: boolean;
  /** The name is what is written, not what is looked up. */
  readonly creates: boolean;
  /** What it moves are files: places of theirs are paths. */
  readonly files: boolean;
  /** It changes what the account has: an id says on what, not to whom. */
  readonly within: boolean;
}

/** T-26: what each argument is; those that the rules look at first, at most 32. */
export function argumentKinds(paths: readonly ArgPath[], doing: Doing): ArgKind[] {
  const kinds = paths.map((path) => ({ path, kind: kindOf(path, doing) }));
  return kinds.length <= ARGS_MAX ? kinds : kinds.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)).slice(0, ARGS_MAX);
}

function kindOf(path: ArgPath, doing: Doing): Kind {
  return toldKind(path, doing) ?? (doing.reader ? 'obj' : 'text');
}

/** What the name of an argument says, or else of what it stands in: `to.name`. */
function toldKind(path: ArgPath, doing: Doing): Kind | null {
  for (let i = path.length - 1; i >= 0; i--) {
    const kind = kindOfName(nameParts(path[i]), doing);
    if (kind !== null) return kind;
  }
  return null;
}

/** Does the argument's name say what it is? */
export const tells = (path: ArgPath, doing: Doing): boolean => toldKind(path, doing) !== null;

function kindOfName(words: readonly string[], doing: Doing): Kind | null {
  if (words.length === 0) return null;
  const last = words[words.length - 1];
  const joined = words.join('');
  const has = (of: ReadonlySet<string>): boolean => words.some((word) => of.has(word));
  const secret = has(SECRETS) || words.some((word, i) => i > 0 && SECRET_PAIRS.has(`${words[i - 1]}_${word}`)) || SECRETS.has(joined);
  if (secret) return doing.enters || doing.reader ? 'obj' : 'sec';
  if (COUNT_STARTS.has(words[0]) && words.length > 1) return 'qty';
  const reaches = (): Kind => (doing.reader && !has(URLS) ? 'obj' : doing.removes ? 'obj' : 'dest');
  if (last === 'id' || last === 'ids') return words.length > 1 && has(HOLDERS) && !doing.within ? reaches() : 'obj';
  if (doing.files && MOVED.has(last)) return 'obj';
  if (TIMES.has(last)) return 'time';
  if (DESTS.has(last)) return reaches();
  if (COUNTS.has(last)) return 'qty';
  if (OBJECTS.has(last) && !(doing.creates && last === 'filename')) return 'obj';
  // The name of a thing tells which one, but where it is made.
  if (last === 'name' && !doing.creates && words.some((word) => word !== 'filename' && OBJECTS.has(word))) return 'obj';
  if (TEXTS.has(last)) return doing.reader ? 'obj' : 'text';
  if (words.length > 1 && has(TIMES)) return 'time';
  if (words.length > 1 && has(DESTS)) return reaches();
  if (words.length > 1 && has(COUNTS)) return 'qty';
  if (words.length > 1 && has(OBJECTS)) return 'obj';
  if (words.length > 1 && has(TEXTS)) return doing.reader ? 'obj' : 'text';
  return null;
}

export type Bindings = Pick<Entry, 'money' | 'mail' | 'http' | 'fs' | 'shell' | 'sql'>;

export interface Naming {
  readonly verb: string | null;
  readonly act: Act;
  /** All words of the tool's and the server's name. */
  readonly words: readonly string[];
}

const fixed = (text: string): Binding => ({ fixed: text, path: [] });
const MONEY_WORDS = set('pay payment money transfer refund transaction donate wire withdraw deposit invoice bill salary payout reimburse remit tip fund');
const MAIL_WORDS = set('email mail gmail outlook smtp');
/** Acts that write to a mail address, whatever is sent. */
const REACHING = set('send publish share invite plan');
export const FILE_WORDS: ReadonlySet<string> = set('file files filesystem fs directory directories dir folder folders path');
const SQL_NAMES = set('sql postgres postgresql mysql sqlite mariadb clickhouse duckdb mssql');
const SQL_WORDS = set('sql database db postgres postgresql mysql sqlite mariadb clickhouse snowflake bigquery duckdb mssql');
const SHELL_WORDS = set('shell bash terminal command cmd exec execute run powershell sh zsh process console');
const OPS: readonly (readonly [op: string, words: ReadonlySet<string>])[] = [
  ['delete', set('delete del remove rm unlink trash erase rmdir rmtree rmrf shred')],
  ['move', set('move rename mv copy cp')],
  ['write', set('write overwrite edit append update save create insert patch replace upload put')],
  ['list', set('list search find tree glob ls info stat directory')],
  ['read', set('read get open view cat load fetch grep download')],
];

/** Is the argument a command line by its name? `command_id` is none. */
export const isCommandName = (segment: string): boolean => /^(?:\w+ )*(?:commands?|cmd|command ?line)$/.test(nameParts(segment).join(' '));

const operation = (words: readonly string[]): string | undefined => OPS.find(([, known]) => words.some((word) => known.has(word)))?.[0];

/** What the name of a tool says is done to the files that it is given; null where none is given. */
export function opOf(name: readonly string[], paths: readonly ArgPath[]): string | null {
  const given = paths.some((path) => path.length <= 2 && nameParts(path[path.length - 1]).some((word) => PATHS.has(word)));
  return given ? (operation(name) ?? null) : null;
}

/** T-26: the facets that the arguments' names show. */
export function bindings(args: readonly ArgKind[], paths: readonly ArgPath[], naming: Naming): Bindings {
  const { act, words } = naming;
  const has = (of: ReadonlySet<string>): boolean => words.some((word) => of.has(word));
  const of = (names: ReadonlySet<string>): ArgPath[] =>
    paths.filter((path) => nameParts(path[path.length - 1]).some((word) => names.has(word)) && path.length <= 2);
  const dests = args.filter(({ kind }) => kind === 'dest').map(({ path }) => path);
  const acts = act !== 'read' && act !== 'compute' && act !== 'fetch';

  const [amount] = of(set('amount sum'));
  const currency = of(set('currency'))[0];
  const pays = acts && amount !== undefined && (naming.verb === 'pay' || has(MONEY_WORDS));
  const money = pays
    ? { amount, minor: of(set('cents'))[0] === amount, currency: currency === undefined ? null : { fixed: null, path: currency }, payee: dests[0] ?? null }
    : null;

  const addresses = dests.filter((path) =>
    /^(?:to|cc|bcc|recipients?|e?mails?|(?:e?mail|to|cc|bcc|user_e?mail|recipient)_?(?:addresses|address|e?mails?|list)?)$/i.test(path[path.length - 1]),
  );
  const mails =
    acts && addresses.length > 0 && (has(MAIL_WORDS) || (REACHING.has(naming.verb ?? '') && addresses.some((path) => /mail/i.test(path[path.length - 1]))));
  const mail = mails ? { to: addresses, subject: of(set('subject'))[0] ?? null, body: of(set('body content text message html'))[0] ?? null } : null;

  const url = paths.find((path) => path.length === 1 && URLS.has(nameParts(path[0]).join('')));
  const method = paths.find((path) => path.length === 1 && /^(?:http_?)?method$/i.test(path[0]));
  const http = url === undefined ? null : { method: method === undefined ? fixed(acts ? 'POST' : 'GET') : { fixed: null, path: method }, url };

  const files = of(PATHS).filter((path) => !/url|content/i.test(path[path.length - 1]));
  const ends =
    files.length > 0 && has(FILE_WORDS)
      ? paths.filter((path) => path.length === 1 && /^(?:source|destination|target|from|to|src|dst|dest)$/i.test(path[0]))
      : [];
  const moved =
    files.length === 0 && has(FILE_WORDS) ? paths.filter((path) => path.length === 1 && /^(?:source|destination|src|dst|dest)$/i.test(path[0])) : [];
  const all = [...files, ...ends, ...moved];
  const named = of(COMMANDS).find((path) => (acts && has(SHELL_WORDS)) || isCommandName(path[path.length - 1]));
  const speaks = has(SQL_NAMES);
  const command = speaks && !(acts && has(SHELL_WORDS)) ? undefined : named;
  const cwd = of(set('cwd workdir'))[0] ?? null;
  const shell = command === undefined ? null : { command, cwd };
  const statement =
    of(STATEMENTS)[0] ??
    (has(SQL_WORDS) ? of(set('query'))[0] : undefined) ??
    (speaks ? of(set('q'))[0] : undefined) ??
    (shell === null && speaks ? named : undefined);

  // The folder in which a command runs is no file that it writes.
  const places = shell === null ? all : all.filter((path) => path !== cwd);
  const fs = places.length === 0 ? null : { op: fixed(operation(words) ?? (acts ? 'write' : 'read')), paths: places };
  return { money, mail, http, fs, shell, sql: statement ?? null };
}
