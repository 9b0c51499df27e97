/** The functions of texts (spec/rule-ir.md R-23). Places count code points. */
import { codePoints, ERROR, isBytes, isList, type Result, type Value } from './value.ts';

/** A place in a text: undefined when it is no int or not from 0 to `size`. */
const placeIn = (value: Value | undefined, size: number): number | undefined =>
  typeof value === 'bigint' && value >= 0n && value <= BigInt(size) ? Number(value) : undefined;

const WHITE: ReadonlySet<string> = new Set(
  [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, ...Array.from({ length: 11 }, (_, i) => 0x2000 + i)].map(
    (code) => String.fromCharCode(code),
  ),
);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** A function of a text by name. `operands[0]` is the text; optional ones are undefined when left out. */
export function textFunction(name: string, operands: readonly (Value | undefined)[]): Result {
  const [text, second, third, fourth] = operands;
  if (typeof text !== 'string') return ERROR;
  switch (name) {
    case 'charAt':
      return charAt([...text], second);
    case 'indexOf':
      return typeof second === 'string' ? indexOf(text, second, left(third, 0n)) : ERROR;
    case 'lastIndexOf':
      return typeof second === 'string' ? lastIndexOf(text, second, third) : ERROR;
    case 'lowerAscii':
      return text.replace(/[A-Z]/g, (char) => char.toLowerCase());
    case 'upperAscii':
      return text.replace(/[a-z]/g, (char) => char.toUpperCase());
    case 'replace':
      return replace(text, second, third, left(fourth, -1n));
    case 'split':
      return split(text, second, left(third, -1n));
    case 'substring':
      return substring([...text], second, third);
    case 'trim':
      return trim([...text]);
    case 'reverse':
      return [...text].reverse().join('');
    case 'strings.quote':
      return `"${[...text].map((char) => ESCAPES.get(char) ?? char).join('')}"`;
    default:
      return ERROR;
  }
}

/** An operand that may be left out; null is one that was given. */
const left = (operand: Value | undefined, otherwise: bigint): Value => (operand === undefined ? otherwise : operand);

function charAt(chars: readonly string[], index: Value | undefined): Result {
  const at = placeIn(index, chars.length);
  return at === undefined ? ERROR : (chars[at] ?? '');
}

/** The place of an offset in UTF-16 units; −1 stays. A well-formed part stands only at whole code points. */
const placeOf = (text: string, units: number): bigint => (units < 0 ? -1n : BigInt(codePoints(text.slice(0, units))));

function indexOf(text: string, part: string, from: Value): Result {
  const chars = [...text];
  const start = placeIn(from, chars.length);
  return start === undefined ? ERROR : placeOf(text, text.indexOf(part, chars.slice(0, start).join('').length));
}

function lastIndexOf(text: string, part: string, upTo: Value | undefined): Result {
  const chars = [...text];
  const last = upTo === undefined ? chars.length : placeIn(upTo, chars.length);
  return last === undefined ? ERROR : placeOf(text, text.lastIndexOf(part, chars.slice(0, last).join('').length));
}

/** The pieces around the first `limit` places where `part` stands; all where it is negative. */
function cut(text: string, part: string, limit: bigint): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let left = limit; left !== 0n; left--) {
    const at = text.indexOf(part, start);
    if (at < 0) break;
    pieces.push(text.slice(start, at));
    start = at + part.length;
  }
  return [...pieces, text.slice(start)];
}

function replace(text: string, part: Value | undefined, by: Value | undefined, limit: Value): Result {
  if (typeof part !== 'string' || typeof by !== 'string' || typeof limit !== 'bigint') return ERROR;
  if (part !== '') return cut(text, part, limit).join(by);
  const chars = [...text];
  let left = limit < 0n || limit > BigInt(chars.length) ? chars.length + 1 : Number(limit);
  let made = '';
  for (const char of [...chars, '']) {
    if (left > 0) made += by;
    left -= 1;
    made += char;
  }
  return made;
}

function split(text: string, separator: Value | undefined, limit: Value): Result {
  if (typeof separator !== 'string' || typeof limit !== 'bigint') return ERROR;
  if (limit === 0n) return [];
  if (separator !== '') return cut(text, separator, limit < 0n ? limit : limit - 1n);
  const chars = [...text];
  if (limit < 0n || limit >= BigInt(chars.length)) return chars;
  const whole = Number(limit) - 1;
  return [...chars.slice(0, whole), chars.slice(whole).join('')];
}

function substring(chars: readonly string[], from: Value | undefined, to: Value | undefined): Result {
  const start = placeIn(from, chars.length);
  const end = to === undefined ? chars.length : placeIn(to, chars.length);
  return start === undefined || end === undefined || start > end ? ERROR : chars.slice(start, end).join('');
}

function trim(chars: readonly string[]): string {
  let start = 0;
  let end = chars.length;
  while (start < end && WHITE.has(chars[start])) start += 1;
  while (end > start && WHITE.has(chars[end - 1])) end -= 1;
  return chars.slice(start, end).join('');
}

/** R-23, join. */
export function join(items: Value, separator: Value | undefined): Result {
  if (!isList(items) || (separator !== undefined && typeof separator !== 'string')) return ERROR;
  return items.every((item) => typeof item === 'string') ? items.join(separator ?? '') : ERROR;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** R-23, base64.encode. */
export function encodeBase64(bytes: Value): Result {
  if (!isBytes(bytes)) return ERROR;
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const chars = [18, 12, 6, 0].map((shift) => ALPHABET[(group >>> shift) & 63]);
    text += chars.map((char, j) => (i + j <= bytes.length ? char : '=')).join('');
  }
  return text;
}

/** R-23, base64.decode: with padding or none; undefined for anything that encoding would not have made. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bare = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text;
  if (bare.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(bare)) return undefined;
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const char of bare) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >>> count) & 255);
    }
  }
  return (bits & ((1 << count) - 1)) === 0 ? new Uint8Array(bytes) : undefined;
}
