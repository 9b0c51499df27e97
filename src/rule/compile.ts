/** From a manifest to the program that is its meaning, with what it costs and what it reads. */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { INPUT_BYTES_MAX } from '../base/limit.ts';
import { suggestion } from '../base/nearest.ts';
import { sha256 } from '../crypto/hash.ts';
import { admit, checkInputs, isPath, prefixes } from './admit.ts';
import { canonical } from './canonical.ts';
import { bounded } from './cost.ts';
import { encodeInputs, find, inputBytesMax, type Source } from './input.ts';
import { FAILED, judge, TRUE } from './interpret.ts';
import { encodeProgram, type Input, type Program, programId } from './ir.ts';
import { lowerCondition } from './lower.ts';
import type { Expectation, Manifest, RuleTest } from './manifest.ts';
import { type ManifestText, parseManifest, type ReadModule } from './manifest-source.ts';
import { parse } from './parse.ts';
import { type Scope, SUM_UNITS, scopeOf, WINDOW_MS_MAX } from './scope.ts';
import { INT, type Type } from './type.ts';
import { parseType } from './type-text.ts';
import { compareText } from './value.ts';

/** The paths that every rule may read, with the text of their types; the machine says which. */
export type Environment = ReadonlyMap<string, string>;

export interface Compiled {
  readonly manifest: Manifest;
  readonly program: Program;
  /** The program's canonical bytes. */
  readonly bytes: Uint8Array;
  /** H("rule", bytes). */
  readonly id: Octets;
  /** The constant that each judgement costs. */
  readonly gas: number;
  readonly arena_bytes: number;
  /** What it reads, in the order of the input buffer. */
  readonly inputs: readonly Input[];
}

/** A rule whose program is a wasm module (spec/guest.md). */
export interface GuestRule {
  readonly manifest: Manifest;
  /** As it was given. */
  readonly module: Uint8Array;
  /** H("rule", module). */
  readonly id: Octets;
  /** The most that a judgement costs: its limit. */
  readonly gas: number;
  /** What is written for it, in the order of the input buffer: what it declares and what it uses. */
  readonly inputs: readonly Input[];
  /** What it may ask the host for as it runs, by path. */
  readonly reads: readonly Input[];
}

/** Groups whose integers are no amounts. */
const NOT_SUMMED: ReadonlySet<string> = new Set(['action', 'agent', 'session', 'params', 'args', 'context', 'flow']);

/** The names that a rule may read: the environment's, its parameters, its declared inputs. */
export function scopeFor(manifest: Manifest, environment: Environment): Scope {
  const paths = new Map<string, Type>();
  const sums = new Set<string>(SUM_UNITS);
  for (const [path, text] of environment) {
    if (!isPath(path)) throw new Fault('config', `the environment's \`${path}\` is not a path`);
    const type = parseType(text);
    paths.set(path, type);
    const dot = path.indexOf('.');
    if (type.kind === 'int' && dot > 0 && !NOT_SUMMED.has(path.slice(0, dot))) sums.add(path);
  }
  for (const { name } of manifest.params) paths.set(`params.${name}`, INT);
  for (const { path, type } of manifest.inputs) {
    if (paths.has(path)) throw new Fault('rule_field', `\`${path}\` is known already; do not declare it`);
    paths.set(path, parseType(type));
  }
  for (const { path } of manifest.inputs) {
    const outer = prefixes(path).find((prefix) => paths.has(prefix));
    if (outer !== undefined) throw new Fault('rule_field', `input \`${path}\` lies within \`${outer}\`; declare one of them`);
  }
  return scopeOf(paths, sums);
}

/**
 * The program of a manifest. Places in faults are those of the expression's own text.
 * @throws Fault rule_syntax, rule_name, rule_type, rule_unsupported, rule_bound, rule_field
 */
export function compileRule(manifest: Manifest, environment: Environment): Compiled {
  const expression = parse(manifest.judge);
  const term = lowerCondition(expression, scopeFor(manifest, environment), 'the expression of the rule');
  const bytes = encodeProgram(canonical(term));
  const { program, analysis, id } = admit(bytes, manifest.limits);
  return { manifest, program, bytes, id, gas: analysis.gas, arena_bytes: analysis.arena_bytes, inputs: program.inputs };
}

