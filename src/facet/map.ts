/** Tool maps: what each tool does, as law (spec/facet.md T-3 to T-6). Their YAML is read in map-source.ts. */

import { Reader } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from '../base/limit.ts';
import { bool, choice, constant, decodeWith, encodeWith, type Field, list, name, nullable, record, type Shape, text } from '../base/record.ts';
import { classOf, VERBS } from './lexicon.ts';
import { NOUNS } from './things.ts';

/** T-4: `opaque` is what a tool without an entry has, or one whose arguments cannot be decoded. */
export type Effect = 'read' | 'write' | 'irreversible' | 'opaque';
/** What an argument is: who or where · a credential · what is acted on · free text · a number · a date. */
export type Kind = 'dest' | 'sec' | 'obj' | 'text' | 'qty' | 'time';
/** Who writes what the tool returns (T-5): anyone · anyone, in records of the server · the server's lists · the user's own data · an echo. */
export type Trust = 'untrusted' | 'records' | 'directory' | 'own' | 'ack';
export type Label = 'untrusted' | 'private' | 'secret';

/** Segments of a path into the arguments; lists on the way are entered. */
export type ArgPath = readonly string[];

/** Where a facet's field comes from: a fixed text, or an argument. */
export interface Binding {
  readonly fixed: string | null;
  readonly path: ArgPath;
}
export interface ArgKind {
  readonly path: ArgPath;
  readonly kind: Kind;
}
export interface MoneyBinding {
  readonly amount: ArgPath;
  /** The argument is already in hundredths. */
  readonly minor: boolean;
  readonly currency: Binding | null;
  readonly payee: ArgPath | null;
}
export interface MailBinding {
  readonly to: readonly ArgPath[];
  readonly subject: ArgPath | null;
  readonly body: ArgPath | null;
}
export interface HttpBinding {
  readonly method: Binding;
  readonly url: ArgPath;
}
export interface FsBinding {
  readonly op: Binding;
  readonly paths: readonly ArgPath[];
}
export interface ShellBinding {
  /** The command line, or an argument vector as a list of texts. */
  readonly command: ArgPath;
  /** The folder in which it runs. */
  readonly cwd: ArgPath | null;
}

export interface Entry {
  readonly tool: string;
  /** null: whatever the server. */
  readonly server: string | null;
  readonly effect: Effect;
  /** Something leaves the account, if only a fetched address. */
  readonly egress: boolean;
  readonly args: readonly ArgKind[];
  readonly money: MoneyBinding | null;
  readonly mail: MailBinding | null;
  readonly http: HttpBinding | null;
  readonly fs: FsBinding | null;
  /** null in a map of version 1. */
  readonly shell: ShellBinding | null;
  /** The argument that holds statements; null in a map of version 1. */
  readonly sql: ArgPath | null;
  /** Verb classes of the vocabulary; the user means the call when he used one of them … */
  readonly intent: readonly string[];
  /** … and a noun of one of these classes. Empty: no noun is asked for. */
  readonly about: readonly string[];
  readonly result: Trust;
  readonly reads: readonly Label[];
  /** Keys of the result's records that the server itself writes: sender, owner, participants. */
  readonly metadata: readonly string[];
  /** T-12: what is done whatever the command or the statement in the call does; of guesses alone, no part of a map. */
  readonly beside?: Effect;
}

/** A class of words with one meaning, in the normal form of words.ts, sorted. */
export interface WordClass {
  readonly class: string;
  readonly words: readonly string[];
}

/** What a tool without an entry counts as: opaque, or what its name and arguments say (`guess`). */
export type Unlisted = 'opaque' | 'guess';

export interface ToolMap {
  readonly name: string;
  readonly verbs: readonly WordClass[];
  readonly nouns: readonly WordClass[];
  /** Verb classes that a document may ask for where the user told the agent to follow it. */
  readonly delegable: readonly string[];
  readonly entries: readonly Entry[];
  /** `opaque` in a map of version 1. */
  readonly unlisted: Unlisted;
}

