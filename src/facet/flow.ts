/**
 * Where the values of a call come from (spec/facet.md T-14 to T-22). The machine keeps a session's memory (a set of
 * hashed keys, two facts); this room says which keys to add after user text, verdicts and results, and what a call's
 * values mean under them.
 */
import { FOUND_MAX, findValues } from './arguments.ts';
import { learned } from './learn.ts';
import { leavesOf } from './leaves.ts';
import type { Entry, Kind, Tools, Trust } from './map.ts';
import { passagesOf } from './passage.ts';
import { chunks, hostOf, isCompound, isMail, isNamed, isProse, isWeb, type Memory, normal, VALUE_LENGTH_MAX } from './value.ts';
import { words } from './words.ts';

export type { Memory } from './value.ts';

/** Keys that one user text adds at most. */
export const USER_KEYS_MAX = 4_096;
/** Keys that one result adds at most. */
export const RESULT_KEYS_MAX = 512;
/** Of these, for the passages of the result. */
const PASSAGE_KEYS_MAX = 256;
/** UTF-16 units of an argument in which links are looked for. */
export const LINK_TEXT_MAX = 65_536;
const LINKS_MAX = 256;
/** T-20: a text of an argument counts as dictated from three words up to this length. */
const DICTATED_LENGTH_MAX = 120;
const DICTATED_WORDS_MIN = 3;

/** T-20: nested as the rules' inputs are: `flow.gate` and so on. Counts are of values. */
export interface FlowFacts {
  gate: boolean;
  passage: number;
  /** T-21: the user used a verb of the tool's classes, and a noun of its object or the object's own name. */
  intended: boolean;
  /** Every selector of the call (`dest`, `obj`), and at least one, is named by the user. */
  args_named: boolean;
  /** Not named by the user … */
  dest_unnamed: number;
  sec_unnamed: number;
  obj_unnamed: number;
  /** … nor known to the session by lists, records or documents that he named. */
  dest_unknown: number;
  url_unknown: number;
  link_unknown: number;
  /** Not named or known, and found in a passage that addresses agents. */
  dest_passage: number;
  obj_passage: number;
  link_passage: number;
  text_passage: number;
  /** Not named, and in an earlier call that was escalated, or denied. */
  asked: number;
  refused: number;
  private: boolean;
  secret: boolean;
}

const NO_VALUES: readonly string[] = [];

/** T-16: the keys that a text of the user adds to the session. */
export function userKeys(tools: Tools | null, text: string): string[] {
  const keys = new Set<string>();
  const add = (key: string): void => {
    if (keys.size < USER_KEYS_MAX) keys.add(key);
  };
  for (const word of words(text)) {
    add(`u:${word}`);
    if (tools !== null) for (const meaning of tools.meanings(word)) add(meaning);
  }
  for (const piece of new Set(chunks(text))) {
    if (keys.size >= USER_KEYS_MAX) break;
    if (!isCompound(piece)) continue;
    // "see www.example.org.They …": a sentence may begin without a space.
    for (const part of [piece, piece.replace(/\.\p{Lu}\p{Ll}*$/u, '')]) {
      const whole = normal(part);
      // A piece of marks alone ("&") names nothing.
      if (whole !== '') add(`u:${whole}`);
      const host = isWeb(part) ? hostOf(part) : '';
      if (host !== '') add(`u:${host}`);
    }
  }
  if (delegates(text)) add('d:');
  return [...keys];
}

const DELEGATION = /\b(?:follow|do|perform|complete|execute|carry out|adjust|handle|act on)\b/i;
const DELEGATED = /\b(?:instructions?|tasks?|to-?do|steps|accordingly|requests?)\b/i;
const SPELLED_OUT = /\b(?:following|these|below)\s+(?:tasks?|instructions?|steps)\b/i;

/** T-16: does the user tell the agent to do what a document says? "The following tasks" are his own words. */
function delegates(text: string): boolean {
  for (const sentence of text.split(/(?<=[.!?;])\s+|\n+/)) {
    if (DELEGATION.test(sentence) && DELEGATED.test(sentence) && !SPELLED_OUT.test(sentence)) return true;
  }
  return false;
}

