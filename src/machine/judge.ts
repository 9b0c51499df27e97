/** Judging (spec/decision.md): the rules in scope run on their inputs, and their answers join. */
import type { Octets } from '../base/bytes.ts';
import type { Cbor, CborMap } from '../base/cbor.ts';
import { tagged } from '../crypto/hash.ts';
import type { Facets } from '../facet/facet.ts';
import type { ActiveRule, Law } from '../law/law.ts';
import type { Source } from '../rule/input.ts';
import type { Mode } from '../rule/manifest.ts';
import type { Cause, Reason, Verdict } from './receipt.ts';

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

/** The source of a decision. `params` is set for each rule as it runs. */
export function sourceOf(given: Given, facets: Facets): JudgeSource {
  const { action, args, context, agent, session, flow, now_ms } = given;
  const { effect, egress, money, mail, http, fs } = facets;
  return { action, args, context, agent, session, flow, now_ms, params: NO_PARAMS, effect, egress, money, mail, http, fs };
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly enforced: boolean;
  readonly reasons: readonly Reason[];
  readonly gas: number;
  readonly inputs_hash: Octets;
  readonly trace: Octets;
}

/** D-5: what a rule gave: the program's 0 false, 1 error, 2 true; 3 its breaker was open and it did not run. */
export const RESULT = { false: 0, error: 1, true: 2, breaker: 3 } as const;
const CAUSE: readonly (Cause | null)[] = ['failed', 'fault', null, 'breaker'];
/** D-6 */
const RANK: Readonly<Record<Verdict, number>> = { none: 0, allow: 1, escalate: 2, deny: 3 };
const NO_REASONS: readonly Reason[] = [];

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
    (scope.fs && facets.fs !== undefined)
  );
}

export function rulesFor(law: Law, action: { readonly kind: string; readonly name: string }, facets: Facets): ActiveRule[] {
  const scoped: ActiveRule[] = [];
  for (let i = 0; i < law.rules.length; i++) if (inScope(law.rules[i], action, facets)) scoped.push(law.rules[i]);
  return scoped;
}

/** D-4: a rule that observes binds from its end date on. */
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

/** How one rule is run on this source: its buffer is left in `memory`, `used` bytes long. */
export type Run = (rule: ActiveRule, source: Source) => { readonly result: number; readonly memory: Uint8Array; readonly used: number };

const ran = { result: 0, memory: inputs as Uint8Array, used: 0 };

/** The rule's own wasm instance. */
export const runWasm: Run = (rule, source) => {
  const { memory, view } = rule.instance;
  ran.used = rule.write(source, memory, view);
  ran.memory = memory;
  ran.result = rule.instance.judge();
  return ran;
};

/** D-5 to D-8: runs the rules in constitution order, and joins: deny > escalate > allow > the default. */
export function judge(
  law: Law,
  scoped: readonly ActiveRule[],
  source: JudgeSource,
  time_ms: number,
  broken: (rule: ActiveRule) => boolean,
  run: Run = runWasm,
): Judgement {
  let verdict: Verdict = 'none';
  let would: Verdict = 'none';
  let reasons: Reason[] | null = null;
  let gas = 0;
  let at = 0;
  let traced = 0;
  for (let i = 0; i < scoped.length; i++) {
    const rule = scoped[i];
    let result: number = RESULT.breaker;
    if (!broken(rule)) {
      source.params = rule.params;
      const { result: given, memory, used } = run(rule, source as unknown as Source);
      result = given;
      gas += rule.gas;
      roomFor(at + 6 + used);
      inputsView.setUint16(at, rule.index);
      inputsView.setUint32(at + 2, used);
      inputs.set(memory.subarray(0, used), at + 6);
      at += 6 + used;
    }
    traceView.setUint16(traced, rule.index);
    traceBytes[traced + 2] = result;
    traceView.setBigUint64(traced + 3, BigInt(rule.gas));
    traced += 11;
    const cause = CAUSE[result];
    if (cause === null) {
      if (rule.grants) {
        if (RANK[verdict] < RANK.allow && modeAt(rule, time_ms) !== 'observe') verdict = 'allow';
        if (RANK[would] < RANK.allow) would = 'allow';
      }
      continue;
    }
    const answer = cause === 'failed' ? rule.otherwise : rule.on_fault;
    const mode = modeAt(rule, time_ms);
    reasons ??= [];
    reasons.push({ rule: rule.name, answer, cause, mode });
    if (mode !== 'observe' && RANK[verdict] < RANK[answer]) verdict = answer;
    if (RANK[would] < RANK[answer]) would = answer;
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
export function witnessOf(scoped: readonly ActiveRule[], source: JudgeSource, broken: (rule: ActiveRule) => boolean): CborMap | null {
  let witness: Record<string, Cbor> | null = null;
  for (const rule of scoped) {
    if (broken(rule)) {
      witness ??= {};
      witness[`breaker.${rule.name}`] = true;
      continue;
    }
    for (const { path, group, key } of rule.witnessed) {
      witness ??= {};
      witness[path] ??= (source[group] as Record<string, Cbor> | undefined)?.[key] ?? null;
    }
  }
  return witness;
}
