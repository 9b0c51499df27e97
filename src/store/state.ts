/**
 * The state store: what the machine knows at a height, written behind the log into LMDB on a thread of its own. It can
 * always be dropped and rebuilt from the log, so a damaged or foreign one is thrown away and reported, never fatal.
 */
import { Worker } from 'node:worker_threads';
import { Fault } from '../base/fault.ts';
import { type Change, packChanges, unpackChanges } from './pack.ts';

export type { Change } from './pack.ts';

/** Bytes of a key. */
export const STATE_KEY_BYTES_MAX = 512;

export type StateRequest =
  | { readonly op: 'open'; readonly path: string }
  | { readonly op: 'load' | 'drop' | 'close' }
  | { readonly op: 'write'; readonly height: number; readonly count: number; readonly changes: ArrayBuffer };

export type StateAnswer =
  | { readonly ok: true; readonly dropped: string | null; readonly found: { readonly height: number; readonly changes: ArrayBuffer } | null }
  | { readonly ok: false; readonly error: string };

export interface StoredState {
  /** The block after which this was the state. */
  readonly height: number;
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
}

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './state-worker.ts' : './state-worker.js', import.meta.url);

export class StateStore {
  private readonly worker: Worker;
  private waiting: { resolve: (answer: StateAnswer) => void; reject: (error: Error) => void } | null = null;
  private ended: Error | null = null;
  private reason: string | null = null;

  private constructor(worker: Worker) {
    this.worker = worker;
    worker.on('message', (answer: StateAnswer) => {
      const { waiting } = this;
      this.waiting = null;
      waiting?.resolve(answer);
    });
    const end = (error: Error): void => {
      this.ended ??= error;
      this.waiting?.reject(error);
      this.waiting = null;
    };
    worker.on('error', end);
    worker.on('exit', () => end(new Error('its thread has ended')));
    worker.unref();
  }

  /** Opens the store in the folder `path`, which is made when it is missing. */
  static async open(path: string): Promise<StateStore> {
    const store = new StateStore(new Worker(WORKER));
    await store.ask({ op: 'open', path });
    return store;
  }

  /** Why the store was thrown away and started anew, or null: worth a line in the node's log. */
  get dropped(): string | null {
    return this.reason;
  }

  /** Whether a call is under way; the next one comes after it. */
  get busy(): boolean {
    return this.waiting !== null;
  }

  private async ask(request: StateRequest, transfer: ArrayBuffer[] = []): Promise<Extract<StateAnswer, { ok: true }>> {
    if (this.waiting !== null) throw new Fault('internal', 'the state store is busy');
    try {
      if (this.ended !== null) throw this.ended;
      this.worker.ref();
      const answer = await new Promise<StateAnswer>((resolve, reject) => {
        this.waiting = { resolve, reject };
        this.worker.postMessage(request, transfer);
      });
      if (!answer.ok) throw new Error(answer.error);
      this.reason = answer.dropped ?? this.reason;
      return answer;
    } catch (error) {
      throw new Fault('disk_failed', `the state store failed: ${error instanceof Error ? error.message : ''}`);
    } finally {
      this.worker.unref();
    }
  }

  /** All that was written last, or null for an empty (or dropped) store. Call it once, before writing. */
  async load(): Promise<StoredState | null> {
    const { found } = await this.ask({ op: 'load' });
    if (found === null) return null;
    return { height: found.height, entries: [...unpackChanges(found.changes)] as StoredState['entries'] };
  }

  /**
   * Writes the changes up to block `height` in one transaction, the height among them. `count`: entries that the state
   * has then. One at a time; the event loop is held for one copy of the bytes.
   * @throws Fault disk_failed: the store keeps what it had, the log has everything
   */
  async write(height: number, changes: readonly Change[], count: number): Promise<void> {
    for (const [key] of changes) if (key.length > STATE_KEY_BYTES_MAX) throw new RangeError(`a key has at most ${STATE_KEY_BYTES_MAX} bytes`);
    const packed = packChanges(changes);
    await this.ask({ op: 'write', height, count, changes: packed }, [packed]);
  }

  /** Throws everything away. */
  async drop(): Promise<void> {
    await this.ask({ op: 'drop' });
  }

  async close(): Promise<void> {
    if (this.ended === null) await this.ask({ op: 'close' });
    this.ended = new Error('it has been closed');
    await this.worker.terminate();
  }
}
