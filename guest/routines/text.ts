/** Texts as UTF-8 bytes: code points, copying, and search in linear time without a table. */
import { align8, contentOf, lengthOf, NOWHERE, put, STRING } from './slot';

export function copyBytes(to: u32, from: u32, bytes: u32): u32 {
  while (bytes >= 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
    bytes -= 8;
  }
  while (bytes > 0) {
    store<u8>(to, load<u8>(from));
    to += 1;
    from += 1;
    bytes -= 1;
  }
  return to;
}

/** The slot of a text or of plain bytes whose content has been written from `top` to `end`: the new top. */
export function finish(out: u32, tag: u32, top: u32, end: u32): u32 {
  put(out, tag, end - top, top);
  return align8(end);
}

/** A part of a text that stands already. */
export function part(out: u32, from: u32, end: u32): void {
  put(out, STRING, end - from, from);
}

/** Whether a byte begins a code point. */
function begins(at: u32): bool {
  return (load<u8>(at) & 0xc0) != 0x80;
}

export function pointsBetween(from: u32, end: u32): u32 {
  let count: u32 = 0;
  for (; from < end; from++) count += begins(from) ? 1 : 0;
  return count;
}

/** The place after the code point at `at`. */
export function next(at: u32, end: u32): u32 {
  do at += 1;
  while (at < end && !begins(at));
  return at;
}

/** The place of the code point number `index` of a text, its end for as many as there are, else NOWHERE. */
export function placeOf(text: u32, index: i64): u32 {
  if (index < 0) return NOWHERE;
  let at = contentOf(text);
  const end = at + lengthOf(text);
  for (; index > 0; index--) {
    if (at >= end) return NOWHERE;
    at = next(at, end);
  }
  return at;
}

/**
 * Half of a critical factorisation (Crochemore and Perrin, two-way search): where the greatest suffix begins, less one,
 * and its period, as `start | period << 32`. `down` turns the order of bytes round. Byte i stands at `x + i · step`.
 */
function greatestSuffix(x: u32, m: i32, step: i32, down: bool): u64 {
  let start = -1;
  let j = 0;
  let k = 1;
  let period = 1;
  while (j + k < m) {
    const a = load<u8>(x + (j + k) * step);
    const b = load<u8>(x + (start + k) * step);
    if (a == b) {
      if (k == period) {
        j += period;
        k = 1;
      } else k += 1;
    } else if (a < b != down) {
      j += k;
      k = 1;
      period = j - start;
    } else {
      start = j;
      j = start + 1;
      k = 1;
      period = 1;
    }
  }
  return (start as u32 as u64) | ((period as u64) << 32);
}

/**
 * Where the `m` bytes x first occur among the `n` bytes y, or -1; m is not 0. Byte i of either stands `i · step` after
 * its place: with a step of -1 both are read from their ends. Time is linear in m + n.
 */
export function search(y: u32, n: i32, x: u32, m: i32, step: i32): i32 {
  if (m > n) return -1;
  const up = greatestSuffix(x, m, step, false);
  const down = greatestSuffix(x, m, step, true);
  const chosen = (up as i32) > (down as i32) ? up : down;
  const cut = chosen as i32;
  let period = (chosen >> 32) as i32;
  let same = 0;
  while (same <= cut && load<u8>(x + same * step) == load<u8>(x + (same + period) * step)) same += 1;
  const periodic = same > cut;
  if (!periodic) period = max(cut + 1, m - cut - 1) + 1;
  let remembered = -1;
  for (let j = 0; j <= n - m; ) {
    let i = max(cut, remembered) + 1;
    while (i < m && load<u8>(x + i * step) == load<u8>(y + (i + j) * step)) i += 1;
    if (i < m) {
      j += i - cut;
      remembered = -1;
      continue;
    }
    i = cut;
    while (i > remembered && load<u8>(x + i * step) == load<u8>(y + (i + j) * step)) i -= 1;
    if (i <= remembered) return j;
    j += period;
    if (periodic) remembered = m - period - 1;
  }
  return -1;
}

/** Where one text first occurs in another from the place `from` on, NOWHERE when it does not; the needle is not empty. */
export function searchFrom(text: u32, from: u32, needle: u32): u32 {
  const at = search(from, contentOf(text) + lengthOf(text) - from, contentOf(needle), lengthOf(needle), 1);
  return at < 0 ? NOWHERE : from + at;
}
