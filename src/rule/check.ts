/**
 * The typing rules of the expression language: which operators and functions take which types, and what to say where they
 * do not. Each returns the term that the operation means.
 */
import { suggestion } from '../base/nearest.ts';
import { type Binary, type Literal, type Place, refuse } from './syntax.ts';
import { apply, constant, type PlainOp, type Term } from './term.ts';
import { compatible, join, kindPhrase, kindText, NONE, type Type } from './type.ts';

const show = (term: Term): string => kindText(term.type);

export function literal(value: Literal, place: Place): Term {
  switch (value.type) {
    case 'bool':
    case 'int':
    case 'string':
      return constant(value.value);
    case 'null':
      return refuse('rule_unsupported', place, 'null is not available; has(x) tells whether x is there');
    case 'uint':
      return refuse('rule_unsupported', place, `unsigned integers are not available; write ${value.value}`);
    case 'double':
      return refuse('rule_unsupported', place, 'fractions are not available; count in a smaller unit, such as cents');
    case 'bytes':
      return refuse('rule_unsupported', place, 'bytes are not available; use a string');
  }
}

export function expectBool(term: Term, place: Place, what: string): void {
  if (term.type.kind !== 'bool') refuse('rule_type', place, `${what} is ${kindPhrase(term.type)}, not a bool`);
}

const ARITHMETIC: ReadonlyMap<Binary, PlainOp> = new Map<Binary, PlainOp>([
  ['-', 'sub'],
  ['*', 'mul'],
  ['/', 'div'],
  ['%', 'rem'],
]);

export function binary(operator: Binary, a: Term, b: Term, place: Place): Term {
  const pair = `${show(a)} and ${show(b)}`;
  switch (operator) {
    case '==':
    case '!=': {
      if (!compatible(a.type, b.type)) refuse('rule_type', place, `\`${operator}\` compares ${pair}, which are never equal`);
      const equal = apply('eq', a, b);
      return operator === '==' ? equal : apply('not', equal);
    }
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const { kind } = a.type;
      if (kind !== b.type.kind || (kind !== 'int' && kind !== 'str' && kind !== 'bool')) refuse('rule_type', place, `\`${operator}\` does not order ${pair}`);
      const op = operator === '<' || operator === '>' ? 'lt' : 'le';
      return operator === '<' || operator === '<=' ? apply(op, a, b) : apply(op, b, a);
    }
    case 'in':
      return member(a, b, place);
    case '+': {
      const { kind } = a.type;
      if (kind !== b.type.kind || (kind !== 'int' && kind !== 'str' && kind !== 'list') || !compatible(a.type, b.type))
        refuse('rule_type', place, `\`+\` does not join ${pair}`);
      return apply('add', a, b);
    }
    default:
      if (a.type.kind !== 'int' || b.type.kind !== 'int') refuse('rule_type', place, `\`${operator}\` takes int and int, not ${pair}`);
      return apply(ARITHMETIC.get(operator) as PlainOp, a, b);
  }
}

function member(a: Term, b: Term, place: Place): Term {
  if (b.type.kind === 'list') {
    if (!compatible(a.type, b.type.item)) refuse('rule_type', place, `\`in\` looks for ${kindPhrase(a.type)} in ${kindPhrase(b.type)}`);
  } else if (b.type.kind === 'map') expectKey(b.type, a, place);
  else refuse('rule_type', place, `\`in\` looks into a list or map, not into ${kindPhrase(b.type)}`);
  return apply('member', a, b);
}

function expectKey(map: Extract<Type, { kind: 'map' }>, key: Term, place: Place): void {
  const { kind } = key.type;
  if ((kind !== 'bool' && kind !== 'int' && kind !== 'str') || !compatible(map.key, key.type)) {
    refuse('rule_type', place, `${kindPhrase(map)} has no key of type ${show(key)}`);
  }
}

/** `a[b]`, and `a.b` with b as text. */
export function index(container: Term, key: Term, place: Place): Term {
  const { type } = container;
  if (type.kind === 'list') {
    if (key.type.kind !== 'int') refuse('rule_type', place, `the index of a list is an int, not ${kindPhrase(key.type)}`);
    if (type.item.kind === 'none') refuse('rule_type', place, 'the list is always empty');
  } else if (type.kind === 'map') {
    expectKey(type, key, place);
    if (type.value.kind === 'none') refuse('rule_type', place, 'the map is always empty');
  } else refuse('rule_type', place, `${kindPhrase(container.type)} has no items`);
  return apply('get', container, key);
}

