/** Natural numbers of `n` 32-bit limbs in memory, the lowest first. What leaves the limbs is lost: callers ask for enough. */

export function setBig(at: u32, n: u32, value: u64): void {
  store<u64>(at, value);
  for (let i: u32 = 2; i < n; i++) store<u32>(at + (i << 2), 0);
}

/** at = at · factor + more. */
export function scale(at: u32, n: u32, factor: u32, more: u32): void {
  let carry: u64 = more;
  for (const end = at + (n << 2); at < end; at += 4) {
    carry += (load<u32>(at) as u64) * factor;
    store<u32>(at, carry as u32);
    carry >>= 32;
  }
}

export function scaleByPowerOfFive(at: u32, n: u32, power: u32): void {
  for (; power >= 13; power -= 13) scale(at, n, 1_220_703_125, 0);
  let factor: u32 = 1;
  for (; power > 0; power--) factor *= 5;
  if (factor > 1) scale(at, n, factor, 0);
}

export function shiftLeft(at: u32, n: u32, bits: u32): void {
  const limbs = bits >>> 5;
  const rest = bits & 31;
  for (let i = n; i > 0; ) {
    i -= 1;
    const low: u64 = i > limbs ? load<u32>(at + ((i - limbs - 1) << 2)) : 0;
    const high: u64 = i >= limbs ? load<u32>(at + ((i - limbs) << 2)) : 0;
    store<u32>(at + (i << 2), (((high << 32) | low) << rest) >> 32);
  }
}

export function orderOfBigs(a: u32, b: u32, n: u32): i32 {
  for (let i = n << 2; i > 0; ) {
    i -= 4;
    const x = load<u32>(a + i);
    const y = load<u32>(b + i);
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

/** The order of a + b and c. */
export function orderOfSum(a: u32, b: u32, c: u32, n: u32): i32 {
  let carry: i64 = 0;
  let differs = false;
  for (let i: u32 = 0; i < n << 2; i += 4) {
    carry += (load<u32>(a + i) as i64) + (load<u32>(b + i) as i64) - (load<u32>(c + i) as i64);
    if ((carry as u32) != 0) differs = true;
    carry >>= 32;
  }
  return carry < 0 ? -1 : carry > 0 || differs ? 1 : 0;
}

/** a = a − b, where b is not greater. */
export function subtract(a: u32, b: u32, n: u32): void {
  let borrow: i64 = 0;
  for (let i: u32 = 0; i < n << 2; i += 4) {
    borrow += (load<u32>(a + i) as i64) - (load<u32>(b + i) as i64);
    store<u32>(a + i, borrow as u32);
    borrow >>= 32;
  }
}

/**
 * a modulo b in place of a, and the quotient, which 32 bits hold. b ends with the limb n − 2, whose highest bit is set; a
 * may use one limb more.
 */
export function quotient(a: u32, b: u32, n: u32): u32 {
  const top = a + (n << 2) - 8;
  // never too great, and too small by little
  let quotient = (load<u64>(top) / ((load<u32>(b + (n << 2) - 8) as u64) + 1)) as u32;
  let borrow: i64 = 0;
  let carry: u64 = 0;
  if (quotient > 0) {
    for (let i: u32 = 0; i < n << 2; i += 4) {
      carry += (load<u32>(b + i) as u64) * quotient;
      borrow += (load<u32>(a + i) as i64) - (carry as u32 as i64);
      store<u32>(a + i, borrow as u32);
      borrow >>= 32;
      carry >>= 32;
    }
  }
  while (orderOfBigs(a, b, n) >= 0) {
    subtract(a, b, n);
    quotient += 1;
  }
  return quotient;
}

/** How far to shift left so that the highest bit of the highest limb is set. */
export function slackOf(bits: u32): u32 {
  return (32 - (bits & 31)) & 31;
}

export function isZero(at: u32, n: u32): bool {
  for (let i: u32 = 0; i < n << 2; i += 4) if (load<u32>(at + i) != 0) return false;
  return true;
}

/** Bits up to the highest one that is set. */
export function bitsOf(at: u32, n: u32): u32 {
  while (n > 0 && load<u32>(at + ((n - 1) << 2)) == 0) n -= 1;
  return n == 0 ? 0 : (n << 5) - (clz(load<u32>(at + ((n - 1) << 2))) as u32);
}

/** at = at / 2^bits, rounded, half to even. */
export function shiftRight(at: u32, n: u32, bits: u32): void {
  const limbs = bits >>> 5;
  const rest = bits & 31;
  let half = false;
  let more = false;
  if (bits > 0) {
    const last = (bits - 1) >>> 5;
    for (let i: u32 = 0; i < min(last, n); i++) if (load<u32>(at + (i << 2)) != 0) more = true;
    if (last < n) {
      const limb = load<u32>(at + (last << 2));
      const bit = (bits - 1) & 31;
      half = ((limb >>> bit) & 1) == 1;
      if ((limb & ((1 << bit) - 1)) != 0) more = true;
    }
  }
  for (let i: u32 = 0; i < n; i++) {
    const low: u64 = i + limbs < n ? load<u32>(at + ((i + limbs) << 2)) : 0;
    const high: u64 = i + limbs + 1 < n ? load<u32>(at + ((i + limbs + 1) << 2)) : 0;
    store<u32>(at + (i << 2), ((high << 32) | low) >> rest);
  }
  if (half && (more || (load<u32>(at) & 1) == 1)) scale(at, n, 1, 1);
}

/** at = at / by, rounded down: the remainder. */
export function divide(at: u32, n: u32, by: u32): u32 {
  let rest: u64 = 0;
  for (let i = n << 2; i > 0; ) {
    i -= 4;
    rest = (rest << 32) | load<u32>(at + i);
    store<u32>(at + i, rest / by);
    rest %= by;
  }
  return rest as u32;
}
