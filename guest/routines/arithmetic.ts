/** Arithmetic, order and search on values of any kind (spec/rule-ir.md R-18): what does not fit is the error. */

import { equalValues, findKey, isNumber, orderOfKeys, orderOfNumbers, orderOfTexts, UNORDERED } from './order';
import { BOOL, BYTES, contentOf, DOUBLE, DURATION, doubleOf, ENTRY, ERROR, FALSE, INT, LIST, lengthOf, MAP, NOWHERE, NULL, payloadOf, put, putDouble, putInt, SLOT, STRING, TIMESTAMP, TRUE, tagOf, three, UINT } from './slot';
import { copyBytes, finish, pointsBetween, searchFrom } from './text';
import { nanosOf, putTime, secondsOf, shifted } from './time';

function whole(out: u32, top: u32, tag: u32, value: u64, overflows: bool): u32 {
  if (overflows) return NOWHERE;
  put(out, tag, 0, value);
  return top;
}

function real(out: u32, top: u32, value: f64): u32 {
  putDouble(out, value);
  return top;
}

export function add(out: u32, top: u32, a: u32, b: u32): u32 {
  const tag = tagOf(a);
  const other = tagOf(b);
  const x = payloadOf(a);
  const y = payloadOf(b);
  if (tag == TIMESTAMP && other == DURATION) return shifted(out, top, a, y, 1);
  if (tag == DURATION && other == TIMESTAMP) return shifted(out, top, b, x, 1);
  if (tag != other) return NOWHERE;
  switch (tag) {
    case INT:
    case DURATION:
      return whole(out, top, tag, x + y, (((x + y) ^ x) & ((x + y) ^ y)) >> 63 != 0);
    case UINT:
      return whole(out, top, tag, x + y, x + y < x);
    case DOUBLE:
      return real(out, top, doubleOf(a) + doubleOf(b));
    case STRING:
    case BYTES:
      return finish(out, tag, top, copyBytes(copyBytes(top, contentOf(a), lengthOf(a)), contentOf(b), lengthOf(b)));
    case LIST:
      put(out, LIST, lengthOf(a) + lengthOf(b), top);
      return copyBytes(copyBytes(top, contentOf(a), lengthOf(a) * SLOT), contentOf(b), lengthOf(b) * SLOT);
    default:
      return NOWHERE;
  }
}

export function subtract(out: u32, top: u32, a: u32, b: u32): u32 {
  const tag = tagOf(a);
  const other = tagOf(b);
  const x = payloadOf(a);
  const y = payloadOf(b);
  if (tag == TIMESTAMP && other == DURATION) return shifted(out, top, a, y, -1);
  if (tag != other) return NOWHERE;
  switch (tag) {
    case INT:
    case DURATION:
      return whole(out, top, tag, x - y, ((x ^ y) & ((x - y) ^ x)) >> 63 != 0);
    case UINT:
      return whole(out, top, tag, x - y, x < y);
    case DOUBLE:
      return real(out, top, doubleOf(a) - doubleOf(b));
    case TIMESTAMP:
      return between(out, top, a, b);
    default:
      return NOWHERE;
  }
}

/** Nanoseconds from one time to another: more than 64 bits hold is the error. */
function between(out: u32, top: u32, a: u32, b: u32): u32 {
  // the years 1 to 9999 are less than 2^39 seconds
  let seconds = secondsOf(a) - secondsOf(b);
  let nanos = (nanosOf(a) as i64) - (nanosOf(b) as i64);
  // one sign for both, so that no sum on the way is past what the end is
  if (seconds > 0 && nanos < 0) {
    seconds -= 1;
    nanos += 1_000_000_000;
  } else if (seconds < 0 && nanos > 0) {
    seconds += 1;
    nanos -= 1_000_000_000;
  }
  if (seconds > 9_223_372_036 || seconds < -9_223_372_036) return NOWHERE;
  const most = seconds * 1_000_000_000;
  const sum = most + nanos;
  return whole(out, top, DURATION, sum, ((sum ^ most) & (sum ^ nanos)) < 0);
}

