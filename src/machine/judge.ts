/** Judging (spec/decision.md): the rules in scope run on their inputs, and their answers join. */
import { EMPTY, type Octets } from '../base/bytes.ts';
import type { Cbor, CborMap } from '../base/cbor.ts';
import { tagged } from '../crypto/hash.ts';
import type { Facets } from '../facet/facet.ts';
import type { Law } from '../law/law.ts';
import type { ActiveRule, GuestRule } from '../law/rule.ts';
import { ABSENT, encodeInputs, type Source, writeInputs } from '../rule/input.ts';
import type { Mode } from '../rule/manifest.ts';
import type { Answers, Budget, Judged } from '../vm/host.ts';
import { trapOf, trapResult } from '../vm/trap.ts';
import type { Cause, Reason, ReasonValue, Verdict } from './receipt.ts';
import type { HeldOf, Standings } from './standing.ts';

export { type Held, type HeldOf, type Standings, UNTOUCHED } from './standing.ts';

/** What a decision's source is made of, beside the facets. */
export interface Given {
  readonly action: { readonly kind: string; readonly server: string | null; readonly name: string };
  readonly args: CborMap;
  readonly context: CborMap | undefined;
  readonly agent: Record<string, unknown>;
  readonly session: Record<string, unknown>;
  readonly flow: Record<string, unknown> | undefined;
  readonly now_ms: number;
}

/** D-2: everything that a rule may read, nested by path. Absent groups are undefined. */
export interface JudgeSource extends Given, Record<string, unknown> {
  /** Of the rule that runs. */
  params: Readonly<Record<string, number | bigint>>;
}

const NO_PARAMS = {};
/** D-2: a context that was not given is an empty one: a rule may ask whether it says something. */
const NO_CONTEXT: CborMap = {};

/** The source of a decision. `params` is set for each rule as it runs. */
export function sourceOf(given: Given, facets: Facets): JudgeSource {
  const { action, args, context, agent, session, flow, now_ms } = given;
  const { effect, egress, money, mail, http, net, fs, shell, sql, secret } = facets;
  return {
    action,
    args,
    context: context ?? NO_CONTEXT,
    agent,
    session,
    flow,
    now_ms,
    params: NO_PARAMS,
    effect,
    egress,
    money,
    mail,
    http,
    net,
    fs,
    shell,
    sql,
    secret,
  };
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly enforced: boolean;
  readonly reasons: readonly Reason[];
  readonly gas: number;
  readonly inputs_hash: Octets;
  readonly trace: Octets;
}

/** D-5: what a rule gave: 0 false, 1 error, 2 true; 3 its breaker was open, 4 it was halted: it did not run; 16 + t the trap t. */
export const RESULT = { false: 0, error: 1, true: 2, breaker: 3, halt: 4, trap: 16 } as const;
const CAUSE: readonly (Cause | null)[] = ['failed', 'fault', null, 'breaker', 'halt'];
const TRAP_CAUSES: ReadonlySet<string> = new Set(['gas', 'memory', 'stack', 'unauthorised'] satisfies Cause[]);

/** P-3, D-14: the cause of a result, null where the rule passed. */
function causeOf(result: number): Cause | null {
  if (result < RESULT.trap) return CAUSE[result];
  const trap = trapOf(result - RESULT.trap);
  return trap !== undefined && TRAP_CAUSES.has(trap) ? (trap as Cause) : 'trap';
}

/** D-11: whether a rule that ran and gave this cause counts as faulty. */
export const isFault = (cause: Cause): boolean => cause !== 'failed' && cause !== 'breaker' && cause !== 'halt';

/** D-6 */
const RANK: Readonly<Record<Verdict, number>> = { none: 0, allow: 1, escalate: 2, deny: 3 };
const NO_REASONS: readonly Reason[] = [];
const NO_VALUES: readonly ReasonValue[] = [];

/** D-7 */
const hashInputs = tagged('inputs');
const hashTrace = tagged('trace');

