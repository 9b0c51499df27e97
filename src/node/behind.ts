/** Write-behind: the state store and the published checkpoint follow the log, a little later and never in its way. */
import { fromOctets, type Octets } from '../base/bytes.ts';
import type { BlockOutput } from '../machine/apply.ts';
import type { Change } from '../store/state.ts';
import { FRONTIER_KEY, type Ledger } from './ledger.ts';

const STATE_MS = 100;
const CHECKPOINT_MS = 1_000;

export class WriteBehind {
  private readonly ledger: Ledger;
  private puts: Map<Octets, Uint8Array | null>;
  private last: BlockOutput | null = null;
  /** Entries that the store has once all puts are in it: the facts at `last`, and the frontier. */
  private count = 0;
  private written = 0;
  private published_ms = 0;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private readonly report: (error: unknown) => void;

  constructor(ledger: Ledger, report: (error: unknown) => void) {
    this.ledger = ledger;
    this.report = report;
    this.puts = new Map(ledger.behind);
  }

  /** A durable block. */
  readonly take = (block: BlockOutput): void => {
    for (const [key, bytes] of block.writes) this.puts.set(key, bytes);
    this.last = block;
    // the next block is committed only after this call, so the facts are those of this height
    this.count = this.ledger.state.facts.size + 1;
    this.arm(STATE_MS);
  };

  private arm(wait_ms: number): void {
    if (this.timer !== null || this.running !== null) return;
    this.timer = setTimeout(this.run, wait_ms);
    this.timer.unref();
  }

  private readonly run = (): void => {
    this.timer = null;
    this.running = this.flush(false)
      .catch(this.report)
      .finally(() => {
        this.running = null;
        const height = this.last?.header.height;
        if (height !== undefined && height !== this.written) this.arm(STATE_MS);
        else if (height !== undefined && this.unpublished(this.last)) this.arm(CHECKPOINT_MS);
      });
  };

  private unpublished(block: BlockOutput | null): block is BlockOutput {
    return block !== null && (this.ledger.publisher.published?.size ?? 0) < block.header.log_size;
  }

  private async flush(closing: boolean): Promise<void> {
    const block = this.last;
    if (block === null) return;
    if (block.header.height !== this.written) {
      const { puts } = this;
      this.puts = new Map();
      puts.set(FRONTIER_KEY, block.log.encode());
      const changes = Array.from(puts, ([key, value]): Change => [fromOctets(key), value]);
      try {
        await this.ledger.store.write(block.header.height, changes, this.count);
      } catch (error) {
        // The store keeps what it had: the next write brings these too.
        for (const [key, value] of puts) if (!this.puts.has(key)) this.puts.set(key, value);
        throw error;
      }
      this.written = block.header.height;
    }
    const now_ms = performance.now();
    if ((closing || now_ms - this.published_ms >= CHECKPOINT_MS) && this.unpublished(block)) {
      this.published_ms = now_ms;
      await this.ledger.publisher.publish(block.header.log_size, block.header.log_root);
    }
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.running;
    await this.flush(true).catch(this.report);
  }
}
