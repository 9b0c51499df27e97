/**
 * The pieces of a body (VM-10) while it is read: what each costs, which takes whose cost, and which must be tested (VM-11).
 * They come with everything else that replaces code, as one list of splices.
 */
import * as op from './opcode.ts';

const { OP } = op;

/**
 * VM-11: units that may be charged on a path without a test of the sign; a charge that would pass it is tested, and
 * one that costs more is split.
 */
export const UNTESTED_GAS_MAX = 4_096;
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

/** No charge. */
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

export class Charges {
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

  /** VM-10, lift: what both arms of an `if` charge at their start is charged before it, unless it must be tested there. */
  private lift(frame: number): void {
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
      if (what === OP.else) this.lift(frame);
      let most = Math.max(this.untested, escape[frame]);
      if (what === OP.if) most = Math.max(most, begin[frame]);
      this.untested = most;
      this.open(at, CHARGE, left ? NONE : before[frame]);
    }
    this.frames.pop();
  }
}
