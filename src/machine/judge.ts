/**
 * Judging (spec/decision.md): the rules in scope run on their inputs, and their answers join; a call whose arguments
 * obligations change is judged once more (D-18). The machine and who recomputes a verdict run this alike.
 */
import type { Octets } from '../base/bytes.ts';
import { type Cbor, type CborMap, compareKeys, encode } from '../base/cbor.ts';
import { tagged } from '../crypto/hash.ts';
import { type Facets, facetsOf } from '../facet/facet.ts';
import { entryFor } from '../facet/guess.ts';
import type { Entry } from '../facet/map.ts';
import type { Law } from '../law/law.ts';
import type { ActiveRule, WitnessedInput } from '../law/rule.ts';
import { applyObligations, type Mode, type Obligation, obligationValue } from '../rule/manifest.ts';
import { trapOf } from '../vm/trap.ts';
import { type Cause, OBLIGATIONS_MAX, type Reason, type ReasonValue, type Verdict } from './receipt.ts';
import { type JudgeSource, type Judging, RESULT, type Run, runRule } from './run.ts';
import { type Standings, UNTOUCHED } from './standing.ts';
import type { Action } from './transaction.ts';

export { answersFor, type Given, type JudgeSource, type Judging, type Ran, RESULT, type Run, runRule, sourceOf } from './run.ts';
export { type Held, type HeldOf, type Standings, UNTOUCHED } from './standing.ts';

export interface Judgement {
  readonly verdict: Verdict;
  /** No rule said anything: the constitution's default is the verdict. */
  readonly by_default: boolean;
  readonly enforced: boolean;
  readonly reasons: readonly Reason[];
  /** D-18: of the rules that bind and said no, in their order; they stand only with allow. */
  readonly obligations: readonly Obligation[];
  readonly gas: number;
  readonly inputs_hash: Octets;
  readonly trace: Octets;
}

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
const NO_OBLIGATIONS: readonly Obligation[] = [];

/** D-7 */
const hashInputs = tagged('inputs');
const hashTrace = tagged('trace');

