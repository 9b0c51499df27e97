/**
 * Values of the rule IR as a solver sees them. A bool has two rails, `t` and `f`: the error is neither, so `not` swaps them
 * and `and` is all and any. Other values have `ok` beside them; what they are while it is false means nothing. A list has
 * room for so many items, of which the first `length` count.
 */
import { FALSE, FLOAT, NotLowered, type Script, type Term, TRUE, vector } from './script.ts';

export interface BoolSymbol {
  readonly kind: 'bool';
  readonly t: Term;
  readonly f: Term;
}
/** 64 bits: an int in two's complement, a uint, a duration in nanoseconds. A timestamp: 128 bits, nanoseconds since 1970. */
export interface IntSymbol {
  readonly kind: 'int' | 'uint' | 'dur' | 'ts';
  readonly ok: Term;
  readonly bits: Term;
}
export interface DoubleSymbol {
  readonly kind: 'dbl';
  readonly ok: Term;
  readonly float: Term;
  /** Of an input: its bits, which a model tells. */
  readonly bits?: Term;
}
export interface NullSymbol {
  readonly kind: 'null';
  readonly ok: Term;
}
/** UTF-8: the first byte is the highest of `8 * width` bits, what lies beyond `length` is zero. */
export interface TextSymbol {
  /** `bytes`: of any value. */
  readonly kind: 'str' | 'bytes';
  readonly ok: Term;
  readonly length: Term;
  readonly bytes: Term;
  /** Bytes that there is room for, at least one. */
  readonly width: number;
  /** Code points where the bytes are not modelled: a text of which only the size counts. */
  readonly size?: Term;
}
export interface ListSymbol {
  readonly kind: 'list';
  readonly ok: Term;
  readonly length: Term;
  readonly items: readonly Symbol[];
}
/** Keys in ascending order, each once. */
export interface MapSymbol {
  readonly kind: 'map';
  readonly ok: Term;
  readonly length: Term;
  readonly keys: readonly Symbol[];
  readonly values: readonly Symbol[];
}
export type Symbol = BoolSymbol | IntSymbol | DoubleSymbol | NullSymbol | TextSymbol | ListSymbol | MapSymbol;

/** Bits of a length. */
export const LENGTH_BITS = 16;
export const lengthTerm = (length: number): Term => vector(BigInt(length), LENGTH_BITS);

export const INT_BITS = 64;
export const intTerm = (value: bigint): Term => vector(value, INT_BITS);
export const TIME_BITS = 128;

export const isWhole = (symbol: Symbol): symbol is IntSymbol => ['int', 'uint', 'dur', 'ts'].includes(symbol.kind);
export const isTextual = (symbol: Symbol): symbol is TextSymbol => symbol.kind === 'str' || symbol.kind === 'bytes';
/** Bits of a whole number. */
export const bitsOf = ({ kind }: IntSymbol): number => (kind === 'ts' ? TIME_BITS : INT_BITS);

const INT_SORT = `(_ BitVec ${INT_BITS})`;
const LENGTH_SORT = `(_ BitVec ${LENGTH_BITS})`;

/** Operations on symbols, all in one script. */
export class Symbols {
  readonly script: Script;

  constructor(script: Script) {
    this.script = script;
  }

  bool(value: boolean): BoolSymbol {
    return { kind: 'bool', t: value ? TRUE : FALSE, f: value ? FALSE : TRUE };
  }

  /** A bool that is true where `truth` is, false elsewhere, and the error where not `ok`. */
  truth(truth: Term, ok: Term): BoolSymbol {
    const { script } = this;
    return { kind: 'bool', t: script.and(ok, truth), f: script.and(ok, script.not(truth)) };
  }

  ok(symbol: Symbol): Term {
    return symbol.kind === 'bool' ? this.script.or(symbol.t, symbol.f) : symbol.ok;
  }

  /** The same value, the error wherever `ok` is not. Of an item that is in its list. */
  where(ok: Term, symbol: Symbol): Symbol {
    const { script } = this;
    if (symbol.kind === 'bool') return { kind: 'bool', t: script.and(ok, symbol.t), f: script.and(ok, symbol.f) };
    return { ...symbol, ok };
  }

