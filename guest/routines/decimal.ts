/** Doubles with so many places (spec/rule-ir.md R-24), rounded from the exact value, half to even. */
import { bitsOf, divide, orderOfSum, quotient, scale, scaleByPowerOfFive, setBig, shiftLeft, shiftRight } from './big';
import { bitsFor, exponentOf, fractionOf, LIMBS_BYTES, limbsFor, quotientOf } from './double';
import { putByte, putDecimal, putPadded, putSpecial, putZeros } from './number';
import { copyBytes } from './text';

/** Room for the digits of the longest number: 309 and 100 places. */
const DIGITS: u32 = 432;

function isNegative(value: f64): bool {
  return reinterpret<i64>(value) < 0;
}

/** `%f`: so many digits after the point. */
export function putFixed(to: u32, value: f64, places: u32, scratch: u32): u32 {
  const special = putSpecial(to, value);
  if (special != 0) return special;
  if (isNegative(value)) to = putByte(to, 45);
  const exponent = exponentOf(value);
  const twos = exponent + (places as i32);
  let n = limbsFor(64 + bitsFor(places) + max(twos, 0));
  const number = scratch + DIGITS;
  setBig(number, n, fractionOf(value));
  scaleByPowerOfFive(number, n, places);
  if (twos >= 0) shiftLeft(number, n, twos);
  else shiftRight(number, n, -twos);
  // nine digits at a time, from the end
  const end = scratch + DIGITS;
  let at = end;
  while (bitsOf(number, n) > 0) {
    n = (bitsOf(number, n) + 31) >>> 5;
    at -= 9;
    putPadded(at, divide(number, n, 1_000_000_000), 9);
  }
  while (at < end && load<u8>(at) == 48) at += 1;
  while (end - at < places + 1) {
    at -= 1;
    store<u8>(at, 48);
  }
  const whole = end - at - places;
  to = copyBytes(to, at, whole);
  return places == 0 ? to : copyBytes(putByte(to, 46), at + whole, places);
}

/** `%e`: one digit before the point and so many after it. */
export function putScientific(to: u32, value: f64, places: u32, scratch: u32): u32 {
  const special = putSpecial(to, value);
  if (special != 0) return special;
  if (isNegative(value)) to = putByte(to, 45);
  let power = 0;
  if (value == 0) to = putPlaces(putByte(to, 48), places);
  else {
    const start = to;
    power = digitsOf(start, value, places + 1, scratch);
    to += places + 1;
    if (places > 0) {
      // the point comes after the first digit
      for (let at = to; at > start + 1; at--) store<u8>(at, load<u8>(at - 1));
      store<u8>(start + 1, 46);
      to += 1;
    }
  }
  to = putByte(putByte(to, 101), power < 0 ? 45 : 43);
  const size: u32 = abs(power);
  return size < 100 ? putPadded(to, size, 2) : putDecimal(to, size);
}

function putPlaces(to: u32, places: u32): u32 {
  return places == 0 ? to : putZeros(putByte(to, 46), places);
}

/** Writes the first `count` digits, rounded, and gives the power of ten of the first one. */
function digitsOf(to: u32, value: f64, count: u32, scratch: u32): i32 {
  const made = quotientOf(value, scratch, false);
  const n: u32 = made & 255;
  const r = scratch;
  const s = r + LIMBS_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    scale(r, n, 10, 0);
    store<u8>(to + i, 48 + quotient(r, s, n));
  }
  const rest = orderOfSum(r, r, s, n);
  const up = rest > 0 || (rest == 0 && (load<u8>(to + count - 1) & 1) == 1);
  return (made >> 8) - 1 + (up ? carried(to, count) : 0);
}

/** One more in the last digit; 1 where that makes one digit more, of which the last goes. */
function carried(to: u32, count: u32): i32 {
  for (let i = count; i > 0; ) {
    i -= 1;
    const digit: u32 = load<u8>(to + i);
    if (digit < 57) {
      store<u8>(to + i, digit + 1);
      return 0;
    }
    store<u8>(to + i, 48);
  }
  store<u8>(to, 49);
  return 1;
}
