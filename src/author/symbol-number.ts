/** Numbers and times as a solver sees them: arithmetic kind by kind (spec/rule-ir.md ), overflow the error. */
import { FLOAT, NotLowered, type Script, type Term, TRUE, vector } from './script.ts';
import { bitsOf, type DoubleSymbol, floatOf, INT_BITS, type IntSymbol, intTerm, isWhole, type Symbol, type Symbols, TIME_BITS } from './symbol.ts';

const SECOND = 1_000_000_000n;
/** 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

const time = (nanos: bigint): Term => vector(nanos, TIME_BITS);

/** Whether nanoseconds are those of a timestamp. */
export const isTimestamp = (script: Script, bits: Term): Term =>
  script.and(script.relation('bvsle', time(FIRST_SECOND * SECOND), bits), script.relation('bvslt', bits, time((LAST_SECOND + 1n) * SECOND)));

export function doubleConstant(value: number): DoubleSymbol {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return { kind: 'dbl', ok: TRUE, float: `((_ to_fp 11 53) ${intTerm(view.getBigInt64(0))})` };
}

type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'rem';

const SIGNED: Readonly<Record<Arithmetic, readonly [operation: string, overflow: string | null]>> = {
  add: ['bvadd', 'bvsaddo'],
  sub: ['bvsub', 'bvssubo'],
  mul: ['bvmul', 'bvsmulo'],
  div: ['bvsdiv', 'bvsdivo'],
  rem: ['bvsrem', 'bvsdivo'],
};
const UNSIGNED: typeof SIGNED = {
  add: ['bvadd', 'bvuaddo'],
  sub: ['bvsub', 'bvusubo'],
  mul: ['bvmul', 'bvumulo'],
  div: ['bvudiv', null],
  rem: ['bvurem', null],
};
const FLOATING: Readonly<Partial<Record<Arithmetic, string>>> = { add: 'fp.add', sub: 'fp.sub', mul: 'fp.mul', div: 'fp.div' };

/** An operation on two values that are ok where `ok` is. @throws NotLowered for kinds that it does not take */
export function arithmetic(script: Script, op: Arithmetic, a: Symbol, b: Symbol, ok: Term): Symbol {
  const floating = FLOATING[op];
  if (a.kind === 'dbl' && b.kind === 'dbl' && floating !== undefined)
    return { kind: 'dbl', ok, float: script.term(FLOAT, `(${floating} RNE ${a.float} ${b.float})`) };
  if (!isWhole(a) || !isWhole(b)) throw new NotLowered(`it counts with ${a.kind} and ${b.kind}`);
  if (a.kind === 'ts' || b.kind === 'ts') return withTime(script, op, a, b, ok);
  if (a.kind !== b.kind || (a.kind === 'dur' && op !== 'add' && op !== 'sub')) throw new NotLowered(`it counts with ${a.kind} and ${b.kind}`);
  const [operation, overflow] = (a.kind === 'uint' ? UNSIGNED : SIGNED)[op];
  const fits = [
    ...(overflow === null ? [] : [script.not(script.relation(overflow, a.bits, b.bits))]),
    ...(op === 'div' || op === 'rem' ? [script.not(script.equal(b.bits, intTerm(0n)))] : []),
  ];
  return { kind: a.kind, ok: script.and(ok, ...fits), bits: script.operation(INT_BITS, operation, a.bits, b.bits) };
}

/** Timestamps and durations: in 128 bits nothing overflows, and the result must be a timestamp, or a duration of 64 bits. */
function withTime(script: Script, op: Arithmetic, a: IntSymbol, b: IntSymbol, ok: Term): IntSymbol {
  const wide = (one: IntSymbol): Term => (one.kind === 'ts' ? one.bits : script.operation(TIME_BITS, `(_ sign_extend ${TIME_BITS - INT_BITS})`, one.bits));
  const durations = (a.kind === 'dur' ? 1 : 0) + (b.kind === 'dur' ? 1 : 0);
  if (op === 'add' && durations === 1) {
    const bits = script.operation(TIME_BITS, 'bvadd', wide(a), wide(b));
    return { kind: 'ts', ok: script.and(ok, isTimestamp(script, bits)), bits };
  }
  if (op !== 'sub' || a.kind !== 'ts' || (b.kind !== 'ts' && b.kind !== 'dur')) throw new NotLowered(`it counts with ${a.kind} and ${b.kind}`);
  const bits = script.operation(TIME_BITS, 'bvsub', a.bits, wide(b));
  if (b.kind === 'dur') return { kind: 'ts', ok: script.and(ok, isTimestamp(script, bits)), bits };
  const short = script.extract(bits, TIME_BITS, INT_BITS - 1, 0);
  const same = script.equal(bits, script.operation(TIME_BITS, `(_ sign_extend ${TIME_BITS - INT_BITS})`, short));
  return { kind: 'dur', ok: script.and(ok, same), bits: short };
}

