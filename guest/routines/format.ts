/** `format` (spec/rule-ir.md R-24): a text with clauses, each for the next item of a list. */
import { isText, putScalar } from './convert';
import { putFixed, putScientific } from './decimal';
import { byteAt, isDigit, putByte, putDoubleText } from './number';
import { orderOfTexts } from './order';
import { align8, BOOL, BYTES, contentOf, DOUBLE, doubleOf, DURATION, ENTRY, INT, lengthOf, LIST, MAP, NOWHERE, NULL, payloadOf, put, SLOT, STRING, tagOf, TIMESTAMP, TYPE, UINT } from './slot';
import { copyBytes, finish } from './text';

const PLACES: u32 = 6;
const PLACES_MAX: u32 = 100;
/** Room for the text of a number with its places. */
const NUMBER_TEXT: u32 = 416;
/** Room for a scalar's text. */
const SCALAR_TEXT: u32 = 40;

/** The bytes of a word, the lowest first. */
function putWord(to: u32, word: u64, bytes: u32): u32 {
  store<u64>(to, word);
  return to + bytes;
}

/** the name of a type. */
function putTypeName(to: u32, tag: u32): u32 {
  switch (tag) {
    case NULL:
      return putByte(putWord(to, 0x7079745f6c6c756e, 8), 101);
    case BOOL:
      return putWord(to, 0x6c6f6f62, 4);
    case INT:
      return putWord(to, 0x746e69, 3);
    case UINT:
      return putWord(to, 0x746e6975, 4);
    case DOUBLE:
      return putWord(to, 0x656c62756f64, 6);
    case STRING:
      return putWord(to, 0x676e69727473, 6);
    case BYTES:
      return putWord(to, 0x7365747962, 5);
    case LIST:
      return putWord(to, 0x7473696c, 4);
    case MAP:
      return putWord(to, 0x70616d, 3);
    case TYPE:
      return putWord(to, 0x65707974, 4);
  }
  to = putWord(putWord(to, 0x702e656c676f6f67, 8), 0x2e667562_6f746f72, 8);
  return tag == DURATION ? putWord(to, 0x6e6f697461727544, 8) : putByte(putWord(to, 0x6d617473656d6954, 8), 112);
}

/**
 * Writes a value in words; 0 where a part of it has none. Entries of maps are in the order of their keys' texts when
 * `free` is not 0: what stands there may be written over; else in the map's own order, which takes no room.
 */
function putPlain(to: u32, item: u32, free: u32): u32 {
  const tag = tagOf(item);
  if (tag == LIST) return putList(to, item, free);
  if (tag == MAP) return putMap(to, item, free);
  if (tag == NULL) return putWord(to, 0x6c6c756e, 4);
  if (tag == TYPE) return putTypeName(to, payloadOf(item) as u32);
  if (isText(item)) return copyBytes(to, contentOf(item), lengthOf(item));
  return putScalar(to, item, free == 0 ? to + SCALAR_TEXT : free);
}

function putComma(to: u32): u32 {
  return putByte(putByte(to, 44), 32);
}

function putList(to: u32, list: u32, free: u32): u32 {
  const from = contentOf(list);
  const end = from + lengthOf(list) * SLOT;
  to = putByte(to, 91);
  for (let item = from; item < end; item += SLOT) {
    to = putPlain(item > from ? putComma(to) : to, item, free);
    if (to == 0) return 0;
  }
  return putByte(to, 93);
}

function putMap(to: u32, map: u32, free: u32): u32 {
  const from = contentOf(map);
  const count = lengthOf(map);
  const sorted = free != 0;
  const order = free;
  if (sorted) {
    free = align8(free + (count << 2));
    for (let i: u32 = 0; i < count; i++) store<u32>(order + (i << 2), from + i * ENTRY);
    sort(order, count, free);
  }
  to = putByte(to, 123);
  for (let i: u32 = 0; i < count; i++) {
    const entry = sorted ? load<u32>(order + (i << 2)) : from + i * ENTRY;
    to = putPlain(i > 0 ? putComma(to) : to, entry, free);
    if (to == 0) return 0;
    to = putPlain(putByte(putByte(to, 58), 32), entry + SLOT, free);
    if (to == 0) return 0;
  }
  return putByte(to, 125);
}

/** A key as a text: itself, or a slot made at `at` with what it is in words. */
function keyText(key: u32, at: u32): u32 {
  if (tagOf(key) == STRING) return key;
  put(at, STRING, putScalar(at + SLOT, key, at) - at - SLOT, at + SLOT);
  return at;
}

/** Whether the entry a comes after the entry b: by the keys' texts, then as the map has them. */
function isAfter(a: u32, b: u32, scratch: u32): bool {
  const order = orderOfTexts(keyText(a, scratch), keyText(b, scratch + 64));
  return order == 0 ? a > b : order > 0;
}

function at(order: u32, index: u32): u32 {
  return load<u32>(order + (index << 2));
}