export const EFFECTS: readonly Effect[] = ['read', 'write', 'irreversible', 'opaque'];
/** The one of two that may do more. */
export const stricter = (a: Effect, b: Effect): Effect => (EFFECTS.indexOf(b) > EFFECTS.indexOf(a) ? b : a);
export const KINDS: readonly Kind[] = ['dest', 'sec', 'obj', 'text', 'qty', 'time'];
export const TRUSTS: readonly Trust[] = ['untrusted', 'records', 'directory', 'own', 'ack'];
export const LABELS: readonly Label[] = ['untrusted', 'private', 'secret'];
export const UNLISTED: readonly Unlisted[] = ['opaque', 'guess'];

export const ENTRIES_MAX = 1024;
export const ARGS_MAX = 32;
export const PATH_SEGMENTS_MAX = 8;
export const CLASSES_MAX = 64;
export const CLASS_WORDS_MAX = 128;
export const WORD_BYTES_MAX = 64;

const segment = text(NAME_BYTES_MAX);
const path: Field<ArgPath> = list(segment, PATH_SEGMENTS_MAX);
const paths = list(path, ARGS_MAX);
const label = text(LABEL_BYTES_MAX);
const binding = record<Binding>('a binding', { fixed: nullable(segment), path });
const wordClasses = list(record<WordClass>('a word class', { class: name, words: list(text(WORD_BYTES_MAX), CLASS_WORDS_MAX) }), CLASSES_MAX);
const classNames = list(name, CLASSES_MAX);

type LaterEntry = 'shell' | 'sql';
type FirstEntry = Omit<Entry, LaterEntry>;
type FirstMap = Omit<ToolMap, 'entries' | 'unlisted'> & { readonly entries: readonly FirstEntry[] };
type Versioned = { readonly version: number };

const FIRST_ENTRY: Shape<FirstEntry> = {
  tool: label,
  server: nullable(label),
  effect: choice(EFFECTS),
  egress: bool,
  args: list(record<ArgKind>('an argument', { path, kind: choice(KINDS) }), ARGS_MAX),
  money: nullable(record<MoneyBinding>('money', { amount: path, minor: bool, currency: nullable(binding), payee: nullable(path) })),
  mail: nullable(record<MailBinding>('mail', { to: paths, subject: nullable(path), body: nullable(path) })),
  http: nullable(record<HttpBinding>('http', { method: binding, url: path })),
  fs: nullable(record<FsBinding>('fs', { op: binding, paths })),
  intent: classNames,
  about: classNames,
  result: choice(TRUSTS),
  reads: list(choice(LABELS), LABELS.length),
  metadata: list(segment, ARGS_MAX),
};
const firstEntry = record<FirstEntry>('a tool', FIRST_ENTRY);
const secondEntry = record<Entry>('a tool', {
  ...FIRST_ENTRY,
  shell: nullable(record<ShellBinding>('shell', { command: path, cwd: nullable(path) })),
  sql: nullable(path),
});

const HEAD: Shape<Omit<ToolMap, 'entries' | 'unlisted'>> = { name, verbs: wordClasses, nouns: wordClasses, delegable: classNames };
const firstMap = record<FirstMap & Versioned>('a tool map', { version: constant(1), ...HEAD, entries: list(firstEntry, ENTRIES_MAX) });
const secondMap = record<ToolMap & Versioned>('a tool map', {
  version: constant(2),
  ...HEAD,
  entries: list(secondEntry, ENTRIES_MAX),
  unlisted: choice(UNLISTED),
});

/** T-6: the lowest version that holds the map. */
const versionOf = (map: ToolMap): 1 | 2 => (map.unlisted === 'opaque' && map.entries.every((each) => each.shell === null && each.sql === null) ? 1 : 2);

/** T-6: the bytes of law. @throws Fault cbor_* where a bound is passed */
export const encodeToolMap = (map: ToolMap): Uint8Array =>
  versionOf(map) === 1 ? encodeWith(firstMap, { version: 1, ...map }) : encodeWith(secondMap, { version: 2, ...map });

