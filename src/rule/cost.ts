/**
 * What a node costs (spec/rule-ir.md ): gas and arena bytes, both from the declared bounds of its operands,
 * so both are constants of the program. All figures are integers.
 */
import { Fault } from '../base/fault.ts';
import { FUNCTIONS } from './function.ts';
import type { Op } from './ir.ts';
import { align8, heapBytes, lengthOf, type Type } from './type.ts';

/** No program may cost more, whatever its limits say. */
export const GAS_MAX = 1_000_000_000;
export const GAS_DEFAULT = 1_000_000;
/** 64 KiB pages. */
export const MEMORY_PAGES_MAX = 256;
export const MEMORY_PAGES_DEFAULT = 16;
export const PAGE_BYTES = 65_536;
/** what a program of the full profile takes once. */
export const WORKSPACE_BYTES = 16_384;

/** Steps of a binary search among `length`: its bit length. */
export const searchSteps = (length: number): number => 32 - Math.clz32(length);

/** Eighths of the bytes of a value: B(T) is a multiple of 8. */
const words = (type: Type): number => heapBytes(type) / 8;

/** Eighths of what a result of this type adds to memory: items of a list or map are shared. */
function newWords(type: Type): number {
  if (type.kind === 'list') return 2 * type.length;
  return type.kind === 'map' ? 4 * type.length : words(type);
}

/** Finding one key among a map's. */
const searchGas = (map: Type, key: Type): number => searchSteps(lengthOf(map)) * (1 + words(key));

/** a double as text, and back: big integers, about 4 µs at worst. */
const DECIMAL_GAS = 448;
const readsDecimal = (op: Op, { kind }: Type): boolean =>
  (op === 'tostr' && (kind === 'dbl' || kind === 'dyn')) || (op === 'todbl' && (kind === 'str' || kind === 'dyn'));

/** gas of one run of a node that is no fold. `result` is its own type, `imm` the number of its function. */
export function nodeGas(op: Op, types: readonly Type[], result: Type, imm: number): number {
  const [a, b] = types;
  switch (op) {
    case 'and':
    case 'or':
    case 'list':
      return 1 + types.length;
    case 'eq':
    case 'lt':
    case 'le':
      return 1 + Math.min(words(a), words(b));
    case 'add':
      return 1 + words(a) + words(b);
    case 'size':
      return 1 + (a.kind === 'str' || a.kind === 'dyn' ? words(a) : 0);
    case 'get':
    case 'has':
      return 1 + (a.kind === 'map' || a.kind === 'dyn' ? searchGas(a, b) : 0);
    case 'member':
      return 1 + (b.kind === 'list' || b.kind === 'dyn' ? lengthOf(b) * (1 + words(a)) : searchGas(b, a));
    case 'map':
      return 1 + lengthOf(result) * searchSteps(lengthOf(result)) * (1 + (result.kind === 'map' ? words(result.key) : 0));
    case 'starts':
    case 'ends':
      return 1 + words(b);
    case 'contains':
      return 1 + (heapBytes(a) + heapBytes(b)) / 2;
    case 'match':
      return 1 + heapBytes(a);
    case 'toint':
    case 'touint':
    case 'todbl':
    case 'tostr':
    case 'tobytes':
    case 'tobool':
    case 'tots':
    case 'todur':
      return 65 + 4 * (words(a) + newWords(result)) + (readsDecimal(op, a) ? DECIMAL_GAS : 0);
    case 'tsget':
      return 9;
    case 'call':
      return 1 + FUNCTIONS[imm].work * (types.reduce((sum, type) => sum + words(type), 0) + newWords(result));
    default:
      return 1;
  }
}

/** gas of a fold: `rounds · (1 + gas of the nodes that it owns)`, and once more the rounds where it collects. */
export const foldGas = (op: Op, range: Type, owned: number): number => 1 + lengthOf(range) * (1 + owned + (op === 'collect' || op === 'collectmap' ? 1 : 0));

/**
 * most bytes that one run of a node of the core profile takes of the arena; a fold's owned nodes not counted. A new
 * text is a slot and its bytes; a new list or map a slot and its slots (items are shared); `contains` keeps 4 bytes a
 * byte of its needle.
 */
export function nodeArena(op: Op, types: readonly Type[], result: Type): number {
  switch (op) {
    case 'add':
      return result.kind === 'str' ? 16 + heapBytes(result) : result.kind === 'list' ? 16 + 16 * result.length : 0;
    case 'list':
    case 'collect':
      return 16 + 16 * lengthOf(result);
    case 'map':
      return 16 + 32 * lengthOf(result);
    case 'contains':
      return 4 * heapBytes(types[1]);
    default:
      return 0;
  }
}

/** Operations whose result is, or lies in, an operand. */
const SHARING: ReadonlySet<Op> = new Set<Op>(['in', 'const', 'get', 'sel', 'elem', 'key', 'iter']);
/** Functions that look for their second operand: indexOf, lastIndexOf, replace, split. */
const SEARCHING: readonly number[] = [1, 2, 6, 7];

/** the same of a node that the core profile has not. */
export function fullArena(op: Op, types: readonly Type[], result: Type, imm: number): number {
  const scratch = op === 'contains' || (op === 'call' && SEARCHING.includes(imm)) ? 4 * heapBytes(types[1]) : 0;
  return 16 * (1 + types.length) + (SHARING.has(op) ? 0 : 8 * newWords(result)) + scratch;
}

/** Bytes of a constant in memory: its slot and, for a text or bytes, these. */
export const constBytes = (bytes: number): number => 16 + align8(bytes);

/** @throws Fault rule_bound over `max` */
export function bounded(value: number, max: number, what: string): number {
  if (!(value <= max)) throw new Fault('rule_bound', `the rule may take more than ${max} ${what}`);
  return value;
}
