/** From syntax to terms: names get their meaning, macros become folds, every operator is checked on the way. */
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { call, expectFunction, NAMESPACES } from './call.ts';
import { type Checked, Checker, known } from './check.ts';
import { type Scope, windowMs } from './scope.ts';
import { DYN, plain } from './static-type.ts';
import { type Expression, type FoldMacro, type Place, refuse, type Word } from './syntax.ts';
import { apply, applyMarked, type Binder, constant, type FoldOp, fold, input, item, present, type Term } from './term.ts';
import { BOOL, INT, KINDS, type Kind, kindPhrase, list, map, type Type, typeName } from './type.ts';
import { typeValue } from './value.ts';

/** What bound variables stand for, the innermost last. */
type Bound = ReadonlyMap<string, Checked>;

/** identifiers that stand for types. */
const TYPE_NAMES: ReadonlyMap<string, Kind> = new Map(KINDS.filter((kind) => kind !== 'none' && kind !== 'dyn').map((kind) => [typeName(kind), kind]));
/** R-23, merge. */
const MERGE = 31;
const FOLD_OPS: Readonly<Record<FoldMacro, FoldOp>> = {
  all: 'all',
  exists: 'any',
  exists_one: 'one',
  filter: 'collect',
  map: 'collect',
  transformList: 'collect',
  transformMap: 'collectmap',
  transformMapEntry: 'collect',
};

const SEGMENT = /^[A-Za-z0-9_$-]+$/;

/**
 * The term of an expression and its static type. `lenient` lets types through that do not fit: the value is then the error.
 * @throws Fault rule_name, rule_type, rule_unsupported, rule_bound, each with line and column
 */
export const check = (expression: Expression, scope: Scope, lenient = false): Checked => new Lowering(scope, lenient).term(expression, new Map());

/** The term of an expression. @throws Fault as `check` */
export const lower = (expression: Expression, scope: Scope): Term => check(expression, scope).term;

/** The same of what must be a bool; `what` names it. @throws Fault as `lower` */
export function lowerCondition(expression: Expression, scope: Scope, what: string): Term {
  const { term, type } = check(expression, scope);
  if (type.kind !== 'bool' && type.kind !== 'dyn') refuse('rule_type', expression.place, `${what} is ${kindPhrase(type)}, not a bool`);
  return term;
}

class Lowering {
  private readonly scope: Scope;
  private readonly checker: Checker;

  constructor(scope: Scope, lenient: boolean) {
    this.scope = scope;
    this.checker = new Checker(lenient);
  }

  term(expression: Expression, bound: Bound): Checked {
    try {
      return this.build(expression, bound);
    } catch (fault) {
      // Bounds and types that only the term layer sees have no place yet: this is the innermost one.
      if (fault instanceof Fault && !('line' in fault.context)) refuse(fault.slug, expression.place, fault.message);
      throw fault;
    }
  }

  private build(expression: Expression, bound: Bound): Checked {
    const { checker } = this;
    const { place } = expression;
    switch (expression.kind) {
      case 'literal':
        return checker.literal(expression.literal);
      case 'name':
      case 'select':
      case 'index':
        return this.path(expression, bound) ?? this.part(expression, bound);
      case 'call':
        return this.call(expression, bound);
      case 'unary':
        return checker.unary(expression.operator, this.term(expression.operand, bound), place);
      case 'binary':
        return checker.binary(expression.operator, this.term(expression.left, bound), this.term(expression.right, bound), place);
      case 'logic': {
        const operands = expression.operands.map((one) => {
          const operand = this.term(one, bound);
          checker.bool(operand, one.place, `an operand of \`${expression.operator}\``);
          return operand.term;
        });
        return known(apply(expression.operator === '&&' ? 'and' : 'or', ...operands));
      }
      case 'choice':
        return checker.choice(this.term(expression.condition, bound), this.term(expression.then, bound), this.term(expression.otherwise, bound), place);
      case 'list':
        return checker.list(expression.items.map((one) => this.term(one, bound)));
      case 'map': {
        const keys = expression.entries.map((entry) => this.term(entry.key, bound));
        const values = expression.entries.map((entry) => this.term(entry.value, bound));
        return checker.map(
          keys,
          values,
          expression.entries.map((entry) => entry.key.place),
        );
      }
      case 'has':
        return this.has(expression.target, expression.field, bound);
      case 'fold':
        return this.fold(expression, bound);
      case 'bind':
        return this.term(expression.body, new Map(bound).set(expression.variable.text, this.term(expression.value, bound)));
    }
  }

