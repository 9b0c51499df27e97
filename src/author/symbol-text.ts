/** Texts as a solver sees them: each test spelled out byte by byte, cheaply where the part looked for is a constant. */
import { utf8 } from '../base/bytes.ts';
import type { Automaton } from '../rule/judge.ts';
import { FALSE, NotLowered, type Script, type Term, TRUE, vector } from './script.ts';
import { LENGTH_BITS, lengthTerm, type TextSymbol, widened } from './symbol.ts';

/** Bytes of the longest text that is modelled; sums of texts may reach it. */
export const TEXT_WIDTH_MAX = 512;

const LENGTH_SORT_BITS = LENGTH_BITS;

/** A constant. */
export const constantText = (text: string): TextSymbol => constantBytes('str', utf8(text));

export function constantBytes(kind: TextSymbol['kind'], bytes: Uint8Array): TextSymbol {
  const width = Math.max(1, bytes.length);
  if (width > TEXT_WIDTH_MAX) throw new NotLowered(`a text of ${width} bytes`);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { kind, ok: TRUE, length: lengthTerm(bytes.length), bytes: hex === '' ? '#x00' : `#x${hex}`, width };
}

/** How many bytes a text has, where that is a constant. */
const knownLength = ({ length }: TextSymbol): number | undefined => (length.startsWith('#x') ? Number.parseInt(length.slice(2), 16) : undefined);
const isConstant = (text: TextSymbol): boolean => text.bytes.startsWith('#x') && knownLength(text) !== undefined;

/** A length in bytes as a vector of `8 * width` bits that counts bits. */
function shiftBy(script: Script, length: Term, width: number): Term {
  const bits = 8 * width;
  const fitted = bits >= LENGTH_SORT_BITS ? script.extend(length, LENGTH_SORT_BITS, bits) : script.extract(length, LENGTH_SORT_BITS, bits - 1, 0);
  return script.operation(bits, 'bvshl', fitted, vector(3n, bits));
}

/** Ones where the first `length` bytes are. */
export function maskOf(script: Script, length: Term, width: number): Term {
  const bits = 8 * width;
  const ones = vector(-1n, bits);
  return script.operation(bits, 'bvnot', script.operation(bits, 'bvlshr', ones, shiftBy(script, length, width)));
}

const slice = (script: Script, text: TextSymbol, from: number, count: number): Term =>
  script.extract(text.bytes, 8 * text.width, 8 * (text.width - from) - 1, 8 * (text.width - from - count));

/** Whether `part` stands in `whole` from byte `at` on, as far as bytes go. */
function standsAt(script: Script, whole: TextSymbol, part: TextSymbol, at: number): Term {
  const needed = script.operation(LENGTH_BITS, 'bvadd', lengthTerm(at), part.length);
  const width = Math.max(whole.width, part.width);
  const moved =
    at === 0 ? widened(script, whole, width) : script.operation(8 * width, 'bvshl', widened(script, whole, width), vector(BigInt(8 * at), 8 * width));
  const differs = script.operation(8 * width, 'bvxor', moved, widened(script, part, width));
  const seen = script.operation(8 * width, 'bvand', differs, maskOf(script, part.length, width));
  return script.and(script.relation('bvule', needed, whole.length), script.equal(seen, vector(0n, 8 * width)));
}

export function startsWith(script: Script, whole: TextSymbol, part: TextSymbol): Term {
  const length = isConstant(part) ? knownLength(part) : undefined;
  if (length === undefined) return standsAt(script, whole, part, 0);
  if (length === 0) return TRUE;
  if (length > whole.width) return FALSE;
  return script.and(script.relation('bvule', lengthTerm(length), whole.length), script.equal(slice(script, whole, 0, length), part.bytes));
}

export function endsWith(script: Script, whole: TextSymbol, part: TextSymbol): Term {
  const length = isConstant(part) ? knownLength(part) : undefined;
  if (length !== undefined) {
    if (length === 0) return TRUE;
    const places: Term[] = [];
    for (let end = length; end <= whole.width; end++)
      places.push(script.and(script.equal(whole.length, lengthTerm(end)), script.equal(slice(script, whole, end - length, length), part.bytes)));
    return script.or(...places);
  }
  const width = Math.max(whole.width, part.width);
  const before = script.operation(LENGTH_BITS, 'bvsub', whole.length, part.length);
  const tail = script.operation(8 * width, 'bvshl', widened(script, whole, width), shiftBy(script, before, width));
  return script.and(script.relation('bvule', part.length, whole.length), script.equal(tail, widened(script, part, width)));
}

export function contains(script: Script, whole: TextSymbol, part: TextSymbol): Term {
  const length = isConstant(part) ? knownLength(part) : undefined;
  if (length === 0) return TRUE;
  const places: Term[] = [];
  if (length === undefined) for (let at = 0; at <= whole.width; at++) places.push(standsAt(script, whole, part, at));
  else
    for (let at = 0; at + length <= whole.width; at++)
      places.push(script.and(script.relation('bvule', lengthTerm(at + length), whole.length), script.equal(slice(script, whole, at, length), part.bytes)));
  return script.or(...places);
}

/** Both ok. */
export function joined(script: Script, a: TextSymbol, b: TextSymbol): Omit<TextSymbol, 'ok'> {
  const width = a.width + b.width;
  if (width > TEXT_WIDTH_MAX) throw new NotLowered(`it joins texts to more than ${TEXT_WIDTH_MAX} bytes`);
  const shifted = script.operation(8 * width, 'bvlshr', widened(script, b, width), shiftBy(script, a.length, width));
  return {
    kind: a.kind,
    width,
    length: script.operation(LENGTH_BITS, 'bvadd', a.length, b.length),
    bytes: script.operation(8 * width, 'bvor', widened(script, a, width), shifted),
  };
}

