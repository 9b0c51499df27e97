/**
 * State: the facts, the law in force, and where the chain of blocks stands. `State` is what all replicas share; an
 * overlay holds what a block, and inside it a transaction, would change: undo is to drop it.
 */
import type { Octets } from '../base/bytes.ts';
import { Frontier } from '../merkle/tree.ts';
import { NO_PREVIOUS } from './block.ts';
import { decodeFact, type Fact } from './fact.ts';
import type { Law } from './law.ts';
import { DueQueue } from './due.ts';
import { ZERO32 } from '../base/bytes.ts';

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
  return { network, law, facts: new Map(), due: new DueQueue(), log: Frontier.empty(), breakers: 0, height: 0, time_ms, prev_hash: NO_PREVIOUS, facts_digest: ZERO32 };
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

/** What a block would change; `begin` to `keep` or `drop` is one transaction. */
export class Overlay {
  private readonly base: ReadonlyMap<Octets, Fact>;
  readonly block = new Map<Octets, Fact | null>();
  private readonly transaction = new Map<Octets, Fact | null>();
  /** A breaker was tripped in this block. */
  tripped = false;

  constructor(base: ReadonlyMap<Octets, Fact>) {
    this.base = base;
  }

  get(key: Octets): Fact | undefined {
    let fact = this.transaction.size === 0 ? undefined : this.transaction.get(key);
    if (fact === undefined) fact = this.block.get(key);
    if (fact === undefined) return this.base.get(key);
    return fact ?? undefined;
  }

  set(key: Octets, fact: Fact | null): void {
    if (fact?.is === 'breaker') this.tripped = true;
    this.transaction.set(key, fact);
  }

  keep(): void {
    for (const [key, fact] of this.transaction) this.block.set(key, fact);
    this.transaction.clear();
  }

  drop(): void {
    this.transaction.clear();
  }
}
