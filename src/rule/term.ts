/**
 * Terms: the IR as a graph of values before it has regions and an order. The lowering builds them from text, admission
 * lifts them from a program's bytes, canonical.ts turns them into the one program.
 */
import { Fault } from '../base/fault.ts';
import { foldType, itemType, typeOf } from './infer.ts';
import { type Const, type Input, type Op, TREE_DEPTH_MAX } from './ir.ts';
import { BOOL, heapBytes, INT, str, type Type } from './type.ts';
import { textBytes } from './value.ts';

export type FoldOp = 'all' | 'any' | 'one' | 'collect';
export type PlainOp = Exclude<Op, FoldOp | 'collectmap' | 'const' | 'in' | 'present' | 'elem' | 'key' | 'iter'>;

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
  | (Typed & { readonly op: 'elem' | 'key'; readonly binder: Binder })
  | (Typed & { readonly op: PlainOp; readonly operands: readonly Term[] })
  | FoldTerm;

export const isFoldTerm = (term: Term): term is FoldTerm => 'range' in term;

export function constant(value: Const): Term {
  const type = typeof value === 'boolean' ? BOOL : typeof value === 'bigint' ? INT : str(textBytes(value));
  return { op: 'const', value, type, depth: 1 };
}

export const input = (of: Input): Term => ({ op: 'in', input: of, type: of.type, depth: 1 });
export const present = (of: Input): Term => ({ op: 'present', input: of, type: BOOL, depth: 1 });

/** A fold's item (`elem`: item or value) or its index or key. @throws Fault rule_type for the item of an empty list */
export const item = (op: 'elem' | 'key', binder: Binder): Term => checked({ op, binder, type: itemType(op, binder.range), depth: 1 });

/** @throws Fault rule_type when the operands do not fit, rule_bound when it grows too deep */
export function apply(op: PlainOp, ...operands: readonly Term[]): Term {
  return checked({
    op,
    operands,
    type: typeOf(
      op,
      operands.map((operand) => operand.type),
    ),
    depth: above(operands),
  });
}

/** @throws Fault rule_type, rule_bound */
export function fold(op: FoldOp, binder: Binder, range: Term, predicate: Term | undefined, body: Term): Term {
  const type = foldType(op, range.type, predicate?.type, body.type);
  const depth = above(predicate === undefined ? [range, body] : [range, predicate, body]);
  return checked({ op, binder, range, predicate, body, type, depth });
}

const above = (terms: readonly Term[]): number => terms.reduce((most, term) => Math.max(most, term.depth), 0) + 1;

function checked(term: Term): Term {
  if (term.type.kind === 'none') throw new Fault('rule_type', 'this list or map is always empty');
  heapBytes(term.type);
  if (term.depth > TREE_DEPTH_MAX) throw new Fault('rule_bound', `more than ${TREE_DEPTH_MAX} levels`);
  return term;
}
