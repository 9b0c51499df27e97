/**
 * The minimal automaton of a regular expression over UTF-8 bytes (spec/rule-ir.md R-26): one step a byte tells whether the
 * expression stands anywhere in a text. Its size is known before anything runs.
 */
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { CODE_POINT_MAX, parseRegex, type Range, type Regex } from './regex.ts';
import { align8 } from './type.ts';

export interface Automaton {
  /** Of each byte the class of bytes that no state tells apart; classes are numbered as they first occur. */
  readonly classes: Uint8Array;
  readonly classCount: number;
  /** `next[state * classCount + class]`; state 0 is the first. */
  readonly next: Uint16Array;
  /** Of each state 1 when a text that ends there has it. */
  readonly accepts: Uint8Array;
}

export const STATES_MAX = 1_024;
/** Before it is minimal. */
const RAW_STATES_MAX = 4_096;
const PARTS_MAX = 20_000;
/** Steps of the construction: no expression may take a node longer. */
const WORK_MAX = 5_000_000;

/** A part of the nondeterministic automaton: one way by a range of bytes, or ways that take no byte. */
type Part =
  | { readonly kind: 'bytes'; readonly low: number; readonly high: number; readonly to: number }
  | { readonly kind: 'free'; readonly to: number[] }
  | { readonly kind: 'begin' | 'end' | 'lineBegin' | 'lineEnd'; readonly to: number };

/** Where a text stands: at its begin, after a newline. */
const AT_BEGIN = 1;
const AFTER_NEWLINE = 2;
const BEFORE_NEWLINE = 4;
const AT_END = 8;
const NEWLINE = 10;
const FOUND = 0;

const refuse = (what: string): never => {
  throw new Fault('rule_bound', `the regular expression is too large: more than ${what}`);
};

class Parts {
  /** Number 0 stands for having found it. */
  readonly list: Part[] = [{ kind: 'free', to: [] }];

  add(part: Part): number {
    if (this.list.length === PARTS_MAX) refuse(`${PARTS_MAX} parts`);
    return this.list.push(part) - 1;
  }

  /** Where `regex` begins when what follows it is `next`. */
  before(regex: Regex, next: number): number {
    switch (regex.kind) {
      case 'set':
        return this.set(regex.ranges, next);
      case 'all':
        return regex.parts.reduceRight((after, part) => this.before(part, after), next);
      case 'one':
        return this.add({ kind: 'free', to: regex.parts.map((part) => this.before(part, next)) });
      case 'repeat':
        return this.repeat(regex.part, regex.least, regex.most, next);
      default:
        return this.add({ kind: regex.kind, to: next });
    }
  }

  private repeat(part: Regex, least: number, most: number, next: number): number {
    let at = next;
    if (most === Number.POSITIVE_INFINITY) {
      const ways: number[] = [next];
      at = this.add({ kind: 'free', to: ways });
      ways.push(this.before(part, at));
    } else for (let i = least; i < most; i++) at = this.add({ kind: 'free', to: [next, this.before(part, at)] });
    for (let i = 0; i < least; i++) {
      const before = this.before(part, at);
      // Nothing, however often, is nothing.
      if (before === at) break;
      at = before;
    }
    return at;
  }

  private set(ranges: readonly Range[], next: number): number {
    const ways: number[] = [];
    /** Ways of last bytes are many and the same. */
    const known = new Map<string, number>();
    const byte = (low: number, high: number, to: number): number => {
      const key = `${low} ${high} ${to}`;
      const found = known.get(key) ?? this.add({ kind: 'bytes', low, high, to });
      known.set(key, found);
      return found;
    };
    for (const range of ranges) {
      for (const sequence of byteSequences(range)) ways.push(sequence.reduceRight((to, [low, high]) => byte(low, high, to), next));
    }
    return ways.length === 1 ? ways[0] : this.add({ kind: 'free', to: ways });
  }
}

const encode = (code: number): Uint8Array => utf8(String.fromCodePoint(code));

