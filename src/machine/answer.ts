/** What a transaction's handler answers; the block adds place and identity. */
import type { Octets } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import type { Receipt } from './receipt.ts';

export interface Answer extends Omit<Receipt, 'tx_id' | 'height' | 'index'> {
  /** The state-derived inputs that were read: path → value; null when there are none. */
  readonly witness: CborMap | null;
}

/** The answer to a transaction that asks no verdict. */
export const NO_ANSWER: Answer = {
  verdict: 'none',
  enforced: true,
  reasons: [],
  obligations: [],
  constitution: 0,
  gas: 0,
  inputs_hash: null,
  trace: null,
  permit: null,
  approval: null,
  witness: null,
};

/** Something that happened beside an answer: it fell due, or what decisions and trips counted up to. */
export interface MachineEvent {
  readonly type:
    | 'permit.expired'
    | 'session.expired'
    | 'approval.opened'
    | 'approval.expired'
    | 'breaker.opened'
    | 'breaker.half_open'
    | 'breaker.closed'
    | 'halt.ended'
    | 'mode.ended';
  /** Of a session, permit or approval; or the name of a rule. */
  readonly id: Octets;
}
