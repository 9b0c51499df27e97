/** What the shell reader makes of a line: words of parts, commands, lists (spec/facet.md T-30). */

/** Something that stands for text which only running would tell: of a listing or the environment (`TAME`), or of anything (`WILD`). */
export const TAME = '\ue000';
export const WILD = '\ue001';
/** Unquoted `*`, `?` and `[`: a pattern, not a character. */
export const STAR = '\ue002';
export const ONE = '\ue003';
export const BRACKET = '\ue004';
/** The folder in which the line starts, where that is not known. */
export const START = '\ue005';

/** In what a program prints or a file holds: the working folder, the home folder or the environment is in it. */
export const ALL = '\ue006';
/** What comes out of a program that was given such a text has it too, however it is changed. */
export const carried = (from: string | null, out: string): string => (from?.includes(ALL) === true && out.includes(WILD) ? out + ALL : out);

/** Are there such marks in the text? A line that has them itself is opaque. */
export const hasMarks = (text: string): boolean => /[\ue000-\ue004]/.test(text);
export const hasHole = (text: string): boolean => /[\ue000\ue001]/.test(text);
export const hasPattern = (text: string): boolean => /[\ue002-\ue004]/.test(text);
/** With marks as people write them. */
export const plainMarks = (text: string): string =>
  text
    .replace(/[\ue000-\ue002]+/g, '*')
    .replaceAll(ALL, '')
    .replaceAll(ONE, '?')
    .replaceAll(BRACKET, '[')
    .replaceAll(START, '.');

/** An index in a text that is computed runs what stands in it. */
export const hidesCode = (text: string): boolean => /\[[^\]]*(?:\$\(|`)/.test(text);

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** `op` is the operator after the name, `arg` what follows it: `${name:-arg}`, `${!name}` has op `!`, `${#name}` op `#n`. */
  | { readonly kind: 'param'; readonly name: string; readonly op: string; readonly arg: Word | null; readonly quoted: boolean }
  | { readonly kind: 'command'; readonly body: List; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly word: Word; readonly quoted: boolean }
  /** `into`: `>(…)`, which reads what is written to it. */
  | { readonly kind: 'process'; readonly body: List; readonly into: boolean }
  /** `@(a|b)` and its like: a pattern of the extended kind. */
  | { readonly kind: 'extended' };
export type Word = readonly Part[];

export interface Redirect {
  /** `<`, `>`, `>>`, `<>`, `>|`, `>&`, `<&`, `&>`, `&>>`, `<<`, `<<<`. */
  readonly op: string;
  readonly target: Word;
  /** The text of a here-document. */
  readonly body: Word | null;
  readonly fd: string;
}
export interface Assign {
  readonly name: string;
  readonly append: boolean;
  /** The items of an array. */
  readonly values: readonly Word[];
  readonly array: boolean;
  /** `name[index]=…` */
  readonly indexed: boolean;
}
export interface Simple {
  readonly kind: 'simple';
  readonly assigns: readonly Assign[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}
export type Command =
  | Simple
  /** `( … )`, `{ … }`. */
  | { readonly kind: 'group'; readonly isolated: boolean; readonly body: List; readonly redirects: readonly Redirect[] }
  /** Lists of which some run, some not: if, while, until, case (with its subject). */
  | {
      readonly kind: 'branch';
      readonly subject: Word | null;
      readonly loops: boolean;
      readonly bodies: readonly List[];
      readonly redirects: readonly Redirect[];
    }
  | { readonly kind: 'for'; readonly name: string; readonly values: readonly Word[] | null; readonly body: List; readonly redirects: readonly Redirect[] }
  | { readonly kind: 'function'; readonly name: string; readonly body: Command }
  /** `[[ … ]]`, `(( … ))`: only what is expanded in them runs. */
  | { readonly kind: 'test'; readonly words: readonly Word[]; readonly redirects: readonly Redirect[] };

export interface Item {
  /** How it hangs on what stands before. */
  readonly after: ';' | '&&' | '||';
  readonly pipeline: readonly Command[];
  readonly background: boolean;
}
export type List = readonly Item[];

/** A line that is no line of a shell: its reader says what is wrong. */
export class Unreadable extends Error {}

export const LINE_BYTES_MAX = 65_536;
export const NESTING_MAX = 24;
