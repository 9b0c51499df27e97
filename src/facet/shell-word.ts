/** Words of a shell line: quoting, escapes, expansions (POSIX 2.2, 2.6; bash's `$'…'`, `<(…)`). */
import { hasMarks, type List, NESTING_MAX, type Part, Unreadable, type Word } from './shell-syntax.ts';

/** Where the reading of a line stands. */
export interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
  /** Reads a list up to the closing mark, which it takes. */
  readonly list: (cursor: Cursor, close: ')' | '`') => List;
}

const META = /[\s|&;()<>]/;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const SPECIAL = '@*#?-$!0123456789';

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

const text = (value: string, quoted: boolean): Part => ({ kind: 'text', text: value, quoted });

function deeper<T>(cursor: Cursor, work: () => T): T {
  if (++cursor.depth > NESTING_MAX) throw new Unreadable('nested too deeply');
  const value = work();
  cursor.depth--;
  return value;
}

/** The word at the cursor: up to a blank or an operator. Empty where none begins. */
export function readWord(cursor: Cursor): Word {
  const parts: Part[] = [];
  const { text: line } = cursor;
  while (cursor.at < line.length) {
    const char = line[cursor.at];
    if ((char === '<' || char === '>') && line[cursor.at + 1] === '(') {
      cursor.at += 2;
      parts.push({ kind: 'process', body: deeper(cursor, () => cursor.list(cursor, ')')), into: char === '>' });
      continue;
    }
    if ('?*+@!'.includes(char) && line[cursor.at + 1] === '(') {
      cursor.at += 2;
      skipGroup(cursor);
      parts.push({ kind: 'extended' });
      continue;
    }
    if (META.test(char)) break;
    readPart(cursor, parts, false);
  }
  return parts;
}

/** To the bracket that closes a pattern, quotes minded. */
function skipGroup(cursor: Cursor): void {
  let open = 1;
  for (; cursor.at < cursor.text.length && open > 0; cursor.at++) {
    const char = cursor.text[cursor.at];
    if (char === '\\') cursor.at++;
    else if (char === "'") cursor.at = closing(cursor, "'");
    else if (char === '(') open++;
    else if (char === ')') open--;
  }
  if (open > 0) throw new Unreadable('a bracket is not closed');
}

function closing(cursor: Cursor, quote: string): number {
  const end = cursor.text.indexOf(quote, cursor.at + 1);
  if (end < 0) throw new Unreadable('a quote is not closed');
  return end;
}

