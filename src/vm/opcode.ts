/**
 * The instructions that the profiles take (VM-4), as tables by code: WebAssembly 1.0, sign extension, and of the prefix
 * 0xfc (at 256 + its number) saturating truncation, memory.copy and memory.fill.
 */
import { F32, F64, I32, I64 } from './module.ts';
import type { Costs } from './schedule.ts';

/** What follows the code. */
export const NONE = 0;
export const BLOCK_TYPE = 1;
export const LABEL = 2;
export const LABELS = 3;
export const FUNCTION = 4;
export const INDIRECT = 5;
export const LOCAL = 6;
export const GLOBAL = 7;
export const ADDRESS = 8;
export const MEMORY = 9;
export const CONST_I32 = 10;
export const CONST_I64 = 11;
export const CONST_F32 = 12;
export const CONST_F64 = 13;
export const MEMORIES = 14;

export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  call_indirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  local_get: 0x20,
  local_set: 0x21,
  local_tee: 0x22,
  global_get: 0x23,
  global_set: 0x24,
  memory_size: 0x3f,
  memory_grow: 0x40,
  i32_const: 0x41,
  i64_const: 0x42,
  f32_const: 0x43,
  f64_const: 0x44,
  prefix: 0xfc,
} as const;
export const PREFIXED = 256;
export const MEMORY_COPY = PREFIXED + 10;
export const MEMORY_FILL = PREFIXED + 11;

export type CostClass = keyof Costs;

const SIZE = PREFIXED + 18;
/** By code: the name, or undefined for one that no profile takes. */
export const NAMES: (string | undefined)[] = Array.from({ length: SIZE }, () => undefined);
export const IMMEDIATE = new Uint8Array(SIZE);
/** 1 where the instruction's own types say all: pop POP2, pop POP1, push PUSH (0: nothing). */
export const SIMPLE = new Uint8Array(SIZE);
/** The type below the top, the type on top, the type of the result. */
export const POP2 = new Uint8Array(SIZE);
export const POP1 = new Uint8Array(SIZE);
export const PUSH = new Uint8Array(SIZE);
/** Of loads and stores: the exponent of their natural alignment. */
export const ALIGN = new Uint8Array(SIZE);
/** 1 where a float type occurs: refused by the profile `integer`. */
export const FLOAT = new Uint8Array(SIZE);
/** The float type of a result that can be a NaN whose bits the engine chooses; else 0. */
export const NAN = new Uint8Array(SIZE);
export const CLASS: CostClass[] = Array.from({ length: SIZE }, () => 'simple');

const TYPE: Readonly<Record<string, number>> = { i: I32, I: I64, f: F32, F: F64, '-': 0 };

/** Rows of a type text `below top result`, one letter each, `-` for nothing. */
function simple(first: number, types: string, cost: CostClass, names: string, more: { readonly nan?: true; readonly immediate?: number } = {}): void {
  for (const [index, name] of names.split(' ').entries()) {
    const code = first + index;
    NAMES[code] = name;
    IMMEDIATE[code] = more.immediate ?? NONE;
    SIMPLE[code] = 1;
    POP2[code] = TYPE[types[0]];
    POP1[code] = TYPE[types[1]];
    PUSH[code] = TYPE[types[2]];
    FLOAT[code] = /[fF]/.test(types) ? 1 : 0;
    NAN[code] = more.nan === true ? PUSH[code] : 0;
    CLASS[code] = cost;
  }
}

function special(code: number, name: string, immediate: number, cost: CostClass): void {
  NAMES[code] = name;
  IMMEDIATE[code] = immediate;
  CLASS[code] = cost;
}

/** A name and the exponent of its alignment, with the types of its operands. */
function access(code: number, name: string, align: number, types: string): void {
  simple(code, types, 'memory', name, { immediate: ADDRESS });
  ALIGN[code] = align;
}

