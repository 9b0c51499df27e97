/** The reference's own reading of spec/vm.md: which instructions of a body share a charge, worked out on the tree (VM-9 to VM-11). */
import type { Costs } from '../../src/vm/schedule.ts';
import type { Instruction, Program } from './program.ts';
import { instructionCost } from './reference-cost.ts';

/** VM-10, VM-11: own costs on a path without a test, and of one piece. */
const UNTESTED_MAX = 4_096;

/** A piece of a body (VM-10). */
export class Piece {
  own: number;
  /** What is charged where it begins. */
  charge = 0;
  /** A function or a guard is called in it. */
  calls = false;
  tested: boolean;
  private taker: Piece | null = null;
  /** The piece that takes its cost, if it need not be tested. */
  readonly before: Piece | null;

  constructor(own: number, tested: boolean, before: Piece | null = null) {
    this.own = own;
    this.tested = tested;
    this.before = before;
  }

  /** Itself, or the one that took its cost. */
  get owner(): Piece {
    return this.taker?.owner ?? this;
  }

  settle(): void {
    if (this.before !== null && !this.tested) this.taker = this.before.owner;
    this.owner.charge += this.own;
  }
}

class Label {
  /** Something branches to its end; something inside goes further out. */
  branched = false;
  left = false;
  /** Greatest untested sum with which a branch reaches its end. */
  reached = 0;
  readonly loop: boolean;
  /** Values that a branch to it carries. */
  readonly values: number;
  constructor(loop: boolean, values: number) {
    this.loop = loop;
    this.values = values;
  }
}

/** One function: its pieces by where they begin, and what its frame takes. */
export class Plan {
  readonly entry: Piece;
  /** Pieces that begin with a body (of a loop, of an arm), and behind an instruction. */
  readonly atBody = new Map<readonly Instruction[], Piece>();
  readonly behind = new Map<Instruction, Piece>();
  /** Those that a split begins: before an instruction, and before the end of a body. */
  readonly ahead = new Map<Instruction, Piece>();
  readonly atEnd = new Map<readonly Instruction[], Piece>();
  /** Calls by the piece that each is in. */
  readonly callees: [piece: Piece, index: number][] = [];
  loops = false;
  leaf = true;
  operands = 0;
  private open: Piece;
  private untested = 0;
  private readonly labels: Label[];
  private height = 0;
  private base = 0;
  private dead = false;
  private readonly program: Program;
  private readonly costs: Costs;

  constructor(program: Program, index: number, costs: Costs) {
    this.program = program;
    this.costs = costs;
    const { locals, body, type } = program.functions[index - program.imports.length];
    this.labels = [new Label(false, program.types[type].results.length)];
    this.entry = new Piece(costs.local * locals.reduce((sum, [count]) => sum + count, 0), true);
    this.open = this.entry;
    this.walk(body);
    this.close();
  }

