/**
 * The reference's account of gas and stack (spec/vm.md), by its own reading of the page: which instructions share a charge is worked
 * out on the tree, what is charged is counted as the interpreter walks.
 */
import { SCHEDULE } from '../../src/vm/schedule.ts';
import { makesNan, type Operation } from './operation.ts';
import type { Instruction, Program } from './program.ts';
import type { Meter } from './reference.ts';

const { costs } = SCHEDULE;
/** VM-15 */
const FRAME_WORDS = 8;
const LEAF_WORDS_MAX = 64;

/** One charge: what all instructions cost that must run once the first of them runs. */
interface Charge {
  cost: number;
}

function operationCost(operation: Operation): number {
  const name = operation.name.split('.')[1];
  if (operation.bytes > 0) return costs.memory;
  const { params, result } = operation;
  const floats = [...params, result].some((type) => type === 'f32' || type === 'f64');
  if (floats) {
    if ((params[0] === 'f32' || params[0] === 'f64') && (name === 'div' || name === 'sqrt')) return costs.float_divide;
    return makesNan(operation) ? costs.float_nan : costs.float;
  }
  if (name === 'mul') return costs.multiply;
  if (/^(?:div|rem)_/.test(name)) return result === 'i32' ? costs.divide32 : costs.divide64;
  return costs.simple;
}

class Label {
  /** Something branches to its end. */
  branched = false;
  readonly loop: boolean;
  constructor(loop: boolean) {
    this.loop = loop;
  }
}

/** One function: its charges by where they begin, and what its frame takes. */
class Plan {
  readonly entry: Charge = { cost: 0 };
  /** Charges that begin with a body (of a loop, of an arm), and behind an instruction. */
  readonly atBody = new Map<readonly Instruction[], Charge>();
  readonly behind = new Map<Instruction, Charge>();
  loops = false;
  leaf = true;
  operands = 0;
  private open: Charge = this.entry;
  private readonly labels: Label[] = [new Label(false)];
  private height = 0;
  private base = 0;
  private dead = false;
  private readonly program: Program;

  constructor(program: Program, index: number) {
    this.program = program;
    const { locals, body } = program.functions[index - program.imports.length];
    this.entry.cost = costs.local * locals.reduce((sum, [count]) => sum + count, 0);
    this.walk(body);
  }

  private pop(count: number): void {
    this.height = this.dead ? Math.max(this.base, this.height - count) : this.height - count;
  }
  private push(count: number): void {
    this.height += count;
    this.operands = Math.max(this.operands, this.height);
  }
  private leave(): void {
    this.height = this.base;
    this.dead = true;
  }

  private walk(body: readonly Instruction[]): void {
    for (const instruction of body) this.step(instruction);
  }

  private inside(label: Label, body: readonly Instruction[]): void {
    const { base, dead } = this;
    this.base = this.height;
    this.dead = false;
    this.labels.push(label);
    this.walk(body);
    this.labels.pop();
    this.height = this.base;
    this.base = base;
    this.dead = dead;
  }

  private beginBody(body: readonly Instruction[], cost: number): void {
    this.open = { cost };
    this.atBody.set(body, this.open);
  }
  private beginBehind(instruction: Instruction): void {
    this.open = { cost: 0 };
    this.behind.set(instruction, this.open);
  }

  private branch(depth: number): void {
    const label = this.labels[this.labels.length - 1 - depth];
    if (!label.loop) label.branched = true;
  }