special(OP.unreachable, 'unreachable', NONE, 'simple');
special(OP.nop, 'nop', NONE, 'simple');
special(OP.block, 'block', BLOCK_TYPE, 'free');
special(OP.loop, 'loop', BLOCK_TYPE, 'loop');
special(OP.if, 'if', BLOCK_TYPE, 'branch');
special(OP.else, 'else', NONE, 'free');
special(OP.end, 'end', NONE, 'free');
special(OP.br, 'br', LABEL, 'branch');
special(OP.br_if, 'br_if', LABEL, 'branch');
special(OP.br_table, 'br_table', LABELS, 'branch');
special(OP.return, 'return', NONE, 'simple');
special(OP.call, 'call', FUNCTION, 'call');
special(OP.call_indirect, 'call_indirect', INDIRECT, 'call_indirect');
special(OP.drop, 'drop', NONE, 'simple');
special(OP.select, 'select', NONE, 'simple');
special(OP.local_get, 'local.get', LOCAL, 'simple');
special(OP.local_set, 'local.set', LOCAL, 'simple');
special(OP.local_tee, 'local.tee', LOCAL, 'simple');
special(OP.global_get, 'global.get', GLOBAL, 'global');
special(OP.global_set, 'global.set', GLOBAL, 'global');
for (const [code, name, align, types] of [
  [0x28, 'i32.load', 2, '-ii'],
  [0x29, 'i64.load', 3, '-iI'],
  [0x2a, 'f32.load', 2, '-if'],
  [0x2b, 'f64.load', 3, '-iF'],
  [0x2c, 'i32.load8_s', 0, '-ii'],
  [0x2d, 'i32.load8_u', 0, '-ii'],
  [0x2e, 'i32.load16_s', 1, '-ii'],
  [0x2f, 'i32.load16_u', 1, '-ii'],
  [0x30, 'i64.load8_s', 0, '-iI'],
  [0x31, 'i64.load8_u', 0, '-iI'],
  [0x32, 'i64.load16_s', 1, '-iI'],
  [0x33, 'i64.load16_u', 1, '-iI'],
  [0x34, 'i64.load32_s', 2, '-iI'],
  [0x35, 'i64.load32_u', 2, '-iI'],
  [0x36, 'i32.store', 2, 'ii-'],
  [0x37, 'i64.store', 3, 'iI-'],
  [0x38, 'f32.store', 2, 'if-'],
  [0x39, 'f64.store', 3, 'iF-'],
  [0x3a, 'i32.store8', 0, 'ii-'],
  [0x3b, 'i32.store16', 1, 'ii-'],
  [0x3c, 'i64.store8', 0, 'iI-'],
  [0x3d, 'i64.store16', 1, 'iI-'],
  [0x3e, 'i64.store32', 2, 'iI-'],
] as const)
  access(code, name, align, types);
special(OP.memory_size, 'memory.size', MEMORY, 'global');
special(OP.memory_grow, 'memory.grow', MEMORY, 'call');
simple(OP.i32_const, '--i', 'simple', 'i32.const', { immediate: CONST_I32 });
simple(OP.i64_const, '--I', 'simple', 'i64.const', { immediate: CONST_I64 });
simple(OP.f32_const, '--f', 'simple', 'f32.const', { immediate: CONST_F32 });
simple(OP.f64_const, '--F', 'simple', 'f64.const', { immediate: CONST_F64 });

