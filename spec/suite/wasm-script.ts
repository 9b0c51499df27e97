/** Runs one script of the specification suite on a subject, and says of each assertion whether it holds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NumberType } from '../../test/vm/binary.ts';
import { bitCall, cell } from '../../test/vm/bit-call.ts';
import { type Exports, type Imports, wasm } from '../../test/vm/web-assembly.ts';
import { spectest } from './spectest.ts';
import { type Live, type Ready, Refusal, type Subject } from './subject.ts';
import type { Action, Command, Script, Value, ValueType } from './wast.ts';

export interface Outcome {
  passed: number;
  readonly failures: string[];
  /** Assertions that say nothing about the accepted subset, by the reason. */
  readonly outside: Map<string, number>;
  /** How modules that must be refused were refused: counts by slug. */
  readonly refusals: Map<string, number>;
  /** Modules as given that were refused as outside. */
  readonly refused: { readonly file: string; readonly slug: string; readonly reason: string }[];
}

class Outside extends Error {}

const reasonOf = ({ slug, message }: Refusal): string =>
  `${slug}: ${message.replaceAll(/"[^"]*"|0x[0-9a-f]+|\d+/g, '…').replaceAll(/, (?:in function … )?at byte …/g, '')}`;

/** What V8 says when it alone knows of a trap: read here and nowhere else, to see that instrumented code keeps the trap. */
const MESSAGES: readonly (readonly [expected: RegExp, said: RegExp])[] = [
  [/^out of bounds memory access/, /memory access out of bounds|data segment/],
  [/^integer divide by zero/, /by zero/],
  [/^integer overflow/, /unrepresentable/],
  [/^invalid conversion to integer/, /unrepresentable/],
  [/^undefined element|^out of bounds table/, /table index|table access|table or|element segment/],
  [/^uninitialized element|^indirect call type/, /null function or function signature|signature mismatch|table index/],
  [/^unreachable/, /unreachable/],
];

const isNumber = (type: ValueType): type is NumberType => type !== 'externref' && type !== 'funcref';
const bits = (value: Value): bigint => BigInt(value.value ?? '0');

/** NaN patterns: any sign; canonical is the quiet bit alone, arithmetic is with the quiet bit. */
function matches(expected: Value, actual: bigint): boolean {
  if (expected.value === undefined) return true;
  if (!expected.value.startsWith('nan:')) return bits(expected) === actual;
  const canonical = expected.type === 'f32' ? 0x7fc0_0000n : 0x7ff8_0000_0000_0000n;
  const magnitude = actual & (expected.type === 'f32' ? 0x7fff_ffffn : 0x7fff_ffff_ffff_ffffn);
  return expected.value === 'nan:canonical' ? magnitude === canonical : (magnitude & canonical) === canonical;
}

export class ScriptRun {
  private readonly script: Script;
  private readonly subject: Subject;
  private readonly outcome: Outcome;
  private readonly registered = new Map<string, Exports>([['spectest', spectest()]]);
  private readonly named = new Map<string, Live | Outside>();
  /** Every instance: a call may go through several. */
  private readonly all: Live[] = [];
  private latest: Live | Outside = new Outside('no module');
  /** Instances that a module which is outside would have written to when it was linked. */
  private readonly touched = new Set<Exports>();
  /** Names under which a module that is outside would be registered. */
  private readonly missing = new Map<string, string>();

  constructor(script: Script, subject: Subject, outcome: Outcome) {
    this.script = script;
    this.subject = subject;
    this.outcome = outcome;
  }

  run(): void {
    for (const command of this.script.commands) {
      try {
        if (this.step(command)) this.outcome.passed++;
      } catch (error) {
        const counts = command.type.startsWith('assert') || command.type === 'action';
        if (error instanceof Outside) {
          if (counts) this.outcome.outside.set(error.message, (this.outcome.outside.get(error.message) ?? 0) + 1);
        } else
          this.outcome.failures.push(
            `${this.subject.name}: ${this.script.name}:${command.line}: ${command.type}: ${error instanceof Error ? error.message : String(error)}`,
          );
      }
    }
  }

  /** Whether an assertion held; false for what is none. @throws Error when it does not hold, Outside when it cannot be said */
  private step(command: Command): boolean {
    switch (command.type) {
      case 'module':
        this.latest = this.module(command);
        if (command.name !== undefined) this.named.set(command.name, this.latest);
        if (this.latest instanceof Outside) throw this.latest;
        return false;
      case 'register': {
        const live = command.name === undefined ? this.latest : this.named.get(command.name);
        if (live === undefined || live instanceof Outside) this.missing.set(command.as ?? '', live?.message ?? 'no module');
        else this.registered.set(command.as ?? '', live.exports);
        return false;
      }
      case 'action':
      case 'assert_return':
        this.returns(command);
        return true;
      case 'assert_trap':
      case 'assert_exhaustion':
        this.traps(command);
        return true;
      case 'assert_malformed':
      case 'assert_invalid':
        this.mustBeRefused(command);
        return true;
      case 'assert_unlinkable':
        this.unlinkable(command);
        return true;
      case 'assert_uninstantiable':
        this.uninstantiable(command);
        return true;
      default:
        throw new Error(`unknown command ${String(command.type)}`);
    }
  }

  private bytes(command: Command): Uint8Array {
    return new Uint8Array(readFileSync(join(this.script.folder, command.filename ?? '')));
  }