/** @throws Fault cbor_*, also for a map of version 2 that version 1 holds */
export function decodeToolMap(bytes: Uint8Array): ToolMap {
  const reader = new Reader(bytes);
  reader.array();
  if (reader.uint() !== 2) {
    const { version: _, entries, ...rest } = decodeWith(firstMap, bytes);
    return { ...rest, entries: entries.map((each) => ({ ...each, shell: null, sql: null })), unlisted: 'opaque' };
  }
  const { version: _, ...map } = decodeWith(secondMap, bytes);
  if (versionOf(map) === 1) throw new Fault('cbor_range', 'a tool map of version 2 that version 1 holds');
  return map;
}

/** A map made ready to look up: tools by name, words by what they mean. */
export interface Tools {
  readonly map: ToolMap;
  /** The entry for this server's tool, else the one for any server, else null: an opaque tool. */
  find(server: string | null, tool: string): Entry | null;
  /** T-16: the classes of a word, `v:CLASS` and `n:CLASS`; where it has none, of the word without an ending. */
  meanings(word: string): readonly string[];
  /** Verb classes that a document may ask for: the map's, and with guesses the lexicon's. */
  readonly delegable: ReadonlySet<string>;
}

const NO_CLASSES: readonly string[] = [];

/** "updates", "moved", "adding", "moving" without their endings. */
function stems(word: string): readonly string[] {
  if (word.length < 5) return NO_CLASSES;
  if (word.endsWith('ing')) return [word.slice(0, -3), `${word.slice(0, -3)}e`];
  if (word.endsWith('es') || word.endsWith('ed')) return [word.slice(0, -1), word.slice(0, -2)];
  return word.endsWith('s') ? [word.slice(0, -1)] : NO_CLASSES;
}

const wordsOf = (...texts: string[]): string[] => [...new Set(texts.flatMap((text) => text.split(' ')).filter((word) => word !== ''))];
/** T-25: classes that every map has. */
export const LEXICON_VERBS: readonly WordClass[] = VERBS.map((verb) => ({ class: classOf(verb.class), words: wordsOf(verb.strong, verb.weak, verb.asks) }));
export const LEXICON_NOUNS: readonly WordClass[] = NOUNS.map((noun) => ({ class: classOf(noun.class), words: wordsOf(noun.words, noun.asks) }));
export const isLexicon = (name: string): boolean => name.startsWith(classOf(''));

export function indexTools(map: ToolMap): Tools {
  const anywhere = new Map<string, Entry>();
  const byServer = new Map<string, Map<string, Entry>>();
  for (const item of map.entries) {
    if (item.server === null) anywhere.set(item.tool, item);
    else {
      const own = byServer.get(item.server) ?? new Map<string, Entry>();
      byServer.set(item.server, own.set(item.tool, item));
    }
  }
  const classes = new Map<string, string[]>();
  const learn = (prefix: string, from: readonly WordClass[]): void => {
    for (const each of from) {
      for (const word of each.words) {
        const known = classes.get(word);
        if (known === undefined) classes.set(word, [`${prefix}:${each.class}`]);
        else known.push(`${prefix}:${each.class}`);
      }
    }
  };
  learn('v', map.verbs);
  learn('n', map.nouns);
  const delegable = new Set(map.delegable);
  if (map.unlisted === 'guess' || map.entries.some((each) => [...each.intent, ...each.about].some(isLexicon))) {
    learn('v', LEXICON_VERBS);
    learn('n', LEXICON_NOUNS);
    for (const verb of VERBS) if (verb.delegable) delegable.add(classOf(verb.class));
  }
  return {
    map,
    delegable,
    meanings(word) {
      const found = classes.get(word);
      if (found !== undefined) return found;
      for (const stem of stems(word)) {
        const known = classes.get(stem);
        if (known !== undefined) return known;
      }
      return NO_CLASSES;
    },
    find: (server, tool) => (server === null ? undefined : byServer.get(server)?.get(tool)) ?? anywhere.get(tool) ?? null,
  };
}
