/** What every sequencer offers: submit, follow, query at a committed height. `solo` here, CometBFT beside it later. */
import type { Octets } from '../base/bytes.ts';
import type { Fault } from '../base/fault.ts';
import type { BlockOutput } from '../machine/apply.ts';
import type { Receipt } from '../machine/receipt.ts';
import type { State } from '../machine/state.ts';
import type { Transaction } from '../machine/transaction.ts';

/** Called once: with a fault, or with a receipt whose block is durable. */
export type Done = (fault: Fault | null, receipt: Receipt | null) => void;

/** A block that is durable. */
export type Listener = (block: BlockOutput) => void;

export interface Sequencer {
  readonly network: Octets;
  /** Never throws. Past its bound it answers `overloaded` at once; after a disk fault `disk_failed`. */
  submit(transaction: Transaction, done: Done): void;
  /** Calls `listener` after each durable block; returns how to stop. */
  follow(listener: Listener): () => void;
  /** What queries read: the law, sessions, heights. Its facts may be ahead of the disk by the block in flight. */
  readonly state: State;
  /** The last durable height. */
  readonly height: number;
  /** null while it works; the fault that stopped it. */
  readonly fault: Fault | null;
  /** Transactions that wait. */
  readonly waiting: number;
  close(): Promise<void>;
}
