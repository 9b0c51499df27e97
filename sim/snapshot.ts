/**
 * A state store as a node has one: it takes the writes of durable blocks some time after them, all of a block or none,
 * and a state is put together from it and the header at its height.
 */

import { beginReplay } from '../src/audit/replay.ts';
import type { Octets } from '../src/base/bytes.ts';
import type { Law } from '../src/law/law.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { decodeHeader, headerHash } from '../src/machine/block.ts';
import { encodeFact } from '../src/machine/fact.ts';
import { restoreFacts, type State } from '../src/machine/state.ts';
import { Frontier } from '../src/merkle/tree.ts';

export class FactStore {
  height = 0;
  private facts = new Map<Octets, Uint8Array>();
  private frontier = Frontier.empty().encode();
  private waiting: BlockOutput[] = [];

  take(block: BlockOutput): void {
    this.waiting.push(block);
  }

  /** Stores the first `count` blocks that wait. */
  flush(count: number): void {
    for (const block of this.waiting.splice(0, count)) {
      for (const [key, bytes] of block.writes) {
        if (bytes === null) this.facts.delete(key);
        else this.facts.set(key, bytes);
      }
      this.frontier = block.log.encode();
      this.height = block.header.height;
    }
  }

  /** The process has ended: what waited is lost. */
  stop(): void {
    this.waiting = [];
  }

  entries(): Iterable<readonly [Octets, Uint8Array]> {
    return this.facts;
  }

  /** What was stored elsewhere. */
  set(height: number, facts: Iterable<readonly [Octets, Uint8Array]>, frontier: Uint8Array): void {
    this.height = height;
    this.facts = new Map(facts);
    this.frontier = frontier;
  }

  /** All of a state, at once. */
  put(state: State): void {
    this.facts = factsOf(state);
    this.frontier = state.log.encode();
    this.height = state.height;
  }

  /** The state at this height; `header` is the block's there, null at height 0. */
  restore(law: Law, header: Uint8Array | null): State {
    const state = beginReplay(law);
    if (header === null) return state;
    const { height, time_ms, facts_digest } = decodeHeader(header);
    restoreFacts(state, this.facts);
    return Object.assign(state, { log: Frontier.decode(this.frontier), height, time_ms, facts_digest, prev_hash: headerHash(header) });
  }
}

/** The facts of a state as they are stored. */
export const factsOf = (state: State): Map<Octets, Uint8Array> => new Map([...state.facts].map(([key, fact]) => [key, encodeFact(fact)]));
