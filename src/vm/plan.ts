/**
 * Where a body is charged and what in it is replaced (VM-8 to VM-14): one pass over validated code gives a list of
 * splices. Charges are merged: one for all that must run once the first of it runs.
 */
import { Fault } from '../base/fault.ts';
import type { Body, FunctionType, Module } from './module.ts';
import * as op from './opcode.ts';
import { Reader } from './reader.ts';
import type { Costs } from './schedule.ts';

const { OP } = op;

/**
 * VM-11: units that may be charged on a path without a test of the sign; a charge that would pass it is tested, and
 * one that costs more is split.
 */
export const UNTESTED_GAS_MAX = 4_096;
/** VM-10: what one body may cost in all. */
const BODY_GAS_MAX = 0x7fff_ffff;

/** Kinds of splices. */
export const ENTER = 0;
export const CHARGE = 1;
export const CHARGE_TESTED = 2;
export const LOOP = 3;
export const RETURN = 4;
export const CALL = 5;
export const CALL_INDIRECT = 6;
export const GROW = 7;
export const FILL = 8;
export const COPY = 9;
export const UNREACHABLE = 10;
export const NAN_F32 = 11;
export const NAN_F64 = 12;

/** Splices as columns: bytes `at` to `next` of the module are replaced by what `kind` and `value` say. The first is ENTER. */
export interface Plan {
  readonly at: Int32Array;
  readonly next: Int32Array;
  readonly kind: Int32Array;
  /** Cost of a charge, label of a return, function of a call. */
  readonly value: Int32Array;
  /** Of a call: the charge that pays it. */
  readonly payer: Int32Array;
  /** All charges together. */
  readonly total: number;
  /** Pieces and calls. */
  readonly points: number;
}

const NONE = -1;

/** Open blocks while a body is planned, a column each. */
class Frames {
  readonly kind: number[] = [];
  /** A branch goes to its end. */
  readonly branched: boolean[] = [];
  /** The outermost frame that a branch inside goes to; below its own index: what begins need not come to the end. */
  readonly outermost: number[] = [];
  /** Greatest untested sum with which its end is reached by a branch; of an `if`, with which its arms begin. */
  readonly escape: number[] = [];
  readonly begin: number[] = [];
  /** The charge open before it; of an `if`, the first of each arm. */
  readonly before: number[] = [];
  readonly first: number[] = [];
  readonly second: number[] = [];

  push(kind: number, before: number, begin = 0, first = NONE): void {
    this.kind.push(kind);
    this.branched.push(false);
    this.outermost.push(this.outermost.length);
    this.escape.push(0);
    this.begin.push(begin);
    this.before.push(before);
    this.first.push(first);
    this.second.push(NONE);
  }

  pop(): void {
    this.kind.pop();
    this.branched.pop();
    const outermost = this.outermost.pop() ?? 0;
    this.escape.pop();
    this.begin.pop();
    this.before.pop();
    this.first.pop();
    this.second.pop();
    this.leave(outermost);
  }

  /** The innermost frame has a branch to frame `target`, or holds one that has. */
  leave(target: number): void {
    const top = this.kind.length - 1;
    if (top >= 0 && target < this.outermost[top]) this.outermost[top] = target;
  }
}

class Charges {
  readonly at: number[] = [];
  readonly next: number[] = [];
  readonly kind: number[] = [];
  readonly value: number[] = [];
  /** Of a charge that is closed: the one that took its cost, or itself. */
  private readonly taker: number[] = [];
  /** Of a call: the charge that was open. */
  private readonly within: number[] = [];
  readonly frames = new Frames();
  total = 0;
  points = 0;
  /** Greatest cost of what may have run on a path to here since the sign was tested. */
  untested = 0;
  /** The open charge, what it costs so far, whether a call is in it, and the charge that it may join. */
  splice = NONE;
  cost = 0;
  calls = false;
  private join = NONE;

  reset(): void {
    for (const column of [this.at, this.next, this.kind, this.value, this.taker, this.within]) column.length = 0;
    this.total = 0;
    this.points = 0;
    this.untested = 0;
    this.splice = NONE;
    this.cost = 0;
    this.calls = false;
    this.join = NONE;
  }

  add(at: number, next: number, kind: number, value: number): void {
    this.taker.push(this.at.length);
    this.within.push(this.splice);
    this.at.push(at);
    this.next.push(next);
    this.kind.push(kind);
    this.value.push(value);
  }

