/** One test of CEL's conformance suite: compiled, run by the interpreter and as WebAssembly, compared. */
import { Fault } from '../../src/base/fault.ts';
import { analyse } from '../../src/rule/analysis.ts';
import { canonical } from '../../src/rule/canonical.ts';
import { encodeInputs, type Found } from '../../src/rule/input.ts';
import { evaluate } from '../../src/rule/interpret.ts';
import type { Program } from '../../src/rule/ir.ts';
import { check } from '../../src/rule/lower.ts';
import { parse } from '../../src/rule/parse.ts';
import { printValue } from '../../src/rule/print.ts';
import { scopeOf } from '../../src/rule/scope.ts';
import { apply, applyMarked, constant, type Term } from '../../src/rule/term.ts';
import { durationText, timestampText } from '../../src/rule/time.ts';
import { dyn, kindText, list, map, type Type } from '../../src/rule/type.ts';
import { ERROR, isDuration, isList, isMap, isTimestamp, kindOf, type Result, typeValue, type Value } from '../../src/rule/value.ts';
import { emitWasm } from '../../src/rule/wasm.ts';
import { instantiate } from '../../src/vm/run.ts';
import { dynOf, type JsonObject, same, typeOfJson, valueOf } from './cel-value.ts';

export interface Case {
  /** `string_ext/char_at/middle_index`. */
  readonly name: string;
  readonly file: string;
  readonly test: JsonObject;
}

export type Outcome =
  | { readonly kind: 'passed' }
  /** Refused when it is compiled; `reason` is one of `REASONS`. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface Outcomes {
  readonly interpreter: Outcome;
  readonly wasm: Outcome;
}

/** What is refused, told by the message; the first that matches. */
const REASONS: readonly (readonly [reason: string, message: RegExp])[] = [
  ['messages and enums', /message is built|messages are not available/],
  ['optional values', /optional values/],
  ['time zones by name', /time zone/],
  ['regular expressions that vary', /constant regular expression/],
  ['messages and enums', /`[\w.]+` is not declared|`[\w.]+` is a group|`(?:Global|Nested)Enum` is not a function/],
  ['functions that only a test declares', /is not a function/],
];

const PASSED: Outcome = { kind: 'passed' };
const UNBOUND = /`(\w+)` is not declared/;

interface Built {
  readonly term: Term;
  readonly program: Program;
  /** The static type. */
  readonly type: Type;
  readonly values: ReadonlyMap<string, Value>;
}

/** The names that a test declares or binds, with their types, and what they are bound to. */
function names(test: JsonObject): { readonly types: Map<string, Type>; readonly values: Map<string, Value> } {
  const types = new Map<string, Type>();
  const values = new Map<string, Value>();
  const container = test.container === undefined ? '' : `${test.container as string}.`;
  for (const [name, bound] of Object.entries((test.bindings ?? {}) as { readonly [name: string]: JsonObject })) {
    const value = bound.value === undefined ? undefined : valueOf(bound.value as JsonObject);
    if (value === undefined) continue;
    values.set(name, value);
    types.set(name, dynOf(value));
  }
  for (const { name, ident } of (test.typeEnv ?? []) as readonly { readonly name: string; readonly ident?: JsonObject }[]) {
    const type = ident === undefined ? undefined : typeOfJson(ident.type as JsonObject);
    if (type === undefined) types.delete(name);
    else types.set(name, type);
  }
  // a name of the container hides one of the whole
  for (const [name, type] of [...types]) {
    const value = values.get(name);
    if (container === '' || !name.startsWith(container)) continue;
    types.set(name.slice(container.length), type);
    if (value !== undefined) values.set(name.slice(container.length), value);
  }
  return { types, values };
}

/** @throws Fault when it is refused */
function build(test: JsonObject): Built {
  const lenient = test.disableCheck === true;
  const { types, values } = names(test);
  const expression = parse(test.expr as string);
  const compiled = (): Built => {
    const { term, type } = check(expression, scopeOf(types), lenient);
    return { term, type, program: canonical(term), values };
  };
  try {
    return compiled();
  } catch (fault) {
    // Where nothing is checked, a name that is not bound is an input without a value.
    const unbound =
      lenient && test.container === undefined && fault instanceof Fault && fault.slug === 'rule_name' ? UNBOUND.exec(fault.message)?.[1] : undefined;
    if (unbound === undefined || Object.hasOwn((test.bindings ?? {}) as object, unbound)) throw fault;
    types.set(unbound, { kind: 'dyn', bytes: 0 });
    return compiled();
  }
}