/** One piece of a word; `inside` double quotes, or a here-document. */
function readPart(cursor: Cursor, parts: Part[], inside: boolean): void {
  const { text: line } = cursor;
  const char = line[cursor.at];
  if (char === '\\') {
    const next = line[cursor.at + 1];
    cursor.at += 2;
    if (next === '\n') return;
    if (next === undefined) {
      cursor.at = line.length;
      parts.push(text('\\', true));
    } else if (inside && !'$`"\\'.includes(next)) parts.push(text(`\\${next}`, true));
    else parts.push(text(next, true));
  } else if (char === '$') readDollar(cursor, parts, inside);
  else if (char === '`') {
    const code = backticked(cursor, inside);
    const inner: Cursor = { text: code, at: 0, depth: cursor.depth, list: cursor.list };
    parts.push({ kind: 'command', body: deeper(inner, () => cursor.list(inner, '`')), quoted: inside });
  } else if (!inside && char === "'") {
    const end = closing(cursor, "'");
    parts.push(text(line.slice(cursor.at + 1, end), true));
    cursor.at = end + 1;
  } else if (!inside && char === '"') {
    cursor.at++;
    parts.push(text('', true));
    readQuoted(cursor, parts);
  } else {
    let end = cursor.at + 1;
    while (end < line.length && !/[\\$`'"\s|&;()<>?*+@!{}]/.test(line[end])) end++;
    parts.push(text(line.slice(cursor.at, end), inside));
    cursor.at = end;
  }
}

/** The text after an opening double quote, which it ends behind the closing one. */
function readQuoted(cursor: Cursor, parts: Part[]): void {
  deeper(cursor, () => {
    while (cursor.text[cursor.at] !== '"') {
      if (cursor.at >= cursor.text.length) throw new Unreadable('a quote is not closed');
      readPart(cursor, parts, true);
    }
    cursor.at++;
  });
}

/** A whole text as if in double quotes: here-documents, arithmetic. */
export function readText(source: string, cursor: Cursor): Word {
  const inner: Cursor = { text: source, at: 0, depth: cursor.depth + 1, list: cursor.list };
  if (inner.depth > NESTING_MAX) throw new Unreadable('nested too deeply');
  const parts: Part[] = [text('', true)];
  while (inner.at < source.length) readPart(inner, parts, true);
  return parts;
}

/** The code between backticks, one level of escapes taken off. */
function backticked(cursor: Cursor, inside: boolean): string {
  const { text: line } = cursor;
  let code = '';
  for (let at = cursor.at + 1; at < line.length; at++) {
    const char = line[at];
    if (char === '`') {
      cursor.at = at + 1;
      return code;
    }
    if (char === '\\' && ('$`\\'.includes(line[at + 1]) || (inside && line[at + 1] === '"'))) at++;
    code += line[at];
  }
  throw new Unreadable('a backtick is not closed');
}

function readDollar(cursor: Cursor, parts: Part[], inside: boolean): void {
  const { text: line } = cursor;
  const next = line[cursor.at + 1];
  if (next === '(' && line[cursor.at + 2] === '(') {
    const end = arithmeticEnd(line, cursor.at + 3);
    if (end > 0) {
      parts.push({ kind: 'arithmetic', word: readText(line.slice(cursor.at + 3, end), cursor), quoted: inside });
      cursor.at = end + 2;
      return;
    }
  }
  if (next === '(') {
    cursor.at += 2;
    parts.push({ kind: 'command', body: deeper(cursor, () => cursor.list(cursor, ')')), quoted: inside });
  } else if (next === '[') {
    const end = line.indexOf(']', cursor.at);
    if (end < 0) throw new Unreadable('a bracket is not closed');
    parts.push({ kind: 'arithmetic', word: readText(line.slice(cursor.at + 2, end), cursor), quoted: inside });
    cursor.at = end + 1;
  } else if (next === '{') readBraced(cursor, parts, inside);
  else if (next === "'" && !inside) {
    cursor.at += 2;
    parts.push(text(ansi(cursor), true));
  } else if (next === '"' && !inside) {
    cursor.at += 2;
    parts.push(text('', true));
    readQuoted(cursor, parts);
  } else {
    const name = match(NAME, line, cursor.at + 1) ?? (next !== undefined && SPECIAL.includes(next) ? next : null);
    cursor.at += 1 + (name ?? '').length;
    if (name === null) parts.push(text('$', inside));
    else parts.push({ kind: 'param', name, op: '', arg: null, quoted: inside });
  }
}

/** Where `))` closes; -1 where the brackets say that it is a subshell in a substitution. */
function arithmeticEnd(line: string, from: number): number {
  let open = 0;
  for (let at = from; at < line.length; at++) {
    if (line[at] === '(') open++;
    else if (line[at] === ')') {
      if (open > 0) open--;
      else return line[at + 1] === ')' ? at : -1;
    }
  }
  return -1;
}

const OPERATORS = [':-', ':=', ':+', ':?', '##', '%%', '//', '/#', '/%', '^^', ',,', '-', '=', '+', '?', '#', '%', '/', '^', ',', ':', '@'];

/** `${…}` */
function readBraced(cursor: Cursor, parts: Part[], inside: boolean): void {
  deeper(cursor, () => {
    const { text: line } = cursor;
    cursor.at += 2;
    // bash 5.3 and ksh: `${ command; }`
    if (/[\s|]/.test(line[cursor.at] ?? '')) throw new Unreadable('a substitution of a kind that is not read');
    let op = '';
    if ((line[cursor.at] === '!' || line[cursor.at] === '#') && line[cursor.at + 1] !== '}' && !/[-:%+=?]/.test(line[cursor.at + 1] ?? '')) {
      op = line[cursor.at] === '!' ? '!' : '#n';
      cursor.at++;
    }
    let name = match(NAME, line, cursor.at) ?? match(/\d+|[@*#?\-$!]/y, line, cursor.at);
    if (name === null) throw new Unreadable('a substitution without a name');
    cursor.at += name.length;
    if (line[cursor.at] === '[') {
      const end = line.indexOf(']', cursor.at);
      if (end < 0) throw new Unreadable('a bracket is not closed');
      const index = line.slice(cursor.at, end + 1);
      if (/[$`]/.test(index)) throw new Unreadable('an index that is computed');
      name += index;
      cursor.at = end + 1;
    }
    if (op === '' || line[cursor.at] !== '}') {
      const found = OPERATORS.find((each) => line.startsWith(each, cursor.at)) ?? (line[cursor.at] === '*' && op === '!' ? '*' : undefined);
      if (found === undefined && line[cursor.at] !== '}') throw new Unreadable('a substitution of a kind that is not read');
      op += found ?? '';
      cursor.at += (found ?? '').length;
    }
    const arg: Part[] = [];
    while (line[cursor.at] !== '}') {
      if (cursor.at >= line.length) throw new Unreadable('a brace is not closed');
      // Shells differ on what a quote is here.
      if (line[cursor.at] === "'" && inside) throw new Unreadable('a quote that shells read in different ways');
      if (line.startsWith('\\}', cursor.at)) {
        arg.push(text('}', true));
        cursor.at += 2;
      } else if (line[cursor.at] === '"') {
        cursor.at++;
        arg.push(text('', true));
        readQuoted(cursor, arg);
      } else readPart(cursor, arg, inside);
    }
    cursor.at++;
    parts.push({ kind: 'param', name, op, arg: op === '' ? null : arg, quoted: inside });
  });
}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['e', '\x1b'],
  ['E', '\x1b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** One escape of `$'…'`, printf or `echo -e` that begins behind the backslash at `at`: its text and length. */
export function escaped(source: string, at: number, zero = false): readonly [string, number] {
  const char = source[at] ?? '';
  const plain = SIMPLE.get(char);
  if (plain !== undefined) return [plain, 1];
  const octal = match(zero ? /0?[0-7]{1,3}/y : /[0-7]{1,3}/y, source, at);
  if (octal !== null) return [String.fromCharCode(Number.parseInt(octal, 8) & 255), octal.length];
  const code = match(/x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}/y, source, at);
  if (code !== null) {
    const point = Number.parseInt(code.slice(1), 16);
    return [point > 0x10ffff ? '' : String.fromCodePoint(point), code.length];
  }
  if (char === 'c' && source[at + 1] !== undefined && !zero) return [String.fromCharCode(source.charCodeAt(at + 1) & 31), 2];
  return '\\\'"?'.includes(char) ? [char, 1] : [`\\${char}`, 1];
}

/** The text of `$'…'`, read behind its opening quote. */
function ansi(cursor: Cursor): string {
  const { text: line } = cursor;
  let out = '';
  while (line[cursor.at] !== "'") {
    if (cursor.at >= line.length) throw new Unreadable('a quote is not closed');
    if (line[cursor.at] !== '\\') out += line[cursor.at++];
    else {
      const [value, length] = escaped(line, cursor.at + 1);
      out += value;
      cursor.at += 1 + length;
    }
  }
  cursor.at++;
  const end = out.indexOf('\0');
  if (hasMarks(out)) throw new Unreadable('a character that is not read');
  return end < 0 ? out : out.slice(0, end);
}
