/**
 * Validates function bodies (VM-4, VM-5): the algorithm of the WebAssembly specification (version 1.0, appendix), one pass, no recursion.
 * What it learns on the way is what instrumentation needs.
 */
import type { Limits } from './limits.ts';
import { type Body, type FunctionType, I32, isFloat, type Module, type Profile, typeName } from './module.ts';
import * as op from './opcode.ts';
import { Reader } from './reader.ts';

const { OP } = op;
const VOID = 0x40;

/** What validation learnt of one body. */
export interface BodyFacts {
  /** Greatest height of the operand stack, in values. */
  readonly operands: number;
  /** It calls nothing: no function, no host, no helper of instrumentation. */
  readonly leaf: boolean;
  readonly loops: boolean;
  /** An instruction whose NaN must be made canonical, by type. */
  readonly nanF32: boolean;
  readonly nanF64: boolean;
}

export class BodyValidator {
  private readonly module: Module;
  private readonly limits: Limits;
  private readonly profile: Profile;
  private readonly locals: Uint8Array;
  /** Types of the operands; 0 is unknown, in code that cannot be reached. */
  private readonly stack: Uint8Array;
  private height = 0;
  /** By control frame: its instruction, the height below it, its result (0: none), whether the rest of it cannot be reached. */
  private readonly kinds: Uint8Array;
  private readonly bases: Int32Array;
  private readonly results: Uint8Array;
  private readonly dead: Uint8Array;
  private depth = 0;
  private labelsTotal = 0;
  private r: Reader;

  constructor(module: Module, profile: Profile, limits: Limits) {
    this.module = module;
    this.limits = limits;
    this.profile = profile;
    this.locals = new Uint8Array(limits.locals + limits.params);
    this.stack = new Uint8Array(limits.operands + 1);
    this.kinds = new Uint8Array(limits.nesting + 1);
    this.bases = new Int32Array(limits.nesting + 1);
    this.results = new Uint8Array(limits.nesting + 1);
    this.dead = new Uint8Array(limits.nesting + 1);
    this.r = new Reader(module.bytes);
  }

  private invalid(text: string, at: number): never {
    return this.r.fail('wasm_invalid', text, at);
  }

  private push(type: number): void {
    if (this.height >= this.limits.operands) this.r.bound('operands at once', this.height + 1, this.limits.operands);
    this.stack[this.height++] = type;
  }

  /** Pops a value of `type`; 0 takes any. Returns what was there. */
  private pop(type: number, at: number): number {
    const frame = this.depth - 1;
    if (this.height === this.bases[frame]) {
      if (this.dead[frame] === 1) return type;
      return this.invalid(`a value of type ${typeName(type)} is missing`, at);
    }
    const found = this.stack[--this.height];
    if (found !== type && found !== 0 && type !== 0) return this.invalid(`a value has type ${typeName(found)} instead of ${typeName(type)}`, at);
    return found === 0 ? type : found;
  }

  /** What `pop` checks, taking nothing. */
  private peek(type: number, at: number): void {
    const { height } = this;
    this.pop(type, at);
    this.height = height;
  }

  private enter(kind: number, result: number): void {
    if (this.depth > this.limits.nesting) this.r.bound('levels of blocks', this.depth, this.limits.nesting);
    const frame = this.depth++;
    this.kinds[frame] = kind;
    this.bases[frame] = this.height;
    this.results[frame] = result;
    this.dead[frame] = 0;
  }

  /** The end of a frame: its result alone is on the stack; it is popped. */
  private leave(at: number): number {
    const frame = this.depth - 1;
    const result = this.results[frame];
    if (result !== 0) this.pop(result, at);
    if (this.height !== this.bases[frame]) this.invalid('values are left over at the end of a block', at);
    this.depth--;
    return result;
  }

  private unreachable(): void {
    const frame = this.depth - 1;
    this.height = this.bases[frame];
    this.dead[frame] = 1;
  }

  /** The type that a branch to the label takes along; 0 none. A loop is entered again without. */
  private label(at: number): number {
    return this.labelType(this.r.u32(), at);
  }

  private labelType(label: number, at: number): number {
    if (label >= this.depth) this.invalid(`there is no label ${label}`, at);
    const frame = this.depth - 1 - label;
    return this.kinds[frame] === OP.loop ? 0 : this.results[frame];
  }

