/** A decision: facets, rules, join, permit (spec/decision.md). */
import type { Octets } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import type { Facets } from '../facet/facet.ts';
import { approvedKeys, type CallFlow, callFlow, type Memory, verdictKeys } from '../facet/flow.ts';
import type { Law } from '../law/law.ts';
import type { SumInput } from '../law/sum-input.ts';
import type { Answer } from './answer.ts';
import { callDigest, escalating, grantedApproval, seekApproval, useApproval } from './approval.ts';
import { countFaults } from './breaker.ts';
import { type Approval, factKey, KEY_OCTETS, type Permit, type Reservation, type Session } from './fact.ts';
import { type JudgedCall, judgeCall, type Question, type Run, sourceOf, witnessOf } from './judge.ts';
import { hashedKeys, memoryOf, remember } from './memory.ts';
import { valuesOf } from './origin.ts';
import type { Overlay } from './overlay.ts';
import { PERMIT_MS } from './permit.ts';
import type { Place } from './receipt.ts';
import { extended, liveSession } from './session.ts';
import { standingsOf } from './standing.ts';
import type { State } from './state.ts';
import { type Payer, readSum, reserve } from './sum.ts';
import { idOf, KIND, type Transaction } from './transaction.ts';

/** D-2: how many calls of a session are compared with the next one. */
const RECENT_MAX = 16;

type Decision = Transaction<3> | Transaction<8>;
const isAgain = (transaction: Decision): transaction is Transaction<8> => transaction.kind === KIND.decide_again;

/** D-1, D-16. @throws Fault session_unknown, approval_unknown, approval_waiting, … (as `grantedApproval`) */
export function decide(state: State, overlay: Overlay, time_ms: number, transaction: Decision, place: Place, run: Run): Answer {
  const { law } = state;
  const action = transaction.payload;
  const session = liveSession(overlay, action.session, time_ms);
  if (transaction.sidecar === null) throw new Fault('request_shape', 'a decision needs its arguments');
  const args = (transaction.sidecar[1] ?? {}) as CborMap;
  const context = transaction.sidecar[2] as CborMap | null;
  const granted = isAgain(transaction) ? grantedApproval(overlay, time_ms, transaction) : null;
  const standings = standingsOf(state, overlay, granted?.rules);

  const memory = memoryOf(state.network, overlay, action.session, session);
  const agent: Record<string, unknown> = { name: session.agent, assurance: session.assurance };
  const payer: Payer = { agent: session.agent, session: action.session };
  const recent = law.reads_repeats ? callDigest(transaction).slice(0, KEY_OCTETS) : '';
  const own: Record<string, unknown> = {
    calls: session.calls,
    denied: session.denied,
    escalated: session.escalated,
    age_ms: time_ms - session.opened_ms,
    labels: session.labels,
    repeats: repeatsOf(session, recent),
  };
  // D-18: where the values of the call come from is told of what was asked, also where obligations change it
  let flow: CallFlow | null = null;
  const source: Question['source'] = (given, facets, entry, scoped) => {
    let reads_flow = action.permit;
    for (const rule of scoped) {
      reads_flow ||= rule.reads_flow;
      for (const sum of rule.sums) (sum.whose === 'agent' ? agent : own)[sum.key] ??= readSum(overlay, payer, sum, time_ms);
    }
    if (reads_flow) flow ??= callFlow(entry, args, memory);
    return sourceOf(
      { action, args: given, context: context ?? undefined, agent, session: own, flow: flow === null ? undefined : { ...flow.facts }, now_ms: time_ms },
      facets,
    );
  };
  const judged = judgeCall({ law, action, time_ms, standings, source }, args, run);
  const { judgement, obligations, scoped } = judged;
  const witness = witnessOf(scoped, judged.source, standings);
  const reasons = valuesOf(overlay, action.session, judgement.reasons, law, flow);
  const answer = { ...judgement, reasons, obligations, constitution: law.version, permit: null, approval: null, witness };
  if (!action.permit) return answer;
  // D-10
  countFaults(overlay, time_ms, scoped, reasons);
  const opened = enact(state, overlay, time_ms, transaction, place, session, { ...judged, memory, context, flow, granted, payer, recent });
  return { ...answer, ...opened };
}

interface Enacted extends JudgedCall {
  readonly memory: Memory;
  readonly context: CborMap | null;
  readonly flow: CallFlow | null;
  readonly granted: Approval | null;
  readonly payer: Payer;
  /** The digest of the call as the session remembers it; empty where no rule asks for repeats. */
  readonly recent: Octets;
}

