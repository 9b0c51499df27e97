/**
 * Revision 2026-07-28 on a pipe: each message says itself that it is of this revision, so that a client may probe with it and
 * fall back to a handshake on the same pipe (spec/gateway.md MG-118).
 */
import { INFLIGHT_MAX } from './endpoint.ts';
import { type Answer, failure, type Id, isNotice, isRequest, type Message, type Request, RPC } from './message.ts';
import { isModern } from './modern.ts';
import type { ModernClient } from './modern-client.ts';

export class ModernPipe {
  private readonly send: (message: Message) => boolean;
  private readonly open: () => ModernClient;
  private client: ModernClient | null = null;
  private readonly inflight = new Map<Id, AbortController>();

  /** `open` is called when the first message of the revision comes. */
  constructor(send: (message: Message) => boolean, open: () => ModernClient) {
    this.send = send;
    this.open = open;
  }

  /** Whether the message was of this revision, and is dealt with. */
  take(message: Message): boolean {
    if (isRequest(message) && isModern(message)) {
      void this.serve(message);
      return true;
    }
    if (!isNotice(message)) return false;
    const named = message.method === 'notifications/cancelled' ? message.params?.requestId : undefined;
    const cancelled = typeof named === 'string' || typeof named === 'number' ? this.inflight.get(named) : undefined;
    cancelled?.abort();
    return cancelled !== undefined || isModern(message);
  }

  /** The client has closed its end. */
  end(reason: string): void {
    for (const controller of this.inflight.values()) controller.abort(reason);
    this.client?.end(reason);
  }

  private async serve(request: Request): Promise<void> {
    const { id } = request;
    if (this.inflight.has(id)) return this.reply(id, failure(RPC.request, 'a request with this id is in flight'));
    if (this.inflight.size >= INFLIGHT_MAX) return this.reply(id, failure(RPC.gateway, 'too many requests are in flight', { retryable: true }));
    const controller = new AbortController();
    this.inflight.set(id, controller);
    this.client ??= this.open();
    const notify = (method: string, params: Request['params']): void => void this.send({ jsonrpc: '2.0', method, params });
    const answer = await this.client
      .handle(request, { notify, signal: controller.signal })
      .catch(() => failure(RPC.internal, 'the gateway failed on this request'));
    this.inflight.delete(id);
    if (answer !== null && !controller.signal.aborted) this.reply(id, answer);
  }

  private reply(id: Id, answer: Answer): void {
    if (!this.send({ jsonrpc: '2.0', id, ...answer }))
      this.send({ jsonrpc: '2.0', id, ...failure(RPC.internal, 'the answer is too large or too deep to be carried') });
  }
}
