/** What would change: undo is to drop it. */
import type { Octets } from '../base/bytes.ts';
import type { Fact } from './fact.ts';

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
