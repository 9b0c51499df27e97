/** Values as literals of the expression language. */
import { doubleText } from './double.ts';
import { durationText, timestampText } from './time.ts';
import { typeName } from './type.ts';
import { ERROR, isBytes, isDuration, isList, isMap, isTimestamp, isUnsigned, type Result, type TypeValue } from './value.ts';

/** A text literal: what has no shape of its own is escaped. */
export function printText(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code < 32 || (code >= 127 && code < 160) || code === 0x2028 || code === 0x2029 || (code >= 0xfff0 && code < 0x10000))
      out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return `${out}"`;
}

/** A double with a point or an exponent; what has no literal by conversion. */
function printDouble(x: number): string {
  if (!Number.isFinite(x)) return `double("${doubleText(x)}")`;
  const text = doubleText(x);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function printBytes(bytes: Uint8Array): string {
  const chars = Array.from(bytes, (byte) =>
    byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return `b"${chars.join('')}"`;
}

/** A value as a literal of the language. */
export function printValue(value: Result): string {
  if (value === ERROR) return 'error';
  if (typeof value === 'string') return printText(value);
  if (typeof value === 'number') return printDouble(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return `[${value.map(printValue).join(', ')}]`;
  if (isMap(value)) return `{${value.keys.map((key, i) => `${printValue(key)}: ${printValue(value.values[i])}`).join(', ')}}`;
  if (isBytes(value)) return printBytes(value);
  if (isUnsigned(value)) return `${value.value}u`;
  if (isTimestamp(value)) return `timestamp("${timestampText(value)}")`;
  return isDuration(value) ? `duration("${durationText(value)}")` : typeName((value as TypeValue).of);
}
