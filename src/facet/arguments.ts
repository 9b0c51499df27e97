/** Values of a call's arguments, found by path: own properties only, lists entered, bounded. */
import type { ArgPath } from './map.ts';

/** Values looked at for one path. */
export const FOUND_MAX = 256;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * T-7: appends the values at `path` to `out`; lists on the way and at its end are entered; null and absent give none.
 * Returns false when more than `FOUND_MAX` stand there: the caller then knows only some of them.
 */
export function findValues(value: unknown, path: ArgPath, at: number, out: unknown[]): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!findValues(value[i], path, at, out)) return false;
    return true;
  }
  if (at < path.length) {
    const key = path[at];
    return !isObject(value) || !Object.hasOwn(value, key) || findValues(value[key], path, at + 1, out);
  }
  if (out.length >= FOUND_MAX) return false;
  out.push(value);
  return true;
}

/** Is the UTF-8 of `text` at most `max` bytes? */
export function fits(text: string, max: number): boolean {
  const length = text.length;
  if (length * 3 <= max) return true;
  if (length > max) return false;
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3;
  }
  return bytes <= max;
}
