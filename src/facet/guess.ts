/**
 * What a tool does that no map lists, guessed from its name and the names of its arguments (spec/facet.md T-25). Values
 * are never looked at: the same tool with the same arguments is always the same entry. A reader reads; an act has reach
 * and intent for the flow rules to judge; only what may do anything at all is opaque.
 */
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from '../base/limit.ts';
import { fits } from './arguments.ts';
import { actGiven, actOf, isApart, isMixed, isOfCommand, isTyped } from './guess-act.ts';
import { argumentKinds, bindings, type Doing, FILE_WORDS, tells } from './guess-arguments.ts';
import { JOINS, READERS, verbOf } from './guess-verb.ts';
import { type Act, classOf, FILLERS, type Verb } from './lexicon.ts';
import { type ArgPath, CLASSES_MAX, type Entry, type Label, PATH_SEGMENTS_MAX, type Tools, type Trust } from './map.ts';
import { withGuess, withStrays } from './stray.ts';
import { NOUNS, type Noun, VAGUE } from './things.ts';
import { folded } from './words.ts';

/** Words of a name that are looked at. */
const NAME_WORDS_MAX = 24;
/** Arguments that are looked at; one more makes an act opaque. */
export const GUESSED_ARGS_MAX = 64;

const set = (words: string): ReadonlySet<string> => new Set(words.split(' ').filter((word) => word !== ''));

const NOUNS_OF = new Map<string, Noun[]>();
for (const noun of NOUNS) for (const word of set(noun.words)) NOUNS_OF.set(word, [...(NOUNS_OF.get(word) ?? []), noun]);
const VAGUE_WORDS = set(VAGUE);
const FILLER_WORDS = set(FILLERS);

/** T-25: the words of a name: cut at marks, at a capital after a small letter, and before a capital with a small letter behind. */
export function nameWords(name: string): string[] {
  const spaced = name
    .slice(0, LABEL_BYTES_MAX)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2');
  return (folded(spaced).match(/[a-z]+|\d+|[^\x00-\x7f\s]+/g) ?? []).slice(0, NAME_WORDS_MAX);
}

/** A word without the ending of the plural, where the lexicon knows that word. */
function singular(word: string): string {
  if (NOUNS_OF.has(word) || VAGUE_WORDS.has(word) || !word.endsWith('s')) return word;
  const bare = word.slice(0, -1);
  if (NOUNS_OF.has(bare) || VAGUE_WORDS.has(bare)) return bare;
  if (word.endsWith('ies') && NOUNS_OF.has(`${word.slice(0, -3)}y`)) return `${word.slice(0, -3)}y`;
  return word.endsWith('es') && NOUNS_OF.has(word.slice(0, -2)) ? word.slice(0, -2) : word;
}

/** T-25: the word in its usual forms: what a user would write for it. */
export function formsOf(word: string): string[] {
  if (/(?:ing|ed)$/.test(word) && word.length > 5) return [word, word.replace(/(?:ing|ed)$/, ''), word.replace(/(?:ing|ed)$/, 'e')];
  const stem = word.length > 4 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
  const bare = stem.endsWith('e') ? stem.slice(0, -1) : stem;
  return [...new Set([word, stem, `${stem}s`, `${stem}es`, `${bare}ed`, `${bare}ing`])];
}

interface Reading {
  readonly verb: Verb | null;
  /** The words of the name that are the act. */
  readonly act: readonly string[];
  /** Words of the name that are things, the telling ones. */
  readonly things: readonly string[];
  /** Words of the name that the lexicon has no act for, where it has none at all. */
  readonly unknown: readonly string[];
}

function read(words: readonly string[], server: readonly string[]): Reading {
  const found = verbOf(words);
  const rest = words.filter((word, i) => !FILLER_WORDS.has(word) && !JOINS.has(word) && !/^\d+$/.test(word) && found?.at.includes(i) !== true);
  const telling = rest.map(singular).filter((word) => !VAGUE_WORDS.has(word));
  const things = telling.length > 0 ? telling : server.map(singular).filter((word) => NOUNS_OF.has(word) && !VAGUE_WORDS.has(word));
  const act = found?.at.map((i) => words[i]) ?? [];
  return { verb: found?.verb ?? null, act, things, unknown: found === null ? rest : [] };
}

const LISTERS: ReadonlySet<string> = set('list search find query info metadata tree');

/** T-5: who writes what comes back: as the last thing before a word such as `in` says, `channel messages in team`. */
function trustOf(act: Act, words: readonly string[], things: readonly string[]): Trust {
  if (act === 'fetch') return 'untrusted';
  if (act !== 'read') return 'ack';
  const nouns = NOUNS_OF.get(headOf(words, things)) ?? [];
  const has = (kind: Noun['writers']): boolean => nouns.some(({ writers }) => writers === kind);
  if (has('records')) return 'records';
  // A list of files has records; what one holds is prose, and so is what a search of the web finds.
  if (has('prose')) return words.some((word) => LISTERS.has(word)) && !nouns.some((noun) => noun.class === 'page') ? 'records' : 'untrusted';
  if (has('list')) return 'directory';
  const own = things.length > 0 && things.every((word) => NOUNS_OF.get(word)?.some(({ writers }) => writers === 'own') === true);
  return own ? 'own' : 'records';
}

