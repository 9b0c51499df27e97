/** Numbers as text and back. */
import { DOUBLE, doubleOf, INT, lengthOf, contentOf, payloadOf, tagOf, UINT } from './slot';
import { nearest, shortest } from './double';

/** Writes a number in decimal; returns the place after it. */
export function putDecimal(to: u32, value: u64): u32 {
  let digits: u32 = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits += 1;
  const end = to + digits;
  for (let at = end; at > to; value /= 10) {
    at -= 1;
    store<u8>(at, 48 + ((value % 10) as u32));
  }
  return end;
}

export function putSigned(to: u32, value: i64): u32 {
  if (value >= 0) return putDecimal(to, value);
  store<u8>(to, 45);
  return putDecimal(to + 1, -value as u64);
}

/** Exactly so many digits, with zeros before them. */
export function putPadded(to: u32, value: u32, digits: u32): u32 {
  const end = to + digits;
  for (let at = end; at > to; value /= 10) {
    at -= 1;
    store<u8>(at, 48 + (value % 10));
  }
  return end;
}

export function putZeros(to: u32, count: i32): u32 {
  for (; count > 0; count--) {
    store<u8>(to, 48);
    to += 1;
  }
  return to;
}

export function putByte(to: u32, byte: u32): u32 {
  store<u8>(to, byte);
  return to + 1;
}

/** `NaN`, `Infinity`, `-Infinity`; 0 for a finite double. */
export function putSpecial(to: u32, value: f64): u32 {
  if (value != value) {
    store<u16>(to, 0x614e);
    return putByte(to + 2, 78);
  }
  if (value - value == 0) return 0;
  if (value < 0) to = putByte(to, 45);
  store<u64>(to, 0x7974696e69666e49);
  return to + 8;
}

function putDigits(to: u32, from: u32, count: i32): u32 {
  for (let i = 0; i < count; i++) store<u8>(to + i, load<u8>(from + i));
  return to + max(count, 0);
}

/**
 * A double that a decimal of at most 15 digits reads back as, six of them after the point; 0 for another. Two such decimals
 * never read as the same double, so that it is the shortest one.
 */
function putPlainDecimal(to: u32, value: f64): u32 {
  if (value >= 1_000_000_000) return 0;
  let ten: f64 = 10;
  for (let places: u32 = 1; places <= 6; places++) {
    const shifted = value * ten;
    if (shifted == Math.trunc(shifted) && shifted / ten == value) {
      const digits = shifted as u64;
      to = putPadded(putByte(putDecimal(to, digits / (ten as u64)), 46), (digits % (ten as u64)) as u32, places);
      while (load<u8>(to - 1) == 48) to -= 1;
      return to;
    }
    ten *= 10;
  }
  return 0;
}

/** as ECMAScript writes a number, with the sign of zero; at most 25 bytes. Uses scratch from `scratch` on. */
export function putDoubleText(to: u32, value: f64, scratch: u32): u32 {
  const special = putSpecial(to, value);
  if (special != 0) return special;
  if (reinterpret<i64>(value) < 0) {
    to = putByte(to, 45);
    value = -value;
  }
  if (value == 0) return putByte(to, 48);
  if (value < 9007199254740992.0 && value == Math.trunc(value)) return putDecimal(to, value as u64);
  const plain = putPlainDecimal(to, value);
  if (plain != 0) return plain;
  const packed = shortest(value, scratch, scratch + 24);
  const count = packed & 255;
  const point = packed >> 8;
  if (point > 21 || point < -5) {
    to = putDigits(to, scratch, 1);
    if (count > 1) to = putDigits(putByte(to, 46), scratch + 1, count - 1);
    to = putByte(putByte(to, 101), point > 0 ? 43 : 45);
    return putDecimal(to, abs(point - 1));
  }
  if (point <= 0) return putDigits(putZeros(putByte(putByte(to, 48), 46), -point), scratch, count);
  if (count <= point) return putZeros(putDigits(to, scratch, count), point - count);
  return putDigits(putByte(putDigits(to, scratch, point), 46), scratch + point, count - point);
}

export function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

/** The byte at a place, 0 at the end. */
export function byteAt(at: u32, end: u32): u32 {
  return at < end ? load<u8>(at) : 0;
}

const TEXT_MAX: u32 = 128;

/** Whether the bytes from `at` are one of the names of infinity. */
function isInfinity(at: u32, end: u32): bool {
  if (end - at == 3) return load<u16>(at) == 0x6e49 && load<u8>(at, 2) == 102;
  return end - at == 8 && load<u64>(at) == 0x7974696e69666e49;
}

/** the double that a text says, NaN too; `bad` where it says none or one too large. */
export function doubleOfText(text: u32, bad: u32, scratch: u32): f64 {
  const length = lengthOf(text);
  let at = contentOf(text);
  const end = at + length;
  store<u32>(bad, 1);
  if (length > TEXT_MAX) return 0;
  const first = byteAt(at, end);
  const negative = first == 45;
  if (negative || first == 43) at += 1;
  if (isInfinity(at, end)) {
    store<u32>(bad, 0);
    return negative ? -Infinity : Infinity;
  }
  if (end - at == 3 && load<u16>(at) == 0x614e && load<u8>(at, 2) == 78) {
    store<u32>(bad, 0);
    return NaN;
  }
  let digits = scratch;
  let whole = 0;
  for (; isDigit(byteAt(at, end)); at++) {
    digits = putByte(digits, load<u8>(at));
    whole += 1;
  }
  let any = whole > 0;
  if (byteAt(at, end) == 46) {
    for (at += 1; isDigit(byteAt(at, end)); at++) {
      digits = putByte(digits, load<u8>(at));
      any = true;
    }
  }
  if (!any) return 0;
  let exponent = 0;
  if ((byteAt(at, end) | 32) == 101) {
    at += 1;
    const sign = byteAt(at, end);
    if (sign == 45 || sign == 43) at += 1;
    if (!isDigit(byteAt(at, end))) return 0;
    // past any exponent that a text of this length can make good
    for (; isDigit(byteAt(at, end)); at++) exponent = min(exponent * 10 + (load<u8>(at) as i32) - 48, 100_000);
    if (sign == 45) exponent = -exponent;
  }
  if (at != end) return 0;
  const value = nearest(scratch, digits - scratch, whole + exponent, false, (scratch + TEXT_MAX + 7) & ~7);
  store<u32>(bad, value == Infinity ? 1 : 0);
  return negative ? -value : value;
}
