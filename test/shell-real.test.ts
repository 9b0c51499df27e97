/**
 * The shell reader beside bash itself: lines are disguised by a seeded generator, run by bash among stub programs that
 * only write down their arguments, and read; both must see the same programs with the same arguments.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Findings } from '../src/facet/shell-findings.ts';
import { ShellRun } from '../src/facet/shell-run.ts';
import { State } from '../src/facet/shell-state.ts';
import { hasHole, plainMarks, Unreadable } from '../src/facet/shell-syntax.ts';

const STUBS = ['rm', 'shred', 'mv', 'chmod', 'gcc', 'zork'];
const REAL = ['bash', 'sh', 'base64', 'tr', 'rev', 'env', 'xargs', 'nice', 'cat', 'printf'];

class Recorder extends ShellRun {
  readonly seen: string[][] = [];

  override argv(fields: readonly string[], state: State, stdin: string | null): string {
    if (STUBS.includes(fields[0] ?? '')) this.seen.push(fields.map(plainMarks));
    if (fields.some(hasHole)) this.found.unclear('an argument that is not known');
    return super.argv(fields, state, stdin);
  }
}

/** What the reader sees; null where it says that it cannot know. */
function read(line: string): string[][] | null {
  const found = new Findings(null);
  const run = new Recorder(found);
  try {
    run.line(line, new State(null, []), null);
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
  return found.opaque === null ? run.seen : null;
}

class Disguise {
  private state: number;
  private names = 0;
  /** Assignments that must stand before the line. */
  before: string[] = [];

  constructor(seed: number) {
    this.state = seed;
  }

  below(count: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * count);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)];
  }

  private name(): string {
    return `v${this.names++}`;
  }

  private quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

  /** One word written so that bash reads this very text. */
  word(text: string): string {
    if (text === '') return this.one(["''", '""', '\'\'""']);
    const cut = 1 + this.below(text.length);
    const [head, tail] = [text.slice(0, cut), text.slice(cut)];
    return this.piece(head) + (tail === '' ? this.one(['', "''", '$@', '""']) : this.word(tail));
  }

  private piece(text: string): string {
    const codes = [...text].map((char) => char.charCodeAt(0));
    switch (this.below(16)) {
      case 0:
        return this.quoted(text);
      case 1:
        return `"${text.replace(/[$`"\\]/g, '\\$&')}"`;
      case 2:
        return [...text].map((char) => (char === '\n' ? "'\n'" : `\\${char}`)).join('');
      case 3:
        return `$'${codes.map((code) => `\\x${code.toString(16).padStart(2, '0')}`).join('')}'`;
      case 4:
        return `$'${codes.map((code) => `\\${code.toString(8).padStart(3, '0')}`).join('')}'`;
      case 5:
        return `$'${codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('')}'`;
      case 6: {
        const name = this.name();
        this.before.push(`${name}=${this.quoted(text)}`);
        return this.one([`"$${name}"`, `"\${${name}}"`]);
      }
      case 7:
        return `"$(printf %s ${this.quoted(text)})"`;
      case 8:
        return `"$(echo ${this.quoted(Buffer.from(text).toString('base64'))} | base64 -d)"`;
      case 9: {
        const name = this.name();
        const [left, right] = [this.below(4), this.below(4)];
        this.before.push(`${name}=${this.quoted('x'.repeat(left) + text + 'y'.repeat(right))}`);
        return `"\${${name}:${left}:${text.length}}"`;
      }
      case 10:
        return `"\${${this.name()}:-${text.replace(/[$`"\\}]/g, '\\$&')}}"`;
      case 11:
        return `"$(printf '%b' '${codes.map((code) => `\\0${code.toString(8).padStart(3, '0')}`).join('')}')"`;
      case 12: {
        const name = this.name();
        this.before.push(`${name}=${this.quoted(`${text}QQ`)}`);
        return `"\${${name}%QQ}"`;
      }
      case 13: {
        const [name, to] = [this.name(), this.name()];
        this.before.push(`${to}=${this.quoted(text)}; ${name}=${to}`);
        return `"\${!${name}}"`;
      }
      case 14:
        return `"$(rev <<< ${this.quoted([...text].reverse().join(''))})"`;
      default:
        return /^[\w./-]+$/.test(text) ? text : this.quoted(text);
    }
  }

  /** A command somewhere in a line. */
  line(words: readonly string[]): string {
    this.before = [];
    let line = words.map((word) => this.word(word)).join(this.one([' ', '  ', '\t', ' \\\n ']));
    const plain = words.map((word) => this.quoted(word)).join(' ');
    switch (this.below(18)) {
      case 0:
        line = `{ ${line}; }`;
        break;
      case 1:
        line = `( ${line} )`;
        break;
      case 2:
        line = `if true; then ${line}; fi`;
        break;
      case 3:
        line = `f() { ${line}; }; f`;
        break;
      case 4:
        line = `eval ${this.quoted(plain)}`;
        break;
      case 5:
        line = `bash -c ${this.quoted(`bash -c ${this.quoted(plain)}`)}`;
        break;
      case 6:
        line = `env A=b nice -n 0 ${line}`;
        break;
      case 7:
        line = `for i in 1; do ${line}; done`;
        break;
      case 8:
        line = `bash <<'E'\n${plain}\nE\n`;
        break;
      case 9:
        line = `${this.one(['true &&', 'false ||', 'true;', ': |'])} ${line}`;
        break;
      case 10:
        line = `a=(${plain}); "\${a[@]}"`;
        if (words.some((word) => /[\s]|^$/.test(word))) line = plain;
        break;
      case 11:
        line = `set -- ${plain}; "$@"`;
        break;
      case 12:
        line = `g() { "$@"; }; g ${line}`;
        break;
      case 13:
        line = `echo ${this.quoted(plain)} | bash`;
        if (plain.includes('\\')) line = plain;
        break;
      case 14:
        line = `case x in x) ${line};; esac`;
        break;
      case 15:
        line = `x=$(${line}); echo "$x"`;
        break;
      default:
    }
    return [...this.before, line].join('; ');
  }
}

