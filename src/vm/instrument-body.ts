/** Writes one instrumented body (VM-8 to VM-14) from its plan. */
import { type GuardKind, type Guards, i64Const, type Meters, trap, trapIf } from './guard.ts';
import { type Body, F32, F64, type FunctionType, I32, I64 } from './module.ts';
import { canonicalF32, canonicalF64 } from './nan.ts';
import { OP } from './opcode.ts';
import type { Output } from './output.ts';
import * as at from './pieces.ts';
import { trapNumber } from './trap.ts';
import type { BodyFacts } from './validate-body.ts';

const VOID = 0x40;
const I32_LT_S = 0x48;
const I32_SUB = 0x6b;
const I64_LT_S = 0x53;
const I64_SUB = 0x7d;

/** Words of a frame beside parameters, locals and operands (VM-15). */
const FRAME_WORDS = 8;
/** VM-15: a leaf whose frame is no larger is not counted: only one of them is live at a time, above all others. */
export const LEAF_WORDS_MAX = 64;

/** VM-15 */
export const frameWords = (type: FunctionType, body: Body, facts: BodyFacts): number => FRAME_WORDS + type.params.length + body.localCount + facts.operands;

/** What instrumentation of one body uses. */
export interface Site {
  readonly bytes: Uint8Array;
  readonly type: FunctionType;
  readonly body: Body;
  readonly facts: BodyFacts;
  readonly plan: at.Plan;
  /** What entering it charges here; the rest of its first charge is its caller's (VM-10). */
  readonly entry: number;
  readonly meters: Meters;
  readonly guards: Guards;
}

/** Writes the body without its length. */
export function writeBody(out: Output, site: Site): void {
  new BodyWriter(out, site).write();
}

class BodyWriter {
  private readonly out: Output;
  private readonly site: Site;
  private readonly words: number;
  /** The frame is counted: what is left of the stack below it is kept in a local, and written to its global before each call. */
  private readonly stacked: boolean;
  /** The balance is kept in a local between entry and exit, and written back where it can be seen (VM-12). */
  private readonly kept: boolean;
  /** Not kept, but its local holds the balance too: from the entry to the first call, there being no loop. */
  private known = false;
  private readonly gas: number;
  private readonly stack: number;
  private readonly f32: number;
  private readonly f64: number;
  private readonly added: number[] = [];

  constructor(out: Output, site: Site) {
    this.out = out;
    this.site = site;
    const { type, body, facts } = site;
    this.words = frameWords(type, body, facts);
    this.stacked = !(facts.leaf && this.words <= LEAF_WORDS_MAX);
    this.kept = facts.loops;
    const first = type.params.length + body.localCount;
    const add = (used: boolean, local: number): number => (used ? first + this.added.push(local) - 1 : -1);
    this.gas = add(true, I64);
    this.stack = add(this.stacked, I32);
    this.f32 = add(facts.nanF32, F32);
    this.f64 = add(facts.nanF64, F64);
  }

  write(): void {
    const { out, kept } = this;
    const { bytes, type, body, plan } = this.site;
    out.u32(body.locals.length + this.added.length);
    for (const { count, type: local } of body.locals) {
      out.u32(count);
      out.byte(local);
    }
    for (const local of this.added) out.bytes(1, local);
    this.enter();
    if (kept) out.bytes(OP.block, type.results[0] ?? VOID);
    let from = body.code;
    for (let i = 1; i < plan.at.length; i++) {
      const until = plan.at[i];
      if (until > from) out.raw(bytes, from, until);
      from = plan.next[i];
      this.splice(plan.kind[i], plan.value[i], until, from);
    }
    out.raw(bytes, from, body.end);
    if (!kept) return;
    this.writeBack();
    out.byte(OP.end);
  }

  private splice(kind: number, value: number, from: number, to: number): void {
    const { out } = this;
    const { bytes, guards, meters } = this.site;
    switch (kind) {
      case at.CHARGE:
        if (value > 0) this.charge(value, false);
        return;
      case at.CHARGE_TESTED:
      case at.LOOP:
        this.charge(value, true);
        return;
      case at.RETURN:
        if (this.kept) out.op(OP.br, value);
        else out.byte(OP.return);
        return;
      case at.CALL:
        this.away();
        out.op(OP.call, guards.called(value));
        this.back();
        return;
      case at.CALL_INDIRECT:
        this.away();
        out.raw(bytes, from, to);
        this.back();
        return;
      case at.GROW:
        this.guarded('grow');
        return;
      case at.FILL:
        this.guarded('fill');
        return;
      case at.COPY:
        this.guarded('copy');
        return;
      case at.UNREACHABLE:
        if (this.kept) this.writeBack();
        trap(out, meters, trapNumber('unreachable'));
        return;
      case at.NAN_F32:
        canonicalF32(out, this.f32);
        return;
      case at.NAN_F64:
        canonicalF64(out, this.f64);
    }
  }

  private guarded(kind: GuardKind): void {
    this.away();
    this.out.op(OP.call, this.site.guards.of(kind));
    this.back();
  }

  private writeBack(): void {
    this.out.op(OP.local_get, this.gas);
    this.out.op(OP.global_set, this.site.meters.gas);
  }

  /** Before a call the balance and what is left of the stack are in their globals. */
  private away(): void {
    this.known = false;
    if (this.kept) this.writeBack();
    this.out.op(OP.local_get, this.stack);
    this.out.op(OP.global_set, this.site.meters.stack);
  }

  private back(): void {
    if (!this.kept) return;
    this.out.op(OP.global_get, this.site.meters.gas);
    this.out.op(OP.local_set, this.gas);
  }

  /** VM-9: takes `cost` from the balance. The trap needs no balance: out of gas is the whole limit. */
  private charge(cost: number, test: boolean): void {
    const { out, kept, gas } = this;
    const { meters } = this.site;
    if (kept || this.known) out.op(OP.local_get, gas);
    else out.op(OP.global_get, meters.gas);
    if (cost > 0) {
      i64Const(out, cost);
      out.byte(I64_SUB);
    }
    if (kept && !test) out.op(OP.local_set, gas);
    else if (kept || test || this.known) out.op(OP.local_tee, gas);
    if (!kept && cost > 0) {
      out.op(OP.global_set, meters.gas);
      if (test) out.op(OP.local_get, gas);
    }
    if (!test) return;
    i64Const(out, 0);
    out.byte(I64_LT_S);
    trapIf(out, meters, 'gas');
  }

  private enter(): void {
    const { out, kept, stacked } = this;
    const { meters, entry } = this.site;
    if (kept) {
      out.op(OP.global_get, meters.gas);
      out.op(OP.local_set, this.gas);
    }
    this.charge(entry, true);
    this.known = !kept;
    if (!stacked) return;
    out.op(OP.global_get, meters.stack);
    out.byte(OP.i32_const);
    out.s32(this.words);
    out.byte(I32_SUB);
    out.op(OP.local_tee, this.stack);
    out.byte(OP.i32_const);
    out.s32(0);
    out.byte(I32_LT_S);
    trapIf(out, meters, 'stack');
  }
}
