/** Scripts of the WebAssembly specification suite (.wast) as lists of commands, by wabt's wast2json. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'externref' | 'funcref';
export interface Value {
  readonly type: ValueType;
  /** The bits as an unsigned decimal, or `nan:canonical`, `nan:arithmetic`; absent where only the type is known. */
  readonly value?: string;
}
export interface Action {
  readonly type: 'invoke' | 'get';
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly Value[];
}
export interface Command {
  readonly type:
    | 'module'
    | 'register'
    | 'action'
    | 'assert_return'
    | 'assert_trap'
    | 'assert_exhaustion'
    | 'assert_malformed'
    | 'assert_invalid'
    | 'assert_unlinkable'
    | 'assert_uninstantiable';
  readonly line: number;
  readonly name?: string;
  readonly as?: string;
  readonly filename?: string;
  readonly module_type?: 'binary' | 'text';
  readonly text?: string;
  readonly action?: Action;
  readonly expected?: readonly Value[];
}
export interface Script {
  readonly name: string;
  /** Where the modules that commands name lie. */
  readonly folder: string;
  readonly commands: readonly Command[];
  /** Assertions that the converter cannot read. */
  readonly unread: number;
}

const CONVERTER = 'wast2json';
/** One whole comment, string or atom, or one parenthesis. */
const TOKEN = /;;[^\n]*|\(;[\s\S]*?;\)|"(?:[^"\\]|\\[\s\S])*"|[()]/g;

/** The top-level forms of a script, each with the line it begins at. */
export function formsOf(text: string): { readonly text: string; readonly line: number }[] {
  const forms: { readonly text: string; readonly line: number }[] = [];
  let depth = 0;
  let begin = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '(' && depth++ === 0) begin = index;
    if (token === ')' && --depth === 0) forms.push({ text: text.slice(begin, index + 1), line: text.slice(0, begin).split('\n').length });
  }
  return forms;
}

/** A module with what is asserted of it, or one assertion that brings its own module. */
function groupsOf(text: string): { text: string; readonly line: number; asserts: number }[] {
  const groups: { text: string; readonly line: number; asserts: number }[] = [];
  for (const form of formsOf(text)) {
    const own = /^\(\s*(?:module|assert_(?:malformed|invalid|unlinkable))\b/.test(form.text);
    const asserts = form.text.startsWith('(assert') ? 1 : 0;
    const last = groups.at(-1);
    if (own || last === undefined) groups.push({ ...form, asserts });
    else {
      last.text += `\n${form.text}`;
      last.asserts += asserts;
    }
  }
  return groups;
}

/** The commands of one text, or nothing where the converter gives up on it. */
function convert(text: string, folder: string): readonly Command[] | undefined {
  mkdirSync(folder, { recursive: true });
  const source = join(folder, 'script.wast');
  const out = join(folder, 'script.json');
  writeFileSync(source, text);
  const { status } = spawnSync(CONVERTER, [source, '-o', out], { stdio: 'ignore' });
  return status === 0 ? (JSON.parse(readFileSync(out, 'utf8')) as { commands: Command[] }).commands : undefined;
}

/** A script read whole; where the converter cannot, group by group, counting the assertions of the groups it cannot read. */
export function readScript(file: string, name: string, folder: string): Script {
  const text = readFileSync(file, 'utf8');
  const whole = convert(text, folder);
  if (whole !== undefined) return { name, folder, commands: whole, unread: 0 };
  const commands: Command[] = [];
  let unread = 0;
  for (const [index, group] of groupsOf(text).entries()) {
    const part = convert(group.text, join(folder, `${index}`));
    if (part === undefined) unread += group.asserts;
    else
      for (const command of part)
        commands.push({ ...command, line: command.line + group.line - 1, ...(command.filename !== undefined && { filename: `${index}/${command.filename}` }) });
  }
  return { name, folder, commands, unread };
}
