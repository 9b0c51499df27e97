/**
 * Doubles and decimal texts, exactly: the shortest digits that read back as the same double, nearest to it (Steele and
 * White, Dragon4), and the double nearest to a decimal, ties to even. Both by natural numbers of as many limbs as it takes.
 */
import { bitsOf, isZero, orderOfBigs, orderOfSum, quotient, scale, scaleByPowerOfFive, setBig, shiftLeft, slackOf } from './big';

const MANTISSA: u64 = 0x000fffffffffffff;
const HIDDEN: u64 = 0x0010000000000000;
/** More digits of a decimal than these decide nothing, but that they are not all zero. */
export const DIGITS_MAX: u32 = 800;

/** Room for a natural of 1,024 bits. */
export const LIMBS_BYTES: u32 = 128;

/** Limbs for `bits`, and one for what is carried. */
export function limbsFor(bits: i32): u32 {
  return ((bits >>> 5) as u32) + 2;
}

/** Enough bits for a power of five. */
export function bitsFor(power: i32): i32 {
  return ((power * 2378) >> 10) + 1;
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

/**
 * A finite positive double as a quotient of naturals below one, by ten to the power of its point: value = r / s · 10^point.
 * What both have of two is left out. They stand at `scratch`, LIMBS_BYTES each; with `margins` behind them are how far it is
 * up and down, by the same s, to where the next double is nearer, and r and the way up together do not reach s. The highest
 * bit of s is set in its highest limb. Returns `limbs | point << 8`, one limb more than s takes.
 */
export function quotientOf(value: f64, scratch: u32, margins: bool): i32 {
  const fraction = fractionOf(value);
  const exponent = exponentOf(value);
  let point = pointOf(exponent, fraction);
  // of 2^exponent / 10^point
  const twos = exponent - point;
  const n = limbsFor(max(60 + max(twos, 0) + bitsFor(max(-point, 0)), 12 + max(-twos, 0) + bitsFor(max(point, 0))) + 32);
  // below a power of two the next double is half as far
  const up: u64 = fraction == HIDDEN && exponent > -1074 ? 2 : 1;
  const shift: u64 = margins ? up : 0;
  const r = scratch;
  const s = r + LIMBS_BYTES;
  setBig(r, n, fraction << shift);
  setBig(s, n, (1 as u64) << shift);
  setBig(s + LIMBS_BYTES, n, margins ? up : 0);
  setBig(s + 2 * LIMBS_BYTES, n, margins ? 1 : 0);
  const last = margins ? s + 2 * LIMBS_BYTES : r;
  if (point > 0) scaleByPowerOfFive(s, n, point);
  if (twos < 0) shiftLeft(s, n, -twos);
  for (let at = r; at <= last; at += at == r ? 2 * LIMBS_BYTES : LIMBS_BYTES) {
    if (point < 0) scaleByPowerOfFive(at, n, -point);
    if (twos > 0) shiftLeft(at, n, twos);
  }
  // to the middle reads back as the even one
  const least = margins && (fraction & 1) == 1 ? 1 : 0;
  while (orderOfSum(r, s + LIMBS_BYTES, s, n) >= least) {
    scale(s, n, 10, 0);
    point += 1;
  }
  const bits = bitsOf(s, n);
  for (let at = r; at <= s + 2 * LIMBS_BYTES; at += LIMBS_BYTES) shiftLeft(at, n, slackOf(bits));
  return (((bits + 31) >>> 5) + 1) | (point << 8);
}

/**
 * Writes the digits of a finite positive double to `to`, at most 17, and returns `count | point << 8`: the value is
 * 0.DIGITS · 10^point.
 */
export function shortest(value: f64, to: u32, scratch: u32): i32 {
  const even = (fractionOf(value) & 1) == 0;
  const made = quotientOf(value, scratch, true);
  const n: u32 = made & 255;
  const r = scratch;
  const s = r + LIMBS_BYTES;
  const above = s + LIMBS_BYTES;
  const below = above + LIMBS_BYTES;
  let count = 0;
  let low = false;
  let high = false;
  while (!low && !high) {
    scale(r, n, 10, 0);
    scale(above, n, 10, 0);
    scale(below, n, 10, 0);
    let digit = quotient(r, s, n);
    low = orderOfBigs(r, below, n) < (even ? 1 : 0);
    high = orderOfSum(r, above, s, n) >= (even ? 0 : 1);
    // where both neighbours read back, the nearer one, and the even one of two
    if (high && (!low || orderOfSum(r, r, s, n) >= 1 - ((digit & 1) as i32))) digit += 1;
    store<u8>(to + count, 48 + digit);
    count += 1;
  }
  return count | ((made >> 8) << 8);
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
  const n = limbsFor(max((((count as i32) * 3402) >> 10) + bitsFor(max(power, 0)), bitsFor(max(-power, 0))) + 104);
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
  if (power > 0) scaleByPowerOfFive(a, n, power);
  else scaleByPowerOfFive(b, n, -power);
  // b is more than a, and less than four of it; then 64 bits of the quotient
  const shift = (bitsOf(b, n) as i32) - (bitsOf(a, n) as i32) - 1;
  if (shift > 0) shiftLeft(a, n, shift);
  else shiftLeft(b, n, -shift);
  const slack = slackOf(bitsOf(b, n));
  shiftLeft(a, n, slack);
  shiftLeft(b, n, slack);
  const m = (bitsOf(b, n) >>> 5) + 1;
  let first64: u64 = 0;
  for (let i = 0; i < 2; i++) {
    shiftLeft(a, m, 32);
    first64 = (first64 << 32) | quotient(a, b, m);
  }
  return rounded(first64, power - shift - 64, more || !isZero(a, m));
}

/** first64 · 2^exponent, and a little more, as the nearest double; there are 63 bits or 64. */
function rounded(first64: u64, exponent: i32, more: bool): f64 {
  const drop = max(11 - (clz(first64) as i32), -1074 - exponent);
  if (drop > 64) return 0;
  const half = (1 as u64) << (drop - 1);
  const kept: u64 = drop == 64 ? 0 : first64 >> drop;
  const rest = drop == 64 ? first64 : first64 & ((half << 1) - 1);
  const up = rest > half || (rest == half && (more || (kept & 1) == 1));
  const field = drop + exponent + 1075;
  if (field >= 2047) return Infinity;
  return reinterpret<f64>(((field as u64) << 52) + kept - HIDDEN + (up ? 1 : 0));
}
