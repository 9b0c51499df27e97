/**
 * Manifests: a rule as law, with everything that people decide about it. YAML is how they are written; the canonical
 * record (spec/rule-ir.md R-13) is what the machine stores and validators sign.
 */
import type { Octets } from '../base/bytes.ts';
import { type Cbor, type CborMap, Reader } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { RULES_MAX } from '../base/limit.ts';
import { suggestion } from '../base/nearest.ts';
import * as records from '../base/record.ts';
import { isPath } from './admit.ts';
import { GAS_DEFAULT, GAS_MAX, MEMORY_PAGES_DEFAULT, MEMORY_PAGES_MAX } from './cost.ts';
import { INPUTS_MAX, PATH_BYTES_MAX } from './ir.ts';
import { OBLIGATIONS_MAX, type Obligation, obligationField, obligationProblem } from './obligation.ts';
import { SOURCE_BYTES_MAX } from './syntax.ts';
import { compareText } from './value.ts';

export { applyObligations, type Obligation, obligationValue } from './obligation.ts';

export const MODES = ['floor', 'enforce', 'observe'] as const;
export const LEVELS = ['BASIC', 'CONSTITUTIONAL', 'EMERGENCY', 'GENESIS'] as const;
export const FALLBACKS = ['deny', 'escalate'] as const;
export const EXPECTATIONS = ['pass', 'fail', 'error'] as const;
/** How a guest is called (spec/guest.md); append-only. */
export const ABIS = ['buffer', 'opa', 'wapc'] as const;
/** Host functions that a guest may use (spec/guest.md); append-only. */
export const HOSTS = ['hash', 'verify', 'read', 'oracle', 'call', 'log'] as const;
export type Mode = (typeof MODES)[number];
export type Level = (typeof LEVELS)[number];
export type Fallback = (typeof FALLBACKS)[number];
export type Expectation = (typeof EXPECTATIONS)[number];
export type Abi = (typeof ABIS)[number];
export type HostName = (typeof HOSTS)[number];

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

/** A rule that is a wasm module instead of an expression. */
export interface Guest {
  readonly abi: Abi;
  /** SHA-256 of the module as it was given. */
  readonly module: Octets;
  /** Known paths that it gets beside its declared inputs. Sorted. */
  readonly uses: readonly string[];
  /** In the order of HOSTS. */
  readonly hosts: readonly HostName[];
}

/** When a rule that ends in errors is not asked for a while (spec/decision.md D-11). */
export interface BreakerLimits {
  /** Faults within the window that open it. */
  readonly faults: number;
  readonly window_ms: number;
  /** How long it stays open the first time; twice as long each time that it opens again without having closed. */
  readonly open_ms: number;
  /** Decisions that must end without a fault before it closes. */
  readonly probes: number;
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
  /** The expression; empty where the rule is a guest. */
  readonly judge: string;
  /** The verdict where the rule says no. */
  readonly otherwise: Fallback;
  /** The verdict where it ends in an error or a trap. */
  readonly on_fault: Fallback;
  readonly level: Level;
  readonly limits: RuleLimits;
  readonly tests: readonly RuleTest[];
  /** null where the rule is an expression. */
  readonly program: Guest | null;
  /** Rules that a guest may call. Sorted. */
  readonly calls: readonly string[];
  /** Paths of the state that a guest may read. Sorted. */
  readonly reads: readonly string[];
  /** null: only trips of validators open its breaker. */
  readonly breaker: BreakerLimits | null;
  /** D-18: where it says no the call is allowed under these; none: `otherwise`. */
  readonly obligations: readonly Obligation[];
  /** A constant document for guests that take one; null for none. */
  readonly data: Cbor;
}

export const PARAMS_MAX = 32;
export const SCOPES_MAX = 128;
export const TESTS_MAX = 64;
export const READS_MAX = 64;
export const TEXT_BYTES_MAX = 512;
export const LIMITS_DEFAULT: RuleLimits = { gas: GAS_DEFAULT, memory_pages: MEMORY_PAGES_DEFAULT, stack_words: 65_536, timeout_ms: 50 };

