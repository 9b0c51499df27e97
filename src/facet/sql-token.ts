/** Tokens of SQL, where PostgreSQL, MySQL and SQLite see the same ones. */

export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'mark';
  /** Of a word in lower case. */
  readonly text: string;
  readonly depth: number;
}

export class Undecodable extends Error {}

/** @throws Undecodable for what does not end, or ends differently in the three */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = 0;
  const until = (mark: string): string => {
    const start = at + 1;
    for (at = start; ; at++) {
      if (at >= sql.length) throw new Undecodable();
      if (sql[at] === '\\' && (sql[at + 1] === mark || sql[at + 1] === '\\')) throw new Undecodable();
      if (sql[at] !== mark) continue;
      if (sql[at + 1] !== mark || mark === ']') break;
      at++;
    }
    return sql.slice(start, at++).replaceAll(mark + mark, mark);
  };
  while (at < sql.length) {
    const char = sql[at];
    if (/\s/.test(char)) at++;
    else if (char === '#' && !/[>-]/.test(sql[at + 1] ?? '')) {
      // A comment in one of them, an operator in another.
      if (/\S/.test(sql.slice(at + 1).split('\n')[0]) && tokens.length > 0 && sql.slice(0, at).trimEnd().length > 0 && sql[at - 1] !== '\n')
        throw new Undecodable();
      while (at < sql.length && sql[at] !== '\n') at++;
    } else if (sql.startsWith('--', at)) {
      // MySQL wants a space behind it.
      if (!/[\s]|^$/.test(sql[at + 2] ?? '')) throw new Undecodable();
      while (at < sql.length && sql[at] !== '\n') at++;
    } else if (sql.startsWith('/*', at)) {
      // MySQL runs what stands in `/*! … */`; PostgreSQL nests.
      const end = sql.indexOf('*/', at + 2);
      if (end < 0 || /^\/\*[!+M]/.test(sql.slice(at, at + 3)) || sql.slice(at + 2, end).includes('/*')) throw new Undecodable();
      at = end + 2;
    } else if (char === "'") tokens.push({ kind: 'text', text: until("'"), depth });
    else if (char === '"' || char === '`') tokens.push({ kind: 'name', text: until(char), depth });
    else if (char === '[' && /^\[[A-Za-z_][\w ]*\]/.test(sql.slice(at, at + 130))) tokens.push({ kind: 'name', text: until(']'), depth });
    else if (char === '$') {
      const tag = /^\$(?:[A-Za-z_]\w*)?\$/.exec(sql.slice(at, at + 66))?.[0];
      if (tag === undefined) {
        at++;
        continue;
      }
      const end = sql.indexOf(tag, at + tag.length);
      if (end < 0) throw new Undecodable();
      tokens.push({ kind: 'text', text: sql.slice(at + tag.length, end), depth });
      at = end + tag.length;
    } else {
      const word = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/.exec(sql.slice(at, at + 256))?.[0];
      const number = /^\d[\w.]*/.exec(sql.slice(at, at + 64))?.[0];
      if (char === '(') depth++;
      if (char === ')') depth--;
      // `E'…'` and `U&'…'` have escapes.
      if (word !== undefined && sql[at + word.length] === "'" && /^[eunbx]$/i.test(word)) {
        if (/^e$/i.test(word) && sql.slice(at, sql.indexOf("'", at + word.length + 1)).includes('\\')) throw new Undecodable();
      }
      if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase(), depth });
      else tokens.push({ kind: number === undefined ? 'mark' : 'number', text: number ?? char, depth });
      at += (word ?? number ?? char).length;
    }
    if (tokens.length > 8192) throw new Undecodable();
  }
  return tokens;
}
