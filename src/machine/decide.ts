/** A decision: facets, rules, join, permit (spec/decision.md). */
import type { Octets } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { type Facets, facetsOf } from '../facet/facet.ts';
import { callFlow, type Memory, verdictKeys } from '../facet/flow.ts';
import { entryFor } from '../facet/guess.ts';
import type { Entry } from '../facet/map.ts';
import type { Law } from '../law/law.ts';
import type { SumInput } from '../law/sum-input.ts';
import type { Answer } from './answer.ts';
import { countFaults, heldBy } from './breaker.ts';
import { factKey, type Permit, type Reservation, type Session } from './fact.ts';
import { type Judgement, judge, type Run, rulesFor, sourceOf, witnessOf } from './judge.ts';
import { memoryOf, remember } from './memory.ts';
import type { Overlay } from './overlay.ts';
import { PERMIT_MS } from './permit.ts';
import { extended, liveSession } from './session.ts';
import type { State } from './state.ts';
import { readSum, reserve } from './sum.ts';
import { idOf, type Transaction } from './transaction.ts';

/** D-1. @throws Fault session_unknown */
export function decide(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<3>, run: Run): Answer {
  const { law } = state;
  const action = transaction.payload;
  const session = liveSession(overlay, action.session, time_ms);
  if (transaction.sidecar === null) throw new Fault('request_shape', 'a decision needs its arguments');
  const args = (transaction.sidecar[1] ?? {}) as CborMap;
  const context = transaction.sidecar[2] as CborMap | null;
  const entry = entryFor(law.tools, action.server, action.name, args);
  const facets = facetsOf(entry, action, args);
  const scoped = rulesFor(law, action, facets);
  const held = heldBy(state, overlay);

  const memory = memoryOf(state.network, overlay, action.session, session);
  const agent: Record<string, unknown> = { name: session.agent, assurance: session.assurance };
  let reads_flow = false;
  for (const rule of scoped) {
    reads_flow ||= rule.reads_flow;
    for (const sum of rule.sums) agent[sum.key] ??= readSum(overlay, session.agent, sum, time_ms);
  }
  const source = sourceOf(
    {
      action,
      args,
      context: context ?? undefined,
      agent,
      session: {
        calls: session.calls,
        denied: session.denied,
        escalated: session.escalated,
        age_ms: time_ms - session.opened_ms,
        labels: session.labels,
      },
      flow: reads_flow || action.permit ? { ...callFlow(entry, args, memory).facts } : undefined,
      now_ms: time_ms,
    },
    facets,
  );
  const judgement = judge(law, scoped, source, time_ms, held, run);
  const witness = witnessOf(scoped, source, held);
  // D-10
  if (action.permit) countFaults(overlay, time_ms, scoped, judgement.reasons);
  const permit = action.permit
    ? enact(state, overlay, time_ms, transaction, session, { entry, facets, memory, args, judgement, args_named: source.flow?.args_named === true })
    : null;
  return { ...judgement, obligations: [], constitution: law.version, permit, witness };
}

interface Judged {
  readonly entry: Entry | null;
  readonly facets: Facets;
  readonly memory: Memory;
  readonly args: CborMap;
  readonly judgement: Judgement;
  readonly args_named: boolean;
}

/** A decision that may be acted on counts: in the session, in the sums, as a permit. */
function enact(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<3>, session: Session, judged: Judged): Octets | null {
  const { server, name, session: id } = transaction.payload;
  const { entry, facets, memory, args } = judged;
  const verdict = judged.judgement.verdict as 'allow' | 'deny' | 'escalate';
  const allowed = verdict === 'allow';
  const remembered = remember(state.network, overlay, id, session, verdictKeys(entry, args, memory, verdict));
  overlay.set(factKey('session', id), {
    ...extended(remembered, time_ms),
    calls: session.calls + 1,
    denied: session.denied + (verdict === 'deny' ? 1 : 0),
    escalated: session.escalated + (verdict === 'escalate' ? 1 : 0),
    labels:
      allowed && entry?.reads.some((label) => !session.labels.includes(label)) ? [...new Set([...session.labels, ...entry.reads])].sort() : session.labels,
  });
  if (!allowed) return null;
  const permit: Permit = {
    is: 'permit',
    session: id,
    tx_id: transaction.tx_id,
    due_ms: time_ms + PERMIT_MS,
    status: 'open',
    server,
    name,
    args_named: judged.args_named,
    reserved: reserveAll(state.law, overlay, session.agent, time_ms, facets),
  };
  overlay.set(factKey('permit', idOf(transaction.tx_id)), permit);
  return idOf(transaction.tx_id);
}

function reserveAll(law: Law, overlay: Overlay, agent: string, time_ms: number, facets: Facets): Reservation[] {
  const reserved: Reservation[] = [];
  for (const sum of law.sums) {
    const amount = valueAt(facets, sum);
    if (amount !== undefined) reserved.push(reserve(overlay, agent, sum, time_ms, amount));
  }
  return reserved;
}

/** The integer that a sum adds up, where this call has one. */
function valueAt(facets: Facets, sum: SumInput): bigint | undefined {
  let at: unknown = facets;
  for (const segment of sum.path) at = (at as Record<string, unknown> | undefined)?.[segment];
  return typeof at === 'number' && Number.isSafeInteger(at) ? BigInt(at) : undefined;
}
