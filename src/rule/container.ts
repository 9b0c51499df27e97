/** Lists and maps (spec/rule-ir.md ): looking into them, and putting them together. */
import { codePoints, ERROR, equalValues, findKey, isBytes, isList, isMap, isUnsigned, type MapValue, type Result, type Value, wholeOf } from './value.ts';

export function size(of: Value): Result {
  if (typeof of === 'string') return BigInt(codePoints(of));
  if (isBytes(of) || isList(of)) return BigInt(of.length);
  return isMap(of) ? BigInt(of.keys.length) : ERROR;
}

/** The value as an integer, where it is a number without a fraction. */
function integral(value: Value): bigint | undefined {
  if (typeof value !== 'number') return wholeOf(value);
  return Number.isInteger(value) ? BigInt(value) : undefined;
}

const isKey = (value: Value): boolean => typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'string' || isUnsigned(value);

/** Where a key stands; −1 for one that is not there, undefined for what is no key. A double finds the integer that it equals. */
function place({ keys }: MapValue, key: Value): number | undefined {
  if (typeof key === 'number') {
    const whole = integral(key);
    return whole === undefined ? -1 : Math.max(-1, findKey(keys, whole));
  }
  return isKey(key) ? Math.max(-1, findKey(keys, key)) : undefined;
}

export function get(container: Value, key: Value): Result {
  if (isList(container)) {
    const index = integral(key);
    return index !== undefined && index >= 0n && index < BigInt(container.length) ? container[Number(index)] : ERROR;
  }
  if (!isMap(container)) return ERROR;
  const at = place(container, key) ?? -1;
  return at >= 0 ? container.values[at] : ERROR;
}

export function has(container: Value, key: Value): Result {
  const at = isMap(container) ? place(container, key) : undefined;
  return at === undefined ? ERROR : at >= 0;
}

export function member(value: Value, container: Value): Result {
  return isList(container) ? container.some((item) => equalValues(item, value)) : has(container, value);
}

/** Keys and values in turn. A key given twice, or that is none, is an error. */
export function mapOf(operands: readonly Value[]): Result {
  const keys: Value[] = [];
  const values: Value[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const key = operands[i];
    const at = isKey(key) ? findKey(keys, key) : 0;
    if (at >= 0) return ERROR;
    keys.splice(-1 - at, 0, key);
    values.splice(-1 - at, 0, operands[i + 1]);
  }
  return { keys, values };
}

/** R-23, merge. */
export function merge(maps: Value): Result {
  if (!isList(maps) || !maps.every(isMap)) return ERROR;
  return mapOf(maps.flatMap((one) => one.keys.flatMap((key, i) => [key, one.values[i]])));
}

export interface Item {
  readonly key: Value;
  readonly elem: Value;
  /** What a variable of a macro means by itself. */
  readonly iter: Value;
}

/** The rounds of a fold; undefined for what is no list and no map. */
export function itemsOf(range: Value): readonly Item[] | undefined {
  if (isList(range)) return range.map((elem, i) => ({ key: BigInt(i), elem, iter: elem }));
  return isMap(range) ? range.keys.map((key, i) => ({ key, elem: range.values[i], iter: key })) : undefined;
}
