/**
 * Circuit breakers (spec/decision.md D-11, D-12): a rule that keeps failing is not asked for a while. Closed, open or
 * half-open is state, moved by block time, by what decisions count, and by trips of validators whose clocks it overran.
 */
import { Fault } from '../base/fault.ts';
import type { ActiveRule } from '../law/rule.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { type Breaker, type Faults, factKey, type Probing, type Trips } from './fact.ts';
import { isFault } from './judge.ts';
import type { Overlay } from './overlay.ts';
import type { Reason } from './receipt.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

/** How long a breaker without limits stays open, and how long a trip stands. */
const TRIP_MS = 60_000;
const OPEN_MS_MAX = 86_400_000;
/** A half-open breaker that nothing asks closes after this. */
const PROBING_MS = 86_400_000;

/** D-11: how long it stays open the n-th time. */
function openMs({ breaker }: ActiveRule, n: number): number {
  if (breaker === null) return TRIP_MS;
  let span_ms = breaker.open_ms;
  for (let i = 1; i < n && span_ms < OPEN_MS_MAX; i++) span_ms *= 2;
  return Math.min(span_ms, OPEN_MS_MAX);
}

function open(overlay: Overlay, time_ms: number, rule: ActiveRule): void {
  const { name } = rule;
  const key = factKey('breaker', name);
  const before = overlay.get(key) as Breaker | undefined;
  const probing = overlay.get(factKey('probing', name)) as Probing | undefined;
  // D-12: one that is open starts again; without limits each trip counts
  const trips = before === undefined ? (probing?.trips ?? 0) + 1 : before.trips + (rule.breaker === null ? 1 : 0);
  overlay.set(key, { is: 'breaker', due_ms: time_ms + openMs(rule, trips), trips });
  for (const kind of ['probing', 'faults', 'trips'] as const) if (overlay.get(factKey(kind, name)) !== undefined) overlay.set(factKey(kind, name), null);
  if (before === undefined) overlay.tell({ type: 'breaker.opened', id: name });
}

/** D-11: counts what the rules of a decision gave. `scoped` are those that were asked. */
export function countFaults(overlay: Overlay, time_ms: number, scoped: readonly ActiveRule[], reasons: readonly Reason[]): void {
  for (const rule of scoped) {
    const { breaker: limits, name } = rule;
    if (limits === null) continue;
    const cause = reasons.find((reason) => reason.rule === name)?.cause ?? null;
    if (cause === 'breaker' || cause === 'halt') continue;
    const faulty = cause !== null && isFault(cause);
    const probing = overlay.get(factKey('probing', name)) as Probing | undefined;
    if (probing !== undefined) {
      if (faulty) open(overlay, time_ms, rule);
      else if (probing.good + 1 < limits.probes) overlay.set(factKey('probing', name), { ...probing, good: probing.good + 1 });
      else close(overlay, name);
    } else if (faulty) {
      const key = factKey('faults', name);
      const before = overlay.get(key) as Faults | undefined;
      const times_ms = [...(before?.times_ms ?? []).filter((at_ms) => at_ms > time_ms - limits.window_ms), time_ms];
      if (times_ms.length < limits.faults) overlay.set(key, { is: 'faults', due_ms: time_ms + limits.window_ms, times_ms });
      else open(overlay, time_ms, rule);
    }
  }
}

function close(overlay: Overlay, rule: string): void {
  overlay.set(factKey('probing', rule), null);
  overlay.tell({ type: 'breaker.closed', id: rule });
}

/** D-11: the time of an open breaker has passed. */
export function endOpen(overlay: Overlay, time_ms: number, name: string, rule: ActiveRule | undefined, { trips }: Breaker): void {
  overlay.set(factKey('breaker', name), null);
  if (rule === undefined || rule.breaker === null) {
    overlay.tell({ type: 'breaker.closed', id: name });
    return;
  }
  overlay.set(factKey('probing', name), { is: 'probing', due_ms: time_ms + PROBING_MS, trips, good: 0 });
  overlay.tell({ type: 'breaker.half_open', id: name });
}

/** D-12: trips of more than a third of the weight together open the breaker. @throws Fault rule_unknown */
export function tripBreaker(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<5>): Answer {
  const { law } = state;
  const rule = law.ruleNamed.get(transaction.payload.rule);
  if (rule === undefined) throw new Fault('rule_unknown', `no rule \`${transaction.payload.rule}\` is in force`);
  const key = factKey('trips', rule.name);
  const before = overlay.get(key) as Trips | undefined;
  const standing = (before?.trips ?? []).filter((trip) => trip.time_ms > time_ms - TRIP_MS && trip.validator !== transaction.sender);
  const trips = [...standing, { validator: transaction.sender, time_ms }];
  const weight = trips.reduce((sum, trip) => sum + (law.validators.get(trip.validator)?.weight ?? 0), 0);
  if (weight * 3 > law.weight) open(overlay, time_ms, rule);
  else overlay.set(key, { is: 'trips', due_ms: time_ms + TRIP_MS, trips });
  return NO_ANSWER;
}
