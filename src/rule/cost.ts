/**
 * What a node costs (spec/rule-ir.md ): gas and arena bytes, both from the declared bounds of its operands, so
 * both are constants of the program. All figures are integers.
 */
import { Fault } from '../base/fault.ts';
import type { Op } from './ir.ts';
import { align8, heapBytes, type Type } from './type.ts';

/** No program may cost more, whatever its limits say. */
export const GAS_MAX = 1_000_000_000;
export const GAS_DEFAULT = 1_000_000;
/** 64 KiB pages. */
export const MEMORY_PAGES_MAX = 256;
export const MEMORY_PAGES_DEFAULT = 16;
export const PAGE_BYTES = 65_536;

/** Rounds of a fold over this, entries to search, items. */
export const lengthOf = (type: Type): number => (type.kind === 'list' || type.kind === 'map' ? type.length : 0);

/** Steps of a binary search among `length`: its bit length. */
export const searchSteps = (length: number): number => 32 - Math.clz32(length);

/** Eighths of the bytes of a value: B(T) is a multiple of 8. */
const words = (type: Type): number => heapBytes(type) / 8;

/** Finding one key among a map's. */
const searchGas = (map: Type, key: Type): number => searchSteps(lengthOf(map)) * (1 + words(key));

/** gas of one run of a node that is no fold. `result` is its own type. */
export function nodeGas(op: Op, types: readonly Type[], result: Type): number {
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
      return 1 + (a.kind === 'str' ? words(a) : 0);
    case 'get':
    case 'has':
      return 1 + (a.kind === 'map' ? searchGas(a, b) : 0);
    case 'member':
      return 1 + (b.kind === 'list' ? b.length * (1 + words(a)) : searchGas(b, a));
    case 'map':
      return 1 + lengthOf(result) * searchSteps(lengthOf(result)) * (1 + (result.kind === 'map' ? words(result.key) : 0));
    case 'starts':
    case 'ends':
      return 1 + words(b);
    case 'contains':
      return 1 + (heapBytes(a) + heapBytes(b)) / 2;
    default:
      return 1;
  }
}

/** gas of a fold: `rounds · (1 + gas of the nodes that it owns)`, and once more the rounds where it collects. */
export const foldGas = (op: Op, range: Type, owned: number): number => 1 + lengthOf(range) * (1 + owned + (op === 'collect' ? 1 : 0));

/**
 * most bytes that one run of a node takes of the arena; a fold's owned nodes not counted. A new text is a slot and
 * its bytes; a new list or map a slot and its slots (items are shared); `contains` keeps 4 bytes a byte of its needle.
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

/** Bytes of a constant in memory: its slot and, for a text, its bytes. */
export const constBytes = (textBytes: number): number => 16 + align8(textBytes);

/** @throws Fault rule_bound over `max` */
export function bounded(value: number, max: number, what: string): number {
  if (!(value <= max)) throw new Fault('rule_bound', `the rule may take more than ${max} ${what}`);
  return value;
}