const PREPOSITIONS: ReadonlySet<string> = set('in for of by from to with on at per between');

function headOf(words: readonly string[], things: readonly string[]): string {
  const end = words.findIndex((word, i) => i > 0 && PREPOSITIONS.has(word) && things.includes(singular(words[i - 1])));
  const before = end < 0 ? words : words.slice(0, end);
  return before.map(singular).findLast((word) => things.includes(word)) ?? things[things.length - 1] ?? '';
}

/** Keys of records that servers write themselves. */
const SERVER_KEYS: readonly string[] = [
  ...set('assignee attendees author bcc cc channel created_by creator email filename from id id_ login members'),
  ...set('name organizer owner participants recipient recipients sender shared_with to user username'),
];

const MAKES: ReadonlySet<string> = set('create send publish share update plan invite');
const REMOVES: ReadonlySet<string> = set('remove expel cancel');
const ENTERS: ReadonlySet<string> = set('enter confirm');
const WITHIN: ReadonlySet<string> = set('update move mark react control shutdown operate save');

const literal = (words: readonly string[]): string[] => words.flatMap(formsOf).map((word) => `=${word}`);

/** A guess, and what it rests on. */
export interface Guess {
  readonly entry: Entry;
  /** Words of the name that say what it does, and to what; empty where none is known. */
  readonly act: readonly string[];
  readonly things: readonly string[];
  /** Arguments whose names say nothing. */
  readonly untold: readonly ArgPath[];
}

/**
 * T-25: the entry of a tool that no map lists. `paths` are those of its arguments, as `argumentPaths` gives them; `whole`
 * is false where there are more.
 */
export function guess(server: string | null, tool: string, paths: readonly ArgPath[], whole = true): Guess {
  const cut = tool.lastIndexOf('__');
  const name = nameWords(cut > 0 ? tool.slice(cut + 2) : tool);
  const home = [...(server === null ? [] : nameWords(server)), ...(cut > 0 ? nameWords(tool.slice(0, cut)) : [])];
  const { verb: said, act: words, things, unknown } = read(name, home);
  const nouns = [...new Set(things.flatMap((word) => NOUNS_OF.get(word) ?? []))];
  const first = actOf(said, things, name, paths);
  // What only reads by its name may be given what an act is given: then it acts.
  const verb = READERS.includes(first) ? (actGiven(said, name, paths) ?? said) : said;
  const act = verb === said ? first : (verb as Verb).act;
  const reader = READERS.includes(act);
  const doing: Doing = {
    reader,
    removes: has(REMOVES, verb),
    enters: has(ENTERS, verb),
    creates: verb?.class === 'create' || verb?.class === 'plan',
    files: name.some((word) => FILE_WORDS.has(word)),
    within: has(WITHIN, verb),
  };
  const args = argumentKinds(paths, doing);
  const untold = paths.filter((path) => !tells(path, doing));
  const told = bindings(args, paths, { verb: verb?.class ?? null, act, words: [...name, ...home] });
  const hidden =
    isMixed(cut > 0 ? tool.slice(cut + 2) : tool) || isTyped(name, paths) || isApart(told, paths) || (!whole && (told.shell !== null || told.sql !== null));
  const bound = hidden ? { ...told, shell: null, sql: null } : told;
  // An outcome does not know the arguments.
  const result = trustOf(first, name, things);
  const acts = !reader && act !== 'tell';
  const decoded = bound.shell !== null || bound.sql !== null;
  const shown: Shown = {
    readable: whole && (verb !== null || nouns.length > 0 || (unknown.length > 0 && untold.length < paths.length)),
    decoded,
    pays: bound.money !== null,
    mails: bound.mail !== null && verb?.class === 'send',
    secret: args.some(({ kind }) => kind === 'sec'),
  };
  const effect = hidden ? 'opaque' : effectOf(act, shown);
  const more = shown.pays || shown.mails || shown.secret || act === 'irreversible' || (act !== 'run' && args.some((arg) => !isOfCommand(arg, bound)));
  const entry: Entry = {
    tool,
    server,
    effect,
    egress:
      bound.http !== null ||
      (acts && (verb?.egress === true || args.some(({ kind }) => kind === 'dest') || (has(MAKES, verb) && nouns.some((noun) => noun.shared)))),
    args,
    ...bound,
    intent: acts ? intentOf(verb, nouns, unknown, bound.http === null) : [],
    about:
      acts && verb !== null
        ? [...nouns.map((noun) => classOf(noun.class)), ...literal(things.filter((word) => !NOUNS_OF.has(word)))].slice(0, CLASSES_MAX)
        : [],
    result,
    reads: labelsOf(result, nouns),
    metadata: result === 'records' ? SERVER_KEYS : [],
    ...(decoded && acts && more && { beside: effect }),
  };
  return { entry, act: words, things, untold };
}

