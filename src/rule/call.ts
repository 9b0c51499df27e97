/** The functions of the expression language: what each takes, what it gives, and which term it is. */
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { automatonOf } from './automaton.ts';
import type { Checked, Checker } from './check.ts';
import { formatProblem } from './format.ts';
import { FUNCTIONS, type RuleFunction } from './function.ts';
import { BYTES, DYN, fits, plain, STRING } from './static-type.ts';
import { type Place, refuse } from './syntax.ts';
import { apply, applyMarked, constant, type PlainOp, type Term } from './term.ts';
import { partNumber, TIME_PARTS, zoneMinutes } from './time.ts';
import { BOOL, DOUBLE, DURATION, INT, kindPhrase, kindText, list, map, NONE, TIMESTAMP, TYPE, type Type, UINT } from './type.ts';

interface Operation {
  /** How it is written, as advice. */
  readonly usage: string;
  /** `text.size()`, `size(text)`. */
  readonly method: boolean;
  readonly global: boolean;
  /** One row of types for each way to call it. */
  readonly takes: readonly (readonly Type[])[];
  readonly gives: (types: readonly Type[]) => Type;
  readonly term: (operands: readonly Checked[], places: readonly Place[]) => Term;
}

//
const FORMAT = 12;
const GREATEST = 13;
const LEAST = 14;

const LIST = list(DYN, 0);
const MAP = map(DYN, DYN, 0);

type Entry = readonly [name: string, operation: Operation];

const always =
  (type: Type): Operation['gives'] =>
  () =>
    type;
const plainly =
  (op: PlainOp): Operation['term'] =>
  (operands) =>
    apply(op, ...operands.map((one) => one.term));
const callOf = (number: number, operands: readonly Checked[]): Term => applyMarked('call', number, ...operands.map((one) => one.term));

/** A test of a text by another: `text.contains(part)`. */
const textTest = (name: string, op: PlainOp): Entry => [
  name,
  { usage: `text.${name}(part)`, method: true, global: false, takes: [[STRING, STRING]], gives: always(BOOL), term: plainly(op) },
];

/** A value that has the type already is itself. */
const conversion = (name: string, to: Type, op: PlainOp, from: readonly Type[]): Entry => [
  name,
  {
    usage: `${name}(x)`,
    method: false,
    global: true,
    takes: [to, ...from].map((type) => [type]),
    gives: always(to),
    term: ([a]) => (a.type.kind === to.kind ? a.term : apply(op, a.term)),
  },
];

/** A part of a time; durations have those from hours on. */
const timePart = (name: string, part: number): Entry => [
  name,
  {
    usage: `time.${name}()`,
    method: true,
    global: false,
    takes: [[TIMESTAMP], [TIMESTAMP, STRING], ...(part >= HOURS ? [[DURATION]] : [])],
    gives: always(INT),
    term: ([a, zone], places) => applyMarked('tsget', partNumber(part, zone === undefined ? 0 : zoneOf(zone.term, places[1])), a.term),
  },
];
const HOURS = 6;

/** The types of a function's operands, by the names of kinds. Lists are those of `join`. */
const STATIC: Readonly<Record<string, Type>> = { str: STRING, bytes: BYTES, int: INT, uint: UINT, dbl: DOUBLE, list: list(STRING, 0) };

/** A function of the table, with every row of kinds that it takes. */
function tabled({ name, operands, least, result }: RuleFunction, number: number): Entry {
  const global = name.includes('.');
  const rows = (count: number): readonly (readonly Type[])[] =>
    operands.slice(0, count).reduce<readonly (readonly Type[])[]>((made, kinds) => made.flatMap((row) => kinds.map((kind) => [...row, STATIC[kind]])), [[]]);
  // bitAnd and its like take two of one kind
  const alike = ([a, b]: readonly Type[]): boolean => operands[0] !== operands[1] || a.kind === b.kind;
  return [
    name,
    {
      usage: global ? `${name}(x)` : `text.${name}(…)`,
      method: !global,
      global,
      takes: Array.from({ length: operands.length - least + 1 }, (_, more) => rows(least + more).filter(alike)).flat(),
      gives: (types) => plain(result(types)),
      term: (given) => callOf(number, given),
    },
  ];
}

