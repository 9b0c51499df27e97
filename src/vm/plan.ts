/**
 * Where a body is charged and what in it is replaced (VM-8 to VM-14): one pass over validated code gives a list of
 * splices. Charges are merged: one for all that must run once the first of it runs.
 */
import { Fault } from '../base/fault.ts';
import type { Body, FunctionType, Module } from './module.ts';
import * as op from './opcode.ts';
import {
  CALL,
  CALL_INDIRECT,
  CHARGE,
  Charges,
  COPY,
  ENTER,
  FILL,
  GROW,
  LOOP,
  NAN_F32,
  NAN_F64,
  type Plan,
  RETURN,
  UNREACHABLE,
  UNTESTED_GAS_MAX,
} from './pieces.ts';
import { Reader } from './reader.ts';
import type { Costs } from './schedule.ts';

const { OP } = op;

/** VM-10: what one body may cost in all. */
const BODY_GAS_MAX = 0x7fff_ffff;

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