/** D-3: whether the rule is asked at all. */
export function inScope(rule: ActiveRule, action: { readonly kind: string; readonly name: string }, facets: Facets): boolean {
  const scope = rule.scope;
  return (
    scope.all ||
    (action.kind !== 'tool.result' && scope.tools.has(action.name)) ||
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

/** What scopes of a law name, and the rules of each kind of call: a memo of `inScope`. */
interface Scopes {
  readonly tools: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
  readonly rules: Map<string, readonly ActiveRule[]>;
}
const scopes = new WeakMap<Law, Scopes>();
const SCOPED_MAX = 4_096;
const FACETS = ['money', 'mail', 'http', 'fs', 'net', 'shell', 'sql', 'secret'] as const;

/** D-3: the rules that are asked, in constitution order. */
export function rulesFor(law: Law, action: { readonly kind: string; readonly name: string }, facets: Facets): readonly ActiveRule[] {
  let known = scopes.get(law);
  if (known === undefined) {
    const of = (items: (rule: ActiveRule) => ReadonlySet<string>): Set<string> => new Set(law.rules.flatMap((rule) => [...items(rule)]));
    known = { tools: of(({ scope }) => scope.tools), kinds: of(({ scope }) => scope.kinds), rules: new Map() };
    scopes.set(law, known);
  }
  // what no scope names makes no difference
  let key = `${known.kinds.has(action.kind) ? action.kind : ''}\0${action.kind !== 'tool.result' && known.tools.has(action.name) ? action.name : ''}\0${facets.effect}`;
  for (const facet of FACETS) if (facets[facet] !== undefined) key += `\0${facet}`;
  let scoped = known.rules.get(key);
  if (scoped === undefined) {
    scoped = law.rules.filter((rule) => inScope(rule, action, facets));
    if (known.rules.size >= SCOPED_MAX) known.rules.clear();
    known.rules.set(key, scoped);
  }
  return scoped;
}

/** D-4: a rule that observes binds from its end date on. What an override says comes before it (D-17). */
export const modeAt = (rule: ActiveRule, time_ms: number): Mode =>
  rule.mode === 'observe' && rule.until_ms !== 0 && time_ms >= rule.until_ms ? 'enforce' : rule.mode;

let inputs = new Uint8Array(262_144);
let inputsView = new DataView(inputs.buffer);
const traceBytes = new Uint8Array(11 * 256);
const traceView = new DataView(traceBytes.buffer);

/** Up to so many bytes a loop is faster than the view that a copy needs. */
const LOOP_MAX = 64;

function roomFor(bytes: number): void {
  if (bytes <= inputs.length) return;
  const larger = new Uint8Array(2 * bytes);
  larger.set(inputs);
  inputs = larger;
  inputsView = new DataView(inputs.buffer);
}

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
  let obligations = NO_OBLIGATIONS;
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
      at += 6;
      if (used > LOOP_MAX) inputs.set(memory.subarray(0, used), at);
      else for (let j = 0; j < used; j++) inputs[at + j] = memory[j];
      at += used;
    }
    traceView.setUint16(traced, rule.index);
    traceBytes[traced + 2] = result;
    // all rules together take less than 2^32 (G-4)
    traceView.setUint32(traced + 3, 0);
    traceView.setUint32(traced + 7, cost);
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
    const own = rule.manifest.obligations;
    const answer = cause === 'failed' ? (own.length > 0 ? 'allow' : rule.otherwise) : cause === 'halt' ? 'deny' : rule.on_fault;
    const mode = standings.mode(rule.name) ?? modeAt(rule, time_ms);
    if (cause === 'failed' && own.length > 0 && mode !== 'observe') obligations = [...obligations, ...own];
    reasons ??= [];
    reasons.push({ rule: rule.name, answer, cause, mode, values: NO_VALUES });
    const counts = answer === 'escalate' && standings.answered(rule.name) ? 'allow' : answer;
    if (mode !== 'observe' && RANK[verdict] < RANK[counts]) verdict = counts;
    if (RANK[would] < RANK[counts]) would = counts;
  }
  const by_default = verdict === 'none';
  if (verdict === 'none') verdict = law.default;
  if (would === 'none') would = law.default;
  return {
    verdict,
    by_default,
    enforced: RANK[would] <= RANK[verdict],
    reasons: reasons ?? NO_REASONS,
    obligations,
    gas,
    inputs_hash: hashInputs(inputs.subarray(0, at)),
    trace: hashTrace(traceBytes.subarray(0, traced)),
  };
}

/** What the rules of a list read of the machine's state, each path once, in the order in which a witness is encoded. */
const inputsOf = new WeakMap<readonly ActiveRule[], readonly WitnessedInput[]>();

function witnessedBy(rules: readonly ActiveRule[]): readonly WitnessedInput[] {
  let inputs = inputsOf.get(rules);
  if (inputs === undefined) {
    const byPath = new Map(rules.flatMap(({ witnessed }) => witnessed).map((input) => [input.path, input]));
    inputs = [...byPath.values()].sort((a, b) => compareKeys(a.path, b.path));
    inputsOf.set(rules, inputs);
  }
  return inputs;
}

/** D-9: the state-derived inputs that these rules read, by path; null when there are none. */
export function witnessOf(scoped: readonly ActiveRule[], source: JudgeSource, standings: Standings): CborMap | null {
  const { held } = standings;
  const told = standings === UNTOUCHED ? {} : standingsTold(scoped, standings);
  const ran = standings !== UNTOUCHED && scoped.some(({ name }) => held(name) !== null) ? scoped.filter(({ name }) => held(name) === null) : scoped;
  const inputs = witnessedBy(ran);
  for (let i = 0; i < inputs.length; i++) {
    const { path, group, key } = inputs[i];
    told[path] = (source[group] as Record<string, Cbor> | undefined)?.[key] ?? null;
  }
  return inputs.length === 0 && Object.keys(told).length === 0 ? null : told;
}

/** What a witness says of the rules themselves. */
function standingsTold(scoped: readonly ActiveRule[], { held, mode, answered }: Standings): Record<string, Cbor> {
  const told: Record<string, Cbor> = {};
  for (const { name, callees } of scoped) {
    const stopped = held(name);
    const instead = mode(name);
    if (instead !== null) told[`mode.${name}`] = instead;
    if (answered(name)) told[`answered.${name}`] = true;
    if (stopped !== null) {
      told[`${stopped}.${name}`] = true;
      continue;
    }
    for (const callee of callees) {
      const calleeStopped = held(callee);
      if (calleeStopped !== null) told[`${calleeStopped}.${callee}`] = true;
    }
  }
  return told;
}

