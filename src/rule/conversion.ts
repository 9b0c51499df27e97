/** Conversions (spec/rule-ir.md R-19): each takes a value of any kind and gives the error for one that it does not know. */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { int, unsigned } from './arithmetic.ts';
import { doubleText, parseDouble } from './double.ts';
import { durationText, parseDuration, parseTimestamp, timestampOf, timestampText } from './time.ts';
import { ERROR, isBytes, isDuration, isTimestamp, isUnsigned, kindOf, type Result, typeValue, type Value, wholeOf } from './value.ts';

const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

export function toInt(a: Value): Result {
  if (typeof a === 'number') return a > -TWO_63 && a < TWO_63 ? BigInt(Math.trunc(a)) : ERROR;
  if (typeof a === 'string') return /^[+-]?[0-9]+$/.test(a) ? int(wholeNumber(a)) : ERROR;
  if (isTimestamp(a)) return a.seconds;
  const whole = wholeOf(a);
  return whole === undefined ? ERROR : int(whole);
}

/** BigInt takes no plus sign. */
const wholeNumber = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', '')));

export function toUint(a: Value): Result {
  if (typeof a === 'number') return a >= 0 && a < TWO_64 ? unsigned(BigInt(Math.trunc(a))) : ERROR;
  if (typeof a === 'string') return /^[0-9]+$/.test(a) ? unsigned(BigInt(a)) : ERROR;
  const whole = wholeOf(a);
  return whole === undefined ? ERROR : unsigned(whole);
}

export function toDouble(a: Value): Result {
  if (typeof a === 'number') return a;
  if (typeof a === 'string') return parseDouble(a) ?? ERROR;
  const whole = wholeOf(a);
  // Number() of a bigint is the nearest double, ties to even
  return whole === undefined ? ERROR : Number(whole);
}

export function toText(a: Value): Result {
  if (typeof a === 'string') return a;
  if (typeof a === 'boolean' || typeof a === 'bigint') return String(a);
  if (typeof a === 'number') return doubleText(a);
  if (isBytes(a)) return textOf(a);
  if (isTimestamp(a)) return timestampText(a);
  if (isDuration(a)) return durationText(a);
  return isUnsigned(a) ? String(a.value) : ERROR;
}

function textOf(bytes: Uint8Array): Result {
  try {
    return fromUtf8(bytes);
  } catch {
    return ERROR;
  }
}

export const toBytes = (a: Value): Result => (typeof a === 'string' ? utf8(a) : isBytes(a) ? a : ERROR);

const TRUE_TEXTS: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE_TEXTS: readonly string[] = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

export function toBool(a: Value): Result {
  if (typeof a === 'boolean') return a;
  if (typeof a !== 'string') return ERROR;
  return TRUE_TEXTS.includes(a) ? true : FALSE_TEXTS.includes(a) ? false : ERROR;
}

export function toTimestamp(a: Value): Result {
  if (isTimestamp(a)) return a;
  if (typeof a === 'bigint') return timestampOf(a, 0n) ?? ERROR;
  return typeof a === 'string' ? (parseTimestamp(a) ?? ERROR) : ERROR;
}

export const toDuration = (a: Value): Result => (isDuration(a) ? a : typeof a === 'string' ? (parseDuration(a) ?? ERROR) : ERROR);

export const toType = (a: Value): Result => typeValue(kindOf(a));
