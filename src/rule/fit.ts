/** Which values of a source fit a declared type, and what they are then (spec/input.md I-4). */
import { fitsI64, U64_MAX } from './constant.ts';
import { decodeBase64, encodeBase64 } from './text-function.ts';
import { parseDuration, parseTimestamp } from './time.ts';
import { align8, type Kind, type Type } from './type.ts';
import { compareText, isBytes, isList, isMap, textBytes, uint, type Value } from './value.ts';

/** JSON values as the machine holds them; bigint is allowed where an integer is. */
export type SourceValue = null | undefined | boolean | number | bigint | string | readonly SourceValue[] | { readonly [key: string]: SourceValue };
export type Source = { readonly [key: string]: SourceValue };

/** Levels of a dyn's value. */
export const DYN_DEPTH_MAX = 16;

export const isGroup = (value: SourceValue): value is { readonly [key: string]: SourceValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** I-4: the value as the type has it, or undefined when it is of another type or too large. */
export function fit(type: Type, value: SourceValue): Value | undefined {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'int': {
      const whole = wholeOf(value);
      return whole !== undefined && fitsI64(whole) ? whole : undefined;
    }
    case 'uint': {
      const whole = wholeOf(value);
      return whole !== undefined && whole >= 0n && whole <= U64_MAX ? uint(whole) : undefined;
    }
    case 'dbl': {
      if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
      const double = Number(value);
      // zero has one form here
      return Number.isFinite(double) ? double || 0 : undefined;
    }
    case 'ts':
      return typeof value === 'string' ? parseTimestamp(value) : undefined;
    case 'dur':
      return typeof value === 'string' ? parseDuration(value) : undefined;
    case 'str':
      return typeof value === 'string' && value.isWellFormed() && textBytes(value) <= type.bytes ? value : undefined;
    case 'bytes':
      return typeof value === 'string' ? bytesOf(value, type.bytes) : undefined;
    case 'list':
      return Array.isArray(value) && value.length <= type.length ? fitAll(value, (item) => fit(type.item, item)) : undefined;
    case 'map':
      return isGroup(value)
        ? fitEntries(
            value,
            type.length,
            (name) => fit(type.key, name),
            (item) => fit(type.value, item),
          )
        : undefined;
    case 'dyn': {
      const found = natural(value, 1);
      return found !== undefined && heapSize(found) <= type.bytes ? found : undefined;
    }
    default:
      return undefined;
  }
}

function wholeOf(value: SourceValue): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' ? value : undefined;
}

/** Base64 with padding, as encoding writes it. */
function bytesOf(text: string, max: number): Uint8Array | undefined {
  const bytes = decodeBase64(text);
  return bytes !== undefined && bytes.length <= max && encodeBase64(bytes) === text ? bytes : undefined;
}

function fitAll(items: readonly SourceValue[], one: (item: SourceValue) => Value | undefined): readonly Value[] | undefined {
  const fitted: Value[] = [];
  for (const item of items) {
    const value = one(item);
    if (value === undefined) return undefined;
    fitted.push(value);
  }
  return fitted;
}

/** I-6: in the order of the keys. */
function fitEntries(
  group: { readonly [key: string]: SourceValue },
  max: number,
  key: (name: SourceValue) => Value | undefined,
  of: (item: SourceValue) => Value | undefined,
): Value | undefined {
  const names = Object.keys(group).sort(compareText);
  if (names.length > max) return undefined;
  const keys = fitAll(names, key);
  const values = fitAll(
    names.map((name) => group[name]),
    of,
  );
  return keys === undefined || values === undefined ? undefined : { keys, values };
}

/** The value that JSON means by itself: integers are ints, those past 64 signed bits uints, other numbers doubles. */
function natural(value: SourceValue, depth: number): Value | undefined {
  if (depth > DYN_DEPTH_MAX) return undefined;
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return fitsI64(value) ? value : value >= 0n && value <= U64_MAX ? uint(value) : undefined;
  if (Array.isArray(value)) return fitAll(value, (item) => natural(item, depth + 1));
  if (!isGroup(value)) return undefined;
  const text = (name: SourceValue): Value | undefined => natural(name, 1);
  return fitEntries(value, Number.POSITIVE_INFINITY, text, (item) => natural(item, depth + 1));
}

/** The kinds that a dyn's values have. */
export const NATURAL_KINDS: readonly Kind[] = ['null', 'bool', 'int', 'uint', 'dbl', 'str', 'list', 'map'];

/** Bytes that a value takes in the heap. */
export function heapSize(value: Value): number {
  if (typeof value === 'string') return align8(textBytes(value));
  if (isBytes(value)) return align8(value.length);
  if (isList(value)) return value.reduce<number>((sum, item) => sum + 16 + heapSize(item), 0);
  return isMap(value) ? heapSize(value.keys) + heapSize(value.values) : 0;
}
