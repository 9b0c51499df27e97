/**
 * A proof for one instrumented body that gas is exact (VM-10): on every path through it, run or never run, what
 * was charged at an exit is the cost of the instructions on that path, and nothing ran before it was paid for. And that it
 * is tested in time (VM-11): what runs past the limit costs at most 4,096, and no circle is without a test. And that
 * what is left of the stack is handed to every call (VM-15), and every NaN that an instruction makes is made canonical (VM-14).
 *
 * The body is walked beside the original. What is tracked is the surplus: charged so far less cost so far, of each place
 * where the balance can be (the global, the local). Where paths meet the surplus must be one number: so a single pass
 * shows it for all paths, however often a loop turns. A call is assumed to leave the surplus as it was; each body is shown
 * to do so, and so by induction over the calls of a run all of them do.
 */

import type { Costs } from '../../src/vm/schedule.ts';
import { type Body, type Disassembled, type Token, TokenReader } from './disassemble.ts';
import { LOAD_OPERATIONS, makesNan, NUMBER_OPERATIONS, STORE_OPERATIONS } from './operation.ts';
import { operationCost } from './reference-cost.ts';

const GAS_TRAP = 3;
const [F32, F64, I32, I64] = [0x7d, 0x7c, 0x7f, 0x7e];
const OPERATIONS = new Map([...NUMBER_OPERATIONS, ...LOAD_OPERATIONS, ...STORE_OPERATIONS].map((operation) => [operation.code, operation]));

/** VM-11 */
const UNTESTED_MAX = 4_096;

/** Surplus in the global and in the local; null where it says nothing. */
interface State {
  global: number | null;
  local: number | null;
  /**
   * The most that was charged since the sign was tested, on any path; infinite where a test must come first. Less the
   * surplus it is what ran though the limit may not have covered it.
   */
  since: number;
}
interface Label {
  readonly op: number;
  /** What stood where branches to it go. */
  target: State | null;
  /** Of an `if`: what stood where its arms begin. */
  readonly before: State;
  arms: number;
}

export class BodyProof extends TokenReader {
  private readonly costs: Costs;
  private readonly original: readonly Token[];
  private readonly module: Disassembled;
  private readonly meters: { readonly gas: number; readonly stack: number; readonly trap: number };
  private readonly fees: readonly number[];
  private readonly first: number;
  /** The local of the balance, that of the stack, those of NaNs; −1 where there is none. */
  private readonly gasLocal: number;
  private readonly added: readonly number[];
  private readonly kept: boolean;
  private state: State | null;
  /** Cost that is paid for by the charge that follows. */
  private pending: number;
  private readonly labels: Label[] = [];
  /** The frame was taken off the stack; what is left has just been written for a callee. */
  private framed = false;
  private handed = false;

  constructor(parts: { original: Body; body: Body; module: Disassembled; fees: readonly number[]; index: number; costs: Costs }) {
    const { original, body, module, fees, index, costs } = parts;
    super(body.tokens, `function ${index}`);
    this.costs = costs;
    const { params } = module.types[module.functions[index]];
    this.original = original.tokens;
    this.module = module;
    this.fees = fees;
    this.meters = { gas: module.globals, stack: module.globals + 1, trap: module.globals + 2 };
    this.first = params.length + original.locals.length;
    this.added = body.locals.slice(original.locals.length);
    const local = this.added.indexOf(I64);
    this.gasLocal = local < 0 ? -1 : this.first + local;
    this.kept = original.tokens.some(({ op }) => op === 0x03);
    this.state = { global: fees[index], local: null, since: Number.POSITIVE_INFINITY };
    this.pending = this.costs.local * original.locals.length;
  }

  prove(): void {
    this.inserted();
    if (this.kept) this.next(0x02);
    this.labels.push({ op: 0x02, target: null, before: { global: 0, local: 0, since: 0 }, arms: 0 });
    for (const token of this.original) {
      this.inserted();
      this.step(token);
      this.handed = false;
    }
    if (this.kept) {
      this.inserted();
      this.exit();
      this.next(0x0b);
    }
    if (this.at !== this.tokens.length) this.fail('there is more of it');
  }

  /** Everything that instrumentation put before the original's next instruction. */
  private inserted(): void {
    const { gas, stack } = this.meters;
    for (;;) {
      const { token } = this;
      if (token === undefined) return;
      if ((token.op === 0x23 && token.value === gas) || (token.op === 0x20 && token.value === this.gasLocal)) this.balance();
      else if (token.op === 0x23 && token.value === stack) this.frame();
      else if (token.op === 0x20 && this.addedType(token.value) === I32) {
        this.at++;
        this.next(0x24, stack);
        this.handed = this.framed;
      } else return;
    }
  }

