/** What a session knows of a value of a call (spec/facet.md T-17, T-20, T-24). */
import type { Entry } from './map.ts';
import { chunks, hostOf, isMail, isNamed, isPartlyNamed, isTelling, isWeb, lastSegment, type Memory, normal, VALUE_LENGTH_MAX } from './value.ts';
import { words } from './words.ts';

export interface Standing {
  /** Its normal form. */
  readonly key: string;
  readonly named: boolean;
  /** Named as a document that the user calls his own. */
  readonly own: boolean;
  /** T-24: it stands in what the user led to, or in a list of the server. */
  readonly led: boolean;
  /** T-24: it stands in text alone, and the user did not tell the agent to follow that. */
  readonly foreign: boolean;
  /** It, or a piece of it, stands in what was read. */
  readonly read: boolean;
  /** T-24: it stands in nothing that was read: the agent's own words. */
  readonly unseen: boolean;
  /** T-17 */
  readonly known: boolean;
  /** The key of the level-2 passage that holds it. */
  readonly passage: string | null;
}

const NAMED = { named: true, led: true, foreign: false, read: false, unseen: false, known: true, passage: null } as const;

/** A value as far as it is looked at. */
export const cut = (text: string): string => (text.length > VALUE_LENGTH_MAX ? text.slice(0, VALUE_LENGTH_MAX) : text);

export function standingOf(entry: Entry, kind: 'dest' | 'sec' | 'obj', text: string, memory: Memory): Standing {
  const value = cut(text);
  const parts = words(value);
  const key = parts.join(' ');
  if (isNamed(text, memory, kind === 'obj')) return { ...NAMED, key, own: memory.has(`o:${key}`) };
  const passage = memory.passage >= 2 ? passageKey(value, parts, key, memory) : null;
  // Of a value that is longer than what is looked at, nothing is known.
  if (value !== text) return { key, named: false, own: false, led: false, foreign: true, read: false, unseen: false, known: false, passage };
  const host = isWeb(value) ? hostOf(value) : null;
  const end = kind === 'obj' ? lastSegment(value) : value;
  const last = end === value ? key : normal(end);
  const pieces = piecesOf(value, key);
  // no key is asked for twice: asking is what takes the time
  const plain = pieces.length === 1 && pieces[0] === last;
  const lists = listsOf(key, memory);
  const listed = passage === null && (isListed(lists) || (last !== key && isListed(listsOf(last, memory))));
  const inDocument = pieces.length > 0 && pieces.every((piece) => memory.has(`s:${piece}`));
  const led = passage === null && (listed || inDocument || (!plain && memory.has(`s:${last}`)) || (host !== null && memory.has(`f:${host}`)));
  const read =
    memory.has(`t:${host ?? key}`) ||
    (last !== (host ?? key) && memory.has(`t:${last}`)) ||
    (plain ? inDocument : pieces.some((piece) => memory.has(`t:${piece}`) || memory.has(`s:${piece}`)));
  const unseen = !led && passage === null && !read && !memory.has('t:');
  const known =
    kind !== 'obj' &&
    (isKnown(entry, value, key, lists, memory) || (kind === 'dest' && passage === null && isKnownPlace(entry, value, parts, host, unseen, memory)));
  const foreign = !known && !listed && !unseen && !(led && memory.has('d:'));
  return { key, named: false, own: false, led, foreign, read, unseen, known, passage };
}

/** The keys of a value's telling pieces: its own where it is one piece. */
function piecesOf(value: string, key: string): readonly string[] {
  if (!/\s/.test(value)) return key === '' ? [] : [key];
  return chunks(value).filter(isTelling).map(normal);
}

/** T-17: whether a document, a record or a list gave the value. */
interface Lists {
  readonly document: boolean;
  readonly record: boolean;
  readonly list: boolean;
}
const listsOf = (key: string, memory: Memory): Lists => ({ document: memory.has(`k:${key}`), record: memory.has(`r:${key}`), list: memory.has(`c:${key}`) });
const isListed = ({ document, record, list }: Lists): boolean => document || record || list;

/** T-17: by a document, a record or a list. */
function isKnown({ effect, intent }: Entry, value: string, key: string, { document, record, list }: Lists, memory: Memory): boolean {
  if (document) return true;
  // The one address or account of a document fills the gap only for the kind of act that the user asked for.
  if (memory.has(`j:${key}`) && (memory.has('d:') || intent.some((name) => memory.has(name.startsWith('=') ? `u:${name.slice(1)}` : `w:${name}`)))) return true;
  // After a passage that tells anyone what to do, lists count no more, and records not for what cannot be undone.
  if (record && (memory.passage === 0 || effect !== 'irreversible')) return true;
  return list && (memory.passage === 0 || isSpokenOf(value, memory));
}

/** T-17: a list's address of a person of whom a document speaks that the user told the agent to follow. */
const isSpokenOf = (value: string, memory: Memory): boolean =>
  isMail(value) && words(value.slice(0, value.indexOf('@'))).some((word) => memory.has(`U:${word}`));

/** T-17: who or where alone. */
function isKnownPlace({ effect, http }: Entry, value: string, parts: readonly string[], host: string | null, unseen: boolean, memory: Memory): boolean {
  // "https:///x": readers find a host where none stands.
  if (http !== null && host !== null && host !== '' && (effect === 'read' ? unseen || memory.has(`f:${host}`) : memory.has(`g:${host}`))) return true;
  if (isMail(value)) return unseen && isPartlyNamed(value, memory);
  return host === null && isPhrase(parts, memory);
}

/** T-17: several words, all in documents that the user called his own or told the agent to follow, or his. */
function isPhrase(parts: readonly string[], memory: Memory): boolean {
  return parts.length >= 2 && parts.every((word) => memory.has(`F:${word}`) || memory.has(`u:${word}`));
}

/** The key of the passage in which a value stands; null where it stands in none. */
function passageKey(text: string, parts: readonly string[], key: string, memory: Memory): string | null {
  if (parts.length === 0) return null;
  const whole = `p:${key}`;
  if (memory.has(whole)) return whole;
  if (isWeb(text)) return memory.has(`p:${hostOf(text)}`) ? `p:${hostOf(text)}` : null;
  if (isMail(text.trim())) return null;
  for (let i = 0; i < parts.length; i++) if (!memory.has(`p:${parts[i]}`)) return null;
  return `p:${parts[0]}`;
}