export function multiply(out: u32, top: u32, a: u32, b: u32): u32 {
  const tag = tagOf(a);
  if (tag != tagOf(b)) return NOWHERE;
  const x = payloadOf(a);
  const y = payloadOf(b);
  const product = x * y;
  if (tag == INT) {
    const bad = x != 0 && (x == ~0 ? y == 0x8000000000000000 : (product as i64) / (x as i64) != (y as i64));
    return whole(out, top, tag, product, bad);
  }
  if (tag == UINT) return whole(out, top, tag, product, x != 0 && product / x != y);
  return tag == DOUBLE ? real(out, top, doubleOf(a) * doubleOf(b)) : NOWHERE;
}

export function divide(out: u32, top: u32, a: u32, b: u32): u32 {
  const tag = tagOf(a);
  if (tag != tagOf(b)) return NOWHERE;
  const x = payloadOf(a);
  const y = payloadOf(b);
  if (tag == DOUBLE) return real(out, top, doubleOf(a) / doubleOf(b));
  if (y == 0) return NOWHERE;
  if (tag == INT) return x == 0x8000000000000000 && y == ~0 ? NOWHERE : whole(out, top, tag, (x as i64) / (y as i64), false);
  return tag == UINT ? whole(out, top, tag, x / y, false) : NOWHERE;
}

export function remainder(out: u32, top: u32, a: u32, b: u32): u32 {
  const tag = tagOf(a);
  const x = payloadOf(a);
  const y = payloadOf(b);
  if (tag != tagOf(b) || y == 0) return NOWHERE;
  if (tag == INT) return x == 0x8000000000000000 && y == ~0 ? NOWHERE : whole(out, top, tag, (x as i64) % (y as i64), false);
  return tag == UINT ? whole(out, top, tag, x % y, false) : NOWHERE;
}

export function negate(out: u32, top: u32, a: u32): u32 {
  if (tagOf(a) == INT) return whole(out, top, INT, -(payloadOf(a) as i64), payloadOf(a) == 0x8000000000000000);
  return tagOf(a) == DOUBLE ? real(out, top, -doubleOf(a)) : NOWHERE;
}

/** Of two kinds that have no order: no difference of bytes. */
const INCOMPARABLE: i32 = 0x10000;

/** Negative, zero, positive, UNORDERED or INCOMPARABLE. */
function order(a: u32, b: u32): i32 {
  const tag = tagOf(a);
  const other = tagOf(b);
  if (isNumber(tag) && isNumber(other)) return orderOfNumbers(a, b);
  if (tag != other) return INCOMPARABLE;
  if (tag == STRING || tag == BYTES) return orderOfTexts(a, b);
  const x = payloadOf(a) as i64;
  const y = payloadOf(b) as i64;
  if (tag == TIMESTAMP && x == y) return ((lengthOf(a) > lengthOf(b)) as i32) - ((lengthOf(a) < lengthOf(b)) as i32);
  return tag == BOOL || tag == TIMESTAMP || tag == DURATION ? ((x > y) as i32) - ((x < y) as i32) : INCOMPARABLE;
}

export function less(a: u32, b: u32): u32 {
  const at = order(a, b);
  return at == INCOMPARABLE ? ERROR : three(at < 0);
}

export function lessOrEqual(a: u32, b: u32): u32 {
  const at = order(a, b);
  return at == INCOMPARABLE ? ERROR : three(at <= 0);
}

export function equalAny(a: u32, b: u32): u32 {
  return three(equalValues(a, b));
}

export function size(out: u32, top: u32, a: u32): u32 {
  const tag = tagOf(a);
  if (tag != STRING && tag != BYTES && tag != LIST && tag != MAP) return NOWHERE;
  putInt(out, tag == STRING ? pointsBetween(contentOf(a), contentOf(a) + lengthOf(a)) : lengthOf(a));
  return top;
}