  /** The words of `a.b["c"]`, or undefined where it does not begin with a name that could be a path's. */
  private words(expression: Expression, bound: Bound): readonly Word[] | undefined {
    if (expression.kind === 'name') return bound.has(expression.name) && !expression.global ? undefined : [{ text: expression.name, place: expression.place }];
    if (expression.kind === 'select') {
      const before = SEGMENT.test(expression.field.text) ? this.words(expression.target, bound) : undefined;
      return before && [...before, expression.field];
    }
    if (expression.kind !== 'index' || expression.index.kind !== 'literal' || expression.index.literal.type !== 'string') return undefined;
    const text = expression.index.literal.value;
    const before = SEGMENT.test(text) ? this.words(expression.target, bound) : undefined;
    return before && [...before, { text, place: expression.index.place }];
  }

  /** The input that an expression names; undefined when it is a part of an input, or no path at all. */
  private path(expression: Expression, bound: Bound): Checked | undefined {
    const words = this.words(expression, bound);
    if (words === undefined) return undefined;
    const path = words.map((word) => word.text).join('.');
    const type = this.scope.paths.get(path);
    if (type !== undefined) return { term: input({ path, type }), type: plain(type) };
    for (let i = 1; i < words.length; i++) if (this.scope.paths.has(pathOf(words, i))) return undefined;
    const named = TYPE_NAMES.get(path);
    return named === undefined ? this.unknown(words, bound) : known(constant(typeValue(named)));
  }

  /** Refuses a path that is not declared, at its first word that leads nowhere. */
  private unknown(words: readonly Word[], bound: Bound): never {
    const path = pathOf(words, words.length);
    const { paths, groups } = this.scope;
    if (groups.has(path)) {
      const first = [...paths.keys()].find((one) => one.startsWith(`${path}.`));
      return refuse('rule_name', words[0].place, `\`${path}\` is a group of inputs; name one of them, such as \`${first}\``);
    }
    let known = 0;
    while (known < words.length - 1 && groups.has(pathOf(words, known + 1))) known += 1;
    const wrong = words[known];
    const advice = suggestion(path, [...bound.keys(), ...paths.keys()]);
    const own = words[0].text === 'args' || words[0].text === 'context';
    const declare = own ? '; declare it under `inputs` with its type' : '; inputs are args.… and context.…, declared with their types';
    return refuse('rule_name', wrong.place, `\`${path}\` is not declared${advice || declare}`);
  }

  /** A variable, a field of a map, an item. */
  private part(expression: Extract<Expression, { kind: 'name' | 'select' | 'index' }>, bound: Bound): Checked {
    switch (expression.kind) {
      case 'name':
        return bound.get(expression.name) ?? this.unknown([{ text: expression.name, place: expression.place }], bound);
      case 'select':
        return this.checker.select(this.term(expression.target, bound), expression.field.text, expression.field.place);
      case 'index':
        return this.checker.index(this.term(expression.target, bound), this.term(expression.index, bound), expression.index.place);
    }
  }

  private has(target: Expression, field: Word, bound: Bound): Checked {
    const before = SEGMENT.test(field.text) ? this.words(target, bound) : undefined;
    if (before !== undefined) {
      const words = [...before, field];
      const path = pathOf(words, words.length);
      const type = this.scope.paths.get(path);
      if (type !== undefined) return known(present({ path, type }));
      if (!words.some((_, i) => i > 0 && this.scope.paths.has(pathOf(words, i)))) this.unknown(words, bound);
    }
    return this.checker.hasKey(this.term(target, bound), field.text, field.place);
  }

