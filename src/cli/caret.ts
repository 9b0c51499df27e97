/** The line that something is about, with a caret under its place. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { clip, plain } from './text.ts';

const LINE_MAX = 160;
const SOURCE_BYTES_MAX = 1_048_576;

/** Two lines to print under a message; none where there is no such line. */
export function caretLines(source: string, line: number, column: number): readonly string[] {
  const text = source.split('\n')[line - 1];
  if (text === undefined) return [];
  const from = Math.max(0, column - 1 - (LINE_MAX - 40));
  const shown = clip(plain(text.slice(from)), LINE_MAX);
  const before = plain(text.slice(from, column - 1)).length;
  const number = String(line);
  return [`  ${number} │ ${from > 0 ? '…' : ''}${shown}`, `  ${' '.repeat(number.length)} │ ${' '.repeat(before + (from > 0 ? 1 : 0))}^`];
}

/** The same from a file; none where it cannot be read. */
export function caretIn(path: string, line: number, column: number): readonly string[] {
  if (!existsSync(path) || !statSync(path).isFile() || statSync(path).size > SOURCE_BYTES_MAX) return [];
  return caretLines(readFileSync(path, 'utf8'), line, column);
}
