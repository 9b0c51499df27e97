/**
 * A peer over a pipe of messages: ids are given here, so that the ids of two sides never meet; answers find their asker;
 * cancelling goes through (spec/gateway.md MG-3 to MG-6).
 */
import { type Answer, failure, type Id, isNotice, isObject, isRequest, type Message, type Params, type Request, type Response, RPC } from './message.ts';
import type { Asked, AskOptions, Listener, Peer } from './peer.ts';

/** What carries messages away. */
export interface Pipe {
  /** Hands the message over; false when it cannot be carried. `about`: the request of the other side whose stream it shares. */
  send(message: Message, about: Id | undefined): boolean;
  /** No message will answer this request of the other side. */
  drop?(id: Id): void;
  close(): Promise<void>;
}

/** MG-4: requests in flight, each way. */
export const INFLIGHT_MAX = 256;

interface Outgoing {
  readonly about: Id | undefined;
  readonly token: Id | undefined;
  readonly settle: (answer: Answer | null) => void;
}

export class Endpoint implements Peer {
  private readonly pipe: Pipe;
  private readonly listener: Listener;
  private readonly outgoing = new Map<Id, Outgoing>();
  private readonly incoming = new Map<Id, AbortController>();
  private next = 0;
  private gone: string | null = null;

  constructor(pipe: Pipe, listener: Listener) {
    this.pipe = pipe;
    this.listener = listener;
  }

  /** Requests in flight, both ways. */
  get busy(): number {
    return this.outgoing.size + this.incoming.size;
  }

  request(method: string, params: Params | undefined, { about, signal }: AskOptions = {}): Promise<Answer | null> {
    if (this.gone !== null) return Promise.resolve(failure(RPC.gateway, this.gone, { retryable: true }));
    if (this.outgoing.size >= INFLIGHT_MAX) return Promise.resolve(failure(RPC.gateway, 'too many requests are in flight', { retryable: true }));
    if (signal?.aborted) return Promise.resolve(null);
    const id = ++this.next;
    return new Promise((resolve) => {
      const cancel = (): void => {
        const reason: unknown = signal?.reason;
        this.notify('notifications/cancelled', { requestId: id, ...(typeof reason === 'string' && { reason }) });
        settle(null);
      };
      const settle = (answer: Answer | null): void => {
        if (!this.outgoing.delete(id)) return;
        signal?.removeEventListener('abort', cancel);
        resolve(answer);
      };
      this.outgoing.set(id, { about, token: tokenOf(params), settle });
      signal?.addEventListener('abort', cancel, { once: true });
      const sent = this.pipe.send({ jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) }, about);
      if (!sent) settle(failure(RPC.gateway, 'the message cannot be carried: it is too large, too deep, or the other side is gone'));
    });
  }

  notify(method: string, params: Params | undefined, about?: Id): void {
    if (this.gone === null) this.pipe.send({ jsonrpc: '2.0', method, ...(params !== undefined && { params }) }, about);
  }

  /** A message arrived; `of`: our request on whose stream it came, where the pipe knows. */
  receive(message: Message, of?: Id): void {
    if (this.gone !== null) return;
    if (isRequest(message)) return void this.asked(message, this.callerOf(of, message.params));
    if (!isNotice(message)) return this.answered(message);
    const { method, params } = message;
    if (method !== 'notifications/cancelled') return this.listener.notify(method, params, this.callerOf(of, params));
    const named = params?.requestId;
    if (typeof named === 'string' || typeof named === 'number') this.incoming.get(named)?.abort(params?.reason);
  }

  /** The pipe answers this request of ours itself; null: no answer is wanted. */
  fail(id: Id, answer: Answer | null): void {
    this.outgoing.get(id)?.settle(answer);
  }

  /** The pipe says how the stream of our request fares. */
  stream(id: Id, event: 'primed' | 'paused', retry_ms: number | undefined): void {
    const about = this.outgoing.get(id)?.about;
    if (about !== undefined) this.listener.stream?.(about, event, retry_ms);
  }

  async close(): Promise<void> {
    this.end('the conversation was closed');
    await this.pipe.close();
  }

  /** Nothing more comes: what is in flight fails with the reason, what the other side asked is aborted. */
  end(reason: string, data: Params = {}): void {
    if (this.gone !== null) return;
    this.gone = reason;
    for (const { settle } of [...this.outgoing.values()]) settle(failure(RPC.gateway, reason, { retryable: true, ...data }));
    for (const controller of this.incoming.values()) controller.abort(reason);
    this.incoming.clear();
    this.listener.closed(reason);
  }

  /** MG-5: whose request a message belongs to: by its stream, by its progress token, else the latest one in flight. */
  private callerOf(of: Id | undefined, params: Params | undefined): Id | undefined {
    if (of !== undefined) return this.outgoing.get(of)?.about;
    const token = params?.progressToken;
    if (token !== undefined) for (const one of this.outgoing.values()) if (one.token === token) return one.about;
    return [...this.outgoing.values()].findLast(({ about }) => about !== undefined)?.about;
  }

  private answered(message: Response): void {
    const answer: Answer = 'result' in message ? { result: message.result } : { error: message.error };
    if (message.id !== null) this.outgoing.get(message.id)?.settle(answer);
  }

  private async asked({ id, method, params }: Request, about: Id | undefined): Promise<void> {
    if (this.incoming.has(id)) return this.reply(id, failure(RPC.request, 'a request with this id is in flight'));
    if (this.incoming.size >= INFLIGHT_MAX) return this.reply(id, failure(RPC.gateway, 'too many requests are in flight', { retryable: true }));
    const controller = new AbortController();
    this.incoming.set(id, controller);
    const asked: Asked = { id, about, signal: controller.signal };
    const answer = await this.listener.request(method, params, asked).catch(() => failure(RPC.internal, 'the gateway failed on this request'));
    if (this.gone !== null) return;
    this.incoming.delete(id);
    // MG-6: who cancels gets no answer
    if (answer === null || controller.signal.aborted) this.pipe.drop?.(id);
    else this.reply(id, answer);
  }

  private reply(id: Id, answer: Answer): void {
    if (this.pipe.send({ jsonrpc: '2.0', id, ...answer }, id)) return;
    this.pipe.send({ jsonrpc: '2.0', id, ...failure(RPC.internal, 'the answer is too large or too deep to be carried') }, id);
  }
}

function tokenOf(params: Params | undefined): Id | undefined {
  const meta = params?._meta;
  const token = isObject(meta) ? meta.progressToken : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}
