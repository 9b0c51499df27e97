/**
 * The type of a node from those of its operands. The core profile's table (spec/rule-ir.md R-4) refuses what does not
 * fit; the full one is total: what can have no value has type none.
 */
import { FUNCTIONS } from './function.ts';
import type { Op } from './ir.ts';
import {
  BOOL,
  compatible,
  DOUBLE,
  DURATION,
  dyn,
  heapBytes,
  INT,
  isCoreType,
  join,
  type Kind,
  lengthOf,
  list,
  map,
  NONE,
  plainBytes,
  str,
  TIMESTAMP,
  TYPE,
  type Type,
  UINT,
} from './type.ts';

/** What stands in a dyn. */
const within = (type: Type): Type => (type.kind === 'dyn' ? dyn(Math.max(0, type.bytes - 16)) : NONE);

/** What a fold's item is: `elem` the item or value, `key` the index or key, `iter` the usual one of a dyn. */
export function itemType(op: 'elem' | 'key' | 'iter', range: Type): Type {
  if (range.kind === 'list') return op === 'key' ? INT : range.item;
  if (range.kind === 'map') return op === 'elem' ? range.value : range.key;
  return within(range);
}

/** The fold's own type. */
export function foldType(op: Op, range: Type, body: Type): Type {
  if (op === 'collect') return list(body, lengthOf(range));
  return op === 'collectmap' ? map(itemType('key', range), body, lengthOf(range)) : BOOL;
}

/** Whether a fold is one of the core profile. */
export function isCoreFold(op: Op, range: Type, predicate: Type | undefined, body: Type): boolean {
  if ((range.kind !== 'list' && range.kind !== 'map') || ![range, body].every(isCoreType)) return false;
  if (op === 'collect') return body.kind !== 'none' && (predicate === undefined || predicate.kind === 'bool');
  return op !== 'collectmap' && predicate === undefined && body.kind === 'bool';
}

const KEYS: readonly Kind[] = ['bool', 'int', 'uint', 'str'];
const isKey = (type: Type): boolean => type.kind === 'bool' || type.kind === 'int' || type.kind === 'str';

/** The key of a map or the index of a list fits. */
const indexes = (container: Type, key: Type): boolean =>
  container.kind === 'list' ? key.kind === 'int' : container.kind === 'map' && isKey(key) && compatible(container.key, key);

const alike = (types: readonly Type[]): boolean => {
  const joined = types.reduce(join, NONE);
  return isCoreType(joined) && types.every((type) => compatible(joined, type));
};

/** Whether R-4 has a row for these operands; its result is then that of `typeOf`. */
export function isCore(op: Op, types: readonly Type[]): boolean {
  const [a, b, c] = types;
  const all = (...kinds: readonly Kind[]): boolean => kinds.some((kind) => types.every((type) => type.kind === kind));
  if (!types.every(isCoreType)) return false;
  switch (op) {
    case 'not':
    case 'and':
    case 'or':
      return all('bool');
    case 'sel':
      return a.kind === 'bool' && compatible(b, c);
    case 'eq':
      return compatible(a, b);
    case 'lt':
    case 'le':
      return all('int', 'str', 'bool');
    case 'add':
      return all('int', 'str') || (all('list') && compatible(a, b));
    case 'sub':
    case 'mul':
    case 'div':
    case 'rem':
    case 'neg':
      return all('int');
    case 'size':
      return all('str', 'list', 'map');
    case 'get':
      return indexes(a, b);
    case 'has':
      return a.kind === 'map' && indexes(a, b);
    case 'member':
      return (b.kind === 'list' && compatible(b.item, a)) || (b.kind === 'map' && indexes(b, a));
    case 'list':
      return alike(types);
    case 'map': {
      const keys = types.filter((_, i) => i % 2 === 0);
      return keys.every(isKey) && alike(keys) && alike(types.filter((_, i) => i % 2 === 1));
    }
    case 'starts':
    case 'ends':
    case 'contains':
      return all('str');
    default:
      return false;
  }
}

const TEXT_BYTES: Readonly<Partial<Record<Kind, number>>> = { bool: 5, int: 20, uint: 20, dbl: 25, ts: 30, dur: 22 };

function textOf(type: Type): Type {
  if (type.kind === 'dyn') return str(Math.max(30, type.bytes));
  return str('bytes' in type ? type.bytes : (TEXT_BYTES[type.kind] ?? 0));
}

function sum(a: Type, b: Type): Type {
  if (a.kind === 'dyn' || b.kind === 'dyn') return dyn(heapBytes(a) + heapBytes(b));
  if (a.kind === 'list' && b.kind === 'list') return list(join(a.item, b.item), a.length + b.length);
  if ((a.kind === 'str' && b.kind === 'str') || (a.kind === 'bytes' && b.kind === 'bytes')) return { kind: a.kind, bytes: a.bytes + b.bytes };
  const times = [a.kind, b.kind];
  if (times.includes('ts') && times.includes('dur')) return TIMESTAMP;
  return a.kind === b.kind && ['int', 'uint', 'dbl', 'dur'].includes(a.kind) ? a : NONE;
}

function difference(a: Type, b: Type): Type {
  if (a.kind === 'dyn' || b.kind === 'dyn') return dyn(0);
  if (a.kind === 'ts') return b.kind === 'ts' ? DURATION : b.kind === 'dur' ? TIMESTAMP : NONE;
  return a.kind === b.kind && ['int', 'uint', 'dbl', 'dur'].includes(a.kind) ? a : NONE;
}

/** An operation on numbers of one of these kinds. */
function numeric(types: readonly Type[], kinds: readonly Kind[]): Type {
  if (types.some((type) => type.kind === 'dyn')) return dyn(0);
  const [a] = types;
  return kinds.includes(a.kind) && types.every((type) => type.kind === a.kind) ? a : NONE;
}

function got(container: Type): Type {
  if (container.kind === 'list') return container.item;
  return container.kind === 'map' ? container.value : within(container);
}

/** the type of a node that is no leaf and no fold. `imm` is the number of a function. */
export function typeOf(op: Op, types: readonly Type[], imm?: number): Type {
  const [a, b, c] = types;
  switch (op) {
    case 'sel':
      return join(b, c);
    case 'add':
      return sum(a, b);
    case 'sub':
      return difference(a, b);
    case 'mul':
    case 'div':
      return numeric(types, ['int', 'uint', 'dbl']);
    case 'rem':
      return numeric(types, ['int', 'uint']);
    case 'neg':
      return numeric(types, ['int', 'dbl']);
    case 'size':
    case 'toint':
    case 'tsget':
      return INT;
    case 'get':
      return got(a);
    case 'list':
      return list(types.reduce(join, NONE), types.length);
    case 'map': {
      // What can be no key has no value as one: so no type has types in both its key and its value.
      const keys = types.filter(({ kind }, i) => i % 2 === 0 && (KEYS.includes(kind) || kind === 'dyn'));
      const values = types.filter((_, i) => i % 2 === 1);
      return map(keys.reduce(join, NONE), values.reduce(join, NONE), values.length);
    }
    case 'touint':
      return UINT;
    case 'todbl':
      return DOUBLE;
    case 'tostr':
      return textOf(a);
    case 'tobytes':
      return plainBytes('bytes' in a ? a.bytes : 0);
    case 'tots':
      return TIMESTAMP;
    case 'todur':
      return DURATION;
    case 'typeof':
      return TYPE;
    case 'call':
      return FUNCTIONS[imm ?? 0].result(types);
    default:
      return BOOL;
  }
}
