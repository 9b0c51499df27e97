/**
 * What a session may use after a result (spec/facet.md T-17): values that stand in lists the server writes, in records of
 * which the user named a part, and in documents to which he led.
 */
import { documentKeys, phraseKeys } from './document.ts';
import type { Keys, Learning } from './learning.ts';
import type { Leaf } from './leaves.ts';
import type { Entry } from './map.ts';
import { hostOf, isCompound, isMail, isNamed, isPartlyNamed, isProse, isTelling, isWeb, type Memory, normal } from './value.ts';
import { words } from './words.ts';

/** Keys of a result for what was merely read. */
const READ_KEYS_MAX = 192;
/** T-17: a value that the server writes into each record of a list of so many belongs to the account itself. */
const OWN_RECORDS_MIN = 3;
/** UTF-16 units and words of a leaf that may be a title, and words that it shares with the user's text. */
const TITLE_LENGTH_MAX = 120;
const TITLE_WORDS_MAX = 16;
const TITLE_SHARED_MIN = 3;
const PLAIN = new Set(
  'the and for with from that this you your has have had are was were will can not all any our his her its their they she him who how what when please new'.split(
    ' ',
  ),
);
const NONE: ReadonlySet<never> = new Set();

/** T-17: what is learned from the result of a call that a listed or guessed entry describes. */
export function learned(of: Learning, entry: Entry): void {
  const { leaves, lead, memory, keys } = of;
  const trust = lead === 'own' ? 'own' : entry.result;
  const structured = trust !== 'untrusted' && trust !== 'ack';
  const records = structured ? namedRecords(leaves, entry, memory) : NONE;
  const owner = structured ? ownValues(leaves, entry) : NONE;
  for (let i = 0; i < leaves.length && !keys.full; i++) {
    const { key, text: written, record } = leaves[i];
    const text = trust === 'directory' ? written.replace(TAG, '') : written;
    const reached = lead !== 'none' || records.has(record);
    if (structured && !isProse(text)) {
      const vouched = trust !== 'records' || entry.metadata.includes(key);
      if ((vouched || lead !== 'none') && (reached || trust === 'own')) know(text, 'r:', keys);
      else if (vouched) keys.add(`c:${normal(text)}`);
      if (vouched && (owner.has(text) || (isMail(text) && isPartlyNamed(text, memory)))) know(text, 'k:', keys);
    }
    if (reached && trust !== 'ack') documentKeys(of, i, records.has(record));
    if (trust === 'own') ownKeys(of, i);
  }
  read(of, (record) => lead !== 'none' || records.has(record), trust === 'ack');
}

/** Before the names of a listing: `[FILE] notes.txt`. */
const TAG = /^\[[A-Za-z]{1,12}\] +/;

function know(text: string, how: 'k:' | 'r:', keys: Keys): void {
  const key = normal(text);
  if (key === '') return;
  keys.add(how + key);
  if (isWeb(text)) keys.add(`f:${hostOf(text)}`);
}

/** T-17: the user's own data are his; of a document that he called his own, the phrases too. */
function ownKeys({ rest, pieces, lead, keys }: Learning, leaf: number): void {
  for (const piece of pieces(leaf)) if (isCompound(piece) || /\d/.test(piece)) know(piece, 'k:', keys);
  if (lead === 'own') phraseKeys(rest[leaf], keys);
}

/** T-17: records with a leaf that the user named, one that is titled in his words, or with an address of someone he named. */
function namedRecords(leaves: readonly Leaf[], entry: Entry, memory: Memory): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { key, text, record } of leaves) {
    if (found.has(record)) continue;
    const named =
      isTitled(text, memory) ||
      (!isProse(text) &&
        ((text.length >= 3 && /[^\d.\s]/.test(text) && isNamed(text, memory, true)) ||
          (entry.metadata.includes(key) && isMail(text) && isPartlyNamed(text, memory))));
    if (named) found.add(record);
  }
  return found;
}

function isTitled(text: string, memory: Memory): boolean {
  if (text.length > TITLE_LENGTH_MAX) return false;
  const parts = words(text);
  if (parts.length < TITLE_SHARED_MIN || parts.length > TITLE_WORDS_MAX) return false;
  const shared = new Set<string>();
  for (const word of parts) if (word.length >= 3 && !PLAIN.has(word) && !/^\d+$/.test(word) && memory.has(`u:${word}`)) shared.add(word);
  return shared.size >= TITLE_SHARED_MIN;
}

/** T-17: addresses that the server writes into every record of a list: the account's own. */
function ownValues(leaves: readonly Leaf[], entry: Entry): ReadonlySet<string> {
  const records = new Set<number>();
  const places = new Map<string, Set<number>>();
  for (const { key, text, record } of leaves) {
    if (!isMail(text) || !entry.metadata.includes(key)) continue;
    records.add(record);
    const where = places.get(text);
    if (where === undefined) places.set(text, new Set([record]));
    else where.add(record);
  }
  const found = new Set<string>();
  if (records.size >= OWN_RECORDS_MIN) for (const [text, where] of places) if (where.size === records.size) found.add(text);
  return found;
}

/**
 * T-24: what was read, by what it may select or address: `s:` in what the user led to, else `t:`. An echo leads nowhere that
 * it was not led before. `t:` alone says that there was more.
 */
export function read({ leaves, rest, pieces, memory, keys }: Learning, isReached: (record: number) => boolean, echo = false): void {
  let left = READ_KEYS_MAX;
  const put = (prefix: string, key: string): void => {
    if (key === '' || keys.all.has(prefix + key) || (echo && prefix === 's:' && (memory.has(`t:${key}`) || memory.has(`p:${key}`)))) return;
    if (left-- > 0) keys.add(prefix + key);
  };
  for (let i = 0; i < leaves.length && left > 0; i++) {
    const text = rest[i];
    const prefix = isReached(leaves[i].record) ? 's:' : 't:';
    if (text !== '' && !isProse(text)) put(prefix, normal(text));
    for (const piece of pieces(i)) {
      if (left <= 0) break;
      if (!isTelling(piece)) continue;
      put(prefix, normal(piece));
      if (isWeb(piece)) put(prefix, hostOf(piece));
    }
  }
  if (left <= 0 || keys.full) keys.all.add('t:');
}

/** T-24: what only a text that addresses agents led to is that text's own, but for what was known before. */
export function planted({ leaves, rest, pieces, memory, keys }: Learning): void {
  let left = READ_KEYS_MAX;
  const put = (key: string): void => {
    if (key === '' || KNOWN.some((prefix) => memory.has(prefix + key))) return;
    if (left-- > 0) keys.add(`p:${key}`);
  };
  for (let i = 0; i < leaves.length && left > 0; i++) {
    if (rest[i] !== '' && !isProse(rest[i])) put(normal(rest[i]));
    for (const piece of pieces(i)) {
      if (!isTelling(piece)) continue;
      put(normal(piece));
      if (isWeb(piece)) put(hostOf(piece));
    }
  }
  if (left <= 0 || keys.full) keys.all.add('t:');
}
const KNOWN = ['s:', 'k:', 'r:', 'c:', 'u:'];
