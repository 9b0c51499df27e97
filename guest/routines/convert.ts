/** Conversions (spec/rule-ir.md ): a value of a kind that one does not know is the error. */
import { byteAt, doubleOfText, isDigit, putDecimal, putDoubleText, putSigned } from './number';
import { BOOL, BYTES, contentOf, DOUBLE, doubleOf, DURATION, INT, lengthOf, NOWHERE, payloadOf, put, putDouble, STRING, tagOf, three, TIMESTAMP, TYPE, UINT, ERROR } from './slot';
import { finish } from './text';
import { durationOfText, putDurationText, putTime, putTimeText, timeOfText } from './time';

const TWO_63: f64 = 9223372036854775808.0;
const TWO_64: f64 = 18446744073709551616.0;

function as(out: u32, top: u32, tag: u32, length: u32, payload: u64): u32 {
  put(out, tag, length, payload);
  return top;
}

/** The digits of a text, after a sign where one may be, as a number up to `most`; the error past it. */
function wholeOfText(out: u32, top: u32, text: u32, tag: u32): u32 {
  let at = contentOf(text);
  const end = at + lengthOf(text);
  const first = byteAt(at, end);
  const negative = first == 45;
  if (tag == INT && (negative || first == 43)) at += 1;
  if (at == end) return NOWHERE;
  const most: u64 = tag == UINT ? ~0 : negative ? 0x8000000000000000 : 0x7fffffffffffffff;
  let value: u64 = 0;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (!isDigit(byte)) return NOWHERE;
    const digit: u64 = byte - 48;
    if (value > (most - digit) / 10) return NOWHERE;
    value = value * 10 + digit;
  }
  return as(out, top, tag, 0, negative ? -(value as i64) : value);
}

export function toInt(out: u32, top: u32, a: u32): u32 {
  const payload = payloadOf(a);
  switch (tagOf(a)) {
    case INT:
    case TIMESTAMP:
      return as(out, top, INT, 0, payload);
    case UINT:
      return (payload as i64) < 0 ? NOWHERE : as(out, top, INT, 0, payload);
    case DOUBLE: {
      const value = doubleOf(a);
      return value > -TWO_63 && value < TWO_63 ? as(out, top, INT, 0, value as i64) : NOWHERE;
    }
    case STRING:
      return wholeOfText(out, top, a, INT);
    default:
      return NOWHERE;
  }
}

export function toUint(out: u32, top: u32, a: u32): u32 {
  const payload = payloadOf(a);
  switch (tagOf(a)) {
    case UINT:
      return as(out, top, UINT, 0, payload);
    case INT:
      return (payload as i64) < 0 ? NOWHERE : as(out, top, UINT, 0, payload);
    case DOUBLE: {
      const value = doubleOf(a);
      return value >= 0 && value < TWO_64 ? as(out, top, UINT, 0, value as u64) : NOWHERE;
    }
    case STRING:
      return wholeOfText(out, top, a, UINT);
    default:
      return NOWHERE;
  }
}

export function toDouble(out: u32, top: u32, a: u32): u32 {
  switch (tagOf(a)) {
    case INT:
      putDouble(out, payloadOf(a) as i64 as f64);
      return top;
    case UINT:
      putDouble(out, payloadOf(a) as f64);
      return top;
    case DOUBLE:
      putDouble(out, doubleOf(a));
      return top;
    case STRING: {
      const value = doubleOfText(a, top, top + 8);
      if (load<u32>(top) != 0) return NOWHERE;
      putDouble(out, value);
      return top;
    }
    default:
      return NOWHERE;
  }
}

function continues(at: u32, end: u32): bool {
  return (byteAt(at, end) & 0xc0) == 0x80;
}

/** Whether bytes are UTF-8: no overlong form, no surrogate, nothing past U+10FFFF. */
function isUtf8(at: u32, end: u32): bool {
  while (at < end) {
    const first: u32 = load<u8>(at);
    if (first < 0x80) {
      at += 1;
      continue;
    }
    if (first < 0xc2 || first > 0xf4) return false;
    const second = byteAt(at + 1, end);
    const least: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const most: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    const length: u32 = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (let i: u32 = 2; i < length; i++) if (!continues(at + i, end)) return false;
    at += length;
  }
  return true;
}

