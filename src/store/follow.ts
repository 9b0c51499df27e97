/**
 * Following the log: committed blocks in order, from any height on. A follower first catches up from the log, then
 * gets blocks as they become durable. Its queue is bounded: a slow one reads from the log again.
 */
import type { Octets } from '../base/bytes.ts';
import { decodeFrame, type Frame } from './frame.ts';

const QUEUE_FRAMES_MAX = 64;
const QUEUE_BYTES_MAX = 4_194_304;

/** What a follower needs of a log. */
export interface Followed {
  readonly salt: Octets;
  readonly first: number;
  readonly head: number;
  read(height: number): Frame;
  watch(watcher: (height: number, bytes: Uint8Array) => void): () => void;
}

export interface FollowOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  readonly queue_frames?: number;
}

/** Committed blocks from `from` on, without end until `signal` or `return`. @throws Fault ledger_corrupt, disk_failed */
export async function* follow(log: Followed, from: number, options: FollowOptions = {}): AsyncGenerator<Frame, void, void> {
  const { signal } = options;
  const most = options.queue_frames ?? QUEUE_FRAMES_MAX;
  const queue: { height: number; bytes: Uint8Array }[] = [];
  let queued = 0;
  let wake: (() => void) | null = null;
  const rouse = (): void => {
    wake?.();
    wake = null;
  };
  const unwatch = log.watch((height, bytes) => {
    if (queue.length >= most || queued + bytes.length > QUEUE_BYTES_MAX) {
      queue.length = 0;
      queued = 0;
    } else {
      queue.push({ height, bytes });
      queued += bytes.length;
    }
    rouse();
  });
  signal?.addEventListener('abort', rouse);
  try {
    for (let height = Math.max(from, log.first); signal?.aborted !== true; ) {
      while (queue.length > 0 && queue[0].height < height) queued -= (queue.shift() as { bytes: Uint8Array }).bytes.length;
      if (queue.length > 0 && queue[0].height === height) {
        const { bytes } = queue.shift() as { bytes: Uint8Array };
        queued -= bytes.length;
        yield decodeFrame(bytes, log.salt);
        height += 1;
      } else if (height <= log.head) {
        yield log.read(height);
        height += 1;
        // a long way to catch up must not hold the event loop
        await new Promise((resolve) => setImmediate(resolve));
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal?.aborted === true) rouse();
        });
      }
    }
  } finally {
    unwatch();
    signal?.removeEventListener('abort', rouse);
  }
}
