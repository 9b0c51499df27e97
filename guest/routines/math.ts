/** The math extension (spec/rule-ir.md R-23). */
import { isNumber, orderOfNumbers, UNORDERED } from './order';
import { BOOL, contentOf, DOUBLE, doubleOf, INT, lengthOf, LIST, NOWHERE, payloadOf, put, putDouble, SLOT, tagOf, UINT } from './slot';

function copySlot(out: u32, top: u32, from: u32): u32 {
  put(out, tagOf(from), lengthOf(from), payloadOf(from));
  return top;
}

function bool(out: u32, top: u32, is: boolean): u32 {
  put(out, BOOL, 0, is ? 1 : 0);
  return top;
}

function double(out: u32, top: u32, value: f64): u32 {
  putDouble(out, value);
  return top;
}

/** A number itself, or the first of a list's greatest (`way` 1) or least (-1). */
function extreme(out: u32, top: u32, numbers: u32, way: i32): u32 {
  if (isNumber(tagOf(numbers))) return copySlot(out, top, numbers);
  if (tagOf(numbers) != LIST || lengthOf(numbers) == 0) return NOWHERE;
  let taken = contentOf(numbers);
  const end = taken + lengthOf(numbers) * SLOT;
  for (let next = taken; next < end; next += SLOT) {
    if (!isNumber(tagOf(next))) return NOWHERE;
    const order = orderOfNumbers(next, taken);
    if (order == way) taken = next;
  }
  return copySlot(out, top, taken);
}

export function greatest(out: u32, top: u32, numbers: u32): u32 {
  return extreme(out, top, numbers, 1);
}

export function least(out: u32, top: u32, numbers: u32): u32 {
  return extreme(out, top, numbers, -1);
}

export function ceil(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == DOUBLE ? double(out, top, Math.ceil(doubleOf(a))) : NOWHERE;
}

export function floor(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == DOUBLE ? double(out, top, Math.floor(doubleOf(a))) : NOWHERE;
}

export function trunc(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == DOUBLE ? double(out, top, Math.trunc(doubleOf(a))) : NOWHERE;
}

/** Half away from zero. */
export function round(out: u32, top: u32, a: u32): u32 {
  if (tagOf(a) != DOUBLE) return NOWHERE;
  const value = doubleOf(a);
  const whole = Math.trunc(value);
  return double(out, top, Math.abs(value - whole) >= 0.5 ? whole + (value > 0 ? 1 : -1) : whole);
}

export function abs(out: u32, top: u32, a: u32): u32 {
  const tag = tagOf(a);
  if (tag == DOUBLE) return double(out, top, Math.abs(doubleOf(a)));
  if (tag != INT || (payloadOf(a) as i64) >= 0) return isNumber(tag) ? copySlot(out, top, a) : NOWHERE;
  if (payloadOf(a) == 0x8000000000000000) return NOWHERE;
  put(out, INT, 0, -(payloadOf(a) as i64));
  return top;
}

export function sign(out: u32, top: u32, a: u32): u32 {
  const tag = tagOf(a);
  if (tag == DOUBLE) {
    const value = doubleOf(a);
    return double(out, top, value != value ? value : value > 0 ? 1 : value < 0 ? -1 : 0);
  }
  if (!isNumber(tag)) return NOWHERE;
  const value = payloadOf(a);
  put(out, tag, 0, tag == INT && (value as i64) < 0 ? -1 : value == 0 ? 0 : 1);
  return top;
}

export function isNaN(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == DOUBLE ? bool(out, top, doubleOf(a) != doubleOf(a)) : NOWHERE;
}

export function isInf(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == DOUBLE ? bool(out, top, Math.abs(doubleOf(a)) == Infinity) : NOWHERE;
}

export function isFinite(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == DOUBLE ? bool(out, top, Math.abs(doubleOf(a)) < Infinity) : NOWHERE;
}

export function sqrt(out: u32, top: u32, a: u32): u32 {
  const tag = tagOf(a);
  if (!isNumber(tag)) return NOWHERE;
  const value = tag == DOUBLE ? doubleOf(a) : tag == INT ? (payloadOf(a) as i64 as f64) : (payloadOf(a) as f64);
  return double(out, top, Math.sqrt(value));
}

function bits(out: u32, top: u32, a: u32, b: u32, value: u64): u32 {
  const tag = tagOf(a);
  if (tag != tagOf(b) || (tag != INT && tag != UINT)) return NOWHERE;
  put(out, tag, 0, value);
  return top;
}

export function bitAnd(out: u32, top: u32, a: u32, b: u32): u32 {
  return bits(out, top, a, b, payloadOf(a) & payloadOf(b));
}

export function bitOr(out: u32, top: u32, a: u32, b: u32): u32 {
  return bits(out, top, a, b, payloadOf(a) | payloadOf(b));
}

export function bitXor(out: u32, top: u32, a: u32, b: u32): u32 {
  return bits(out, top, a, b, payloadOf(a) ^ payloadOf(b));
}

export function bitNot(out: u32, top: u32, a: u32): u32 {
  return bits(out, top, a, a, ~payloadOf(a));
}

/** Past 63 nothing is left. */
function shifted(out: u32, top: u32, a: u32, by: u32, left: boolean): u32 {
  if (tagOf(by) != INT || (payloadOf(by) as i64) < 0) return NOWHERE;
  const count = payloadOf(by);
  return bits(out, top, a, a, count > 63 ? 0 : left ? payloadOf(a) << count : payloadOf(a) >> count);
}

export function bitShiftLeft(out: u32, top: u32, a: u32, by: u32): u32 {
  return shifted(out, top, a, by, true);
}

export function bitShiftRight(out: u32, top: u32, a: u32, by: u32): u32 {
  return shifted(out, top, a, by, false);
}
