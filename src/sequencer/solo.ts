/**
 * One machine orders: blocks of what is waiting. Nothing waits for a timer: an idle sequencer commits at once, a busy
 * one applies what arrives while the disk writes the block before. A block is signed, written once, synced once, and
 * only then are its receipts released and the next one closed.
 */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type SigningKey, sign } from '../crypto/suite.ts';
import { BlockBuilder, type BlockOutput, commit } from '../machine/apply.ts';
import type { Receipt } from '../machine/receipt.ts';
import type { State } from '../machine/state.ts';
import type { Transaction } from '../machine/transaction.ts';
import type { Done, Listener, Sequencer } from './port.ts';
import { Stopwatch } from './stopwatch.ts';

/** Transactions that may wait; past it a submission is answered `overloaded`. */
export const QUEUE_MAX = 8_192;
/** A request that comes sooner after a block was answered had been waiting: no one client is so quick. */
const ALONE_MS = 0.1;
/** Blocks of one such request each, in a row, after which one client is taken to be alone. */
export const ALONE_BLOCKS = 8;
/** The longest that a timer is set ahead. */
const TIMER_MAX_MS = 3_600_000;

/** The log as solo needs it: one append at a time, `done` after the sync. `alone`: nobody else waits for this thread. */
export interface BlockLog {
  append(block: BlockOutput, signature: Uint8Array, done: (fault: Fault | null) => void, alone: boolean): void;
}

export interface SoloParts {
  readonly state: State;
  readonly log: BlockLog;
  readonly key: SigningKey;
  /** Unix ms. */
  readonly now: () => number;
  /** Takes a block's writes to the state store; never blocks. */
  readonly writeBehind: (block: BlockOutput) => void;
  /** Runs `turn` soon, never at once; setImmediate where not given. */
  readonly schedule?: (turn: () => void) => void;
  /** Runs `turn` after `wait_ms`; returns how to call it off. An unreferenced timer where not given. */
  readonly after?: (wait_ms: number, turn: () => void) => () => void;
  /** Transactions that may wait; QUEUE_MAX where not given. */
  readonly queue_max?: number;
  /** Told of a rule that took longer than its manifest allows; without it no rule is timed. */
  readonly overran?: (rule: string, took_ms: number) => void;
  /** Milliseconds that only go on; performance.now where not given. */
  readonly clock?: () => number;
}

function afterTimeout(wait_ms: number, turn: () => void): () => void {
  const timer = setTimeout(turn, wait_ms);
  timer.unref();
  return () => clearTimeout(timer);
}

interface Waiting {
  readonly transaction: Transaction;
  readonly done: Done;
}

interface Promised {
  readonly receipt: Receipt;
  readonly done: Done;
}

/** Nothing that the machine throws is a refusal: it stops the node, which answers no more. */
const asFault = (error: unknown): Fault => (error instanceof Fault ? error : new Fault('internal', error instanceof Error ? error.message : String(error)));

export class Solo implements Sequencer {
  readonly network: Octets;
  readonly state: State;
  private readonly parts: SoloParts;
  private readonly listeners = new Set<Listener>();
  private queue: Waiting[] = [];
  /** The block that is being made, and who waits for its receipts; null when none is open. */
  private open: BlockBuilder | null = null;
  private promised: Promised[] = [];
  private flying = false;
  private scheduled = false;
  private closing: (() => void)[] | null = null;
  /** Calls off the timer that is set. */
  private disarm: (() => void) | null = null;
  private readonly later: (turn: () => void) => void;
  private readonly after: (wait_ms: number, turn: () => void) => () => void;
  private readonly queue_max: number;
  private readonly stopwatch: Stopwatch | null;
  private readonly clock: () => number;
  /** When the last block was answered. */
  private answered_ms = Number.NEGATIVE_INFINITY;
  /** The last blocks that held one request each, which had not waited. */
  private lone = 0;
  private durable: number;
  private poison: Fault | null = null;

  constructor(parts: SoloParts) {
    this.parts = parts;
    this.state = parts.state;
    this.network = parts.state.network;
    this.durable = parts.state.height;
    this.later = parts.schedule ?? setImmediate;
    this.after = parts.after ?? afterTimeout;
    this.queue_max = parts.queue_max ?? QUEUE_MAX;
    const { overran, clock = () => performance.now() } = parts;
    this.clock = clock;
    this.stopwatch = overran === undefined ? null : new Stopwatch({ clock, timeout_ms: parts.state.law.timeout_ms, overran });
    this.arm();
  }

  get height(): number {
    return this.durable;
  }

