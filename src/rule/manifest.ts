/**
 * Manifests: a rule as law, with everything that people decide about it. YAML is how they are written; the canonical
 * record (spec/rule-ir.md R-13) is what the machine stores and validators sign.
 */
import type { CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { DEPTH_MAX } from '../base/limit.ts';
import * as records from '../base/record.ts';
import { isPath } from './admit.ts';
import { GAS_DEFAULT, GAS_MAX, MEMORY_PAGES_DEFAULT, MEMORY_PAGES_MAX } from './cost.ts';
import { type Field, type Plain, readDocument } from './document.ts';
import { segments } from './input.ts';
import { fitsI64, INPUTS_MAX, PATH_BYTES_MAX } from './ir.ts';
import { windowMs } from './scope.ts';
import { SOURCE_BYTES_MAX } from './syntax.ts';
import { parseType } from './type.ts';
import { compareText } from './value.ts';

export const MODES = ['floor', 'enforce', 'observe'] as const;
export const LEVELS = ['BASIC', 'CONSTITUTIONAL', 'EMERGENCY', 'GENESIS'] as const;
export const FALLBACKS = ['deny', 'escalate'] as const;
export const EXPECTATIONS = ['pass', 'fail', 'error'] as const;
export type Mode = (typeof MODES)[number];
export type Level = (typeof LEVELS)[number];
export type Fallback = (typeof FALLBACKS)[number];
export type Expectation = (typeof EXPECTATIONS)[number];

/** A number that an amendment may move within bounds without touching the rule. */
export interface Param {
  readonly name: string;
  readonly value: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly step: bigint;
}

export interface DeclaredInput {
  readonly path: string;
  /** `string(64)`, `list(int, 8)`. */
  readonly type: string;
}

export interface RuleLimits {
  readonly gas: number;
  readonly memory_pages: number;
  readonly stack_words: number;
  readonly timeout_ms: number;
}

export interface RuleTest {
  readonly name: string;
  /** Nested by the segments of paths. */
  readonly given: CborMap;
  readonly expect: Expectation;
}

export interface Manifest {
  readonly name: string;
  readonly title: string;
  /** What would pass, in one sentence; may be empty. */
  readonly advice: string;
  /** Any of `all`, `facet.NAME`, `effect.NAME`, `tool.NAME`, `kind.NAME`. Sorted. */
  readonly scope: readonly string[];
  readonly mode: Mode;
  /** When observing ends, or null. */
  readonly until_ms: number | null;
  /** Whether a passing rule says allow. */
  readonly grants: boolean;
  /** Sorted by name. */
  readonly params: readonly Param[];
  /** Sorted by path. */
  readonly inputs: readonly DeclaredInput[];
  /** The expression. */
  readonly judge: string;
  /** The verdict where the expression is false. */
  readonly otherwise: Fallback;
  /** The verdict where it is an error. */
  readonly on_fault: Fallback;
  readonly level: Level;
  readonly limits: RuleLimits;
  readonly tests: readonly RuleTest[];
}

export const PARAMS_MAX = 32;
export const SCOPES_MAX = 128;
export const TESTS_MAX = 64;
export const TEXT_BYTES_MAX = 512;
export const LIMITS_DEFAULT: RuleLimits = { gas: GAS_DEFAULT, memory_pages: MEMORY_PAGES_DEFAULT, stack_words: 65_536, timeout_ms: 50 };

const EFFECTS = ['read', 'write', 'irreversible', 'opaque'];
const KINDS = ['tool.call', 'tool.list', 'tool.result', 'user.input'];
const SCOPE_HELP = 'a scope is all, facet.NAME, effect.NAME, tool.NAME or kind.NAME';

/** The problem of a scope item, or undefined. */
function scopeProblem(item: string): string | undefined {
  if (item === 'all') return undefined;
  const dot = item.indexOf('.');
  const name = item.slice(dot + 1);
  switch (item.slice(0, dot)) {
    case 'facet':
      return records.isName(name) ? undefined : `\`${name}\` is not the name of a facet`;
    case 'tool':
      return /^[^\s\p{Cc}]{1,128}$/u.test(name) ? undefined : `\`${name}\` is not the name of a tool`;
    case 'effect':
      return EFFECTS.includes(name) ? undefined : `an effect is one of ${EFFECTS.join(', ')}`;
    case 'kind':
      return KINDS.includes(name) ? undefined : `a kind is one of ${KINDS.join(', ')}`;
    default:
      return SCOPE_HELP;
  }
}

const short = records.text(TEXT_BYTES_MAX);
const paramField = records.record<Param>('a parameter', { name: records.name, value: records.i64, min: records.i64, max: records.i64, step: records.i64 });
const inputField = records.record<DeclaredInput>('an input', { path: records.text(PATH_BYTES_MAX), type: short });
const limitsField = records.record<RuleLimits>('limits', { gas: records.u53, memory_pages: records.u53, stack_words: records.u53, timeout_ms: records.u53 });
const testField = records.record<RuleTest>('a test', { name: short, given: records.value as records.Field<CborMap>, expect: records.choice(EXPECTATIONS) });

interface Stored extends Manifest {
  readonly version: number;
}

const manifestField = records.record<Stored>('a manifest', {
  version: records.constant(1) as records.Field<number>,
  name: records.name,
  title: short,
  advice: short,
  scope: records.list(short, SCOPES_MAX),
  mode: records.choice(MODES),
  until_ms: records.nullable(records.u53),
  grants: records.bool,
  params: records.list(paramField, PARAMS_MAX),
  inputs: records.list(inputField, INPUTS_MAX),
  judge: records.text(SOURCE_BYTES_MAX),
  otherwise: records.choice(FALLBACKS),
  on_fault: records.choice(FALLBACKS),
  level: records.choice(LEVELS),
  limits: limitsField,
  tests: records.list(testField, TESTS_MAX),
});

/** the law bytes of a manifest. */
export const encodeManifest = (manifest: Manifest): Uint8Array => records.encodeWith(manifestField, { version: 1, ...manifest });

/** @throws Fault cbor_*, rule_field */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const { version: _, ...manifest } = records.decodeWith(manifestField, bytes);
  const problem = manifestProblem(manifest);
  if (problem !== undefined) throw new Fault('rule_field', problem);
  return manifest;
}