  private blockType(at: number): number {
    const { r } = this;
    const type = r.byte();
    if (type === VOID) return 0;
    if (type >= 0x7c && type <= 0x7f) {
      if (this.profile === 'integer' && isFloat(type)) this.refuse('a float', at);
      return type;
    }
    if (type < 0x40 || type >= 0x80) r.fail('wasm_refused', 'blocks with parameters or several results (multi-value) are refused: build without them', at);
    if (type >= 0x63 && type <= 0x7b) r.fail('wasm_refused', 'blocks with a result of a later version are refused: build without reference types and SIMD', at);
    return r.malformed(`there is no block type ${type}`, r.at - 1);
  }

  private refuse(what: string, at: number): never {
    return this.r.fail('wasm_refused', `${what} is refused by the profile ${this.profile}: build without floats, or take the profile canonical-nan`, at);
  }

  private needMemory(at: number): void {
    if (this.module.memories.length === 0) this.invalid('there is no memory', at);
  }

  private zero(): void {
    if (this.r.byte() !== 0) this.r.malformed('a byte that must be 0 is not', this.r.at - 1);
  }

  private call(type: FunctionType, at: number): void {
    for (let i = type.params.length - 1; i >= 0; i--) this.pop(type.params[i], at);
    if (type.results.length > 0) this.push(type.results[0]);
  }

