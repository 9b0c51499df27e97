/**
 * Approvals (spec/decision.md D-15, D-16): an escalated call waits for the answer of a person. An approval is bound to the
 * call that asked, is answered once and used once, and ends by itself.
 */
import { EMPTY, type Octets } from '../base/bytes.ts';
import { Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { isOwner } from './approver.ts';
import { APPROVALS_MAX, type Approval, factKey, type Session } from './fact.ts';
import { rememberHashed } from './memory.ts';
import type { Overlay } from './overlay.ts';
import type { Place, Reason } from './receipt.ts';
import type { State } from './state.ts';
import { type Decide, idOf, type Transaction } from './transaction.ts';

/** How long an approval waits for its answer, and how long an allowed one may be used from then on. */
export const APPROVAL_MS = 600_000;
/** How long one that was denied, used or has expired is remembered. */
export const APPROVAL_KEPT_MS = 3_600_000;

const hashCall = tagged('call');
const shared = new Writer(1_024);
/** Of `[salt 16 bytes, …]`. */
const SIDECAR_HEAD_BYTES = 18;

/**
 * D-15: `H("call", session ‖ cbor [kind, server, name, args, context])`. Arguments and context stand in the sidecar as they
 * are encoded here, after its salt.
 */
export function callDigest({ payload, sidecar_bytes }: Transaction<3> | Transaction<8>): Octets {
  const { session, kind, server, name } = payload as Decide;
  const w = shared.reset();
  w.array(5);
  w.text(kind);
  if (server === null) w.null();
  else w.text(server);
  w.text(name);
  return hashCall(session, w.view(), sidecar_bytes?.subarray(SIDECAR_HEAD_BYTES) ?? EMPTY);
}

/** D-15: whose escalation an approval of this judgement answers: the rules that bind and say escalate. */
export const escalating = (reasons: readonly Reason[]): readonly string[] =>
  reasons.flatMap(({ rule, answer, mode }) => (answer === 'escalate' && mode !== 'observe' ? [rule] : []));

/** The approval as it stands now: what fell due before its block drained it has expired. */
function standing(overlay: Overlay, id: Octets, time_ms: number): Approval | undefined {
  const approval = overlay.get(factKey('approval', id)) as Approval | undefined;
  if (approval === undefined || approval.due_ms > time_ms) return approval;
  return approval.status === 'waiting' || approval.status === 'allowed' ? { ...approval, status: 'expired' } : undefined;
}

export interface Sought {
  readonly transaction: Transaction<3> | Transaction<8>;
  readonly place: Place;
  readonly call: Octets;
  readonly rules: readonly string[];
  /** Keys that a denial adds to the session's memory. */
  readonly refusal: Octets;
}

/** The approval that an escalated call waits for; null where the session waits for too many already. */
export interface Seeking {
  readonly approval: Octets | null;
  /** Of the session from now on. */
  readonly approvals: readonly Octets[];
}

/** D-15: the same call asks once: it waits for the approval that stands for it, or opens one. */
export function seekApproval(overlay: Overlay, time_ms: number, session: Session, sought: Sought): Seeking {
  const { transaction, place, call, rules, refusal } = sought;
  const live = session.approvals.filter((id) => {
    const status = standing(overlay, id, time_ms)?.status;
    return status === 'waiting' || status === 'allowed' || status === 'denied';
  });
  for (const id of live) {
    const found = overlay.get(factKey('approval', id)) as Approval;
    if (found.call === call && rules.every((rule) => found.rules.includes(rule))) return { approval: id, approvals: live };
  }
  if (live.length >= APPROVALS_MAX) {
    const denied = live.findIndex((id) => standing(overlay, id, time_ms)?.status === 'denied');
    if (denied < 0) return { approval: null, approvals: live };
    live.splice(denied, 1);
  }
  const id = idOf(transaction.tx_id);
  overlay.set(factKey('approval', id), {
    is: 'approval',
    due_ms: time_ms + APPROVAL_MS,
    status: 'waiting',
    session: transaction.payload.session,
    opened_ms: time_ms,
    tx_id: transaction.tx_id,
    ...place,
    call,
    rules,
    refusal,
    answer: null,
  });
  overlay.tell({ type: 'approval.opened', id });
  return { approval: id, approvals: [...live, id] };
}

/**
 * D-16: the approval that a decision names, answered with yes and not used.
 * @throws Fault approval_unknown, approval_foreign, approval_differs, approval_waiting, approval_denied, approval_used, approval_expired
 */
export function grantedApproval(overlay: Overlay, time_ms: number, transaction: Transaction<8>): Approval {
  const { payload } = transaction;
  const approval = standing(overlay, payload.approval, time_ms);
  if (approval === undefined) throw new Fault('approval_unknown');
  if (approval.session !== payload.session) throw new Fault('approval_foreign');
  if (approval.call !== callDigest(transaction)) throw new Fault('approval_differs');
  switch (approval.status) {
    case 'allowed':
      return approval;
    case 'waiting':
      throw new Fault('approval_waiting');
    default:
      throw new Fault(`approval_${approval.status}`);
  }
}

/** D-16: an approval is used once. */
export function useApproval(overlay: Overlay, time_ms: number, id: Octets, approval: Approval): void {
  overlay.set(factKey('approval', id), { ...approval, status: 'used', due_ms: time_ms + APPROVAL_KEPT_MS });
}

/**
 * Kind 9. @throws Fault signature_invalid, weight_short, approval_unknown, approval_answered, approval_used, approval_expired
 */
export function answerApproval(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<9>, place: Place): Answer {
  const { payload, sender, auths } = transaction;
  const { approval: id, allow, note } = payload;
  if (auths.length === 0) throw new Fault('signature_invalid', 'the answer to an approval is signed by who gives it');
  if (overlay.get(factKey('approver', sender)) === undefined && !isOwner(state, sender))
    throw new Fault('weight_short', 'the sender is no approver, and weighs a third or less');
  const approval = standing(overlay, id, time_ms);
  if (approval === undefined) throw new Fault('approval_unknown');
  if (approval.status === 'used' || approval.status === 'expired') throw new Fault(`approval_${approval.status}`);
  if (approval.status !== 'waiting') throw new Fault('approval_answered');
  overlay.set(factKey('approval', id), {
    ...approval,
    status: allow ? 'allowed' : 'denied',
    due_ms: time_ms + (allow ? APPROVAL_MS : APPROVAL_KEPT_MS),
    answer: { allow, note, by: sender, at_ms: time_ms },
  });
  // T-22: what was refused once is refused in other calls too
  const key = factKey('session', approval.session);
  const session = overlay.get(key) as Session | undefined;
  if (!allow && session !== undefined) overlay.set(key, rememberHashed(overlay, approval.session, session, approval.refusal, place));
  return NO_ANSWER;
}
