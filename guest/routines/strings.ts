/** The string extension (spec/rule-ir.md R-19). Operands of the wrong kind are the error. */
import { byteAt, isDigit, putByte } from './number';
import { BYTES, contentOf, INT, LIST, lengthOf, NOWHERE, payloadOf, put, putInt, SLOT, STRING, tagOf } from './slot';
import { copyBytes, finish, next, part, placeOf, pointsBetween, search, searchFrom } from './text';

function isText(slot: u32): bool {
  return tagOf(slot) == STRING;
}

function endOf(text: u32): u32 {
  return contentOf(text) + lengthOf(text);
}

export function charAt(out: u32, top: u32, text: u32, index: u32): u32 {
  if (!isText(text) || tagOf(index) != INT) return NOWHERE;
  const at = placeOf(text, payloadOf(index));
  if (at == NOWHERE) return NOWHERE;
  part(out, at, at == endOf(text) ? at : next(at, endOf(text)));
  return top;
}

export function indexOfFrom(out: u32, top: u32, text: u32, needle: u32, from: u32): u32 {
  if (!isText(text) || !isText(needle) || tagOf(from) != INT) return NOWHERE;
  const start = placeOf(text, payloadOf(from));
  if (start == NOWHERE) return NOWHERE;
  const at = lengthOf(needle) == 0 ? start : searchFrom(text, start, needle);
  putInt(out, at == NOWHERE ? -1 : pointsBetween(contentOf(text), at));
  return top;
}

export function indexOf(out: u32, top: u32, text: u32, needle: u32): u32 {
  putInt(out, 0);
  return indexOfFrom(out, top, text, needle, out);
}

/** The last place, at or before `limit`, where the needle stands. */
function lastBefore(out: u32, text: u32, needle: u32, limit: u32): void {
  const start = contentOf(text);
  const m = lengthOf(needle);
  // what ends past limit + m begins past limit
  const end = min(endOf(text), limit + m);
  const at = m == 0 ? 0 : search(end - 1, end - start, contentOf(needle) + m - 1, m, -1);
  putInt(out, at < 0 ? -1 : pointsBetween(start, end - at - m));
}

export function lastIndexOfFrom(out: u32, top: u32, text: u32, needle: u32, from: u32): u32 {
  if (!isText(text) || !isText(needle) || tagOf(from) != INT) return NOWHERE;
  const limit = placeOf(text, payloadOf(from));
  if (limit == NOWHERE) return NOWHERE;
  lastBefore(out, text, needle, limit);
  return top;
}

export function lastIndexOf(out: u32, top: u32, text: u32, needle: u32): u32 {
  if (!isText(text) || !isText(needle)) return NOWHERE;
  lastBefore(out, text, needle, endOf(text));
  return top;
}

export function joinWith(out: u32, top: u32, list: u32, separator: u32): u32 {
  if (tagOf(list) != LIST || !isText(separator)) return NOWHERE;
  let end = top;
  let slot = contentOf(list);
  for (let left = lengthOf(list); left > 0; left--) {
    if (!isText(slot)) return NOWHERE;
    end = copyBytes(end, contentOf(slot), lengthOf(slot));
    if (left > 1) end = copyBytes(end, contentOf(separator), lengthOf(separator));
    slot += SLOT;
  }
  return finish(out, STRING, top, end);
}

export function join(out: u32, top: u32, list: u32): u32 {
  put(out, STRING, 0, 0);
  return joinWith(out, top, list, out);
}

/** Bytes from `first` to `first + 25` turned over into the other case. */
function turned(out: u32, top: u32, text: u32, first: u32): u32 {
  if (!isText(text)) return NOWHERE;
  let end = top;
  for (let at = contentOf(text); at < endOf(text); at++) {
    const byte: u32 = load<u8>(at);
    store<u8>(end, byte - first < 26 ? byte ^ 32 : byte);
    end += 1;
  }
  return finish(out, STRING, top, end);
}

export function lowerAscii(out: u32, top: u32, text: u32): u32 {
  return turned(out, top, text, 65);
}

