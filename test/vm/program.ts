/** Programs as trees: what the generator makes, the reference runs, and this file turns into a module's bytes. */
import { type Bytes, code, functionType, limits, moduleOf, type NumberType, name, SECTION, s, section, sized, u, VALUE_TYPE, vector } from './binary.ts';
import { makesNan, type Operation } from './operation.ts';

export type BlockType = NumberType | null;

export type Instruction =
  /** A number operation, load or store; `offset` and `align` of the latter two. */
  | { readonly kind: 'operation'; readonly operation: Operation; readonly offset: number; readonly align: number }
  /** The bits of the value. */
  | { readonly kind: 'const'; readonly type: NumberType; readonly bits: bigint }
  | { readonly kind: 'local.get' | 'local.set' | 'local.tee' | 'global.get' | 'global.set'; readonly index: number }
  | { readonly kind: 'call' | 'br' | 'br_if'; readonly index: number }
  | { readonly kind: 'call_indirect'; readonly type: number }
  | { readonly kind: 'br_table'; readonly labels: readonly number[]; readonly otherwise: number }
  | { readonly kind: 'block' | 'loop'; readonly type: BlockType; readonly body: readonly Instruction[] }
  | { readonly kind: 'if'; readonly type: BlockType; readonly body: readonly Instruction[]; readonly otherwise: readonly Instruction[] | null }
  | { readonly kind: 'return' | 'unreachable' | 'nop' | 'drop' | 'select' | 'memory.size' | 'memory.grow' | 'memory.fill' | 'memory.copy' };

export interface FunctionType {
  readonly params: readonly NumberType[];
  readonly results: readonly NumberType[];
}
export interface ProgramFunction {
  readonly type: number;
  /** Runs of declared locals. */
  readonly locals: readonly (readonly [count: number, type: NumberType])[];
  readonly body: readonly Instruction[];
}
export interface ProgramGlobal {
  readonly type: NumberType;
  readonly mutable: boolean;
  readonly bits: bigint;
}
export interface Program {
  /** Of the profile canonical-nan; else of integer. */
  readonly floats: boolean;
  readonly types: readonly FunctionType[];
  /** Imported functions, from the module `h` under `0`, `1`, …: types. */
  readonly imports: readonly number[];
  readonly functions: readonly ProgramFunction[];
  readonly table: { readonly min: number; readonly elements: readonly { readonly at: number; readonly functions: readonly number[] }[] } | null;
  readonly memory: { readonly min: number; readonly max: number; readonly data: readonly { readonly at: number; readonly bytes: Bytes }[] } | null;
  readonly globals: readonly ProgramGlobal[];
  /** A function's index, imported ones counted. */
  readonly start: number | null;
}

const SIMPLE = { return: 0x0f, unreachable: 0x00, nop: 0x01, drop: 0x1a, select: 0x1b } as const;
const INDEXED = { 'local.get': 0x20, 'local.set': 0x21, 'local.tee': 0x22, 'global.get': 0x23, 'global.set': 0x24, call: 0x10, br: 0x0c, br_if: 0x0d } as const;
const MEMORY = { 'memory.size': [0x3f, 0], 'memory.grow': [0x40, 0], 'memory.fill': [0xfc, 11, 0], 'memory.copy': [0xfc, 10, 0, 0] } as const;
const CANONICAL = { f32: 0x7fc0_0000n, f64: 0x7ff8_0000_0000_0000n };

function little(bits: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Number((bits >> BigInt(8 * index)) & 255n));
}

export function constant(type: NumberType, bits: bigint): number[] {
  if (type === 'i32') return [0x41, ...s(BigInt.asIntN(32, bits))];
  if (type === 'i64') return [0x42, ...s(BigInt.asIntN(64, bits))];
  return type === 'f32' ? [0x43, ...little(bits, 4)] : [0x44, ...little(bits, 8)];
}

/** Locals that a plain module keeps a float in while it makes its NaN canonical; null leaves NaNs alone. */
type Scratch = { readonly f32: number; readonly f64: number } | null;

