/**
 * The input buffer (spec/input.md): everything that a rule may know, in one flat block of bytes that a receipt commits
 * to and that wasm, circuit and interpreter read alike.
 *
 *   buffer   one slot an input, in the program's order, then the heap; little-endian; a multiple of 8 bytes long
 *   slot     16 bytes: u8 tag, 3 zero bytes, u32 length, u64 payload
 *   tag      0 nothing (payload tells why), else the number of the type: 2 bool, 3 int, 8 string, 10 list, 11 map …
 *   length   bytes of a string or of bytes, items of a list, entries of a map, nanoseconds of a timestamp; else 0
 *   payload  null 0; bool 0 or 1; int i64; uint u64; double its bits; timestamp seconds; duration nanoseconds; else the
 *            offset of its bytes from the buffer's start
 *   heap     a string's bytes; a list's slots; a map's entries, each a key slot and a value slot, keys in bytewise order.
 *            A block is put where the heap ends, then what its slots refer to, slot by slot, depth first; the heap's end
 *            then moves to the next multiple of 8 (zero bytes between). An empty block takes nothing, its offset is the
 *            heap's end.
 *
 * This writer is the obviously correct one, for tests, explanations and anything that is not hot.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { doubleBits } from './double.ts';
import { DYN_DEPTH_MAX, fit, heapSize, isGroup, NATURAL_KINDS, type Source, type SourceValue } from './fit.ts';
import type { Input } from './ir.ts';
import { timestampOf } from './time.ts';
import { align8, heapBytes, KINDS, type Kind, list, map, str, type Type, tagOf } from './type.ts';
import { compareText, duration, isBytes, isList, isMap, kindOf, type MapValue, type Scalar, uint, type Value } from './value.ts';

export type { Source, SourceValue } from './fit.ts';

export const SLOT_BYTES = 16;
/** A map entry: two slots. */
export const ENTRY_BYTES = 32;
export const LENGTH_AT = 4;
export const PAYLOAD_AT = 8;

/** Payloads of tag 0. The path's parent is there, but not the path: `has` is false. */
export const ABSENT = 0;
/** Not even the parent is there: `has` is an error. */
export const PARENT_MISSING = 1;
/** Something of another type, or larger than declared: `has` is an error. */
export const UNFIT = 2;
export type Missing = typeof ABSENT | typeof PARENT_MISSING | typeof UNFIT;

/** What a rule finds at an input: a value, or why there is none. */
export type Found = { readonly value: Value } | { readonly missing: Missing };

/**
 * The segments of a path: split at dots that no parenthesis holds.
 * `agent.sum(money.amount,86400000)` → `agent`, `sum(money.amount,86400000)`.
 */
