/**
 * A small assembler for the WebAssembly 1.0 binary format: no bulk memory, no multi-value, no sign extension, so that
 * every engine, one inside a contract included, runs what it makes. Code is a list of bytes; an instruction is a function
 * of the code of its operands, so the text reads inside out and cannot unbalance the stack.
 */
import { Fault } from '../base/fault.ts';

/** Bytes of instructions. */
export type Code = readonly number[];
/** 0x7f i32, 0x7e i64, 0x7c f64. */
export type ValueType = 0x7f | 0x7e | 0x7c;
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F64 = 0x7c;

const VOID = 0x40;
const END = 0x0b;
export const WASM_PAGE_BYTES = 65_536;

/** Unsigned LEB128 of a value below 2^32. */
export function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

/** Signed LEB128 of a value of 64 bits. */
export function signed(value: bigint): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) {
      out.push(low);
      return out;
    }
    out.push(low | 128);
  }
}

/** One code after the other. */
export function seq(...parts: readonly Code[]): Code {
  const out: number[] = [];
  for (const part of parts) for (let i = 0; i < part.length; i++) out.push(part[i]);
  return out;
}

export const get = (local: number): Code => (local < 128 ? [0x20, local] : [0x20, ...unsigned(local)]);
export const set = (local: number, value: Code): Code => seq(value, [0x21], unsigned(local));
export const tee = (local: number, value: Code): Code => seq(value, [0x22], unsigned(local));
export const call = (index: number, ...operands: readonly Code[]): Code => seq(...operands, [0x10], unsigned(index));
/** `a` where the condition is not zero, else `b`; both are computed. */
export const select = (condition: Code, a: Code, b: Code): Code => seq(a, b, condition, [0x1b]);
export const ret = (value: Code): Code => seq(value, [0x0f]);
export const br = (depth: number): Code => [0x0c, ...unsigned(depth)];
export const brIf = (depth: number, condition: Code): Code => seq(condition, [0x0d], unsigned(depth));
export const block = (...body: readonly Code[]): Code => seq([0x02, VOID], ...body, [END]);
export const loop = (...body: readonly Code[]): Code => seq([0x03, VOID], ...body, [END]);
export const when = (condition: Code, then: Code): Code => seq(condition, [0x04, VOID], then, [END]);
export const either = (condition: Code, then: Code, otherwise: Code): Code => seq(condition, [0x04, VOID], then, [0x05], otherwise, [END]);
/** A value by cases: only the chosen side is computed. */
export const choose = (type: ValueType, condition: Code, then: Code, otherwise: Code): Code => seq(condition, [0x04, type], then, [0x05], otherwise, [END]);
/** `while (!condition) body`: within `body`, `br(0)` goes on and `br(1)` leaves. */
export const until = (condition: Code, ...body: readonly Code[]): Code => block(loop(brIf(1, condition), ...body, br(0)));

const unary =
  (opcode: number) =>
  (a: Code): Code =>
    seq(a, [opcode]);
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code =>
    seq(a, b, [opcode]);
const load =
  (opcode: number, align: number) =>
  (address: Code, offset = 0): Code =>
    seq(address, [opcode, align], unsigned(offset));
const store =
  (opcode: number, align: number) =>
  (address: Code, value: Code, offset = 0): Code =>
    seq(address, value, [opcode, align], unsigned(offset));

export const i32 = {
  const: (value: number): Code => (value >= -64 && value < 64 ? [0x41, value & 127] : [0x41, ...signed(BigInt(value))]),
  load: load(0x28, 2),
  load8: load(0x2d, 0),
  store: store(0x36, 2),
  store8: store(0x3a, 0),
  eqz: unary(0x45),
  eq: binary(0x46),
  ne: binary(0x47),
  ltS: binary(0x48),
  ltU: binary(0x49),
  gtS: binary(0x4a),
  gtU: binary(0x4b),
  leS: binary(0x4c),
  leU: binary(0x4d),
  geS: binary(0x4e),
  geU: binary(0x4f),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shrS: binary(0x75),
  shrU: binary(0x76),
  wrap: unary(0xa7),
} as const;

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(value)],
  load: load(0x29, 3),
  store: store(0x37, 3),
  eqz: unary(0x50),
  eq: binary(0x51),
  ne: binary(0x52),
  ltS: binary(0x53),
  ltU: binary(0x54),
  gtS: binary(0x55),
  gtU: binary(0x56),
  leS: binary(0x57),
  leU: binary(0x58),
  geS: binary(0x59),
  geU: binary(0x5a),
  popcnt: unary(0x7b),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  divS: binary(0x7f),
  divU: binary(0x80),
  remS: binary(0x81),
  remU: binary(0x82),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: binary(0x86),
  shrS: binary(0x87),
  shrU: binary(0x88),
  extendS: unary(0xac),
  extendU: unary(0xad),
  /** The bits of a double. */
  ofBits: unary(0xbd),
} as const;