  private addedType(local: number): number | undefined {
    return this.added[local - this.first];
  }

  /** A balance is taken up, charged, put down, tested. */
  private balance(): void {
    const { gas } = this.meters;
    const fromGlobal = this.token.op === 0x23;
    let value: number | null = this.state === null ? null : fromGlobal ? this.state.global : this.state.local;
    if (this.state !== null && value === null) this.fail('a balance is used that is out of date');
    this.at++;
    if (this.is(0x42)) {
      const cost = this.token.value;
      if (cost <= 0) this.fail('a charge of nothing');
      if (value !== null) value += cost;
      if (this.state !== null) this.state.since += cost;
      this.at++;
      this.next(0x7d);
    }
    let held = true;
    while (held) {
      if (this.is(0x22, this.gasLocal) || this.is(0x21, this.gasLocal)) {
        held = this.token.op === 0x22;
        if (this.state !== null) this.state.local = value;
        this.at++;
      } else if (this.is(0x24, gas)) {
        held = false;
        if (this.state !== null) this.state.global = value;
        this.at++;
      } else if (this.is(0x42, 0) && this.is(0x53, undefined, 1)) {
        this.at += 2;
        this.trapIf(GAS_TRAP);
        if (this.state !== null) this.state.since = 0;
        held = false;
      } else this.fail('a balance is left on the stack');
      // put down and taken up again, to be tested
      if (!held && this.is(0x20, this.gasLocal) && this.is(0x42, 0, 1) && this.is(0x53, undefined, 2)) {
        this.at++;
        held = true;
      }
    }
  }

  private trapIf(number: number): void {
    this.next(0x04, 0x40);
    this.next(0x41, number);
    this.next(0x24, this.meters.trap);
    this.next(0x00);
    this.next(0x0b);
  }

  private frame(): void {
    this.framed = true;
    this.next(0x23, this.meters.stack);
    this.next(0x41);
    this.next(0x6b);
    this.next(0x22);
    this.next(0x41, 0);
    this.next(0x48);
    this.trapIf(5);
  }

  private canonical(local: number): void {
    const wide = this.addedType(local) === F64;
    this.next(0x22, local);
    this.next(wide ? 0x44 : 0x43);
    this.next(0x20, local);
    this.next(0x20, local);
    this.next(wide ? 0x61 : 0x5b);
    this.next(0x1b);
  }

  /** An instruction of this cost runs now, paid for before. */
  private spend(cost: number): void {
    const { state } = this;
    if (state === null) return;
    const all = cost + this.pending;
    this.pending = 0;
    if (state.global !== null) state.global -= all;
    if (state.local !== null) state.local -= all;
    const counted = this.kept ? state.local : state.global;
    if (counted === null || counted < 0) this.fail(`it runs unpaid: ${counted}`);
    this.covered(state, counted);
  }

  private covered({ since }: State, surplus: number): void {
    if (since - surplus > UNTESTED_MAX) this.fail(`${since - surplus} may run past the limit`);
  }

  private join(into: State | null, from: State): State {
    if (into === null) return { ...from };
    const same = (a: number | null, b: number | null): number | null => (a === b ? a : null);
    const joined = { global: same(into.global, from.global), local: same(into.local, from.local), since: Math.max(into.since, from.since) };
    if ((this.kept ? joined.local : joined.global) === null) this.fail(`paths meet with ${JSON.stringify(into)} and ${JSON.stringify(from)}`);
    return joined;
  }

  private branch(depth: number): void {
    if (this.state === null) return;
    const label = this.labels[this.labels.length - 1 - depth];
    if (label.op === 0x03) {
      // back to the head: what stood there must be what stands now
      const { target, before } = { target: label.target ?? label.before, before: this.state };
      const [a, b] = this.kept ? [target.local, before.local] : [target.global, before.global];
      if (a === null || a !== b) this.fail(`a turn of a loop leaves ${b}, it began with ${a}`);
      return;
    }
    label.target = this.join(label.target, this.state);
  }

  /** Where the body is left by returning, all that was charged has been spent, and it is in the global. */
  private exit(): void {
    if (this.state === null) return;
    if (this.state.global !== 0) this.fail(`it is left with a surplus of ${this.state.global}`);
    this.covered(this.state, 0);
  }

  private away(cost: number): void {
    if (!this.handed) this.fail('a call without what is left of the stack');
    this.spend(cost);
    if (this.state === null) return;
    if (this.kept && this.state.global !== this.state.local) this.fail('a call without the balance in its global');
    this.state.local = null;
    // what was called may come back with as much untested as is allowed
    this.state.since = UNTESTED_MAX;
  }

