/** Arithmetic and the functions of numbers (spec/rule-ir.md ): on values, kind by kind. */
import { fitsI64, U64_MAX } from './constant.ts';
import { divideDoubles, roundHalfAway, squareRoot } from './double.ts';
import { durationOf, nanosOf, timestampOf } from './time.ts';
import { compareValues, ERROR, isBytes, isDuration, isList, isTimestamp, isUnsigned, kindOf, type Result, uint, type Value, wholeOf } from './value.ts';

export const int = (value: bigint): Result => (fitsI64(value) ? value : ERROR);
export const unsigned = (value: bigint): Result => (value >= 0n && value <= U64_MAX ? uint(value) : ERROR);

export function add(a: Value, b: Value): Result {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (isList(a) && isList(b)) return [...a, ...b];
  if (isBytes(a) && isBytes(b)) {
    const joined = new Uint8Array(a.length + b.length);
    joined.set(a);
    joined.set(b, a.length);
    return joined;
  }
  if (isTimestamp(a) && isDuration(b)) return timestampOf(a.seconds, BigInt(a.nanos) + b.nanos) ?? ERROR;
  if (isDuration(a) && isTimestamp(b)) return add(b, a);
  if (isDuration(a) && isDuration(b)) return durationOf(a.nanos + b.nanos) ?? ERROR;
  return numbers(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );
}

export function subtract(a: Value, b: Value): Result {
  if (isTimestamp(a) && isTimestamp(b)) return durationOf(nanosOf(a) - nanosOf(b)) ?? ERROR;
  if (isTimestamp(a) && isDuration(b)) return timestampOf(a.seconds, BigInt(a.nanos) - b.nanos) ?? ERROR;
  if (isDuration(a) && isDuration(b)) return durationOf(a.nanos - b.nanos) ?? ERROR;
  return numbers(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
  );
}

export const multiply = (a: Value, b: Value): Result =>
  numbers(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  );

export const divide = (a: Value, b: Value): Result => (wholeOf(b) === 0n ? ERROR : numbers(a, b, (x, y) => x / y, divideDoubles));

/** MIN rem −1 is an error because MIN div −1 is. */
export function remainder(a: Value, b: Value): Result {
  if (divide(a, b) === ERROR) return ERROR;
  if (typeof a === 'bigint' && typeof b === 'bigint') return a % b;
  return isUnsigned(a) && isUnsigned(b) ? uint(a.value % b.value) : ERROR;
}

export function negate(a: Value): Result {
  if (typeof a === 'number') return -a;
  return typeof a === 'bigint' ? int(-a) : ERROR;
}

/** Two ints, two uints or two doubles; others are the error. */
function numbers(a: Value, b: Value, whole: (x: bigint, y: bigint) => bigint, real: (x: number, y: number) => number): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(whole(a, b));
  if (typeof a === 'number' && typeof b === 'number') return real(a, b);
  return isUnsigned(a) && isUnsigned(b) ? unsigned(whole(a.value, b.value)) : ERROR;
}

const REAL: Readonly<Record<string, (x: number) => Result>> = {
  'math.ceil': Math.ceil,
  'math.floor': Math.floor,
  'math.round': roundHalfAway,
  'math.trunc': Math.trunc,
  'math.isNaN': Number.isNaN,
  'math.isInf': (x) => Math.abs(x) === Number.POSITIVE_INFINITY,
  'math.isFinite': Number.isFinite,
};

/** The functions `math.…` by name. `b` is there where the function takes two. */
export function mathFunction(name: string, a: Value, b: Value): Result {
  switch (name) {
    case 'math.greatest':
      return extreme(a, 1);
    case 'math.least':
      return extreme(a, -1);
    case 'math.abs':
      if (typeof a === 'number') return Math.abs(a);
      return typeof a === 'bigint' ? int(a < 0n ? -a : a) : isUnsigned(a) ? a : ERROR;
    case 'math.sign':
      return sign(a);
    case 'math.sqrt': {
      const whole = wholeOf(a);
      const x = typeof a === 'number' ? a : whole === undefined ? undefined : Number(whole);
      return x === undefined ? ERROR : squareRoot(x);
    }
    case 'math.bitAnd':
      return bits(a, b, (x, y) => x & y);
    case 'math.bitOr':
      return bits(a, b, (x, y) => x | y);
    case 'math.bitXor':
      return bits(a, b, (x, y) => x ^ y);
    case 'math.bitNot':
      return typeof a === 'bigint' ? ~a : isUnsigned(a) ? uint(U64_MAX ^ a.value) : ERROR;
    case 'math.bitShiftLeft':
      return shifted(a, b, (bits, by) => bits << by);
    case 'math.bitShiftRight':
      return shifted(a, b, (bits, by) => bits >> by);
    default:
      return typeof a === 'number' ? REAL[name](a) : ERROR;
  }
}

function bits(a: Value, b: Value, of: (x: bigint, y: bigint) => bigint): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') return of(a, b);
  return isUnsigned(a) && isUnsigned(b) ? uint(of(a.value, b.value)) : ERROR;
}

function sign(a: Value): Result {
  if (typeof a === 'number') return Number.isNaN(a) ? a : a > 0 ? 1 : a < 0 ? -1 : 0;
  if (typeof a === 'bigint') return a > 0n ? 1n : a < 0n ? -1n : 0n;
  return isUnsigned(a) ? uint(a.value > 0n ? 1n : 0n) : ERROR;
}

const isNumber = (value: Value): boolean => ['int', 'uint', 'dbl'].includes(kindOf(value));

/** The first number of a list, unless a later one is greater (`way` 1) or less (−1) than what was taken so far. */
function extreme(of: Value, way: 1 | -1): Result {
  if (!isList(of)) return isNumber(of) ? of : ERROR;
  if (of.length === 0 || !of.every(isNumber)) return ERROR;
  return of.reduce((taken, next) => ((compareValues(next, taken) ?? 0) * way > 0 ? next : taken));
}

/** As 64 bits without a sign, cut to 64. */
function shifted(a: Value, by: Value, shift: (bits: bigint, by: bigint) => bigint): Result {
  const whole = wholeOf(a);
  if (whole === undefined || typeof by !== 'bigint' || by < 0n) return ERROR;
  const result = by > 63n ? 0n : BigInt.asUintN(64, shift(BigInt.asUintN(64, whole), by));
  return isUnsigned(a) ? uint(result) : BigInt.asIntN(64, result);
}