/** What a decision opens. */
interface Opened {
  readonly permit: Octets | null;
  readonly approval: Octets | null;
}

/** A decision that may be acted on counts: in the session, in the sums, as a permit or as an approval. */
function enact(state: State, overlay: Overlay, time_ms: number, transaction: Decision, place: Place, session: Session, judged: Enacted): Opened {
  const { server, name, session: id } = transaction.payload;
  const { entry, facets, memory, args, granted } = judged;
  const verdict = judged.judgement.verdict as 'allow' | 'deny' | 'escalate';
  const allowed = verdict === 'allow';
  const keys = verdictKeys(entry, args, memory, verdict);
  // T-22: what a person approved counts as named from then on
  if (allowed && granted !== null) keys.push(...approvedKeys(entry, args));
  const remembered = remember(state.network, overlay, id, session, keys, place);
  // D-16: used by a permit, or replaced where other rules escalate now
  if (isAgain(transaction) && granted !== null && verdict !== 'deny') useApproval(overlay, time_ms, transaction.payload.approval, granted);
  const sought = verdict === 'escalate' ? seek(state, overlay, time_ms, transaction, place, session, judged) : null;
  overlay.set(factKey('session', id), {
    ...extended(remembered, time_ms),
    approvals: sought?.approvals ?? session.approvals,
    recent: judged.recent === '' ? session.recent : (session.recent + judged.recent).slice(-RECENT_MAX * KEY_OCTETS),
    calls: session.calls + 1,
    denied: session.denied + (verdict === 'deny' ? 1 : 0),
    escalated: session.escalated + (verdict === 'escalate' ? 1 : 0),
    labels:
      allowed && entry?.reads.some((label) => !session.labels.includes(label)) ? [...new Set([...session.labels, ...entry.reads])].sort() : session.labels,
  });
  if (!allowed) return { permit: null, approval: sought?.approval ?? null };
  const permit: Permit = {
    is: 'permit',
    session: id,
    tx_id: transaction.tx_id,
    ...place,
    due_ms: time_ms + PERMIT_MS,
    status: 'open',
    server,
    name,
    lead: judged.flow?.lead ?? 'none',
    reserved: reserveAll(state.law, overlay, judged.payer, time_ms, facets, judged.context),
  };
  overlay.set(factKey('permit', idOf(transaction.tx_id)), permit);
  return { permit: idOf(transaction.tx_id), approval: null };
}

/** D-15 */
function seek(
  state: State,
  overlay: Overlay,
  time_ms: number,
  transaction: Decision,
  place: Place,
  session: Session,
  { entry, args, memory, judgement, granted }: Enacted,
): ReturnType<typeof seekApproval> {
  return seekApproval(overlay, time_ms, session, {
    transaction,
    place,
    call: callDigest(transaction),
    rules: [...new Set([...(granted?.rules ?? []), ...escalating(judgement.reasons)])],
    refusal: hashedKeys(state.network, verdictKeys(entry, args, memory, 'deny')),
  });
}

function reserveAll(law: Law, overlay: Overlay, payer: Payer, time_ms: number, facets: Facets, context: CborMap | null): Reservation[] {
  const reserved: Reservation[] = [];
  for (const sum of law.sums) {
    const amount = amountOf(facets, context, sum);
    if (amount !== undefined) reserved.push(reserve(overlay, payer, sum, time_ms, amount));
  }
  return reserved;
}

/** D-2: how many of the last calls were this one. */
function repeatsOf({ recent }: Session, call: Octets): number {
  let count = 0;
  if (call !== '') for (let at = 0; at < recent.length; at += KEY_OCTETS) if (recent.startsWith(call, at)) count += 1;
  return count;
}

/** What a sum adds up, where this call has it: itself once, what its caller expects of tokens and time, an integer of its facets. */
function amountOf(facets: Facets, context: CborMap | null, sum: SumInput): bigint | undefined {
  const [first] = sum.path;
  if (first === 'calls') return 1n;
  if (first === 'tokens' || first === 'time_ms') {
    const expected = context !== null && Object.hasOwn(context, first) ? context[first] : 0;
    return typeof expected === 'number' && Number.isSafeInteger(expected) && expected >= 0 ? BigInt(expected) : 0n;
  }
  let at: unknown = facets;
  for (const segment of sum.path) at = (at as Record<string, unknown> | undefined)?.[segment];
  return typeof at === 'number' && Number.isSafeInteger(at) ? BigInt(at) : undefined;
}