function emit(body: readonly Instruction[], out: number[], scratch: Scratch): void {
  for (const instruction of body) {
    switch (instruction.kind) {
      case 'operation': {
        const { operation, offset, align } = instruction;
        out.push(...(operation.code < 256 ? [operation.code] : [0xfc, operation.code - 256]));
        if (operation.bytes > 0) out.push(...u(align), ...u(offset));
        const { result } = operation;
        if (scratch !== null && makesNan(operation) && (result === 'f32' || result === 'f64')) {
          const local = u(scratch[result]);
          out.push(0x22, ...local, ...constant(result, CANONICAL[result]), 0x20, ...local, 0x20, ...local, result === 'f32' ? 0x5b : 0x61, 0x1b);
        }
        break;
      }
      case 'const':
        out.push(...constant(instruction.type, instruction.bits));
        break;
      case 'call_indirect':
        out.push(0x11, ...u(instruction.type), 0);
        break;
      case 'br_table':
        out.push(0x0e, ...vector(instruction.labels.map(u)), ...u(instruction.otherwise));
        break;
      case 'block':
      case 'loop':
      case 'if':
        out.push({ block: 0x02, loop: 0x03, if: 0x04 }[instruction.kind], instruction.type === null ? 0x40 : VALUE_TYPE[instruction.type]);
        emit(instruction.body, out, scratch);
        if (instruction.kind === 'if' && instruction.otherwise !== null) {
          out.push(0x05);
          emit(instruction.otherwise, out, scratch);
        }
        out.push(0x0b);
        break;
      case 'return':
      case 'unreachable':
      case 'nop':
      case 'drop':
      case 'select':
        out.push(SIMPLE[instruction.kind]);
        break;
      case 'memory.size':
      case 'memory.grow':
      case 'memory.fill':
      case 'memory.copy':
        out.push(...MEMORY[instruction.kind]);
        break;
      default:
        out.push(INDEXED[instruction.kind], ...u(instruction.index));
    }
  }
}

function codeOf(program: Program, { type, locals, body }: ProgramFunction, canonical: boolean): number[] {
  const first = program.types[type].params.length + locals.reduce((sum, [count]) => sum + count, 0);
  const out: number[] = [];
  emit(body, out, canonical ? { f32: first, f64: first + 1 } : null);
  return code(canonical ? [...locals, [1, 'f32'], [1, 'f64']] : locals, out);
}

/**
 * The module's bytes. Functions are exported by their number. `plain`: the form that V8 runs by itself, which makes its
 * NaNs canonical by its own code and shows its memory (`memory`) and its globals (`g0`, `g1`, …).
 */
export function bytesOf(program: Program, plain: boolean): Uint8Array {
  const { types, imports, functions, table, memory, globals, start } = program;
  return moduleOf(
    section(
      SECTION.type,
      types.map(({ params, results }) => functionType(params, results)),
    ),
    section(
      SECTION.import,
      imports.map((type, index) => [...name('h'), ...name(String(index)), 0, ...u(type)]),
    ),
    section(
      SECTION.function,
      functions.map(({ type }) => u(type)),
    ),
    section(SECTION.table, table === null ? [] : [[0x70, ...limits(table.min, table.min)]]),
    section(SECTION.memory, memory === null ? [] : [limits(memory.min, memory.max)]),
    section(
      SECTION.global,
      globals.map(({ type, mutable, bits }) => [VALUE_TYPE[type], mutable ? 1 : 0, ...constant(type, bits), 0x0b]),
    ),
    section(SECTION.export, [
      ...functions.map((_, index) => [...name(String(index)), 0, ...u(imports.length + index)]),
      ...(plain && memory !== null ? [[...name('memory'), 2, 0]] : []),
      ...(plain ? globals.map((_, index) => [...name(`g${index}`), 3, ...u(index)]) : []),
    ]),
    start === null ? [] : [SECTION.start, ...sized(u(start))],
    section(
      SECTION.element,
      (table?.elements ?? []).map((segment) => [0, ...constant('i32', BigInt(segment.at)), 0x0b, ...vector(segment.functions.map(u))]),
    ),
    section(
      SECTION.code,
      functions.map((one) => codeOf(program, one, plain)),
    ),
    section(
      SECTION.data,
      (memory?.data ?? []).map(({ at, bytes }) => [0, ...constant('i32', BigInt(at)), 0x0b, ...sized(bytes)]),
    ),
  );
}
