/**
 * Terms: the IR as a graph of values before it has regions and an order. The lowering builds them from text, admission
 * lifts them from a program's bytes, canonical.ts turns them into the one program.
 */
import { Fault } from '../base/fault.ts';
import { constType } from './constant.ts';
import { foldType, itemType, typeOf } from './infer.ts';
import { type Const, type Input, type Op, TREE_DEPTH_MAX } from './ir.ts';
import { BOOL, heapBytes, type Type } from './type.ts';

export type FoldOp = 'all' | 'any' | 'one' | 'collect' | 'collectmap';
export type ItemOp = 'elem' | 'key' | 'iter';
/** Operations that have a number or a text beside their operands. */
export type MarkedOp = 'match' | 'tsget' | 'call';
export type PlainOp = Exclude<Op, FoldOp | MarkedOp | ItemOp | 'const' | 'in' | 'present'>;

/** What a fold binds: known by identity alone. `name` is for people. */
export interface Binder {
  readonly name: string;
  readonly range: Type;
}

interface Typed {
  readonly type: Type;
  readonly depth: number;
}

export interface FoldTerm extends Typed {
  readonly op: FoldOp;
  readonly binder: Binder;
  readonly range: Term;
  readonly predicate: Term | undefined;
  readonly body: Term;
}

export type Term =
  | (Typed & { readonly op: 'const'; readonly value: Const })
  | (Typed & { readonly op: 'in' | 'present'; readonly input: Input })
  | (Typed & { readonly op: ItemOp; readonly binder: Binder })
  | (Typed & { readonly op: PlainOp; readonly operands: readonly Term[] })
  /** `mark`: match the regular expression, tsget the part, call the number of the function. */
  | (Typed & { readonly op: MarkedOp; readonly mark: string | number; readonly operands: readonly Term[] })
  | FoldTerm;

export const isFoldTerm = (term: Term): term is FoldTerm => 'range' in term;

export const constant = (value: Const): Term => ({ op: 'const', value, type: constType(value), depth: 1 });

export const input = (of: Input): Term => ({ op: 'in', input: of, type: of.type, depth: 1 });
export const present = (of: Input): Term => ({ op: 'present', input: of, type: BOOL, depth: 1 });

/** A fold's item (`elem`: item or value), its index or key, or (`iter`) what is usual: the item of a list, the key of a map. */
export function item(op: ItemOp, binder: Binder): Term {
  const { kind } = binder.range;
  const plain = op !== 'iter' ? op : kind === 'list' ? 'elem' : kind === 'map' ? 'key' : op;
  return checked({ op: plain, binder, type: itemType(plain, binder.range), depth: 1 });
}

const typesOf = (terms: readonly Term[]): readonly Type[] => terms.map((term) => term.type);

/** @throws Fault rule_bound when a value may be too large, or it grows too deep */
export const apply = (op: PlainOp, ...operands: readonly Term[]): Term =>
  checked({ op, operands, type: typeOf(op, typesOf(operands)), depth: above(operands) });

/** The same of an operation with a mark. @throws Fault rule_bound */
export const applyMarked = (op: MarkedOp, mark: string | number, ...operands: readonly Term[]): Term =>
  checked({ op, mark, operands, type: typeOf(op, typesOf(operands), typeof mark === 'number' ? mark : undefined), depth: above(operands) });

/** @throws Fault rule_bound */
export function fold(op: FoldOp, binder: Binder, range: Term, predicate: Term | undefined, body: Term): Term {
  const depth = above(predicate === undefined ? [range, body] : [range, predicate, body]);
  return checked({ op, binder, range, predicate, body, type: foldType(op, range.type, body.type), depth });
}

const above = (terms: readonly Term[]): number => terms.reduce((most, term) => Math.max(most, term.depth), 0) + 1;

function checked(term: Term): Term {
  heapBytes(term.type);
  if (term.depth > TREE_DEPTH_MAX) throw new Fault('rule_bound', `more than ${TREE_DEPTH_MAX} levels`);
  return term;
}
