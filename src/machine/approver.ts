/** Who may answer approvals (spec/state.md Y-9): validators who weigh more than a third, and those whom they name. */
import { type Octets, octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { keyId, keyProblem, PASSKEY, verify, verifyPasskey } from '../crypto/suite.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { type Approver, approverPrincipal, factKey } from './fact.ts';
import type { Overlay } from './overlay.ts';
import type { State } from './state.ts';
import type { Auth, Transaction } from './transaction.ts';

/** Whether the sender weighs more than a third. */
export const isOwner = ({ law }: State, sender: Octets): boolean => (law.validators.get(sender)?.weight ?? 0) * 3 > law.weight;

/** Kind 10. @throws Fault signature_invalid, weight_short, approver_malformed, approver_unknown */
export function setApprover(state: State, overlay: Overlay, time_ms: number, { payload, sender, auths }: Transaction<10>): Answer {
  const { name, suite, public: bytes, origin, rp_id, until_ms } = payload;
  if (auths.length === 0) throw new Fault('signature_invalid', 'an approver is named by a validator who signs it');
  if (!isOwner(state, sender)) throw new Fault('weight_short', 'the sender weighs a third or less');
  const key = factKey('approver', approverPrincipal(name));
  if (bytes.length === 0) {
    if (overlay.get(key) === undefined) throw new Fault('approver_unknown', `no approver is named \`${name}\``);
    overlay.set(key, null);
    return NO_ANSWER;
  }
  const publicKey = octets(bytes);
  const problem =
    name === ''
      ? 'an approver has a name'
      : until_ms !== 0 && until_ms <= time_ms
        ? 'its end has passed'
        : (suite === PASSKEY) === (origin === '') || (origin === '') !== (rp_id === '')
          ? 'a passkey has an origin and a relying party, another key neither'
          : keyProblem(suite, publicKey);
  if (problem !== undefined) throw new Fault('approver_malformed', problem);
  overlay.set(key, { is: 'approver', due_ms: until_ms, name, suite, public: publicKey, origin, rp_id });
  return NO_ANSWER;
}

/** Whether the signature is the approver's over the transaction. */
export function approverSigned({ suite, public: publicKey, origin, rp_id }: Approver, auth: Auth, network: Octets, tx_id: Octets): boolean {
  if (auth.suite !== suite || auth.key_id !== keyId(suite, publicKey)) return false;
  if (suite === PASSKEY) return verifyPasskey({ public: publicKey, origin, rp_id }, auth.signature, tx_id);
  return verify(suite, publicKey, auth.signature, 'tx', network, tx_id);
}
