/** Runs a shell line without running it: every branch, every value that is known (spec/facet.md T-31). Total and bounded. */

import { networkOf } from './host.ts';
import { joinOut, programName, type Runner } from './shell-call.ts';
import { fieldsOf, type Shell, textOf } from './shell-expand.ts';
import type { Findings } from './shell-findings.ts';
import { parseShell } from './shell-parse.ts';
import { climbsFromUnknown, followLinks, installed, isUnknownFolder, resolvePath } from './shell-path.ts';
import { programOf, runProgram } from './shell-programs.ts';
import { type Choice, everyWay, FETCHED, FOLDER, type State } from './shell-state.ts';
import {
  ALL,
  type Assign,
  type Command,
  carried,
  hasMarks,
  hidesCode,
  LINE_BYTES_MAX,
  type List,
  plainMarks,
  type Redirect,
  type Simple,
  START,
  TAME,
  Unreadable,
  WILD,
} from './shell-syntax.ts';
import { leaves, useOf } from './shell-variable.ts';
import { webAddress } from './url.ts';

/** Among the functions that run: a pipe or a process in the background. */
const FORK = '|';
const STEPS_MAX = 768;
const DEPTH_MAX = 16;
/** Programs that run programs that run programs. */
const INSIDE_MAX = 48;
const WAYS_MAX = 16;
/** Values of a loop that are tried one by one. */
const ROUNDS_MAX = 24;
/** Text that is read as a line, of all lines together. */
const READ_MAX = 4 * LINE_BYTES_MAX;

export class ShellRun implements Runner {
  readonly found: Findings;
  private steps = 0;
  private depth = 0;
  private inside = 0;
  private read_ = 0;
  private processes = 0;
  private readonly active: string[] = [];

  constructor(found: Findings) {
    this.found = found;
  }

  line(text: string, state: State, stdin: string | null, args: readonly string[] = state.args): string {
    if (text.includes(WILD)) {
      this.found.unclear('code that is known only when it runs');
      return WILD;
    }
    this.read_ += text.length;
    if (this.read_ > READ_MAX) throw new Unreadable('too much code');
    const list = parseShell(text);
    const before = state.args;
    state.args = args;
    const out = this.list(list, state, stdin);
    state.args = before;
    return out;
  }

  code(text: string | null, state: State, args?: readonly string[]): string {
    if (text === null || text === '') return '';
    if (text.includes(WILD) || text.includes(TAME)) {
      this.found.pipesToShell = true;
      this.found.unclear('code that comes from elsewhere');
      return WILD;
    }
    return this.line(text, state, null, args);
  }

  list(list: List, state: State, stdin: string | null): string {
    if (++this.depth > DEPTH_MAX) throw new Unreadable('nested too deeply');
    let out = '';
    let skipped: State[] = [];
    let folders = state.vars.get(FOLDER);
    for (const item of list) {
      if (item.after !== '&&') {
        for (const other of skipped) state.join(other);
        skipped = [];
      }
      // `cd x; …`: it may have failed, but for `cd x || exit` and `set -e`.
      if (item.after === ';') folders = state.mayStay(folders);
      else if (item.after === '||' && leaves(item.pipeline)) folders = state.vars.get(FOLDER);
      if (item.after !== ';') skipped.push(state.clone());
      const own = item.background ? state.clone() : state;
      const forks = item.background || item.pipeline.length > 1;
      if (forks) this.active.push(FORK);
      out = joinOut(out, this.pipeline(item.pipeline, own, stdin));
      if (forks) this.active.pop();
    }
    for (const other of skipped) state.join(other);
    state.mayStay(folders);
    this.depth--;
    return out;
  }

  private pipeline(commands: readonly Command[], state: State, stdin: string | null): string {
    if (commands.length === 1) return this.command(commands[0], state, stdin);
    let text = stdin;
    commands.forEach((command, i) => {
      const own = state.clone();
      text = carried(text, this.command(command, own, text));
      // zsh and ksh run the last one in the shell itself.
      if (i === commands.length - 1) state.join(own);
      for (const [path, written] of own.files) if (!state.files.has(path)) state.files.set(path, written);
    });
    return text ?? '';
  }

