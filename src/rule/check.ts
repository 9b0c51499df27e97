/**
 * The typing rules of the expression language: which operators take which types, and what to say where they do not. Each
 * returns the term that the operation means, with the type that the text has for it. Functions are in call.ts.
 */

import { DYN, either, eitherOf, fits, plain } from './static-type.ts';
import { type Binary, type Literal, type Place, refuse, type Unary } from './syntax.ts';
import { apply, constant, type PlainOp, type Term } from './term.ts';
import { DURATION, type Kind, kindPhrase, kindText, list, map, TIMESTAMP, type Type } from './type.ts';
import { uint } from './value.ts';

/** A term and the static type of the text that it stands for. */
export interface Checked {
  readonly term: Term;
  readonly type: Type;
}

/** A term whose type the text knows as well as the IR. */
export const known = (term: Term): Checked => ({ term, type: plain(term.type) });

const ORDERED: readonly Kind[] = ['int', 'uint', 'dbl', 'str', 'bytes', 'bool', 'ts', 'dur'];
const JOINED: readonly Kind[] = ['int', 'uint', 'dbl', 'str', 'bytes', 'list', 'dur'];
const NUMBERS: readonly Kind[] = ['int', 'uint', 'dbl'];
const KEYS: readonly Kind[] = ['bool', 'int', 'uint', 'str'];
const loose = (type: Type): boolean => type.kind === 'dyn' || type.kind === 'none';
const isOne = (type: Type, kinds: readonly Kind[]): boolean => loose(type) || kinds.includes(type.kind);

const ARITHMETIC: Readonly<Record<'-' | '*' | '/' | '%', { readonly op: PlainOp; readonly kinds: readonly Kind[] }>> = {
  '-': { op: 'sub', kinds: ['int', 'uint', 'dbl', 'dur'] },
  '*': { op: 'mul', kinds: NUMBERS },
  '/': { op: 'div', kinds: NUMBERS },
  '%': { op: 'rem', kinds: ['int', 'uint'] },
};

/** `lenient`: a type that does not fit is no fault; the value is then the error. */
export class Checker {
  private readonly lenient: boolean;

  constructor(lenient: boolean) {
    this.lenient = lenient;
  }

  /** @throws Fault rule_type, unless lenient */
  problem(place: Place, text: string): void {
    if (!this.lenient) refuse('rule_type', place, text);
  }

  literal(value: Literal): Checked {
    if (value.type === 'uint') return known(constant(uint(value.value)));
    return known(constant(value.value));
  }

  bool({ type }: Checked, place: Place, what: string): void {
    if (!isOne(type, ['bool'])) this.problem(place, `${what} is ${kindPhrase(type)}, not a bool`);
  }

  unary(operator: Unary, operand: Checked, place: Place): Checked {
    if (operator === '!') {
      this.bool(operand, place, 'the operand of `!`');
      return known(apply('not', operand.term));
    }
    if (!isOne(operand.type, ['int', 'dbl'])) this.problem(place, `\`-\` takes an int or double, not ${kindPhrase(operand.type)}`);
    return { term: apply('neg', operand.term), type: operand.type };
  }

  binary(operator: Binary, a: Checked, b: Checked, place: Place): Checked {
    switch (operator) {
      case '==':
      case '!=': {
        if (!fits(a.type, b.type)) this.problem(place, `\`${operator}\` compares ${pair(a, b)}, which are never equal${hint(a, b)}`);
        const equal = apply('eq', a.term, b.term);
        return known(operator === '==' ? equal : apply('not', equal));
      }
      case '<':
      case '<=':
      case '>':
      case '>=': {
        if (!isOne(a.type, ORDERED) || !isOne(b.type, ORDERED) || !fits(a.type, b.type))
          this.problem(place, `\`${operator}\` does not order ${pair(a, b)}${hint(a, b)}`);
        const op = operator === '<' || operator === '>' ? 'lt' : 'le';
        return known(operator === '<' || operator === '<=' ? apply(op, a.term, b.term) : apply(op, b.term, a.term));
      }
      case 'in':
        return this.member(a, b, place);
      case '+':
        return { term: apply('add', a.term, b.term), type: this.sum(a, b, place) };
      default:
        return { term: apply(ARITHMETIC[operator].op, a.term, b.term), type: this.arithmetic(operator, a, b, place) };
    }
  }

  private sum(a: Checked, b: Checked, place: Place): Type {
    const [x, y] = [a.type, b.type];
    const times = [x.kind, y.kind];
    if (times.includes('ts') && (times.includes('dur') || times.includes('dyn'))) return TIMESTAMP;
    if (isOne(x, JOINED) && isOne(y, JOINED) && fits(x, y)) return either(x, y);
    this.problem(place, `\`+\` does not join ${pair(a, b)}${hint(a, b)}`);
    return DYN;
  }

