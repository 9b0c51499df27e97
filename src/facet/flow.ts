/**
 * Where the values of a call come from (spec/facet.md T-14 to T-23). The machine keeps a session's memory (a set of
 * hashed keys, two facts); this room says which keys to add after user text, verdicts and results, and what a call's
 * values mean under them.
 */
import { type Count, type Counted, type Counting, count, type Finding, type FlowFacts, findingsOf, placesOf, UNREAD, Whereabouts } from './finding.ts';
import { cut, standingOf } from './known.ts';
import { learned, planted, read } from './learn.ts';
import { Keys } from './learning.ts';
import { leavesOf } from './leaves.ts';
import type { ArgPath, Entry, Kind, Tools, Trust } from './map.ts';
import { passageKeys, passagesOf } from './passage.ts';
import { linksIn, textsAt } from './texts.ts';
import { chunks, hostOf, isJoined, isMail, isNamed, isProse, isSaid, isWeb, type Lead, type Memory, normal, VALUE_LENGTH_MAX, wholeOf } from './value.ts';
import { words } from './words.ts';

export { type Finding, type FlowFacts, ORIGINS, type Origin } from './finding.ts';
export { USER_KEYS_MAX, userKeys } from './said.ts';
export { LEADS, type Lead, type Memory } from './value.ts';

/** Keys that one result adds at most. */
export const RESULT_KEYS_MAX = 512;
/** T-20: a text of an argument counts as dictated from three words up to this length. */
const DICTATED_LENGTH_MAX = 120;
const DICTATED_WORDS_MIN = 3;
export interface CallFlow {
  readonly facts: FlowFacts;
  /** In the order of the arguments, at most `FINDINGS_MAX`; by the memory as it is when they are asked for. */
  readonly findings: readonly Finding[];
  /** How the user led to what the call selects: kept with its permit for `resultFlow`. */
  readonly lead: Lead;
}

class Found implements CallFlow {
  readonly facts: FlowFacts;
  readonly lead: Lead;
  private readonly counted: readonly Counted[];

  constructor(facts: FlowFacts, counted: readonly Counted[], lead: Lead) {
    this.facts = facts;
    this.lead = lead;
    this.counted = counted;
  }

  get findings(): readonly Finding[] {
    return findingsOf(this.counted);
  }
}

/** What is looked at, and what was found so far. */
interface Looking extends Counting {
  readonly entry: Entry;
  readonly memory: Memory;
  readonly leads: { named: number; led: number; own: number; unseen: number; other: number; planted: number; place: boolean };
  readonly foreign: (readonly [ArgPath, Whereabouts, led: boolean, read: boolean])[];
}