const has = (classes: ReadonlySet<string>, verb: Verb | null): boolean => verb !== null && classes.has(verb.class);

/** T-25: by which words the user asks for it: the act's, those of acts that come to the same for such a thing, else the name's own. */
function intentOf(verb: Verb | null, nouns: readonly Noun[], unknown: readonly string[], local: boolean): string[] {
  if (verb === null) return literal(unknown).slice(0, CLASSES_MAX);
  // A copy of what the account holds anyway needs no asking.
  if (verb.class === 'save' && local) return [];
  const same = has(MAKES, verb) ? nouns.flatMap((noun) => noun.acts) : [];
  return [...new Set([verb.class, ...same])].map(classOf);
}

interface Shown {
  /** The name has a word that is known, or some and an argument tells; and all arguments could be looked at. */
  readonly readable: boolean;
  /** A command line or a statement, which facets decode. */
  readonly decoded: boolean;
  readonly pays: boolean;
  readonly mails: boolean;
  readonly secret: boolean;
}

/** What may do anything and cannot be decoded is opaque; so is an act of which not all arguments could be looked at. */
function effectOf(act: Act, { readable, decoded, pays, mails, secret }: Shown): Entry['effect'] {
  if (READERS.includes(act)) return 'read';
  if (!readable || (act === 'run' && !decoded)) return 'opaque';
  // Money and mail that went out do not come back, nor does a password.
  return act === 'irreversible' || act === 'run' || pays || mails || secret ? 'irreversible' : 'write';
}

function labelsOf(trust: Trust, nouns: readonly Noun[]): Label[] {
  const labels: Label[] = [];
  if (trust === 'untrusted' || trust === 'records') labels.push('untrusted');
  if (trust !== 'ack' && nouns.some((noun) => noun.private)) labels.push('private');
  return labels;
}

/** Values of one call that are walked over to find where arguments stand. */
const STEPS_MAX = 4_096;
/** Between the segments of a path in one text; a name that holds it cannot be looked at. */
const MARK = '\0';

/** Paths of a call's arguments, sorted; `whole` is false when there are more than are looked at, or deeper ones. */
export function argumentPaths(args: unknown): { paths: ArgPath[]; whole: boolean } {
  const seen = pathsIn(args, false);
  // where not all is looked at, what is must not hang on the order in which a caller wrote it
  return seen.whole ? seen : pathsIn(args, true);
}

function pathsIn(args: unknown, sorted: boolean): { paths: ArgPath[]; whole: boolean } {
  const found = new Set<string>();
  let whole = true;
  let steps = 0;
  const walk = (value: unknown, at: string, depth: number): void => {
    if (!whole || value === null || value === undefined) return;
    if (++steps > STEPS_MAX) whole = false;
    else if (Array.isArray(value)) for (let i = 0; i < value.length; i++) walk(value[i], at, depth);
    else if (typeof value === 'object') {
      const entries = Object.entries(value);
      if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [name, item] of entries) {
        if (depth >= PATH_SEGMENTS_MAX || name === '' || name.includes(MARK) || !fits(name, NAME_BYTES_MAX)) whole = false;
        else walk(item, depth === 0 ? name : at + MARK + name, depth + 1);
      }
    } else if (depth > 0 && !found.has(at)) {
      if (found.size >= GUESSED_ARGS_MAX) whole = false;
      else found.add(at);
    }
  };
  walk(args, '', 0);
  return { paths: [...found].sort().map((at) => at.split(MARK)), whole };
}

/** Memo of a pure function: it may be dropped at any time. */
const MEMO_MAX = 2_048;
const memo = new Map<string, Entry>();

/** T-4, T-25, T-27: the entry under which a call is judged: the map's, else a guess where the map says `unlisted: guess`. */
export function entryFor(tools: Tools, server: string | null, tool: string, args: unknown): Entry | null {
  const listed = tools.find(server, tool);
  if (tools.map.unlisted === 'opaque' || (listed !== null && listed.server !== null)) return listed;
  const { paths, whole } = argumentPaths(args);
  const guessed = (): Entry => guessOnce(server, tool, paths, whole);
  return withStrays(listed === null ? guessed() : withGuess(listed, guessed, paths, args), args);
}

function guessOnce(server: string | null, tool: string, paths: readonly ArgPath[], whole: boolean): Entry {
  // Lengths and counts: no two calls that differ may share a key, or nodes would differ by what they saw before.
  let key = `${server === null ? '' : `${server.length}:${server}`} ${tool.length}:${tool} ${whole ? 1 : 0}`;
  for (const path of paths) key += ` ${path.length}:${path.join(MARK)}${MARK}`;
  let entry = memo.get(key);
  if (entry === undefined) {
    entry = guess(server, tool, paths, whole).entry;
    if (memo.size >= MEMO_MAX) memo.clear();
    memo.set(key, entry);
  }
  return entry;
}