  private module(command: Command): Live | Outside {
    let ready: Ready;
    try {
      ready = this.subject.compile(this.bytes(command));
    } catch (error) {
      if (!(error instanceof Refusal && error.outside)) throw error;
      this.outcome.refused.push({ file: join(this.script.folder, command.filename ?? ''), slug: error.slug, reason: error.message });
      return this.outside(error, command);
    }
    try {
      return this.link(ready);
    } catch (error) {
      if (error instanceof Outside) return error;
      throw error;
    }
  }

  private outside(error: Refusal, command: Command): Outside {
    for (const { module } of wasm.Module.imports(new wasm.Module(this.bytes(command)))) {
      const from = this.registered.get(module);
      if (from !== undefined) this.touched.add(from);
    }
    return new Outside(reasonOf(error));
  }

  /** @throws Outside when it imports from a module that is outside */
  private link(ready: Ready): Live {
    const imports: Imports = {};
    for (const { module } of ready.imports) {
      const missing = this.missing.get(module);
      if (missing !== undefined) throw new Outside(`imports from a module that is outside: ${missing}`);
      imports[module] = { ...this.registered.get(module) };
    }
    for (const live of this.all) live.ready();
    return ready.instantiate(imports, (live) => this.all.push(live));
  }

  private live(action: Action): Live {
    const live = action.module === undefined ? this.latest : this.named.get(action.module);
    if (live === undefined) throw new Error(`no module ${action.module}`);
    if (live instanceof Outside) throw live;
    return live;
  }

  private act(action: Action, expected: readonly Value[]): bigint[] {
    const live = this.live(action);
    const target = live.exports[action.field];
    const types = [...(action.args ?? []), ...expected].map(({ type }) => type);
    if (!types.every(isNumber)) throw new Error('a value that is no number in a module that was accepted');
    if (action.type === 'get') {
      const { type, get } = cell(target);
      if (type !== types[0]) throw new Error(`a global of type ${type}, not ${types[0]}`);
      return [get()];
    }
    const call = bitCall(target, types.slice(0, action.args?.length ?? 0), types.slice(action.args?.length ?? 0));
    for (const one of this.all) one.ready();
    return call((action.args ?? []).map(bits));
  }

  /** Its state would be another, had a module that is outside been linked to it. */
  private excuse(action: Action): void {
    if (this.touched.has(this.live(action).exports)) throw new Outside('about the state that a module which is outside would have left');
  }

  private returns({ action, expected = [] }: Command): void {
    if (action === undefined) throw new Error('no action');
    let results: readonly bigint[];
    try {
      results = this.act(action, expected);
    } catch (error) {
      if (this.all.some((live) => live.starved())) throw new Outside('grows a memory of another module past what that one allows');
      if (error instanceof wasm.RuntimeError) this.excuse(action);
      throw error;
    }
    if (results.length !== expected.length || !expected.every((value, index) => matches(value, results[index]))) {
      this.excuse(action);
      throw new Error(
        `${action.field}(${(action.args ?? []).map(({ value }) => value).join()}) = ${results.join()}, not ${expected.map(({ value }) => value).join()}`,
      );
    }
  }

  private traps({ action, expected = [], text = '', type }: Command): void {
    if (action === undefined) throw new Error('no action');
    let results: readonly bigint[];
    try {
      results = this.act(action, expected);
    } catch (error) {
      this.expectTrap(error, type === 'assert_exhaustion' ? 'call stack exhausted' : text);
      return;
    }
    throw new Error(`${action.field} gives ${results.join()}, but must trap: ${text}`);
  }

  private expectTrap(error: unknown, expected: string): void {
    if (error instanceof Outside || !(error instanceof Error)) throw error;
    const own = this.all.map((live) => live.trapped()).find((trap) => trap !== undefined);
    if (expected === 'call stack exhausted') {
      const held = this.all.some((live) => live.exports['ava:trap'] !== undefined) ? own === 'stack' : error instanceof RangeError;
      if (!held) throw new Error(`${own ?? error.message}, not ${expected}`);
      return;
    }
    const said = own ?? (error instanceof wasm.RuntimeError ? error.message : '');
    if (!MESSAGES.some(([text, message]) => text.test(expected) && message.test(said)))
      throw new Error(`trap ${said === '' ? error.message : said}, not ${expected}`);
  }

  private mustBeRefused(command: Command): void {
    if (command.module_type === 'text') throw new Outside('about the text format');
    try {
      this.subject.compile(this.bytes(command));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const key = `${command.type}: ${error.slug}`;
      this.outcome.refusals.set(key, (this.outcome.refusals.get(key) ?? 0) + 1);
      return;
    }
    throw new Error(`accepted, but: ${command.text}`);
  }

  private unlinkable(command: Command): void {
    try {
      this.link(this.subject.compile(this.bytes(command)));
    } catch (error) {
      if (error instanceof Refusal && error.outside) {
        const key = `${command.type}: ${error.slug}`;
        this.outcome.refusals.set(key, (this.outcome.refusals.get(key) ?? 0) + 1);
        return;
      }
      if (error instanceof wasm.LinkError || error instanceof TypeError) return;
      throw error;
    }
    throw new Error(`linked, but: ${command.text}`);
  }

  private uninstantiable(command: Command): void {
    let ready: Ready;
    try {
      ready = this.subject.compile(this.bytes(command));
    } catch (error) {
      if (error instanceof Refusal && error.outside) throw this.outside(error, command);
      throw error;
    }
    try {
      this.link(ready);
    } catch (error) {
      this.expectTrap(error, command.text ?? '');
      return;
    }
    throw new Error(`instantiated, but: ${command.text}`);
  }
}
