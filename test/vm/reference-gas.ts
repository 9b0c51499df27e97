/** The reference's account of gas and stack (spec/vm.md): what the plans of its bodies charge is counted as the interpreter walks. */
import { type Costs, SCHEDULE } from '../../src/vm/schedule.ts';
import type { Instruction, Program } from './program.ts';
import type { Meter } from './reference.ts';
import { ReferenceTrap } from './reference-number.ts';
import { type Piece, Plan } from './reference-plan.ts';

/** VM-15 */
const FRAME_WORDS = 8;
const LEAF_WORDS_MAX = 64;

export class GasMeter implements Meter {
  instructions = 0;
  private readonly costs: Costs;
  private readonly plans: readonly Plan[];
  private readonly words_: readonly number[];
  /** What callers of a function pay for its entry (VM-10), by its index. */
  private readonly fees: readonly number[];
  private readonly first: number;
  private readonly frames: number[] = [];
  /** What was charged, and what of it stands in the global that an observer can read: a function with loops keeps the balance to itself (VM-12). */
  private charged = 0;
  private written = 0;
  private held = 0;
  private most = 0;
  private limit = 0n;

  constructor(program: Program, costs: Costs = SCHEDULE.costs) {
    this.costs = costs;
    this.first = program.imports.length;
    this.plans = program.functions.map((_, index) => new Plan(program, this.first + index, costs));
    this.words_ = program.functions.map(({ type, locals }, index) => {
      const { leaf, operands } = this.plans[index];
      const words = FRAME_WORDS + program.types[type].params.length + locals.reduce((sum, [count]) => sum + count, 0) + operands;
      return leaf && words <= LEAF_WORDS_MAX ? 0 : words;
    });
    this.fees = this.feesOf(program);
  }

  private feesOf({ imports, table }: Program): number[] {
    const named = new Set((table?.elements ?? []).flatMap(({ functions }) => functions));
    const fees = [...imports.map(() => 0), ...this.plans.map(({ entry }, index) => (named.has(this.first + index) ? 0 : entry.charge))];
    for (const [index, { entry, callees }] of this.plans.entries()) {
      for (const [piece, callee] of callees) piece.owner.charge += fees[callee];
      entry.charge -= fees[this.first + index];
    }
    return fees;
  }

  /** Before a call, which may charge up to `limit`. */
  reset(limit: bigint): void {
    this.limit = limit;
    this.frames.length = 0;
    this.charged = 0;
    this.written = 0;
    this.held = 0;
    this.most = 0;
  }

  /** What a call that ended so has used, and whether it ended for want of gas after all (VM-18). */
  ended(trap: string | null): { readonly trap: string | null; readonly gas: bigint } {
    // at a return all that was charged has been written
    const used = BigInt(this.written);
    return trap === 'gas' || used > this.limit ? { trap: 'gas', gas: this.limit } : { trap, gas: used };
  }
  /** All that was charged, seen or not. */
  get gasCharged(): bigint {
    return BigInt(this.charged);
  }
  /** Most words that counted frames held at once. */
  get words(): number {
    return this.most;
  }

  private get plan(): Plan {
    return this.plans[this.frames[this.frames.length - 1]];
  }
  private charge({ charge, tested }: Piece): void {
    this.charged += charge;
    if (!this.plan.loops) this.written = this.charged;
    if (tested) this.test();
  }
  private test(): void {
    if (this.charged > this.limit) throw new ReferenceTrap('gas');
  }
  /** Charged by code elsewhere, on the global itself. */
  private outside(cost: number): void {
    this.charged += cost;
    this.written = this.charged;
    this.test();
  }

  enter(index: number): void {
    // from outside, a guard pays
    if (this.frames.length === 0 && this.fees[index] > 0) this.outside(this.fees[index]);
    this.frames.push(index - this.first);
    this.charge(this.plan.entry);
    this.held += this.words_[index - this.first];
    this.most = Math.max(this.most, this.held);
  }
  leave(): void {
    this.written = this.charged;
    this.held -= this.words_[this.frames.pop() ?? 0];
  }
  begin(body: readonly Instruction[]): void {
    const piece = this.plan.atBody.get(body);
    // an `if` without `else` has one arm
    if (piece !== undefined) this.charge(piece);
  }
  before(instruction: Instruction): void {
    const { kind } = instruction;
    this.instructions++;
    const piece = this.plan.ahead.get(instruction);
    if (piece !== undefined) this.charge(piece);
    // the balance is shown before code elsewhere runs
    if (kind === 'call' || kind === 'call_indirect' || kind === 'unreachable' || kind === 'memory.grow' || kind === 'memory.fill' || kind === 'memory.copy')
      this.written = this.charged;
  }
  finish(body: readonly Instruction[]): void {
    const piece = this.plan.atEnd.get(body);
    if (piece !== undefined) this.charge(piece);
  }
  after(instruction: Instruction): void {
    const behind = this.plan.behind.get(instruction);
    if (behind !== undefined) this.charge(behind);
  }
  host(): void {
    this.outside(this.costs.host);
  }
  grow(): void {
    this.outside(this.costs.grow);
  }
  pages(count: number): void {
    this.outside(this.costs.page * count);
  }
  bulk(bytes: number): void {
    this.outside(this.costs.bulk + Math.ceil(bytes / 8));
  }
}
