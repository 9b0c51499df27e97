/** Values of the rule IR as the interpreter holds them, their order and equality (spec/rule-ir.md ). */
import type { Kind } from './type.ts';

/** A uint of 64 bits, apart from the ints. */
export interface Unsigned {
  readonly kind: 'uint';
  readonly value: bigint;
}
/** Seconds since 1970 and nanoseconds, 0 to 999,999,999. */
export interface Timestamp {
  readonly kind: 'ts';
  readonly seconds: bigint;
  readonly nanos: number;
}
export interface Duration {
  readonly kind: 'dur';
  readonly nanos: bigint;
}
/** A type as a value: `int`, `list`. */
export interface TypeValue {
  readonly kind: 'type';
  readonly of: Kind;
}

/** What lies in a slot whole: null, bool; int as bigint; double as number. */
export type Scalar = null | boolean | bigint | number | Unsigned | Timestamp | Duration | TypeValue;
/** string as well-formed text. */
export type Value = Scalar | string | Uint8Array | readonly Value[] | MapValue;

/** Keys are sorted and different: bools before numbers by value before strings bytewise. `values[i]` is that of `keys[i]`. */
export interface MapValue {
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
}

/** The one error: it has no code and no reason. */
export const ERROR: unique symbol = Symbol('error');
export type Result = Value | typeof ERROR;

export const uint = (value: bigint): Unsigned => ({ kind: 'uint', value });
export const duration = (nanos: bigint): Duration => ({ kind: 'dur', nanos });
export const typeValue = (of: Kind): TypeValue => ({ kind: 'type', of });

export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'dbl';
    case 'string':
      return 'str';
    default:
      if (value === null) return 'null';
      if (value instanceof Uint8Array) return 'bytes';
      return 'kind' in value ? value.kind : isList(value) ? 'list' : 'map';
  }
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isMap = (value: Value): value is MapValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) && !('kind' in value);
export const isUnsigned = (value: Value): value is Unsigned => kindOf(value) === 'uint';
export const isTimestamp = (value: Value): value is Timestamp => kindOf(value) === 'ts';
export const isDuration = (value: Value): value is Duration => kindOf(value) === 'dur';
export const isBytes = (value: Value): value is Uint8Array => value instanceof Uint8Array;
/** int or uint as it is in mathematics; undefined for anything else. */
export const wholeOf = (value: Value): bigint | undefined => (typeof value === 'bigint' ? value : isUnsigned(value) ? value.value : undefined);

/**
 * By code point, which is also the order of the UTF-8 bytes: JavaScript's own `<` goes by UTF-16 units and puts
 * "😀" before "\uFFFF".
 */
export function compareText(a: string, b: string): number {
  const least = Math.min(a.length, b.length);
  for (let i = 0; i < least; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogateX = x >= 0xd800 && x < 0xe000;
    const surrogateY = y >= 0xd800 && y < 0xe000;
    return surrogateX === surrogateY ? x - y : surrogateX ? 1 : -1;
  }
  return a.length - b.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const least = Math.min(a.length, b.length);
  for (let i = 0; i < least; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** Negative, zero or positive; NaN for what has no order though it may be compared. */
const order = <T extends bigint | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN);

/** Two numbers of any kinds: whole ones by value, with a double as doubles. Undefined when one is no number. */
function compareNumbers(a: Value, b: Value): number | undefined {
  const x = wholeOf(a);
  const y = wholeOf(b);
  if (x !== undefined && y !== undefined) return order(x, y);
  const p = typeof a === 'number' ? a : x;
  const q = typeof b === 'number' ? b : y;
  return p === undefined || q === undefined ? undefined : order(Number(p), Number(q));
}

/**
 * the order of `lt` and `le`: negative, zero, positive; NaN where neither is less (a NaN is among them);
 * undefined for values that are not compared.
 */
export function compareValues(a: Value, b: Value): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (isBytes(a) && isBytes(b)) return compareBytes(a, b);
  if (isTimestamp(a) && isTimestamp(b)) return order(a.seconds, b.seconds) || order(a.nanos, b.nanos);
  if (isDuration(a) && isDuration(b)) return order(a.nanos, b.nanos);
  return compareNumbers(a, b);
}

const rank = (value: Value): number => (typeof value === 'boolean' ? 0 : typeof value === 'string' ? 2 : 1);

/** The order of map keys of any kinds. */
export function compareKeys(a: Value, b: Value): number {
  return rank(a) === rank(b) ? (compareValues(a, b) ?? 0) : rank(a) - rank(b);
}

/** Deep equality: numbers by value, others of different kinds are different. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  if (isList(a)) return isList(b) && equalLists(a, b);
  if (isMap(a)) return isMap(b) && equalLists(a.keys, b.keys) && equalLists(a.values, b.values);
  const kind = kindOf(a);
  if (kind === 'type') return kindOf(b) === 'type' && (a as TypeValue).of === (b as TypeValue).of;
  return compareValues(a, b) === 0;
}

function equalLists(a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalValues(a[i], b[i])) return false;
  return true;
}

/** Where `key` stands in a map, or −1 − the place where it would be put. */
export function findKey(keys: readonly Value[], key: Value): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = compareKeys(keys[middle], key);
    if (found === 0) return middle;
    if (found < 0) low = middle + 1;
    else high = middle;
  }
  return -1 - low;
}

/** Unicode code points of a text. */
export function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xdc00 || code > 0xdfff) count += 1;
  }
  return count;
}

/** UTF-8 bytes of a well-formed text. */
export function textBytes(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3;
  }
  return bytes;
}
