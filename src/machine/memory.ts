/**
 * What a session remembers (spec/state.md Y-7): keyed hashes of 8 octets, so that no text enters the state. They come in
 * pages: an input, a verdict or a result that adds keys writes one new page, and pages never change.
 */
import { type Octets, utf8 } from '../base/bytes.ts';
import { tagged } from '../crypto/hash.ts';
import type { Memory } from '../facet/flow.ts';
import { factKey, KEY_OCTETS, PAGE_KEYS_MAX, type Page, type Session } from './fact.ts';
import type { Overlay } from './overlay.ts';
import type { Place } from './receipt.ts';

/**
 * Pages and keys of one session; past them nothing more is remembered: less counts as named, and all that warns (a
 * label, a refused or asked value, a word of a passage) counts as remembered, so that nobody can fill it to be forgotten.
 */
const PAGES_MAX = 1_024;
const SESSION_KEYS_MAX = 32_768;
const WARNINGS = 'lqxpt';

const hashKey = tagged('word');

/** Memos of pure functions: they may be dropped at any time. */
const hashed = new Map<string, Octets>();
const HASHED_MAX = 65_536;
/** UTF-16 units of a key that is kept in the memo: arguments of 64 KiB are keys too. */
const HASHED_LENGTH_MAX = 128;
let hashedNetwork: Octets = '';

/** `H("word", network ‖ key)`, its first 8 octets. */
function keyOf(network: Octets, key: string): Octets {
  if (network !== hashedNetwork || hashed.size >= HASHED_MAX) {
    hashed.clear();
    hashedNetwork = network;
  }
  let found = hashed.get(key);
  if (found === undefined) {
    found = hashKey(network, utf8(key)).slice(0, KEY_OCTETS);
    if (key.length <= HASHED_LENGTH_MAX) hashed.set(key, found);
  }
  return found;
}

interface Union {
  readonly pages: Page[];
  /** The first page of each key. */
  readonly keys: Map<Octets, number>;
}
const unions = new Map<Octets, Union>();
const UNIONS_MAX = 4_096;
/** Keys of all unions together: some 64 sessions with full memories. */
const UNION_KEYS_MAX = 2_097_152;
let unionKeys = 0;

export const pageKey = (session: Octets, page: number): Octets => factKey('page', session + String.fromCharCode(page >> 8, page & 255));

/**
 * All keys of the session's pages; a memo that holds exactly these pages is extended, another is made anew. A page was made
 * where those before it stood, so its last one tells.
 */
function unionOf(overlay: Overlay, id: Octets, pages: number): Union {
  let union = unions.get(id);
  const last = union === undefined ? -1 : union.pages.length - 1;
  const fits = union !== undefined && last < pages && (last < 0 || overlay.get(pageKey(id, last)) === union.pages[last]);
  if (union === undefined || !fits) {
    if (unions.size >= UNIONS_MAX || unionKeys >= UNION_KEYS_MAX) {
      unions.clear();
      unionKeys = 0;
    }
    union = { pages: [], keys: new Map() };
    unions.set(id, union);
  }
  for (let i = union.pages.length; i < pages; i++) {
    const page = overlay.get(pageKey(id, i)) as Page;
    union.pages.push(page);
    for (let at = 0; at < page.keys.length; at += KEY_OCTETS) {
      const key = page.keys.slice(at, at + KEY_OCTETS);
      if (!union.keys.has(key)) union.keys.set(key, i);
      unionKeys += 1;
    }
  }
  return union;
}

/** The session's memory as the flow rules see it. */
export function memoryOf(network: Octets, overlay: Overlay, id: Octets, session: Session): Memory {
  const { gate, passage } = session;
  if (session.pages === 0) return { gate, passage, has: () => false, page: () => null };
  const { keys } = unionOf(overlay, id, session.pages);
  const page = (key: string): number | null => keys.get(keyOf(network, key)) ?? null;
  if (session.pages >= PAGES_MAX || keys.size >= SESSION_KEYS_MAX)
    return { gate, passage, has: (key) => WARNINGS.includes(key[0] ?? '') || keys.has(keyOf(network, key)), page };
  return { gate, passage, has: (key) => keys.has(keyOf(network, key)), page };
}

/** The hashes of keys, one behind the other, in their order. */
export const hashedKeys = (network: Octets, keys: readonly string[]): Octets => keys.map((key) => keyOf(network, key)).join('');

/**
 * The session with these keys remembered, the first ones where there is no room for all: one more page, or the same session
 * where nothing is new. `place`: of the transaction that adds them.
 */
export function remember(network: Octets, overlay: Overlay, id: Octets, session: Session, added: readonly string[], place: Place): Session {
  if (added.length === 0) return session;
  // What was merely read leaves half of the room to what was said, known and refused; `t:` says that not all of it is here.
  const crowded = unionOf(overlay, id, session.pages).keys.size > SESSION_KEYS_MAX >> 1;
  const kept = crowded ? [...added.filter((key) => !/^[st]:./.test(key)), 't:'] : added;
  const hashes = kept.map((key) => keyOf(network, key));
  return addPage(overlay, id, session, hashes, place);
}

/** `added` as `hashedKeys` gives them. */
export function rememberHashed(overlay: Overlay, id: Octets, session: Session, added: Octets, place: Place): Session {
  const keys: Octets[] = [];
  for (let at = 0; at < added.length; at += KEY_OCTETS) keys.push(added.slice(at, at + KEY_OCTETS));
  return keys.length === 0 ? session : addPage(overlay, id, session, keys, place);
}

function addPage(overlay: Overlay, id: Octets, session: Session, added: readonly Octets[], { height, index }: Place): Session {
  if (session.pages >= PAGES_MAX) return session;
  const { keys } = unionOf(overlay, id, session.pages);
  const room = Math.min(PAGE_KEYS_MAX, SESSION_KEYS_MAX - keys.size);
  const fresh = new Set<Octets>();
  for (const key of added) {
    if (fresh.size >= room) break;
    if (!keys.has(key)) fresh.add(key);
  }
  if (fresh.size === 0) return session;
  const page: Page = { is: 'page', due_ms: 0, height, index, keys: [...fresh].sort().join('') };
  overlay.set(pageKey(id, session.pages), page);
  return { ...session, pages: session.pages + 1 };
}