export function negated(script: Script, a: Symbol, ok: Term): Symbol {
  if (a.kind === 'dbl') return { kind: 'dbl', ok, float: script.term(FLOAT, `(fp.neg ${a.float})`) };
  if (a.kind !== 'int') throw new NotLowered(`it negates ${a.kind}`);
  return { kind: 'int', ok: script.and(ok, script.not(script.relation('bvnego', a.bits))), bits: script.operation(INT_BITS, 'bvneg', a.bits) };
}

const TWO_63 = doubleConstant(2 ** 63).float;
const TWO_64 = doubleConstant(2 ** 64).float;

/** R-19, among numbers. */
export function converted(script: Script, to: 'int' | 'uint' | 'dbl', a: Symbol, ok: Term): Symbol {
  if (a.kind !== 'int' && a.kind !== 'uint' && a.kind !== 'dbl') throw new NotLowered(`it converts ${a.kind} to ${to}`);
  if (to === 'dbl') return { kind: 'dbl', ok, float: floatOf(script, a) };
  if (a.kind === 'dbl') {
    const range =
      to === 'int'
        ? script.and(script.relation('fp.lt', `(fp.neg ${TWO_63})`, a.float), script.relation('fp.lt', a.float, TWO_63))
        : script.and(script.relation('fp.leq', doubleConstant(0).float, a.float), script.relation('fp.lt', a.float, TWO_64));
    return {
      kind: to,
      ok: script.and(ok, range),
      bits: script.operation(INT_BITS, `(_ ${to === 'int' ? 'fp.to_sbv' : 'fp.to_ubv'} ${INT_BITS})`, 'RTZ', a.float),
    };
  }
  const fits = a.kind === to ? TRUE : script.relation('bvsle', intTerm(0n), a.bits);
  return { kind: to, ok: script.and(ok, fits), bits: a.bits };
}

const ROUNDED: Readonly<Record<string, string>> = { 'math.ceil': 'RTP', 'math.floor': 'RTN', 'math.trunc': 'RTZ', 'math.round': 'RNA' };
const ASKED: Readonly<Record<string, string>> = { 'math.isNaN': 'fp.isNaN', 'math.isInf': 'fp.isInfinite' };
const BITWISE: Readonly<Record<string, string>> = { 'math.bitAnd': 'bvand', 'math.bitOr': 'bvor', 'math.bitXor': 'bvxor' };

/** functions of numbers. @throws NotLowered for those that are not told here */
export function mathFunction(symbols: Symbols, name: string, operands: readonly Symbol[], ok: Term): Symbol {
  const { script } = symbols;
  const [a, b] = operands;
  const refused = new NotLowered(`it uses ${name}`);
  if (a.kind === 'dbl') {
    if (ROUNDED[name] !== undefined) return { kind: 'dbl', ok, float: script.term(FLOAT, `(fp.roundToIntegral ${ROUNDED[name]} ${a.float})`) };
    if (ASKED[name] !== undefined) return symbols.truth(script.relation(ASKED[name], a.float), ok);
    if (name === 'math.isFinite')
      return symbols.truth(script.not(script.or(script.relation('fp.isNaN', a.float), script.relation('fp.isInfinite', a.float))), ok);
    if (name === 'math.abs') return { kind: 'dbl', ok, float: script.term(FLOAT, `(fp.abs ${a.float})`) };
    throw refused;
  }
  if (name === 'math.greatest' || name === 'math.least') return extreme(symbols, a, name === 'math.greatest', ok);
  if (a.kind !== 'int' && a.kind !== 'uint') throw refused;
  const operation = BITWISE[name];
  if (operation !== undefined && b.kind === a.kind) return { kind: a.kind, ok, bits: script.operation(INT_BITS, operation, a.bits, (b as IntSymbol).bits) };
  if (name === 'math.bitNot') return { kind: a.kind, ok, bits: script.operation(INT_BITS, 'bvnot', a.bits) };
  const negative = a.kind === 'int' ? script.relation('bvslt', a.bits, intTerm(0n)) : 'false';
  if (name === 'math.abs') return negative === 'false' ? { ...a, ok } : symbols.choose(negative, negated(script, a, ok), { ...a, ok });
  if (name === 'math.sign') {
    const zero = script.equal(a.bits, intTerm(0n));
    const sort = `(_ BitVec ${bitsOf(a)})`;
    return { kind: a.kind, ok, bits: script.choose(sort, zero, intTerm(0n), script.choose(sort, negative, intTerm(-1n), intTerm(1n))) };
  }
  throw refused;
}

/** The first of those than which none is greater, or less; of no items the error. */
function extreme(symbols: Symbols, of: Symbol, greatest: boolean, ok: Term): Symbol {
  const { script } = symbols;
  if (isWhole(of)) return { ...of, ok };
  if (of.kind !== 'list' || of.items.length === 0 || !of.items.every((item) => item.kind === 'int' || item.kind === 'uint'))
    throw new NotLowered('it takes an extreme of other values');
  const taken = of.items.reduce((before, item, i) => {
    const better = greatest ? symbols.less(before, item) : symbols.less(item, before);
    return symbols.choose(script.and(symbols.counts(i, of.length), better), item, before);
  });
  return symbols.where(script.and(ok, symbols.counts(0, of.length)), taken);
}