/** T-20: the flow facts of a call. Without an entry the values have no kinds: the counts are 0, nothing is intended. */
export function callFlow(entry: Entry | null, args: unknown, memory: Memory): FlowFacts {
  const facts: FlowFacts = {
    gate: memory.gate,
    passage: memory.passage,
    intended: false,
    args_named: false,
    dest_unnamed: 0,
    sec_unnamed: 0,
    obj_unnamed: 0,
    dest_unknown: 0,
    url_unknown: 0,
    link_unknown: 0,
    dest_passage: 0,
    obj_passage: 0,
    link_passage: 0,
    text_passage: 0,
    asked: 0,
    refused: 0,
    private: memory.has('l:private'),
    secret: memory.has('l:secret'),
  };
  if (entry === null) return facts;
  let named = 0;
  let unnamed = 0;
  for (let i = 0; i < entry.args.length; i++) {
    const { path, kind } = entry.args[i];
    if (kind === 'qty' || kind === 'time') continue;
    const { texts, whole } = textsAt(args, path);
    if (!whole) {
      unnamed++;
      overflow(entry, kind, memory, facts);
    }
    for (const text of texts) {
      if (kind === 'text') textFacts(text, memory, facts);
      else if (valueFacts(entry, kind, text, memory, facts)) named++;
      else if (kind !== 'sec') unnamed++;
    }
  }
  facts.args_named = named > 0 && unnamed === 0;
  facts.intended = anyOf(entry.intent, 'v:', 'V:', memory) && (facts.args_named || anyOf(entry.about, 'n:', 'N:', memory));
  return facts;
}

/** More values than are looked at: one of them may be anything. */
function overflow(entry: Entry, kind: Kind, memory: Memory, facts: FlowFacts): void {
  const passage = memory.passage >= 2 ? 1 : 0;
  if (kind === 'text') {
    facts.link_unknown++;
    facts.link_passage += passage;
  } else if (kind === 'obj') {
    facts.obj_unnamed++;
    facts.obj_passage += passage;
  } else {
    if (kind === 'sec') facts.sec_unnamed++;
    else {
      facts.dest_unnamed++;
      facts.dest_unknown++;
      if (entry.http !== null) facts.url_unknown++;
    }
    facts.dest_passage += passage;
  }
}

/** Adds what one value means; true when it is a selector that the user named. */
function valueFacts(entry: Entry, kind: 'dest' | 'sec' | 'obj', text: string, memory: Memory, facts: FlowFacts): boolean {
  if (isNamed(text, memory, kind === 'obj')) return kind !== 'sec';
  const value = cut(text);
  const passage = memory.passage >= 2 && inPassage(value, memory);
  if (kind === 'obj') {
    facts.obj_unnamed++;
    if (passage) facts.obj_passage++;
    return false;
  }
  if (kind === 'sec') facts.sec_unnamed++;
  else facts.dest_unnamed++;
  const key = normal(value);
  const web = kind === 'dest' && entry.http !== null;
  // T-17: after a passage that tells anyone what to do, lists count no more, and records not for what cannot be undone.
  const known =
    value === text &&
    (memory.has(`k:${key}`) ||
      ((memory.passage === 0 || entry.effect !== 'irreversible') && memory.has(`r:${key}`)) ||
      (memory.passage === 0 && memory.has(`c:${key}`)) ||
      (web && entry.effect === 'read' && memory.has(`f:${hostOf(text)}`)));
  if (!known) {
    if (kind === 'dest') facts.dest_unknown++;
    if (web) facts.url_unknown++;
    if (passage) facts.dest_passage++;
  }
  if (memory.has(`q:${key}`)) facts.asked++;
  if (memory.has(`x:${key}`)) facts.refused++;
  return false;
}

/** T-21: one of these classes stands in the user's text, or in a document that he told the agent to follow. */
function anyOf(classes: readonly string[], prefix: string, delegated: string, memory: Memory): boolean {
  if (classes.length === 0) return true;
  for (let i = 0; i < classes.length; i++) if (memory.has(prefix + classes[i]) || memory.has(delegated + classes[i])) return true;
  return false;
}