/** Two and more numbers are a list of them; what comes out has the type of what goes in. */
const extremeOf = (name: string, number: number): Entry => [
  name,
  {
    usage: `${name}(a, b)`,
    method: false,
    global: true,
    takes: [[DYN]],
    gives: ([a]) => (a.kind === 'list' ? a.item : a),
    term: (operands) => callOf(number, operands),
  },
];

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['size', { usage: 'size(x)', method: true, global: true, takes: [[STRING], [BYTES], [LIST], [MAP]], gives: always(INT), term: plainly('size') }],
  textTest('startsWith', 'starts'),
  textTest('endsWith', 'ends'),
  textTest('contains', 'contains'),
  ['matches', { usage: 'text.matches("expression")', method: true, global: true, takes: [[STRING, STRING]], gives: always(BOOL), term: matching }],
  conversion('int', INT, 'toint', [UINT, DOUBLE, STRING, TIMESTAMP]),
  conversion('uint', UINT, 'touint', [INT, DOUBLE, STRING]),
  conversion('double', DOUBLE, 'todbl', [INT, UINT, STRING]),
  conversion('string', STRING, 'tostr', [BOOL, INT, UINT, DOUBLE, BYTES, TIMESTAMP, DURATION]),
  conversion('bytes', BYTES, 'tobytes', [STRING]),
  conversion('bool', BOOL, 'tobool', [STRING]),
  conversion('timestamp', TIMESTAMP, 'tots', [STRING, INT]),
  conversion('duration', DURATION, 'todur', [STRING]),
  ['type', { usage: 'type(x)', method: false, global: true, takes: [[DYN]], gives: always(TYPE), term: plainly('typeof') }],
  ['dyn', { usage: 'dyn(x)', method: false, global: true, takes: [[DYN]], gives: always(DYN), term: ([a]) => a.term }],
  ...TIME_PARTS.map(timePart),
  // All of the table but `merge`, which only transformMapEntry needs; those that follow have types of their own.
  ...FUNCTIONS.map(tabled).filter(([name]) => name !== 'merge'),
  [
    'format',
    { usage: 'text.format([…])', method: true, global: false, takes: [[STRING, LIST]], gives: always(STRING), term: (operands) => callOf(FORMAT, operands) },
  ],
  extremeOf('math.greatest', GREATEST),
  extremeOf('math.least', LEAST),
]);

/** The regular expression of a constant second operand. */
function matching(operands: readonly Checked[], places: readonly Place[]): Term {
  const [text, expression] = operands;
  if (!('value' in expression.term) || typeof expression.term.value !== 'string')
    return refuse('rule_unsupported', places[1], '`matches` takes a constant regular expression; use startsWith, endsWith or contains for a text that varies');
  try {
    automatonOf(expression.term.value);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    refuse(fault.slug === 'rule_program' ? 'rule_syntax' : fault.slug, places[1], fault.message);
  }
  return applyMarked('match', expression.term.value, text.term);
}

function zoneOf(zone: Term, place: Place): number {
  const text = 'value' in zone && typeof zone.value === 'string' ? zone.value : undefined;
  if (text === undefined) return refuse('rule_unsupported', place, 'a time zone is a constant text: UTC, or an offset such as "+05:30"');
  return zoneMinutes(text) ?? refuse('rule_unsupported', place, `the time zone \`${text}\` is not available; write UTC, or an offset such as "+05:30"`);
}

const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter', 'transformList', 'transformMap', 'transformMapEntry', 'has', 'sum'];
/** Names before a point that stand for functions. */
export const NAMESPACES: ReadonlySet<string> = new Set([...OPERATIONS.keys()].filter((name) => name.includes('.')).map((name) => name.split('.')[0]));

/** What CEL has, and is not available here, with what to do instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['has', '`has` takes one field, for example has(args.to)'],
  ['sortBy', '`sortBy` is not available; use map or filter'],
  ...['all', 'exists', 'exists_one', 'existsOne', 'filter'].map((name) => [name, `\`${name}\` is written list.${name}(x, condition on x)`] as const),
  ['map', '`map` is written list.map(x, value), or list.map(x, condition, value)'],
  ...['transformList', 'transformMap', 'transformMapEntry'].map((name) => [name, `\`${name}\` is written list.${name}(index, item, value)`] as const),
  ...['or', 'orValue', 'optMap', 'optFlatMap', 'hasValue', 'value', 'optional.of', 'optional.none', 'optional.ofNonZeroValue'].map(
    (name) => [name, 'optional values are not available; write `has(x) ? x : y`'] as const,
  ),
  ...['getExt', 'hasExt', 'proto.getExt', 'proto.hasExt'].map((name) => [name, 'messages are not available; use a map, for example {"name": value}'] as const),
]);

/** @throws Fault rule_unsupported for a name that is no function, with what to write instead */
export function expectFunction(name: string, place: Place): void {
  const advice = ADVICE.get(name);
  if (advice !== undefined) refuse('rule_unsupported', place, advice);
  if (OPERATIONS.has(name)) return;
  const near = suggestion(name, [...OPERATIONS.keys(), ...MACROS]) || '; docs/cel.md lists those that are';
  refuse('rule_unsupported', place, `\`${name}\` is not a function${near}`);
}

