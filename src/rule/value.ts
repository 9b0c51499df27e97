/** Values of the rule IR as the interpreter holds them, their order and equality (spec/rule-ir.md R-5). */

/** int as bigint, string as well-formed text. */
export type Value = boolean | bigint | string | readonly Value[] | MapValue;

/** Keys are sorted and different: bools before ints by value before strings bytewise. `values[i]` is that of `keys[i]`. */
export interface MapValue {
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
}

/** The one error: it has no code and no reason. */
export const ERROR: unique symbol = Symbol('error');
export type Result = Value | typeof ERROR;

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isMap = (value: Value): value is MapValue => typeof value === 'object' && !Array.isArray(value);

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

const rank = (value: Value): number => (typeof value === 'boolean' ? 0 : typeof value === 'bigint' ? 1 : 2);

/** The order of scalars of one type, and of map keys of any: negative, zero or positive. */
export function compareScalars(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return rank(a) - rank(b);
}

/** Deep equality. Values of different kinds are different. */
export function equalValues(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (isList(a)) return isList(b) && equalLists(a, b);
  return isMap(b) && equalLists(a.keys, b.keys) && equalLists(a.values, b.values);
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
    const order = compareScalars(keys[middle], key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
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