  private called(cost: number, fee: number): void {
    this.away(cost);
    if (this.state !== null && this.state.global !== null) {
      this.state.global -= fee;
      if (this.state.global < 0) this.fail('an entry that is not paid for');
    }
  }

  private step(token: Token): void {
    const { op, value } = token;
    switch (op) {
      case 0x02:
        this.spend(this.costs.free);
        this.labels.push({ op, target: null, before: this.copy(), arms: 0 });
        this.next(op, value);
        return;
      case 0x03:
        // its cost is charged behind it, each time
        this.spend(0);
        this.labels.push({ op, target: this.state === null ? null : this.copy(), before: this.copy(), arms: 0 });
        this.pending = this.state === null ? 0 : this.costs.loop;
        this.next(op, value);
        if (this.state !== null) this.state.since = Number.POSITIVE_INFINITY;
        return;
      case 0x04:
        this.spend(this.costs.branch);
        this.labels.push({ op, target: null, before: this.copy(), arms: 1 });
        this.next(op, value);
        return;
      case 0x05:
        this.otherwise();
        return;
      case 0x0b:
        this.end();
        return;
      case 0x0c:
      case 0x0d:
        this.spend(this.costs.branch);
        this.branch(value);
        this.next(op, value);
        if (op === 0x0c) this.state = null;
        return;
      case 0x0e:
        this.spend(this.costs.branch + this.costs.table_bit * (value === 0 ? 0 : value.toString(2).length));
        for (const label of token.labels) this.branch(label);
        this.next(op, value);
        this.state = null;
        return;
      case 0x0f:
        this.spend(this.costs.simple);
        if (this.kept) this.branch(this.labels.length - 1);
        else this.exit();
        if (this.kept) this.next(0x0c, this.labels.length - 1);
        else this.next(0x0f);
        this.state = null;
        return;
      case 0x00:
        this.spend(this.costs.simple);
        this.next(0x41, 2);
        this.next(0x24, this.meters.trap);
        this.next(0x00);
        this.state = null;
        return;
      default:
        this.plain(token);
    }
  }

  private copy(): State {
    return this.state === null ? { global: null, local: null, since: 0 } : { ...this.state };
  }

  private otherwise(): void {
    const label = this.labels[this.labels.length - 1];
    this.spend(this.costs.free);
    if (this.state !== null) label.target = this.join(label.target, this.state);
    label.arms = 2;
    this.state = label.before.global === null && label.before.local === null ? null : { ...label.before };
    this.pending = 0;
    this.next(0x05);
  }

  private end(): void {
    const label = this.labels.pop();
    if (label === undefined) this.fail('an end too many');
    this.spend(this.costs.free);
    if (label.op !== 0x03) {
      const met = this.state === null ? label.target : label.target === null ? this.copy() : this.join(label.target, this.state);
      const one = label.op === 0x04 && label.arms === 1 && !(label.before.global === null && label.before.local === null);
      this.state = one ? this.join(met, label.before) : met;
    }
    if (this.labels.length === 0 && !this.kept) this.exit();
    this.next(0x0b);
  }

  private operation(op: number): number {
    const known = OPERATIONS.get(op);
    return known === undefined ? this.costs.simple : operationCost(known, this.costs);
  }

  /** VM-14: what can be a NaN is made canonical at once. */
  private nan(op: number): void {
    const known = OPERATIONS.get(op);
    if (known === undefined || !makesNan(known)) return;
    const { op: tee, value } = this.token;
    const wanted = known.result === 'f64' ? F64 : F32;
    if (tee !== 0x22 || this.addedType(value) !== wanted) this.fail('a NaN stays as it is');
    this.canonical(value);
  }

  private plain({ op, value }: Token): void {
    const { module } = this;
    switch (op) {
      case 0x10: {
        const { params, results } = module.types[module.functions[value]];
        const host = value < module.importedFunctions;
        if (host && !(this.token.op === 0x10 && this.token.value >= module.functions.length)) this.fail('a host function without a guard');
        this.called(this.costs.call + this.costs.argument * (params.length + results.length), host ? 0 : this.fees[value]);
        this.next(0x10, host ? undefined : value);
        return;
      }
      case 0x11: {
        const { params, results } = module.types[value];
        this.called(this.costs.call_indirect + this.costs.argument * (params.length + results.length), 0);
        this.next(op, value);
        return;
      }
      case 0x40:
      case 266:
      case 267:
        if (!(this.token.op === 0x10 && this.token.value >= module.functions.length)) this.fail('memory.grow, fill or copy without a guard');
        this.away(this.costs.call);
        this.at++;
        return;
      case 0x23:
      case 0x24:
      case 0x3f:
        this.spend(this.costs.global);
        break;
      default:
        this.spend(this.operation(op));
    }
    this.next(op, value);
    this.nan(op);
  }
}
