/**
 * A reference interpreter of programs, by the specification and spec/vm.md alone: it walks the tree, one instruction
 * after the other, and shares no code with the VM. Slow and plain on purpose.
 */
import type { BlockType, Instruction, Program } from './program.ts';
import { compute, ReferenceTrap } from './reference-number.ts';

const PAGE_BYTES = 65_536;
const NORMAL = -1;
/** A branch further out than any label: the function returns. */
const RETURN = Number.MAX_SAFE_INTEGER;

/** What a host function of the program answers. Integers only, as bits. */
export type HostFunction = (index: number, args: readonly bigint[]) => bigint;

/** What is told of the way that a run takes, for whoever counts it. */
export interface Meter {
  /** A function's body begins; `leave` when it returns. */
  enter(index: number): void;
  leave(): void;
  /** An arm of an `if` begins, or a loop's body, each time. */
  begin(body: readonly Instruction[]): void;
  before(instruction: Instruction): void;
  /** A body comes to its end. */
  finish(body: readonly Instruction[]): void;
  /** The way goes on behind it. */
  after(instruction: Instruction): void;
  host(): void;
  /** memory.grow is asked for; then, where the declaration allows it, so many pages are. */
  grow(): void;
  pages(count: number): void;
  bulk(bytes: number): void;
}

interface Frame {
  readonly locals: bigint[];
  readonly stack: bigint[];
}

export class Reference {
  readonly globals: bigint[];
  memory: Uint8Array;
  private readonly program: Program;
  private readonly host: HostFunction;
  private readonly meter: Meter;
  private readonly table: (number | null)[];

  /** Segments written; the start function is not run. @throws ReferenceTrap when a segment does not fit */
  constructor(program: Program, host: HostFunction, meter: Meter) {
    this.program = program;
    this.host = host;
    this.meter = meter;
    this.globals = program.globals.map(({ bits }) => bits);
    this.memory = new Uint8Array((program.memory?.min ?? 0) * PAGE_BYTES);
    this.table = Array.from({ length: program.table?.min ?? 0 }, () => null);
    for (const { at, functions } of program.table?.elements ?? []) for (const [index, target] of functions.entries()) this.table[at + index] = target;
    for (const { at, bytes } of program.memory?.data ?? []) this.memory.set(bytes, at);
  }

  /** Calls a function by its index, imported ones counted. @throws ReferenceTrap */
  call(index: number, args: readonly bigint[]): bigint[] {
    const { types, imports, functions } = this.program;
    if (index < imports.length) {
      const { results } = types[imports[index]];
      this.meter.host();
      const answer = this.host(index, args);
      return results.length === 0 ? [] : [answer];
    }
    this.meter.enter(index);
    const { type, locals, body } = functions[index - imports.length];
    const frame: Frame = { locals: [...args, ...locals.flatMap(([count]) => Array.from({ length: count }, () => 0n))], stack: [] };
    this.run(body, frame);
    this.meter.leave();
    const { results } = types[type];
    return results.length === 0 ? [] : [this.pop(frame)];
  }

  /** Memory and globals as another left them. */
  restore(memory: Uint8Array, globals: readonly bigint[]): void {
    this.memory = memory.slice();
    this.globals.splice(0, globals.length, ...globals);
  }

  private pop({ stack }: Frame): bigint {
    const value = stack.pop();
    if (value === undefined) throw new Error('the reference popped an empty stack');
    return value;
  }

  /** Runs a label's body: a value is left on the stack in place of what was above `height`. */
  private labelled(body: readonly Instruction[], frame: Frame, carried: BlockType): number {
    const height = frame.stack.length;
    const way = this.run(body, frame);
    if (way === NORMAL || way === RETURN) return way;
    if (way > 0) return way - 1;
    const value = carried === null ? [] : [this.pop(frame)];
    frame.stack.length = height;
    frame.stack.push(...value);
    return NORMAL;
  }

  private run(body: readonly Instruction[], frame: Frame): number {
    for (const instruction of body) {
      this.meter.before(instruction);
      const way = this.step(instruction, frame);
      if (way !== NORMAL) return way;
      this.meter.after(instruction);
    }
    this.meter.finish(body);
    return NORMAL;
  }