/** What makes a well-typed manifest no manifest. The YAML reader finds these earlier, with their place. */
function manifestProblem(manifest: Manifest): string | undefined {
  const { scope, params, inputs, limits, tests } = manifest;
  if (scope.length === 0) return SCOPE_HELP;
  if (!ascending(scope)) return 'scopes out of order';
  if (!ascending(params.map((param) => param.name))) return 'parameters out of order';
  if (!ascending(inputs.map((input) => input.path))) return 'inputs out of order';
  for (const item of scope) if (scopeProblem(item) !== undefined) return scopeProblem(item);
  for (const param of params) if (paramProblem(param) !== undefined) return `parameter \`${param.name}\`: ${paramProblem(param)}`;
  for (const input of inputs) if (inputProblem(input.path) !== undefined) return inputProblem(input.path);
  for (const [name, [min, max]] of Object.entries(LIMIT_BOUNDS)) {
    const value = limits[name as keyof RuleLimits];
    if (value < min || value > max) return `limit \`${name}\` is from ${min} to ${max}`;
  }
  for (const test of tests)
    if (typeof test.given !== 'object' || test.given === null || Array.isArray(test.given) || test.given instanceof Uint8Array)
      return "a test's `given` is a map";
  return undefined;
}

const ascending = (names: readonly string[]): boolean => names.every((name, i) => i === 0 || compareText(names[i - 1], name) < 0);

const LIMIT_BOUNDS: Readonly<Record<keyof RuleLimits, readonly [number, number]>> = {
  gas: [1, GAS_MAX],
  memory_pages: [1, MEMORY_PAGES_MAX],
  stack_words: [1, 1_048_576],
  timeout_ms: [1, 60_000],
};

function paramProblem({ name, value, min, max, step }: Param): string | undefined {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) return 'a name is a-z, 0-9 and _';
  if (min > max) return 'min is over max';
  if (value < min || value > max) return `value is from ${min} to ${max}`;
  if (step < 1n) return 'step is at least 1';
  return undefined;
}