/**
 * A function that is there, or a method whose first operand is its target. `places[0]` is the first operand's.
 * @throws Fault rule_type, unless the checker is lenient; rule_unsupported, rule_syntax for an operand that must be constant
 */
export function call(checker: Checker, name: string, operands: readonly Checked[], place: Place, places: readonly Place[], method: boolean): Checked {
  const operation = OPERATIONS.get(name) as Operation;
  if (name === 'math.greatest' || name === 'math.least') return extreme(checker, operation, operands, place, places);
  if (method ? !operation.method : !operation.global) {
    checker.problem(place, `\`${name}\` is written ${operation.usage}`);
    return nothing();
  }
  const types = operands.map((one) => one.type);
  const ways = operation.takes.filter((row) => row.length === types.length);
  if (ways.length === 0) {
    checker.problem(place, `\`${name}\` takes ${counts(operation.takes)}; it is written ${operation.usage}`);
    return nothing();
  }
  // The first operand that no way takes after those before it.
  let left = ways;
  for (const [at, type] of types.entries()) {
    const next = left.filter((row) => fits(row[at], type));
    if (next.length === 0) {
      checker.problem(places[at], `\`${name}\` takes ${choices(left, at)}, not ${kindPhrase(type)}`);
      return nothing();
    }
    left = next;
  }
  if (name === 'format') checkFormat(checker, operands, places);
  return { term: operation.term(operands, places), type: operation.gives(types) };
}

/** What a mismatch that is let through comes to: it has no value. */
const nothing = (): Checked => ({ term: apply('neg', constant(true)), type: DYN });

/** `one operand`, `one or two operands`. */
function counts(takes: readonly (readonly Type[])[]): string {
  const words = ['no', 'one', 'two', 'three', 'four'];
  const numbers = [...new Set(takes.map((row) => row.length))].sort();
  const named = numbers.map((n) => words[n]).join(' or ');
  return `${named} operand${named === 'one' ? '' : 's'}`;
}

/** `a string`, `a string, list or map`. */
function choices(ways: readonly (readonly Type[])[], at: number): string {
  const texts = [...new Set(ways.map((row) => kindText(plainer(row[at]))))];
  const last = texts.pop() ?? '';
  const whole = texts.length === 0 ? last : `${texts.join(', ')} or ${last}`;
  return /^(?:int|any)/.test(whole) ? `an ${whole}` : `a ${whole}`;
}
/** Lists and maps of whatever. */
const plainer = (type: Type): Type => (type.kind === 'list' ? list(NONE, 0) : type.kind === 'map' ? map(NONE, NONE, 0) : type);

const isNumber = (type: Type): boolean => ['int', 'uint', 'dbl', 'dyn', 'none'].includes(type.kind);

function extreme(checker: Checker, operation: Operation, operands: readonly Checked[], place: Place, places: readonly Place[]): Checked {
  if (operands.length === 0) {
    checker.problem(place, `it is written ${operation.usage}`);
    return nothing();
  }
  const [a] = operands;
  const whole = operands.length > 1 ? checker.list(operands) : a;
  const item = whole.type.kind === 'list' ? whole.type.item : whole.type;
  if (!isNumber(item)) checker.problem(places[0], `\`${operation.usage.slice(0, -6)}\` takes numbers or a list of them, not ${kindPhrase(a.type)}`);
  operands.forEach(({ type }, i) => {
    if (operands.length > 1 && !isNumber(type)) checker.problem(places[i], `\`${operation.usage.slice(0, -6)}\` takes numbers, not ${kindPhrase(type)}`);
  });
  return { term: operation.term([whole], places), type: operation.gives([whole.type]) };
}

function checkFormat(checker: Checker, [text, items]: readonly Checked[], places: readonly Place[]): void {
  if (!('value' in text.term) || typeof text.term.value !== 'string') return;
  const given = items.term.op === 'list' && 'operands' in items.term ? items.term.operands.map((one) => one.type.kind) : undefined;
  const problem = formatProblem(text.term.value, given);
  if (problem !== undefined) checker.problem(places[0], problem);
}
