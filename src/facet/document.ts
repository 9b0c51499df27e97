/**
 * What a document to which the user led gives (spec/facet.md T-17): values that fill a gap which he left, and, where he told
 * the agent to follow it, what it asks for.
 */
import type { Keys, Learning } from './learning.ts';
import { hostOf, isAccount, isMail, isNamed, isPartlyNamed, isWeb, type Memory, normal } from './value.ts';
import { words } from './words.ts';

const LABELLED = /^[\s*•-]*[\p{L}][\p{L}\p{N} _/()-]{0,40}:[ \t]*(\S{3,120})$/u;
/** Names and words of a followed document. */
const NAMES_MAX = 64;
const PHRASE_WORDS_MAX = 192;
/** UTF-16 units before and after a value in which its sentence is looked for. */
const BEFORE_MAX = 400;
const AFTER_MAX = 200;
/** Words by which the user speaks of addresses that he does not name. */
const LINKS = ['link', 'links', 'url', 'urls', 'website', 'websites', 'site', 'sites', 'page', 'pages', 'article', 'articles'];

/** `ofPerson`: the record is that of someone whom the user named. */
export function documentKeys(of: Learning, leaf: number, ofPerson: boolean): void {
  const text = of.rest[leaf];
  if (text === '') return;
  const { memory, tools, keys } = of;
  const followed = memory.has('d:');
  for (const line of text.split('\n')) {
    const value = LABELLED.exec(line.trimEnd())?.[1];
    if (value !== undefined && /[\d@.]/.test(value)) give(value, keys);
  }
  const open = followed || opens(of);
  let partly = false;
  const mails = new Set<string>();
  const accounts = new Set<string>();
  for (const piece of of.pieces(leaf)) {
    // Most pieces are words.
    if (!/[.@/:\d]/.test(piece)) continue;
    if (isMail(piece)) {
      const named = isPartlyNamed(piece, memory);
      if (named) give(piece, keys);
      else if (isNews(piece, memory)) mails.add(piece);
      partly ||= named;
    } else if (isWeb(piece)) {
      if (open) keys.add(`f:${hostOf(piece)}`);
      if (isPartlyNamed(piece, memory)) give(piece, keys);
    } else if (isAccount(piece) && isNews(piece, memory)) accounts.add(piece);
  }
  if (!partly) only(of, mails, 'h:mail', followed ? null : text);
  only(of, accounts, 'h:account', ofPerson ? null : text);
  if (!followed) return;
  phraseKeys(text, keys);
  let names = 0;
  for (const [name] of text.matchAll(/(?<!\p{L})\p{Lu}\p{Ll}{2,}/gu)) if (names++ < NAMES_MAX) keys.add(`U:${name.toLowerCase()}`);
  if (tools === null) return;
  for (const word of words(text)) {
    for (const meaning of tools.meanings(word)) {
      const name = meaning.slice(2);
      if (meaning.startsWith('n:')) keys.add(`N:${name}`);
      else if (tools.delegable.has(name)) keys.add(`V:${name}`);
    }
  }
}

function give(value: string, keys: Keys): void {
  const key = normal(value);
  if (key === '') return;
  keys.add(`k:${key}`);
  if (isWeb(value)) keys.add(`f:${hostOf(value)}`);
}

const isNews = (value: string, memory: Memory): boolean => !memory.has(`k:${normal(value)}`) && !isNamed(value, memory, false);

/** T-17: where the user gave an address, another site's fills no gap, unless he speaks of links. */
const opens = ({ lead, memory }: Learning): boolean => !memory.has('h:web') || (lead !== 'led' && LINKS.some((word) => memory.has(`u:${word}`)));

/**
 * T-17: the only address or account of a document, where the user gave none himself; with `text`, only in a sentence about
 * what he speaks of.
 */
function only(of: Learning, values: ReadonlySet<string>, given: string, text: string | null): void {
  if (values.size !== 1 || of.memory.has(given)) return;
  for (const value of values) if (text === null || isAbout(sentenceOf(text, value), of)) of.keys.add(`j:${normal(value)}`);
}

function sentenceOf(text: string, value: string): string {
  const at = text.indexOf(value);
  const before = text.slice(Math.max(0, at - BEFORE_MAX), at);
  const after = text.slice(at + value.length, at + value.length + AFTER_MAX);
  const from = Math.max(before.lastIndexOf('. '), before.lastIndexOf('\n')) + 1;
  return before.slice(from) + after.slice(0, /[.!?](?:\s|$)|\n/.exec(after)?.index);
}

/** A noun of the user's stands there too. */
const isAbout = (sentence: string, { tools, memory }: Learning): boolean =>
  tools !== null &&
  words(sentence).some((word) => word.length >= 3 && memory.has(`u:${word}`) && tools.meanings(word).some((meaning) => meaning.startsWith('n:')));

/** T-17: the words of a document whose phrases (a street, a name) count as the user's. */
export function phraseKeys(text: string, keys: Keys): void {
  for (const word of words(text).slice(0, PHRASE_WORDS_MAX)) keys.add(`F:${word}`);
}
