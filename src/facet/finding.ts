/** Flow facts of a call, and where the values that count in them were found (spec/facet.md T-20, T-23). */
import type { ArgPath } from './map.ts';
import { hostOf, isWeb, type Memory } from './value.ts';

/** T-23 */
export const FINDINGS_MAX = 16;

/** T-20: nested as the rules' inputs are: `flow.gate` and so on. Counts are of values. */
export interface FlowFacts {
  gate: boolean;
  passage: number;
  /** The session was told what the user said. */
  told: boolean;
  /** T-21: the user used a verb of the tool's classes, and a noun of its object or the object's own name. */
  intended: boolean;
  /** Every selector of the call (`dest`, `obj`), and at least one, is named by the user. */
  args_named: boolean;
  /** T-24: the user led to what the call selects: he named it, or what he named holds it. */
  led: boolean;
  /** T-24: values of `dest` and `obj` that stand only in what others wrote, to which the user did not lead. */
  foreign: number;
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

/**
 * T-23: where a value that counts in a fact was found, the most telling place first where it stands in several. Append-only:
 * `unseen` nowhere in what the session read or was told · `text` in text that others wrote · `passage` in text that addresses
 * agents · `record` in a record that the user named a part of · `directory` in a list of the server · `named` by the user ·
 * `partly` named by him, or labelled in a document that he named · `asked`, `refused` in an earlier call · `unread` past what is looked at.
 */
export const ORIGINS = ['unseen', 'text', 'passage', 'record', 'directory', 'named', 'partly', 'asked', 'refused', 'unread', 'document'] as const;
export type Origin = (typeof ORIGINS)[number];

/** T-23: a value that counts in a fact. */
export interface Finding {
  /** Of the argument, its segments joined by dots. */
  readonly path: string;
  readonly fact: keyof FlowFacts;
  readonly origin: Origin;
  /** Which page of the session's memory holds it: the place of the transaction that added it; null where none does. */
  readonly page: number | null;
}

/** A value that was counted; where it stands is looked up only when a reason tells of it. */
export interface Counted {
  readonly path: ArgPath;
  readonly fact: Count;
  readonly where: Located;
}

interface Located {
  readonly place: Pick<Finding, 'origin' | 'page'>;
}

export interface Counting {
  readonly facts: FlowFacts;
  /** At most `FINDINGS_MAX`. */
  readonly counted: Counted[];
}

export type Count = { [K in keyof FlowFacts]: FlowFacts[K] extends number ? K : never }[keyof FlowFacts];

/** T-23: where a value stands, looked up when it is first told of. */
export class Whereabouts implements Located {
  private readonly memory: Memory;
  private readonly keys: () => readonly string[];
  private found: Located['place'] | undefined;

  /** `keys`: those under which it may be remembered, the most telling first. */
  constructor(memory: Memory, keys: () => readonly string[]) {
    this.memory = memory;
    this.keys = keys;
  }

  get place(): Located['place'] {
    if (this.found !== undefined) return this.found;
    const key = this.keys().find((one) => this.memory.has(one));
    this.found = key === undefined ? UNSEEN : { origin: ORIGIN_OF[key[0]], page: this.memory.page(key) };
    return this.found;
  }
}

const UNSEEN = { origin: 'unseen', page: null } as const;
const ORIGIN_OF: Readonly<Record<string, Origin>> = {
  q: 'asked',
  x: 'refused',
  p: 'passage',
  k: 'partly',
  r: 'record',
  s: 'document',
  c: 'directory',
  f: 'text',
  t: 'text',
};

/** Of a value past what is looked at. */
export const UNREAD: Located = { place: { origin: 'unread', page: null } };

/** Counts a value in a fact. */
export function count({ facts, counted }: Counting, path: ArgPath, fact: Count, where: Located): void {
  facts[fact]++;
  if (counted.length < FINDINGS_MAX) counted.push({ path, fact, where });
}

/** T-23, by the memory as it is now. */
export const findingsOf = (counted: readonly Counted[]): readonly Finding[] =>
  counted.map(({ path, fact, where }) => ({ path: path.join('.'), fact, ...where.place }));

export function placesOf(value: string, key: string, inPassage: string | null): readonly string[] {
  const places = [`k:${key}`, `r:${key}`, `s:${key}`, `c:${key}`, `t:${key}`];
  if (isWeb(value)) places.push(`t:${hostOf(value)}`);
  return inPassage === null ? places : [inPassage, ...places];
}
