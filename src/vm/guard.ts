/**
 * Guards (VM-13): functions put after the module's own, each made when first used. One stands before each host function
 * that is called, one each for memory.grow, memory.fill and memory.copy: they charge, test, then do it.
 */
import type { FunctionType, Module } from './module.ts';
import { I32 } from './module.ts';
import { OP } from './opcode.ts';
import { Output } from './output.ts';
import type { Costs } from './schedule.ts';
import { ENGINE_FAULT, type TrapName, trapNumber } from './trap.ts';

/** Indices of the globals that instrumentation appends. */
export interface Meters {
  readonly gas: number;
  readonly stack: number;
  readonly trap: number;
}

const IF = [0x04, 0x40];
const I64_LT_S = 0x53;
const I32_EQ = 0x46;
const I32_GT_U = 0x4b;
const I32_SUB = 0x6b;
const I64_ADD = 0x7c;
const I64_SUB = 0x7d;
const I64_MUL = 0x7e;
const I64_SHR_U = 0x88;
const I64_EXTEND_I32_U = 0xad;
const MEMORY_SIZE = [0x3f, 0x00];

/** Sets `ava:trap` and ends. */
export function trap(out: Output, meters: Meters, number: number): void {
  out.byte(OP.i32_const);
  out.s32(number);
  out.op(OP.global_set, meters.trap);
  out.byte(OP.unreachable);
}

/** Traps when the condition on the stack holds. */
export function trapIf(out: Output, meters: Meters, name: TrapName): void {
  out.bytes(...IF);
  trap(out, meters, trapNumber(name));
  out.byte(OP.end);
}

export function i64Const(out: Output, value: number): void {
  out.byte(OP.i64_const);
  out.s32(value);
}

function i32Const(out: Output, value: number): void {
  out.byte(OP.i32_const);
  out.s32(value);
}

/** Takes the i64 on the stack from the balance and tests its sign. */
function chargeTop(out: Output, meters: Meters): void {
  out.op(OP.global_set, meters.gas);
  out.op(OP.global_get, meters.gas);
  i64Const(out, 0);
  out.byte(I64_LT_S);
  trapIf(out, meters, 'gas');
}

export type GuardKind = 'grow' | 'fill' | 'copy';
const GROW_TYPE: FunctionType = { params: [I32], results: [I32] };
const BULK_TYPE: FunctionType = { params: [I32, I32, I32], results: [] };

export interface GuardContext {
  readonly module: Module;
  readonly meters: Meters;
  readonly costs: Costs;
  /** By function: what entering it costs its caller (VM-10). */
  readonly fees: Int32Array;
  /** Pages that the program may have by its own declaration, and by the cap. */
  readonly declared: number;
  readonly cap: number;
}

export class Guards {
  private readonly module: Module;
  private readonly meters: Meters;
  private readonly costs: Costs;
  private readonly fees: Int32Array;
  private readonly declared: number;
  private readonly cap: number;
  private readonly indices = new Map<GuardKind | number, number>();
  /** Indices of their types; those past the module's are `addedTypes`. */
  readonly types: number[] = [];
  readonly addedTypes: FunctionType[] = [];
  readonly bodies: Output[] = [];

  constructor({ module, meters, costs, fees, declared, cap }: GuardContext) {
    this.module = module;
    this.meters = meters;
    this.costs = costs;
    this.fees = fees;
    this.declared = declared;
    this.cap = cap;
  }

  /** The function to call instead of function `index`: an imported one has a guard. */
  called(index: number): number {
    if (index >= this.module.importedFunctions) return index;
    return this.indices.get(index) ?? this.add(index, this.module.functions[index], this.host(index));
  }

  /** The function to export instead of function `index`: one with a fee has a guard that pays it. */
  door(index: number): number {
    const fee = this.fees[index];
    if (fee === 0) return this.called(index);
    return this.indices.get(index) ?? this.add(index, this.module.functions[index], this.paying(index, fee));
  }

