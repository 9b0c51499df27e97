/** An outcome closes its permit: sums settle or are released, and what the tool returned changes the session's flow. */
import { Fault } from '../base/fault.ts';
import { resultFlow } from '../facet/flow.ts';
import { entryFor } from '../facet/guess.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { factKey, type Session } from './fact.ts';
import { memoryOf, remember } from './memory.ts';
import type { Overlay } from './overlay.ts';
import { openPermit } from './permit.ts';
import type { State } from './state.ts';
import { release } from './sum.ts';
import type { Transaction } from './transaction.ts';

/** A sidecar of at most so many bytes has been read whole: no result in it is longer. */
const RESULT_BYTES_READ = 65_536;
/** The passage level of a text that addresses agents. */
const PASSAGE_TO_AGENTS = 2;

/** @throws Fault permit_unknown, permit_used, permit_expired */
export function outcome(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<4>): Answer {
  const { permit: id, ok } = transaction.payload;
  const permit = openPermit(overlay, id, time_ms);
  if (!ok) for (const reservation of permit.reserved) release(overlay, reservation);
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