/** One call under one law. */
export interface Question {
  readonly law: Law;
  readonly action: Action;
  readonly time_ms: number;
  readonly standings: Standings;
  /** What rules in scope may read of a call with these arguments. */
  readonly source: (args: CborMap, facets: Facets, entry: Entry | null, scoped: readonly ActiveRule[]) => JudgeSource;
}

export interface JudgedCall {
  /** Of both rounds. */
  readonly judgement: Judgement;
  /** As the receipt has them; none but with allow. */
  readonly obligations: readonly CborMap[];
  /** As the obligations leave them. */
  readonly args: CborMap;
  readonly facets: Facets;
  readonly entry: Entry | null;
  /** The rules of both rounds, in constitution order. */
  readonly scoped: readonly ActiveRule[];
  /** Of the first round. */
  readonly source: JudgeSource;
}

interface Round {
  readonly judgement: Judgement;
  readonly facets: Facets;
  readonly entry: Entry | null;
  readonly scoped: readonly ActiveRule[];
  readonly source: JudgeSource;
}

const NONE: readonly CborMap[] = [];
function round({ law, action, time_ms, standings, source }: Question, args: CborMap, run: Run | undefined): Round {
  const entry = entryFor(law.tools, action.server, action.name, args);
  const facets = facetsOf(entry, action, args);
  const scoped = rulesFor(law, action, facets);
  const given = source(args, facets, entry, scoped);
  return { judgement: judge(law, scoped, given, time_ms, standings, run), facets, entry, scoped, source: given };
}

export function judgeCall(question: Question, args: CborMap, run?: Run): JudgedCall {
  const first = round(question, args, run);
  const { judgement } = first;
  if (judgement.verdict !== 'allow' || judgement.obligations.length === 0) return { ...first, obligations: NONE, args };
  const obligations = judgement.obligations.map(obligationValue);
  const changed = obligations.length > OBLIGATIONS_MAX ? null : applyObligations(args, obligations);
  if (changed === null) return { ...first, judgement: { ...judgement, verdict: 'deny' }, obligations: NONE, args };
  if (changed === args) return { ...first, obligations, args };
  return joined(first, round(question, changed, run), obligations, changed);
}

/** The verdict is the second round's; what it would change again, or oblige to beside the first, denies (D-18). */
function joined(first: Round, second: Round, obligations: readonly CborMap[], args: CborMap): JudgedCall {
  const { judgement: one } = first;
  const { judgement: two } = second;
  const known = new Set(obligations.map((obligation) => encode(obligation).join()));
  const same =
    two.obligations.every((obligation) => known.has(encode(obligationValue(obligation)).join())) &&
    applyObligations(args, two.obligations.map(obligationValue)) === args;
  // what the first round allowed stands where no rule of the second says otherwise
  const said = two.by_default ? 'allow' : two.verdict;
  const verdict = said === 'allow' && !same ? 'deny' : said;
  const scoped = [...new Set([...first.scoped, ...second.scoped])].sort((a, b) => a.index - b.index);
  const judgement: Judgement = {
    verdict,
    by_default: false,
    enforced: one.enforced && two.enforced,
    reasons: reasonsOf(scoped, one.reasons, two.reasons),
    obligations: one.obligations,
    gas: one.gas + two.gas,
    inputs_hash: hashInputs(one.inputs_hash, two.inputs_hash),
    trace: hashTrace(one.trace, two.trace),
  };
  return {
    judgement,
    obligations: verdict === 'allow' ? obligations : NONE,
    args,
    facets: second.facets,
    entry: second.entry,
    scoped,
    // of the second round alone where no rule of the first one asked where values come from
    source: { ...first.source, flow: second.source.flow },
  };
}

/** Of each rule the second round's reason, else the first's. */
function reasonsOf(scoped: readonly ActiveRule[], first: readonly Reason[], second: readonly Reason[]): readonly Reason[] {
  return scoped.flatMap(({ name }) => second.find(({ rule }) => rule === name) ?? first.find(({ rule }) => rule === name) ?? []);
}