/** The length is within the room, and no bytes stand beyond it. */
export function isPadded(script: Script, length: Term, bytes: Term, width: number): Term {
  const beyond = script.operation(8 * width, 'bvand', bytes, script.operation(8 * width, 'bvnot', maskOf(script, length, width)));
  return script.and(script.relation('bvule', length, lengthTerm(width)), script.equal(beyond, vector(0n, 8 * width)));
}

/**
 * What makes padded bytes a text: well-formed UTF-8 (RFC 3629), told locally: which
 * bytes continue follows from the three before.
 */
export function isText(script: Script, text: TextSymbol): Term {
  const { width, bytes } = text;
  const byte = (i: number): Term => script.extract(bytes, 8 * width, 8 * (width - i) - 1, 8 * (width - i - 1));
  const within = (value: Term, low: number, high: number): Term =>
    script.and(script.relation('bvule', vector(BigInt(low), 8), value), script.relation('bvule', value, vector(BigInt(high), 8)));
  const rules: Term[] = [];
  const all = Array.from({ length: width }, (_, i) => byte(i));
  /** Whether byte i begins a sequence of `bytes` or more. */
  const leads = (i: number, least: number): Term =>
    i < 0 ? FALSE : script.relation('bvule', vector(least === 2 ? 0xc2n : least === 3 ? 0xe0n : 0xf0n, 8), all[i]);
  for (let i = 0; i <= width; i++) {
    const due = script.or(leads(i - 1, 2), leads(i - 2, 3), leads(i - 3, 4));
    if (i === width) {
      // Nothing may be due past the end of the room; past the text's own end zeros stand, which continue nothing.
      rules.push(script.not(due));
      break;
    }
    const value = all[i];
    rules.push(script.equal(due, within(value, 0x80, 0xbf)));
    rules.push(script.or(script.relation('bvult', value, vector(0xc0n, 8)), within(value, 0xc2, 0xf4)));
    if (i === 0) continue;
    const after = (lead: number, rule: Term): Term => script.implies(script.equal(all[i - 1], vector(BigInt(lead), 8)), rule);
    rules.push(
      after(0xe0, script.relation('bvule', vector(0xa0n, 8), value)),
      after(0xed, script.relation('bvule', value, vector(0x9fn, 8))),
      after(0xf0, script.relation('bvule', vector(0x90n, 8), value)),
      after(0xf4, script.relation('bvule', value, vector(0x8fn, 8))),
    );
  }
  return script.and(...rules);
}

/**
 * Whether an automaton over bytes ends in an accepting state: each state it may be in after each byte.
 * @throws NotLowered when that is too much to spell out
 */
export function accepts(script: Script, text: TextSymbol, automaton: Automaton): Term {
  const { classes, classCount, next, accepts: accepting } = automaton;
  if (text.size !== undefined) throw new NotLowered('it matches a text of which only the size is modelled');
  if (accepting.length * classCount * text.width > STEPS_MAX) throw new NotLowered('it matches a large regular expression');
  /** Of each state, whether it may be the one after the bytes so far. */
  let states = new Map<number, Term>([[0, TRUE]]);
  const found: Term[] = [];
  const ends = (at: number): Term =>
    script.and(script.equal(text.length, lengthTerm(at)), script.or(...[...states].flatMap(([state, term]) => (accepting[state] === 1 ? [term] : []))));
  for (let at = 0; at <= text.width; at++) {
    found.push(ends(at));
    if (at === text.width) break;
    const byte = slice(script, text, at, 1);
    const inClass = Array.from({ length: classCount }, (_, of) => classTerm(script, byte, classes, of));
    const after = new Map<number, Term[]>();
    for (const [state, term] of states) {
      /** Classes that lead to one state, together. */
      const by = new Map<number, Term[]>();
      for (let of = 0; of < classCount; of++) {
        const to = next[state * classCount + of];
        by.set(to, [...(by.get(to) ?? []), inClass[of]]);
      }
      for (const [to, ways] of by) after.set(to, [...(after.get(to) ?? []), script.and(term, by.size === 1 ? TRUE : script.or(...ways))]);
    }
    states = new Map([...after].map(([state, ways]) => [state, script.or(...ways)]));
  }
  return script.or(...found);
}

const STEPS_MAX = 60_000;

/** Whether a byte is of a class: its runs of values. */
function classTerm(script: Script, byte: Term, classes: Uint8Array, of: number): Term {
  const runs: Term[] = [];
  for (let low = 0; low < 256; low++) {
    if (classes[low] !== of) continue;
    let high = low;
    while (high < 255 && classes[high + 1] === of) high += 1;
    const [from, to] = [vector(BigInt(low), 8), vector(BigInt(high), 8)];
    runs.push(low === high ? script.equal(byte, from) : script.and(script.relation('bvule', from, byte), script.relation('bvule', byte, to)));
    low = high;
  }
  return script.or(...runs);
}

/** ASCII letters in the other case, byte by byte. */
export function inCase(script: Script, text: TextSymbol, upper: boolean): TextSymbol {
  const { width } = text;
  const [low, high] = upper ? [0x61n, 0x7an] : [0x41n, 0x5an];
  const bytes = Array.from({ length: width }, (_, i) => {
    const byte = slice(script, text, i, 1);
    const letter = script.and(script.relation('bvule', vector(low, 8), byte), script.relation('bvule', byte, vector(high, 8)));
    return script.choose('(_ BitVec 8)', letter, script.operation(8, 'bvxor', byte, vector(0x20n, 8)), byte);
  });
  return { ...text, bytes: width === 1 ? bytes[0] : script.operation(8 * width, 'concat', ...bytes) };
}
