/** Values and whether a session knows them (spec/facet.md T-14, T-15). */
import { isAscii, words } from './words.ts';

/**
 * What a session remembers: a set of keys, of which the machine stores keyed hashes only, and two facts. The first
 * letter of a key says what it is:
 * `u:` word or value of the user's text · `a:` value of a call that a person approved · `v:` `n:` verb and noun class in it · `V:` `N:` the same in a document that he
 * told the agent to follow · `d:` that he told so · `k:` value that a document he named gives, `r:` a record he named, `c:` a list · `f:` host that it may fetch ·
 * `p:` word of a passage that instructs agents · `q:` value of an escalated call · `x:` value of a denied call · `l:` label
 */
export interface Memory {
  /** Text that others write has been read (T-18). */
  readonly gate: boolean;
  /** The highest level of a passage read so far, 0 to 2 (T-19). */
  readonly passage: number;
  has(key: string): boolean;
  /** T-23: the page that holds the key, in the order in which pages were added; null where none does. */
  page(key: string): number | null;
}

/**
 * How a call was led to by the user: not at all, by values that he led to, by values that he named, by a document that he
 * calls his own; or not by him, but by a text that addresses agents.
 */
export const LEADS = ['none', 'led', 'named', 'own', 'planted'] as const;
export type Lead = (typeof LEADS)[number];

/** Words of a value; a longer one is free text and is never named. */
export const VALUE_WORDS_MAX = 24;
/** UTF-16 units of a value; a longer one is never named or known, and only so much of it is remembered. */
export const VALUE_LENGTH_MAX = 2_048;

