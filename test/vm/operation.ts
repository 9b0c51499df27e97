/** The instructions that the generator and the reference know: code, name, operands, result. Written from the specification. */
import type { NumberType } from './binary.ts';

export interface Operation {
  /** From 256 on: what follows the prefix 0xfc, plus 256. */
  readonly code: number;
  readonly name: string;
  readonly params: readonly NumberType[];
  readonly result: NumberType | null;
  /** Bytes that a load or store touches; 0 for what touches no memory. */
  readonly bytes: number;
}

const COMPARE_INT = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
const COMPARE_FLOAT = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'];
const UNARY_INT = ['clz', 'ctz', 'popcnt'];
const BINARY_INT = ['add', 'sub', 'mul', 'div_s', 'div_u', 'rem_s', 'rem_u', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'];
const UNARY_FLOAT = ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'];
const BINARY_FLOAT = ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'];
/** From 0xa7 on, in the order of the codes. */
const CONVERT: readonly (readonly [NumberType, string, NumberType])[] = [
  ['i32', 'wrap_i64', 'i64'],
  ['i32', 'trunc_f32_s', 'f32'],
  ['i32', 'trunc_f32_u', 'f32'],
  ['i32', 'trunc_f64_s', 'f64'],
  ['i32', 'trunc_f64_u', 'f64'],
  ['i64', 'extend_i32_s', 'i32'],
  ['i64', 'extend_i32_u', 'i32'],
  ['i64', 'trunc_f32_s', 'f32'],
  ['i64', 'trunc_f32_u', 'f32'],
  ['i64', 'trunc_f64_s', 'f64'],
  ['i64', 'trunc_f64_u', 'f64'],
  ['f32', 'convert_i32_s', 'i32'],
  ['f32', 'convert_i32_u', 'i32'],
  ['f32', 'convert_i64_s', 'i64'],
  ['f32', 'convert_i64_u', 'i64'],
  ['f32', 'demote_f64', 'f64'],
  ['f64', 'convert_i32_s', 'i32'],
  ['f64', 'convert_i32_u', 'i32'],
  ['f64', 'convert_i64_s', 'i64'],
  ['f64', 'convert_i64_u', 'i64'],
  ['f64', 'promote_f32', 'f32'],
  ['i32', 'reinterpret_f32', 'f32'],
  ['i64', 'reinterpret_f64', 'f64'],
  ['f32', 'reinterpret_i32', 'i32'],
  ['f64', 'reinterpret_i64', 'i64'],
  ['i32', 'extend8_s', 'i32'],
  ['i32', 'extend16_s', 'i32'],
  ['i64', 'extend8_s', 'i64'],
  ['i64', 'extend16_s', 'i64'],
  ['i64', 'extend32_s', 'i64'],
];
/** Behind the prefix, from 0 on. */
const SATURATE: readonly (readonly [NumberType, string, NumberType])[] = (['i32', 'i64'] as const).flatMap((to) =>
  (['f32', 'f64'] as const).flatMap((from) => ['s', 'u'].map((sign) => [to, `trunc_sat_${from}_${sign}`, from] as const)),
);
/** From 0x28 on. */
const LOADS: readonly (readonly [NumberType, string, number])[] = [
  ['i32', 'load', 4],
  ['i64', 'load', 8],
  ['f32', 'load', 4],
  ['f64', 'load', 8],
  ['i32', 'load8_s', 1],
  ['i32', 'load8_u', 1],
  ['i32', 'load16_s', 2],
  ['i32', 'load16_u', 2],
  ['i64', 'load8_s', 1],
  ['i64', 'load8_u', 1],
  ['i64', 'load16_s', 2],
  ['i64', 'load16_u', 2],
  ['i64', 'load32_s', 4],
  ['i64', 'load32_u', 4],
];
/** From 0x36 on. */
const STORES: readonly (readonly [NumberType, string, number])[] = [
  ['i32', 'store', 4],
  ['i64', 'store', 8],
  ['f32', 'store', 4],
  ['f64', 'store', 8],
  ['i32', 'store8', 1],
  ['i32', 'store16', 2],
  ['i64', 'store8', 1],
  ['i64', 'store16', 2],
  ['i64', 'store32', 4],
];

function series(first: number, type: NumberType, names: readonly string[], operands: number, result: NumberType): Operation[] {
  return names.map((name, index) => ({
    code: first + index,
    name: `${type}.${name}`,
    params: Array.from({ length: operands }, () => type),
    result,
    bytes: 0,
  }));
}

export const LOAD_OPERATIONS: readonly Operation[] = LOADS.map(([type, name, bytes], index) => ({
  code: 0x28 + index,
  name: `${type}.${name}`,
  params: ['i32'],
  result: type,
  bytes,
}));
export const STORE_OPERATIONS: readonly Operation[] = STORES.map(([type, name, bytes], index) => ({
  code: 0x36 + index,
  name: `${type}.${name}`,
  params: ['i32', type],
  result: null,
  bytes,
}));
export const NUMBER_OPERATIONS: readonly Operation[] = [
  ...series(0x45, 'i32', ['eqz'], 1, 'i32'),
  ...series(0x46, 'i32', COMPARE_INT, 2, 'i32'),
  ...series(0x50, 'i64', ['eqz'], 1, 'i32'),
  ...series(0x51, 'i64', COMPARE_INT, 2, 'i32'),
  ...series(0x5b, 'f32', COMPARE_FLOAT, 2, 'i32'),
  ...series(0x61, 'f64', COMPARE_FLOAT, 2, 'i32'),
  ...series(0x67, 'i32', UNARY_INT, 1, 'i32'),
  ...series(0x6a, 'i32', BINARY_INT, 2, 'i32'),
  ...series(0x79, 'i64', UNARY_INT, 1, 'i64'),
  ...series(0x7c, 'i64', BINARY_INT, 2, 'i64'),
  ...series(0x8b, 'f32', UNARY_FLOAT, 1, 'f32'),
  ...series(0x92, 'f32', BINARY_FLOAT, 2, 'f32'),
  ...series(0x99, 'f64', UNARY_FLOAT, 1, 'f64'),
  ...series(0xa0, 'f64', BINARY_FLOAT, 2, 'f64'),
  ...CONVERT.map(([result, name, from], index): Operation => ({ code: 0xa7 + index, name: `${result}.${name}`, params: [from], result, bytes: 0 })),
  ...SATURATE.map(([result, name, from], index): Operation => ({ code: 256 + index, name: `${result}.${name}`, params: [from], result, bytes: 0 })),
];

/** Those whose result may be a NaN that no operand was: the profile `canonical-nan` rewrites them. */
export const makesNan = ({ name }: Operation): boolean =>
  /^f(?:32|64)\.(?:add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote_f64|promote_f32)$/.test(name);
export const hasFloat = ({ params, result }: Operation): boolean => [...params, result].some((type) => type === 'f32' || type === 'f64');
