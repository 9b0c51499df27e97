/** JSON values, and the paths that name a place in one. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const KEY_SHOWN_MAX = 64;

/** N-15: one step of a JSON path (RFC 9535): `.name`, `['odd name']` or `[3]`. */
export function step(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  if (PLAIN_KEY.test(key)) return `.${key}`;
  const shown = key.length > KEY_SHOWN_MAX ? `${key.slice(0, KEY_SHOWN_MAX).toWellFormed()}…` : key.toWellFormed();
  return `['${shown.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
}

/** The path to the first place that is nested deeper than `levels` in `value`, or null. For messages only. */
export function pathTooDeep(value: unknown, levels: number, path = '$'): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return path;
  for (const [key, item] of Object.entries(value)) {
    const found = pathTooDeep(item, levels - 1, path + step(Array.isArray(value) ? Number(key) : key));
    if (found !== null) return found;
  }
  return null;
}

const escapeChar = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** JSON of a text in ASCII: replies are written one byte a character. */
export const jsonAscii = (text: string): string => JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, escapeChar);

/** Any value as ASCII JSON. */
export const valueAscii = (value: Json): string => JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, escapeChar);