export const f64 = {
  const: (value: number): Code => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value, true);
    return [0x44, ...new Uint8Array(view.buffer)];
  },
  load: load(0x2b, 3),
  eq: binary(0x61),
  ne: binary(0x62),
  lt: binary(0x63),
  le: binary(0x65),
  neg: unary(0x9a),
  add: binary(0xa0),
  sub: binary(0xa1),
  mul: binary(0xa2),
  div: binary(0xa3),
  ofI64: unary(0xb9),
  ofU64: unary(0xba),
  /** Cut to an integer: a trap where it does not fit. */
  toI64: unary(0xb0),
  toU64: unary(0xb1),
} as const;

/** A function while it is written: its parameters are locals 0, 1, …; `local` adds one. */
export class Locals {
  readonly types: ValueType[];
  readonly params: number;

  constructor(...params: readonly ValueType[]) {
    this.types = [...params];
    this.params = params.length;
  }

  local(type: ValueType): number {
    return this.types.push(type) - 1;
  }
}

export interface WasmFunction {
  readonly locals: Locals;
  /** null: none. */
  readonly result: ValueType | null;
  /** Leaves one value of `result` on the stack. */
  readonly body: Code;
  readonly exported?: string;
}

export interface WasmModule {
  readonly functions: readonly WasmFunction[];
  /** The memory has exactly so many pages, for ever; exported as `memory`. */
  readonly memoryPages: number;
  readonly data: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

const vector = (items: readonly Code[]): Code => seq(unsigned(items.length), ...items);
const sized = (content: Code): Code => seq(unsigned(content.length), content);
const section = (id: number, items: readonly Code[]): Code => (items.length === 0 ? [] : seq([id], sized(vector(items))));
const named = (text: string): Code =>
  seq(
    unsigned(text.length),
    Array.from(text, (c) => c.charCodeAt(0)),
  );

/** Locals past the parameters, as runs of one type. */
function runs({ types, params }: Locals): Code {
  const items: Code[] = [];
  for (let i = params; i < types.length; ) {
    let end = i + 1;
    while (end < types.length && types[end] === types[i]) end++;
    items.push([...unsigned(end - i), types[i]]);
    i = end;
  }
  return vector(items);
}

/** The bytes of a module: types in order of first use, functions, memory, exports, code, data. Same module → same bytes. */
export function assemble({ functions, memoryPages, data }: WasmModule): Uint8Array<ArrayBuffer> {
  const signatures = new Map<string, number>();
  const types: Code[] = [];
  const typeOf = (f: WasmFunction): number => {
    const type = seq([0x60], vector(f.locals.types.slice(0, f.locals.params).map((t) => [t])), f.result === null ? [0] : [1, f.result]);
    const known = signatures.get(type.join());
    if (known !== undefined) return known;
    signatures.set(type.join(), types.length);
    return types.push(type) - 1;
  };
  const declared = functions.map((f) => unsigned(typeOf(f)));
  const exports: Code[] = [seq(named('memory'), [2, 0])];
  functions.forEach((f, index) => {
    if (f.exported !== undefined) exports.push(seq(named(f.exported), [0], unsigned(index)));
  });
  for (const { at, bytes } of data) if (at + bytes.length > memoryPages * WASM_PAGE_BYTES) throw new Fault('internal', 'wasm data outside the memory');
  const all = seq(
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, types),
    section(3, declared),
    section(5, [[1, ...unsigned(memoryPages), ...unsigned(memoryPages)]]),
    section(7, exports),
    section(
      10,
      functions.map((f) => sized(seq(runs(f.locals), f.body, [END]))),
    ),
    section(
      11,
      data.map(({ at, bytes }) => seq([0], i32.const(at), [END], unsigned(bytes.length), Array.from(bytes))),
    ),
  );
  return Uint8Array.from(all);
}
