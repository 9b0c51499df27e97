/** What a transaction's handler answers; the block adds place and identity. */
import type { Octets } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import type { Receipt } from './receipt.ts';

export interface Answer extends Omit<Receipt, 'version' | 'tx_id' | 'height' | 'index'> {
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
  witness: null,
};

/** Something that happened without a transaction, because it fell due. */
export interface MachineEvent {
  readonly type: 'permit.expired' | 'session.expired' | 'breaker.closed';
  readonly id: Octets;
}
