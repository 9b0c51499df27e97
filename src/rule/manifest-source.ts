/** The YAML of a manifest (docs/rules.md): how people write rules. Every refusal has its line and column. */
import type { Cbor, CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { DEPTH_MAX, RULES_MAX } from '../base/limit.ts';
import { isName } from '../base/record.ts';
import { sha256 } from '../crypto/hash.ts';
import { isPath } from './admit.ts';
import { type Field, type Plain, readDocument } from './document.ts';
import { segments } from './input.ts';
import { fitsI64, INPUTS_MAX } from './ir.ts';
import {
  ABIS,
  BREAKER_BOUNDS,
  BREAKER_DEFAULT,
  type BreakerLimits,
  type DeclaredInput,
  dataProblem,
  EXPECTATIONS,
  FALLBACKS,
  type Guest,
  guestProblem,
  HOSTS,
  inputProblem,
  LEVELS,
  LIMIT_BOUNDS,
  LIMITS_DEFAULT,
  type Manifest,
  MODES,
  PARAMS_MAX,
  type Param,
  paramProblem,
  READS_MAX,
  type RuleLimits,
  type RuleTest,
  SCOPE_HELP,
  SCOPES_MAX,
  scopeProblem,
  TESTS_MAX,
  TEXT_BYTES_MAX,
} from './manifest.ts';
import { readObligations } from './obligation-source.ts';
import { windowMs } from './scope.ts';
import { SOURCE_BYTES_MAX } from './syntax.ts';
import { parseType } from './type-text.ts';
import { compareText } from './value.ts';

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
  'program',
  'abi',
  'uses',
  'hosts',
  'calls',
  'reads',
  'otherwise',
  'on_fault',
  'level',
  'limits',
  'breaker',
  'obligations',
  'data',
  'tests',
] as const;
/** What only a rule with a program has. */
const GUEST_FIELDS = ['abi', 'uses', 'hosts', 'calls', 'reads'] as const;

type Fields = Partial<Record<(typeof FIELDS)[number], Field>>;

/** The bytes of the module that `program:` names, relative to the rule's file. */
export type ReadModule = (file: string) => Uint8Array | undefined;

/** A manifest with the place of its expression in the file. */
export interface ManifestText {
  readonly manifest: Manifest;
  /** The module of a guest, as it was given. */
  readonly module: Uint8Array | null;
  /** The file's line and column of an offset in the expression. */
  locate(offset: number): { readonly line: number; readonly column: number };
}

/**
 * Reads the YAML of one rule; `readModule` gives the file of a rule with a program.
 * @throws Fault rule_yaml, rule_field, rule_type, each with line and column; what `readModule` throws
 */
export function parseManifest(source: string, readModule?: ReadModule): ManifestText {
  const root = readDocument(source);
  const field = root.fields(FIELDS, 'a rule');
  const need = (name: (typeof FIELDS)[number]): Field => field[name] ?? root.fail(`\`${name}\` is missing`);
  const name = need('rule').text(TEXT_BYTES_MAX);
  if (!isName(name)) need('rule').fail(`\`${name}\` is not a name; use a-z, 0-9 and . _ / - after a letter, at most 64`);
  const { judge } = field;
  const module = field.program === undefined ? null : moduleOf(field.program, readModule);
  if (judge === undefined && module === null) root.fail('`judge` is missing: an expression, or `program` with the file of a wasm module');
  if (judge !== undefined && module !== null) judge.fail('a rule has `judge` or `program`, not both');
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
    judge: judge?.text(SOURCE_BYTES_MAX) ?? '',
    otherwise: field.otherwise?.oneOf(FALLBACKS) ?? 'deny',
    on_fault: field.on_fault?.oneOf(FALLBACKS) ?? 'deny',
    level: field.level?.oneOf(LEVELS) ?? 'CONSTITUTIONAL',
    limits: readLimits(field.limits),
    tests: readTests(field.tests),
    program: readGuest(field, module),
    calls: readPaths(field.calls, RULES_MAX, 'rules', (text) => (isName(text) ? text : undefined), 'not the name of a rule'),
    reads: readPaths(field.reads, READS_MAX, 'paths', knownPath, 'not a path'),
    breaker: field.breaker === undefined ? null : readBreaker(field.breaker),
    obligations: readObligations(field.obligations),
    data: field.data === undefined ? null : (field.data.plain() as Cbor),
  };
  const wrong = dataProblem(manifest);
  if (wrong !== undefined) (field.data ?? root).fail(wrong);
  const problem = guestProblem(manifest);
  if (problem !== undefined) (field.hosts ?? field.calls ?? field.reads ?? root).fail(problem);
  if (manifest.until_ms !== null && manifest.mode !== 'observe') need('until').fail('`until` is for `mode: observe`');
  return { manifest, module, locate: (offset) => (judge ?? field.uses ?? root).locate(offset) };
}