  private command(command: Command, state: State, stdin: string | null): string {
    if (++this.steps > STEPS_MAX) throw new Unreadable('too many commands');
    if (command.kind === 'simple') return this.simple(command, state, stdin);
    if (command.kind === 'function') {
      state.functions.set(command.name, command.body);
      return '';
    }
    return this.ways(state, (own, choice) => {
      const shell = this.shell(own, choice);
      return this.redirected(command.redirects, shell, stdin, (input) => {
        switch (command.kind) {
          case 'group':
            return this.list(command.body, command.isolated ? own.clone() : own, input);
          case 'test':
            if (command.words.some((word) => hidesCode(textOf(word, shell)))) this.found.unclear('arithmetic on a text');
            return '';
          case 'for':
            return this.loop(command, own, shell, input);
          default: {
            if (command.subject !== null) textOf(command.subject, shell);
            let out = '';
            for (let round = 0; round < (command.loops ? 2 : 1); round++) {
              for (const body of command.bodies) {
                const before = own.clone();
                out = joinOut(out, this.list(body, own, input));
                own.join(before);
              }
            }
            return out;
          }
        }
      });
    });
  }

  private loop(command: Command & { kind: 'for' }, state: State, shell: Shell, stdin: string | null): string {
    const values = command.values === null ? state.args : fieldsOf(command.values, shell);
    const tried =
      values.length > ROUNDS_MAX ? [...values.slice(0, ROUNDS_MAX), values.slice(ROUNDS_MAX).every((value) => /^[\w-]+$/.test(value)) ? TAME : WILD] : values;
    let out = '';
    for (const value of tried) {
      const before = state.clone();
      state.set(command.name, value);
      out = joinOut(out, this.list(command.body, state, stdin));
      before.set(command.name, value);
      state.join(before);
    }
    return out;
  }

  /** Runs `work` for every choice of values; the state is then what any of them leaves. */
  private ways(state: State, work: (own: State, choice: Choice) => string): string {
    const base = state.clone();
    let out: string | null = null;
    const all = everyWay(WAYS_MAX, (choice) => {
      if (out === null) {
        out = work(state, choice);
        return;
      }
      const own = base.clone();
      const text = work(own, choice);
      if (text !== out) out = out.includes(WILD) || text.includes(WILD) ? WILD : joinOut(out, text);
      state.join(own);
    });
    if (!all) this.found.unclear('too many values that a variable may have');
    return out ?? '';
  }

  private shell(state: State, choice: Choice): Shell {
    return {
      state,
      choice,
      output: (body) => this.substituted(body, state, choice),
      channel: ({ body, into }) => {
        const path = `/dev/fd/${1000 + this.processes++}`;
        state.files.set(path, this.list(body, state.clone(), into ? WILD : null));
        return path;
      },
    };
  }

  /** `$(…)`; `$(<file)` is what the file holds. */
  private substituted(body: List, state: State, choice: Choice): string {
    const only = body.length === 1 && body[0].pipeline.length === 1 ? body[0].pipeline[0] : null;
    if (only?.kind === 'simple' && only.words.length === 0 && only.assigns.length === 0 && only.redirects.length === 1 && only.redirects[0].op === '<') {
      const path = textOf(only.redirects[0].target, this.shell(state, choice), true);
      this.read(path, state);
      return this.content(path, state) ?? WILD;
    }
    return this.list(body, state.clone(), null);
  }

