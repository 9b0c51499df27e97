/**
 * Rules in force (spec/genesis.md G-5): compiled, their inputs planned, ready to run. An expression has a program and its
 * wasm instance, a guest has its module.
 */
import { equal, type Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { INPUT_BYTES_MAX } from '../base/limit.ts';
import type { Effect } from '../facet/map.ts';
import { FACET_PATHS } from '../facet/version.ts';
import { type GuestRule as Compiled, compileRule, guestRule } from '../rule/compile.ts';
import type { Input, Program } from '../rule/ir.ts';
import { type InputWriter, planWriter, wasmOf } from '../rule/judge.ts';
import { type BreakerLimits, decodeManifest, type Manifest, type Mode } from '../rule/manifest.ts';
import { dataText, Guest } from '../vm/guest.ts';
import { RECORD_BYTES_MAX } from '../vm/host.ts';
import { type Instance, instantiate } from '../vm/run.ts';
import type { RuleLaw } from './genesis.ts';
import { type SumInput, sumOfPath } from './sum-input.ts';

/** What a rule's scope asks for; any one suffices. */
export interface Scope {
  readonly all: boolean;
  readonly tools: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
  readonly effects: ReadonlySet<Effect>;
  readonly money: boolean;
  readonly mail: boolean;
  readonly http: boolean;
  readonly fs: boolean;
  readonly net: boolean;
  readonly shell: boolean;
  readonly sql: boolean;
  readonly secret: boolean;
}

/** An input that the machine's state gives: it is kept as the entry's witness. */
export interface WitnessedInput {
  readonly path: string;
  readonly group: string;
  readonly key: string;
}

interface Rule {
  readonly index: number;
  readonly name: string;
  readonly manifest: Manifest;
  /** `H("rule", program bytes)`. */
  readonly id: Octets;
  readonly mode: Mode;
  /** 0: no end. */
  readonly until_ms: number;
  readonly otherwise: 'deny' | 'escalate';
  readonly on_fault: 'deny' | 'escalate';
  readonly grants: boolean;
  /** What an expression costs; the most that a guest may cost. */
  readonly gas: number;
  readonly breaker: BreakerLimits | null;
  readonly scope: Scope;
  readonly params: Readonly<Record<string, number | bigint>>;
  readonly inputs: readonly Input[];
  /** What a guest may ask the host for. */
  readonly reads: readonly Input[];
  /** Rules that it may call, and those that these may call, and so on. */
  readonly callees: readonly string[];
  /** Of its inputs and reads, and of those of its callees. */
  readonly witnessed: readonly WitnessedInput[];
  readonly sums: readonly SumInput[];
  readonly reads_flow: boolean;
  /** The flow facts that it reads itself: `dest_unknown`. */
  readonly flow_facts: ReadonlySet<string>;
  readonly write: InputWriter;
}

export interface ExpressionRule extends Rule {
  readonly program: Program;
  readonly instance: Instance;
  readonly module: null;
}

export interface GuestRule extends Rule {
  readonly program: null;
  readonly instance: null;
  /** The module as it was given. */
  readonly module: Uint8Array;
  readonly guest: Guest;
  /** Where its input is written, and its record after it; `view` shows the same bytes. */
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
}

export type ActiveRule = ExpressionRule | GuestRule;

/** D-2: how many of the session's last calls were this very call. */
export const REPEATS = 'session.repeats';

const MACHINE_PATHS: readonly (readonly [string, string])[] = [
  ['action.kind', 'string(64)'],
  ['action.server', 'string(256)'],
  ['action.name', 'string(256)'],
  ['agent.name', 'string(256)'],
  ['agent.assurance', 'int'],
  ['session.calls', 'int'],
  ['session.denied', 'int'],
  ['session.escalated', 'int'],
  ['session.age_ms', 'int'],
  [REPEATS, 'int'],
  ['session.labels', 'list(string(256), 16)'],
  ['now_ms', 'int'],
];

/** The paths that every rule may read without declaring them, with their types (D-2); facets add theirs. */
export const ENVIRONMENT: ReadonlyMap<string, string> = new Map([...MACHINE_PATHS, ...FACET_PATHS]);

/** Whether the machine's state, and not the action, gives this path: such inputs are kept as the entry's witness. */
const isWitnessed = (path: string): boolean => /^(agent|session|flow)\./.test(path);

function scopeOf(items: readonly string[]): Scope {
  const of = (prefix: string): Set<string> => new Set(items.filter((item) => item.startsWith(`${prefix}.`)).map((item) => item.slice(prefix.length + 1)));
  const facets = of('facet');
  return {
    all: items.includes('all'),
    tools: of('tool'),
    kinds: of('kind'),
    effects: of('effect') as Set<Effect>,
    money: facets.has('money'),
    mail: facets.has('mail'),
    http: facets.has('http'),
    fs: facets.has('fs'),
    net: facets.has('net'),
    shell: facets.has('shell'),
    sql: facets.has('sql'),
    secret: facets.has('secret'),
  };
}

/**
 * G-5: an expression of law is what its source compiles to, a guest the module that its manifest names, byte for byte.
 * @throws Fault rule_*
 */
export function activate(law: RuleLaw, index: number): ActiveRule {
  const manifest = decodeManifest(law.manifest);
  if (manifest.program !== null) {
    const guest = guestRule(manifest, law.program, ENVIRONMENT);
    const memory = new Uint8Array(INPUT_BYTES_MAX + RECORD_BYTES_MAX);
    return {
      ...ruleOf(manifest, index, guest.id, guest.gas, guest.inputs, guest.reads),
      program: null,
      instance: null,
      module: guest.module,
      guest: guestOf(guest),
      memory,
      view: new DataView(memory.buffer),
    };
  }
  const compiled = compileRule(manifest, ENVIRONMENT);
  if (!equal(compiled.bytes, law.program)) throw new Fault('rule_not_canonical', `rule ${manifest.name}: the program is not what its source compiles to`);
  const { program, id, gas, inputs } = compiled;
  return { ...ruleOf(manifest, index, id, gas, inputs, []), program, instance: instantiate(wasmOf(program)), module: null };
}

/** The guest of a rule, admitted and made ready. @throws Fault wasm_* where the module is refused, engine_failed */
export function guestOf({ manifest, module, inputs }: Compiled): Guest {
  const { name, program, limits, calls, reads, data } = manifest;
  if (program === null) throw new Fault('internal', `rule ${name} is an expression`);
  return new Guest({
    name,
    module,
    abi: program.abi,
    limits,
    inputs: inputs.map(({ path }) => path),
    hosts: program.hosts,
    calls,
    reads,
    data: data === null ? null : dataText(data),
  });
}

function ruleOf(manifest: Manifest, index: number, id: Octets, gas: number, inputs: readonly Input[], reads: readonly Input[]): Rule {
  const { name, mode, until_ms, otherwise, on_fault, grants, breaker, scope, params } = manifest;
  const paths = [...new Set([...inputs, ...reads].map((input) => input.path))];
  return {
    index,
    name,
    manifest,
    id,
    mode,
    until_ms: until_ms ?? 0,
    otherwise,
    on_fault,
    grants,
    gas,
    breaker,
    scope: scopeOf(scope),
    params: Object.fromEntries(params.map((param) => [param.name, param.value])),
    inputs,
    reads,
    callees: [],
    witnessed: paths.filter(isWitnessed).map((path) => ({ path, group: path.slice(0, path.indexOf('.')), key: path.slice(path.indexOf('.') + 1) })),
    sums: paths.flatMap((path) => sumOfPath(path) ?? []),
    reads_flow: paths.some((path) => path.startsWith('flow.')),
    flow_facts: new Set(paths.filter((path) => path.startsWith('flow.')).map((path) => path.slice('flow.'.length))),
    write: planWriter(inputs),
  };
}

/** D-9: what a rule's callees read counts as read by it. @throws Fault rule_unknown for a call of no rule */
export function linkCalls(rules: readonly ActiveRule[]): readonly ActiveRule[] {
  const named = new Map(rules.map((rule) => [rule.name, rule]));
  return rules.map((rule) => {
    if (rule.manifest.calls.length === 0) return rule;
    const callees = new Set<ActiveRule>();
    const visit = (caller: ActiveRule): void => {
      for (const name of caller.manifest.calls) {
        const callee = named.get(name);
        if (callee === undefined) throw new Fault('rule_unknown', `rule ${caller.name} may call \`${name}\`, and no rule has this name`);
        if (callees.has(callee)) continue;
        callees.add(callee);
        visit(callee);
      }
    };
    visit(rule);
    const all = [rule, ...callees];
    return {
      ...rule,
      callees: [...callees].flatMap(({ name }) => (name === rule.name ? [] : [name])),
      witnessed: [...new Map(all.flatMap(({ witnessed }) => witnessed).map((input) => [input.path, input])).values()],
      sums: [...new Map(all.flatMap(({ sums }) => sums).map((sum) => [`${sum.whose}.${sum.key}`, sum])).values()],
      reads_flow: all.some(({ reads_flow }) => reads_flow),
    };
  });
}