/** D-3: whether the rule is asked at all. */
export function inScope(rule: ActiveRule, action: { readonly kind: string; readonly name: string }, facets: Facets): boolean {
  const scope = rule.scope;
  return (
    scope.all ||
    scope.tools.has(action.name) ||
    scope.effects.has(facets.effect) ||
    scope.kinds.has(action.kind) ||
    (scope.money && facets.money !== undefined) ||
    (scope.mail && facets.mail !== undefined) ||
    (scope.http && facets.http !== undefined) ||
    (scope.fs && facets.fs !== undefined) ||
    (scope.net && facets.net !== undefined) ||
    (scope.shell && facets.shell !== undefined) ||
    (scope.sql && facets.sql !== undefined) ||
    (scope.secret && facets.secret !== undefined)
  );
}

export function rulesFor(law: Law, action: { readonly kind: string; readonly name: string }, facets: Facets): ActiveRule[] {
  const scoped: ActiveRule[] = [];
  for (let i = 0; i < law.rules.length; i++) if (inScope(law.rules[i], action, facets)) scoped.push(law.rules[i]);
  return scoped;
}

/** D-4: a rule that observes binds from its end date on. What an override says comes before it (D-17). */
export const modeAt = (rule: ActiveRule, time_ms: number): Mode =>
  rule.mode === 'observe' && rule.until_ms !== 0 && time_ms >= rule.until_ms ? 'enforce' : rule.mode;

let inputs = new Uint8Array(262_144);
let inputsView = new DataView(inputs.buffer);
const traceBytes = new Uint8Array(11 * 256);
const traceView = new DataView(traceBytes.buffer);

function roomFor(bytes: number): void {
  if (bytes <= inputs.length) return;
  const larger = new Uint8Array(2 * bytes);
  larger.set(inputs);
  inputs = larger;
  inputsView = new DataView(inputs.buffer);
}

/** What one rule came to: what it read is left in `memory`, `used` bytes long (D-7). Valid until the next one runs. */
export interface Ran {
  readonly result: number;
  readonly gas: number;
  readonly memory: Uint8Array;
  readonly used: number;
  /** It ended for want of what its caller had left (GU-9). */
  readonly short: boolean;
}

/** What all rules of a decision are judged on. */
export interface Judging {
  readonly law: Law;
  /** With the parameters of the rule that runs. */
  readonly source: JudgeSource;
  readonly held: HeldOf;
  /** How the rules that a guest calls are run. */
  readonly run: Run;
}

/** How one rule is run; `budget` where a guest calls it. */
export type Run = (rule: ActiveRule, judging: Judging, budget?: Budget) => Ran;

const ran = { result: 0, gas: 0, memory: inputs as Uint8Array, used: 0, short: false };

/** The rule's own wasm: an expression's instance, or a guest. */
export const runRule: Run = (rule, judging, budget) => {
  if (rule.instance === null) return runGuest(rule, judging, budget);
  const { source } = judging;
  const { memory, view } = rule.instance;
  ran.used = rule.write(source as unknown as Source, memory, view);
  ran.memory = memory;
  ran.gas = rule.gas;
  ran.result = rule.instance.judge();
  return ran;
};

/** A guest on its input, and after it in `memory` the record of what it asked (GU-12). */
function runGuest(rule: GuestRule, judging: Judging, budget: Budget | undefined): Ran {
  const { guest, memory, view } = rule;
  const input = rule.write(judging.source as unknown as Source, memory, view);
  const { result, gas, record, short } = guest.judge(memory.subarray(0, input), answersFor(rule, judging), budget);
  memory.set(record, input);
  return { result, gas, memory, used: input + record.length, short };
}

/** GU-8: what a feed without a value gives. */
const NO_VALUE = encodeInputs([{ missing: ABSENT }]);

/** GU-8, GU-9: the machine's answers to a guest. */
export function answersFor(rule: GuestRule, judging: Judging): Answers {
  const { law, source, held, run } = judging;
  return {
    read(path) {
      const input = rule.reads.find((one) => one.path === path);
      return input === undefined ? NO_VALUE : writeInputs([input], source as unknown as Source);
    },
    oracle: () => NO_VALUE,
    call(name, budget) {
      const callee = law.ruleNamed.get(name);
      if (callee === undefined || held(name) !== null) return NOT_ASKED;
      // What an expression costs is known before it runs.
      if (callee.module === null && callee.gas > budget.gas) return { ...NOT_ASKED, result: trapResult('gas'), gas: budget.gas, short: true };
      source.params = callee.params;
      const { result, gas, short } = run(callee, judging, budget);
      source.params = rule.params;
      return { result, gas, record: EMPTY, short };
    },
  };
}