  /** POSIX 2.7: `work` gets the input; where it writes is written. */
  private redirected(redirects: readonly Redirect[], shell: Shell, stdin: string | null, work: (stdin: string | null) => string): string {
    const { state } = shell;
    let input = stdin;
    let socket = false;
    const outputs: { readonly path: string; readonly append: boolean; readonly text: boolean }[] = [];
    for (const { op, target, body, fd } of redirects) {
      if (op === '<<') {
        input = body === null ? '' : textOf(body, shell);
        continue;
      }
      const path = textOf(target, shell, true);
      if (op === '<<<') input = `${textOf(target, shell)}\n`;
      else if ((op === '>&' || op === '<&') && /^(?:\d+-?|-)$/.test(path)) {
        // What was opened before is not followed.
        if (op === '<&' && !/^0?-?$/.test(path)) input = WILD;
      } else if (path.startsWith('/dev/tcp/') || path.startsWith('/dev/udp/')) {
        this.host(path.split('/')[3] ?? '');
        input = WILD;
        socket = true;
      } else if (op === '<' || op === '<&') {
        this.read(path, state);
        input = this.content(path, state) ?? WILD;
      } else if (op === '<>') {
        this.read(path, state);
        this.write(path, state);
        input = WILD;
      } else outputs.push({ path, append: op.endsWith('>>'), text: fd === '' || fd === '1' });
    }
    const out = work(input);
    if (socket && out.includes(ALL)) this.found.act('send-all', 'write');
    for (const { path, append, text } of outputs) {
      const before = append ? (this.content(path, state) ?? '') : '';
      this.write(path, state, text ? joinOut(before, out) : WILD);
    }
    return outputs.some(({ text }) => text) ? '' : out;
  }

  private simple(command: Simple, state: State, stdin: string | null): string {
    return this.ways(state, (own, choice) => {
      const shell = this.shell(own, choice);
      const fields = fieldsOf(command.words, shell);
      return this.redirected(command.redirects, shell, stdin, (input) => {
        if (fields.length === 0) {
          for (const assign of command.assigns) this.assign(assign, shell);
          return '';
        }
        const before = new Map(own.vars);
        for (const assign of command.assigns) this.assign(assign, shell);
        const set = command.assigns.map(({ name }) => name);
        const out = this.argv(fields, own, input);
        const declared = /^(?:declare|typeset|local|export|readonly)$/.test(fields[0]);
        for (const name of declared ? [] : set) {
          const old = before.get(name);
          if (old === undefined) own.vars.delete(name);
          else own.vars.set(name, old);
        }
        own.set('_', fields.at(-1) ?? '');
        return out;
      });
    });
  }

  private assign({ name, append, values, array, indexed }: Assign, shell: Shell): void {
    const { state, choice } = shell;
    if (indexed) {
      textOf(values[0] ?? [], shell);
      return state.set(name, WILD);
    }
    const text = array ? fieldsOf(values, shell).join(' ') : textOf(values[0] ?? [], shell);
    const old = append ? (state.get(name, choice) ?? '') : '';
    this.set(name, array && old !== '' ? `${old} ${text}` : old + text, state);
    if (array) state.set(`${name}[]`, '');
  }

  set(name: string, value: string, state: State): void {
    state.set(name, value);
    const use = useOf(name, value);
    if (use === 'command') this.line(value, state.clone(), null);
    else if (use === 'loaded') this.found.unclear(`${name} makes programs load code`);
  }

  argv(fields: readonly string[], state: State, stdin: string | null): string {
    if (++this.steps > STEPS_MAX) throw new Unreadable('too many commands');
    if (++this.inside > INSIDE_MAX) throw new Unreadable('nested too deeply');
    const out = this.program(fields, state, stdin);
    this.inside--;
    return out;
  }