const TEXTS = [
  '-rf',
  '/',
  '~',
  '/etc/shadow',
  '.env',
  '-r',
  'a b',
  '$HOME',
  '*',
  '{a,b}',
  "it's",
  '"',
  '\\',
  'x;y',
  '#',
  '',
  '`id`',
  '|',
  '!',
  'a\nb',
  '-',
  '=',
  'x=y',
  '~/.ssh/id_rsa',
  '$(id)',
  '[',
  '?x',
  '&',
];

/** Runs the lines by bash; what the stubs were called with, by line. */
function real(lines: readonly string[]): string[][][] {
  const folder = mkdtempSync(join(tmpdir(), 'ava-shell-'));
  try {
    const bin = join(folder, 'bin');
    const work = join(folder, 'work');
    mkdirSync(bin);
    mkdirSync(work);
    for (const name of STUBS) {
      writeFileSync(join(bin, name), `#!/bin/sh\nprintf '%s\\0' "\${0##*/}" "$@" >> "$AVA_SEEN"\nprintf '\\001' >> "$AVA_SEEN"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    for (const name of REAL) {
      const path = ['/usr/bin', '/bin'].map((at) => join(at, name === 'sh' ? 'bash' : name)).find((at) => existsSync(at));
      if (path !== undefined) symlinkSync(path, join(bin, name));
    }
    return lines.map((line, i) => {
      const seen = join(folder, `seen${i}`);
      writeFileSync(seen, '');
      // HOME is the text that the reader has for it.
      const { error } = spawnSync('/bin/bash', ['-c', line], { cwd: work, env: { PATH: bin, HOME: '~', AVA_SEEN: seen, LC_ALL: 'C.UTF-8' }, timeout: 10_000 });
      assert.equal(error, undefined, line);
      return readFileSync(seen, 'utf8')
        .split('\x01')
        .slice(0, -1)
        .map((call) => call.split('\0').slice(0, -1));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('T-31: what bash calls is what is read', (context) => {
  if (!existsSync('/bin/bash')) return context.diagnostic('there is no bash here: not compared');
  const seed = Number(process.env.SEED ?? 20_261_124);
  const count = Number(process.env.AVA_SHELL_CASES ?? 300);
  const disguise = new Disguise(seed);
  const lines = Array.from({ length: count }, () =>
    disguise.line([disguise.one(STUBS), ...Array.from({ length: disguise.below(4) }, () => disguise.one(TEXTS))]),
  );
  const called = real(lines);
  let unknown = 0;
  lines.forEach((line, i) => {
    const seen = read(line);
    if (seen === null) unknown++;
    // A function or alias that hides a program may run it as well: what bash calls is among what is read.
    else assert.deepEqual(seen, called[i], `seed ${seed}, line ${i}:\n${line}`);
  });
  context.diagnostic(`seed ${seed}: ${count} lines, ${unknown} opaque`);
  assert.ok(unknown < count * 0.1, `${unknown} of ${count} opaque`);
});
