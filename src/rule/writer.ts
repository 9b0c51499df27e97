/**
 * The planned writer of input buffers (spec/input.md): byte for byte what `writeInputs` makes, specialised once a rule
 * and then run for each decision, where writing the inputs costs more than judging. It allocates nothing but, for a
 * text past ASCII_LOOP_MAX or outside ASCII, one view.
 */
import { ABSENT, ENTRY_BYTES, LENGTH_AT, PARENT_MISSING, PAYLOAD_AT, segments, SLOT_BYTES, type Source, type SourceValue, UNFIT } from './input.ts';
import { fitsI64, type Input } from './ir.ts';
import { align8, tagOf, type Type } from './type.ts';
import { compareText } from './value.ts';

/**
 * Writes the inputs found in `source` into `memory` from byte 0 and returns how many bytes the buffer takes. `view`
 * shows the same bytes. The memory must hold `inputBytesMax(inputs)`; bytes past the returned number may have changed.
 */
export type InputWriter = (source: Source, memory: Uint8Array, view: DataView) => number;

/** Writes a value into the slot at `at` and its heap from `end` on; returns the heap's new end, or UNFITTING. */
type Put = (memory: Uint8Array, view: DataView, at: number, value: SourceValue, end: number) => number;
type Group = { readonly [key: string]: SourceValue };
/** What stands at a path's parent: the group, or null when it is missing. */
type Getter = (source: Source) => Group | null;

const UNFITTING = -1;
/** Up to so many characters a loop is faster than the encoder and the view that it needs. */
const ASCII_LOOP_MAX = 32;
const TAG_BOOL = tagOf('bool');
const TAG_INT = tagOf('int');
const TAG_STR = tagOf('str');
const TAG_LIST = tagOf('list');
const TAG_MAP = tagOf('map');

const encoder = new TextEncoder();
const prototype = Object.prototype as unknown as Group;

function slot(view: DataView, at: number, tag: number, length: number, payload: number): void {
  view.setInt32(at, tag, true);
  view.setInt32(at + LENGTH_AT, length, true);
  view.setInt32(at + PAYLOAD_AT, payload, true);
  view.setInt32(at + PAYLOAD_AT + 4, 0, true);
}

function putBool(_: Uint8Array, view: DataView, at: number, value: SourceValue, end: number): number {
  if (typeof value !== 'boolean') return UNFITTING;
  slot(view, at, TAG_BOOL, 0, value ? 1 : 0);
  return end;
}

function putInt(_: Uint8Array, view: DataView, at: number, value: SourceValue, end: number): number {
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
    // setInt32 takes the low 32 bits; exact: division by a power of two only moves the exponent
    view.setInt32(at + PAYLOAD_AT, value, true);
    view.setInt32(at + PAYLOAD_AT + 4, Math.floor(value / 0x100000000), true);
  } else {
    if (typeof value !== 'bigint' || !fitsI64(value)) return UNFITTING;
    view.setBigInt64(at + PAYLOAD_AT, value, true);
  }
  view.setInt32(at, TAG_INT, true);
  view.setInt32(at + LENGTH_AT, 0, true);
  return end;
}

function putText(memory: Uint8Array, view: DataView, at: number, text: string, end: number, bytesMax: number): number {
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
  const after = end + align8(written);
  for (let i = end + written; i < after; i++) memory[i] = 0;
  slot(view, at, TAG_STR, written, end);
  return after;
}

/** The writer of one type. */
function putOf(type: Type): Put {
  switch (type.kind) {
    case 'bool':
      return putBool;
    case 'int':
      return putInt;
    case 'str': {
      const { bytes } = type;
      return (memory, view, at, value, end) => (typeof value === 'string' ? putText(memory, view, at, value, end, bytes) : UNFITTING);
    }
    case 'list':
      return putList(putOf(type.item), type.length);
    case 'map':
      return putMap(putOf(type.key), putOf(type.value), type.length);
    default:
      return () => UNFITTING;
  }
}

const putList = (putItem: Put, lengthMax: number): Put => (memory, view, at, value, end) => {
  if (!Array.isArray(value) || value.length > lengthMax) return UNFITTING;
  const items = value as readonly SourceValue[];
  slot(view, at, TAG_LIST, items.length, end);
  let after = end + items.length * SLOT_BYTES;
  for (let i = 0; i < items.length; i++) {
    after = putItem(memory, view, end + i * SLOT_BYTES, items[i], after);
    if (after === UNFITTING) return UNFITTING;
  }
  return after;
};

const putMap = (putKey: Put, putValue: Put, lengthMax: number): Put => (memory, view, at, value, end) => {
  if (!isGroup(value)) return UNFITTING;
  const keys = Object.keys(value);
  if (keys.length > lengthMax) return UNFITTING;
  for (let i = 1; i < keys.length; i++) {
    if (compareText(keys[i - 1], keys[i]) > 0) {
      keys.sort(compareText);
      break;
    }
  }
  slot(view, at, TAG_MAP, keys.length, end);
  let after = end + keys.length * ENTRY_BYTES;
  for (let i = 0; i < keys.length; i++) {
    const entry = end + i * ENTRY_BYTES;
    after = putKey(memory, view, entry, keys[i], after);
    if (after === UNFITTING) return UNFITTING;
    after = putValue(memory, view, entry + SLOT_BYTES, value[keys[i]], after);
    if (after === UNFITTING) return UNFITTING;
  }
  return after;
};

const isGroup = (value: SourceValue): value is Group => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The own property of a group, or undefined. `Object.hasOwn` would cost ten times a plain read: it is asked only when
 * the property may be inherited, because Object.prototype has it, too.
 */
function own(group: Group, key: string): SourceValue {
  const value = group[key];
  return value === undefined || prototype[key] === undefined || Object.hasOwn(group, key) ? value : undefined;
}

function getterOf(parents: readonly string[]): Getter {
  if (parents.length === 0) return (source) => (isGroup(source) ? source : null);
  if (parents.length === 1) {
    const [key] = parents;
    return (source) => {
      if (!isGroup(source)) return null;
      const value = own(source, key);
      return isGroup(value) ? value : null;
    };
  }
  const outer = getterOf(parents.slice(0, -1));
  const key = parents[parents.length - 1];
  return (source) => {
    const group = outer(source);
    if (group === null) return null;
    const value = own(group, key);
    return isGroup(value) ? value : null;
  };
}

/** A writer for these inputs, to be kept as long as the rule. */
export function planWriter(inputs: readonly Input[]): InputWriter {
  const plans = inputs.map(({ path, type }, i) => {
    const parts = segments(path);
    return { at: i * SLOT_BYTES, parent: getterOf(parts.slice(0, -1)), key: parts[parts.length - 1], put: putOf(type) };
  });
  const heap = inputs.length * SLOT_BYTES;
  return (source, memory, view) => {
    let end = heap;
    for (let i = 0; i < plans.length; i++) {
      const { at, parent, key, put } = plans[i];
      const group = parent(source);
      if (group === null) slot(view, at, 0, 0, PARENT_MISSING);
      else {
        const value = own(group, key);
        if (value === undefined || value === null) slot(view, at, 0, 0, ABSENT);
        else {
          const after = put(memory, view, at, value, end);
          if (after === UNFITTING) slot(view, at, 0, 0, UNFIT);
          else end = after;
        }
      }
    }
    return end;
  };
}