  private fold(expression: Extract<Expression, { kind: 'fold' }>, bound: Bound): Checked {
    const { checker } = this;
    const { macro, variable, second, place } = expression;
    const range = this.term(expression.range, bound);
    const over = rangeOf(range.type);
    if (over === undefined) checker.problem(place, `\`${macro}\` goes over a list or map, not over ${kindPhrase(range.type)}`);
    const { key, elem, usual } = over ?? { key: DYN, elem: DYN, usual: DYN };
    const binder: Binder = { name: variable.text, range: range.term.type };
    const each: Checked = { term: item('iter', binder), type: usual };
    const inside = new Map(bound);
    if (second === undefined) inside.set(variable.text, each);
    else inside.set(variable.text, { term: item('key', binder), type: key }).set(second.text, { term: item('elem', binder), type: elem });
    const predicate = expression.predicate === undefined ? undefined : this.term(expression.predicate, inside);
    if (predicate !== undefined && expression.predicate !== undefined) checker.bool(predicate, expression.predicate.place, `the condition of \`${macro}\``);
    const body = this.term(expression.body, inside);
    const op = FOLD_OPS[macro];
    const made = (type: Type): Checked => ({ term: fold(op, binder, range.term, predicate?.term, body.term), type });
    switch (macro) {
      case 'map':
      case 'transformList':
        return made(list(body.type, 0));
      case 'transformMap':
        return made(map(key, body.type, 0));
      case 'transformMapEntry': {
        if (body.type.kind !== 'map' && body.type.kind !== 'dyn')
          checker.problem(expression.body.place, `\`transformMapEntry\` makes maps, for example {key: value}, not ${kindPhrase(body.type)}`);
        return { term: applyMarked('call', MERGE, made(body.type).term), type: body.type };
      }
      case 'filter':
        checker.bool(body, expression.body.place, 'the condition of `filter`');
        return { term: fold('collect', binder, range.term, body.term, each.term), type: list(usual, 0) };
      default:
        checker.bool(body, expression.body.place, `the condition of \`${macro}\``);
        return made(BOOL);
    }
  }

  private call(expression: Extract<Expression, { kind: 'call' }>, bound: Bound): Checked {
    const { target, name, args } = expression;
    const space = target?.kind === 'name' && !bound.has(target.name) ? target.name : undefined;
    if ((space === 'agent' || space === 'session') && name.text === 'sum') return this.sum(space, name.place, args);
    if (space === 'cel') return refuse('rule_unsupported', name.place, `\`cel.${name.text}\` is not available; cel.bind(name, value, expression)`);
    const isSpace = space !== undefined && (NAMESPACES.has(space) || space === 'optional' || space === 'proto') && !this.scope.paths.has(space);
    const full = isSpace ? `${space}.${name.text}` : name.text;
    expectFunction(full, name.place);
    const operands = target === undefined || isSpace ? args : [target, ...args];
    return call(
      this.checker,
      full,
      operands.map((one) => this.term(one, bound)),
      name.place,
      operands.map((one) => one.place),
      target !== undefined && !isSpace,
    );
  }

  /** `agent.sum("money.amount", "24h")` is the one input `agent.sum(money.amount,86400000)`; `session.sum` likewise. */
  private sum(whose: string, place: Place, args: readonly Expression[]): Checked {
    const texts = args.map((one) => (one.kind === 'literal' && one.literal.type === 'string' ? one.literal.value : undefined));
    const [path, window] = texts;
    if (args.length !== 2 || path === undefined || window === undefined)
      return refuse('rule_type', place, `\`${whose}.sum\` takes two texts, for example ${whose}.sum("money.amount", "24h")`);
    if (!this.scope.sums.has(path)) refuse('rule_name', args[0].place, `\`${path}\` cannot be summed${suggestion(path, this.scope.sums)}`);
    const span_ms = windowMs(window);
    if (span_ms === undefined) return refuse('rule_type', args[1].place, `\`${window}\` is not a window; write for example 30m, 24h or 7d`);
    return known(input({ path: `${whose}.sum(${path},${span_ms})`, type: INT }));
  }
}

/** What the variables of a fold are; undefined for a range that is no list and no map. */
function rangeOf(type: Type): { readonly key: Type; readonly elem: Type; readonly usual: Type } | undefined {
  if (type.kind === 'list') return { key: INT, elem: type.item, usual: type.item };
  if (type.kind === 'map') return { key: type.key, elem: type.value, usual: type.key };
  return type.kind === 'dyn' || type.kind === 'none' ? { key: DYN, elem: DYN, usual: DYN } : undefined;
}

const pathOf = (words: readonly Word[], count: number): string =>
  words
    .slice(0, count)
    .map((word) => word.text)
    .join('.');
