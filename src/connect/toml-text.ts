/** Where the statements of a TOML text lie (TOML 1.0): headers and assignments with the span of each value. Made for small edits. */

export interface Statement {
  /** Of an assignment: the whole path from the root. Of a header: that of its table. */
  readonly path: readonly string[];
  readonly kind: 'table' | 'array' | 'value';
  /** From the start of its line, past its line end. */
  readonly start: number;
  readonly end: number;
  /** Of an assignment: where its value lies. */
  readonly from: number;
  readonly to: number;
}

const KEY = /[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*/y;

/** A dotted key at `at`, and where it ends; null where none stands. */
function keyAt(text: string, at: number): { readonly path: string[]; readonly end: number } | null {
  const path: string[] = [];
  for (let next = at; ; ) {
    KEY.lastIndex = next;
    const match = KEY.exec(text);
    if (match === null) return null;
    const [, bare, basic, literal] = match;
    path.push(bare ?? literal ?? unescaped(basic));
    if (text[KEY.lastIndex] !== '.') return { path, end: KEY.lastIndex };
    next = KEY.lastIndex + 1;
  }
}

function unescaped(basic: string): string {
  try {
    return JSON.parse(`"${basic}"`) as string;
  } catch {
    return basic;
  }
}

/** Past the string that begins at `at`. */
function pastString(text: string, at: number): number {
  const quote = text[at];
  const triple = quote.repeat(3);
  const long = text.startsWith(triple, at);
  for (let i = at + (long ? 3 : 1); i < text.length; i++) {
    if (text[i] === '\\' && quote === '"') i++;
    else if (long ? text.startsWith(triple, i) : text[i] === quote) {
      if (!long) return i + 1;
      let end = i + 3;
      // up to two quotes may stand before the closing three
      while (text[end] === quote && end < i + 5) end++;
      return end;
    }
  }
  return text.length;
}

/** Past the value that begins at `at`: strings, brackets over lines, comments within them. */
function pastValue(text: string, at: number): number {
  let depth = 0;
  let last = at;
  for (let i = at; i < text.length; ) {
    const char = text[i];
    if (char === '"' || char === "'") {
      i = pastString(text, i);
      last = i;
      continue;
    }
    if (char === '#') {
      if (depth === 0) break;
      const eol = text.indexOf('\n', i);
      i = eol < 0 ? text.length : eol;
      continue;
    }
    if (char === '\n' && depth === 0) break;
    if (char === '[' || char === '{') depth++;
    if (char === ']' || char === '}') depth--;
    i++;
    if (!/\s/.test(char)) last = i;
  }
  return last;
}

const lineEnd = (text: string, at: number): number => {
  const eol = text.indexOf('\n', at);
  return eol < 0 ? text.length : eol + 1;
};

/** The statements in order. What is no TOML gives fewer: parse it with a parser first. */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let table: readonly string[] = [];
  for (let start = 0; start < text.length; ) {
    const first = start + (/^[ \t]*/.exec(text.slice(start, start + 256))?.[0].length ?? 0);
    if (text[first] === '[') {
      const array = text[first + 1] === '[';
      const key = keyAt(text, first + (array ? 2 : 1));
      const end = lineEnd(text, first);
      if (key !== null) {
        table = key.path;
        statements.push({ path: table, kind: array ? 'array' : 'table', start, end, from: first, to: end });
      }
      start = end;
      continue;
    }
    const key = keyAt(text, first);
    if (key === null || text[key.end] !== '=') {
      start = lineEnd(text, start);
      continue;
    }
    const from = key.end + 1 + (/^[ \t]*/.exec(text.slice(key.end + 1, key.end + 257))?.[0].length ?? 0);
    const to = pastValue(text, from);
    statements.push({ path: [...table, ...key.path], kind: 'value', start, end: lineEnd(text, to), from, to });
    start = lineEnd(text, to);
  }
  return statements;
}

/** A value in one line. JSON's strings are TOML's basic strings. */
export function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${tomlKey(key)} = ${tomlValue(member)}`)
      .join(', ')} }`;
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
}

export const tomlKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key));