  private arithmetic(operator: '-' | '*' | '/' | '%', a: Checked, b: Checked, place: Place): Type {
    const [x, y] = [a.type, b.type];
    const { kinds } = ARITHMETIC[operator];
    if (operator === '-' && x.kind === 'ts') {
      if (y.kind === 'ts') return DURATION;
      if (y.kind === 'dur') return TIMESTAMP;
      if (loose(y)) return DYN;
    }
    if (operator === '-' && loose(x) && y.kind === 'ts') return DURATION;
    if (isOne(x, kinds) && isOne(y, kinds) && fits(x, y)) return either(x, y);
    this.problem(place, `\`${operator}\` takes two numbers of one type, not ${pair(a, b)}${hint(a, b)}`);
    return DYN;
  }

  private member(a: Checked, b: Checked, place: Place): Checked {
    const { type } = b;
    if (type.kind === 'list') {
      if (!fits(a.type, type.item)) this.problem(place, `\`in\` looks for ${kindPhrase(a.type)} in ${kindPhrase(type)}${hint(a, { ...b, type: type.item })}`);
    } else if (type.kind === 'map') this.key(type, a, place);
    else if (!loose(type)) this.problem(place, `\`in\` looks into a list or map, not into ${kindPhrase(type)}`);
    return known(apply('member', a.term, b.term));
  }

  private key(map: Extract<Type, { kind: 'map' }>, key: Checked, place: Place): void {
    if (!isOne(key.type, KEYS) || !fits(map.key, key.type)) {
      // A literal map of several kinds of keys takes doubles too.
      if (map.key.kind === 'dyn') return;
      this.problem(place, `${kindPhrase(map)} has no key of type ${kindText(key.type)}`);
    }
  }

  /** `a[b]`, and `a.b` with b as text. */
  index(container: Checked, key: Checked, place: Place): Checked {
    const { type } = container;
    const term = apply('get', container.term, key.term);
    if (type.kind === 'list') {
      if (!isOne(key.type, ['int'])) this.problem(place, `the index of a list is an int, not ${kindPhrase(key.type)}`);
      return { term, type: type.item };
    }
    if (type.kind === 'map') {
      this.key(type, key, place);
      return { term, type: type.value };
    }
    if (!loose(type)) this.problem(place, `${kindPhrase(type)} has no items`);
    return { term, type: DYN };
  }

  /** `a.b` of something that is not a path. */
  select(container: Checked, field: string, place: Place): Checked {
    if (container.type.kind !== 'map' && !loose(container.type)) this.problem(place, `${kindPhrase(container.type)} has no field \`${field}\``);
    return this.index(container, known(constant(field)), place);
  }

  hasKey(container: Checked, field: string, place: Place): Checked {
    const { type } = container;
    if (type.kind === 'map') this.key(type, known(constant(field)), place);
    else if (!loose(type)) this.problem(place, `${kindPhrase(type)} has no field \`${field}\``);
    return known(apply('has', container.term, constant(field)));
  }

  choice(condition: Checked, then: Checked, otherwise: Checked, place: Place): Checked {
    this.bool(condition, place, 'the condition of `?`');
    if (!fits(then.type, otherwise.type))
      this.problem(place, `\`?\` gives ${kindText(then.type)} or ${kindText(otherwise.type)}; both must be of one type, or one dyn()`);
    return { term: apply('sel', condition.term, then.term, otherwise.term), type: either(then.type, otherwise.type) };
  }

  list(items: readonly Checked[]): Checked {
    return { term: apply('list', ...items.map((item) => item.term)), type: list(eitherOf(items.map((item) => item.type)), 0) };
  }

  map(keys: readonly Checked[], values: readonly Checked[], places: readonly Place[]): Checked {
    keys.forEach(({ type }, i) => {
      if (!isOne(type, KEYS)) this.problem(places[i], `a key is a bool, int, uint or string, not ${kindPhrase(type)}`);
    });
    const type = map(eitherOf(keys.map((key) => key.type)), eitherOf(values.map((value) => value.type)), 0);
    return { term: apply('map', ...keys.flatMap((key, i) => [key.term, values[i].term])), type };
  }
}

const pair = (a: Checked, b: Checked): string => `${kindText(a.type)} and ${kindText(b.type)}`;

/** What to do about two types that do not go together. */
function hint(a: Checked, b: Checked): string {
  const kinds = [a.type.kind, b.type.kind];
  if (kinds.includes('null')) return '; has(x) tells whether x is there';
  if (kinds.every((kind) => NUMBERS.includes(kind)) && kinds[0] !== kinds[1]) {
    const name = kinds.includes('dbl') ? 'double' : 'int';
    return `; write ${name}(x), or dyn(x) to compare by value`;
  }
  if (kinds.includes('str') && kinds.some((kind) => kind === 'ts' || kind === 'dur')) return `; write ${kinds.includes('ts') ? 'timestamp' : 'duration'}(x)`;
  return '';
}