/** Writes a scalar as `string()` does; 0 for one that has no text. `scratch` is for doubles. */
export function putScalar(to: u32, a: u32, scratch: u32): u32 {
  switch (tagOf(a)) {
    case INT:
      return putSigned(to, payloadOf(a));
    case UINT:
      return putDecimal(to, payloadOf(a));
    case DOUBLE:
      return putDoubleText(to, doubleOf(a), scratch);
    case BOOL:
      if (payloadOf(a) != 0) {
        store<u32>(to, 0x65757274);
        return to + 4;
      }
      store<u64>(to, 0x65736c6166);
      return to + 5;
    case TIMESTAMP:
      return putTimeText(to, a);
    case DURATION:
      return putDurationText(to, payloadOf(a));
    default:
      return 0;
  }
}

export function isText(a: u32): bool {
  return tagOf(a) == STRING || (tagOf(a) == BYTES && isUtf8(contentOf(a), contentOf(a) + lengthOf(a)));
}

/** Most bytes of the text of a scalar, rounded up. */
const SCALAR_TEXT: u32 = 40;

export function toText(out: u32, top: u32, a: u32): u32 {
  if (isText(a)) return as(out, top, STRING, lengthOf(a), payloadOf(a));
  const end = putScalar(top, a, top + SCALAR_TEXT);
  return end == 0 ? NOWHERE : finish(out, STRING, top, end);
}

export function toBytes(out: u32, top: u32, a: u32): u32 {
  return tagOf(a) == STRING || tagOf(a) == BYTES ? as(out, top, BYTES, lengthOf(a), payloadOf(a)) : NOWHERE;
}

/** A text of at most eight bytes as a number, the first byte lowest. */
function packed(at: u32, length: u32): u64 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < length; i++) value |= (load<u8>(at + i) as u64) << (i << 3);
  return value;
}

export function toBool(out: u32, top: u32, a: u32): u32 {
  if (tagOf(a) == BOOL) return as(out, top, BOOL, 0, payloadOf(a));
  if (tagOf(a) != STRING || lengthOf(a) > 5) return NOWHERE;
  const text = packed(contentOf(a), lengthOf(a));
  // 1 t T true TRUE True, 0 f F false FALSE False
  const yes = text == 0x31 || text == 0x74 || text == 0x54 || text == 0x65757274 || text == 0x45555254 || text == 0x65757254;
  const no = text == 0x30 || text == 0x66 || text == 0x46 || text == 0x65736c6166 || text == 0x45534c4146 || text == 0x65736c6146;
  // a text may have zero bytes behind: they are not in the number
  if ((!yes && !no) || load<u8>(contentOf(a) + lengthOf(a) - 1) == 0) return NOWHERE;
  return as(out, top, BOOL, 0, yes ? 1 : 0);
}

export function toTime(out: u32, top: u32, a: u32): u32 {
  if (tagOf(a) == TIMESTAMP) return as(out, top, TIMESTAMP, lengthOf(a), payloadOf(a));
  if (tagOf(a) == INT) return putTime(out, top, payloadOf(a), 0);
  return tagOf(a) == STRING ? timeOfText(out, top, a) : NOWHERE;
}

export function toDuration(out: u32, top: u32, a: u32): u32 {
  if (tagOf(a) == DURATION) return as(out, top, DURATION, 0, payloadOf(a));
  return tagOf(a) == STRING ? durationOfText(out, top, a) : NOWHERE;
}

export function typeOf(out: u32, top: u32, a: u32): u32 {
  return as(out, top, TYPE, 0, tagOf(a));
}

/** whether an expression's automaton accepts a text. */
export function matchAny(text: u32, classes: u32, next: u32, accepts: u32, classCount: u32): u32 {
  if (tagOf(text) != STRING) return ERROR;
  const end = contentOf(text) + lengthOf(text);
  let state: u32 = 0;
  for (let at = contentOf(text); at < end; at++) state = load<u16>(next + ((state * classCount + load<u8>(classes + load<u8>(at))) << 1));
  return three(load<u8>(accepts + state) != 0);
}