/** The UTF-8 of a range of code points as sequences of ranges of bytes; surrogates have none. */
function byteSequences([low, high]: Range): readonly (readonly Range[])[] {
  const found: (readonly Range[])[] = [];
  const split = (from: number, to: number): void => {
    for (const edge of [0x7f, 0x7ff, 0xd7ff, 0xdfff, 0xffff]) {
      if (from <= edge && to > edge) {
        split(from, edge);
        split(edge + 1, to);
        return;
      }
    }
    if (from >= 0xd800 && to <= 0xdfff) return;
    // All but the first byte must be free: cut where the low bits are not all 0 or not all 1.
    const length = encode(from).length;
    for (let i = 1; i < length; i++) {
      const mask = (1 << (6 * i)) - 1;
      if ((from & ~mask) === (to & ~mask)) continue;
      if ((from & mask) !== 0) {
        split(from, from | mask);
        split((from | mask) + 1, to);
        return;
      }
      if ((to & mask) !== mask) {
        split(from, (to & ~mask) - 1);
        split(to & ~mask, to);
        return;
      }
    }
    const first = encode(from);
    const last = encode(to);
    found.push([...first].map((byte, i): Range => [byte, last[i]]));
  };
  split(low, Math.min(high, CODE_POINT_MAX));
  return found;
}

/** An automaton whose states may not all differ. */
interface Raw {
  readonly classes: Uint8Array;
  readonly classCount: number;
  readonly next: readonly (readonly number[])[];
  readonly accepts: readonly boolean[];
}

/** Classes of bytes that no part tells apart. A newline is told apart where lines matter. */
function classesOf(parts: readonly Part[]): { readonly classes: Uint8Array; readonly firsts: readonly number[] } {
  const edges = new Set<number>([0]);
  for (const part of parts) {
    if (part.kind === 'bytes') edges.add(part.low).add(part.high + 1);
    else if (part.kind === 'lineBegin' || part.kind === 'lineEnd') edges.add(NEWLINE).add(NEWLINE + 1);
  }
  const firsts = [...edges].filter((edge) => edge < 256).sort((a, b) => a - b);
  const classes = new Uint8Array(256);
  firsts.forEach((first, i) => classes.fill(i, first));
  return { classes, firsts };
}

