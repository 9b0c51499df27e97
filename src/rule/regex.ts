/**
 * Regular expressions of `match` (spec/rule-ir.md R-26): RE2's syntax as trees of sets of code points. Nothing here looks
 * back or counts words, so that an automaton of bounded size is all that it takes.
 */
import { Fault } from '../base/fault.ts';
import { textBytes } from './value.ts';

export type Range = readonly [low: number, high: number];

export type Regex =
  | { readonly kind: 'set'; readonly ranges: readonly Range[] }
  /** Where it may stand: the text's begin or end, a line's. */
  | { readonly kind: 'begin' | 'end' | 'lineBegin' | 'lineEnd' }
  | { readonly kind: 'all' | 'one'; readonly parts: readonly Regex[] }
  | { readonly kind: 'repeat'; readonly part: Regex; readonly least: number; readonly most: number };

export const CODE_POINT_MAX = 0x10ffff;
export const REGEX_BYTES_MAX = 1_024;
export const REPEAT_MAX = 1_000;
const DEPTH_MAX = 100;
const NEWLINE = 10;

const sets: Readonly<Record<string, readonly Range[]>> = {
  d: [[48, 57]],
  s: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
};
const NAMED: Readonly<Record<string, readonly Range[]>> = {
  alnum: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  alpha: [
    [65, 90],
    [97, 122],
  ],
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: [[48, 57]],
  graph: [[33, 126]],
  lower: [[97, 122]],
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: [[65, 90]],
  word: sets.w,
  xdigit: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
};
const SIMPLE: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: NEWLINE, r: 13, v: 11 };

/** Sorted, joined where they touch. */
function normal(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = joined[joined.length - 1];
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}

function inverse(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [low, high] of normal(ranges)) {
    if (low > next) gaps.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= CODE_POINT_MAX) gaps.push([next, CODE_POINT_MAX]);
  return gaps;
}

