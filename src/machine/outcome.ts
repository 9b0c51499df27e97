/** An outcome closes its permit: sums settle or are released, and what the tool returned changes the session's flow. */
import { Fault } from '../base/fault.ts';
import { resultFlow } from '../facet/flow.ts';
import { entryFor } from '../facet/guess.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { factKey, type Permit, type Session } from './fact.ts';
import { memoryOf, remember } from './memory.ts';
import type { Overlay } from './overlay.ts';
import { openPermit, PERMIT_MS } from './permit.ts';
import type { State } from './state.ts';
import { release, settle } from './sum.ts';
import type { Settled, Transaction } from './transaction.ts';

const NO_AMOUNTS: readonly Settled[] = [];
const TIME = 'time_ms';

/** Y-6: a sum settles at what the outcome says, time at what passed; else it keeps what was reserved, or gives it back. */
function settleAll(overlay: Overlay, time_ms: number, permit: Permit, ok: boolean, amounts: readonly Settled[]): void {
  for (const { path, amount } of amounts)
    if (amount < 0n) throw new Fault('request_shape', `the amount of ${path} is below zero`, { path: `$.amounts.${path}`, expected: '0 or more' });
  for (const reservation of permit.reserved) {
    const said = amounts.find(({ path }) => path === reservation.path)?.amount;
    if (said !== undefined) settle(overlay, reservation, said);
    else if (reservation.path === TIME) settle(overlay, reservation, BigInt(time_ms - (permit.due_ms - PERMIT_MS)));
    else if (!ok) release(overlay, reservation);
  }
}

/** A sidecar of at most so many bytes has been read whole: no result in it is longer. */
const RESULT_BYTES_READ = 65_536;
/** The passage level of a text that addresses agents. */
const PASSAGE_TO_AGENTS = 2;

/** @throws Fault permit_unknown, permit_used, permit_expired, request_shape, sum_full */
export function outcome(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<4> | Transaction<12>): Answer {
  const { permit: id, ok } = transaction.payload;
  const permit = openPermit(overlay, id, time_ms);
  settleAll(overlay, time_ms, permit, ok, 'amounts' in transaction.payload ? transaction.payload.amounts : NO_AMOUNTS);
  overlay.set(factKey('permit', id), { ...permit, status: ok ? 'done' : 'failed', reserved: [] });
  if (transaction.sidecar === null) throw new Fault('request_shape', 'an outcome needs its result, if only null');

  const key = factKey('session', permit.session);
  const session = overlay.get(key) as Session | undefined;
  if (session === undefined) return NO_ANSWER;
  const entry = entryFor(state.law.tools, permit.server, permit.name, null);
  const memory = memoryOf(state.network, overlay, permit.session, session);
  const returned = ok ? transaction.sidecar[1] : transaction.sidecar[2];
  const flow = resultFlow(state.law.tools, entry, returned, memory, permit.lead, !ok);
  const after = remember(state.network, overlay, permit.session, session, flow.keys, permit);
  const gate = session.gate || flow.gate;
  // T-18: what was too long to read may hold anything
  const unread = flow.gate && (transaction.sidecar_bytes?.length ?? 0) > RESULT_BYTES_READ;
  const passage = Math.max(session.passage, unread ? PASSAGE_TO_AGENTS : flow.passage);
  if (after !== session || gate !== session.gate || passage !== session.passage) overlay.set(key, { ...after, gate, passage });
  return NO_ANSWER;
}