  /** @throws Fault as admitModule */
  body(index: number, body: Body): BodyFacts {
    const { module, limits } = this;
    const r = new Reader(module.bytes, body.code, body.end);
    r.func = index;
    this.r = r;
    const integer = this.profile === 'integer';
    const type = module.types[module.functions[index]];
    let localCount = 0;
    for (const param of type.params) this.locals[localCount++] = param;
    r.bound('locals and parameters', localCount + body.localCount, limits.locals);
    for (const run of body.locals) {
      if (integer && isFloat(run.type)) this.refuse('a float local', body.start);
      this.locals.fill(run.type, localCount, localCount + run.count);
      localCount += run.count;
    }
    let operands = 0;
    let blocks = 0;
    let leaf = true;
    let loops = false;
    let nanF32 = false;
    let nanF64 = false;
    this.height = 0;
    this.depth = 0;
    this.enter(OP.block, type.results.length > 0 ? type.results[0] : 0);
    while (this.depth > 0) {
      const at = r.at;
      let code = r.byte();
      if (code === OP.prefix) {
        code = op.PREFIXED + r.u32();
        if (code >= op.PREFIXED + 18) r.malformed(`there is no instruction 0xfc ${code - op.PREFIXED}`, at);
      }
      if (op.SIMPLE[code] === 1) {
        if (op.FLOAT[code] === 1) {
          if (integer) this.refuse(`${op.NAMES[code]}`, at);
          const nan = op.NAN[code];
          if (nan === 0x7d) nanF32 = true;
          else if (nan === 0x7c) nanF64 = true;
        }
        const immediate = op.IMMEDIATE[code];
        if (immediate === op.ADDRESS) {
          this.needMemory(at);
          const align = r.u32();
          if (align >= 32) r.malformed('an alignment is past 32 bits', at);
          if (align > op.ALIGN[code]) this.invalid('an alignment is greater than the natural one', at);
          r.u32();
        } else if (immediate === op.CONST_I32) r.s32();
        else if (immediate === op.CONST_I64) r.skipS64();
        else if (immediate === op.CONST_F32) r.skip(4);
        else if (immediate === op.CONST_F64) r.skip(8);
        if (op.POP1[code] !== 0) this.pop(op.POP1[code], at);
        if (op.POP2[code] !== 0) this.pop(op.POP2[code], at);
        if (op.PUSH[code] !== 0) this.push(op.PUSH[code]);
        if (this.height > operands) operands = this.height;
        continue;
      }
      switch (code) {
        case OP.local_get:
        case OP.local_set:
        case OP.local_tee: {
          const local = r.u32();
          if (local >= localCount) this.invalid(`there is no local ${local}`, at);
          const localType = this.locals[local];
          if (code !== OP.local_get) this.pop(localType, at);
          if (code !== OP.local_set) this.push(localType);
          break;
        }
        case OP.global_get:
        case OP.global_set: {
          const global = r.u32();
          if (global >= module.globals.length) this.invalid(`there is no global ${global}`, at);
          const { type: globalType, mutable } = module.globals[global];
          if (code === OP.global_get) this.push(globalType);
          else if (!mutable) this.invalid(`global ${global} cannot be set`, at);
          else this.pop(globalType, at);
          break;
        }
        case OP.if:
        case OP.loop:
        case OP.block: {
          r.bound('blocks of a function', ++blocks, limits.blocks);
          const result = this.blockType(at);
          if (code === OP.if) this.pop(I32, at);
          else if (code === OP.loop) loops = true;
          this.enter(code, result);
          break;
        }
        case OP.else: {
          if (this.kinds[this.depth - 1] !== OP.if) r.malformed('an else without its if', at);
          this.enter(OP.else, this.leave(at));
          break;
        }
        case OP.end: {
          const lone = this.kinds[this.depth - 1] === OP.if;
          const result = this.leave(at);
          if (lone && result !== 0) this.invalid('an if with a result needs an else', at);
          if (this.depth > 0 && result !== 0) this.push(result);
          break;
        }
        case OP.br_if:
        case OP.br: {
          if (code === OP.br_if) this.pop(I32, at);
          const labelType = this.label(at);
          if (labelType !== 0) this.pop(labelType, at);
          if (code === OP.br) this.unreachable();
          else if (labelType !== 0) this.push(labelType);
          break;
        }
        case OP.br_table:
          this.table(at);
          break;
        case OP.return: {
          const result = this.results[0];
          if (result !== 0) this.pop(result, at);
          this.unreachable();
          break;
        }
        case OP.unreachable:
          this.unreachable();
          break;
        case OP.nop:
          break;
        case OP.drop:
          this.pop(0, at);
          break;
        case OP.select: {
          this.pop(I32, at);
          const second = this.pop(0, at);
          this.push(this.pop(second, at));
          break;
        }
        case OP.call: {
          const called = r.u32();
          if (called >= module.functions.length) this.invalid(`there is no function ${called}`, at);
          leaf = false;
          this.call(module.types[module.functions[called]], at);
          break;
        }
        case OP.call_indirect: {
          const called = r.u32();
          if (called >= module.types.length) this.invalid(`there is no type ${called}`, at);
          if (integer) this.zero();
          else if (r.u32() !== 0) r.fail('wasm_refused', 'several tables are refused: build with one', at);
          if (module.tables.length === 0) this.invalid('there is no table', at);
          this.pop(I32, at);
          leaf = false;
          this.call(module.types[called], at);
          break;
        }
        case OP.memory_size:
          this.zero();
          this.needMemory(at);
          this.push(I32);
          break;
        case OP.memory_grow:
          this.zero();
          this.needMemory(at);
          this.pop(I32, at);
          this.push(I32);
          leaf = false;
          break;
        case op.MEMORY_COPY:
        case op.MEMORY_FILL:
          this.zero();
          if (code === op.MEMORY_COPY) this.zero();
          this.needMemory(at);
          for (let i = 0; i < 3; i++) this.pop(I32, at);
          leaf = false;
          break;
        default:
          this.unknown(code, at);
      }
      if (this.height > operands) operands = this.height;
    }
    if (r.at !== r.end) r.malformed('bytes follow the end of a body');
    return { operands, leaf, loops, nanF32, nanF64 };
  }

  private table(at: number): void {
    const { r } = this;
    const count = r.count('labels of a br_table', this.limits.branch_labels);
    this.labelsTotal += count;
    r.bound('labels of all br_tables', this.labelsTotal, this.limits.branch_labels_total);
    this.pop(I32, at);
    let type = 0;
    for (let i = 0; i <= count; i++) {
      const next = this.label(at);
      if (i > 0 && (next === 0) !== (type === 0)) this.invalid('some labels of a br_table take a value and some do not', at);
      if (next !== 0) this.peek(next, at);
      type = next;
    }
    if (type !== 0) this.pop(type, at);
    this.unreachable();
  }

  private unknown(code: number, at: number): never {
    const feature = op.refusedFeature(code);
    if (feature === undefined) return this.r.malformed(`there is no instruction 0x${code.toString(16)}`, at);
    return this.r.fail('wasm_refused', `${feature} is refused: build without it`, at);
  }
}
