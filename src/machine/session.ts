/** Sessions, what the user says in them, and who may send what. */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { verify } from '../crypto/suite.ts';
import { userKeys } from '../facet/flow.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { approverSigned } from './approver.ts';
import { type Approver, factKey, type Session } from './fact.ts';
import { remember } from './memory.ts';
import type { Overlay } from './overlay.ts';
import type { Place } from './receipt.ts';
import type { State } from './state.ts';
import { idOf, KIND, type Transaction } from './transaction.ts';

/** An idle session ends after this. */
const SESSION_MS = 86_400_000;

/** The live session. @throws Fault session_unknown */
export function liveSession(overlay: Overlay, id: Octets, time_ms: number): Session {
  const session = overlay.get(factKey('session', id)) as Session | undefined;
  if (session === undefined || session.due_ms <= time_ms) throw new Fault('session_unknown');
  return session;
}

/** The session with its end moved away while it is in use; in steps, since each move costs a place in the due queue. */
export function extended(session: Session, time_ms: number): Session {
  return session.due_ms - time_ms > SESSION_MS >> 1 ? session : { ...session, due_ms: time_ms + SESSION_MS };
}

export function openSession(overlay: Overlay, time_ms: number, transaction: Transaction<1>): Answer {
  const { agent, assurance } = transaction.payload;
  const session: Session = {
    is: 'session',
    agent,
    assurance,
    opened_ms: time_ms,
    due_ms: time_ms + SESSION_MS,
    calls: 0,
    denied: 0,
    escalated: 0,
    gate: false,
    passage: 0,
    labels: [],
    pages: 0,
    recent: '',
    approvals: [],
  };
  overlay.set(factKey('session', idOf(transaction.tx_id)), session);
  return NO_ANSWER;
}

/** The user's text enters as keyed hashes of its words and what they mean; the text itself stays in the sidecar. */
export function sessionInput(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<2>, place: Place): Answer {
  const id = transaction.payload.session;
  const session = liveSession(overlay, id, time_ms);
  const text = transaction.sidecar?.[1];
  if (typeof text !== 'string') throw new Fault('request_shape', 'a user input is a text');
  overlay.set(factKey('session', id), remember(state.network, overlay, id, extended(session, time_ms), userKeys(state.law.tools, text), place));
  return NO_ANSWER;
}

/**
 * K-8: an unsigned transaction counts only where the one sequencer, whose signature covers the block, made it. An approver
 * signs his answers and nothing else (Y-9). @throws Fault signature_invalid
 */
export function authenticate(state: State, overlay: Overlay, time_ms: number, transaction: Transaction): void {
  const sender = state.law.validators.get(transaction.sender);
  if (sender === undefined && transaction.kind === KIND.approval_answer) {
    const approver = overlay.get(factKey('approver', transaction.sender)) as Approver | undefined;
    const ended = approver !== undefined && approver.due_ms !== 0 && approver.due_ms <= time_ms;
    if (approver === undefined || ended || transaction.auths.length !== 1 || !approverSigned(approver, transaction.auths[0], state.network, transaction.tx_id))
      throw new Fault('signature_invalid');
    return;
  }
  if (sender === undefined) throw new Fault('signature_invalid', 'the sender is not known to this network');
  if (transaction.auths.length === 0) {
    if (state.law.genesis.sequencer === 'solo') return;
    throw new Fault('signature_invalid', 'the transaction is not signed');
  }
  for (const auth of transaction.auths) {
    if (auth.key_id !== sender.key_id || !verify(auth.suite, sender.public, auth.signature, 'tx', state.network, transaction.tx_id))
      throw new Fault('signature_invalid');
  }
}