  private step(instruction: Instruction, frame: Frame): number {
    const { stack, locals } = frame;
    switch (instruction.kind) {
      case 'block':
        return this.labelled(instruction.body, frame, instruction.type);
      case 'loop': {
        const height = stack.length;
        for (;;) {
          this.meter.begin(instruction.body);
          const way = this.run(instruction.body, frame);
          if (way !== 0) return way === NORMAL || way === RETURN ? way : way - 1;
          stack.length = height;
        }
      }
      case 'if': {
        const arm = this.pop(frame) === 0n ? (instruction.otherwise ?? []) : instruction.body;
        this.meter.begin(arm);
        return this.labelled(arm, frame, instruction.type);
      }
      case 'br':
        return instruction.index;
      case 'br_if':
        return this.pop(frame) === 0n ? NORMAL : instruction.index;
      case 'br_table': {
        const { labels, otherwise } = instruction;
        const index = this.pop(frame);
        return index < BigInt(labels.length) ? labels[Number(index)] : otherwise;
      }
      case 'return':
        return RETURN;
      case 'unreachable':
        throw new ReferenceTrap('unreachable');
      case 'nop':
        return NORMAL;
      case 'drop':
        this.pop(frame);
        return NORMAL;
      case 'select': {
        const chosen = this.pop(frame) !== 0n;
        const second = this.pop(frame);
        const first = this.pop(frame);
        stack.push(chosen ? first : second);
        return NORMAL;
      }
      case 'const':
        stack.push(instruction.bits);
        return NORMAL;
      case 'local.get':
        stack.push(locals[instruction.index]);
        return NORMAL;
      case 'local.set':
        locals[instruction.index] = this.pop(frame);
        return NORMAL;
      case 'local.tee':
        locals[instruction.index] = stack[stack.length - 1];
        return NORMAL;
      case 'global.get':
        stack.push(this.globals[instruction.index]);
        return NORMAL;
      case 'global.set':
        this.globals[instruction.index] = this.pop(frame);
        return NORMAL;
      case 'call':
        this.transfer(instruction.index, frame);
        return NORMAL;
      case 'call_indirect': {
        const target = this.table[Number(this.pop(frame))] ?? null;
        if (target === null || !this.sameType(target, instruction.type)) throw new ReferenceTrap('trap');
        this.transfer(target, frame);
        return NORMAL;
      }
      case 'operation':
        this.operation(instruction, frame);
        return NORMAL;
      default:
        this.bulk(instruction.kind, frame);
        return NORMAL;
    }
  }

  private typeOf(index: number): number {
    const { imports, functions } = this.program;
    return index < imports.length ? imports[index] : functions[index - imports.length].type;
  }

  private sameType(index: number, type: number): boolean {
    const [a, b] = [this.program.types[this.typeOf(index)], this.program.types[type]];
    return a.params.join() === b.params.join() && a.results.join() === b.results.join();
  }

  private transfer(index: number, frame: Frame): void {
    const { params } = this.program.types[this.typeOf(index)];
    const args = params.length === 0 ? [] : frame.stack.splice(-params.length);
    frame.stack.push(...this.call(index, args));
  }

  private operation({ operation, offset }: Extract<Instruction, { kind: 'operation' }>, frame: Frame): void {
    const args = frame.stack.splice(-operation.params.length);
    if (operation.bytes === 0) {
      frame.stack.push(compute(operation, args));
      return;
    }
    const { bytes, name, result } = operation;
    const at = Number(args[0]) + offset;
    if (at + bytes > this.memory.length) throw new ReferenceTrap('trap');
    if (result === null) {
      for (let index = 0; index < bytes; index++) this.memory[at + index] = Number((args[1] >> BigInt(8 * index)) & 255n);
      return;
    }
    let value = 0n;
    for (let index = bytes - 1; index >= 0; index--) value = (value << 8n) | BigInt(this.memory[at + index]);
    const width = result === 'i32' || result === 'f32' ? 32 : 64;
    frame.stack.push(name.endsWith('_s') ? BigInt.asUintN(width, BigInt.asIntN(8 * bytes, value)) : value);
  }

  private bulk(kind: 'memory.size' | 'memory.grow' | 'memory.fill' | 'memory.copy', frame: Frame): void {
    const pages = this.memory.length / PAGE_BYTES;
    if (kind === 'memory.size') {
      frame.stack.push(BigInt(pages));
      return;
    }
    if (kind === 'memory.grow') {
      const more = Number(this.pop(frame));
      this.meter.grow();
      if (pages + more > (this.program.memory?.max ?? 0)) {
        frame.stack.push(0xffff_ffffn);
        return;
      }
      this.meter.pages(more);
      const grown = new Uint8Array((pages + more) * PAGE_BYTES);
      grown.set(this.memory);
      this.memory = grown;
      frame.stack.push(BigInt(pages));
      return;
    }
    const [to, value, length] = frame.stack.splice(-3).map(Number);
    this.meter.bulk(length);
    const end = kind === 'memory.copy' ? Math.max(to, value) : to;
    if (end + length > this.memory.length) throw new ReferenceTrap('trap');
    if (kind === 'memory.copy') this.memory.copyWithin(to, value, value + length);
    else this.memory.fill(value & 255, to, to + length);
  }
}