  open(at: number, kind: number, join = NONE): void {
    this.splice = this.at.length;
    this.points++;
    this.add(at, at, kind, 0);
    this.cost = 0;
    this.calls = false;
    this.join = join;
  }

  close(): void {
    const { cost, splice, join } = this;
    this.total += cost;
    if (this.kind[splice] !== CHARGE) {
      this.value[splice] = cost;
      this.untested = 0;
    } else if (this.untested + cost > UNTESTED_GAS_MAX) {
      this.value[splice] = cost;
      this.kind[splice] = CHARGE_TESTED;
      this.untested = 0;
    } else {
      this.untested += cost;
      if (join !== NONE) this.taker[splice] = this.taker[join];
      this.value[this.taker[splice]] += cost;
    }
    // What was called tests its entry and may come back with the most that is allowed untested.
    if (this.calls) this.untested = UNTESTED_GAS_MAX;
  }

  done(): Plan {
    const payer = this.within.map((piece) => (piece === NONE ? NONE : this.taker[piece]));
    const column = (from: readonly number[]): Int32Array => new Int32Array(from);
    return {
      at: column(this.at),
      next: column(this.next),
      kind: column(this.kind),
      value: column(this.value),
      payer: column(payer),
      total: this.total,
      points: this.points,
    };
  }

  call(): void {
    this.calls = true;
    this.points++;
  }

  /** The open charge ends here and another begins. */
  split(at: number, kind: number = CHARGE): void {
    this.close();
    this.open(at, kind);
  }

  branch(label: number): void {
    const { kind, branched, escape } = this.frames;
    const frame = kind.length - 1 - label;
    this.frames.leave(frame);
    if (kind[frame] === OP.loop) return;
    branched[frame] = true;
    if (this.untested > escape[frame]) escape[frame] = this.untested;
  }

  /** VM-10: what both arms of an `if` charge at their start is charged before it, unless it must be tested there. */
  private hoist(frame: number): void {
    const before = this.taker[this.frames.before[frame]];
    const first = this.frames.first[frame];
    const second = this.frames.second[frame];
    if (this.kind[first] !== CHARGE || this.kind[second] !== CHARGE) return;
    const both = Math.min(this.value[first], this.value[second]);
    this.value[first] -= both;
    this.value[second] -= both;
    this.total -= both;
    this.value[before] += both;
  }

  /** After `end`: whether another charge must begin, with what untested sum, and whether one before the block can take it. */
  end(at: number): void {
    const { kind, branched, escape, begin, outermost, before } = this.frames;
    const frame = kind.length - 1;
    const what = kind[frame];
    const left = outermost[frame] < frame;
    if (what === OP.if || what === OP.else || branched[frame] || (what === OP.loop && !left)) {
      this.close();
      if (what === OP.else) this.hoist(frame);
      let most = Math.max(this.untested, escape[frame]);
      if (what === OP.if) most = Math.max(most, begin[frame]);
      this.untested = most;
      this.open(at, CHARGE, left ? NONE : before[frame]);
    }
    this.frames.pop();
  }
}

const bits = (value: number): number => 32 - Math.clz32(value);

/**
 * VM-10: adds the fee of every function that a body calls to the charge that pays the call.
 * @throws Fault wasm_bound when the body costs 2^31 or more
 */
export function addFees({ kind, value, payer, total }: Plan, fees: Int32Array, index: number): void {
  let sum = total;
  for (let i = 0; i < kind.length; i++) if (kind[i] === CALL) sum += fees[value[i]];
  bound(sum, index);
  for (let i = 0; i < kind.length; i++) if (kind[i] === CALL) value[payer[i]] += fees[value[i]];
}

function bound(total: number, index: number): void {
  if (total > BODY_GAS_MAX) throw new Fault('wasm_bound', `function ${index} costs ${total} in all, the limit is ${BODY_GAS_MAX}`, { function: index });
}

/** Plans the bodies of a module. */
export class Planner {
  private readonly module: Module;
  private readonly costs: Costs;
  private readonly ofCode: readonly number[];
  private readonly charges = new Charges();

  constructor(module: Module, costs: Costs) {
    this.module = module;
    this.costs = costs;
    this.ofCode = op.CLASS.map((cost) => costs[cost]);
  }

  private typed({ params, results }: FunctionType): number {
    return this.costs.argument * (params.length + results.length);
  }

