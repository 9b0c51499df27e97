/** One program of a shell line, about to run: its words, and what its reader may say of it. */
import type { Findings } from './shell-findings.ts';
import type { State } from './shell-state.ts';
import { hasHole, WILD } from './shell-syntax.ts';

/** What the readers of programs ask of the shell that runs them. */
export interface Runner {
  readonly found: Findings;
  /** Runs a line of shell; its output. `args` are `$1`… */
  line(text: string, state: State, stdin: string | null, args?: readonly string[]): string;
  /** Runs one program with its arguments. */
  argv(fields: readonly string[], state: State, stdin: string | null): string;
  /** Runs a line that comes from elsewhere: known text is read, other text is what it says. */
  code(text: string | null, state: State, args?: readonly string[]): string;
  read(path: string, state: State, deep?: boolean): void;
  write(path: string, state: State, content?: string): void;
  remove(path: string, state: State, deep: boolean): void;
  /** A file's text, where this line wrote it. */
  content(path: string, state: State): string | undefined;
  /** The resolved path. */
  place(path: string, state: State): string;
  set(name: string, value: string, state: State): void;
  host(text: string): void;
}

export interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly state: State;
  /** The text of its input: null where nothing is piped. */
  readonly stdin: string | null;
  readonly run: Runner;
}

/** Says what the program does; returns what it prints, `WILD` where that is not known. */
export type Program = (call: Call) => string;

export interface Options {
  /** Letters and long names that were given. */
  readonly flags: ReadonlySet<string>;
  /** Values by letter or long name. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/**
 * The options of a program. `short` are the letters that take a value, `long` the names that take one in the next word.
 * `first`: what follows the first operand is no option (a wrapper's program).
 */
export function options(args: readonly string[], short = '', long: readonly string[] = [], first = false): Options {
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  const value = (name: string, text: string | undefined): void => {
    flags.add(name);
    values.set(name, [...(values.get(name) ?? []), text ?? '']);
  };
  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    if (word === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (first && operands.length > 0) operands.push(word);
    else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      if (equals > 0) value(word.slice(2, equals), word.slice(equals + 1));
      else if (long.includes(word.slice(2))) value(word.slice(2), args[++at]);
      else flags.add(word.slice(2));
    } else if (word.startsWith('-') && word.length > 1) {
      for (let i = 1; i < word.length; i++) {
        if (short.includes(word[i])) {
          const rest = word.slice(i + 1);
          value(word[i], rest === '' ? args[++at] : rest);
          break;
        }
        flags.add(word[i]);
      }
    } else operands.push(word);
  }
  return { flags, values, operands };
}

export const last = (values: readonly string[] | undefined): string | undefined => values?.at(-1);

/** The last part of a path. */
export const baseName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? '';

/** The name of the program that a word, or the place that it leads to, names. */
export const programName = (word: string): string =>
  baseName(word)
    .replace(/^=/, '')
    .toLowerCase()
    .replace(/\.exe$/, '')
    .replace(/\ue004/g, '[');

/** Joined prints of unknown length stay readable. */
export const joinOut = (a: string, b: string): string => (a.length + b.length > 16_384 ? WILD : a + b);

export const looksLikePath = (word: string): boolean => !hasHole(word) && word !== '' && !/\s/.test(word) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(word);

/** One reader for several programs. */
export const many = (names: string, program: Program): [string, Program][] => names.split(/\s+/).map((name): [string, Program] => [name, program]);

/** Set-ups of shells print what is meant to be run: nothing of note. */
export const setup =
  (verbs: RegExp, other: Program): Program =>
  (call) =>
    verbs.test(call.args.join(' ')) ? '' : other(call);
