/** Commands and lists of a shell line (POSIX 2.9, 2.10, and what bash adds). */
import { type HereDocument, readHereDocuments } from './shell-here.ts';
import {
  type Assign,
  type Command,
  hasMarks,
  type Item,
  LINE_BYTES_MAX,
  type List,
  NESTING_MAX,
  type Redirect,
  Unreadable,
  type Word,
} from './shell-syntax.ts';
import { type Cursor, readText, readWord } from './shell-word.ts';

/** @throws Unreadable where it is no line of a shell, or past the bounds */
export function parseShell(line: string): List {
  if (line.length > LINE_BYTES_MAX) throw new Unreadable('too long');
  if (hasMarks(line.replace(/[\ue000\ue001]/g, '')) || line.includes('\0')) throw new Unreadable('a character that is not read');
  const cursor: Cursor = { text: line, at: 0, depth: 0, list: (inner, close) => nested(inner, close) };
  const list = new Parser(cursor).list([]);
  if (cursor.at < line.length) throw new Unreadable(`\`${line[cursor.at]}\` where no command ends`);
  return list;
}

function nested(cursor: Cursor, close: ')' | '`'): List {
  const parser = new Parser(cursor);
  const list = parser.list([]);
  if (parser.waits) throw new Unreadable('a here-document without its text');
  if (close === ')') parser.take(')');
  else if (cursor.at < cursor.text.length) throw new Unreadable('a bracket without its pair');
  return list;
}

