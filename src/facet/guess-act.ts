/** What the arguments' names add to the act of a tool's name (spec/facet.md T-25). */
import { type Bindings, isCommandName, opOf } from './guess-arguments.ts';
import { CLASS_OF } from './guess-verb.ts';
import type { Act, Verb } from './lexicon.ts';
import type { ArgKind, ArgPath } from './map.ts';
import { NOUNS } from './things.ts';
import { folded } from './words.ts';

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
const NOUN_WORDS: ReadonlySet<string> = new Set(NOUNS.flatMap((noun) => noun.words.split(' ')));
const lastOf = (path: ArgPath): string => path[path.length - 1];

const ACTING = /(?:message|body|contents?|text|^to|recipients?|amount|command|code|script|action|operation|method)$/i;
const CODE = /^(?:code|script|function|javascript|js|python|program|source_?code)$/i;
/** Code by its name alone: a `code` may be one of a country. */
const SCRIPT = /^(?:script|javascript|bash|python|shell)$/i;
const GIVEN = /^(?:command|commands|cmd|source|payload|arguments|args|params|parameters|input|inputs|expression|tool|tool_?name|query|statement)$/i;
const CODE_WORDS = set('code script python javascript js node shell bash sh program snippet cell notebook command tool function sql query');

/**
 * What a name does: its act, but where code is given, to run it; to run what has a name and is not given is an act like others.
 * Without an act, what informs (a forecast) reads, another acts.
 */
export function actOf(verb: Verb | null, things: readonly string[], name: readonly string[], paths: readonly ArgPath[]): Act {
  const given = (of: RegExp): boolean => paths.some((path) => of.test(lastOf(path)));
  if (verb?.act === 'compute' && given(CODE)) return 'run';
  if (verb?.act === 'run' && things.length > 0 && !things.some((word) => CODE_WORDS.has(word)) && !given(CODE) && !given(GIVEN)) return 'write';
  // `check {script}`; but `get_script {script}` and `create_job {script}` say what it is for.
  const scripted = paths.some((path) => SCRIPT.test(lastOf(path)) && !name.includes(lastOf(path).toLowerCase()));
  if (scripted && (verb?.act === 'read' || (verb?.act === 'write' && things.length === 0))) return 'run';
  if (verb !== null) return verb.act;
  if (paths.length > 0 && things.length > 0 && things.every((word) => word === 'sql')) return 'run';
  const known = things.length > 0 && things.every((word) => NOUN_WORDS.has(word));
  return known && paths.every((path) => !ACTING.test(lastOf(path))) ? 'read' : 'write';
}

const RECEIVER = /^(?:to|recipients?|to_?e?mails?|to_?address(?:es)?)$/i;
const LETTER = /^(?:text|body|message|contents?|html)$/i;
const PAYEE = /^(?:to|recipient|payee|beneficiary|card|card_?number|account|account_?number|iban)$/i;
const CONTENT = /^(?:new_?)?(?:contents?|body)$/i;
const FILE = /^(?:file_?)?path$|^file_?name$|^file$/i;
/** `from` and `to` are languages, units, or what a filter looks for. */
const FROM = /^(?:from|source)(?:_?\w+)?$/i;
const TURNS = set('translate convert');
const OP_CLASS: Readonly<Record<string, string>> = { delete: 'remove', move: 'move', write: 'update' };

/**
 * The act of what reads by its name, and yet is given a receiver and a text, an amount and a payee, a file and its content,
 * or a path for an operation that changes it; null where nothing of it is given.
 */
export function actGiven(verb: Verb | null, name: readonly string[], paths: readonly ArgPath[]): Verb | null {
  const given = (of: RegExp): boolean => paths.some((path) => of.test(lastOf(path)));
  const turned = given(FROM) || (given(/^to$/i) && name.some((word) => TURNS.has(word)));
  const found = (name: string): Verb => CLASS_OF.get(name) as Verb;
  if (!turned && given(/^amount$/i) && given(PAYEE)) return found('pay');
  if (!turned && given(RECEIVER) && given(LETTER)) return found('send');
  const op = opOf(name, paths);
  if (op !== null && Object.hasOwn(OP_CLASS, op)) return found(OP_CLASS[op]);
  if (given(FILE) && given(CONTENT)) return found('update');
  return verb;
}

/** A letter of another alphabet beside one of ours: no word is what it looks like. */
export const isMixed = (tool: string): boolean => /[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]/.test(folded(tool));

const TYPED = /^(?:chars|stdin|keystrokes)$/i;
const INPUT = /^(?:inputs?|keys|data|text|lines?)$/i;
const TERMINALS = set('stdin terminal console tty pty tmux repl shell keys keystrokes');
/** What is typed into a program that runs already: it may be anything. */
export function isTyped(name: readonly string[], paths: readonly ArgPath[]): boolean {
  const given = (of: RegExp): boolean => paths.some((path) => of.test(lastOf(path)));
  if (given(TYPED)) return true;
  return given(INPUT) && (name.some((word) => TERMINALS.has(word)) || (name.indexOf('process') > 0 && given(/^(?:inputs?|keys|data)$/i)));
}

/** What a program is given beside its name: a command line in two parts is not decoded. */
const APART = /^(?:arguments|args|argv|params|parameters|options)$/i;
const STATEMENT = /^(?:sql|statements?|query|q)$/i;
export function isApart({ shell, sql }: Bindings, paths: readonly ArgPath[]): boolean {
  const count = (is: (name: string) => boolean): number => paths.filter((path) => is(lastOf(path))).length;
  if (shell !== null && (count((name) => APART.test(name)) > 0 || count(isCommandName) > 1)) return true;
  return sql !== null && count((name) => STATEMENT.test(name)) > 1;
}

/** The command, the statement, or how much and when of it. */
export function isOfCommand({ path, kind }: ArgKind, { shell, sql }: Bindings): boolean {
  const same = (other: ArgPath | null | undefined): boolean => other !== null && other !== undefined && other.join('\0') === path.join('\0');
  return kind === 'qty' || kind === 'time' || same(shell?.command) || same(shell?.cwd) || same(sql);
}