/** Effects and kinds of actions that a scope may name. */
export const EFFECTS = ['read', 'write', 'irreversible', 'opaque'];
export const KINDS = [
  'tool.call',
  'tool.list',
  'tool.result',
  'user.input',
  'resource.read',
  'prompt.get',
  'sampling.create',
  'elicitation.create',
  'model.call',
  'model.result',
  'agent.start',
  'agent.output',
  'agent.stop',
];
export const SCOPE_HELP = 'a scope is all, facet.NAME, effect.NAME, tool.NAME or kind.NAME';

/** The problem of a scope item, or undefined. */
export function scopeProblem(item: string): string | undefined {
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
      return `${SCOPE_HELP}${suggestion(item.slice(0, Math.max(dot, 0)), ['facet', 'effect', 'tool', 'kind'])}`;
  }
}

const short = records.text(TEXT_BYTES_MAX);
const paramField = records.record<Param>('a parameter', { name: records.name, value: records.i64, min: records.i64, max: records.i64, step: records.i64 });
const inputField = records.record<DeclaredInput>('an input', { path: records.text(PATH_BYTES_MAX), type: short });
const limitsField = records.record<RuleLimits>('limits', { gas: records.u53, memory_pages: records.u53, stack_words: records.u53, timeout_ms: records.u53 });
const testField = records.record<RuleTest>('a test', { name: short, given: records.value as records.Field<CborMap>, expect: records.choice(EXPECTATIONS) });

const guestField = records.record<Guest>('a program', {
  abi: records.choice(ABIS),
  module: records.hash32,
  uses: records.list(records.text(PATH_BYTES_MAX), INPUTS_MAX),
  hosts: records.list(records.choice(HOSTS), HOSTS.length),
});
const breakerField = records.record<BreakerLimits>('a breaker', { faults: records.u53, window_ms: records.u53, open_ms: records.u53, probes: records.u53 });

type Later = Pick<Manifest, 'program' | 'calls' | 'reads' | 'breaker' | 'obligations' | 'data'>;
type First = Omit<Manifest, keyof Later>;
interface Versioned {
  readonly version: number;
}

const FIRST_FIELDS: records.Shape<First> = {
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
};
const LATER_FIELDS: records.Shape<Later> = {
  program: records.nullable(guestField),
  calls: records.list(records.name, RULES_MAX),
  reads: records.list(records.text(PATH_BYTES_MAX), READS_MAX),
  breaker: records.nullable(breakerField),
  obligations: records.list(obligationField, OBLIGATIONS_MAX),
  data: records.value,
};
/** What a manifest of version 1 says of the later fields. */
const WITHOUT: Later = { program: null, calls: [], reads: [], breaker: null, obligations: [], data: null };

const version = (number: number): records.Field<number> => records.constant(number);
const firstField = records.record<First & Versioned>('a manifest', { version: version(1), ...FIRST_FIELDS });
const secondField = records.record<Manifest & Versioned>('a manifest', { version: version(2), ...FIRST_FIELDS, ...LATER_FIELDS });

/** the lowest version that holds the manifest. */
const versionOf = ({ program, calls, reads, breaker, obligations, data }: Manifest): 1 | 2 =>
  program === null && calls.length === 0 && reads.length === 0 && breaker === null && obligations.length === 0 && data === null ? 1 : 2;

/** the law bytes of a manifest. */
export const encodeManifest = (manifest: Manifest): Uint8Array =>
  versionOf(manifest) === 1 ? records.encodeWith(firstField, { version: 1, ...manifest }) : records.encodeWith(secondField, { version: 2, ...manifest });

