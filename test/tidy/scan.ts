/** A careful reading of TypeScript without a parser: what is code, what is comment, what is text, what is imported. */

export interface Import {
  /** As it is written. */
  readonly from: string;
  readonly line: number;
}

export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments, and the contents of strings and regular expressions, as spaces; lines keep their numbers. */
  readonly code: string;
  /** The text with everything but comments as spaces. */
  readonly comments: string;
  readonly imports: readonly Import[];
  /** String literals that name a file: what the source may start or read. */
  readonly names: readonly string[];
}

const REGEX_AFTER = new Set([...'(,=:[!&|?{;+-*%<>~^}\n']);
const REGEX_WORD = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield)$/;

/** Where a regular expression ends that starts at `at`; −1 when the line has no end of one. */
function regexEnd(text: string, at: number): number {
  let inClass = false;
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '[') inClass = true;
    else if (text[i] === ']') inClass = false;
    else if (text[i] === '/' && !inClass) {
      while (/[a-z]/.test(text[i + 1] ?? '')) i++;
      return i + 1;
    }
  }
  return -1;
}

function quoteEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === text[at] || text[i] === '\n') return i;
  }
  return text.length;
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

export function scan(path: string, text: string): Source {
  let code = '';
  let comments = '';
  let before = '\n';
  /** The depth of braces at which each open template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const take = (end: number, kind: 'code' | 'comment' | 'text'): void => {
    const part = text.slice(at, end);
    code += kind === 'code' ? part : blank(part);
    comments += kind === 'comment' ? part : blank(part);
    at = end;
  };
  const template = (): void => {
    let i = at;
    for (; i < text.length && text[i] !== '`'; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === '$' && text[i + 1] === '{') {
        take(i, 'text');
        take(i + 2, 'code');
        templates.push(depth++);
        before = '{';
        return;
      }
    }
    take(i, 'text');
    take(i + 1, 'code');
    before = '`';
  };

  while (at < text.length) {
    const c = text[at];
    if (c === '/' && text[at + 1] === '/') {
      const end = text.indexOf('\n', at);
      take(end < 0 ? text.length : end, 'comment');
    } else if (c === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      take(end < 0 ? text.length : end + 2, 'comment');
    } else if (c === "'" || c === '"') {
      take(at + 1, 'code');
      take(quoteEnd(text, at - 1), 'text');
      take(at + 1, 'code');
      before = c;
    } else if (c === '`') {
      take(at + 1, 'code');
      template();
    } else if (c === '/' && (REGEX_AFTER.has(before) || REGEX_WORD.test(code.slice(-16).trimEnd())) && regexEnd(text, at) > 0) {
      take(regexEnd(text, at), 'text');
      before = '"';
    } else {
      take(at + 1, 'code');
      if (c === '{') depth++;
      if (c === '}') {
        depth--;
        if (templates.at(-1) === depth) {
          templates.pop();
          template();
          continue;
        }
      }
      if (c !== ' ' && c !== '\n') before = c;
    }
  }
  return { path, text, code, comments, ...references(text, code) };
}

export const lineAt = (text: string, index: number): number => {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < index; i = text.indexOf('\n', i + 1)) line++;
  return line;
};

const IMPORT = /(?:\bfrom|\bimport|\bimport\(|\bnew\s+URL\()\s*(['"])\s*\1/g;
const NAMED = /(['"]) +\1/g;

function references(text: string, code: string): { imports: Import[]; names: string[] } {
  const imports: Import[] = [];
  for (const hit of code.matchAll(IMPORT)) {
    const open = hit.index + hit[0].indexOf(hit[1]);
    const from = text.slice(open + 1, hit.index + hit[0].length - 1);
    if (!hit[0].startsWith('new') || from.endsWith('.ts')) imports.push({ from, line: lineAt(text, hit.index) });
  }
  const names: string[] = [];
  for (const hit of code.matchAll(NAMED)) {
    const name = text.slice(hit.index + 1, hit.index + hit[0].length - 1);
    if (/^[\w./-]+\.(?:ts|mjs)$/.test(name)) names.push(name);
  }
  return { imports, names };
}