export function upperAscii(out: u32, top: u32, text: u32): u32 {
  return turned(out, top, text, 97);
}

function replaced(out: u32, top: u32, text: u32, old: u32, by: u32, limit: i64): u32 {
  if (!isText(text) || !isText(old) || !isText(by)) return NOWHERE;
  const last = endOf(text);
  let at = contentOf(text);
  let end = top;
  for (; limit != 0; limit--) {
    const found = lengthOf(old) == 0 ? at : searchFrom(text, at, old);
    if (found == NOWHERE) break;
    end = copyBytes(end, at, found - at);
    end = copyBytes(end, contentOf(by), lengthOf(by));
    at = found + lengthOf(old);
    if (lengthOf(old) == 0) {
      if (at == last) break;
      const after = next(at, last);
      end = copyBytes(end, at, after - at);
      at = after;
    }
  }
  return finish(out, STRING, top, copyBytes(end, at, last - at));
}

export function replace(out: u32, top: u32, text: u32, old: u32, by: u32): u32 {
  return replaced(out, top, text, old, by, -1);
}

export function replaceTimes(out: u32, top: u32, text: u32, old: u32, by: u32, limit: u32): u32 {
  return tagOf(limit) == INT ? replaced(out, top, text, old, by, payloadOf(limit)) : NOWHERE;
}

/** Pieces share the bytes of the text; the list's slots are written from `top` on. */
function pieces(out: u32, top: u32, text: u32, separator: u32, limit: i64): u32 {
  if (!isText(text) || !isText(separator)) return NOWHERE;
  const last = endOf(text);
  const width = lengthOf(separator);
  let at = contentOf(text);
  let slot = top;
  if (limit != 0) {
    for (; limit != 1; limit--) {
      const found = width > 0 ? searchFrom(text, at, separator) : at < last ? next(at, last) : NOWHERE;
      if (found == NOWHERE || (width == 0 && found == last)) break;
      part(slot, at, found);
      slot += SLOT;
      at = found + width;
    }
    // an empty text has no code points
    if (width > 0 || at < last) {
      part(slot, at, last);
      slot += SLOT;
    }
  }
  put(out, LIST, (slot - top) / SLOT, top);
  return slot;
}

export function split(out: u32, top: u32, text: u32, separator: u32): u32 {
  return pieces(out, top, text, separator, -1);
}

export function splitTimes(out: u32, top: u32, text: u32, separator: u32, limit: u32): u32 {
  return tagOf(limit) == INT ? pieces(out, top, text, separator, payloadOf(limit)) : NOWHERE;
}

export function substringFrom(out: u32, top: u32, text: u32, start: u32): u32 {
  if (!isText(text) || tagOf(start) != INT) return NOWHERE;
  const from = placeOf(text, payloadOf(start));
  if (from == NOWHERE) return NOWHERE;
  part(out, from, endOf(text));
  return top;
}

export function substring(out: u32, top: u32, text: u32, start: u32, stop: u32): u32 {
  if (!isText(text) || tagOf(start) != INT || tagOf(stop) != INT) return NOWHERE;
  const from = placeOf(text, payloadOf(start));
  const end = placeOf(text, payloadOf(stop));
  if (from == NOWHERE || end == NOWHERE || from > end) return NOWHERE;
  part(out, from, end);
  return top;
}

export function reverse(out: u32, top: u32, text: u32): u32 {
  if (!isText(text)) return NOWHERE;
  const last = endOf(text);
  const end = top + lengthOf(text);
  let to = end;
  for (let at = contentOf(text); at < last; ) {
    const after = next(at, last);
    to -= after - at;
    copyBytes(to, at, after - at);
    at = after;
  }
  return finish(out, STRING, top, end);
}

