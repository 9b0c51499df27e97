/** The syntax tree of the expression language (CEL), with the place of every node. */
import { Fault, type FaultName } from '../base/fault.ts';

/** 1-based line and column (in code points), and the offset in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export type Literal =
  | { readonly type: 'null'; readonly value: null }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int' | 'uint'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array };

export type Unary = '!' | '-';
export type Binary = '<' | '<=' | '>' | '>=' | '==' | '!=' | 'in' | '+' | '-' | '*' | '/' | '%';
export type FoldMacro = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'transformList' | 'transformMap' | 'transformMapEntry';

/** A name with its place: a field or a bound variable. */
export interface Word {
  readonly text: string;
  readonly place: Place;
}

export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
}

interface At {
  /** Where it begins; for an operator, where the operator stands. */
  readonly place: Place;
  /** Levels below and with it. */
  readonly depth: number;
}

export type Expression = At &
  (
    | { readonly kind: 'literal'; readonly literal: Literal }
    /** `global`: written with a leading dot, so that no bound variable is meant. */
    | { readonly kind: 'name'; readonly name: string; readonly global: boolean }
    | { readonly kind: 'select'; readonly target: Expression; readonly field: Word }
    | { readonly kind: 'index'; readonly target: Expression; readonly index: Expression }
    | { readonly kind: 'call'; readonly target: Expression | undefined; readonly name: Word; readonly args: readonly Expression[] }
    | { readonly kind: 'unary'; readonly operator: Unary; readonly operand: Expression }
    | { readonly kind: 'binary'; readonly operator: Binary; readonly left: Expression; readonly right: Expression }
    /** Two or more: a chain of the same operator is one node. */
    | { readonly kind: 'logic'; readonly operator: '&&' | '||'; readonly operands: readonly Expression[] }
    | { readonly kind: 'choice'; readonly condition: Expression; readonly then: Expression; readonly otherwise: Expression }
    | { readonly kind: 'list'; readonly items: readonly Expression[] }
    | { readonly kind: 'map'; readonly entries: readonly Entry[] }
    | { readonly kind: 'has'; readonly target: Expression; readonly field: Word }
    | {
        readonly kind: 'fold';
        readonly macro: FoldMacro;
        readonly range: Expression;
        readonly variable: Word;
        /** With two variables the first is the index or key, the second the item or value. */
        readonly second: Word | undefined;
        readonly predicate: Expression | undefined;
        readonly body: Expression;
      }
    | { readonly kind: 'bind'; readonly variable: Word; readonly value: Expression; readonly body: Expression }
  );

/** Bytes of an expression's text. */
export const SOURCE_BYTES_MAX = 16_384;
/** Levels of a syntax tree; a chain of && or || is one level. */
export const DEPTH_MAX = 128;

/** Refuses an expression: the fault's detail begins with `line:column`, its context has both. */
export function refuse(slug: FaultName, place: Place, problem: string): never {
  throw new Fault(slug, `${place.line}:${place.column} ${problem}`, { line: place.line, column: place.column, offset: place.offset, problem });
}

/** The expressions right below one, in the order of the text. */
export function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'select':
    case 'has':
      return [expression.target];
    case 'index':
      return [expression.target, expression.index];
    case 'call':
      return expression.target === undefined ? expression.args : [expression.target, ...expression.args];
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'logic':
      return expression.operands;
    case 'choice':
      return [expression.condition, expression.then, expression.otherwise];
    case 'list':
      return expression.items;
    case 'map':
      return expression.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'fold':
      return expression.predicate === undefined ? [expression.range, expression.body] : [expression.range, expression.predicate, expression.body];
    case 'bind':
      return [expression.value, expression.body];
    default:
      return [];
  }
}
