/** From words to fields: the expansions of POSIX 2.6 on texts of which parts may be unknown (spec/facet.md T-31). */
import { asPattern, braces, mayMatch } from './shell-pattern.ts';
import { type Choice, FOLDER, type State } from './shell-state.ts';
import { hasHole, hasMarks, type List, ONE, type Part, STAR, START, TAME, Unreadable, WILD, type Word } from './shell-syntax.ts';

/** What expansions need of the shell that runs. */
export interface Shell {
  readonly state: State;
  readonly choice: Choice;
  /** What a list prints, run in a shell of its own. */
  output(body: List): string;
  /** The path under which a list's output is read, or its input written. */
  channel(process: Part & { readonly kind: 'process' }): string;
}

const FIELDS_MAX = 256;
const TEXT_MAX = 65_536;
const TRIMMED_MAX = 256;
/** Of these a part would tell characters: what is taken of them is not known at all. */
const KNOWN_SHAPE =
  /^(?:PATH|LANG|LC_\w+|TERM|HOST\w*|USER|LOGNAME|[UE]?UID|OSTYPE|MACHTYPE|BASH\w*|ZSH\w*|PS[1-4]|RANDOM|SRANDOM|SECONDS|EPOCH\w+|LINENO|SHLVL|PPID|LS_COLORS|XDG_\w+|DISPLAY|EDITOR|PAGER|MAIL|_|-|\$|!|\?)$/;

class Fields {
  readonly out: string[] = [];
  private current: string | null = null;

  add(text: string): void {
    this.current = (this.current ?? '') + text;
    if (this.current.length > TEXT_MAX) throw new Unreadable('a text that grows too long');
  }

  end(): void {
    if (this.current !== null) this.out.push(this.current);
    this.current = null;
    if (this.out.length > FIELDS_MAX) throw new Unreadable('too many words');
  }

  /** POSIX 2.6.5 */
  split(text: string, separators: string): void {
    let start = 0;
    for (let at = 0; at <= text.length; at++) {
      if (at < text.length && !separators.includes(text[at])) continue;
      if (at > start) this.add(text.slice(start, at));
      if (at < text.length && !/\s/.test(text[at]) && this.current === null) this.add('');
      if (at < text.length) this.end();
      start = at + 1;
    }
  }
}

/** The fields of words: braces, tilde, parameters, splitting; `*` and its like as marks. */
export function fieldsOf(words: readonly Word[], shell: Shell): string[] {
  const fields = new Fields();
  for (const word of words) {
    for (const one of braces(word)) {
      expand(one, shell, fields, true);
      fields.end();
    }
  }
  return fields.out;
}

/** One text, unsplit: an assignment, a redirection's file (`pattern`), a here-document. */
export function textOf(word: Word, shell: Shell, pattern = false): string {
  const fields = new Fields();
  expand(word, shell, fields, false, pattern);
  fields.end();
  return fields.out[0] ?? '';
}

function expand(word: Word, shell: Shell, fields: Fields, splits: boolean, pattern = splits): void {
  word.forEach((part, i) => {
    if (part.kind === 'text') {
      if (part.quoted) return fields.add(part.text);
      const text = i === 0 ? tilde(part.text, word.length === 1, shell) : part.text;
      return fields.add(pattern ? asPattern(text) : splits ? text : text.replace(/(?<=[:=])~(?=\/|:|$)/g, () => home(shell)));
    }
    if (part.kind === 'extended') throw new Unreadable('a pattern of the extended kind');
    if (part.kind === 'process') return fields.add(shell.channel(part));
    if (part.kind === 'param' && part.quoted && splits && (part.name === '@' || part.name.endsWith('[@]')) && part.op === '') {
      const items = part.name === '@' ? shell.state.args : listed(valueOf(part, shell, splits));
      items.forEach((item, at) => {
        if (at > 0) fields.end();
        fields.add(item);
      });
      return;
    }
    const value =
      part.kind === 'param'
        ? valueOf(part, shell, splits)
        : part.kind === 'arithmetic'
          ? number(part.word, shell)
          : shell.output(part.body).replace(/\n+$/, '');
    if (part.quoted || !splits) return fields.add(pattern && !part.quoted ? asPattern(value) : value);
    const separators = shell.state.get('IFS', shell.choice) ?? ' \t\n';
    if (hasHole(separators)) throw new Unreadable('words are split at something unknown');
    fields.split(asPattern(value), separators);
  });
}