export function segments(path: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let i = 0; i < path.length; i++) {
    const char = path[i];
    if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '.' && depth === 0) {
      parts.push(path.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(path.slice(start));
  return parts;
}

/** I-3: what stands at a path. null counts as absent; only own properties count. */
export function find(input: Input, source: Source): Found {
  let at: SourceValue = source;
  for (const segment of segments(input.path)) {
    if (at === undefined || at === null || !isGroup(at)) return { missing: PARENT_MISSING };
    at = Object.hasOwn(at, segment) ? at[segment] : undefined;
  }
  if (at === undefined || at === null) return { missing: ABSENT };
  const value = fit(input.type, at);
  return value === undefined ? { missing: UNFIT } : { value };
}

/** I-7: the most bytes that the buffer of these inputs can take. @throws Fault rule_bound for a type without a sane bound */
export function inputBytesMax(inputs: readonly Input[]): number {
  return inputs.reduce((sum, input) => sum + SLOT_BYTES + heapBytes(input.type), 0);
}

/** The input buffer of a rule for this source. */
export function writeInputs(inputs: readonly Input[], source: Source): Uint8Array {
  return encodeInputs(inputs.map((input) => find(input, source)));
}

/** I-1, I-2: the input buffer of values already found. */
export function encodeInputs(found: readonly Found[]): Uint8Array {
  const size = found.reduce((sum, one) => sum + SLOT_BYTES + ('value' in one ? heapSize(one.value) : 0), 0);
  const buffer = new Uint8Array(size);
  const view = new DataView(buffer.buffer);
  let end = found.length * SLOT_BYTES;

  // I-5
  const block = (bytes: number): number => {
    const at = end;
    end = align8(end + bytes);
    return at;
  };
  const slot = (at: number, tag: number, length: number, payload: bigint): void => {
    view.setUint8(at, tag);
    view.setUint32(at + LENGTH_AT, length, true);
    view.setBigInt64(at + PAYLOAD_AT, payload, true);
  };
  const put = (at: number, value: Value): void => {
    const tag = tagOf(kindOf(value));
    if (isList(value)) {
      const offset = block(value.length * SLOT_BYTES);
      slot(at, tag, value.length, BigInt(offset));
      value.forEach((item, i) => put(offset + i * SLOT_BYTES, item));
    } else if (isMap(value)) {
      const offset = block(value.keys.length * ENTRY_BYTES);
      slot(at, tag, value.keys.length, BigInt(offset));
      for (let i = 0; i < value.keys.length; i++) {
        put(offset + i * ENTRY_BYTES, value.keys[i]);
        put(offset + i * ENTRY_BYTES + SLOT_BYTES, value.values[i]);
      }
    } else if (typeof value === 'string' || isBytes(value)) {
      const bytes = typeof value === 'string' ? utf8(value) : value;
      const offset = block(bytes.length);
      buffer.set(bytes, offset);
      slot(at, tag, bytes.length, BigInt(offset));
    } else slot(at, tag, nanosOf(value), payloadOf(value));
  };

  found.forEach((one, i) => {
    if ('value' in one) put(i * SLOT_BYTES, one.value);
    else slot(i * SLOT_BYTES, 0, 0, BigInt(one.missing));
  });
  return buffer;
}

const nanosOf = (value: Scalar): number => (typeof value === 'object' && value?.kind === 'ts' ? value.nanos : 0);

const SCALARS: readonly Kind[] = ['null', 'bool', 'int', 'uint', 'dbl', 'dur'];

/** The type by which a value of a kind is read where any may stand. */
function typeIn(kind: Kind, bytes: number, anything: Type): Type {
  if (kind === 'str') return str(bytes);
  if (kind === 'list') return list(anything, bytes);
  return kind === 'map' ? map(str(bytes), anything, bytes) : ({ kind } as Type);
}

/** I-2, of a scalar. */
function payloadOf(value: Scalar): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return doubleBits(value);
  if (value === null || typeof value === 'boolean') return value === true ? 1n : 0n;
  switch (value.kind) {
    case 'uint':
      return value.value;
    case 'ts':
      return value.seconds;
    case 'dur':
      return value.nanos;
    default:
      return BigInt(tagOf(value.of));
  }
}

/**
 * I-8: the exact inverse of `encodeInputs`. A buffer that the writer would not have written for these inputs is refused:
 * other tags, lengths over the bound, offsets elsewhere, bytes between, keys out of order, malformed UTF-8.
 * @throws Fault rule_inputs
 */