const MAIL = /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/;
const WEB = /^(?:https?:\/\/|www\.)|^[^\s@/]+\.[a-z]{2,}(?:[/:?#]|$)/i;
const SCHEME = /^(?:[a-z][a-z0-9+.-]{1,12}:)?\/\//i;

export const isMail = (text: string): boolean => text.length <= 320 && MAIL.test(text);
export const isWeb = (text: string): boolean => text.length <= 2048 && WEB.test(text) && !isMail(text);

/** A number of an account, an order, a ticket: no spaces or slashes, eight units or more, at least six digits; no date and no amount. */
export const isAccount = (text: string): boolean =>
  text.length >= 8 && text.length <= 40 && /^[A-Za-z]{0,6}[\dA-Za-z-]+$/.test(text) && /(?:\d.*){6}/.test(text) && !/^\d{4}-\d\d-\d\d/.test(text);

/** T-24: a piece that may select or address something: not a word, a small number, an hour or a day. */
export const isTelling = (piece: string): boolean =>
  (isCompound(piece) && !/^[\d.,:/%$€£+-]+$/.test(piece)) || isAccount(piece) || (/\d/.test(piece) && /\p{L}/u.test(piece));

/** T-14: the normal form of a value: its words joined by one space. */
export const normal = (text: string): string => words(text).join(' ');

/** The normal form of a web address' host, without scheme, user, port and `www.`. */
export function hostOf(text: string): string {
  const bare = text.trim().replace(SCHEME, '');
  const end = bare.search(/[/?#\\]/);
  const authority = end < 0 ? bare : bare.slice(0, end);
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d{1,5}$/, '');
  return normal(host.replace(/^www\./i, ''));
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/**
 * T-15: did the user's text so far name this value? All its words stand there; of a mail address the whole, or two and
 * all of its name parts; of a web address the host; of a file (`file`) the name without extension; of a date month and day.
 */
export const isNamed = (value: string, memory: Memory, file: boolean): boolean => isSaid(value, memory, file) || isApproved(value, memory);

/** T-22: what a person approved, matched whole: nothing else at that place, and no word of it. */
const isApproved = (value: string, memory: Memory): boolean => value.length <= VALUE_LENGTH_MAX && memory.has(`a:${wholeOf(value)}`);

/** T-22: a value as a whole; of a web address what stands there, for its path tells where it leads. */
export const wholeOf = (value: string): string => (isWeb(value) ? value.trim() : normal(value));

/** T-15: by the user's text alone. */
export function isSaid(value: string, memory: Memory, file: boolean): boolean {
  if (value.length > VALUE_LENGTH_MAX) return false;
  const text = file ? lastSegment(value) : value;
  const parts = words(text);
  if (parts.length === 0) return true;
  if (parts.length > VALUE_WORDS_MAX) return false;
  if (parts.length === 1) return memory.has(`u:${parts[0]}`);
  if (memory.has(`u:${parts.join(' ')}`)) return true;
  const trimmed = text.trim();
  if (isMail(trimmed)) {
    const local = words(trimmed.slice(0, trimmed.indexOf('@')));
    return local.length >= 2 && allIn(local, local.length, memory);
  }
  if (!file && isWeb(trimmed)) {
    // "https:///x": readers find a host where none stands.
    const host = hostOf(trimmed);
    return host !== '' && memory.has(`u:${host}`);
  }
  const date = /^(\d{4})-(\d\d)-(\d\d)(?:[T ][\d:.+Z-]*)?$/.exec(trimmed);
  if (date !== null && Number(date[2]) >= 1 && Number(date[2]) <= 12) {
    const day = String(Number(date[3]));
    const month = MONTHS[Number(date[2]) - 1];
    if ((memory.has(`u:${month}`) || memory.has(`u:${month.slice(0, 3)}`)) && ['', 'st', 'nd', 'rd', 'th'].some((end) => memory.has(`u:${day}${end}`)))
      return true;
  }
  const count = file && /\.[a-z0-9]{1,5}$/i.test(trimmed) ? parts.length - 1 : parts.length;
  return allIn(parts, count, memory);
}

/** The name of a file or folder, without the folders above it. */
export function lastSegment(path: string): string {
  const end = path.endsWith('/') || path.endsWith('\\') ? path.length - 1 : path.length;
  return path.slice(Math.max(path.lastIndexOf('/', end - 1), path.lastIndexOf('\\', end - 1)) + 1, end);
}

function allIn(parts: readonly string[], count: number, memory: Memory): boolean {
  for (let i = 0; i < count; i++) if (!memory.has(`u:${parts[i]}`)) return false;
  return true;
}

/** T-16: does one telling word of this address stand in the user's text? (Three letters, not its domain's ending.) */
export function isPartlyNamed(text: string, memory: Memory): boolean {
  const trimmed = text.trim();
  const telling = words(isMail(trimmed) ? trimmed.slice(0, trimmed.indexOf('@')) : hostOf(trimmed).split(' ').slice(0, -1).join(' '));
  return telling.some((word) => word.length >= 3 && /[^\d]/.test(word) && memory.has(`u:${word}`));
}

const BLANK = /[\s\p{Cf}\u007f-\u00a0]/u;

/** Is a text one that others could have written sentences into? (T-18) */
export function isProse(text: string): boolean {
  if (text.length > 80) return true;
  let count = 0;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const space = code <= 32 || (code > 126 && BLANK.test(text[i]));
    if (!space && !inside) count++;
    inside = !space;
  }
  // Alphabets without spaces: eight characters may be a sentence.
  return count >= 5 || (text.length >= 16 && !isAscii(text) && count <= 2 && /[\u3040-\u9fff\uac00-\ud7af\u0e00-\u0e7f]{8}/.test(text));
}

const JOINED_WORDS_MIN = 6;
const WORD = /\p{L}{2,}/gu;

/** May words that other marks than spaces join be a sentence, or signs of an alphabet without spaces? (T-18) */
export function isJoined(text: string): boolean {
  return (text.match(WORD)?.length ?? 0) >= JOINED_WORDS_MIN || /[\u3040-\u9fff\uac00-\ud7af\u0e00-\u0e7f]{6}/.test(text);
}

/** Pieces of a text between spaces, without the marks around them. */
export function chunks(text: string): string[] {
  const out: string[] = [];
  for (const raw of text.split(/[\s"'`<>()[\]{}|,;]+/)) {
    let from = 0;
    let to = raw.length;
    while (from < to && AROUND.includes(raw[from])) from++;
    while (to > from && AROUND.includes(raw[to - 1])) to--;
    if (from < to) out.push(raw.slice(from, to));
  }
  return out;
}

const AROUND = '.!?:*_~-–—';

/** Does a piece have marks inside, so that it is a value of several words (an address, a file, an id)? */
export const isCompound = (piece: string): boolean => /[^\s\p{L}\p{N}]/u.test(piece);