const INT_COMPARISONS = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const FLOAT_COMPARISONS = 'eq ne lt gt le ge';
const of = (type: string, names: string): string => names.replace(/\S+/g, (name) => `${type}.${name}`);
simple(0x45, '-ii', 'simple', 'i32.eqz');
simple(0x46, 'iii', 'simple', of('i32', INT_COMPARISONS));
simple(0x50, '-Ii', 'simple', 'i64.eqz');
simple(0x51, 'IIi', 'simple', of('i64', INT_COMPARISONS));
simple(0x5b, 'ffi', 'float', of('f32', FLOAT_COMPARISONS));
simple(0x61, 'FFi', 'float', of('f64', FLOAT_COMPARISONS));
for (const [first, type, t, division] of [
  [0x67, 'i32', 'i', 'divide32'],
  [0x79, 'i64', 'I', 'divide64'],
] as const) {
  simple(first, `-${t}${t}`, 'simple', of(type, 'clz ctz popcnt'));
  simple(first + 3, `${t}${t}${t}`, 'simple', of(type, 'add sub'));
  simple(first + 5, `${t}${t}${t}`, 'multiply', of(type, 'mul'));
  simple(first + 6, `${t}${t}${t}`, division, of(type, 'div_s div_u rem_s rem_u'));
  simple(first + 10, `${t}${t}${t}`, 'simple', of(type, 'and or xor shl shr_s shr_u rotl rotr'));
}
for (const [first, type, t] of [
  [0x8b, 'f32', 'f'],
  [0x99, 'f64', 'F'],
] as const) {
  simple(first, `-${t}${t}`, 'float', of(type, 'abs neg'));
  simple(first + 2, `-${t}${t}`, 'float_nan', of(type, 'ceil floor trunc nearest'), { nan: true });
  simple(first + 6, `-${t}${t}`, 'float_divide', of(type, 'sqrt'), { nan: true });
  simple(first + 7, `${t}${t}${t}`, 'float_nan', of(type, 'add sub mul'), { nan: true });
  simple(first + 10, `${t}${t}${t}`, 'float_divide', of(type, 'div'), { nan: true });
  simple(first + 11, `${t}${t}${t}`, 'float_nan', of(type, 'min max'), { nan: true });
  simple(first + 13, `${t}${t}${t}`, 'float', of(type, 'copysign'));
}
simple(0xa7, '-Ii', 'simple', 'i32.wrap_i64');
simple(0xa8, '-fi', 'float', of('i32', 'trunc_f32_s trunc_f32_u'));
simple(0xaa, '-Fi', 'float', of('i32', 'trunc_f64_s trunc_f64_u'));
simple(0xac, '-iI', 'simple', of('i64', 'extend_i32_s extend_i32_u'));
simple(0xae, '-fI', 'float', of('i64', 'trunc_f32_s trunc_f32_u'));
simple(0xb0, '-FI', 'float', of('i64', 'trunc_f64_s trunc_f64_u'));
simple(0xb2, '-if', 'float', of('f32', 'convert_i32_s convert_i32_u'));
simple(0xb4, '-If', 'float', of('f32', 'convert_i64_s convert_i64_u'));
simple(0xb6, '-Ff', 'float_nan', 'f32.demote_f64', { nan: true });
simple(0xb7, '-iF', 'float', of('f64', 'convert_i32_s convert_i32_u'));
simple(0xb9, '-IF', 'float', of('f64', 'convert_i64_s convert_i64_u'));
simple(0xbb, '-fF', 'float_nan', 'f64.promote_f32', { nan: true });
simple(0xbc, '-fi', 'float', 'i32.reinterpret_f32');
simple(0xbd, '-FI', 'float', 'i64.reinterpret_f64');
simple(0xbe, '-if', 'float', 'f32.reinterpret_i32');
simple(0xbf, '-IF', 'float', 'f64.reinterpret_i64');
simple(0xc0, '-ii', 'simple', of('i32', 'extend8_s extend16_s'));
simple(0xc2, '-II', 'simple', of('i64', 'extend8_s extend16_s extend32_s'));
simple(PREFIXED, '-fi', 'float', of('i32', 'trunc_sat_f32_s trunc_sat_f32_u'));
simple(PREFIXED + 2, '-Fi', 'float', of('i32', 'trunc_sat_f64_s trunc_sat_f64_u'));
simple(PREFIXED + 4, '-fI', 'float', of('i64', 'trunc_sat_f32_s trunc_sat_f32_u'));
simple(PREFIXED + 6, '-FI', 'float', of('i64', 'trunc_sat_f64_s trunc_sat_f64_u'));
special(MEMORY_COPY, 'memory.copy', MEMORIES, 'call');
special(MEMORY_FILL, 'memory.fill', MEMORY, 'call');

const REFUSED: Readonly<Record<number, string>> = {
  [0x06]: 'exceptions',
  [0x07]: 'exceptions',
  [0x08]: 'exceptions',
  [0x09]: 'exceptions',
  [0x0a]: 'exceptions',
  [0x12]: 'tail calls',
  [0x13]: 'tail calls',
  [0x14]: 'typed function references',
  [0x15]: 'typed function references',
  [0x18]: 'exceptions',
  [0x19]: 'exceptions',
  [0x1c]: 'reference types (select with a type)',
  [0x1f]: 'exceptions',
  [0x25]: 'reference types (table.get)',
  [0x26]: 'table mutation (table.set)',
  [0xd0]: 'reference types (ref.null)',
  [0xd1]: 'reference types (ref.is_null)',
  [0xd2]: 'reference types (ref.func)',
  [0xd3]: 'garbage-collected types',
  [0xd4]: 'typed function references',
  [0xd5]: 'typed function references',
  [0xd6]: 'typed function references',
  [0xfb]: 'garbage-collected types',
  [0xfd]: 'SIMD',
  [0xfe]: 'threads',
  [PREFIXED + 8]: 'passive segments (memory.init)',
  [PREFIXED + 9]: 'passive segments (data.drop)',
  [PREFIXED + 12]: 'passive segments (table.init)',
  [PREFIXED + 13]: 'passive segments (elem.drop)',
  [PREFIXED + 14]: 'table mutation (table.copy)',
  [PREFIXED + 15]: 'table mutation (table.grow)',
  [PREFIXED + 16]: 'reference types (table.size)',
  [PREFIXED + 17]: 'table mutation (table.fill)',
};

/** What a known instruction outside the profiles belongs to, or undefined for a code that nothing has. */
export const refusedFeature = (code: number): string | undefined => REFUSED[code];
