/**
 * Types of the rule IR (spec/rule-ir.md R-2). Every type carries the bounds of its values: gas, memory and the input
 * buffer are computed from them before anything runs. The numbers are also the tags of slots (spec/input.md).
 */
import type { Reader, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { INPUT_BYTES_MAX } from '../base/limit.ts';

export type ScalarKind = 'null' | 'bool' | 'int' | 'uint' | 'dbl' | 'ts' | 'dur' | 'type';

export type Type =
  /** Of what never has a value, such as the item of `[]`: inferred only, never in a program's bytes. */
  | { readonly kind: 'none' }
  | { readonly kind: ScalarKind }
  /** `bytes`: most UTF-8 bytes, plain bytes, or (dyn) bytes of the whole value. */
  | { readonly kind: 'str' | 'bytes' | 'dyn'; readonly bytes: number }
  | { readonly kind: 'list'; readonly length: number; readonly item: Type }
  | { readonly kind: 'map'; readonly length: number; readonly key: Type; readonly value: Type };

export type Kind = Type['kind'];

/** Kind by number. 0 is the tag of an absent slot. The order never changes. */
export const KINDS: readonly Kind[] = ['none', 'null', 'bool', 'int', 'uint', 'dbl', 'ts', 'dur', 'str', 'bytes', 'list', 'map', 'dyn', 'type'];

export const tagOf = (kind: Kind): number => KINDS.indexOf(kind);

/** Levels of a declared type, `int` having one. */
export const TYPE_DEPTH_MAX = 8;
/** No value may have a larger bound than this many bytes: more is refused before any sum can lose precision. */
export const VALUE_BYTES_MAX = 2 ** 32;

export const NONE: Type = { kind: 'none' };
export const NULL: Type = { kind: 'null' };
export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const UINT: Type = { kind: 'uint' };
export const DOUBLE: Type = { kind: 'dbl' };
export const TIMESTAMP: Type = { kind: 'ts' };
export const DURATION: Type = { kind: 'dur' };
export const TYPE: Type = { kind: 'type' };
export const str = (bytes: number): Type => ({ kind: 'str', bytes });
export const plainBytes = (bytes: number): Type => ({ kind: 'bytes', bytes });
/** A value of any kind that takes at most so many bytes beside its slot. */
export const dyn = (bytes: number): Type => ({ kind: 'dyn', bytes });
export const list = (item: Type, length: number): Type => ({ kind: 'list', length, item });
export const map = (key: Type, value: Type, length: number): Type => ({ kind: 'map', length, key, value });

/** Items of a list, entries of a map; of a dyn as many as fit, at 16 bytes each. Else 0. */
export function lengthOf(type: Type): number {
  if (type.kind === 'dyn') return Math.floor(type.bytes * 0.0625);
  return type.kind === 'list' || type.kind === 'map' ? type.length : 0;
}

/** The next multiple of 8. */
export const align8 = (bytes: number): number => bytes + ((8 - (bytes % 8)) % 8);

/**
 * B(T), the most bytes that a value takes beside its own slot: 0 for scalars, the text rounded up to 8, 16 bytes
 * an item and 32 an entry with what these hold. It bounds the heap of the input buffer and is the size in gas.
 * @throws Fault rule_bound past VALUE_BYTES_MAX
 */
export function heapBytes(type: Type): number {
  const bytes = unboundedHeapBytes(type);
  if (bytes > VALUE_BYTES_MAX) throw new Fault('rule_bound', `a value of type ${typeText(type)} may take more than ${VALUE_BYTES_MAX} bytes`);
  return bytes;
}

function unboundedHeapBytes(type: Type): number {
  switch (type.kind) {
    case 'str':
    case 'bytes':
    case 'dyn':
      return align8(type.bytes);
    case 'list':
      return type.length * (16 + unboundedHeapBytes(type.item));
    case 'map':
      return type.length * (32 + unboundedHeapBytes(type.key) + unboundedHeapBytes(type.value));
    default:
      return 0;
  }
}

/** Same kinds at every depth; an always-empty item goes with anything. Bounds do not matter. */
export function compatible(a: Type, b: Type): boolean {
  if (a.kind === 'none' || b.kind === 'none') return true;
  if (a.kind === 'list' && b.kind === 'list') return compatible(a.item, b.item);
  if (a.kind === 'map' && b.kind === 'map') return compatible(a.key, b.key) && compatible(a.value, b.value);
  return a.kind === b.kind;
}

/** the least type that holds the values of both: of two kinds a dyn. */
export function join(a: Type, b: Type): Type {
  if (a.kind === 'none') return b;
  if (b.kind === 'none') return a;
  if (a.kind === 'list' && b.kind === 'list') return list(join(a.item, b.item), Math.max(a.length, b.length));
  if (a.kind === 'map' && b.kind === 'map') return map(join(a.key, b.key), join(a.value, b.value), Math.max(a.length, b.length));
  if (a.kind !== b.kind) return dyn(Math.max(unboundedHeapBytes(a), unboundedHeapBytes(b)));
  if ('bytes' in a && 'bytes' in b) return { kind: a.kind, bytes: Math.max(a.bytes, b.bytes) };
  return a;
}

/** Whether it is made of the kinds that the core profile has. */
export function isCoreType(type: Type): boolean {
  if (type.kind === 'list') return isCoreType(type.item);
  if (type.kind === 'map') return isCoreType(type.key) && isCoreType(type.value);
  return type.kind === 'bool' || type.kind === 'int' || type.kind === 'str' || type.kind === 'none';
}

/** `string(64)`, `list(int, 8)`: the text that manifests use. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'str':
      return `string(${type.bytes})`;
    case 'bytes':
    case 'dyn':
      return `${type.kind}(${type.bytes})`;
    case 'list':
      return `list(${typeText(type.item)}, ${type.length})`;
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)}, ${type.length})`;
    case 'dbl':
      return 'double';
    case 'ts':
      return 'timestamp';
    case 'dur':
      return 'duration';
    case 'null':
      return 'null_type';
    default:
      return type.kind;
  }
}

const NAMES: Readonly<Partial<Record<Kind, string>>> = {
  null: 'null_type',
  dbl: 'double',
  ts: 'google.protobuf.Timestamp',
  dur: 'google.protobuf.Duration',
  str: 'string',
};

/** the name of a type as a value, which is also the identifier that stands for it. */
export const typeName = (kind: Kind): string => NAMES[kind] ?? kind;

/** The type without its bounds, as errors show it: `list(string)`. */
export function kindText(type: Type): string {
  if (type.kind === 'list') return type.item.kind === 'none' ? 'list' : `list(${kindText(type.item)})`;
  if (type.kind === 'map') return type.key.kind === 'none' ? 'map' : `map(${kindText(type.key)}, ${kindText(type.value)})`;
  if ('bytes' in type) return type.kind === 'str' ? 'string' : type.kind;
  return typeText(type);
}

/** `an int`, `a list(string)`. */
export function kindPhrase(type: Type): string {
  const text = kindText(type);
  return text === 'dyn' ? 'a value of any type' : text === 'int' ? 'an int' : `a ${text}`;
}

/** a scalar is its number; others are `[str, bytes] [list, length, T] [map, length, K, V]`. */
export function writeType(writer: Writer, type: Type): void {
  const tag = tagOf(type.kind);
  if (type.kind === 'list') {
    writer.array(3);
    writer.uint(tag);
    writer.uint(type.length);
    writeType(writer, type.item);
  } else if (type.kind === 'map') {
    writer.array(4);
    writer.uint(tag);
    writer.uint(type.length);
    writeType(writer, type.key);
    writeType(writer, type.value);
  } else if ('bytes' in type) {
    writer.array(2);
    writer.uint(tag);
    writer.uint(type.bytes);
  } else writer.uint(tag);
}

/** Scalars that an input of the full profile may have: null and types are not among them. */
const INPUT_SCALARS: readonly Kind[] = ['bool', 'int', 'uint', 'dbl', 'ts', 'dur'];

/** The type of an input. @throws Fault cbor_*, rule_program for a number that is no type of an input in this profile */
export function readType(reader: Reader, core: boolean, depth = 1): Type {
  if (depth > TYPE_DEPTH_MAX) reader.fail('rule_program', `a type of more than ${TYPE_DEPTH_MAX} levels`);
  if (reader.bytes[reader.at] >>> 5 === 0) {
    const kind = KINDS[reader.uint()];
    if (core ? kind === 'bool' || kind === 'int' : INPUT_SCALARS.includes(kind)) return { kind: kind as ScalarKind };
    return reader.fail('rule_program', 'not a scalar type of an input of this profile');
  }
  const fields = reader.array();
  const kind = KINDS[reader.uint()];
  const expected = kind === 'str' || (!core && (kind === 'bytes' || kind === 'dyn')) ? 2 : kind === 'list' ? 3 : kind === 'map' ? 4 : 0;
  if (expected === 0 || fields !== expected) reader.fail('rule_program', 'not a type of an input of this profile');
  const bound = reader.uint();
  if (bound > INPUT_BYTES_MAX) reader.fail('rule_program', `a bound over ${INPUT_BYTES_MAX}`);
  if (kind === 'str' || kind === 'bytes' || kind === 'dyn') return { kind, bytes: bound };
  if (kind === 'list') return list(readType(reader, core, depth + 1), bound);
  const key = readType(reader, core, depth + 1);
  if (key.kind !== 'str') reader.fail('rule_program', 'keys of an input are strings');
  return map(key, readType(reader, core, depth + 1), bound);
}