  get fault(): Fault | null {
    return this.poison;
  }

  get waiting(): number {
    return this.queue.length + this.promised.length;
  }

  submit(transaction: Transaction, done: Done): void {
    if (this.poison !== null) return done(this.poison, null);
    if (this.closing !== null) return done(new Fault('overloaded', 'the node is shutting down'), null);
    if (this.waiting >= this.queue_max) return done(new Fault('overloaded', `${this.queue_max} transactions wait`), null);
    this.queue.push({ transaction, done });
    this.schedule();
  }

  follow(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when all that was accepted is durable. */
  async close(): Promise<void> {
    this.quiet();
    await new Promise<void>((resolve) => {
      this.closing ??= [];
      this.closing.push(resolve);
      this.settle();
    });
  }

  private quiet(): void {
    this.disarm?.();
    this.disarm = null;
  }

  private settle(): void {
    if (this.closing === null || this.flying || this.scheduled || this.queue.length > 0 || this.open !== null) return;
    for (const resolve of this.closing.splice(0)) resolve();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.later(this.turn);
  }

  /** Once a turn of the loop: all sockets that were readable in it share the block. */
  private readonly turn = (): void => {
    this.scheduled = false;
    const fresh = this.clock() - this.answered_ms >= ALONE_MS;
    this.take();
    if (!this.flying) this.fly(fresh);
    this.settle();
  };

  /** Applies what waits to the open block. */
  private take(): void {
    if (this.poison !== null || this.queue.length === 0) return;
    const queue = this.queue;
    let at = 0;
    try {
      this.open ??= new BlockBuilder(this.state, this.parts.now(), this.stopwatch?.run);
      for (; at < queue.length && !this.open.full; at++) {
        const { transaction, done } = queue[at];
        this.stopwatch?.begin();
        const result = this.open.add(transaction);
        this.stopwatch?.end();
        if (result instanceof Fault) done(result, null);
        else this.promised.push({ receipt: result, done });
      }
    } catch (error) {
      this.queue = queue.slice(at);
      return this.stop(asFault(error), []);
    }
    this.queue = at === queue.length ? [] : queue.slice(at);
  }

  /** Closes the open block and sends it to the disk. `fresh`: what is in it did not wait for the block before. */
  private fly(fresh: boolean): void {
    const builder = this.open;
    if (builder === null) return;
    this.open = null;
    if (builder.empty) return;
    const promised = this.promised;
    this.promised = [];
    try {
      const block = builder.close();
      commit(this.state, block);
      this.lone = fresh && promised.length === 1 && this.queue.length === 0 ? this.lone + 1 : 0;
      this.send(block, promised, this.lone > ALONE_BLOCKS);
    } catch (error) {
      this.flying = false;
      this.stop(asFault(error), promised);
    }
  }

  private send(block: BlockOutput, promised: readonly Promised[], alone: boolean): void {
    this.flying = true;
    const signature = sign(this.parts.key, 'header', this.network, block.header_hash);
    const landed = (fault: Fault | null): void => {
      this.flying = false;
      if (fault !== null) return this.stop(fault, promised);
      this.durable = block.header.height;
      this.parts.writeBehind(block);
      this.take();
      this.fly(false);
      for (let i = 0; i < promised.length; i++) promised[i].done(null, promised[i].receipt);
      for (const listener of this.listeners) listener(block);
      if (this.queue.length > 0) this.schedule();
      this.arm();
      this.settle();
      this.answered_ms = this.clock();
    };
    this.parts.log.append(block, signature, landed, alone);
  }

  /** A block that may not be on the disk is never answered, and nothing after it is judged (fail closed). */
  private stop(fault: Fault, promised: readonly Promised[]): void {
    this.poison ??= fault;
    this.quiet();
    const failed = [...promised, ...this.promised, ...this.queue];
    this.promised = [];
    this.queue = [];
    this.open = null;
    for (const { done } of failed) done(fault, null);
    this.settle();
  }

  /** An idle sequencer makes a block when something falls due. */
  private arm(): void {
    this.quiet();
    const due_ms = this.state.due.next();
    if (due_ms === undefined || this.poison !== null || this.closing !== null) return;
    this.disarm = this.after(Math.min(Math.max(due_ms - this.parts.now(), 0), TIMER_MAX_MS), this.tick);
  }

  private readonly tick = (): void => {
    this.disarm = null;
    // Whatever flies arms again when it has landed.
    if (this.flying || this.open !== null || this.poison !== null) return;
    this.open = new BlockBuilder(this.state, this.parts.now());
    this.fly(false);
    if (!this.flying) this.arm();
  };
}