  /** The function to call instead of an instruction. */
  of(kind: GuardKind): number {
    const known = this.indices.get(kind);
    if (known !== undefined) return known;
    const type = kind === 'grow' ? GROW_TYPE : BULK_TYPE;
    let added = this.addedTypes.indexOf(type);
    if (added < 0) added = this.addedTypes.push(type) - 1;
    return this.add(kind, this.module.types.length + added, kind === 'grow' ? this.grow() : this.bulk(kind));
  }

  private add(key: GuardKind | number, type: number, body: Output): number {
    const index = this.module.functions.length + this.bodies.length;
    this.indices.set(key, index);
    this.types.push(type);
    this.bodies.push(body);
    return index;
  }

  private host(index: number): Output {
    const out = new Output(64);
    const { meters } = this;
    out.byte(0);
    out.op(OP.global_get, meters.gas);
    i64Const(out, this.costs.host);
    out.byte(I64_SUB);
    chargeTop(out, meters);
    return this.passing(out, index);
  }

  /** What it calls tests the sign at its entry. */
  private paying(index: number, fee: number): Output {
    const out = new Output(64);
    const { gas } = this.meters;
    out.byte(0);
    out.op(OP.global_get, gas);
    i64Const(out, fee);
    out.byte(I64_SUB);
    out.op(OP.global_set, gas);
    return this.passing(out, index);
  }

  /** Calls function `index` with the parameters as they are. */
  private passing(out: Output, index: number): Output {
    const { params } = this.module.types[this.module.functions[index]];
    for (let i = 0; i < params.length; i++) out.op(OP.local_get, i);
    out.op(OP.call, index);
    out.byte(OP.end);
    return out;
  }

  /** Pages past the declared maximum: −1. Past the cap alone: the trap `memory`. The engine refuses: its fault. */
  private grow(): Output {
    const out = new Output(128);
    const { meters, costs, declared, cap } = this;
    out.byte(0);
    out.op(OP.global_get, meters.gas);
    i64Const(out, costs.grow);
    out.byte(I64_SUB);
    chargeTop(out, meters);
    const past = (pages: number): void => {
      out.op(OP.local_get, 0);
      i32Const(out, pages);
      out.bytes(...MEMORY_SIZE, I32_SUB, I32_GT_U);
    };
    past(declared);
    out.bytes(...IF);
    i32Const(out, -1);
    out.bytes(OP.return, OP.end);
    if (cap < declared) {
      past(cap);
      trapIf(out, meters, 'memory');
    }
    out.op(OP.global_get, meters.gas);
    out.op(OP.local_get, 0);
    out.byte(I64_EXTEND_I32_U);
    i64Const(out, costs.page);
    out.bytes(I64_MUL, I64_SUB);
    chargeTop(out, meters);
    out.op(OP.local_get, 0);
    out.bytes(OP.memory_grow, 0x00);
    out.op(OP.local_tee, 0);
    i32Const(out, -1);
    out.bytes(I32_EQ, ...IF);
    trap(out, meters, ENGINE_FAULT);
    out.byte(OP.end);
    out.op(OP.local_get, 0);
    out.byte(OP.end);
    return out;
  }

  private bulk(kind: 'fill' | 'copy'): Output {
    const out = new Output(64);
    const { meters } = this;
    out.byte(0);
    out.op(OP.global_get, meters.gas);
    out.op(OP.local_get, 2);
    out.byte(I64_EXTEND_I32_U);
    i64Const(out, 7);
    out.byte(I64_ADD);
    i64Const(out, 3);
    out.byte(I64_SHR_U);
    i64Const(out, this.costs.bulk);
    out.bytes(I64_ADD, I64_SUB);
    chargeTop(out, meters);
    for (let i = 0; i < 3; i++) out.op(OP.local_get, i);
    if (kind === 'fill') out.bytes(OP.prefix, 11, 0x00);
    else out.bytes(OP.prefix, 10, 0x00, 0x00);
    out.byte(OP.end);
    return out;
  }
}
