/**
 * What a session may use after a result (spec/facet.md T-17): values that stand in lists the server writes, in records of
 * which the user named a part, and those that a document named by the user labels or that he named in part.
 */
import type { Leaf } from './leaves.ts';
import type { Entry, Tools } from './map.ts';
import { chunks, hostOf, isMail, isNamed, isPartlyNamed, isProse, isWeb, type Memory, normal } from './value.ts';
import { words } from './words.ts';

export interface Learning {
  readonly tools: Tools | null;
  readonly entry: Entry;
  readonly leaves: readonly Leaf[];
  /** The leaf's text, empty where it has a passage that addresses agents. */
  readonly rest: readonly string[];
  readonly named: boolean;
  readonly memory: Memory;
  readonly keys: Set<string>;
  readonly max: number;
}

const LABELLED = /^[\s*•-]*[\p{L}][\p{L}\p{N} _/()-]{0,40}:[ \t]*(\S{3,120})$/u;

export function learned(of: Learning): void {
  const { entry, leaves, named } = of;
  const trust = entry.result;
  const records = trust === 'ack' || trust === 'untrusted' ? new Set<number>() : namedRecords(of);
  for (let i = 0; i < leaves.length; i++) {
    const { key, text, record } = leaves[i];
    if (trust !== 'untrusted' && !isProse(text)) {
      const vouched = trust === 'own' || trust === 'directory' || entry.metadata.includes(key);
      if (trust === 'ack') continue;
      if ((vouched || named) && (named || records.has(record) || trust === 'own')) know(text, 'r:', of);
      else if (vouched) add(`c:${normal(text)}`, of);
    }
    if (named && (trust === 'untrusted' || trust === 'records' || trust === 'own')) container(of.rest[i], of);
  }
}

/** Records with a leaf that the user named. */
function namedRecords(of: Learning): Set<number> {
  const found = new Set<number>();
  for (const { text, record } of of.leaves) {
    if (!found.has(record) && text.length >= 3 && /[^\d.\s]/.test(text) && !isProse(text) && isNamed(text, of.memory, true)) found.add(record);
  }
  return found;
}

function know(text: string, how: 'k:' | 'r:', of: Learning): void {
  const key = normal(text);
  if (key === '') return;
  add(how + key, of);
  if (isWeb(text)) add(`f:${hostOf(text)}`, of);
}

/** A document that the user named: labelled and partly named values, hosts to fetch, and, where he delegates, its verbs. */
function container(text: string, of: Learning): void {
  if (text === '') return;
  for (const line of text.split('\n')) {
    const value = LABELLED.exec(line.trimEnd())?.[1];
    if (value !== undefined && /[\d@.]/.test(value)) know(value, 'k:', of);
  }
  for (const piece of new Set(chunks(text))) {
    if (isMail(piece) ? isPartlyNamed(piece, of.memory) : false) know(piece, 'k:', of);
    else if (isWeb(piece)) {
      add(`f:${hostOf(piece)}`, of);
      if (isPartlyNamed(piece, of.memory)) know(piece, 'k:', of);
    }
  }
  if (of.tools === null || !of.memory.has('d:')) return;
  for (const word of words(text)) {
    for (const meaning of of.tools.meanings(word)) {
      const name = meaning.slice(2);
      if (meaning.startsWith('n:')) add(`N:${name}`, of);
      else if (of.tools.delegable.has(name)) add(`V:${name}`, of);
    }
  }
}

function add(key: string, of: Learning): void {
  if (of.keys.size < of.max) of.keys.add(key);
}
