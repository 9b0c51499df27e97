/** Plain JSON values: an exact copy of what is judged and run, and a readable copy of what is only told. */
import { localError } from './error.ts';

export type Plain = null | boolean | number | string | readonly Plain[] | PlainObject;
export interface PlainObject {
  readonly [key: string]: Plain;
}

/** As the node has it (spec/http.md N-16). */
const DEPTH_MAX = 16;
/** Characters of a result that is told; a sidecar holds 196,608 bytes. */
const TOLD_CHARACTERS_MAX = 48_000;
const ERROR_CHARACTERS_MAX = 4_000;

const isRecord = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * An exact copy: what is judged is then what is run, whatever becomes of the original. Fields that are `undefined` are
 * left out. @throws AvaError for what JSON cannot say: other objects, functions, bigints, NaN, cycles, …
 */
export function exactCopy(value: unknown, at = '$', depth = 0): Plain {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw localError('text_malformed', `the text at ${at} has a lone surrogate`, { context: { path: at } });
      return value;
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0))
        throw localError('not_finite', `the number at ${at} is not finite or negative zero`, { context: { path: at } });
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw localError('integer_too_large', `the integer at ${at} is past 2^53`, { context: { path: at } });
      return value;
    case 'object': {
      if (value === null) return null;
      if (depth === DEPTH_MAX) throw localError('too_deep', `the value at ${at} is nested too deeply`, { context: { path: at } });
      if (Array.isArray(value)) return Array.from(value as unknown[], (item, i) => exactCopy(item, `${at}[${i}]`, depth + 1));
      if (!isRecord(value)) break;
      const copy: Record<string, Plain> = {};
      for (const key of Object.keys(value)) {
        const item = (value as Record<string, unknown>)[key];
        if (item === undefined) continue;
        if (key === '__proto__') throw localError('key_forbidden', `a key at ${at} is __proto__`, { context: { path: at } });
        if (!key.isWellFormed()) throw localError('text_malformed', `a key at ${at} has a lone surrogate`, { context: { path: at } });
        copy[key] = exactCopy(item, `${at}.${key}`, depth + 1);
      }
      return copy;
    }
  }
  throw localError('request_shape', `the value at ${at} is no plain JSON`, { context: { path: at } });
}

/** The arguments of a call as an object: a single value that is none stands under `input`. @throws AvaError */
export function argumentsOf(value: unknown): PlainObject {
  const copy = exactCopy(value ?? {});
  return typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? (copy as PlainObject) : { input: copy };
}

function readable(value: unknown, depth: number, budget: { left: number }): Plain {
  if (budget.left <= 0) return null;
  budget.left -= 8;
  switch (typeof value) {
    case 'string': {
      const text = value.slice(0, budget.left).toWellFormed();
      budget.left -= text.length;
      return text;
    }
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value + 0 : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      if (value instanceof Error) return value.message;
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
      if (depth === DEPTH_MAX) return '…';
      if (Array.isArray(value)) return value.slice(0, budget.left).map((item) => readable(item, depth + 1, budget));
      break;
    default:
      return null;
  }
  const copy: Record<string, Plain> = {};
  const entries = value instanceof Map ? value.entries() : value instanceof Set ? [...value].entries() : Object.entries(value);
  for (const [name, item] of entries) {
    const key = String(name).slice(0, 256).toWellFormed();
    if (budget.left <= 0) break;
    if (key === '__proto__' || item === undefined || typeof item === 'function') continue;
    budget.left -= key.length;
    copy[key] = readable(item, depth + 1, budget);
  }
  return copy;
}

/**
 * What a tool returned, as it is told to AVA: JSON, within the bounds of an outcome. What it cannot say is said as
 * well as possible, what is past the bound is left out; what AVA has not seen counts as seen nowhere.
 */
export function told(value: unknown): Plain {
  try {
    return readable(value, 0, { left: TOLD_CHARACTERS_MAX });
  } catch {
    // a getter that throws: nothing of it is told
    return null;
  }
}

/** A failure as it is told. */
export function toldError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, ERROR_CHARACTERS_MAX).toWellFormed();
}