  private step(instruction: Instruction): void {
    switch (instruction.kind) {
      case 'block': {
        const label = new Label(false);
        this.open.cost += costs.free;
        this.inside(label, instruction.body);
        if (label.branched) this.beginBehind(instruction);
        this.push(instruction.type === null ? 0 : 1);
        return;
      }
      case 'loop':
        this.loops = true;
        this.beginBody(instruction.body, costs.loop);
        this.inside(new Label(true), instruction.body);
        this.push(instruction.type === null ? 0 : 1);
        return;
      case 'if': {
        const label = new Label(false);
        this.pop(1);
        this.open.cost += costs.branch;
        this.beginBody(instruction.body, 0);
        this.inside(label, instruction.body);
        if (instruction.otherwise !== null) {
          this.beginBody(instruction.otherwise, costs.free);
          this.inside(label, instruction.otherwise);
        }
        this.beginBehind(instruction);
        this.push(instruction.type === null ? 0 : 1);
        return;
      }
      case 'br':
        this.open.cost += costs.branch;
        this.branch(instruction.index);
        this.beginBehind(instruction);
        this.leave();
        return;
      case 'br_if':
        this.pop(1);
        this.open.cost += costs.branch;
        this.branch(instruction.index);
        this.beginBehind(instruction);
        return;
      case 'br_table':
        this.open.cost += costs.branch + costs.table_bit * (instruction.labels.length === 0 ? 0 : instruction.labels.length.toString(2).length);
        for (const depth of [...instruction.labels, instruction.otherwise]) this.branch(depth);
        this.beginBehind(instruction);
        this.leave();
        return;
      case 'return':
      case 'unreachable':
        this.open.cost += costs.simple;
        this.beginBehind(instruction);
        this.leave();
        return;
      case 'call':
      case 'call_indirect': {
        const { types, imports, functions } = this.program;
        const index =
          instruction.kind === 'call_indirect'
            ? instruction.type
            : instruction.index < imports.length
              ? imports[instruction.index]
              : functions[instruction.index - imports.length].type;
        const { params, results } = types[index];
        this.leaf = false;
        this.pop(params.length + (instruction.kind === 'call_indirect' ? 1 : 0));
        this.push(results.length);
        this.open.cost += costs[instruction.kind] + costs.argument * (params.length + results.length);
        return;
      }
      case 'operation':
        this.pop(instruction.operation.params.length);
        this.push(instruction.operation.result === null ? 0 : 1);
        this.open.cost += operationCost(instruction.operation);
        return;
      case 'memory.grow':
      case 'memory.fill':
      case 'memory.copy':
        this.leaf = false;
        this.pop(instruction.kind === 'memory.grow' ? 1 : 3);
        this.push(instruction.kind === 'memory.grow' ? 1 : 0);
        this.open.cost += costs.call;
        return;
      case 'memory.size':
      case 'global.get':
        this.push(1);
        this.open.cost += costs.global;
        return;
      case 'global.set':
        this.pop(1);
        this.open.cost += costs.global;
        return;
      case 'const':
      case 'local.get':
        this.push(1);
        break;
      case 'local.set':
      case 'drop':
        this.pop(1);
        break;
      case 'local.tee':
        this.pop(1);
        this.push(1);
        break;
      case 'select':
        this.pop(3);
        this.push(1);
        break;
      default:
    }
    this.open.cost += costs.simple;
  }
}

export class GasMeter implements Meter {
  instructions = 0;
  private readonly plans: readonly Plan[];
  private readonly words_: readonly number[];
  private readonly first: number;
  private readonly frames: number[] = [];
  /** What was charged, and what of it stands in the global that an observer can read: a function with loops keeps the balance to itself (VM-12). */
  private charged = 0;
  private written = 0;
  private held = 0;
  private most = 0;

  constructor(program: Program) {
    this.first = program.imports.length;
    this.plans = program.functions.map((_, index) => new Plan(program, this.first + index));
    this.words_ = program.functions.map(({ type, locals }, index) => {
      const { leaf, operands } = this.plans[index];
      const words = FRAME_WORDS + program.types[type].params.length + locals.reduce((sum, [count]) => sum + count, 0) + operands;
      return leaf && words <= LEAF_WORDS_MAX ? 0 : words;
    });
  }

  reset(): void {
    this.frames.length = 0;
    this.charged = 0;
    this.written = 0;
    this.held = 0;
    this.most = 0;
  }

  /** All that was charged, seen or not. */
  get gasCharged(): bigint {
    return BigInt(this.charged);
  }
  /** What a trap of the engine shows as used. */
  get gasWritten(): bigint {
    return BigInt(this.written);
  }
  /** Most words that counted frames held at once. */
  get words(): number {
    return this.most;
  }

  private get plan(): Plan {
    return this.plans[this.frames[this.frames.length - 1]];
  }
  private charge(cost: number): void {
    this.charged += cost;
    if (!this.plan.loops) this.written = this.charged;
  }
  /** Charged by code elsewhere, on the global itself. */
  private outside(cost: number): void {
    this.charged += cost;
    this.written = this.charged;
  }

  enter(index: number): void {
    this.frames.push(index - this.first);
    this.charge(this.plan.entry.cost);
    this.held += this.words_[index - this.first];
    this.most = Math.max(this.most, this.held);
  }
  leave(): void {
    this.written = this.charged;
    this.held -= this.words_[this.frames.pop() ?? 0];
  }
  begin(body: readonly Instruction[]): void {
    this.charge(this.plan.atBody.get(body)?.cost ?? 0);
  }
  before({ kind }: Instruction): void {
    this.instructions++;
    // the balance is shown before code elsewhere runs
    if (kind === 'call' || kind === 'call_indirect' || kind === 'unreachable' || kind === 'memory.grow' || kind === 'memory.fill' || kind === 'memory.copy')
      this.written = this.charged;
  }
  after(instruction: Instruction): void {
    const behind = this.plan.behind.get(instruction);
    if (behind !== undefined) this.charge(behind.cost);
  }
  host(): void {
    this.outside(costs.host);
  }
  grow(): void {
    this.outside(costs.grow);
  }
  pages(count: number): void {
    this.outside(costs.page * count);
  }
  bulk(bytes: number): void {
    this.outside(costs.bulk + Math.ceil(bytes / 8));
  }
}