function exchange(order: u32, a: u32, b: u32): void {
  const one = at(order, a);
  store<u32>(order + (a << 2), at(order, b));
  store<u32>(order + (b << 2), one);
}

function sink(order: u32, root: u32, count: u32, scratch: u32): void {
  for (;;) {
    let child: u32 = 2 * root + 1;
    if (child >= count) return;
    if (child + 1 < count && isAfter(at(order, child + 1), at(order, child), scratch)) child += 1;
    if (!isAfter(at(order, child), at(order, root), scratch)) return;
    exchange(order, root, child);
    root = child;
  }
}

/** Heapsort of the addresses of entries. */
function sort(order: u32, count: u32, scratch: u32): void {
  for (let root = count >>> 1; root > 0; ) {
    root -= 1;
    sink(order, root, count, scratch);
  }
  for (let left = count; left > 1; ) {
    left -= 1;
    exchange(order, 0, left);
    sink(order, 0, left, scratch);
  }
}

/** Written once to know its length, and once more as it should be: behind it is room to sort. */
function putWords(to: u32, item: u32): u32 {
  const end = putPlain(to, item, 0);
  return end == 0 || (tagOf(item) != LIST && tagOf(item) != MAP) ? end : putPlain(to, item, align8(end));
}

/** The letter of a digit below 16, `upper` 32 for capitals. */
function digitLetter(digit: u32, upper: u32): u32 {
  return digit < 10 ? 48 + digit : 87 - upper + digit;
}

function putInBase(to: u32, item: u32, shift: u32, upper: u32): u32 {
  const tag = tagOf(item);
  if (tag != INT && tag != UINT) return 0;
  let value = payloadOf(item);
  if (tag == INT && (value as i64) < 0) {
    to = putByte(to, 45);
    value = -value;
  }
  let digits: u32 = 1;
  for (let rest = value >> shift; rest > 0; rest >>= shift) digits += 1;
  for (let i = digits; i > 0; ) {
    i -= 1;
    store<u8>(to + i, digitLetter((value as u32) & ((1 << shift) - 1), upper));
    value >>= shift;
  }
  return to + digits;
}

function putHexadecimal(to: u32, item: u32, upper: u32): u32 {
  if (tagOf(item) != STRING && tagOf(item) != BYTES) return putInBase(to, item, 4, upper);
  const end = contentOf(item) + lengthOf(item);
  for (let from = contentOf(item); from < end; from++) {
    const byte: u32 = load<u8>(from);
    to = putByte(putByte(to, digitLetter(byte >>> 4, upper)), digitLetter(byte & 15, upper));
  }
  return to;
}

function isNumber(tag: u32): bool {
  return tag == INT || tag == UINT || tag == DOUBLE;
}

function putClause(to: u32, letter: u32, item: u32, places: u32): u32 {
  const tag = tagOf(item);
  switch (letter) {
    case 115: // s
      return putWords(to, item);
    case 100: // d
      return isNumber(tag) ? putScalar(to, item, to + SCALAR_TEXT) : 0;
    case 98: // b
      return tag == BOOL ? putByte(to, 48 + (payloadOf(item) as u32)) : putInBase(to, item, 1, 0);
    case 111: // o
      return putInBase(to, item, 3, 0);
    case 120: // x
      return putHexadecimal(to, item, 0);
    case 88: // X
      return putHexadecimal(to, item, 32);
    case 102: // f
    case 101: {
      if (!isNumber(tag)) return 0;
      const value = tag == DOUBLE ? doubleOf(item) : tag == INT ? (payloadOf(item) as i64 as f64) : (payloadOf(item) as f64);
      const scratch = align8(to + NUMBER_TEXT);
      return letter == 102 ? putFixed(to, value, places, scratch) : putScientific(to, value, places, scratch);
    }
    default:
      return 0;
  }
}

export function format(out: u32, top: u32, text: u32, items: u32): u32 {
  if (tagOf(text) != STRING || tagOf(items) != LIST) return NOWHERE;
  const last = contentOf(text) + lengthOf(text);
  let item = contentOf(items);
  const end = item + lengthOf(items) * SLOT;
  let to = top;
  for (let from = contentOf(text); from < last; from++) {
    const byte: u32 = load<u8>(from);
    if (byte != 37) {
      to = putByte(to, byte);
      continue;
    }
    from += 1;
    if (byteAt(from, last) == 37) {
      to = putByte(to, 37);
      continue;
    }
    let places = PLACES;
    if (byteAt(from, last) == 46) {
      from += 1;
      if (!isDigit(byteAt(from, last))) return NOWHERE;
      places = 0;
      for (; isDigit(byteAt(from, last)); from++) places = min(places * 10 + load<u8>(from) - 48, PLACES_MAX + 1);
    }
    if (from >= last || item == end || places > PLACES_MAX) return NOWHERE;
    to = putClause(to, load<u8>(from), item, places);
    if (to == 0) return NOWHERE;
    item += SLOT;
  }
  return finish(out, STRING, top, to);
}