  /** One of two symbols of one kind, decided by a term. */
  choose(condition: Term, a: Symbol, b: Symbol): Symbol {
    if (condition === TRUE) return a;
    if (condition === FALSE) return b;
    const { script } = this;
    if (a.kind === 'bool' && b.kind === 'bool') return { kind: 'bool', t: script.chooseBool(condition, a.t, b.t), f: script.chooseBool(condition, a.f, b.f) };
    if (a.kind === 'bool' || b.kind === 'bool') throw new NotLowered('it mixes types');
    const ok = script.chooseBool(condition, a.ok, b.ok);
    if (a.kind !== b.kind) throw new NotLowered('it mixes types');
    if (isWhole(a) && isWhole(b)) return { kind: a.kind, ok, bits: script.choose(`(_ BitVec ${bitsOf(a)})`, condition, a.bits, b.bits) };
    if (a.kind === 'dbl' && b.kind === 'dbl') return { kind: 'dbl', ok, float: script.choose(FLOAT, condition, a.float, b.float) };
    if (a.kind === 'null') return { kind: 'null', ok };
    if (isTextual(a) && isTextual(b)) {
      const width = Math.max(a.width, b.width);
      return {
        kind: a.kind,
        ok,
        width,
        length: script.choose(LENGTH_SORT, condition, a.length, b.length),
        bytes: script.choose(`(_ BitVec ${8 * width})`, condition, widened(script, a, width), widened(script, b, width)),
        ...((a.size !== undefined || b.size !== undefined) && { size: script.choose(INT_SORT, condition, sizeTerm(script, a), sizeTerm(script, b)) }),
      };
    }
    const length = (one: ListSymbol | MapSymbol, other: ListSymbol | MapSymbol): Term => script.choose(LENGTH_SORT, condition, one.length, other.length);
    if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', ok, length: length(a, b), items: this.chooseAll(condition, a.items, b.items) };
    if (a.kind === 'map' && b.kind === 'map')
      return {
        kind: 'map',
        ok,
        length: length(a, b),
        keys: this.chooseAll(condition, a.keys, b.keys),
        values: this.chooseAll(condition, a.values, b.values),
      };
    throw new NotLowered('it mixes types');
  }

  /** What only one of two lists has room for is its alone: the other never counts so far. */
  private chooseAll(condition: Term, a: readonly Symbol[], b: readonly Symbol[]): readonly Symbol[] {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (i >= a.length ? b[i] : i >= b.length ? a[i] : this.choose(condition, a[i], b[i])));
  }

  /** Deep equality of two values that are ok. */
  equal(a: Symbol, b: Symbol): Term {
    const { script } = this;
    if (a.kind === 'bool' && b.kind === 'bool') return script.equal(a.t, b.t);
    if (isNumber(a) && isNumber(b)) return compareNumbers(script, 'eq', a, b);
    if (a.kind !== b.kind) return FALSE;
    if (isWhole(a) && isWhole(b)) return script.equal(a.bits, b.bits);
    if (a.kind === 'null') return TRUE;
    if (isTextual(a) && isTextual(b)) {
      const width = Math.max(a.width, b.width);
      return script.and(script.equal(a.length, b.length), script.equal(widened(script, a, width), widened(script, b, width)));
    }
    if (a.kind === 'list' && b.kind === 'list') return this.equalItems(a.length, b.length, a.items, b.items);
    if (a.kind === 'map' && b.kind === 'map')
      return script.and(this.equalItems(a.length, b.length, a.keys, b.keys), this.equalItems(a.length, b.length, a.values, b.values));
    return FALSE;
  }

  private equalItems(a_length: Term, b_length: Term, a: readonly Symbol[], b: readonly Symbol[]): Term {
    const { script } = this;
    const rounds = Array.from({ length: Math.min(a.length, b.length) }, (_, i) => script.implies(this.counts(i, a_length), this.equal(a[i], b[i])));
    return script.and(script.equal(a_length, b_length), ...rounds);
  }

  /** Whether the item at `i` counts. */
  counts(i: number, length: Term): Term {
    return this.script.relation('bvult', lengthTerm(i), length);
  }

  /** a < b of two scalars that are ok and of one kind. */
  less(a: Symbol, b: Symbol): Term {
    const { script } = this;
    if (a.kind === 'bool' && b.kind === 'bool') return script.and(script.not(a.t), b.t);
    if (isNumber(a) && isNumber(b)) return compareNumbers(script, 'lt', a, b);
    if (a.kind !== b.kind) throw new NotLowered('it orders values of several types');
    if (isWhole(a) && isWhole(b)) return script.relation('bvslt', a.bits, b.bits);
    if (isTextual(a) && isTextual(b)) {
      const width = Math.max(a.width, b.width);
      const [x, y] = [widened(script, a, width), widened(script, b, width)];
      return script.or(script.relation('bvult', x, y), script.and(script.equal(x, y), script.relation('bvult', a.length, b.length)));
    }
    throw new NotLowered(`it orders ${a.kind}`);
  }

  /** a ≤ b: a NaN is neither less nor equal. */
  atMost(a: Symbol, b: Symbol): Term {
    if (isNumber(a) && isNumber(b)) return compareNumbers(this.script, 'le', a, b);
    return this.script.not(this.less(b, a));
  }

  /** Of each entry of a map, whether it counts and has this key. */
  matches(map: MapSymbol, key: Symbol): readonly Term[] {
    return map.keys.map((one, i) => this.script.and(this.counts(i, map.length), this.equal(one, key)));
  }
}

