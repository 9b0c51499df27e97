/** What would change: undo is to drop it. */
import type { Octets } from '../base/bytes.ts';
import type { MachineEvent } from './answer.ts';
import { type Fact, stops } from './fact.ts';

/** What a block would change; `begin` to `keep` or `drop` is one transaction. */
export class Overlay {
  private readonly base: ReadonlyMap<Octets, Fact>;
  readonly block = new Map<Octets, Fact | null>();
  private readonly transaction = new Map<Octets, Fact | null>();
  /** What happened beside the transactions' answers, in order. */
  readonly events: MachineEvent[] = [];
  private readonly told: MachineEvent[] = [];
  /** A breaker opened or a halt began in this block. */
  stopped = false;

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
    if (stops(fact)) this.stopped = true;
    this.transaction.set(key, fact);
  }

  /** An event of the transaction: it counts only if the transaction is kept. */
  tell(event: MachineEvent): void {
    this.told.push(event);
  }

  keep(): void {
    for (const [key, fact] of this.transaction) this.block.set(key, fact);
    this.transaction.clear();
    if (this.told.length > 0) this.events.push(...this.told.splice(0));
  }

  drop(): void {
    this.transaction.clear();
    this.told.length = 0;
  }
}
