/**
 * State: the facts, the law in force, and where the chain of blocks stands. All replicas share it; only
 * `commit` moves it.
 */
import { type Octets, ZERO32 } from '../base/bytes.ts';
import type { Law } from '../law/law.ts';
import { Frontier } from '../merkle/tree.ts';
import { NO_PREVIOUS } from './block.ts';
import { DueQueue } from './due.ts';
import { type Approval, type Approver, decodeFact, type Fact, factKey, type Halt, type ModeOverride, type Sequence, type Session, stops } from './fact.ts';

export { APPROVAL_STATES, approverPrincipal } from './fact.ts';

export interface State {
  readonly network: Octets;
  readonly law: Law;
  readonly facts: Map<Octets, Fact>;
  readonly due: DueQueue;
  log: Frontier;
  /** Ids of the approvals that are remembered, oldest first. */
  readonly approvals: Set<Octets>;
  /** How many breakers are open, halts and mode overrides in force: most of the time none, and no rule need ask. */
  stopped: number;
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
    approvals: new Set(),
    log: Frontier.empty(),
    stopped: 0,
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
    if (stops(fact)) state.stopped += 1;
    if (fact.is === 'approval') state.approvals.add(key.slice(1));
  }
}

/** How a rule stands: its breaker (D-11), its halt (D-13) and the mode that stands instead of its own (D-17). */
export interface Standing {
  readonly breaker: 'closed' | 'open' | 'half_open';
  /** When an open breaker ends; 0 for another. */
  readonly until_ms: number;
  readonly halt: Halt | null;
  readonly mode: ModeOverride | null;
}

export function standingOf({ facts }: State, rule: string): Standing {
  const open = facts.get(factKey('breaker', rule));
  const breaker = open !== undefined ? 'open' : facts.has(factKey('probing', rule)) ? 'half_open' : 'closed';
  return {
    breaker,
    until_ms: open?.due_ms ?? 0,
    halt: (facts.get(factKey('halt', rule)) as Halt | undefined) ?? null,
    mode: (facts.get(factKey('mode', rule)) as ModeOverride | undefined) ?? null,
  };
}

/** An approval as it is remembered; undefined when it is not, or no more. */
export const approvalOf = ({ facts }: State, id: Octets): Approval | undefined => facts.get(factKey('approval', id)) as Approval | undefined;

/** The name of who may answer approvals: a validator's or an approver's; null when he is not known any more. */
export const answererName = ({ facts, law }: State, principal: Octets): string | null =>
  law.validators.get(principal)?.name ?? (facts.get(factKey('approver', principal)) as Approver | undefined)?.name ?? null;

/** The agent of a session; null when it has ended. */
export const agentOf = ({ facts }: State, session: Octets): string | null => (facts.get(factKey('session', session)) as Session | undefined)?.agent ?? null;

/** K-9: the last sequence number of a signer, a key id or an edge's principal; 0 for none. */
export function lastSequence(state: State, signer: Octets): number {
  const sequence = state.facts.get(factKey('sequence', signer)) as Sequence | undefined;
  return sequence?.last ?? 0;
}
