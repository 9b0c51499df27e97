/** Tokens of the expression language (CEL's lexical grammar), each with its place. */

import { decimalValue } from './double.ts';
import { type Literal, type Place, refuse, SOURCE_BYTES_MAX } from './syntax.ts';
import { textBytes } from './value.ts';

export type Token =
  | { readonly kind: 'literal'; readonly text: string; readonly literal: Literal; readonly place: Place }
  /** `quoted`: a field between backquotes, without them. */
  | { readonly kind: 'word' | 'quoted' | 'mark' | 'end'; readonly text: string; readonly place: Place };

const MARKS = ['&&', '||', '==', '!=', '<=', '>=', '<', '>', '+', '-', '*', '/', '%', '!', '?', ':', ',', '.', '(', ')', '[', ']', '{', '}'];
const BLANK = /[\t\n\f\r ]+|\/\/[^\n]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?/y;
const QUOTED = /`([A-Za-z0-9_.\-/ ]+)`/y;
const QUOTE = /([rRbB]{0,2})('''|"""|'|")/y;
/** One past the largest int: only a minus sign makes it one (the parser joins them). */
export const INT_LITERAL_MAX = 2n ** 63n;
const UINT_LITERAL_MAX = 2n ** 64n - 1n;

/** @throws Fault rule_syntax, rule_bound */
export function tokenise(source: string): readonly Token[] {
  const start: Place = { line: 1, column: 1, offset: 0 };
  if (!source.isWellFormed()) refuse('rule_syntax', start, 'the text has a lone surrogate');
  if (textBytes(source) > SOURCE_BYTES_MAX) refuse('rule_bound', start, `the expression has more than ${SOURCE_BYTES_MAX} bytes`);
  const tokens: Token[] = [];
  let last = start;
  /** The place of an offset at or after the last one asked for. */
  const placeAt = (offset: number): Place => {
    let { line, column } = last;
    for (let i = last.offset; i < offset; i++) {
      const code = source.charCodeAt(i);
      if (code === 10) {
        line += 1;
        column = 1;
      } else if (code < 0xdc00 || code > 0xdfff) column += 1;
    }
    last = { line, column, offset };
    return last;
  };
  const match = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  let at = 0;
  while (at < source.length) {
    const blank = match(BLANK, at);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const place = placeAt(at);
    const quote = match(QUOTE, at);
    const number = match(NUMBER, at);
    const word = match(WORD, at);
    const quoted = match(QUOTED, at);
    if (quote !== null) {
      const { literal, end } = readString(source, at, quote, place);
      tokens.push({ kind: 'literal', text: source.slice(at, end), literal, place });
      at = end;
    } else if (number !== null) {
      const text = number[0];
      const end = at + text.length;
      if (match(WORD, end) !== null) refuse('rule_syntax', place, `\`${text}${match(WORD, end)?.[0]}\` is not a number`);
      tokens.push({ kind: 'literal', text, literal: readNumber(text, place), place });
      at = end;
    } else if (word !== null) {
      tokens.push({ kind: 'word', text: word[0], place });
      at += word[0].length;
    } else if (quoted !== null) {
      tokens.push({ kind: 'quoted', text: quoted[1], place });
      at += quoted[0].length;
    } else {
      const mark = MARKS.find((one) => source.startsWith(one, at));
      if (mark === undefined) refuse('rule_syntax', place, markProblem(source, at));
      tokens.push({ kind: 'mark', text: mark, place });
      at += mark.length;
    }
  }
  tokens.push({ kind: 'end', text: '', place: placeAt(source.length) });
  return tokens;
}

function markProblem(source: string, at: number): string {
  const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (char === '=') return '`=` is not an operator; `==`?';
  if (char === '&' || char === '|') return `\`${char}\` is not an operator; \`${char}${char}\`?`;
  return `\`${char}\` has no meaning here`;
}

function readNumber(text: string, place: Place): Literal {
  const hexadecimal = /^0[xX]/.test(text);
  if (!hexadecimal && /[.eE]/.test(text)) {
    const value = decimalValue(text);
    if (!Number.isFinite(value)) refuse('rule_syntax', place, `\`${text}\` is past the largest double`);
    return { type: 'double', value };
  }
  if (/[uU]$/.test(text)) {
    const value = BigInt(text.slice(0, -1));
    if (value > UINT_LITERAL_MAX) refuse('rule_syntax', place, `\`${text}\` is past 64 bits`);
    return { type: 'uint', value };
  }
  const value = BigInt(text);
  if (value > INT_LITERAL_MAX) refuse('rule_syntax', place, `\`${text}\` is past 64 bits`);
  return { type: 'int', value };
}

const SIMPLE: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
  ['?', 63],
  ['"', 34],
  ["'", 39],
  ['`', 96],
]);
const ESCAPE = /\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y;

function readString(source: string, start: number, quote: RegExpExecArray, place: Place): { literal: Literal; end: number } {
  const prefix = quote[1].toLowerCase();
  if (prefix === 'rr' || prefix === 'bb') refuse('rule_syntax', place, `\`${quote[1]}\` is not a prefix of a string`);
  const raw = prefix.includes('r');
  const isBytes = prefix.includes('b');
  const mark = quote[2];
  const long = mark.length === 3;
  const bytes: number[] = [];
  let text = '';
  let at = start + quote[0].length;
  for (;;) {
    if (at >= source.length) refuse('rule_syntax', place, 'the string has no end');
    if (source.startsWith(mark, at)) break;
    const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
    if (!long && (char === '\n' || char === '\r')) refuse('rule_syntax', place, 'the string has no end on its line; long strings have three quotes');
    if (char !== '\\' || raw) {
      // A raw string's backslash does not hide the quote after it.
      text += char;
      if (isBytes) bytes.push(...new TextEncoder().encode(char));
      at += char.length;
      continue;
    }
    ESCAPE.lastIndex = at;
    const escape = ESCAPE.exec(source);
    if (escape === null) refuse('rule_syntax', place, `\`${source.slice(at, at + 2)}\` is not an escape; a backslash is written \\\\`);
    const [, simple, byte, short, full, octal] = escape;
    const code = simple !== undefined ? (SIMPLE.get(simple) ?? 0) : Number.parseInt(byte ?? short ?? full ?? octal, octal === undefined ? 16 : 8);
    if (isBytes && (short !== undefined || full !== undefined)) refuse('rule_syntax', place, 'bytes have no \\u escape');
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) refuse('rule_syntax', place, `\`${escape[0]}\` is not a code point`);
    text += String.fromCodePoint(code);
    if (isBytes) bytes.push(code);
    at += escape[0].length;
  }
  const literal: Literal = isBytes ? { type: 'bytes', value: new Uint8Array(bytes) } : { type: 'string', value: text };
  return { literal, end: at + mark.length };
}