/** @throws Fault cbor_*, rule_field */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const reader = new Reader(bytes);
  reader.array();
  const given = reader.uint();
  const { version: _, ...rest } = given === 2 ? records.decodeWith(secondField, bytes) : records.decodeWith(firstField, bytes);
  const manifest = { ...WITHOUT, ...rest };
  if (versionOf(manifest) !== given) throw new Fault('rule_field', `a manifest of version ${given} that version 1 holds`);
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
  for (const obligation of manifest.obligations) {
    const problem = obligationProblem(obligation);
    if (problem !== undefined) return `an obligation: ${problem}`;
  }
  return dataProblem(manifest) ?? guestProblem(manifest) ?? (manifest.breaker === null ? undefined : breakerProblem(manifest.breaker));
}

/** Bytes of the canonical document of a rule. */
export const DATA_BYTES_MAX = 65_536;

export function dataProblem({ data, program }: Pick<Manifest, 'data' | 'program'>): string | undefined {
  if (data === null) return undefined;
  if (program === null || program.abi === 'buffer') return '`data` is for programs of abi opa and wapc';
  return records.encodeWith(records.value, data).length > DATA_BYTES_MAX ? `\`data\` has at most ${DATA_BYTES_MAX} bytes` : undefined;
}

/** What a guest needs and an expression cannot have. */
export function guestProblem({ name, judge, program, calls, reads }: Manifest): string | undefined {
  if (program === null) {
    if (judge === '') return 'a rule has an expression or a program';
    return calls.length === 0 && reads.length === 0 ? undefined : 'an expression calls no rules and reads no state';
  }
  const { uses, hosts } = program;
  if (judge !== '') return 'a rule has an expression or a program, not both';
  if (!ascending(uses) || !ascending(calls) || !ascending(reads)) return 'uses, calls or reads out of order';
  if (hosts.some((host, i) => i > 0 && HOSTS.indexOf(hosts[i - 1]) >= HOSTS.indexOf(host))) return 'host functions out of order';
  for (const path of [...uses, ...reads]) if (!isPath(path)) return `\`${path}\` is not a path`;
  if (calls.includes(name)) return 'a rule cannot call itself';
  if (hosts.includes('call') !== calls.length > 0) return '`calls` names the rules that the host function `call` may call; one needs the other';
  if (hosts.includes('read') !== reads.length > 0) return '`reads` names the paths that the host function `read` may read; one needs the other';
  return undefined;
}

export const BREAKER_BOUNDS: Readonly<Record<keyof BreakerLimits, readonly [number, number]>> = {
  faults: [1, 64],
  window_ms: [1_000, 86_400_000],
  open_ms: [1_000, 86_400_000],
  probes: [1, 64],
};
export const BREAKER_DEFAULT: BreakerLimits = { faults: 5, window_ms: 60_000, open_ms: 30_000, probes: 3 };

function breakerProblem(breaker: BreakerLimits): string | undefined {
  const wrong = Object.entries(BREAKER_BOUNDS).find(
    ([name, [min, max]]) => breaker[name as keyof BreakerLimits] < min || breaker[name as keyof BreakerLimits] > max,
  );
  return wrong === undefined ? undefined : `breaker \`${wrong[0]}\` is from ${wrong[1][0]} to ${wrong[1][1]}`;
}

const ascending = (names: readonly string[]): boolean => names.every((name, i) => i === 0 || compareText(names[i - 1], name) < 0);

export const LIMIT_BOUNDS: Readonly<Record<keyof RuleLimits, readonly [number, number]>> = {
  gas: [1, GAS_MAX],
  memory_pages: [1, MEMORY_PAGES_MAX],
  stack_words: [1, 1_048_576],
  timeout_ms: [1, 60_000],
};

export function paramProblem({ name, value, min, max, step }: Param): string | undefined {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) return 'a name is a-z, 0-9 and _';
  if (min > max) return 'min is over max';
  if (value < min || value > max) return `value is from ${min} to ${max}`;
  if (step < 1n) return 'step is at least 1';
  return undefined;
}

export function inputProblem(path: string): string | undefined {
  if (!isPath(path) || path.includes('(')) return `\`${path}\` is not a path`;
  return /^(args|context)(\.|$)/.test(path) ? undefined : `\`${path}\`: inputs are declared under \`args\` or \`context\`; all others are known`;
}