/** With both cases of the ASCII letters among them. */
function folded(ranges: readonly Range[]): readonly Range[] {
  const more: Range[] = [];
  for (const [low, high] of ranges) {
    for (const [from, to, shift] of [
      [65, 90, 32],
      [97, 122, -32],
    ]) {
      if (Math.max(low, from) <= Math.min(high, to)) more.push([Math.max(low, from) + shift, Math.min(high, to) + shift]);
    }
  }
  return [...ranges, ...more];
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const EMPTY: Regex = { kind: 'all', parts: [] };

/** @throws Fault rule_program with the place in the expression and what to write instead; rule_bound */
export function parseRegex(text: string): Regex {
  const chars = [...text];
  let at = 0;
  let depth = 0;
  let flags: Flags = { i: false, m: false, s: false };

  const fail: (problem: string) => never = (problem) => {
    throw new Fault('rule_program', `the regular expression \`${text}\`: ${problem} at ${at + 1}`, { at });
  };
  const looking = (mark: string): boolean => chars.slice(at, at + mark.length).join('') === mark;
  const accept = (mark: string): boolean => {
    const found = looking(mark);
    if (found) at += mark.length;
    return found;
  };
  const set = (ranges: readonly Range[]): Regex => ({ kind: 'set', ranges: normal(flags.i ? folded(ranges) : ranges) });
  const one = (char: string): Regex => set([[char.codePointAt(0) ?? 0, char.codePointAt(0) ?? 0]]);

  const alternatives = (): Regex => {
    depth += 1;
    if (depth > DEPTH_MAX) fail(`more than ${DEPTH_MAX} levels`);
    const parts = [sequence()];
    while (accept('|')) parts.push(sequence());
    depth -= 1;
    return parts.length === 1 ? parts[0] : { kind: 'one', parts };
  };
  const sequence = (): Regex => {
    const parts: Regex[] = [];
    while (at < chars.length && !looking('|') && !looking(')')) {
      const part = atom();
      // A literal of \Q…\E has several: what repeats is the last.
      if (part.length > 0) parts.push(...part.slice(0, -1), repeated(part[part.length - 1]));
    }
    return { kind: 'all', parts };
  };
  const repeated = (part: Regex): Regex => {
    const times = quantifier();
    if (times === undefined) return part;
    accept('?');
    const start = at;
    if (quantifier() !== undefined) {
      at = start;
      fail('a repetition of a repetition');
    }
    return { kind: 'repeat', part, least: times[0], most: times[1] };
  };
  const quantifier = (): readonly [number, number] | undefined => {
    if (accept('*')) return [0, Number.POSITIVE_INFINITY];
    if (accept('+')) return [1, Number.POSITIVE_INFINITY];
    if (accept('?')) return [0, 1];
    const counted = /^\{(\d{1,6})(?:(,)(\d{1,6})?)?\}/.exec(chars.slice(at, at + 16).join(''));
    if (counted === null) return undefined;
    const least = Number(counted[1]);
    const most = counted[3] !== undefined ? Number(counted[3]) : counted[2] === undefined ? least : Number.POSITIVE_INFINITY;
    if (least > REPEAT_MAX || (most > REPEAT_MAX && most !== Number.POSITIVE_INFINITY)) fail(`more than ${REPEAT_MAX} repetitions`);
    if (least > most) fail('a repetition that ends before it begins');
    at += counted[0].length;
    return [least, most];
  };
  /** The next part, or several; none for flags. */
  const atom = (): readonly Regex[] => {
    const char = chars[at];
    if (char === '(') return group();
    if (char === '[') return [characters()];
    if (char === '\\') return escape();
    if (char === '*' || char === '+' || char === '?') fail(`\`${char}\` has nothing to repeat`);
    at += 1;
    if (char === '.') return [{ kind: 'set', ranges: flags.s ? inverse([]) : inverse([[NEWLINE, NEWLINE]]) }];
    if (char === '^') return [{ kind: flags.m ? 'lineBegin' : 'begin' }];
    if (char === '$') return [{ kind: flags.m ? 'lineEnd' : 'end' }];
    return [one(char)];
  };
  const group = (): readonly Regex[] => {
    at += 1;
    const before = flags;
    if (accept('?')) {
      if (looking('=') || looking('!') || looking('<=') || looking('<!')) fail('looking ahead or back is not available');
      const named = /^P?<[A-Za-z_][A-Za-z0-9_]*>/.exec(chars.slice(at, at + 128).join(''));
      if (named !== null) at += named[0].length;
      else {
        const given = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(chars.slice(at, at + 16).join(''));
        if (given === null) return fail('not a group; (?:…) and flags of i, m, s, U are available');
        const [whole, on, off = '', end] = given;
        const has = (flag: keyof Flags): boolean => (flags[flag] || on.includes(flag)) && !off.includes(flag);
        flags = { i: has('i'), m: has('m'), s: has('s') };
        at += whole.length;
        if (end === ')') return [];
      }
    }
    const inner = alternatives();
    flags = before;
    if (!accept(')')) fail('`)` expected');
    return [inner];
  };
  const number = (pattern: RegExp, base: number): number | undefined => {
    const found = pattern.exec(chars.slice(at, at + 12).join(''));
    if (found === null) return undefined;
    const code = Number.parseInt(found[1], base);
    if (code > CODE_POINT_MAX || (code >= 0xd800 && code < 0xe000)) fail('not a code point');
    at += found[0].length;
    return code;
  };
  /** The code point of an escape after its backslash, when it is one of a single one. */
  const escaped = (): number | undefined => {
    const char = chars[at];
    if (char === undefined) return fail('a backslash at the end');
    if (char === 'x') {
      at += 1;
      return number(/^\{([0-9a-fA-F]{1,8})\}/, 16) ?? number(/^([0-9a-fA-F]{2})/, 16) ?? fail('\\x takes two digits, or digits in braces');
    }
    const octal = number(/^([0-3][0-7]{2}|0)/, 8);
    if (octal !== undefined) return octal;
    const simple = SIMPLE[char];
    if (simple === undefined && /[A-Za-z0-9]/.test(char)) return undefined;
    at += 1;
    return simple ?? char.codePointAt(0);
  };
  /** `\d`, `\W` and the like. */
  const classOf = (char: string): readonly Range[] | undefined => {
    const ranges = sets[char.toLowerCase()];
    return ranges === undefined || char === char.toLowerCase() ? ranges : inverse(ranges);
  };
  const unknown = (char: string): never => {
    if (char === 'b' || char === 'B') return fail(`\\${char} is not available; write what may stand there, for example (^|[^a-z])`);
    if (char === 'p' || char === 'P') return fail(`\\${char} is not available; write the ranges, for example [a-zà-ÿ]`);
    if (/[1-9]/.test(char)) return fail('what a group has found cannot be used again');
    return fail(`\\${char} is not an escape`);
  };
  const escape = (): readonly Regex[] => {
    at += 1;
    if (accept('Q')) {
      const parts: Regex[] = [];
      while (at < chars.length && !accept('\\E')) {
        parts.push(one(chars[at]));
        at += 1;
      }
      return parts;
    }
    if (accept('A')) return [{ kind: 'begin' }];
    if (accept('z')) return [{ kind: 'end' }];
    const code = escaped();
    if (code !== undefined) return [set([[code, code]])];
    const ranges = classOf(chars[at]) ?? unknown(chars[at]);
    at += 1;
    return [{ kind: 'set', ranges: normal(ranges) }];
  };
  const characters = (): Regex => {
    at += 1;
    const negative = accept('^');
    const ranges: Range[] = [];
    let first = true;
    while (first || !looking(']')) {
      if (at >= chars.length) fail('`]` expected');
      first = false;
      const whole = wholeClass();
      if (whole !== undefined) {
        ranges.push(...whole);
        continue;
      }
      const low = member();
      if (looking('-') && chars[at + 1] !== ']' && at + 1 < chars.length) {
        at += 1;
        const high = member();
        if (high < low) fail('a range that ends before it begins');
        ranges.push([low, high]);
      } else ranges.push([low, low]);
    }
    at += 1;
    const found = flags.i ? folded(ranges) : ranges;
    return { kind: 'set', ranges: negative ? inverse(found) : normal(found) };
  };
  const wholeClass = (): readonly Range[] | undefined => {
    const named = /^\[:(\^?)([a-z]+):\]/.exec(chars.slice(at, at + 16).join(''));
    if (named !== null) {
      const ranges = Object.hasOwn(NAMED, named[2]) ? NAMED[named[2]] : fail(`[:${named[2]}:] is not a class`);
      at += named[0].length;
      return named[1] === '' ? ranges : inverse(ranges);
    }
    const ranges = chars[at] === '\\' && at + 1 < chars.length ? classOf(chars[at + 1]) : undefined;
    if (ranges !== undefined) at += 2;
    return ranges;
  };
  const member = (): number => {
    const char = chars[at];
    at += 1;
    return char === '\\' ? (escaped() ?? unknown(chars[at])) : (char.codePointAt(0) ?? 0);
  };

  if (textBytes(text) > REGEX_BYTES_MAX) throw new Fault('rule_bound', `a regular expression of more than ${REGEX_BYTES_MAX} bytes`);
  const whole = alternatives();
  if (at < chars.length) fail('`)` without its `(`');
  return whole.kind === 'all' && whole.parts.length === 0 ? EMPTY : whole;
}