/** `a.b` of something that is not a path. */
export function select(container: Term, field: string, place: Place): Term {
  if (container.type.kind !== 'map') refuse('rule_type', place, `${kindPhrase(container.type)} has no field \`${field}\``);
  return index(container, constant(field), place);
}

export function hasKey(container: Term, field: string, place: Place): Term {
  if (container.type.kind !== 'map') refuse('rule_type', place, `${kindPhrase(container.type)} has no field \`${field}\``);
  expectKey(container.type, constant(field), place);
  return apply('has', container, constant(field));
}

export function choice(condition: Term, then: Term, otherwise: Term, place: Place): Term {
  expectBool(condition, place, 'the condition of `?`');
  if (!compatible(then.type, otherwise.type)) refuse('rule_type', place, `\`?\` gives ${show(then)} or ${show(otherwise)}; both must be of one type`);
  return apply('sel', condition, then, otherwise);
}

/** Items of a list, keys or values of a map: all of one type. */
export function expectAlike(terms: readonly Term[], places: readonly Place[], what: string): void {
  let joined = NONE;
  terms.forEach(({ type }, i) => {
    if (!compatible(joined, type))
      refuse('rule_type', places[i], `${what} ${i + 1} is ${kindPhrase(type)}, before it stands ${kindPhrase(joined)}; all must be of one type`);
    joined = join(joined, type);
  });
}

export function expectKeys(terms: readonly Term[], places: readonly Place[]): void {
  terms.forEach(({ type }, i) => {
    if (type.kind !== 'bool' && type.kind !== 'int' && type.kind !== 'str')
      refuse('rule_type', places[i], `a key is a bool, int or string, not ${kindPhrase(type)}`);
  });
}

const TEXT_FUNCTIONS: ReadonlyMap<string, PlainOp> = new Map<string, PlainOp>([
  ['startsWith', 'starts'],
  ['endsWith', 'ends'],
  ['contains', 'contains'],
]);
const FUNCTIONS = ['size', ...TEXT_FUNCTIONS.keys(), 'all', 'exists', 'exists_one', 'map', 'filter', 'has', 'sum'];

/** CEL's functions that wait for a later version, with what to do meanwhile. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['matches', 'regular expressions are not available; use startsWith, endsWith or contains'],
  ['dyn', 'dyn() is not available; declare the type of the input'],
  ['type', 'type() is not available; the types of inputs are declared'],
  ['has', '`has` takes one field, for example has(args.to)'],
  ...['int', 'uint', 'double', 'string', 'bytes', 'bool'].map(
    (name) => [name, `conversions are not available; declare the input as the type that you need`] as const,
  ),
  ...[
    'timestamp',
    'duration',
    'getFullYear',
    'getMonth',
    'getDate',
    'getDayOfMonth',
    'getDayOfWeek',
    'getDayOfYear',
    'getHours',
    'getMinutes',
    'getSeconds',
    'getMilliseconds',
  ].map((name) => [name, 'times and durations are not available; now_ms counts milliseconds'] as const),
  ...['transformList', 'transformMap', 'transformMapEntry', 'sortBy'].map((name) => [name, `\`${name}\` is not available; use map or filter`] as const),
]);

/** A function, or a method whose first operand is its target. `places[0]` is the first operand's. */
export function call(name: string, operands: readonly Term[], place: Place, places: readonly Place[], method: boolean): Term {
  const advice = ADVICE.get(name);
  if (advice !== undefined) refuse('rule_unsupported', place, advice);
  if (name === 'size') {
    if (operands.length !== 1) refuse('rule_type', place, '`size` takes one operand');
    const { kind } = operands[0].type;
    if (kind !== 'str' && kind !== 'list' && kind !== 'map')
      refuse('rule_type', places[0], `\`size\` takes a string, list or map, not ${kindPhrase(operands[0].type)}`);
    return apply('size', operands[0]);
  }
  const op = TEXT_FUNCTIONS.get(name);
  if (op === undefined) return refuse('rule_unsupported', place, `\`${name}\` is not a function${suggestion(name, FUNCTIONS)}`);
  if (!method || operands.length !== 2) refuse('rule_type', place, `\`${name}\` is written text.${name}(part)`);
  operands.forEach((operand, i) => {
    if (operand.type.kind !== 'str') refuse('rule_type', places[i], `\`${name}\` takes strings, not ${kindPhrase(operand.type)}`);
  });
  return apply(op, ...operands);
}
