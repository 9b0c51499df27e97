/**
 * Doubles and decimal texts, exactly: the shortest digits that read back as the same double, nearest to it (Steele and
 * White, Dragon4), and the double nearest to a decimal, ties to even. Both by natural numbers of as many limbs as it takes.
 */
import { bitsOf, isZero, orderOfBigs, orderOfSum, scale, scaleByPowerOfTen, setBig, shiftLeft, subtract } from './big';

const MANTISSA: u64 = 0x000fffffffffffff;
const HIDDEN: u64 = 0x0010000000000000;
/** More digits of a decimal than these decide nothing, but that they are not all zero. */
export const DIGITS_MAX: u32 = 800;

/** Limbs for `bits`, and one for what is carried. */
export function limbsFor(bits: i32): u32 {
  return ((bits >>> 5) as u32) + 2;
}

/** Enough bits for so many decimal digits. */
export function bitsFor(digits: i32): i32 {
  return ((digits * 3322) >> 10) + digits / 10 + 1;
}

/** A finite double is its fraction, an integer below 2^53, times 2 to the power of its exponent. */
export function fractionOf(value: f64): u64 {
  const bits = reinterpret<u64>(value);
  return (bits & ~MANTISSA) << 1 == 0 ? bits & MANTISSA : (bits & MANTISSA) | HIDDEN;
}

export function exponentOf(value: f64): i32 {
  return max(((reinterpret<u64>(value) >> 52) & 0x7ff) as i32, 1) - 1075;
}

/** Where the point stands before the first digit, or one place before: log10(2) · 2^20 is 315652.8. */
export function pointOf(exponent: i32, fraction: u64): i32 {
  const log2 = exponent + 63 - (clz(fraction) as i32);
  return (log2 * 315652) >> 20;
}

/** Limbs for the numerator and the denominator of 0.DIGITS, and eight bits above. */
export function bottomOf(exponent: i32, point: i32): u32 {
  const numerator = 56 + max(exponent, 0) + bitsFor(max(-point, 0));
  const denominator = 4 + max(-exponent, 0) + bitsFor(max(point, 0));
  return limbsFor(max(numerator, denominator) + 8);
}

/**
 * Writes the digits of a finite positive double to `to`, at most 17, and returns `count | point << 8`: the value is
 * 0.DIGITS · 10^point.
 */
export function shortest(value: f64, to: u32, scratch: u32): i32 {
  const fraction = fractionOf(value);
  const exponent = exponentOf(value);
  const even = (fraction & 1) == 0;
  // below a power of two the next double is half as far
  const uneven = fraction == HIDDEN && exponent > -1074;
  let point = pointOf(exponent, fraction);
  const n = bottomOf(exponent, point);
  const width = n << 2;
  const r = scratch;
  const s = r + width;
  const above = s + width;
  const below = above + width;
  setBig(r, n, fraction << (uneven ? 2 : 1));
  setBig(s, n, uneven ? 4 : 2);
  setBig(above, n, uneven ? 2 : 1);
  setBig(below, n, 1);
  if (exponent > 0) {
    shiftLeft(r, n, exponent);
    shiftLeft(above, n, exponent);
    shiftLeft(below, n, exponent);
  } else shiftLeft(s, n, -exponent);
  if (point > 0) scaleByPowerOfTen(s, n, point);
  else {
    scaleByPowerOfTen(r, n, -point);
    scaleByPowerOfTen(above, n, -point);
    scaleByPowerOfTen(below, n, -point);
  }
  // now value = r / s · 10^point; while r + above reaches s, the point stands too low
  while (orderOfSum(r, above, s, n) >= (even ? 0 : 1)) {
    scale(s, n, 10, 0);
    point += 1;
  }
  let count = 0;
  let low = false;
  let high = false;
  while (!low && !high) {
    scale(r, n, 10, 0);
    scale(above, n, 10, 0);
    scale(below, n, 10, 0);
    let digit = 0;
    while (orderOfBigs(r, s, n) >= 0) {
      subtract(r, s, n);
      digit += 1;
    }
    low = orderOfBigs(r, below, n) < (even ? 1 : 0);
    high = orderOfSum(r, above, s, n) >= (even ? 0 : 1);
    // where both neighbours read back, the nearer one, and the even one of two
    if (high && (!low || orderOfSum(r, r, s, n) >= 1 - (digit & 1))) digit += 1;
    store<u8>(to + count, 48 + digit);
    count += 1;
  }
  return count | (point << 8);
}

/**
 * The double nearest to 0.DIGITS · 10^point: `count` digits at `at`, DIGITS_MAX at most, with `more` when digits that
 * are not all zero follow. Infinity past the largest.
 */
export function nearest(at: u32, count: u32, point: i32, more: bool, scratch: u32): f64 {
  while (count > 0 && load<u8>(at) == 48) {
    at += 1;
    count -= 1;
    point -= 1;
  }
  if (!more) while (count > 0 && load<u8>(at + count - 1) == 48) count -= 1;
  if (count == 0 || point < -323) return 0;
  if (point > 309) return Infinity;
  const power = point - (count as i32);
  if (count <= 15 && !more && power >= -22 && power <= 22) {
    let value: u64 = 0;
    for (let i: u32 = 0; i < count; i++) value = value * 10 + (load<u8>(at + i) - 48);
    // both exact, so one rounding
    let ten: f64 = 1;
    for (let i = abs(power); i > 0; i--) ten *= 10;
    return power < 0 ? (value as f64) / ten : (value as f64) * ten;
  }
  const n = limbsFor(bitsFor(max((count as i32) + (power > 0 ? power : 0), -power)) + 64);
  const a = scratch;
  const b = a + (n << 2);
  setBig(a, n, 0);
  setBig(b, n, 1);
  for (let i: u32 = 0; i < count; ) {
    let chunk: u32 = 0;
    let factor: u32 = 1;
    for (; i < count && factor < 1_000_000_000; i++) {
      chunk = chunk * 10 + (load<u8>(at + i) - 48);
      factor *= 10;
    }
    scale(a, n, factor, chunk);
  }
  if (power > 0) scaleByPowerOfTen(a, n, power);
  else scaleByPowerOfTen(b, n, -power);
  // 64 bits of the quotient, both brought to the same length
  const shift = (bitsOf(b, n) as i32) - (bitsOf(a, n) as i32);
  if (shift > 0) shiftLeft(a, n, shift);
  else shiftLeft(b, n, -shift);
  let quotient: u64 = 0;
  for (let i = 0; i < 64; i++) {
    quotient <<= 1;
    if (orderOfBigs(a, b, n) >= 0) {
      subtract(a, b, n);
      quotient |= 1;
    }
    scale(a, n, 2, 0);
  }
  return rounded(quotient, -shift - 63, more || !isZero(a, n));
}

/** quotient · 2^exponent, and a little more, as the nearest double; the quotient has 63 bits or 64. */
function rounded(quotient: u64, exponent: i32, more: bool): f64 {
  const drop = max(11 - (clz(quotient) as i32), -1074 - exponent);
  if (drop > 64) return 0;
  const half = (1 as u64) << (drop - 1);
  const kept: u64 = drop == 64 ? 0 : quotient >> drop;
  const rest = drop == 64 ? quotient : quotient & ((half << 1) - 1);
  const up = rest > half || (rest == half && (more || (kept & 1) == 1));
  const field = drop + exponent + 1075;
  if (field >= 2047) return Infinity;
  return reinterpret<f64>(((field as u64) << 52) + kept - HIDDEN + (up ? 1 : 0));
}
