/** Scripts of awk and sed: what they run, read and write (spec/facet.md T-35). */
import type { Runner } from './shell-call.ts';
import type { State } from './shell-state.ts';
import { hasMarks, WILD } from './shell-syntax.ts';

/** Texts of an awk program stand apart from its code. */
function awkPieces(script: string): { readonly code: string; readonly texts: readonly string[] } {
  let code = '';
  const texts: string[] = [];
  for (let at = 0; at < script.length; at++) {
    const char = script[at];
    if (char === '#') {
      const end = script.indexOf('\n', at);
      at = end < 0 ? script.length : end - 1;
    } else if (char === '"' || (char === '/' && /(?:^|[(,!~&|{;\n])\s*$/.test(code.slice(-16)))) {
      let end = at + 1;
      while (end < script.length && script[end] !== char) end += script[end] === '\\' ? 2 : 1;
      if (char === '"') {
        texts.push(script.slice(at + 1, end));
        code += `"${texts.length - 1}"`;
      } else code += '/r/';
      at = end;
    } else code += char;
  }
  return { code, texts };
}

/** An awk program: `system`, pipes, files. What it computes to run is opaque. */
export function awkDoes(script: string, state: State, run: Runner): void {
  if (hasMarks(script)) return run.found.unclear('code of another language');
  const { code, texts } = awkPieces(script);
  if (/@(?:load|include)|\b(?:getline\s+\w*\s*<|close_)|@\w+\s*\(/.test(code)) {
    const file = /getline\s*\w*\s*<\s*"(\d+)"/.exec(code);
    if (file === null) return run.found.unclear('a file that a program computes');
    run.read(texts[Number(file[1])], state);
  }
  const line = (at: string | undefined, stdin: string | null = null): void => {
    const text = at === undefined ? undefined : texts[Number(at)];
    if (text === undefined || text.includes('\\')) run.found.unclear('code that a program computes');
    else run.line(text, state.clone(), stdin);
  };
  for (const found of code.matchAll(/\bsystem\s*(?:\(\s*"(\d+)"\s*\))?/g)) line(found[1]);
  // A pipe behind a text that stands alone, or before one.
  for (const found of code.matchAll(/(?:(?:^|[;{(\n=&])\s*"(\d+)"\s*)?\|(&?)(?!\|)/g)) {
    const before = code.slice(0, found.index + found[0].length);
    if (before.endsWith('||') || code[found.index + found[0].length] === '|') continue;
    const after = /^\s*"(\d+)"\s*(?:$|[;}\n])/.exec(code.slice(found.index + found[0].length));
    if (found[1] !== undefined && /^\s*getline/.test(code.slice(found.index + found[0].length))) line(found[1]);
    else line(after?.[1], WILD);
  }
  for (const found of code.matchAll(/\bprintf?\b([^;{}\n]*)/g)) {
    const target = />>?\s*(?:"(\d+)"\s*$|(.*)$)/.exec(found[1].replace(/\([^()]*\)/g, ''));
    if (target === null) continue;
    const path = target[1] === undefined ? undefined : texts[Number(target[1])];
    if (path === undefined) run.found.unclear('a file that a program computes');
    else run.write(path, state);
  }
}

/** A sed script: `e`, `s///e`, `w`, `r`. What is not read is opaque. */
export function sedDoes(script: string, state: State, run: Runner): void {
  const { found } = run;
  let at = 0;
  const toMark = (mark: string): boolean => {
    for (; at < script.length; at++) {
      if (script[at] === '\\') at++;
      else if (script[at] === '[' && mark !== '[') {
        const end = script.indexOf(']', at + 2);
        // The mark may stand in a bracket.
        if (end > 0 && !script.slice(at, end).includes('\n')) {
          const inner = script.indexOf(mark, at);
          if (inner > end || inner < 0) at = end;
        }
      } else if (script[at] === mark) {
        at++;
        return true;
      }
    }
    return false;
  };
  const address = (): boolean => {
    if (/[\d$~+]/.test(script[at] ?? '')) {
      while (/[\d$~+]/.test(script[at] ?? '')) at++;
      return true;
    }
    if (script[at] === '/' || script[at] === '\\') {
      const mark = script[at] === '/' ? '/' : script[++at];
      at++;
      if (!toMark(mark)) at = script.length + 1;
      while (/[IM]/.test(script[at] ?? '')) at++;
      return true;
    }
    return false;
  };
  const rest = (): string => {
    const end = script.indexOf('\n', at);
    const text = script.slice(at, end < 0 ? undefined : end).trim();
    at = end < 0 ? script.length : end;
    return text;
  };
  const file = (how: 'read' | 'write'): void => {
    const path = rest();
    if (how === 'read') run.read(path, state);
    else run.write(path, state);
  };
  while (at < script.length) {
    if (/[\s;{}]/.test(script[at])) {
      at++;
      continue;
    }
    if (address()) {
      while (/\s/.test(script[at] ?? '')) at++;
      if (script[at] === ',') {
        at++;
        while (/\s/.test(script[at] ?? '')) at++;
        address();
      }
    }
    while (/[\s!]/.test(script[at] ?? '')) at++;
    const command = script[at++];
    if (command === undefined || at > script.length) return;
    if ('{}=dDgGhHnNpPxzFlqQ'.includes(command)) while (/\d/.test(script[at] ?? '')) at++;
    else if (command === '#' || 'btT:vL'.includes(command)) {
      while (at < script.length && !/[;\n]/.test(script[at])) at++;
    } else if ('aic'.includes(command)) {
      while (at < script.length && script[at] !== '\n') at += script[at] === '\\' ? 2 : 1;
    } else if (command === 'e') {
      const line = rest();
      if (line === '') found.unclear('code that a program computes');
      else run.line(line, state.clone(), null);
    } else if (command === 'r' || command === 'R') file('read');
    else if (command === 'w' || command === 'W') file('write');
    else if (command === 'y' || command === 's') {
      const mark = script[at++];
      if (mark === undefined || !toMark(mark) || !toMark(mark)) return found.unclear('a script of sed that is not read');
      if (command === 'y') continue;
      for (; at < script.length && /[gpiImMe\dw]/.test(script[at]); at++) {
        if (script[at] === 'e') found.unclear('code that a program computes');
        if (script[at] === 'w') {
          at++;
          file('write');
          break;
        }
      }
    } else return found.unclear('a script of sed that is not read');
  }
}
