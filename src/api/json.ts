/**
 * Strict JSON from bytes (spec/http.md N-10 to N-16). What passes is exactly what `JSON.parse` gives; what has two
 * readings, or no exact one, is a fault that names the place.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { Fault } from '../base/fault.ts';
import { DEPTH_MAX } from '../base/limit.ts';
import { parseStrictly } from './json-strict.ts';
import type { Json, JsonObject } from './json-value.ts';

/** Levels of a request body: those of the arguments, and the ones that hold them in a batch. */
export const BODY_DEPTH_MAX = DEPTH_MAX + 4;

/** N-10: the text of UTF-8 bytes. A byte order mark stays, so that parsing refuses it. @throws Fault request_json */
export function textOf(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new Fault('request_json', 'the body is not valid UTF-8');
}

/**
 * N-11: one JSON value. A text that `JSON.stringify` writes just so has no duplicate key, no negative zero, no number
 * that changed as it was read and no odd escape: that is the fast path. All else goes through our own parser.
 * @throws Fault request_json, key_duplicate, key_forbidden, integer_too_large, not_finite, text_malformed, too_deep
 */
export function parseJson(text: string, depthMax = BODY_DEPTH_MAX): Json {
  if (text.includes('\\ud') || text.includes('"__proto__"')) return parseStrictly(text, depthMax);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
    if (isExact(value, depthMax) && JSON.stringify(value) === text) return value;
  } catch {
    // our own parser says where
  }
  return parseStrictly(text, depthMax);
}

/** No number past 2^53, no level past `levels`. The numbers are those of `JSON.parse`. */
function isExact(value: Json, levels: number): boolean {
  switch (typeof value) {
    case 'number':
      return !Number.isInteger(value) || Number.isSafeInteger(value);
    case 'object':
      if (value === null) return true;
      if (levels === 0) return false;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) if (!isExact(value[i], levels - 1)) return false;
        return true;
      }
      for (const key in value as JsonObject) if (!isExact((value as JsonObject)[key], levels - 1)) return false;
      return true;
    default:
      return true;
  }
}
