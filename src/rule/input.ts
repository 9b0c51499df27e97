/**
 * The input buffer (spec/input.md): everything that a rule may know, in one flat block of bytes that a receipt commits
 * to and that wasm, circuit and interpreter read alike.
 *
 *   buffer   one slot an input, in the program's order, then the heap; little-endian; a multiple of 8 bytes long
 *   slot     16 bytes: u8 tag, 3 zero bytes, u32 length, u64 payload
 *   tag      0 nothing (payload tells why), else the number of the type: 2 bool, 3 int, 8 string, 10 list, 11 map
 *   length   UTF-8 bytes of a string, items of a list, entries of a map; else 0
 *   payload  bool 0 or 1; int i64; else the offset of its bytes from the buffer's start
 *   heap     a string's bytes; a list's slots; a map's entries, each a key slot and a value slot, keys in bytewise order.
 *            A block is put where the heap ends, then what its slots refer to, slot by slot, depth first; the heap's end
 *            then moves to the next multiple of 8 (zero bytes between). An empty block takes nothing, its offset is the
 *            heap's end.
 *
 * This writer is the obviously correct one, for tests, explanations and anything that is not hot.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { fitsI64, type Input } from './ir.ts';
import { align8, heapBytes, type Type, tagOf } from './type.ts';
import { compareText, isList, isMap, type MapValue, textBytes, type Value } from './value.ts';

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

/** JSON values as the machine holds them; bigint is allowed where an int is. */
export type SourceValue = null | undefined | boolean | number | bigint | string | readonly SourceValue[] | { readonly [key: string]: SourceValue };
export type Source = { readonly [key: string]: SourceValue };

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

const isGroup = (value: SourceValue): value is { readonly [key: string]: SourceValue } => typeof value === 'object' && value !== null && !Array.isArray(value);

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

/** I-4: the value as the type has it, or undefined when it is of another type or too large. */
function fit(type: Type, value: SourceValue): Value | undefined {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'int':
      if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
      return typeof value === 'bigint' && fitsI64(value) ? value : undefined;
    case 'str':
      return typeof value === 'string' && value.isWellFormed() && textBytes(value) <= type.bytes ? value : undefined;
    case 'list':
      return Array.isArray(value) && value.length <= type.length ? fitAll(type.item, value) : undefined;
    case 'map': {
      if (!isGroup(value)) return undefined;
      const names = Object.keys(value);
      if (names.length > type.length) return undefined;
      // I-6
      names.sort(compareText);
      const keys = fitAll(type.key, names);
      const values = fitAll(
        type.value,
        names.map((name) => value[name]),
      );
      return keys === undefined || values === undefined ? undefined : { keys, values };
    }
    default:
      return undefined;
  }
}

function fitAll(type: Type, items: readonly SourceValue[]): readonly Value[] | undefined {
  const fitted: Value[] = [];
  for (const item of items) {
    const value = fit(type, item);
    if (value === undefined) return undefined;
    fitted.push(value);
  }
  return fitted;
}

/** I-7: the most bytes that the buffer of these inputs can take. @throws Fault rule_bound for a type without a sane bound */
export function inputBytesMax(inputs: readonly Input[]): number {
  return inputs.reduce((sum, input) => sum + SLOT_BYTES + heapBytes(input.type), 0);
}

/** Bytes that a value takes in the heap. */
function heapSize(value: Value): number {
  if (typeof value === 'string') return align8(textBytes(value));
  if (isList(value)) return value.reduce<number>((sum, item) => sum + SLOT_BYTES + heapSize(item), 0);
  if (isMap(value)) return heapSize(value.keys) + heapSize(value.values);
  return 0;
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
    if (typeof value === 'boolean') slot(at, tagOf('bool'), 0, value ? 1n : 0n);
    else if (typeof value === 'bigint') slot(at, tagOf('int'), 0, value);
    else if (typeof value === 'string') {
      const bytes = utf8(value);
      const offset = block(bytes.length);
      buffer.set(bytes, offset);
      slot(at, tagOf('str'), bytes.length, BigInt(offset));
    } else if (isMap(value)) {
      const offset = block(value.keys.length * ENTRY_BYTES);
      slot(at, tagOf('map'), value.keys.length, BigInt(offset));
      for (let i = 0; i < value.keys.length; i++) {
        put(offset + i * ENTRY_BYTES, value.keys[i]);
        put(offset + i * ENTRY_BYTES + SLOT_BYTES, value.values[i]);
      }
    } else {
      const offset = block(value.length * SLOT_BYTES);
      slot(at, tagOf('list'), value.length, BigInt(offset));
      for (let i = 0; i < value.length; i++) put(offset + i * SLOT_BYTES, value[i]);
    }
  };

  found.forEach((one, i) => {
    if ('value' in one) put(i * SLOT_BYTES, one.value);
    else slot(i * SLOT_BYTES, 0, 0, BigInt(one.missing));
  });
  return buffer;
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
  const take = (at: number, type: Type): Value => {
    if (view.getUint32(at, true) !== tagOf(type.kind)) fail('a tag of another type');
    switch (type.kind) {
      case 'bool': {
        const payload = view.getBigUint64(at + PAYLOAD_AT, true);
        if (length(at, 0) !== 0 || payload > 1n) fail('a bool that is neither 0 nor 1');
        return payload === 1n;
      }
      case 'int':
        length(at, 0);
        return view.getBigInt64(at + PAYLOAD_AT, true);
      case 'str': {
        const bytes = length(at, type.bytes);
        const start = block(at, bytes);
        try {
          return fromUtf8(buffer.subarray(start, start + bytes));
        } catch {
          return fail('malformed UTF-8');
        }
      }
      case 'list': {
        const count = length(at, type.length);
        const start = block(at, count * SLOT_BYTES);
        return Array.from({ length: count }, (_, i) => take(start + i * SLOT_BYTES, type.item));
      }
      case 'map':
        return entries(at, type.key, type.value, type.length);
      default:
        return fail(`type ${type.kind} is not available in this version`);
    }
  };
  const entries = (at: number, key: Type, value: Type, max: number): MapValue => {
    const count = length(at, max);
    const start = block(at, count * ENTRY_BYTES);
    const keys: Value[] = [];
    const values: Value[] = [];
    for (let i = 0; i < count; i++) {
      const name = take(start + i * ENTRY_BYTES, key) as string;
      if (i > 0 && compareText(keys[i - 1] as string, name) >= 0) fail('map keys out of order');
      keys.push(name);
      values.push(take(start + i * ENTRY_BYTES + SLOT_BYTES, value));
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