export function readInputs(inputs: readonly Input[], buffer: Uint8Array): readonly Found[] {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  let end = inputs.length * SLOT_BYTES;
  let place = '';

  const fail: (problem: string) => never = (problem) => {
    throw new Fault('rule_inputs', `input buffer, ${place}: ${problem}`, { place });
  };
  const block = (at: number, bytes: number): number => {
    const start = end;
    if (view.getBigUint64(at + PAYLOAD_AT, true) !== BigInt(start)) fail('an offset that is not the end of the heap');
    end = align8(start + bytes);
    if (end > buffer.length) fail('a block past the end');
    for (let i = start + bytes; i < end; i++) if (buffer[i] !== 0) fail('a byte between blocks that is not zero');
    return start;
  };
  const length = (at: number, max: number): number => {
    const value = view.getUint32(at + LENGTH_AT, true);
    if (value > max) fail('a length over the declared bound');
    return value;
  };
  const content = (at: number, max: number): Uint8Array => {
    const bytes = length(at, max);
    const start = block(at, bytes);
    return buffer.slice(start, start + bytes);
  };
  const double = (at: number): number => {
    const value = view.getFloat64(at + PAYLOAD_AT, true);
    if (!Number.isFinite(value) || Object.is(value, -0)) fail('a double that is not finite, or minus zero');
    return value;
  };
  const timestamp = (at: number): Value => {
    const nanos = length(at, 999_999_999);
    return timestampOf(view.getBigInt64(at + PAYLOAD_AT, true), BigInt(nanos)) ?? fail('a timestamp out of range');
  };
  const take = (at: number, type: Type, depth = 1): Value => {
    if (type.kind === 'dyn') return natural(at, type.bytes, depth);
    if (view.getUint32(at, true) !== tagOf(type.kind)) fail('a tag of another type');
    if (SCALARS.includes(type.kind)) length(at, 0);
    switch (type.kind) {
      case 'null':
        return view.getBigUint64(at + PAYLOAD_AT, true) === 0n ? null : fail('a null that is not 0');
      case 'bool': {
        const payload = view.getBigUint64(at + PAYLOAD_AT, true);
        if (payload > 1n) fail('a bool that is neither 0 nor 1');
        return payload === 1n;
      }
      case 'int':
        return view.getBigInt64(at + PAYLOAD_AT, true);
      case 'uint':
        return uint(view.getBigUint64(at + PAYLOAD_AT, true));
      case 'dbl':
        return double(at);
      case 'ts':
        return timestamp(at);
      case 'dur':
        return duration(view.getBigInt64(at + PAYLOAD_AT, true));
      case 'bytes':
        return content(at, type.bytes);
      case 'str': {
        const bytes = content(at, type.bytes);
        try {
          return fromUtf8(bytes);
        } catch {
          return fail('malformed UTF-8');
        }
      }
      case 'list': {
        const count = length(at, type.length);
        const start = block(at, count * SLOT_BYTES);
        return Array.from({ length: count }, (_, i) => take(start + i * SLOT_BYTES, type.item, depth));
      }
      case 'map':
        return entries(at, type, depth);
      default:
        return fail(`type ${type.kind} is no type of an input`);
    }
  };
  /** A dyn's value by its own tags: as `fit` makes it, at most `max` bytes of heap. */
  const natural = (at: number, max: number, depth: number): Value => {
    const kind = KINDS[view.getUint32(at, true)];
    if (!NATURAL_KINDS.includes(kind)) fail('a tag that no value of a dyn has');
    if (depth > DYN_DEPTH_MAX) fail(`more than ${DYN_DEPTH_MAX} levels`);
    const start = end;
    const anything: Type = { kind: 'dyn', bytes: max };
    const value = take(at, typeIn(kind, max, anything), depth + 1);
    if (end - start > max) fail('a value over the declared bound');
    if (typeof value === 'number' && Number.isSafeInteger(value)) fail('a double that is an int');
    if (kind === 'uint' && view.getBigInt64(at + PAYLOAD_AT, true) >= 0n) fail('a uint that is an int');
    return value;
  };
  const entries = (at: number, type: Extract<Type, { kind: 'map' }>, depth: number): MapValue => {
    const count = length(at, type.length);
    const start = block(at, count * ENTRY_BYTES);
    const keys: Value[] = [];
    const values: Value[] = [];
    for (let i = 0; i < count; i++) {
      const name = take(start + i * ENTRY_BYTES, type.key) as string;
      if (i > 0 && compareText(keys[i - 1] as string, name) >= 0) fail('map keys out of order');
      keys.push(name);
      values.push(take(start + i * ENTRY_BYTES + SLOT_BYTES, type.value, depth));
    }
    return { keys, values };
  };

  if (buffer.length < end) throw new Fault('rule_inputs', 'input buffer: fewer slots than inputs');
  const found = inputs.map((input, i): Found => {
    place = input.path;
    const at = i * SLOT_BYTES;
    if (buffer[at] !== 0) return { value: take(at, input.type) };
    const missing = view.getBigUint64(at + PAYLOAD_AT, true);
    if (view.getUint32(at, true) !== 0 || view.getUint32(at + LENGTH_AT, true) !== 0 || missing > 2n) fail('a malformed empty slot');
    return { missing: Number(missing) as Missing };
  });
  place = 'end';
  if (end !== buffer.length) fail('bytes after the heap');
  return found;
}