const ASSIGNMENT = /([A-Za-z_][A-Za-z0-9_]*)(\[[^\]$`]*\])?(\+?)=/y;
const REDIRECT = /(\d*|\{[A-Za-z_]\w*\})(&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<|>)/y;
const RESERVED_END: ReadonlySet<string> = new Set(['then', 'do', 'done', 'fi', 'elif', 'else', 'esac', '}', ']]']);

class Parser {
  private readonly cursor: Cursor;
  private readonly pending: HereDocument[] = [];
  private depth = 0;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  /** A here-document whose text has not come. */
  get waits(): boolean {
    return this.pending.length > 0;
  }

  private get rest(): string {
    return this.cursor.text;
  }

  private is(mark: string): boolean {
    return this.rest.startsWith(mark, this.cursor.at);
  }

  take(mark: string): void {
    this.blanks();
    if (!this.is(mark)) throw new Unreadable(`\`${mark}\` is missing`);
    this.cursor.at += mark.length;
  }

  /** Spaces, joined lines and a comment. */
  private blanks(): void {
    const { text } = this.cursor;
    for (;;) {
      const char = text[this.cursor.at];
      if (char === ' ' || char === '\t') this.cursor.at++;
      else if (char === '\\' && text[this.cursor.at + 1] === '\n') this.cursor.at += 2;
      else if (char === '#') {
        const end = text.indexOf('\n', this.cursor.at);
        this.cursor.at = end < 0 ? text.length : end;
      } else return;
    }
  }

  private newlines(): void {
    for (;;) {
      this.blanks();
      if (!this.is('\n')) return;
      this.cursor.at++;
      this.hereDocuments();
    }
  }

  private hereDocuments(): void {
    readHereDocuments(this.cursor, this.pending.splice(0));
  }

  /** The reserved word at the cursor, if any of these. */
  private word(...words: string[]): string | undefined {
    this.blanks();
    return words.find((word) => this.is(word) && /^(?:[\s;&|()<>]|$)/.test(this.rest.slice(this.cursor.at + word.length, this.cursor.at + word.length + 1)));
  }

  private reserved(word: string): void {
    if (this.word(word) === undefined) throw new Unreadable(`\`${word}\` is missing`);
    this.cursor.at += word.length;
  }

  /** Commands up to a closing bracket, one of the reserved words, or the end. */
  list(until: readonly string[]): List {
    if (++this.depth + this.cursor.depth > NESTING_MAX) throw new Unreadable('nested too deeply');
    const items: Item[] = [];
    let after: Item['after'] = ';';
    for (;;) {
      this.newlines();
      if (this.cursor.at >= this.rest.length || this.is(')') || this.is(';;') || this.is(';&') || this.word(...until) !== undefined) break;
      const pipeline = this.pipeline();
      this.blanks();
      const joined = this.is('&&') ? '&&' : this.is('||') ? '||' : null;
      const background = joined === null && this.is('&');
      items.push({ after, pipeline, background });
      after = joined ?? ';';
      if (joined !== null) this.cursor.at += 2;
      else if (this.is(';;') || this.is(';&')) break;
      else if (background || this.is(';')) this.cursor.at++;
      else if (!this.is('\n') && this.cursor.at < this.rest.length && !this.is(')')) throw new Unreadable('two commands without a mark between');
    }
    if (this.cursor.at >= this.rest.length) this.hereDocuments();
    this.depth--;
    return items;
  }

  private pipeline(): Command[] {
    const commands: Command[] = [];
    for (let word = this.word('!', 'time', 'coproc'); word !== undefined; word = this.word('!', 'time', 'coproc')) {
      this.cursor.at += word.length;
      this.blanks();
      if (word === 'time' && this.word('-p') !== undefined) this.cursor.at += 2;
    }
    for (;;) {
      commands.push(this.command());
      this.blanks();
      if (!this.is('|') || this.is('||')) return commands;
      this.cursor.at += this.is('|&') ? 2 : 1;
      this.newlines();
    }
  }

  private command(): Command {
    this.blanks();
    if (this.is('((') && this.arithmetic()) return { kind: 'test', words: [this.arithmeticWord()], redirects: this.redirects() };
    if (this.is('(')) {
      this.cursor.at++;
      const body = this.list([]);
      this.take(')');
      return { kind: 'group', isolated: true, body, redirects: this.redirects() };
    }
    const word = this.word('{', 'if', 'while', 'until', 'for', 'select', 'case', 'function', '[[', ...RESERVED_END);
    if (word === undefined) return this.simple();
    if (RESERVED_END.has(word)) throw new Unreadable(`\`${word}\` without its beginning`);
    this.cursor.at += word.length;
    switch (word) {
      case '{': {
        const body = this.list(['}']);
        this.reserved('}');
        return { kind: 'group', isolated: false, body, redirects: this.redirects() };
      }
      case 'if':
        return this.conditional();
      case 'while':
      case 'until': {
        const condition = this.list(['do']);
        this.reserved('do');
        const body = this.list(['done']);
        this.reserved('done');
        return { kind: 'branch', subject: null, loops: true, bodies: [condition, body], redirects: this.redirects() };
      }
      case 'for':
      case 'select':
        return this.loop();
      case 'case':
        return this.cases();
      case 'function': {
        this.blanks();
        const name = this.name();
        this.blanks();
        if (this.is('(')) {
          this.take('(');
          this.take(')');
        }
        this.newlines();
        return { kind: 'function', name, body: this.command() };
      }
      default:
        return this.test();
    }
  }

  private arithmetic(): boolean {
    return this.rest.indexOf('))', this.cursor.at) > 0;
  }

  private arithmeticWord(): Word {
    const end = this.rest.indexOf('))', this.cursor.at);
    const word = readText(this.rest.slice(this.cursor.at + 2, end), this.cursor);
    this.cursor.at = end + 2;
    return word;
  }

  private conditional(): Command {
    const bodies: List[] = [this.list(['then'])];
    this.reserved('then');
    bodies.push(this.list(['elif', 'else', 'fi']));
    for (;;) {
      const word = this.word('elif', 'else', 'fi');
      if (word === undefined) throw new Unreadable('`fi` is missing');
      this.cursor.at += word.length;
      if (word === 'fi') return { kind: 'branch', subject: null, loops: false, bodies, redirects: this.redirects() };
      if (word === 'elif') {
        bodies.push(this.list(['then']));
        this.reserved('then');
      }
      bodies.push(this.list(['elif', 'else', 'fi']));
    }
  }

  private loop(): Command {
    this.blanks();
    if (this.is('((')) {
      const word = this.arithmeticWord();
      this.blanks();
      if (this.is(';')) this.cursor.at++;
      const body = this.doGroup();
      const head: Command = { kind: 'test', words: [word], redirects: [] };
      const bodies: List[] = [[{ after: ';', pipeline: [head], background: false }], body];
      return { kind: 'branch', subject: null, loops: true, bodies, redirects: this.redirects() };
    }
    const name = this.name();
    let values: Word[] | null = null;
    this.newlines();
    if (this.word('in') !== undefined) {
      this.cursor.at += 2;
      values = [];
      for (;;) {
        this.blanks();
        const word = readWord(this.cursor);
        if (word.length === 0) break;
        values.push(word);
      }
    }
    this.blanks();
    if (this.is(';')) this.cursor.at++;
    const body = this.doGroup();
    return { kind: 'for', name, values, body, redirects: this.redirects() };
  }

  private doGroup(): List {
    this.newlines();
    const brace = this.word('{') !== undefined;
    this.reserved(brace ? '{' : 'do');
    const body = this.list([brace ? '}' : 'done']);
    this.reserved(brace ? '}' : 'done');
    return body;
  }

  private cases(): Command {
    this.blanks();
    const subject = readWord(this.cursor);
    this.newlines();
    this.reserved('in');
    const bodies: List[] = [];
    for (;;) {
      this.newlines();
      if (this.word('esac') !== undefined) break;
      if (this.cursor.at >= this.rest.length) throw new Unreadable('`esac` is missing');
      this.blanks();
      if (this.is('(')) this.cursor.at++;
      for (;;) {
        this.blanks();
        readWord(this.cursor);
        this.blanks();
        if (!this.is('|')) break;
        this.cursor.at++;
      }
      this.take(')');
      bodies.push(this.list(['esac']));
      if (this.is(';;&')) this.cursor.at += 3;
      else if (this.is(';;') || this.is(';&')) this.cursor.at += 2;
    }
    this.reserved('esac');
    return { kind: 'branch', subject, loops: false, bodies, redirects: this.redirects() };
  }

  /** `[[ … ]]`: its words; operators and brackets in it do nothing. */
  private test(): Command {
    const words: Word[] = [];
    for (;;) {
      this.newlines();
      if (this.word(']]') !== undefined) break;
      if (this.cursor.at >= this.rest.length) throw new Unreadable('`]]` is missing');
      const word = readWord(this.cursor);
      if (word.length > 0) words.push(word);
      else if (/[|&()<>]/.test(this.rest[this.cursor.at])) this.cursor.at++;
      else throw new Unreadable('a mark in a test that is not read');
    }
    this.cursor.at += 2;
    return { kind: 'test', words, redirects: this.redirects() };
  }

  private name(): string {
    const word = readWord(this.cursor);
    const only = word.map((part) => (part.kind === 'text' ? part.text : '\0')).join('');
    if (only === '' || only.includes('\0')) throw new Unreadable('a name is missing');
    return only;
  }

  private redirects(): Redirect[] {
    const found: Redirect[] = [];
    for (;;) {
      this.blanks();
      const redirect = this.redirect();
      if (redirect === undefined) return found;
      found.push(redirect);
    }
  }

  private redirect(): Redirect | undefined {
    REDIRECT.lastIndex = this.cursor.at;
    const found = REDIRECT.exec(this.rest);
    if (found === null) return undefined;
    const [whole, fd, op] = found;
    // `<(` and `>(` begin a word.
    if ((op === '<' || op === '>') && this.rest[this.cursor.at + whole.length] === '(') return undefined;
    this.cursor.at += whole.length;
    this.blanks();
    const target = readWord(this.cursor);
    if (target.length === 0) throw new Unreadable('a redirection without its file');
    if (!op.startsWith('<<') || op === '<<<') return { op, target, body: null, fd };
    const redirect: { op: string; target: Word; body: Word | null; fd: string } = { op: '<<', target, body: null, fd };
    this.pending.push({
      delimiter: target.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
      literal: target.some((part) => part.kind === 'text' && part.quoted),
      tabs: op === '<<-',
      into: redirect,
    });
    return redirect;
  }

  private simple(): Command {
    const assigns: Assign[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      this.blanks();
      const redirect = this.redirect();
      if (redirect !== undefined) {
        redirects.push(redirect);
        continue;
      }
      ASSIGNMENT.lastIndex = this.cursor.at;
      const found = words.length === 0 || this.declares(words) ? ASSIGNMENT.exec(this.rest) : null;
      if (found !== null && (words.length === 0 || this.rest[this.cursor.at + found[0].length] === '(')) {
        this.cursor.at += found[0].length;
        assigns.push(this.assignment(found[1], found[3] === '+', found[2] !== undefined));
        continue;
      }
      const word = readWord(this.cursor);
      if (word.length === 0) break;
      words.push(word);
      this.blanks();
      if (words.length === 1 && this.is('(') && assigns.length === 0) {
        this.take('(');
        this.take(')');
        this.newlines();
        return { kind: 'function', name: word.map((part) => (part.kind === 'text' ? part.text : '')).join(''), body: this.command() };
      }
    }
    if (words.length === 0 && assigns.length === 0 && redirects.length === 0) throw new Unreadable('a command is missing');
    return { kind: 'simple', assigns, words, redirects };
  }

  /** `declare a=(…)`: an array among the words. */
  private declares(words: readonly Word[]): boolean {
    const first = words[0]?.[0];
    return first?.kind === 'text' && /^(?:declare|typeset|local|export|readonly)$/.test(first.text);
  }

  private assignment(name: string, append: boolean, indexed: boolean): Assign {
    if (!this.is('(')) return { name, append, values: [readWord(this.cursor)], array: false, indexed };
    this.cursor.at++;
    const values: Word[] = [];
    for (;;) {
      this.newlines();
      if (this.is(')')) break;
      const word = readWord(this.cursor);
      if (word.length === 0) throw new Unreadable('an array is not closed');
      values.push(word);
    }
    this.cursor.at++;
    return { name, append, values, array: true, indexed };
  }
}
