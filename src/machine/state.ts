/**
 * State: the facts, the law in force, and where the chain of blocks stands. All replicas share it; only
 * `commit` moves it.
 */
import { type Octets, ZERO32 } from '../base/bytes.ts';
import type { Law } from '../law/law.ts';
import { Frontier } from '../merkle/tree.ts';
import { NO_PREVIOUS } from './block.ts';
import { DueQueue } from './due.ts';
import { decodeFact, type Fact, factKey, type Sequence } from './fact.ts';

export interface State {
  readonly network: Octets;
  readonly law: Law;
  readonly facts: Map<Octets, Fact>;
  readonly due: DueQueue;
  log: Frontier;
  /** How many breakers are open: most of the time none, and no rule need ask. */
  breakers: number;
  height: number;
  time_ms: number;
  prev_hash: Octets;
  facts_digest: Octets;
}

/** The state before block 1. */
export function initialState(network: Octets, law: Law, time_ms: number): State {
  return {
    network,
    law,
    facts: new Map(),
    due: new DueQueue(),
    log: Frontier.empty(),
    breakers: 0,
    height: 0,
    time_ms,
    prev_hash: NO_PREVIOUS,
    facts_digest: ZERO32,
  };
}

/** Puts back facts that a state store kept; the due queue follows from them. */
export function restoreFacts(state: State, entries: Iterable<readonly [Octets, Uint8Array]>): void {
  for (const [key, bytes] of entries) {
    const fact = decodeFact(key, bytes);
    state.facts.set(key, fact);
    state.due.push(fact.due_ms, key);
    if (fact.is === 'breaker') state.breakers += 1;
  }
}

/** K-9: the last sequence number of a signer, a key id or an edge's principal; 0 for none. */
export function lastSequence(state: State, signer: Octets): number {
  const sequence = state.facts.get(factKey('sequence', signer)) as Sequence | undefined;
  return sequence?.last ?? 0;
}