  private close(): void {
    const { open } = this;
    if (!open.tested) open.tested = this.untested + open.own > UNTESTED_MAX;
    this.untested = open.calls ? UNTESTED_MAX : open.tested ? 0 : this.untested + open.own;
    open.settle();
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
    this.split(this.atEnd, body);
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

  private beginBody(body: readonly Instruction[], own: number, tested: boolean): void {
    this.open = new Piece(own, tested);
    this.atBody.set(body, this.open);
  }
  private beginBehind(instruction: Instruction, before: Piece | null = null): void {
    this.open = new Piece(0, false, before);
    this.behind.set(instruction, this.open);
  }
  /** What follows is reached by no path from here. */
  private cut(instruction: Instruction): void {
    this.untested = 0;
    this.beginBehind(instruction);
    this.leave();
  }

  private branch(depth: number): void {
    const target = this.labels.length - 1 - depth;
    for (const label of this.labels.slice(target + 1)) label.left = true;
    const label = this.labels[target];
    if (label.loop) return;
    label.branched = true;
    label.reached = Math.max(label.reached, this.untested);
  }

  private arms(instruction: Extract<Instruction, { kind: 'if' }>): void {
    const label = new Label(false, instruction.type === null ? 0 : 1);
    this.pop(1);
    this.close();
    const { open: piece, untested } = this;
    this.beginBody(instruction.body, 0, false);
    const first = this.open;
    this.inside(label, instruction.body);
    this.close();
    let reached = Math.max(label.reached, this.untested);
    this.untested = untested;
    if (instruction.otherwise !== null) {
      this.beginBody(instruction.otherwise, this.costs.free, false);
      const second = this.open;
      this.inside(label, instruction.otherwise);
      this.close();
      reached = Math.max(label.reached, reached);
      // lift
      if (!first.tested && !second.tested) {
        const both = Math.min(first.charge, second.charge);
        first.charge -= both;
        second.charge -= both;
        piece.owner.charge += both;
      }
    }
    this.untested = Math.max(reached, this.untested);
    this.beginBehind(instruction, label.left ? null : piece);
    this.push(instruction.type === null ? 0 : 1);
  }

  /** A piece that costs too much ends before the next instruction, an `end` too. */
  private split(place: Map<unknown, Piece>, key: unknown): void {
    if (this.open.own <= UNTESTED_MAX) return;
    this.close();
    this.open = new Piece(0, false);
    place.set(key, this.open);
  }

  private step(instruction: Instruction): void {
    this.split(this.ahead, instruction);
    this.open.own += instructionCost(instruction, this.program, this.costs);
    switch (instruction.kind) {
      case 'block': {
        const label = new Label(false, instruction.type === null ? 0 : 1);
        const piece = this.open;
        this.inside(label, instruction.body);
        if (label.branched) {
          this.close();
          this.untested = Math.max(this.untested, label.reached);
          this.beginBehind(instruction, label.left ? null : piece);
        }
        this.push(instruction.type === null ? 0 : 1);
        return;
      }
      case 'loop': {
        const label = new Label(true, 0);
        this.loops = true;
        this.close();
        const piece = this.open;
        this.beginBody(instruction.body, this.costs.loop, true);
        this.inside(label, instruction.body);
        if (!label.left) {
          this.close();
          this.beginBehind(instruction, piece);
        }
        this.push(instruction.type === null ? 0 : 1);
        return;
      }
      case 'if':
        this.arms(instruction);
        return;
      case 'br':
        this.close();
        this.branch(instruction.index);
        this.cut(instruction);
        return;
      case 'br_if': {
        this.pop(1);
        // in dead code what it carries may be there only now
        const { values } = this.labels[this.labels.length - 1 - instruction.index];
        this.pop(values);
        this.push(values);
        this.close();
        this.branch(instruction.index);
        this.beginBehind(instruction);
        return;
      }
      case 'br_table':
        this.close();
        for (const depth of [...instruction.labels, instruction.otherwise]) this.branch(depth);
        this.cut(instruction);
        return;
      case 'return':
      case 'unreachable':
        this.close();
        if (instruction.kind === 'return') for (const label of this.labels) label.left = true;
        this.cut(instruction);
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
        this.open.calls = true;
        if (instruction.kind === 'call') this.callees.push([this.open, instruction.index]);
        this.pop(params.length + (instruction.kind === 'call_indirect' ? 1 : 0));
        this.push(results.length);
        return;
      }
      case 'operation':
        this.pop(instruction.operation.params.length);
        this.push(instruction.operation.result === null ? 0 : 1);
        return;
      case 'memory.grow':
      case 'memory.fill':
      case 'memory.copy':
        this.leaf = false;
        this.open.calls = true;
        this.pop(instruction.kind === 'memory.grow' ? 1 : 3);
        this.push(instruction.kind === 'memory.grow' ? 1 : 0);
        return;
      case 'memory.size':
      case 'global.get':
        this.push(1);
        return;
      case 'global.set':
        this.pop(1);
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
  }
}