const foundIn = ({ program, values }: Pick<Built, 'program' | 'values'>): readonly Found[] =>
  program.inputs.map(({ path }): Found => {
    const value = values.get(path);
    return value === undefined ? { missing: 0 } : { value };
  });

/** What a test wants; undefined for a message or an enum. */
function wanted(test: JsonObject): Result | undefined {
  if (test.evalError !== undefined || test.anyEvalErrors !== undefined) return ERROR;
  const result = (test.typedResult as JsonObject | undefined)?.result ?? test.value;
  return result === undefined ? true : valueOf(result as JsonObject);
}

/** A type of which nothing is known is dyn in the end. */
function closed(type: Type): Type {
  if (type.kind === 'none') return dyn(0);
  if (type.kind === 'list') return list(closed(type.item), 0);
  return type.kind === 'map' ? map(closed(type.key), closed(type.value), 0) : type;
}

/** A value as a term. */
function literal(value: Value): Term {
  if (isList(value)) return apply('list', ...value.map(literal));
  if (isMap(value)) return apply('map', ...value.keys.flatMap((key, i) => [literal(key), literal(value.values[i])]));
  if (isTimestamp(value)) return apply('tots', constant(timestampText(value)));
  if (isDuration(value)) return apply('todur', constant(durationText(value)));
  if (typeof value === 'number' && !Number.isFinite(value)) return apply('todbl', constant(String(value)));
  return constant(value);
}

const IS_NAN = 21;

/** The module says by a bool whether the value is the one that is wanted, and of its kind. */
function asked(term: Term, value: Value): Term {
  const equal = Number.isNaN(value) ? applyMarked('call', IS_NAN, term) : apply('eq', term, literal(value));
  return apply('and', equal, apply('eq', apply('typeof', term), constant(typeValue(kindOf(value)))));
}

function runWasm({ term, values }: Built, expected: Result): Outcome {
  const program = canonical(expected === ERROR ? apply('eq', term, term) : typeof expected === 'boolean' ? term : asked(term, expected));
  const { memory, judge } = instantiate(emitWasm(program, analyse(program)));
  memory.set(encodeInputs(foundIn({ program, values })));
  const answer = judge();
  const right = expected === ERROR ? 1 : expected === false ? 0 : 2;
  return answer === right ? PASSED : { kind: 'failed', message: `answered ${answer}, ${right} expected` };
}

/** Compiles a test and runs it twice. */
export function runCase({ test }: Case): Outcomes {
  let built: Built;
  try {
    built = build(test);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const reason = REASONS.find(([, pattern]) => pattern.test(fault.message))?.[0] ?? `other: ${fault.slug}`;
    const refused: Outcome = { kind: 'refused', reason, message: fault.message };
    return { interpreter: refused, wasm: refused };
  }
  const deduced = (test.typedResult as JsonObject | undefined)?.deducedType as JsonObject | undefined;
  const type = deduced && typeOfJson(deduced);
  if (deduced !== undefined && (type === undefined || kindText(type) !== kindText(closed(built.type)))) {
    const failed: Outcome = { kind: 'failed', message: `has type ${kindText(built.type)}, ${JSON.stringify(deduced)} expected` };
    return { interpreter: failed, wasm: failed };
  }
  if (test.checkOnly === true) return { interpreter: PASSED, wasm: PASSED };
  const expected = wanted(test);
  if (expected === undefined) {
    const failed: Outcome = { kind: 'failed', message: 'a message or an enum is expected' };
    return { interpreter: failed, wasm: failed };
  }
  const result = evaluate(built.program, foundIn(built));
  const right = result === ERROR || expected === ERROR ? result === expected : same(result, expected);
  const interpreter: Outcome = right ? PASSED : { kind: 'failed', message: `gave ${printValue(result)}, ${printValue(expected)} expected` };
  try {
    return { interpreter, wasm: runWasm(built, expected) };
  } catch (error) {
    return { interpreter, wasm: { kind: 'failed', message: String(error) } };
  }
}