/** T-20: the flow facts of a call. Without an entry the values have no kinds: the counts are 0, nothing is intended. */
export function callFlow(entry: Entry | null, args: unknown, memory: Memory): CallFlow {
  const facts: FlowFacts = {
    gate: memory.gate,
    passage: memory.passage,
    intended: false,
    args_named: false,
    led: false,
    told: memory.has('i:'),
    foreign: 0,
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
  if (entry === null) return new Found(facts, [], 'none');
  const counted: Counted[] = [];
  const at: Looking = { entry, memory, facts, counted, leads: { named: 0, led: 0, own: 0, unseen: 0, other: 0, planted: 0, place: false }, foreign: [] };
  let named = 0;
  let unnamed = 0;
  for (let i = 0; i < entry.args.length; i++) {
    const { path, kind } = entry.args[i];
    if (kind === 'qty' || kind === 'time') continue;
    const { texts, whole } = textsAt(args, path);
    if (!whole) {
      unnamed++;
      at.leads.other++;
      overflow(at, path, kind);
    }
    for (const text of texts) {
      if (kind === 'text') textFacts(at, path, text);
      else if (valueFacts(at, path, kind, text)) named++;
      else if (kind !== 'sec') unnamed++;
    }
  }
  facts.args_named = named > 0 && unnamed === 0;
  const { leads } = at;
  // What a page holds is its own matter where the call goes to that page.
  for (const [path, where, led, read] of at.foreign) {
    if (led && leads.place) continue;
    count(at, path, 'foreign', where);
    // T-20: short words of others are no prose, and may still say where to.
    if (read) facts.gate = true;
  }
  const lead = leadOf(leads);
  facts.led = lead === 'led' || lead === 'named' || lead === 'own';
  // Where no class has the tool's object, what the user led to tells it.
  const meant = facts.args_named || (facts.led && facts.foreign === 0 && entry.about.every((name) => name.startsWith('=')));
  facts.intended = anyOf(entry.intent, 'v:', 'V:', memory) && (meant || anyOf(entry.about, 'n:', 'N:', memory));
  return new Found(facts, counted, lead);
}

/** T-24 */
function leadOf({ planted, other, named, led, own, unseen }: Looking['leads']): Lead {
  if (planted > 0) return 'planted';
  if (other > 0 || named + led === 0) return 'none';
  if (own > 0) return 'own';
  return led + unseen > 0 ? 'led' : 'named';
}

/** More values than are looked at: one of them may be anything. */
function overflow(at: Looking, path: ArgPath, kind: Kind): void {
  const unread = (fact: Count): void => count(at, path, fact, UNREAD);
  const passage = at.memory.passage >= 2;
  if (kind === 'text') {
    unread('link_unknown');
    if (passage) unread('link_passage');
  } else if (kind === 'obj') {
    unread('obj_unnamed');
    if (passage) unread('obj_passage');
  } else {
    unread(kind === 'sec' ? 'sec_unnamed' : 'dest_unnamed');
    if (kind === 'dest') unread('dest_unknown');
    if (kind === 'dest' && at.entry.http !== null) unread('url_unknown');
    if (passage) unread('dest_passage');
  }
}

/** Adds what one value means; true when it is a selector that the user named. */
function valueFacts(at: Looking, path: ArgPath, kind: 'dest' | 'sec' | 'obj', text: string): boolean {
  const { entry, memory, leads } = at;
  const { key, named, own, led, foreign, read, unseen, known, passage } = standingOf(entry, kind, text, memory);
  if (named) {
    if (kind === 'dest') leads.place = true;
    leads.named++;
    if (own) leads.own++;
    return kind !== 'sec';
  }
  const where = new Whereabouts(memory, () => placesOf(cut(text), key, passage));
  const counted = (fact: Count): void => count(at, path, fact, where);
  if (passage !== null) leads.planted++;
  if (led) leads.led++;
  else if (unseen) leads.unseen++;
  else leads.other++;
  if (kind === 'dest' && known) at.leads.place = true;
  if (foreign) at.foreign.push([path, where, led, read]);
  if (kind === 'obj') {
    counted('obj_unnamed');
    if (passage !== null) counted('obj_passage');
    return false;
  }
  counted(kind === 'sec' ? 'sec_unnamed' : 'dest_unnamed');
  if (!known) {
    if (kind === 'dest') counted('dest_unknown');
    if (kind === 'dest' && entry.http !== null) counted('url_unknown');
    if (passage !== null) counted('dest_passage');
  }
  earlier(at, path, key);
  return false;
}

const EARLIER = [
  ['q:', 'asked'],
  ['x:', 'refused'],
] as const;

/** T-22: does the value wait for an answer, or was it refused? */
function earlier(at: Looking, path: ArgPath, key: string): void {
  for (const [prefix, fact] of EARLIER) {
    const found = prefix + key;
    if (at.memory.has(found)) count(at, path, fact, new Whereabouts(at.memory, () => [found]));
  }
}

/** T-21: one of these classes stands in the user's text, or in a document that he told the agent to follow. */
function anyOf(classes: readonly string[], prefix: string, delegated: string, memory: Memory): boolean {
  if (classes.length === 0) return true;
  for (let i = 0; i < classes.length; i++) {
    const name = classes[i];
    // T-25: a word of the tool's own name, where no class has it.
    if (name.startsWith('=') ? memory.has(`u:${name.slice(1)}`) : memory.has(prefix + name) || memory.has(delegated + name)) return true;
  }
  return false;
}

function textFacts(at: Looking, path: ArgPath, text: string): void {
  const { memory } = at;
  const { links, whole } = linksIn(text);
  if (!whole) overflow(at, path, 'text');
  for (const link of links) {
    const key = isMail(link) ? normal(link) : hostOf(link);
    if (isNamed(link, memory, false)) continue;
    earlier(at, path, key);
    if (memory.has(`k:${key}`) || memory.has(`f:${key}`)) continue;
    const passage = memory.passage >= 2 && memory.has(`p:${key}`) ? `p:${key}` : null;
    const where = new Whereabouts(memory, () => placesOf(link, key, passage));
    count(at, path, 'link_unknown', where);
    if (passage !== null) count(at, path, 'link_passage', where);
  }
  if (memory.passage >= 2 && text.length <= DICTATED_LENGTH_MAX && isDictated(text, memory)) {
    const parts = words(text);
    count(at, path, 'text_passage', new Whereabouts(memory, () => [`p:${parts.join(' ')}`, `p:${parts[0]}`]));
  }
}

/** A short text of some words, all in a passage and not all the user's. */
function isDictated(text: string, memory: Memory): boolean {
  const parts = words(text);
  if (parts.length < 2 || parts.every((word) => memory.has(`u:${word}`))) return false;
  return memory.has(`p:${parts.join(' ')}`) || (parts.length >= DICTATED_WORDS_MIN && parts.every((word) => memory.has(`p:${word}`)));
}

/**
 * T-22: the keys that a verdict adds: the labels of what an allowed call reads; the values, not known to the user's
 * text, of a call that was escalated or denied.
 */
export function verdictKeys(entry: Entry | null, args: unknown, memory: Memory, verdict: 'allow' | 'escalate' | 'deny'): string[] {
  if (entry === null) return [];
  if (verdict === 'allow') return [...entry.reads.map((label) => `l:${label}`), ...openedHosts(entry, args, memory)];
  const prefix = verdict === 'deny' ? 'x:' : 'q:';
  // What it would have returned is not known here, should it run after all.
  const keys = new Set<string>(entry.result === 'ack' ? [] : ['t:']);
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

/**
 * T-22: what a person approves is named from then on: the keys that an approved call adds, its values and links as wholes
 * (never their words one by one, nor the host of an address). Nothing else makes a value named that the user did not write. At most `RESULT_KEYS_MAX`.
 */
export function approvedKeys(entry: Entry | null, args: unknown): string[] {
  if (entry === null) return [];
  const keys = new Set<string>();
  for (const { path, kind } of entry.args) {
    if (kind === 'qty' || kind === 'time') continue;
    for (const text of textsAt(args, path).texts) {
      for (const value of kind === 'text' ? linksIn(text).links : [text]) {
        if (keys.size >= RESULT_KEYS_MAX || value.length > VALUE_LENGTH_MAX) continue;
        const whole = wholeOf(value);
        if (whole !== '') keys.add(`a:${whole}`);
      }
    }
  }
  return [...keys];
}

/** T-22: pages that the agent may open may be answered there, too. */
function openedHosts(entry: Entry, args: unknown, memory: Memory): string[] {
  if (entry.http === null) return [];
  const hosts: string[] = [];
  for (const { path, kind } of entry.args) {
    if (kind !== 'dest') continue;
    for (const text of textsAt(args, path).texts) {
      const host = isWeb(text) ? hostOf(text) : '';
      if (host !== '' && (isSaid(text, memory, false) || (memory.has(`f:${host}`) && !memory.has('h:web')))) hosts.push(`g:${host}`);
    }
  }
  return hosts;
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
export function resultFlow(tools: Tools | null, entry: Entry | null, result: unknown, memory: Memory, lead: Lead, failed = false): ResultFlow {
  if (result === null || result === undefined || result === '') return NOTHING;
  const trust: Trust = failed ? 'ack' : (entry?.result ?? 'untrusted');
  const followed = lead !== 'none' && lead !== 'planted' && memory.has('d:');
  const leaves = leavesOf(result, trust !== 'untrusted');
  if (leaves.length === 0) return NOTHING;
  let prose = false;
  let level = 0;
  const keys = new Keys(RESULT_KEYS_MAX - 1);
  const rest: string[] = [];
  for (let i = 0; i < leaves.length; i++) {
    const { text } = leaves[i];
    rest.push(text);
    if (trust !== 'untrusted') {
      prose ||= isJoined(text);
      if (!isProse(text)) continue;
    }
    prose = true;
    const passages = passagesOf(text, followed);
    for (const passage of passages) {
      if (passage.level > level) level = passage.level;
      if (passage.level < 2) continue;
      rest[i] = '';
      passageKeys(passage.text, keys.all);
    }
  }
  const cut: ReadonlySet<string>[] = [];
  const learning = { tools, leaves, rest, pieces: (i: number) => (cut[i] ??= new Set(chunks(rest[i]))), lead, memory, keys };
  if (lead === 'planted') planted(learning);
  else if (!failed && entry !== null) learned(learning, entry);
  else read(learning, () => false);
  return { prose, untrusted: trust === 'untrusted', gate: trust === 'untrusted' || (prose && trust !== 'own'), passage: level, keys: [...keys.all] };
}
