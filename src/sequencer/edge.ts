/** The edge: vouches for requests and makes them transactions. One edge a node; its numbers only rise. */
import type { Octets } from '../base/bytes.ts';
import type { Cbor, CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { ARGS_BYTES_MAX } from '../base/limit.ts';
import { randomOctets } from '../crypto/hash.ts';
import { type Action, compose, KIND, makeSidecar, type Settled, type Transaction } from '../machine/transaction.ts';

const SALT_BYTES = 16;
const NONCE_BYTES = 16;
const NO_END_MS = 0;

export class Edge {
  private readonly network: Octets;
  private readonly principal: Octets;
  private seq: number;

  /** `last_seq`: the principal's last sequence number in the state. */
  constructor(network: Octets, principal: Octets, last_seq: number) {
    this.network = network;
    this.principal = principal;
    this.seq = last_seq;
  }

  openSession(agent: string, assurance: number): Transaction<1> {
    return compose(this.network, KIND.session_open, this.principal, ++this.seq, NO_END_MS, { agent, assurance, nonce: randomOctets(NONCE_BYTES) }, null);
  }

  /** @throws Fault request_too_large, text_malformed */
  input(session: Octets, text: string): Transaction<2> {
    const side = makeSidecar(randomOctets(SALT_BYTES), [text]);
    this.bound(side.bytes, ARGS_BYTES_MAX);
    return compose(this.network, KIND.session_input, this.principal, ++this.seq, NO_END_MS, { session, commitment: side.commitment }, side);
  }

  /** @throws Fault request_too_large, too_deep, integer_too_large, not_finite, key_forbidden, text_malformed */
  decide(session: Octets, action: Action, args: CborMap, context: CborMap | null, permit: boolean): Transaction<3> {
    const { side, payload } = this.call(session, action, args, context, permit);
    return compose(this.network, KIND.decide, this.principal, ++this.seq, NO_END_MS, payload, side);
  }

  /** The same call with the approval that a person gave to it (D-16). @throws Fault as `decide` */
  decideAgain(session: Octets, action: Action, args: CborMap, context: CborMap | null, permit: boolean, approval: Octets): Transaction<8> {
    const { side, payload } = this.call(session, action, args, context, permit);
    return compose(this.network, KIND.decide_again, this.principal, ++this.seq, NO_END_MS, { ...payload, approval }, side);
  }

  /** `settled`: what the call came to, where that is known (Y-6). @throws Fault as `decide`, cbor_range */
  outcome(permit: Octets, ok: boolean, result: Cbor, error: string | null, settled: readonly Settled[] = []): Transaction<4> | Transaction<12> {
    const side = makeSidecar(randomOctets(SALT_BYTES), [result, error]);
    const payload = { permit, ok, commitment: side.commitment };
    if (settled.length === 0) return compose(this.network, KIND.outcome, this.principal, ++this.seq, NO_END_MS, payload, side);
    return compose(this.network, KIND.outcome_settled, this.principal, ++this.seq, NO_END_MS, { ...payload, amounts: settled }, side);
  }

  private call(session: Octets, { kind, server, name }: Action, args: CborMap, context: CborMap | null, permit: boolean) {
    const side = makeSidecar(randomOctets(SALT_BYTES), [args, context]);
    this.bound(side.bytes, ARGS_BYTES_MAX);
    return { side, payload: { session, kind, server, name, args_commitment: side.commitment, permit } };
  }

  private bound(bytes: Uint8Array, max: number): void {
    if (bytes.length > max + 64) throw new Fault('request_too_large', `${bytes.length} bytes; at most ${max} are taken`, { bytes: bytes.length, max });
  }
}