const NOT_ASKED: Judged = { result: RESULT.error, gas: 0, record: EMPTY, short: false };

/**
 * D-5 to D-8: runs the rules in constitution order, and joins: deny > escalate > allow > the default. What an approval
 * answers counts as allowed (D-16).
 */
export function judge(law: Law, scoped: readonly ActiveRule[], source: JudgeSource, time_ms: number, standings: Standings, run: Run = runRule): Judgement {
  const { held } = standings;
  const judging: Judging = { law, source, held, run };
  let verdict: Verdict = 'none';
  let would: Verdict = 'none';
  let reasons: Reason[] | null = null;
  let gas = 0;
  let at = 0;
  let traced = 0;
  for (let i = 0; i < scoped.length; i++) {
    const rule = scoped[i];
    const stopped = held(rule.name);
    let result: number;
    // D-8
    let cost = rule.module === null ? rule.gas : 0;
    if (stopped !== null) result = RESULT[stopped];
    else {
      source.params = rule.params;
      const { result: given, gas: took, memory, used } = run(rule, judging);
      result = given;
      cost = took;
      gas += took;
      roomFor(at + 6 + used);
      inputsView.setUint16(at, rule.index);
      inputsView.setUint32(at + 2, used);
      inputs.set(memory.subarray(0, used), at + 6);
      at += 6 + used;
    }
    traceView.setUint16(traced, rule.index);
    traceBytes[traced + 2] = result;
    traceView.setBigUint64(traced + 3, BigInt(cost));
    traced += 11;
    const cause = causeOf(result);
    if (cause === null) {
      if (rule.grants) {
        if (RANK[verdict] < RANK.allow && (standings.mode(rule.name) ?? modeAt(rule, time_ms)) !== 'observe') verdict = 'allow';
        if (RANK[would] < RANK.allow) would = 'allow';
      }
      continue;
    }
    // D-13: a halt fails closed, whatever the rule says of faults.
    const answer = cause === 'failed' ? rule.otherwise : cause === 'halt' ? 'deny' : rule.on_fault;
    const mode = standings.mode(rule.name) ?? modeAt(rule, time_ms);
    reasons ??= [];
    reasons.push({ rule: rule.name, answer, cause, mode, values: NO_VALUES });
    const counts = answer === 'escalate' && standings.answered(rule.name) ? 'allow' : answer;
    if (mode !== 'observe' && RANK[verdict] < RANK[counts]) verdict = counts;
    if (RANK[would] < RANK[counts]) would = counts;
  }
  if (verdict === 'none') verdict = law.default;
  if (would === 'none') would = law.default;
  return {
    verdict,
    enforced: RANK[would] <= RANK[verdict],
    reasons: reasons ?? NO_REASONS,
    gas,
    inputs_hash: hashInputs(inputs.subarray(0, at)),
    trace: hashTrace(traceBytes.subarray(0, traced)),
  };
}

/** D-9: the state-derived inputs that these rules read, by path; null when there are none. */
export function witnessOf(scoped: readonly ActiveRule[], source: JudgeSource, { held, mode, answered }: Standings): CborMap | null {
  let witness: Record<string, Cbor> | null = null;
  for (const rule of scoped) {
    const stopped = held(rule.name);
    const instead = mode(rule.name);
    if (instead !== null) {
      witness ??= {};
      witness[`mode.${rule.name}`] = instead;
    }
    if (answered(rule.name)) {
      witness ??= {};
      witness[`answered.${rule.name}`] = true;
    }
    if (stopped !== null) {
      witness ??= {};
      witness[`${stopped}.${rule.name}`] = true;
      continue;
    }
    for (const callee of rule.callees) {
      const calleeStopped = held(callee);
      if (calleeStopped === null) continue;
      witness ??= {};
      witness[`${calleeStopped}.${callee}`] = true;
    }
    for (const { path, group, key } of rule.witnessed) {
      witness ??= {};
      witness[path] ??= (source[group] as Record<string, Cbor> | undefined)?.[key] ?? null;
    }
  }
  return witness;
}
