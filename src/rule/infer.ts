/** The type of a node from those of its operands (spec/rule-ir.md R-4): one rule an operation, none of them partial. */
import { Fault } from '../base/fault.ts';
import type { Op } from './ir.ts';
import { BOOL, compatible, INT, join, kindText, list, map, NONE, str, type Type } from './type.ts';

function mismatch(op: Op, types: readonly Type[]): never {
  throw new Fault('rule_type', `\`${op}\` does not take (${types.map(kindText).join(', ')})`);
}

function joinAll(op: Op, types: readonly Type[]): Type {
  let joined = NONE;
  for (const type of types) {
    if (!compatible(joined, type)) mismatch(op, types);
    joined = join(joined, type);
  }
  return joined;
}

const isKey = (type: Type): boolean => type.kind === 'bool' || type.kind === 'int' || type.kind === 'str';

/** The key of a map or the index of a list fits. */
const indexes = (container: Type, key: Type): boolean =>
  container.kind === 'list' ? key.kind === 'int' : container.kind === 'map' && isKey(key) && compatible(container.key, key);

/** What a fold's item is: `elem` the item or value, `key` the index or key. */
export function itemType(op: 'elem' | 'key', range: Type): Type {
  if (range.kind === 'list') return op === 'elem' ? range.item : INT;
  if (range.kind === 'map') return op === 'elem' ? range.value : range.key;
  return mismatch(op, [range]);
}

/** The fold's own type. `types`: range, predicate or undefined, body. */
export function foldType(op: Op, range: Type, predicate: Type | undefined, body: Type): Type {
  if (range.kind !== 'list' && range.kind !== 'map') mismatch(op, [range, body]);
  if (op === 'collect') {
    if (predicate !== undefined && predicate.kind !== 'bool') mismatch(op, [range, predicate, body]);
    return list(body, range.length);
  }
  if (predicate !== undefined || body.kind !== 'bool') mismatch(op, [range, body]);
  return BOOL;
}

/** The type of any other node. @throws Fault rule_type when the operands do not fit */
export function typeOf(op: Op, types: readonly Type[]): Type {
  const [a, b, c] = types;
  const all = (kind: Type['kind']): boolean => types.every((type) => type.kind === kind);
  switch (op) {
    case 'not':
    case 'and':
    case 'or':
      return all('bool') ? BOOL : mismatch(op, types);
    case 'sel':
      return a.kind === 'bool' && compatible(b, c) ? join(b, c) : mismatch(op, types);
    case 'eq':
      return compatible(a, b) ? BOOL : mismatch(op, types);
    case 'lt':
    case 'le':
      return all('int') || all('str') || all('bool') ? BOOL : mismatch(op, types);
    case 'add':
      if (a.kind === 'str' && b.kind === 'str') return str(a.bytes + b.bytes);
      if (a.kind === 'list' && b.kind === 'list' && compatible(a, b)) return list(join(a.item, b.item), a.length + b.length);
      return all('int') ? INT : mismatch(op, types);
    case 'sub':
    case 'mul':
    case 'div':
    case 'rem':
    case 'neg':
      return all('int') ? INT : mismatch(op, types);
    case 'size':
      return a.kind === 'str' || a.kind === 'list' || a.kind === 'map' ? INT : mismatch(op, types);
    case 'get':
      if (!indexes(a, b)) return mismatch(op, types);
      return a.kind === 'list' ? a.item : a.kind === 'map' ? a.value : NONE;
    case 'has':
      return a.kind === 'map' && indexes(a, b) ? BOOL : mismatch(op, types);
    case 'member':
      return (b.kind === 'list' && compatible(b.item, a)) || (b.kind === 'map' && indexes(b, a)) ? BOOL : mismatch(op, types);
    case 'list':
      return list(joinAll(op, types), types.length);
    case 'map': {
      const keys = types.filter((_, i) => i % 2 === 0);
      const values = types.filter((_, i) => i % 2 === 1);
      if (!keys.every(isKey)) mismatch(op, types);
      return map(joinAll(op, keys), joinAll(op, values), keys.length);
    }
    case 'starts':
    case 'ends':
    case 'contains':
      return all('str') ? BOOL : mismatch(op, types);
    default:
      return mismatch(op, types);
  }
}