/** Bytes of the white space that begins at a place, 0 for none. */
function whiteAt(at: u32, end: u32): u32 {
  const first: u32 = load<u8>(at);
  if (first == 0x20 || (first >= 0x09 && first <= 0x0d)) return 1;
  const second = byteAt(at + 1, end);
  if (first == 0xc2) return second == 0x85 || second == 0xa0 ? 2 : 0;
  const third = byteAt(at + 2, end);
  if (first == 0xe1) return second == 0x9a && third == 0x80 ? 3 : 0;
  if (first == 0xe3) return second == 0x80 && third == 0x80 ? 3 : 0;
  if (first != 0xe2) return 0;
  if (second == 0x81) return third == 0x9f ? 3 : 0;
  return second == 0x80 && (third <= 0x8a || third == 0xa8 || third == 0xa9 || third == 0xaf) ? 3 : 0;
}

export function trim(out: u32, top: u32, text: u32): u32 {
  if (!isText(text)) return NOWHERE;
  let from = contentOf(text);
  let end = endOf(text);
  while (from < end) {
    const bytes = whiteAt(from, end);
    if (bytes == 0) break;
    from += bytes;
  }
  while (from < end) {
    let last = end - 1;
    while ((load<u8>(last) & 0xc0) == 0x80) last -= 1;
    if (whiteAt(last, end) == 0) break;
    end = last;
  }
  part(out, from, end);
  return top;
}

/** The letter that stands for a byte behind a backslash, 0 for none. */
function escapeOf(byte: u32): u32 {
  // \a \b \t \n \v \f \r from 7 on, a byte each
  if (byte >= 7 && byte <= 13) return ((0x72_66_76_6e_74_62_61 as u64) >> ((byte - 7) << 3)) as u32 & 255;
  return byte == 0x22 || byte == 0x5c ? byte : 0;
}

export function quote(out: u32, top: u32, text: u32): u32 {
  if (!isText(text)) return NOWHERE;
  let end = putByte(top, 0x22);
  for (let at = contentOf(text); at < endOf(text); at++) {
    const byte: u32 = load<u8>(at);
    const letter = escapeOf(byte);
    end = letter == 0 ? putByte(end, byte) : putByte(putByte(end, 0x5c), letter);
  }
  return finish(out, STRING, top, putByte(end, 0x22));
}

function letterOf(value: u32): u32 {
  return value < 26 ? value + 65 : value < 52 ? value + 71 : value < 62 ? value - 4 : value == 62 ? 43 : 47;
}

export function base64Encode(out: u32, top: u32, bytes: u32): u32 {
  if (tagOf(bytes) != BYTES) return NOWHERE;
  const last = endOf(bytes);
  let end = top;
  for (let at = contentOf(bytes); at < last; at += 3) {
    const group = ((load<u8>(at) as u32) << 16) | (byteAt(at + 1, last) << 8) | byteAt(at + 2, last);
    end = putByte(end, letterOf(group >>> 18));
    end = putByte(end, letterOf((group >>> 12) & 63));
    end = putByte(end, at + 1 < last ? letterOf((group >>> 6) & 63) : 61);
    end = putByte(end, at + 2 < last ? letterOf(group & 63) : 61);
  }
  return finish(out, STRING, top, end);
}

/** 64 for a byte that is no letter of base64. */
function valueOf(letter: u32): u32 {
  if (letter - 65 < 26) return letter - 65;
  if (letter - 97 < 26) return letter - 71;
  return isDigit(letter) ? letter + 4 : letter == 43 ? 62 : letter == 47 ? 63 : 64;
}

/** With padding or none; bits that no byte has must be 0. */
export function base64Decode(out: u32, top: u32, text: u32): u32 {
  if (!isText(text)) return NOWHERE;
  const from = contentOf(text);
  let last = endOf(text);
  if (((last - from) & 3) == 0) {
    for (let i = 0; i < 2 && last > from && load<u8>(last - 1) == 61; i++) last -= 1;
  }
  if (((last - from) & 3) == 1) return NOWHERE;
  let end = top;
  let bits: u32 = 0;
  let count: u32 = 0;
  for (let at = from; at < last; at++) {
    const value = valueOf(load<u8>(at));
    if (value == 64) return NOWHERE;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      end = putByte(end, (bits >>> count) & 255);
    }
  }
  return (bits & ((1 << count) - 1)) == 0 ? finish(out, BYTES, top, end) : NOWHERE;
}