function textFacts(text: string, memory: Memory, facts: FlowFacts): void {
  const { links, whole } = linksIn(text);
  if (!whole) {
    facts.link_unknown++;
    if (memory.passage >= 2) facts.link_passage++;
  }
  for (const link of links) {
    const key = isMail(link) ? normal(link) : hostOf(link);
    if (isNamed(link, memory, false)) continue;
    if (memory.has(`q:${key}`)) facts.asked++;
    if (memory.has(`x:${key}`)) facts.refused++;
    if (memory.has(`k:${key}`) || memory.has(`f:${key}`)) continue;
    facts.link_unknown++;
    if (memory.passage >= 2 && memory.has(`p:${key}`)) facts.link_passage++;
  }
  if (memory.passage >= 2 && text.length <= DICTATED_LENGTH_MAX && isDictated(text, memory)) facts.text_passage++;
}

/** A short text of some words, all in a passage and not all the user's. */
function isDictated(text: string, memory: Memory): boolean {
  const parts = words(text);
  return parts.length >= DICTATED_WORDS_MIN && !parts.every((word) => memory.has(`u:${word}`)) && parts.every((word) => memory.has(`p:${word}`));
}

interface Found {
  readonly links: Iterable<string>;
  /** False when there may be more of them. */
  readonly whole: boolean;
}
const NO_LINKS: Found = { links: NO_VALUES, whole: true };

/** Web and mail addresses in a text, each once: pieces with a dot inside. */
function linksIn(text: string): Found {
  const length = Math.min(text.length, LINK_TEXT_MAX);
  let links: Set<string> | null = null;
  let at = text.indexOf('.');
  while (at >= 0 && at < length) {
    let end = at + 1;
    // A dot before a space or at the end closes a sentence.
    if (end < length && text.charCodeAt(end) > 44 && at > 0 && text.charCodeAt(at - 1) > 44) {
      let start = at;
      while (start > 0 && !isBreak(text.charCodeAt(start - 1))) start--;
      while (end < length && !isBreak(text.charCodeAt(end))) end++;
      const piece = chunks(text.slice(start, end))[0];
      if (piece !== undefined && (isMail(piece) || isWeb(piece))) {
        links ??= new Set();
        if (links.size >= LINKS_MAX && !links.has(piece)) return { links, whole: false };
        links.add(piece);
      }
    }
    at = text.indexOf('.', end);
  }
  return links === null && at < 0 ? NO_LINKS : { links: links ?? NO_VALUES, whole: at < 0 };
}

/** Space, quotes, brackets, comma, semicolon: what `chunks` cuts at. */
const isBreak = (code: number): boolean =>
  code <= 34 ||
  code === 39 ||
  code === 40 ||
  code === 41 ||
  code === 44 ||
  code === 59 ||
  code === 60 ||
  code === 62 ||
  code === 91 ||
  code === 93 ||
  code === 96 ||
  (code >= 123 && code <= 125);

function inPassage(text: string, memory: Memory): boolean {
  const parts = words(text);
  if (parts.length === 0) return false;
  if (memory.has(`p:${parts.join(' ')}`) || (isWeb(text) && memory.has(`p:${hostOf(text)}`))) return true;
  if (isWeb(text) || isMail(text.trim())) return false;
  for (let i = 0; i < parts.length; i++) if (!memory.has(`p:${parts[i]}`)) return false;
  return true;
}

/** A value as far as it is looked at. */
const cut = (text: string): string => (text.length > VALUE_LENGTH_MAX ? text.slice(0, VALUE_LENGTH_MAX) : text);

interface Texts {
  readonly texts: readonly string[];
  /** False when there are more of them. */
  readonly whole: boolean;
}
const NO_TEXTS: Texts = { texts: NO_VALUES, whole: true };

/** The texts at a path; a text with several addresses counts as several. */
function textsAt(args: unknown, path: readonly string[]): Texts {
  const found: unknown[] = [];
  let whole = findValues(args, path, 0, found);
  if (found.length === 0) return NO_TEXTS;
  const texts: string[] = [];
  for (const value of found) {
    if (typeof value === 'string') {
      if (value.includes('@') && /[,;\n]/.test(value)) {
        for (const part of value.split(/[,;\n]/)) {
          const text = part.trim();
          if (text !== '' && texts.push(text) > FOUND_MAX) break;
        }
      } else texts.push(value);
    } else if (typeof value === 'number' || typeof value === 'bigint') texts.push(String(value));
    if (texts.length > FOUND_MAX) {
      whole = false;
      break;
    }
  }
  return { texts, whole };
}

