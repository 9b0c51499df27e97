/** From syntax to terms: names get their meaning, macros become folds, every operator is checked on the way. */
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { binary, call, choice, expectAlike, expectBool, expectKeys, hasKey, index, literal, select } from './check.ts';
import { type Scope, windowMs } from './scope.ts';
import { type Expression, type Place, refuse, type Word } from './syntax.ts';
import { apply, type Binder, fold, input, item, present, type Term } from './term.ts';
import { INT, kindPhrase } from './type.ts';

/** What bound variables stand for, the innermost last. */
type Bound = ReadonlyMap<string, Term>;

const SEGMENT = /^[A-Za-z0-9_$-]+$/;

/**
 * The term of an expression.
 * @throws Fault rule_name, rule_type, rule_unsupported, rule_bound, each with line and column
 */
export function lower(expression: Expression, scope: Scope): Term {
  return new Lowering(scope).term(expression, new Map());
}

class Lowering {
  private readonly scope: Scope;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  term(expression: Expression, bound: Bound): Term {
    try {
      return this.build(expression, bound);
    } catch (fault) {
      // Bounds and types that only the term layer sees have no place yet: this is the innermost one.
      if (fault instanceof Fault && !('line' in fault.context)) refuse(fault.slug, expression.place, fault.message);
      throw fault;
    }
  }