  /** @throws Fault wasm_bound when the body costs 2^31 or more (VM-10) */
  plan(index: number, body: Body): Plan {
    const { module, costs, ofCode, charges: p } = this;
    const { frames } = p;
    const r = new Reader(module.bytes, body.code, body.end);
    p.reset();
    p.open(body.code, ENTER);
    p.cost = costs.local * body.localCount;
    frames.push(OP.block, p.splice);
    while (frames.kind.length > 0) {
      const at = r.at;
      let code = r.byte();
      if (code === OP.prefix) code = op.PREFIXED + r.u32();
      if (p.cost > UNTESTED_GAS_MAX) p.split(at);
      const cost = ofCode[code];
      if (op.SIMPLE[code] === 1) {
        skip(r, op.IMMEDIATE[code]);
        p.cost += cost;
        if (op.NAN[code] !== 0) p.add(r.at, r.at, op.NAN[code] === 0x7d ? NAN_F32 : NAN_F64, 0);
        continue;
      }
      switch (code) {
        case OP.loop:
          r.byte();
          frames.push(code, p.splice);
          p.split(r.at, LOOP);
          p.cost = cost;
          break;
        case OP.block:
          r.byte();
          p.cost += cost;
          frames.push(code, p.splice);
          break;
        case OP.if:
          r.byte();
          p.cost += cost;
          p.close();
          frames.push(code, p.splice, p.untested, p.at.length);
          p.open(r.at, CHARGE);
          break;
        case OP.else: {
          p.close();
          const frame = frames.kind.length - 1;
          frames.kind[frame] = code;
          if (p.untested > frames.escape[frame]) frames.escape[frame] = p.untested;
          p.untested = frames.begin[frame];
          frames.second[frame] = p.at.length;
          p.open(r.at, CHARGE);
          p.cost = cost;
          break;
        }
        case OP.end:
          p.cost += cost;
          if (frames.kind.length === 1) {
            p.close();
            frames.pop();
          } else p.end(r.at);
          break;
        case OP.br:
        case OP.br_if: {
          const label = r.u32();
          p.cost += cost;
          p.close();
          p.branch(label);
          if (code === OP.br) p.untested = 0;
          p.open(r.at, CHARGE);
          break;
        }
        case OP.br_table: {
          const count = r.u32();
          p.cost += cost + costs.table_bit * bits(count);
          p.close();
          for (let i = 0; i <= count; i++) p.branch(r.u32());
          p.untested = 0;
          p.open(r.at, CHARGE);
          break;
        }
        case OP.return:
          p.cost += cost;
          p.add(at, r.at, RETURN, frames.kind.length - 1);
          p.close();
          frames.leave(0);
          p.untested = 0;
          p.open(r.at, CHARGE);
          break;
        case OP.unreachable:
          p.cost += cost;
          p.add(at, r.at, UNREACHABLE, 0);
          p.close();
          p.untested = 0;
          p.open(r.at, CHARGE);
          break;
        case OP.call: {
          const called = r.u32();
          p.cost += cost + this.typed(module.types[module.functions[called]]);
          p.call();
          p.add(at, r.at, CALL, called);
          break;
        }
        case OP.call_indirect: {
          const type = r.u32();
          r.u32();
          p.cost += cost + this.typed(module.types[type]);
          p.call();
          p.add(at, r.at, CALL_INDIRECT, 0);
          break;
        }
        case OP.memory_grow:
        case op.MEMORY_FILL:
        case op.MEMORY_COPY:
          skip(r, op.IMMEDIATE[code]);
          p.cost += cost;
          p.call();
          p.add(at, r.at, code === OP.memory_grow ? GROW : code === op.MEMORY_FILL ? FILL : COPY, 0);
          break;
        default:
          skip(r, op.IMMEDIATE[code]);
          p.cost += cost;
      }
    }
    bound(p.total, index);
    return p.done();
  }
}

/** The bytes were validated. */
function skipInteger(r: Reader): void {
  const { bytes } = r;
  while (bytes[r.at++] >= 0x80);
}

function skip(r: Reader, immediate: number): void {
  switch (immediate) {
    case op.NONE:
      return;
    case op.LOCAL:
    case op.GLOBAL:
    case op.CONST_I32:
    case op.CONST_I64:
      skipInteger(r);
      return;
    case op.ADDRESS:
      skipInteger(r);
      skipInteger(r);
      return;
    case op.MEMORY:
      r.byte();
      return;
    case op.MEMORIES:
      r.at += 2;
      return;
    case op.CONST_F32:
      r.at += 4;
      return;
    case op.CONST_F64:
      r.at += 8;
  }
}