/** The deterministic automaton of "something, the expression, something": sets of parts, with where they stand. */
function determine(parts: readonly Part[], start: number): Raw {
  const { classes, firsts } = classesOf(parts);
  const linesMatter = parts.some((part) => part.kind === 'lineBegin' || part.kind === 'lineEnd');
  let work = 0;
  const passes = (kind: Part['kind'], where: number): boolean => {
    if (kind === 'begin') return (where & AT_BEGIN) !== 0;
    if (kind === 'end') return (where & AT_END) !== 0;
    if (kind === 'lineBegin') return (where & (AT_BEGIN | AFTER_NEWLINE)) !== 0;
    return (where & (AT_END | BEFORE_NEWLINE)) !== 0;
  };
  /** What can be reached without a byte. Only what waits for a byte or a place stays. */
  const closure = (from: Iterable<number>, where: number): readonly number[] => {
    const seen = new Set<number>(from);
    const kept: number[] = [];
    for (const at of seen) {
      work += 1;
      if (at === FOUND) return [FOUND];
      const part = parts[at];
      if (part.kind === 'free') for (const to of part.to) seen.add(to);
      else if (part.kind === 'bytes') kept.push(at);
      else if (passes(part.kind, where)) seen.add(part.to);
      else kept.push(at);
    }
    if (work > WORK_MAX) refuse('can be worked out');
    return kept.sort((a, b) => a - b);
  };

  const numbers = new Map<string, number>();
  const states: { readonly set: readonly number[]; readonly where: number }[] = [];
  const stateOf = (from: Iterable<number>, where: number): number => {
    const set = closure(from, where);
    const key = `${set.join(' ')}/${where}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    if (states.length === RAW_STATES_MAX) refuse(`${RAW_STATES_MAX} states`);
    numbers.set(key, states.length);
    return states.push({ set, where }) - 1;
  };

  stateOf([start], AT_BEGIN);
  const next: number[][] = [];
  const accepts: boolean[] = [];
  for (let i = 0; i < states.length; i++) {
    const { set, where } = states[i];
    accepts.push(closure(set, where | AT_END)[0] === FOUND);
    next.push(
      firsts.map((byte) => {
        const newline = linesMatter && byte === NEWLINE;
        const ready = newline ? closure(set, where | BEFORE_NEWLINE) : set;
        if (ready[0] === FOUND) return stateOf([FOUND], 0);
        const moved: number[] = [start];
        for (const at of ready) {
          const part = parts[at];
          if (part.kind === 'bytes' && part.low <= byte && byte <= part.high) moved.push(part.to);
        }
        work += ready.length;
        return stateOf(moved, newline ? AFTER_NEWLINE : 0);
      }),
    );
  }
  return { classes, classCount: firsts.length, next, accepts };
}

/** States that nothing tells apart become one (Hopcroft): the number of each state's block. */
function blocksOf({ next, accepts, classCount }: Raw): readonly number[] {
  const before = Array.from({ length: classCount }, () => next.map((): number[] => []));
  next.forEach((row, from) => {
    row.forEach((to, c) => void before[c][to].push(from));
  });
  const blocks = accepts.map(Number);
  const members = [new Set<number>(), new Set<number>()];
  blocks.forEach((block, state) => void members[block].add(state));
  const waiting = [0, 1];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const splitter = [...members[at]];
    for (const into of before) {
      const hits = new Map<number, Set<number>>();
      for (const to of splitter) {
        for (const from of into[to]) {
          const hit = hits.get(blocks[from]) ?? new Set();
          hits.set(blocks[from], hit.add(from));
        }
      }
      for (const [block, hit] of hits) {
        const whole = members[block];
        if (hit.size === whole.size) continue;
        const rest = new Set([...whole].filter((state) => !hit.has(state)));
        // the smaller half gets a new number, and splits others in its turn
        const [kept, split] = hit.size <= rest.size ? [rest, hit] : [hit, rest];
        members[block] = kept;
        for (const state of split) blocks[state] = members.length;
        waiting.push(members.length);
        members.push(split);
      }
    }
  }
  return blocks;
}

function minimal(raw: Raw): Automaton {
  const blocks = blocksOf(raw);
  /** Blocks in the order in which a walk from the first state meets them: a state of each. */
  const order: number[] = [0];
  const numbers = new Map<number, number>([[blocks[0], 0]]);
  const rows: number[][] = [];
  for (let i = 0; i < order.length; i++) {
    rows.push(
      raw.next[order[i]].map((to) => {
        const known = numbers.get(blocks[to]);
        if (known !== undefined) return known;
        if (order.length === STATES_MAX) refuse(`${STATES_MAX} states`);
        numbers.set(blocks[to], order.length);
        return order.push(to) - 1;
      }),
    );
  }
  // Columns that are the same in all rows are one class.
  const columns = new Map<string, number>();
  const kept: number[] = [];
  const merged = Array.from({ length: raw.classCount }, (_, c) => {
    const key = rows.map((row) => row[c]).join(' ');
    const known = columns.get(key);
    if (known !== undefined) return known;
    columns.set(key, kept.length);
    return kept.push(c) - 1;
  });
  return {
    classes: raw.classes.map((c) => merged[c]),
    classCount: kept.length,
    next: new Uint16Array(rows.flatMap((row) => kept.map((c) => row[c]))),
    accepts: new Uint8Array(order.map((state) => Number(raw.accepts[state]))),
  };
}

/** Automata last made: a program is analysed more than once. */
const made = new Map<string, Automaton>();
const MADE_MAX = 64;

/** @throws Fault rule_program for what is no expression, rule_bound for one that is too large */
export function automatonOf(text: string): Automaton {
  const known = made.get(text);
  if (known !== undefined) return known;
  const parts = new Parts();
  const start = parts.before(parseRegex(text), FOUND);
  const automaton = minimal(determine(parts.list, start));
  if (made.size === MADE_MAX) made.clear();
  made.set(text, automaton);
  return automaton;
}

/** bytes of its tables in memory. */
export const automatonBytes = ({ accepts, next }: Automaton): number => 256 + align8(2 * next.length) + align8(accepts.length);

/** Whether the expression stands anywhere in a text of these bytes. */
export function matches({ classes, classCount, next, accepts }: Automaton, bytes: Uint8Array): boolean {
  let state = 0;
  for (const byte of bytes) state = next[state * classCount + classes[byte]];
  return accepts[state] === 1;
}
