/** The two ends of a conversation as the relay sees them: a client or a server, over whatever carries the messages. */
import type { Answer, Id, Params } from './message.ts';

export interface AskOptions {
  /** The request of the other side in whose course this one is made: it shares its stream (Streamable HTTP). */
  readonly about?: Id;
  /** Aborted when the asker no longer wants the answer. */
  readonly signal?: AbortSignal;
}

export interface Peer {
  /** Never rejects: a peer that is gone, full or silent is an error answer; null after `signal`: no answer is wanted. */
  request(method: string, params: Params | undefined, options?: AskOptions): Promise<Answer | null>;
  notify(method: string, params: Params | undefined, about?: Id): void;
  close(): Promise<void>;
}

export interface Asked {
  /** The asker's id of it. */
  readonly id: Id;
  /** The request of ours in whose course it came, where that is known. */
  readonly about: Id | undefined;
  /** Aborted when the asker cancels it or is gone; no answer is sent then. */
  readonly signal: AbortSignal;
  /** The approval (32 hex digits) with which a call is asked for again, and whether its page was declined (revision 2026-07-28). */
  readonly approval?: { readonly id: string; readonly declined: boolean };
}

/** What a peer tells. */
export interface Listener {
  /** Never rejects. */
  request(method: string, params: Params | undefined, asked: Asked): Promise<Answer | null>;
  notify(method: string, params: Params | undefined, about: Id | undefined): void;
  /** Once: nothing more comes. `reason` is a plain sentence. */
  closed(reason: string): void;
  /** The stream of our request `about` got a place to resume from, or ended early to be resumed (revision 2025-11-25). */
  stream?(about: Id, event: 'primed' | 'paused', retry_ms: number | undefined): void;
}
