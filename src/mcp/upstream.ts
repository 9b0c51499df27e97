/**
 * One tool server of a conversation: opened when first needed, greeted as the client greeted, and opened again with
 * back-off after it ended (spec/gateway.md MG-7 to MG-9).
 */
import { Fault } from '../base/fault.ts';
import { type Answer, failure, type Id, isObject, type Params, RPC } from './message.ts';
import type { Asked, AskOptions, Listener, Peer } from './peer.ts';

/** Opens what carries the messages. @throws Fault upstream_failed */
export type Open = (listener: Listener) => Promise<Peer>;

/** What a server tells, with its name. */
export interface UpstreamListener {
  request(server: Upstream, method: string, params: Params | undefined, asked: Asked): Promise<Answer | null>;
  notify(server: Upstream, method: string, params: Params | undefined, about: Id | undefined): void;
  stream(about: Id, event: 'primed' | 'paused', retry_ms: number | undefined): void;
  /** It was opened again: what it told before may no longer hold. */
  restarted(server: Upstream): void;
  report(message: string): void;
}

const GREETING_MS_MAX = 60_000;
const BACKOFF_MS = 500;
const BACKOFF_MS_MAX = 30_000;
/** A server that lived so long is not failing. */
const HEALTHY_MS = 60_000;
/** Requests that are repeated after a restart: subscriptions and the log level. */
const REPEATED_MAX = 1_024;

export class Upstream implements Peer {
  readonly name: string;
  /** The result of `initialize`; null before. */
  greeted: Params | null = null;
  private readonly open: Open;
  private readonly listener: UpstreamListener;
  private readonly repeated = new Map<string, { readonly method: string; readonly params: Params | undefined }>();
  private hello: Params = {};
  private ready = false;
  private peer: Peer | null = null;
  private opening: Promise<Answer> | null = null;
  private opened_ms = 0;
  private failures = 0;
  private not_before_ms = 0;
  private why = '';
  private closed = false;

  constructor(name: string, open: Open, listener: UpstreamListener) {
    this.name = name;
    this.open = open;
    this.listener = listener;
  }

  get capabilities(): Params {
    return isObject(this.greeted?.capabilities) ? this.greeted.capabilities : {};
  }

  /** Opens it and asks `initialize`; the answer is the server's. */
  start(hello: Params): Promise<Answer> {
    this.hello = hello;
    return this.reopen();
  }

  /** MG-8: while the server is down, an error that says why and when it is tried again. */
  async request(method: string, params: Params | undefined, options: AskOptions = {}): Promise<Answer | null> {
    const answer = await this.ask(method, params, options);
    if (answer === null || !isUnsent(answer) || options.signal?.aborted) return answer;
    // MG-9: it never reached the server, whose session had ended: asked once more in a new one
    return this.ask(method, params, options);
  }

  private async ask(method: string, params: Params | undefined, options: AskOptions): Promise<Answer | null> {
    const down = await this.up();
    // it may have died again right after its greeting
    return down ?? this.peer?.request(method, params, options) ?? this.down(this.why);
  }

  notify(method: string, params: Params | undefined, about?: Id): void {
    if (method === 'notifications/initialized') this.ready = true;
    this.peer?.notify(method, params, about);
  }

  /** Asked again after a restart, until it is forgotten. */
  repeat(key: string, method: string, params: Params | undefined): void {
    if (this.repeated.size < REPEATED_MAX) this.repeated.set(key, { method, params });
  }

  forget(key: string): void {
    this.repeated.delete(key);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.peer?.close();
  }

  private async up(): Promise<Answer | null> {
    if (this.peer !== null && this.opening === null) return null;
    if (this.closed) return failure(RPC.gateway, `server ${this.name}: closed`);
    const wait_ms = this.not_before_ms - Date.now();
    if (this.opening === null && wait_ms > 0) return this.down(`${this.why}; it is tried again in ${Math.ceil(wait_ms / 1_000)} s`);
    const greeted = await this.reopen();
    return 'error' in greeted ? greeted : null;
  }

  private down(why: string): Answer {
    return failure(RPC.gateway, `server ${this.name}: ${why}`, { retryable: true, server: this.name });
  }

  private reopen(): Promise<Answer> {
    this.opening ??= this.greet().finally(() => (this.opening = null));
    return this.opening;
  }

  private async greet(): Promise<Answer> {
    const again = this.greeted !== null;
    let failed = false;
    try {
      this.peer = await this.open({
        request: (method, params, asked) => this.listener.request(this, method, params, asked),
        notify: (method, params, about) => this.listener.notify(this, method, params, about),
        stream: (about, event, retry_ms) => this.listener.stream(about, event, retry_ms),
        closed: (reason) => {
          failed = true;
          this.lost(reason);
        },
      });
    } catch (error) {
      this.lost(error instanceof Fault ? error.message : String(error));
      return this.down(this.why);
    }
    const { peer } = this;
    const answer =
      (await peer.request('initialize', this.hello, { signal: AbortSignal.timeout(GREETING_MS_MAX) })) ?? failure(RPC.gateway, 'no answer to initialize');
    if ('error' in answer) {
      if (failed) return this.down(this.why);
      await peer.close();
      this.why = `it refused to begin: ${answer.error.message}`;
      return answer;
    }
    this.opened_ms = Date.now();
    this.greeted = answer.result;
    if (!again) return answer;
    if (this.ready) peer.notify('notifications/initialized', undefined);
    for (const { method, params } of this.repeated.values()) await peer.request(method, params);
    this.listener.report(`server ${this.name} was started again`);
    this.listener.restarted(this);
    return answer;
  }

  private lost(reason: string): void {
    if (this.closed) return;
    this.peer = null;
    this.why = reason;
    if (this.opened_ms !== 0 && Date.now() - this.opened_ms > HEALTHY_MS) this.failures = 0;
    this.not_before_ms = Date.now() + (this.failures === 0 ? 0 : Math.min(BACKOFF_MS * 2 ** this.failures, BACKOFF_MS_MAX));
    this.failures += 1;
    this.listener.report(`server ${this.name}: ${reason}`);
  }
}

const isUnsent = (answer: Answer): boolean => 'error' in answer && isObject(answer.error.data) && answer.error.data.unsent === true;