const isNumber = (symbol: Symbol): symbol is IntSymbol | DoubleSymbol => symbol.kind === 'int' || symbol.kind === 'uint' || symbol.kind === 'dbl';

/** A number as a double: the nearest, ties to even. */
export function floatOf(script: Script, number: IntSymbol | DoubleSymbol): Term {
  if (number.kind === 'dbl') return number.float;
  return script.term(FLOAT, `((_ ${number.kind === 'uint' ? 'to_fp_unsigned' : 'to_fp'} 11 53) RNE ${number.bits})`);
}

/** Room for the values of ints and uints alike, and a sign. */
const WIDE_BITS = 68;

const RELATIONS = { eq: ['=', 'fp.eq'], lt: ['bvslt', 'fp.lt'], le: ['bvsle', 'fp.leq'] } as const;

/** whole numbers by value, with a double as doubles. */
function compareNumbers(script: Script, how: 'eq' | 'lt' | 'le', a: IntSymbol | DoubleSymbol, b: IntSymbol | DoubleSymbol): Term {
  const [whole, real] = RELATIONS[how];
  if (a.kind === 'dbl' || b.kind === 'dbl') return script.relation(real, floatOf(script, a), floatOf(script, b));
  const wide = (one: IntSymbol): Term => script.operation(WIDE_BITS, `(_ ${one.kind === 'uint' ? 'zero' : 'sign'}_extend ${WIDE_BITS - INT_BITS})`, one.bits);
  const [x, y] = a.kind === b.kind && a.kind === 'int' ? [a.bits, b.bits] : [wide(a), wide(b)];
  return how === 'eq' ? script.equal(x, y) : script.relation(whole, x, y);
}

/** A text's bytes as a vector of more of them. */
export function widened(script: Script, text: TextSymbol, width: number): Term {
  if (text.size !== undefined) throw new NotLowered('it compares a text of which only the size is modelled');
  if (text.width === width) return text.bytes;
  return script.operation(8 * width, 'concat', text.bytes, vector(0n, 8 * (width - text.width)));
}

/** Code points of a text: bytes that do not continue one. */
export function sizeTerm(script: Script, text: TextSymbol): Term {
  if (text.size !== undefined) return text.size;
  if (text.kind === 'bytes') return script.extend(text.length, LENGTH_BITS, INT_BITS);
  let sum = intTerm(0n);
  for (let i = 0; i < text.width; i++) {
    const high = 8 * (text.width - i) - 1;
    const starts = script.not(script.equal(script.term('(_ BitVec 2)', `((_ extract ${high} ${high - 1}) ${text.bytes})`), '#b10'));
    const counts = script.and(starts, script.relation('bvult', lengthTerm(i), text.length));
    sum = script.choose(INT_SORT, counts, script.operation(INT_BITS, 'bvadd', sum, intTerm(1n)), sum);
  }
  return sum;
}