function moduleOf(program: Field, readModule: ReadModule | undefined): Uint8Array {
  const file = program.text(TEXT_BYTES_MAX);
  if (readModule === undefined) return program.fail(`\`${file}\` is a file, and none can be read here`);
  return readModule(file) ?? program.fail(`there is no file \`${file}\` beside the rule; \`avactl rules build\` makes it from its source`);
}

function readGuest(field: Fields, module: Uint8Array | null): Guest | null {
  if (module === null) {
    const stray = GUEST_FIELDS.find((name) => field[name] !== undefined);
    if (stray !== undefined) field[stray]?.fail(`\`${stray}\` is for rules with a \`program\``);
    return null;
  }
  const hosts = field.hosts?.items().map((item) => item.oneOf(HOSTS)) ?? [];
  return {
    abi: field.abi?.oneOf(ABIS) ?? 'buffer',
    module: sha256(module),
    uses: readPaths(field.uses, INPUTS_MAX, 'paths', knownPath, 'not a path'),
    hosts: HOSTS.filter((host) => hosts.includes(host)),
  };
}

/** Texts in bytewise order, each once. */
function readPaths(field: Field | undefined, max: number, what: string, valid: (text: string) => string | undefined, problem: string): readonly string[] {
  const paths = (field?.items() ?? []).map((item) => {
    const text = item.text(TEXT_BYTES_MAX);
    return valid(text) ?? item.fail(`\`${text}\` is ${problem}`);
  });
  if (paths.length > max) field?.fail(`at most ${max} ${what}`);
  return [...new Set(paths)].sort(compareText);
}

/** The path of a text; `agent.sum("money.amount", "24h")` is one, too. */
function knownPath(text: string): string | undefined {
  const path = sumPath(text)?.join('.') ?? text;
  return isPath(path) ? path : undefined;
}

function readBreaker(field: Field): BreakerLimits {
  const given = field.fields(['faults', 'window', 'open', 'probes'] as const, '`breaker`');
  const span = (of: Field | undefined, name: 'window_ms' | 'open_ms'): number => {
    const [min, max] = BREAKER_BOUNDS[name];
    const span_ms = of === undefined ? BREAKER_DEFAULT[name] : windowMs(of.text(32));
    return span_ms !== undefined && span_ms >= min && span_ms <= max
      ? span_ms
      : (of ?? field).fail(`\`${of?.name}\` is a time from 1s to 1d, such as 90s or 5m`);
  };
  return {
    faults: given.faults?.count(...BREAKER_BOUNDS.faults) ?? BREAKER_DEFAULT.faults,
    window_ms: span(given.window, 'window_ms'),
    open_ms: span(given.open, 'open_ms'),
    probes: given.probes?.count(...BREAKER_BOUNDS.probes) ?? BREAKER_DEFAULT.probes,
  };
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

const SUM = /^(agent|session)\.sum\(\s*"?([^",\s]+)"?\s*,\s*"?([0-9a-z]+)"?\s*\)$/;

/** The path of `agent.sum("money.amount", "24h")`, or undefined for another text. */
function sumPath(text: string): readonly [string, string] | undefined {
  const sum = SUM.exec(text);
  return sum === null ? undefined : [sum[1], `sum(${sum[2]},${windowMs(sum[3]) ?? Number(sum[3])})`];
}

/** Dotted paths, nested maps and `agent.sum("money.amount", "24h")` become one nested map. */
function readGiven(field: Field): CborMap {
  const given: Record<string, Plain> = {};
  for (const [name, entry] of field.entries()) {
    const path = sumPath(name) ?? segments(name);
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