function inputProblem(path: string): string | undefined {
  if (!isPath(path) || path.includes('(')) return `\`${path}\` is not a path`;
  return /^(args|context)\./.test(path) ? undefined : `\`${path}\`: inputs are declared under \`args\` or \`context\`; all others are known`;
}

const FIELDS = [
  'rule',
  'title',
  'advice',
  'scope',
  'mode',
  'until',
  'grants',
  'params',
  'inputs',
  'judge',
  'otherwise',
  'on_fault',
  'level',
  'limits',
  'tests',
] as const;

/** A manifest with the place of its expression in the file. */
export interface ManifestText {
  readonly manifest: Manifest;
  /** The file's line and column of an offset in the expression. */
  locate(offset: number): { readonly line: number; readonly column: number };
}

/** Reads the YAML of one rule. @throws Fault rule_yaml, rule_field, rule_type, each with line and column */
export function parseManifest(source: string): ManifestText {
  const root = readDocument(source);
  const field = root.fields(FIELDS, 'a rule');
  const need = (name: (typeof FIELDS)[number]): Field => field[name] ?? root.fail(`\`${name}\` is missing`);
  const name = need('rule').text(TEXT_BYTES_MAX);
  if (!records.isName(name)) need('rule').fail(`\`${name}\` is not a name; use a-z, 0-9 and . _ / - after a letter, at most 64`);
  const judge = need('judge');
  const manifest: Manifest = {
    name,
    title: need('title').text(TEXT_BYTES_MAX),
    advice: field.advice?.text(TEXT_BYTES_MAX) ?? '',
    scope: readScope(need('scope')),
    mode: field.mode?.oneOf(MODES) ?? 'enforce',
    until_ms: field.until === undefined ? null : readDate(field.until),
    grants: field.grants?.bool() ?? false,
    params: readParams(field.params),
    inputs: readInputTypes(field.inputs),
    judge: judge.text(SOURCE_BYTES_MAX),
    otherwise: field.otherwise?.oneOf(FALLBACKS) ?? 'deny',
    on_fault: field.on_fault?.oneOf(FALLBACKS) ?? 'deny',
    level: field.level?.oneOf(LEVELS) ?? 'CONSTITUTIONAL',
    limits: readLimits(field.limits),
    tests: readTests(field.tests),
  };
  if (manifest.until_ms !== null && manifest.mode !== 'observe') need('until').fail('`until` is for `mode: observe`');
  return { manifest, locate: (offset) => judge.locate(offset) };
}

function readScope(field: Field): readonly string[] {
  const items = field.isList ? field.items() : [field];
  if (items.length === 0 || items.length > SCOPES_MAX) field.fail(`from 1 to ${SCOPES_MAX} scopes; ${SCOPE_HELP}`);
  const scopes = items.map((item) => {
    const text = item.text(TEXT_BYTES_MAX);
    const problem = scopeProblem(text);
    return problem === undefined ? text : item.fail(problem);
  });
  return [...new Set(scopes)].sort(compareText);
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?Z)?$/;

function readDate(field: Field): number {
  const match = DATE.exec(field.text(32));
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1).map((part) => Number(part ?? 0));
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (match === null || year < 1970 || month < 1 || month > 12 || day < 1 || day > days[month - 1] || hour > 23 || minute > 59 || second > 59) {
    return field.fail('a date such as 2027-01-31 or 2027-01-31T12:00:00Z is expected');
  }
  let count = day - 1;
  for (let m = 1; m < month; m++) count += days[m - 1];
  for (let y = 1970; y < year; y++) count += y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0) ? 366 : 365;
  return (((count * 24 + hour) * 60 + minute) * 60 + second) * 1_000;
}

function readParams(field: Field | undefined): readonly Param[] {
  const params = (field?.entries() ?? []).map(([name, entry]): Param => {
    const { type, value, min, max, step } = entry.fields(['type', 'value', 'min', 'max', 'step'] as const, 'a parameter');
    if (value === undefined) return entry.fail(`\`${entry.name}\` has no value`);
    type?.oneOf(['int'] as const);
    const integer = (of: Field | undefined, otherwise: bigint): bigint => {
      const number = of?.integer() ?? otherwise;
      return fitsI64(number) ? number : entry.fail('an integer past 64 bits');
    };
    const number = integer(value, 0n);
    const param = { name, value: number, min: integer(min, number), max: integer(max, number), step: integer(step, 1n) };
    const problem = paramProblem(param);
    return problem === undefined ? param : entry.fail(`\`${entry.name}\`: ${problem}`);
  });
  if (params.length > PARAMS_MAX) field?.fail(`at most ${PARAMS_MAX} parameters`);
  return params.sort((a, b) => compareText(a.name, b.name));
}

