/**
 * What the planned writer calls for a value whose code is the same in every plan (spec/input.md I-2, I-4): each `put` fills
 * the slot at `at`, puts what belongs to it at `end` and returns the heap's new end, or UNFITTING.
 */
import { U64_MAX } from './constant.ts';
import { DYN_DEPTH_MAX, isGroup } from './fit.ts';
import { ENTRY_BYTES, LENGTH_AT, PAYLOAD_AT, SLOT_BYTES, type SourceValue } from './input.ts';
import { fitsI64 } from './ir.ts';
import { parseDuration, parseTimestamp } from './time.ts';
import { align8, tagOf } from './type.ts';
import { compareText } from './value.ts';

/** Of a value of another type or too large. */
export const UNFITTING = -1;
/** Up to so many characters a loop is faster than the encoder and the view that it needs. */
const ASCII_LOOP_MAX = 48;

const TAG_NULL = tagOf('null');
const TAG_BOOL = tagOf('bool');
const TAG_INT = tagOf('int');
const TAG_UINT = tagOf('uint');
const TAG_DOUBLE = tagOf('dbl');
const TAG_TIMESTAMP = tagOf('ts');
const TAG_DURATION = tagOf('dur');
const TAG_STR = tagOf('str');
const TAG_BYTES = tagOf('bytes');
const TAG_LIST = tagOf('list');
const TAG_MAP = tagOf('map');
const encoder = new TextEncoder();

export function slot(view: DataView, at: number, tag: number, length: number, payload: number): void {
  view.setInt32(at, tag, true);
  view.setInt32(at + LENGTH_AT, length, true);
  view.setInt32(at + PAYLOAD_AT, payload, true);
  view.setInt32(at + PAYLOAD_AT + 4, 0, true);
}

export function putBool(view: DataView, at: number, value: SourceValue, end: number): number {
  if (typeof value !== 'boolean') return UNFITTING;
  slot(view, at, TAG_BOOL, 0, value ? 1 : 0);
  return end;
}

export function putInt(view: DataView, at: number, value: SourceValue, end: number): number {
  if (typeof value === 'number' && (value | 0) === value) {
    view.setInt32(at, TAG_INT, true);
    view.setInt32(at + LENGTH_AT, 0, true);
    view.setInt32(at + PAYLOAD_AT, value, true);
    view.setInt32(at + PAYLOAD_AT + 4, value >> 31, true);
    return end;
  }
  return putLargeInt(view, at, value, end);
}

function putLargeInt(view: DataView, at: number, value: SourceValue, end: number): number {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) return UNFITTING;
    putWhole(view, at, value);
  } else {
    if (typeof value !== 'bigint' || !fitsI64(value)) return UNFITTING;
    view.setBigInt64(at + PAYLOAD_AT, value, true);
  }
  view.setInt32(at, TAG_INT, true);
  view.setInt32(at + LENGTH_AT, 0, true);
  return end;
}

/** The payload of a safe integer. setInt32 takes the low 32 bits; exact: division by a power of two only moves the exponent */
function putWhole(view: DataView, at: number, value: number): void {
  view.setInt32(at + PAYLOAD_AT, value, true);
  view.setInt32(at + PAYLOAD_AT + 4, Math.floor(value / 0x100000000), true);
}

export function putUint(view: DataView, at: number, value: SourceValue, end: number): number {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) return UNFITTING;
    putWhole(view, at, value);
  } else {
    if (typeof value !== 'bigint' || value < 0n || value > U64_MAX) return UNFITTING;
    view.setBigUint64(at + PAYLOAD_AT, value, true);
  }
  view.setInt32(at, TAG_UINT, true);
  view.setInt32(at + LENGTH_AT, 0, true);
  return end;
}

export function putDouble(view: DataView, at: number, value: SourceValue, end: number): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') return UNFITTING;
  const double = Number(value);
  if (!Number.isFinite(double)) return UNFITTING;
  view.setInt32(at, TAG_DOUBLE, true);
  view.setInt32(at + LENGTH_AT, 0, true);
  // zero has one form here
  view.setFloat64(at + PAYLOAD_AT, double || 0, true);
  return end;
}

export function putTimestamp(view: DataView, at: number, value: SourceValue, end: number): number {
  const time = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (time === undefined) return UNFITTING;
  view.setInt32(at, TAG_TIMESTAMP, true);
  view.setInt32(at + LENGTH_AT, time.nanos, true);
  view.setBigInt64(at + PAYLOAD_AT, time.seconds, true);
  return end;
}

export function putDuration(view: DataView, at: number, value: SourceValue, end: number): number {
  const duration = typeof value === 'string' ? parseDuration(value) : undefined;
  if (duration === undefined) return UNFITTING;
  view.setInt32(at, TAG_DURATION, true);
  view.setInt32(at + LENGTH_AT, 0, true);
  view.setBigInt64(at + PAYLOAD_AT, duration.nanos, true);
  return end;
}

export function putText(memory: Uint8Array, view: DataView, at: number, text: SourceValue, end: number, bytesMax: number): number {
  if (typeof text !== 'string') return UNFITTING;
  const length = text.length;
  if (length > bytesMax) return UNFITTING;
  if (length > ASCII_LOOP_MAX) return putLongText(memory, view, at, text, end, bytesMax);
  const after = end + ((length + 7) & -8);
  if (length > 0) view.setFloat64(after - 8, 0); // the zero bytes behind the text
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return putLongText(memory, view, at, text, end, bytesMax);
    memory[end + i] = code;
  }
  slot(view, at, TAG_STR, length, end);
  return after;
}