/** The slot of what stands in a list at a whole number, or in a map under a key. */
export function getAny(container: u32, key: u32): u32 {
  if (tagOf(container) == MAP) return findKey(container, key);
  const tag = tagOf(key);
  if (tagOf(container) != LIST || !isNumber(tag)) return NOWHERE;
  let index = payloadOf(key);
  if (tag == DOUBLE) {
    const value = doubleOf(key);
    if (!(value >= 0 && value < 4294967296.0 && value == Math.trunc(value))) return NOWHERE;
    index = value as u64;
  }
  return index < lengthOf(container) ? contentOf(container) + (index as u32) * SLOT : NOWHERE;
}

/** What may be looked for in a map: a double finds the integer that it equals. */
function isSought(tag: u32): bool {
  return isKey(tag) || tag == DOUBLE;
}

export function hasAny(container: u32, key: u32): u32 {
  return tagOf(container) == MAP && isSought(tagOf(key)) ? three(findKey(container, key) != NOWHERE) : ERROR;
}

export function memberAny(item: u32, container: u32): u32 {
  if (tagOf(container) != LIST) return hasAny(container, item);
  let slot = contentOf(container);
  for (let left = lengthOf(container); left > 0; left--) {
    if (equalValues(slot, item)) return TRUE;
    slot += SLOT;
  }
  return FALSE;
}

function areTexts(a: u32, b: u32): bool {
  return tagOf(a) == STRING && tagOf(b) == STRING;
}

export function startsAny(text: u32, needle: u32): u32 {
  if (!areTexts(text, needle)) return ERROR;
  const m = lengthOf(needle);
  return three(m <= lengthOf(text) && equalAt(contentOf(text), needle));
}

export function endsAny(text: u32, needle: u32): u32 {
  if (!areTexts(text, needle)) return ERROR;
  const m = lengthOf(needle);
  return three(m <= lengthOf(text) && equalAt(contentOf(text) + lengthOf(text) - m, needle));
}

function equalAt(at: u32, needle: u32): bool {
  const from = contentOf(needle);
  for (let i: u32 = 0; i < lengthOf(needle); i++) if (load<u8>(at + i) != load<u8>(from + i)) return false;
  return true;
}

export function containsAny(text: u32, needle: u32): u32 {
  if (!areTexts(text, needle)) return ERROR;
  return three(lengthOf(needle) == 0 || searchFrom(text, contentOf(text), needle) != NOWHERE);
}

/** A fold's range: the list or map itself, else the error. */
export function rangeOf(value: u32): u32 {
  return tagOf(value) == LIST || tagOf(value) == MAP ? value : NOWHERE;
}

/** The value of a slot as a node's bool. */
export function boolOf(slot: u32): u32 {
  return tagOf(slot) == BOOL ? (payloadOf(slot) as u32) << 1 : ERROR;
}

function isKey(tag: u32): bool {
  return tag == BOOL || tag == INT || tag == UINT || tag == STRING;
}

/**
 * Moves the entry behind `count` sorted ones to its place among them. 1 when its key is there already or can be none,
 * else 0.
 */
export function settleAny(entries: u32, count: u32): u32 {
  const fresh = entries + count * ENTRY;
  if (!isKey(tagOf(fresh))) return 1;
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    // most keys come in order: the first look is at the last entry
    const middle = high == count ? high - 1 : (low + high) >>> 1;
    const at = orderOfKeys(fresh, entries + middle * ENTRY);
    if (at == 0) return 1;
    if (at < 0) high = middle;
    else low = middle + 1;
  }
  const w0 = load<u64>(fresh);
  const w1 = load<u64>(fresh, 8);
  const w2 = load<u64>(fresh, 16);
  const w3 = load<u64>(fresh, 24);
  const place = entries + low * ENTRY;
  for (let at = fresh; at > place; ) {
    at -= ENTRY;
    for (let i: u32 = 0; i < ENTRY; i += 8) store<u64>(at + ENTRY + i, load<u64>(at + i));
  }
  store<u64>(place, w0);
  store<u64>(place, w1, 8);
  store<u64>(place, w2, 16);
  store<u64>(place, w3, 24);
  return 0;
}