/**
 * T-22: the keys that a verdict adds: the labels of what an allowed call reads; the values, not known to the user's
 * text, of a call that was escalated or denied.
 */
export function verdictKeys(entry: Entry | null, args: unknown, memory: Memory, verdict: 'allow' | 'escalate' | 'deny'): string[] {
  if (entry === null) return [];
  if (verdict === 'allow') return entry.reads.map((label) => `l:${label}`);
  const prefix = verdict === 'deny' ? 'x:' : 'q:';
  const keys = new Set<string>();
  for (const { path, kind } of entry.args) {
    if (kind !== 'dest' && kind !== 'sec' && kind !== 'text') continue;
    for (const text of textsAt(args, path).texts) {
      const values = kind === 'text' ? linksIn(text).links : [cut(text)];
      for (const value of values) {
        if (keys.size >= RESULT_KEYS_MAX || isNamed(value, memory, false)) continue;
        const key = normal(value);
        if (key !== '') keys.add(prefix + key);
        if (isWeb(value)) keys.add(prefix + hostOf(value));
      }
    }
  }
  return [...keys];
}

/** T-18, T-19: what a result does to the session. */
export interface ResultFlow {
  /** Some of it is prose that others may have written. */
  readonly prose: boolean;
  readonly untrusted: boolean;
  /** Opens the gate: `prose` outside the user's own data, or anything from an untrusted tool. */
  readonly gate: boolean;
  readonly passage: number;
  /** Keys to add to the session's memory, at most `RESULT_KEYS_MAX`. */
  readonly keys: readonly string[];
}

const NOTHING: ResultFlow = { prose: false, untrusted: false, gate: false, passage: 0, keys: [] };

/**
 * T-18: reads an outcome's result (any JSON value; an error's text is read as an untrusted echo). `named` is the call's
 * `flow.args_named`, kept with its permit. Work is bounded: 64 Ki UTF-16 units, 4,096 values.
 */
export function resultFlow(tools: Tools | null, entry: Entry | null, result: unknown, memory: Memory, named: boolean, failed = false): ResultFlow {
  if (result === null || result === undefined || result === '') return NOTHING;
  const trust: Trust = failed ? 'ack' : (entry?.result ?? 'untrusted');
  const leaves = leavesOf(result, trust !== 'untrusted');
  if (leaves.length === 0) return NOTHING;
  let prose = false;
  let level = 0;
  const keys = new Set<string>();
  const rest: string[] = [];
  for (let i = 0; i < leaves.length; i++) {
    const { text } = leaves[i];
    rest.push(text);
    if (trust !== 'untrusted' && !isProse(text)) continue;
    prose = true;
    const passages = passagesOf(text);
    for (const passage of passages) {
      if (passage.level > level) level = passage.level;
      if (passage.level < 2) continue;
      rest[i] = '';
      passageKeys(passage.text, keys);
    }
  }
  if (!failed && entry !== null) learned({ tools, entry, leaves, rest, named, memory, keys, max: RESULT_KEYS_MAX });
  return { prose, untrusted: trust === 'untrusted', gate: trust === 'untrusted' || (prose && trust !== 'own'), passage: level, keys: [...keys] };
}

/**
 * Keys of a passage that addresses agents: half of the room at most; first what may be a target (marks or digits inside),
 * so that plain words cannot crowd it out.
 */
function passageKeys(text: string, keys: Set<string>): void {
  const pieces = new Set(chunks(text));
  for (const piece of pieces) {
    if (keys.size >= PASSAGE_KEYS_MAX) return;
    const whole = normal(piece);
    if (isCompound(piece)) {
      keys.add(`p:${whole}`);
      if (isWeb(piece)) keys.add(`p:${hostOf(piece)}`);
    } else if (/\d/.test(whole)) keys.add(`p:${whole}`);
  }
  for (const piece of pieces) {
    for (const word of words(piece)) {
      if (keys.size >= PASSAGE_KEYS_MAX) return;
      keys.add(`p:${word}`);
    }
  }
}
