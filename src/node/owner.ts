/** What the holder of a node's key says by name: trips of rules that overran their time, halts, modes, answers to approvals. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type SigningKey, sign, signingKey } from '../crypto/suite.ts';
import { type ApproverSet, compose, KIND, type Kind, type PayloadOf, type Transaction } from '../machine/transaction.ts';
import type { Mode } from '../rule/manifest.ts';

export const SEED_NAME = 'node.seed';
const SEED_BYTES = 32;

/** The key of a data folder. @throws Fault config when there is none, or it is no key */
export function readKey(folder: string): SigningKey {
  const path = join(folder, SEED_NAME);
  if (!existsSync(path)) throw new Fault('config', `the node's key ${path} is missing`, { path });
  const seed = new Uint8Array(readFileSync(path));
  if (seed.length !== SEED_BYTES) throw new Fault('config', `${path} has ${seed.length} bytes, a key has ${SEED_BYTES}`, { path });
  return signingKey(seed);
}

export interface OwnerParts {
  readonly network: Octets;
  readonly principal: Octets;
  readonly key: SigningKey;
  /** Unix ms. Sequence numbers follow it, so that two holders of a key need not know of each other (K-9). */
  readonly now: () => number;
}

export class Owner {
  private readonly parts: OwnerParts;
  private last = 0;

  constructor(parts: OwnerParts) {
    this.parts = parts;
  }

  trip(rule: string): Transaction<5> {
    return this.signed(KIND.breaker_trip, { rule });
  }

  /** Halts the rule for `span_ms` from now. */
  halt(rule: string, span_ms: number, reason: string): Transaction<6> {
    return this.signed(KIND.rule_halt, { rule, until_ms: this.parts.now() + span_ms, reason });
  }

  resume(rule: string): Transaction<7> {
    return this.signed(KIND.rule_resume, { rule });
  }

  /** Answers an approval, by its id. */
  answerApproval(approval: Octets, allow: boolean, note: string): Transaction<9> {
    return this.signed(KIND.approval_answer, { approval, allow, note });
  }

  /** Names an approver, gives one another key, or, with an empty key, removes one (Y-9). */
  setApprover(approver: ApproverSet): Transaction<10> {
    return this.signed(KIND.approver_set, approver);
  }

  /** Gives the rule this mode for `span_ms` from now. */
  setMode(rule: string, mode: Mode, span_ms: number, reason: string): Transaction<11> {
    return this.signed(KIND.rule_mode, { rule, mode, until_ms: this.parts.now() + span_ms, reason });
  }

  private signed<K extends Kind>(kind: K, payload: PayloadOf[K]): Transaction<K> {
    const { network, principal, key, now } = this.parts;
    this.last = Math.max(this.last + 1, now());
    const transaction = compose(network, kind, principal, this.last, 0, payload, null);
    return { ...transaction, auths: [{ suite: key.suite, key_id: key.id, signature: sign(key, 'tx', network, transaction.tx_id) }] };
  }
}