  private build(expression: Expression, bound: Bound): Term {
    const { place } = expression;
    switch (expression.kind) {
      case 'literal':
        return literal(expression.literal, place);
      case 'name':
      case 'select':
      case 'index':
        return this.path(expression, bound) ?? this.part(expression, bound);
      case 'call':
        return this.call(expression, bound);
      case 'unary': {
        const operand = this.term(expression.operand, bound);
        if (expression.operator === '!') {
          expectBool(operand, place, 'the operand of `!`');
          return apply('not', operand);
        }
        if (operand.type.kind !== 'int') refuse('rule_type', place, `\`-\` takes an int, not ${kindPhrase(operand.type)}`);
        return apply('neg', operand);
      }
      case 'binary':
        return binary(expression.operator, this.term(expression.left, bound), this.term(expression.right, bound), place);
      case 'logic': {
        const operands = expression.operands.map((one) => {
          const operand = this.term(one, bound);
          expectBool(operand, one.place, `an operand of \`${expression.operator}\``);
          return operand;
        });
        return apply(expression.operator === '&&' ? 'and' : 'or', ...operands);
      }
      case 'choice':
        return choice(this.term(expression.condition, bound), this.term(expression.then, bound), this.term(expression.otherwise, bound), place);
      case 'list': {
        const items = expression.items.map((one) => this.term(one, bound));
        expectAlike(
          items,
          expression.items.map((one) => one.place),
          'item',
        );
        return apply('list', ...items);
      }
      case 'map': {
        const keys = expression.entries.map((entry) => this.term(entry.key, bound));
        const values = expression.entries.map((entry) => this.term(entry.value, bound));
        expectKeys(
          keys,
          expression.entries.map((entry) => entry.key.place),
        );
        expectAlike(
          keys,
          expression.entries.map((entry) => entry.key.place),
          'key',
        );
        expectAlike(
          values,
          expression.entries.map((entry) => entry.value.place),
          'value',
        );
        return apply('map', ...keys.flatMap((key, i) => [key, values[i]]));
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
      const before = this.words(expression.target, bound);
      return before && [...before, expression.field];
    }
    if (expression.kind !== 'index' || expression.index.kind !== 'literal' || expression.index.literal.type !== 'string') return undefined;
    const text = expression.index.literal.value;
    const before = SEGMENT.test(text) ? this.words(expression.target, bound) : undefined;
    return before && [...before, { text, place: expression.index.place }];
  }

  /** The input that an expression names; undefined when it is a part of an input, or no path at all. */
  private path(expression: Expression, bound: Bound): Term | undefined {
    const words = this.words(expression, bound);
    if (words === undefined) return undefined;
    const path = words.map((word) => word.text).join('.');
    const type = this.scope.paths.get(path);
    if (type !== undefined) return input({ path, type });
    for (let i = 1; i < words.length; i++) if (this.scope.paths.has(pathOf(words, i))) return undefined;
    return this.unknown(words, bound);
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
    const declare = words[0].text === 'args' || words[0].text === 'context' ? '; declare it under `inputs` with its type' : '';
    return refuse('rule_name', wrong.place, `\`${path}\` is not declared${advice || declare}`);
  }

  /** A variable, a field of a map, an item. */
  private part(expression: Extract<Expression, { kind: 'name' | 'select' | 'index' }>, bound: Bound): Term {
    switch (expression.kind) {
      case 'name':
        return bound.get(expression.name) ?? this.unknown([{ text: expression.name, place: expression.place }], bound);
      case 'select':
        return select(this.term(expression.target, bound), expression.field.text, expression.field.place);
      case 'index':
        return index(this.term(expression.target, bound), this.term(expression.index, bound), expression.index.place);
    }
  }

  private has(target: Expression, field: Word, bound: Bound): Term {
    const before = this.words(target, bound);
    if (before !== undefined) {
      const words = [...before, field];
      const path = pathOf(words, words.length);
      const type = this.scope.paths.get(path);
      if (type !== undefined) return present({ path, type });
      if (!words.some((_, i) => i > 0 && this.scope.paths.has(pathOf(words, i)))) this.unknown(words, bound);
    }
    return hasKey(this.term(target, bound), field.text, field.place);
  }

  private fold(expression: Extract<Expression, { kind: 'fold' }>, bound: Bound): Term {
    const { macro, variable, place } = expression;
    const range = this.term(expression.range, bound);
    const { type } = range;
    if (type.kind !== 'list' && type.kind !== 'map') refuse('rule_type', place, `\`${macro}\` goes over a list or map, not over ${kindPhrase(type)}`);
    const binder: Binder = { name: variable.text, range: type };
    if ((type.kind === 'list' ? type.item : type.key).kind === 'none') refuse('rule_type', place, `\`${macro}\` goes over a ${type.kind} that is always empty`);
    const each = item(type.kind === 'list' ? 'elem' : 'key', binder);
    const inside = new Map(bound).set(variable.text, each);
    const predicate = expression.predicate === undefined ? undefined : this.term(expression.predicate, inside);
    if (predicate !== undefined && expression.predicate !== undefined) expectBool(predicate, expression.predicate.place, 'the condition of `map`');
    const body = this.term(expression.body, inside);
    if (macro === 'map') return fold('collect', binder, range, predicate, body);
    expectBool(body, expression.body.place, `the condition of \`${macro}\``);
    if (macro === 'filter') return fold('collect', binder, range, body, each);
    return fold(macro === 'all' ? 'all' : macro === 'exists' ? 'any' : 'one', binder, range, undefined, body);
  }

  private call(expression: Extract<Expression, { kind: 'call' }>, bound: Bound): Term {
    const { target, name, args } = expression;
    if (target?.kind === 'name' && !bound.has(target.name)) {
      if (target.name === 'agent' && name.text === 'sum') return this.sum(name.place, args);
      if (target.name === 'cel') return refuse('rule_unsupported', name.place, `\`cel.${name.text}\` is not available; cel.bind(name, value, expression)`);
    }
    const operands = target === undefined ? args : [target, ...args];
    if (operands.length === 0) return call(name.text, [], name.place, [], false);
    return call(
      name.text,
      operands.map((one) => this.term(one, bound)),
      name.place,
      operands.map((one) => one.place),
      target !== undefined,
    );
  }

  /** `agent.sum("money.amount", "24h")` is the one input `agent.sum(money.amount,86400000)`. */
  private sum(place: Place, args: readonly Expression[]): Term {
    const texts = args.map((one) => (one.kind === 'literal' && one.literal.type === 'string' ? one.literal.value : undefined));
    const [path, window] = texts;
    if (args.length !== 2 || path === undefined || window === undefined)
      return refuse('rule_type', place, '`agent.sum` takes two texts, for example agent.sum("money.amount", "24h")');
    if (!this.scope.sums.has(path)) refuse('rule_name', args[0].place, `\`${path}\` cannot be summed${suggestion(path, this.scope.sums)}`);
    const span_ms = windowMs(window);
    if (span_ms === undefined) return refuse('rule_type', args[1].place, `\`${window}\` is not a window; write for example 30m, 24h or 7d`);
    return input({ path: `agent.sum(${path},${span_ms})`, type: INT });
  }
}

const pathOf = (words: readonly Word[], count: number): string =>
  words
    .slice(0, count)
    .map((word) => word.text)
    .join('.');