  private program(fields: readonly string[], state: State, stdin: string | null): string {
    const [word, ...args] = fields;
    if (word === undefined) return '';
    if (hasMarks(word.replace(/\ue004$/, ''))) {
      this.found.unclear('a program that is known only when it runs');
      return WILD;
    }
    const alias = state.aliases.get(word);
    if (alias !== undefined && !this.active.includes(`alias ${word}`)) this.within(`alias ${word}`, () => this.aliased(alias, args, state, stdin));
    const own = state.functions.get(word);
    let out: string | null = null;
    if (own !== undefined) out = this.invoke(word, own, args, state, stdin);
    const path = word.includes('/') ? this.place(word, state) : word;
    const name = programName(path);
    const program = programOf(name);
    if (own !== undefined && program === undefined) return out ?? '';
    this.found.command(name);
    const script = word.includes('/') ? this.content(word, state) : installed(word, state);
    if (script !== undefined) return this.code(script, state.clone(), args);
    const printed = runProgram(program, { name, args, state, stdin, run: this });
    return out ?? printed;
  }

  private aliased(alias: string, args: readonly string[], state: State, stdin: string | null): string {
    const rest = args.map((arg) => `'${arg.replaceAll("'", "'\\''").replaceAll(/[\ue002-\ue004]/g, TAME)}'`).join(' ');
    return this.line(`${alias} ${rest}`, state, stdin);
  }

  private within<T>(name: string, work: () => T): T {
    this.active.push(name);
    const value = work();
    this.active.pop();
    return value;
  }

  private invoke(name: string, body: Command, args: readonly string[], state: State, stdin: string | null): string {
    if (this.active.filter((one) => one === name).length > 2) {
      if (this.active.slice(this.active.indexOf(name)).includes(FORK)) this.found.act('fork-bomb');
      return WILD;
    }
    return this.within(name, () => {
      const before = state.args;
      state.args = args;
      const out = this.command(body, state, stdin);
      state.args = before;
      return out;
    });
  }

  place(path: string, state: State): string {
    const folders = state.vars.get(FOLDER) ?? [START];
    return followLinks(resolvePath(path, folders[folders.length - 1]), state);
  }

  /** All places that the path may mean, the folder being one of several. */
  private each(path: string, state: State, work: (place: string) => void): void {
    if (path === '' || path === '-' || /^\/dev\/(?:null|zero|u?random|full|tty|std(?:in|out|err)|fd\/.*|shm\/.*|ptmx|pts\/\d+)$/.test(path)) return;
    if (path.includes(WILD) || climbsFromUnknown(path)) return this.found.unclear('a file that is known only when it runs');
    if (path.length > 4096) return this.found.unclear('a path that is too long');
    for (const folder of state.vars.get(FOLDER) ?? [START]) {
      if (folder.includes(WILD) && !/^[/~]/.test(path)) this.found.unclear('a folder that is known only when it runs');
      else work(followLinks(resolvePath(path, folder), state));
    }
  }

  read(path: string, state: State, deep = false): void {
    if (/^(?:https?|ftp|s3|gs|git|ssh):\/\//i.test(path)) return;
    this.each(path, state, (place) => this.found.touch('read', place, deep));
  }

  write(path: string, state: State, content: string = WILD): void {
    this.each(path, state, (place) => {
      this.found.touch('write', place, false);
      state.files.set(place, content);
    });
  }

  remove(path: string, state: State, deep: boolean): void {
    // A variable that is empty leaves the root.
    if ((deep && /^[\ue000]+\/+[\ue002-\ue004.]*$/.test(path)) || isUnknownFolder(path, deep, this.found.folder, state))
      this.found.unclear('a folder that is known only when it runs');
    this.each(path, state, (place) => this.found.touch('delete', place, deep));
  }

  content(path: string, state: State): string | undefined {
    const place = path.startsWith('/dev/fd/') ? path : this.place(path, state);
    return state.files.get(place) ?? (/^\/(?:usr|bin|sbin|opt|dev|etc)\//.test(place) ? undefined : state.files.get(FETCHED));
  }

  host(text: string): void {
    this.found.egress = true;
    const parsed = text.includes(WILD) ? undefined : webAddress(plainMarks(text.replace(/\ue000+/g, 'unknown')));
    if (parsed === undefined) return this.found.unclear('a host that cannot be read');
    if (!text.includes(TAME) || networkOf(parsed.host) !== 'public') this.found.hosts.add(parsed.host);
  }
}