/**
 * The rule of a manifest with a program. The module itself is not looked at.
 * @throws Fault rule_field when the module is another than the manifest names, rule_name for an unknown path, rule_bound
 */
export function guestRule(manifest: Manifest, module: Uint8Array, environment: Environment): GuestRule {
  const { program, limits } = manifest;
  if (program === null || program.module !== sha256(module)) throw new Fault('rule_field', 'the module is not the one that the manifest names');
  const scope = scopeFor(manifest, environment);
  const declared = manifest.inputs.map(({ path, type }): Input => ({ path, type: parseType(type) }));
  const inputs = [...declared, ...program.uses.map((path) => knownInput('uses', path, scope))].sort((a, b) => compareText(a.path, b.path));
  checkInputs(inputs);
  bounded(inputBytesMax(inputs), INPUT_BYTES_MAX, 'bytes of inputs');
  const reads = manifest.reads.map((path) => knownInput('reads', path, scope));
  return { manifest, module, id: programId(module), gas: limits.gas, inputs, reads };
}

const SUM = /^(?:agent|session)\.sum\((.+),(\d+)\)$/;

function knownInput(list: 'uses' | 'reads', path: string, scope: Scope): Input {
  const type = scope.paths.get(path);
  if (type !== undefined) return { path, type };
  const sum = SUM.exec(path);
  if (sum === null) throw new Fault('rule_name', `\`${list}\`: \`${path}\` is not a known path${suggestion(path, scope.paths.keys())}`);
  if (!scope.sums.has(sum[1])) throw new Fault('rule_name', `\`${list}\`: \`${sum[1]}\` cannot be summed${suggestion(sum[1], scope.sums)}`);
  if (Number(sum[2]) > WINDOW_MS_MAX) throw new Fault('rule_bound', `\`${list}\`: the window of \`${path}\` is too long`);
  return { path, type: INT };
}

/** The same from YAML: places in faults are those of the file. @throws Fault also rule_yaml */
export function compileText(source: string, environment: Environment): Compiled {
  const { manifest, locate } = parseManifest(source);
  return located(locate, () => compileRule(manifest, environment));
}

/**
 * The rule of a YAML text, an expression or a guest; a guest has a `module`.
 * @throws Fault as `compileText` and `guestRule`; what `readModule` throws
 */
export function readRule(source: string, environment: Environment, readModule: ReadModule): Compiled | GuestRule {
  const { manifest, module, locate } = parseManifest(source, readModule);
  return located(locate, () => (module === null ? compileRule(manifest, environment) : guestRule(manifest, module, environment)));
}

/** A fault of `work` gets the place in the file. */
function located<T>(locate: ManifestText['locate'], work: () => T): T {
  try {
    return work();
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const { offset, problem } = fault.context;
    const { line, column } = locate(typeof offset === 'number' ? offset : 0);
    throw new Fault(fault.slug, `${line}:${column} ${typeof problem === 'string' ? problem : fault.message}`, { ...fault.context, line, column });
  }
}

export interface TestResult {
  readonly test: RuleTest;
  readonly got: Expectation;
  readonly passed: boolean;
}

/** The source that a test gives: its own values, and the manifest's parameters where it gives none. */
export function testSource(manifest: Manifest, test: RuleTest): Source {
  const given = test.given as Source;
  const params = Object.fromEntries(manifest.params.map((param) => [param.name, param.value]));
  return { ...given, params: { ...params, ...(given.params as Source | undefined) } };
}

/** Runs the manifest's own tests on the interpreter. */
export function runTests({ manifest, program, inputs }: Compiled): readonly TestResult[] {
  return manifest.tests.map((test) => {
    const source = testSource(manifest, test);
    const found = inputs.map((input) => find(input, source));
    if (encodeInputs(found).length > INPUT_BYTES_MAX) throw new Fault('internal', 'an input buffer over its bound');
    const answer = judge(program, found);
    const got: Expectation = answer === TRUE ? 'pass' : answer === FAILED ? 'error' : 'fail';
    return { test, got, passed: got === test.expect };
  });
}