function putLongText(memory: Uint8Array, view: DataView, at: number, text: string, end: number, bytesMax: number): number {
  if (!text.isWellFormed()) return UNFITTING;
  const { read, written } = encoder.encodeInto(text, memory.subarray(end, end + bytesMax));
  if (read < text.length) return UNFITTING;
  slot(view, at, TAG_STR, written, end);
  return zeroed(memory, end + written);
}

/** The heap's end after a block that ends at `last`, over zero bytes. */
function zeroed(memory: Uint8Array, last: number): number {
  const after = align8(last);
  for (let i = last; i < after; i++) memory[i] = 0;
  return after;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** By character code: six bits, 64 for what is no letter of base64. */
const SIX_BITS: Uint8Array = new Uint8Array(128).map((_, code) => (ALPHABET.indexOf(String.fromCharCode(code)) + 65) % 65);
const PADDING = 61;

/** Base64 as encoding writes it: with padding, bits that no byte has being 0. */
export function putBytes(memory: Uint8Array, view: DataView, at: number, text: SourceValue, end: number, bytesMax: number): number {
  if (typeof text !== 'string' || text.length % 4 !== 0) return UNFITTING;
  let letters = text.length;
  while (letters > 0 && letters > text.length - 2 && text.charCodeAt(letters - 1) === PADDING) letters -= 1;
  const length = (letters * 3) >>> 2;
  if (length > bytesMax) return UNFITTING;
  let bits = 0;
  let count = 0;
  let to = end;
  for (let i = 0; i < letters; i++) {
    const code = text.charCodeAt(i);
    const six = code < 128 ? SIX_BITS[code] : 64;
    if (six === 64) return UNFITTING;
    bits = ((bits << 6) | six) & 0xfff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      memory[to] = bits >>> count;
      to += 1;
    }
  }
  if ((bits & ((1 << count) - 1)) !== 0) return UNFITTING;
  slot(view, at, TAG_BYTES, length, end);
  return zeroed(memory, to);
}

/** The keys of a map in bytewise order, or null when it is none or has too many. */
export function sortedKeys(value: SourceValue, lengthMax: number): readonly string[] | null {
  if (!isGroup(value)) return null;
  const keys = Object.keys(value);
  if (keys.length > lengthMax) return null;
  for (let i = 1; i < keys.length; i++) if (compareText(keys[i - 1], keys[i]) > 0) return keys.sort(compareText);
  return keys;
}

/** A value as JSON means it by itself: of any kind, with at most `bytesMax` of heap, whose blocks are multiples of 8. */
export const putDyn = (memory: Uint8Array, view: DataView, at: number, value: SourceValue, end: number, bytesMax: number): number =>
  putNatural(memory, view, at, value, end, end + (bytesMax & -8), 1);

function putNatural(memory: Uint8Array, view: DataView, at: number, value: SourceValue, end: number, last: number, depth: number): number {
  switch (typeof value) {
    case 'boolean':
      return depth > DYN_DEPTH_MAX ? UNFITTING : putBool(view, at, value, end);
    case 'number':
      if (depth > DYN_DEPTH_MAX) return UNFITTING;
      return Number.isSafeInteger(value) ? putInt(view, at, value, end) : putDouble(view, at, value, end);
    case 'bigint':
      if (depth > DYN_DEPTH_MAX) return UNFITTING;
      return fitsI64(value) ? putInt(view, at, value, end) : putUint(view, at, value, end);
    case 'string': {
      if (depth > DYN_DEPTH_MAX) return UNFITTING;
      return putText(memory, view, at, value, end, last - end);
    }
    case 'object':
      if (depth > DYN_DEPTH_MAX) return UNFITTING;
      if (value === null) {
        slot(view, at, TAG_NULL, 0, 0);
        return end;
      }
      return Array.isArray(value)
        ? putNaturalList(memory, view, at, value, end, last, depth)
        : putNaturalMap(memory, view, at, value as { readonly [key: string]: SourceValue }, end, last, depth);
    default:
      return UNFITTING;
  }
}

function putNaturalList(memory: Uint8Array, view: DataView, at: number, items: readonly SourceValue[], end: number, last: number, depth: number): number {
  let after = end + items.length * SLOT_BYTES;
  if (after > last) return UNFITTING;
  slot(view, at, TAG_LIST, items.length, end);
  for (let i = 0; i < items.length; i++) {
    after = putNatural(memory, view, end + i * SLOT_BYTES, items[i], after, last, depth + 1);
    if (after === UNFITTING) return UNFITTING;
  }
  return after;
}

function putNaturalMap(
  memory: Uint8Array,
  view: DataView,
  at: number,
  group: { readonly [key: string]: SourceValue },
  end: number,
  last: number,
  depth: number,
): number {
  const keys = sortedKeys(group, Number.POSITIVE_INFINITY) ?? [];
  let after = end + keys.length * ENTRY_BYTES;
  if (after > last) return UNFITTING;
  slot(view, at, TAG_MAP, keys.length, end);
  for (let i = 0; i < keys.length; i++) {
    const entry = end + i * ENTRY_BYTES;
    after = putText(memory, view, entry, keys[i], after, last - after);
    if (after === UNFITTING) return UNFITTING;
    after = putNatural(memory, view, entry + SLOT_BYTES, group[keys[i]], after, last, depth + 1);
    if (after === UNFITTING) return UNFITTING;
  }
  return after;
}