/** The items of an array, which are kept joined. */
const listed = (value: string): readonly string[] => (value === '' ? [] : value.split(' '));

const home = (shell: Shell): string => shell.state.get('HOME', shell.choice) ?? '~';

/** POSIX 2.6.1 */
function tilde(text: string, whole: boolean, shell: Shell): string {
  if (!text.startsWith('~')) return text;
  const slash = text.indexOf('/');
  const name = text.slice(1, slash < 0 ? undefined : slash);
  const rest = slash < 0 ? '' : text.slice(slash);
  // A name that a quote or an expansion goes on with is no name.
  if (slash < 0 && !whole && name !== '') return text;
  if (name === '') return home(shell) + rest;
  if (name === '+') return (shell.state.get(FOLDER, shell.choice) ?? START) + rest;
  if (name === '-') return (shell.state.get('OLDPWD', shell.choice) ?? TAME) + rest;
  if (name === 'root') return `/root${rest}`;
  return /^[\w.-]+$/.test(name) ? `/home/${name}${rest}` : text;
}

/** Arithmetic tells digits, but an expression in it may hide a command. */
function number(word: Word, shell: Shell): string {
  const text = textOf(word, shell);
  for (const name of text.match(/[A-Za-z_]\w*/g) ?? []) {
    if (/[[$`]/.test(shell.state.get(name, shell.choice) ?? '')) throw new Unreadable('arithmetic on a text');
  }
  if (/\[[^\]]*[$`]/.test(text)) throw new Unreadable('arithmetic on a text');
  const sum = /^\s*(\d{1,6})\s*(?:([-+*])\s*(\d{1,6})\s*)?$/.exec(text);
  if (sum === null) return TAME;
  const [a, b] = [Number(sum[1]), Number(sum[3] ?? 0)];
  return String(sum[2] === undefined ? a : sum[2] === '+' ? a + b : sum[2] === '-' ? a - b : a * b);
}

/** What stands between the items of `$*`. */
const joiner = (shell: Shell): string => (shell.state.get('IFS', shell.choice) ?? ' ').slice(0, 1);

function plainValue(name: string, shell: Shell): string | undefined {
  const { state, choice } = shell;
  if (/^\d+$/.test(name)) return name === '0' ? (state.get('0', choice) ?? 'bash') : (state.args[Number(name) - 1] ?? '');
  if (name === '@' || name === '*') return state.args.join(name === '*' ? joiner(shell) : ' ');
  if (name === '#') return String(state.args.length);
  const array = /^(\w+)\[(.*)\]$/.exec(name);
  if (array !== null) {
    const all = state.get(array[1], choice);
    if (all === undefined || array[2] === '@' || all.includes(WILD)) return all;
    if (array[2] === '*') return listed(all).join(joiner(shell));
    return /^\d+$/.test(array[2]) ? (listed(all)[Number(array[2])] ?? '') : WILD;
  }
  const value = state.get(name, choice);
  if (value !== undefined) return state.vars.has(`${name}[]`) ? (listed(value)[0] ?? '') : value;
  if (name === 'PWD') return state.get(FOLDER, choice) ?? START;
  if (name === 'HOME') return '~';
  if (name === 'IFS') return ' \t\n';
  if (name === 'SHELL' || name === 'BASH') return '/bin/bash';
  return undefined;
}

function valueOf(part: Part & { kind: 'param' }, shell: Shell, splits: boolean): string {
  const { name, op, arg } = part;
  if (op.startsWith('!')) {
    const to = op === '!' ? plainValue(name, shell) : undefined;
    if (to === undefined || !/^\w+$/.test(to)) return WILD;
    return plainValue(to, shell) ?? (KNOWN_SHAPE.test(to) ? WILD : TAME);
  }
  const value = plainValue(name, shell);
  const given = (): string => (arg === null ? '' : textOf(arg, shell, splits && !part.quoted));
  const assigned = value !== undefined && value !== '';
  const several = /^[@*]$|\[[@*]\]$/.test(name);
  switch (op) {
    case '':
      return value ?? (KNOWN_SHAPE.test(name) ? (/^(?:_|-)$/.test(name) ? WILD : TAME) : TAME);
    case ':-':
    case '-':
      return assigned ? value : given();
    case ':=':
    case '=': {
      if (assigned) return value;
      const text = given();
      shell.state.set(name, text);
      return text;
    }
    case ':?':
    case '?':
      given();
      return value ?? TAME;
    case ':+':
    case '+': {
      const text = given();
      return assigned
        ? text
        : value === undefined && !KNOWN_SHAPE.test(name) && !/^\d+$/.test(name)
          ? shell.choice.pick(`+${name}`, ['', text])
          : value === ''
            ? ''
            : text;
    }
    case '#n':
      return value === undefined || several || hasHole(value) ? TAME : String(value.length);
    case '@':
      if (given() === 'P') throw new Unreadable('a text that is expanded again');
      return value !== undefined && given() === 'Q' && /^[\w./~-]*$/.test(value) ? value : WILD;
    default:
      if (several) {
        given();
        return WILD;
      }
      return changed(value, op, given(), KNOWN_SHAPE.test(name));
  }
}

/** `#`, `%`, `/`, `:`, `^`, `,` on a value. */
function changed(value: string | undefined, op: string, given: string, shaped: boolean): string {
  if (value === undefined) return shaped || hasHole(given) || op.startsWith('/') ? WILD : TAME;
  if (op === ':') {
    const span = /^\s*(-?\d+)(?:\s*:\s*(-?\d+))?\s*$/.exec(given);
    if (span === null || hasMarks(value)) return WILD;
    const from = Number(span[1]) < 0 ? value.length + Number(span[1]) : Number(span[1]);
    const length = span[2] === undefined ? value.length : Number(span[2]);
    return value.startsWith('~') || value.startsWith(START) ? WILD : value.slice(from, length < 0 ? value.length + length : from + length);
  }
  // The names of these folders are not known.
  if (value === '~' || value === START) return op === '##' ? TAME : WILD;
  if (hasHole(given)) return WILD;
  if (op[0] === '^' || op[0] === ',') {
    const change = (text: string): string => (op[0] === '^' ? text.toUpperCase() : text.toLowerCase());
    return op.length === 2 ? change(value) : change(value.slice(0, 1)) + value.slice(1);
  }
  if (op[0] === '/') return replaced(value, op, given);
  return trimmed(value, op, given);
}

function trimmed(value: string, op: string, given: string): string {
  if (!/[#%]/.test(op)) return WILD;
  const pattern = asPattern(given);
  const ends = op[0] === '%';
  const long = op.length === 2;
  // A name of a listing: what is cut from its known end is known.
  if (value.length > TRIMMED_MAX) return WILD;
  const lengths = Array.from({ length: value.length + 1 }, (_, i) => (long ? value.length - i : i));
  for (const length of lengths) {
    const piece = ends ? value.slice(value.length - length) : value.slice(0, length);
    if (hasMarks(piece)) {
      if (ends === long) continue;
      return value;
    }
    if (mayMatch(pattern, piece, true)) return ends ? value.slice(0, value.length - length) : value.slice(length);
  }
  return value;
}

function replaced(value: string, op: string, given: string): string {
  const slash = given.indexOf('/');
  const from = slash < 0 ? given : given.slice(0, slash);
  const to = slash < 0 ? '' : given.slice(slash + 1);
  if (hasMarks(value) || from === '' || /[*?[\\&]/.test(given) || given.includes(STAR) || given.includes(ONE)) return from === '' ? value : WILD;
  if (op === '//') return value.replaceAll(from, () => to);
  if (op === '/#') return value.startsWith(from) ? to + value.slice(from.length) : value;
  if (op === '/%') return value.endsWith(from) ? value.slice(0, value.length - from.length) + to : value;
  return value.replace(from, () => to);
}
