/** Order and equality of values of any kind (spec/rule-ir.md R-5). */
import { BOOL, BYTES, contentOf, DOUBLE, DURATION, doubleOf, ENTRY, INT, LIST, lengthOf, MAP, NOWHERE, NULL, payloadOf, SLOT, STRING, TIMESTAMP, tagOf, UINT } from './slot';

/** Of what is compared with NaN. */
export const UNORDERED: i32 = 2;

function sign(less: bool, more: bool): i32 {
  return (more as i32) - (less as i32);
}

export function equalBytes(a: u32, b: u32, bytes: u32): bool {
  while (bytes >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    bytes -= 8;
  }
  while (bytes > 0) {
    if (load<u8>(a) != load<u8>(b)) return false;
    a += 1;
    b += 1;
    bytes -= 1;
  }
  return true;
}

/** Bytewise: negative, zero, positive. */
export function orderOfTexts(a: u32, b: u32): i32 {
  const m = lengthOf(a);
  const n = lengthOf(b);
  let left = min(m, n);
  let p = contentOf(a);
  let q = contentOf(b);
  while (left >= 8 && load<u64>(p) == load<u64>(q)) {
    p += 8;
    q += 8;
    left -= 8;
  }
  while (left > 0) {
    const order = (load<u8>(p) as i32) - (load<u8>(q) as i32);
    if (order != 0) return order;
    p += 1;
    q += 1;
    left -= 1;
  }
  return sign(m < n, m > n);
}

export function isNumber(tag: u32): bool {
  return tag >= INT && tag <= DOUBLE;
}

function asDouble(slot: u32, tag: u32): f64 {
  return tag == DOUBLE ? doubleOf(slot) : tag == INT ? (payloadOf(slot) as i64 as f64) : (payloadOf(slot) as f64);
}

/** Of two integers, each an int or a uint: exact. */
function orderOfIntegers(a: u64, tagA: u32, b: u64, tagB: u32): i32 {
  const negativeA = tagA == INT && (a as i64) < 0;
  const negativeB = tagB == INT && (b as i64) < 0;
  if (negativeA != negativeB) return negativeA ? -1 : 1;
  return sign(a < b, a > b);
}

/** Of two numbers of any kind: -1, 0, 1 or UNORDERED; with a double, both as doubles. */
export function orderOfNumbers(a: u32, b: u32): i32 {
  const tagA = tagOf(a);
  const tagB = tagOf(b);
  if (tagA != DOUBLE && tagB != DOUBLE) return orderOfIntegers(payloadOf(a), tagA, payloadOf(b), tagB);
  const x = asDouble(a, tagA);
  const y = asDouble(b, tagB);
  return x != x || y != y ? UNORDERED : sign(x < y, x > y);
}

function rank(tag: u32): i32 {
  return tag == BOOL ? 0 : tag == STRING ? 2 : 1;
}

/** Of two keys of maps: bools, integers by value, strings bytewise. */
export function orderOfKeys(a: u32, b: u32): i32 {
  const tagA = tagOf(a);
  const tagB = tagOf(b);
  const order = rank(tagA) - rank(tagB);
  if (order != 0) return order;
  if (tagA == STRING) return orderOfTexts(a, b);
  return orderOfIntegers(payloadOf(a), tagA, payloadOf(b), tagB);
}

/** Whether two values are equal at every depth. */
export function equalValues(a: u32, b: u32): bool {
  const tag = tagOf(a);
  if (isNumber(tag)) return isNumber(tagOf(b)) && orderOfNumbers(a, b) == 0;
  if (tag != tagOf(b) || lengthOf(a) != lengthOf(b)) return false;
  if (tag == STRING || tag == BYTES) return equalBytes(contentOf(a), contentOf(b), lengthOf(a));
  if (tag != LIST && tag != MAP) return payloadOf(a) == payloadOf(b);
  let p = contentOf(a);
  let q = contentOf(b);
  // a map's entries are pairs of slots in the order of its keys
  const end = p + lengthOf(a) * (tag == LIST ? SLOT : ENTRY);
  while (p < end) {
    if (!equalValues(p, q)) return false;
    p += SLOT;
    q += SLOT;
  }
  return true;
}

/** The slot of the value under a key of any kind, NOWHERE when it is not there. */
export function findKey(map: u32, key: u32): u32 {
  let tag = tagOf(key);
  let payload = payloadOf(key);
  if (tag == DOUBLE) {
    const value = doubleOf(key);
    if (value != Math.trunc(value) || !(value >= -9223372036854775808.0 && value < 18446744073709551616.0)) return NOWHERE;
    tag = value < 0 ? INT : UINT;
    payload = value < 0 ? (value as i64) : (value as u64);
  }
  if (tag != BOOL && tag != INT && tag != UINT && tag != STRING) return NOWHERE;
  const base = contentOf(map);
  let low: u32 = 0;
  let high = lengthOf(map);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = base + middle * ENTRY;
    const found = tagOf(entry);
    let order = rank(tag) - rank(found);
    if (order == 0) order = tag == STRING ? orderOfTexts(key, entry) : orderOfIntegers(payload, tag, payloadOf(entry), found);
    if (order == 0) return entry + SLOT;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NOWHERE;
}