function readInputTypes(field: Field | undefined): readonly DeclaredInput[] {
  const inputs = (field?.entries() ?? []).map(([path, entry]): DeclaredInput => {
    const problem = inputProblem(path);
    if (problem !== undefined) return entry.fail(problem);
    const type = entry.text(TEXT_BYTES_MAX);
    try {
      parseType(type);
    } catch (fault) {
      if (fault instanceof Fault) entry.fail(fault.message, fault.slug);
      throw fault;
    }
    return { path, type };
  });
  if (inputs.length > INPUTS_MAX) field?.fail(`at most ${INPUTS_MAX} inputs`);
  return inputs.sort((a, b) => compareText(a.path, b.path));
}

function readLimits(field: Field | undefined): RuleLimits {
  const names = Object.keys(LIMIT_BOUNDS) as (keyof RuleLimits)[];
  const given = field?.fields(names, '`limits`') ?? {};
  const limits: Record<keyof RuleLimits, number> = { ...LIMITS_DEFAULT };
  for (const name of names) limits[name] = given[name]?.count(...LIMIT_BOUNDS[name]) ?? limits[name];
  return limits;
}

function readTests(field: Field | undefined): readonly RuleTest[] {
  const tests = (field?.items() ?? []).map((item, i): RuleTest => {
    const { name, given, expect } = item.fields(['name', 'given', 'expect'] as const, 'a test');
    if (expect === undefined) return item.fail('`expect` is missing: pass, fail or error');
    return { name: name?.text(TEXT_BYTES_MAX) ?? `test ${i + 1}`, given: given === undefined ? {} : readGiven(given), expect: expect.oneOf(EXPECTATIONS) };
  });
  if (tests.length > TESTS_MAX) field?.fail(`at most ${TESTS_MAX} tests`);
  return tests;
}

const SUM = /^agent\.sum\(\s*"?([^",\s]+)"?\s*,\s*"?([0-9a-z]+)"?\s*\)$/;

/** Dotted paths, nested maps and `agent.sum("money.amount", "24h")` become one nested map. */
function readGiven(field: Field): CborMap {
  const given: Record<string, Plain> = {};
  for (const [name, entry] of field.entries()) {
    const sum = SUM.exec(name);
    const window_ms = sum === null ? undefined : (windowMs(sum[2]) ?? Number(sum[2]));
    const path = sum === null ? segments(name) : ['agent', `sum(${sum[1]},${window_ms})`];
    merge(given, path, entry.plain(), entry);
    if (levels(given) > DEPTH_MAX) entry.fail(`more than ${DEPTH_MAX} levels`);
  }
  return given as CborMap;
}

function merge(into: Record<string, Plain>, path: readonly string[], value: Plain, field: Field): void {
  const [first, ...rest] = path;
  if (rest.length === 0 && !(isGroup(value) && isGroup(into[first]))) {
    if (Object.hasOwn(into, first)) field.fail(`\`${first}\` is given twice`);
    into[first] = isGroup(value) ? { ...value } : value;
    return;
  }
  if (!Object.hasOwn(into, first)) into[first] = {};
  const group = into[first];
  if (!isGroup(group)) return field.fail(`\`${first}\` is given twice`);
  if (rest.length > 0) return merge(group as Record<string, Plain>, rest, value, field);
  for (const [name, inner] of Object.entries(value as Record<string, Plain>)) merge(group as Record<string, Plain>, [name], inner, field);
}

function levels(value: Plain): number {
  if (typeof value !== 'object' || value === null) return 0;
  const below: readonly Plain[] = Object.values(value);
  return 1 + below.reduce<number>((most, one) => Math.max(most, levels(one)), 0);
}

const isGroup = (value: Plain | undefined): value is { readonly [key: string]: Plain } => typeof value === 'object' && value !== null && !Array.isArray(value);
