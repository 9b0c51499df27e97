/** A first law for one machine: one validator, its key made here. */
import type { Octets } from '../base/bytes.ts';
import { randomOctets } from '../crypto/hash.ts';
import type { SigningKey } from '../crypto/suite.ts';
import { type Constitution, encodeGenesis } from '../law/genesis.ts';

/** The genesis of a lone owner. The principal is random and stays when keys change; the label makes networks distinct. */
export function soloGenesis(constitution: Constitution, key: SigningKey, time_ms: number, principal: Octets = randomOctets(32)): Uint8Array {
  return encodeGenesis({
    version: 1,
    label: 'solo',
    time_ms,
    home: 'ava',
    sequencer: 'solo',
    validators: [{ principal, name: 'node', suite: key.suite, public: key.public, weight: 1 }],
    constitution,
  });
}
