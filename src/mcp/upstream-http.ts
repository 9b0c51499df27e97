/**
 * A tool server over Streamable HTTP (spec/gateway.md MG-15 to MG-18): a POST a message, its answer as JSON or as a stream of
 * events that is resumed where the server lets it; beside them one stream for what belongs to no request.
 */
import { Endpoint } from './endpoint.ts';
import { type Head, HttpTarget, type Reply, type Sending, Stop } from './http-target.ts';
import { failure, type Id, isNotice, isObject, isRequest, MESSAGES_MAX, type Message, RPC, readMessage, writeMessage } from './message.ts';
import { isModern, MODERN_REVISION } from './modern.ts';
import { HeaderSchemas, modernHeaders } from './modern-header.ts';
import type { Listener, Peer } from './peer.ts';
import { EventReader } from './sse.ts';

export interface HttpServer {
  readonly url: string;
  /** Credentials of the gateway's own; nothing of a client's request is among them. */
  readonly headers: Readonly<Record<string, string>>;
}

const RESUME_MS = 1_000;
const RESUME_MS_MAX = 30_000;
/** Tries to resume one answer, without anything new in between. */
const RESUME_TRIES = 6;
const NOTICE_MS_MAX = 30_000;
const GOODBYE_MS_MAX = 2_000;

/** What was seen of a stream of events, over all the connections that it took. */
interface Seen {
  answered: boolean;
  /** The last event that it can be resumed after. */
  last: string | undefined;
  /** What the present connection asks to wait before the next. */
  retry_ms: number | undefined;
  /** Whether the present connection gave a place to resume from together with a time. */
  primed: boolean;
  /** Tries without anything new in between. */
  tries: number;
}

/** Nothing is sent yet: whether the server is there shows with the first request. */
export async function openHttp(server: HttpServer, listener: Listener): Promise<Peer> {
  return new HttpUpstream(server, listener).endpoint;
}

class HttpUpstream {
  readonly endpoint: Endpoint;
  private readonly target: HttpTarget;
  private session: string | undefined;
  private revision: string | undefined;
  private greeting: Id | undefined;
  private readonly schemas = new HeaderSchemas();
  /** Requests whose POST is under way. */
  private readonly posts = new Map<Id, { readonly modern: boolean; readonly method: string; readonly stop: Stop }>();
  /** Of what is under way. */
  private readonly stops = new Set<Stop>();
  private closed = false;
  /** Notices are taken in order, and before the requests that follow them. */
  private order: Promise<void> = Promise.resolve();

  constructor(server: HttpServer, listener: Listener) {
    this.target = new HttpTarget(server.url, server.headers);
    this.endpoint = new Endpoint({ send: (message) => this.send(message), close: () => this.close() }, listener);
  }

  private send(message: Message): boolean {
    const text = writeMessage(message);
    if (text === null) return false;
    if (isRequest(message)) {
      void this.ask(message.id, text, message);
      return true;
    }
    if (isNotice(message) && message.method === 'notifications/cancelled' && this.abandoned(message.params?.requestId)) return true;
    this.order = this.order.then(() => this.tell(text, message));
    return true;
  }

  /** The newer revision cancels by closing the stream. */
  private abandoned(id: unknown): boolean {
    const post = this.posts.get(id as Id);
    if (post === undefined || !post.modern) return false;
    post.stop.stop();
    this.endpoint.fail(id as Id, null);
    return true;
  }

  /** A notice, or an answer to what the server asked. */
  private async tell(text: string, message: Message): Promise<void> {
    const stop = this.begin(Stop.after(NOTICE_MS_MAX));
    try {
      const { status } = await this.target.send({ method: 'POST', headers: this.headers(message), body: text, stop, take: () => 'none' });
      if (isNotice(message) && message.method === 'notifications/initialized' && status < 300) void this.attend();
    } catch {
      // the next request finds out
    } finally {
      this.stops.delete(stop);
    }
  }

  private async ask(id: Id, text: string, message: Message & { readonly method: string }): Promise<void> {
    const stop = this.begin();
    const seen: Seen = { answered: false, last: undefined, retry_ms: undefined, primed: false, tries: 0 };
    const take: Sending['take'] = (head) => {
      if (id === this.greeting) this.session = head.session ?? this.session;
      return isStream(head) ? this.events(id, seen) : 'text';
    };
    this.posts.set(id, { modern: isModern(message), method: message.method, stop });
    if (message.method === 'initialize') this.greeting = id;
    try {
      await this.order;
      const reply = await this.target.send({ method: 'POST', headers: this.headers(message), body: text, stop, take });
      if (isStream(reply)) await this.follow(id, seen, stop);
      else this.answered(id, reply);
    } catch (error) {
      this.broken(id, error);
    } finally {
      this.posts.delete(id);
      this.stops.delete(stop);
    }
  }

  private answered(id: Id, { status, type, text }: Reply): void {
    // MG-17: the session has ended, and the request was not taken
    if (status === 404 && this.session !== undefined && this.greeting !== id) {
      this.endpoint.fail(id, failure(RPC.gateway, 'the session with the server has ended', { retryable: true, unsent: true }));
      return this.endpoint.end('the session has ended');
    }
    if (type === 'application/json' && this.take(text, id)) return;
    this.endpoint.fail(
      id,
      failure(RPC.gateway, `the server answers with status ${status}${status === 401 || status === 403 ? ': it refuses the credentials it was given' : ''}`, {
        status,
      }),
    );
  }

  /** The messages of a text; false: none of them is the answer to this request. */
  private take(text: string, id: Id | undefined): boolean {
    let value: unknown;
    try {
      value = JSON.parse(text) as unknown;
    } catch {
      return false;
    }
    let found = false;
    for (const item of (Array.isArray(value) ? (value as unknown[]) : [value]).slice(0, MESSAGES_MAX)) {
      const message = readMessage(item);
      if (message === null) continue;
      if ('error' in message && message.id === null && id !== undefined) {
        found = true;
        this.endpoint.fail(id, { error: message.error });
        continue;
      }
      if (!('method' in message) && message.id === id) {
        found = true;
        if ('result' in message && this.posts.get(message.id)?.method === 'tools/list') this.schemas.learn(message.result.tools);
        if (id === this.greeting && 'result' in message && typeof message.result.protocolVersion === 'string') this.revision = message.result.protocolVersion;
      }
      this.endpoint.receive(message, id);
    }
    return found;
  }

  /** MG-16: once a stream of this request has ended, it is resumed until the answer has come. */
  private async follow(id: Id, seen: Seen, stop: Stop): Promise<void> {
    while (!seen.answered && !stop.stopped) {
      seen.tries += 1;
      if (seen.last === undefined || seen.tries > RESUME_TRIES)
        return this.endpoint.fail(id, failure(RPC.gateway, 'the server ended the stream before its answer', { retryable: true }));
      // The client can come back only to an event that it was given: its stream ends where this one gave it a time to do so.
      if (seen.primed) this.endpoint.stream(id, 'paused', seen.retry_ms);
      await pause(seen.retry_ms ?? backoff_ms(seen.tries), stop);
      const { status } = await this.listen(id, seen, stop);
      if (status !== 200)
        return this.endpoint.fail(id, failure(RPC.gateway, `the server does not let its stream be resumed (status ${status})`, { retryable: true }));
    }
  }

  /** MG-18: the stream of what belongs to no request, for as long as the server offers one. */
  private async attend(): Promise<void> {
    const stop = this.begin();
    const seen: Seen = { answered: false, last: undefined, retry_ms: undefined, primed: false, tries: 0 };
    while (!stop.stopped) {
      try {
        const { status } = await this.listen(undefined, seen, stop);
        if (status === 404 && this.session !== undefined) this.endpoint.end('the session has ended');
        if (status !== 200 && status < 500) return;
        if (status === 200) seen.tries = 0;
        if (status === 200 && seen.retry_ms !== undefined) await pause(seen.retry_ms, stop);
      } catch {
        // asked again below
      }
      seen.tries += 1;
      await pause(backoff_ms(seen.tries), stop);
    }
  }

  /** Listens to a stream from where it was left, until it ends; a status other than 200: there is none. */
  private listen(id: Id | undefined, seen: Seen, stop: Stop): Promise<Reply> {
    const resume: Record<string, string> = seen.last === undefined ? {} : { 'Last-Event-ID': seen.last };
    const headers = { ...this.headers(), Accept: 'text/event-stream', ...resume };
    return this.target.send({ method: 'GET', headers, stop, take: ({ status }) => (status === 200 ? this.events(id, seen) : 'none') });
  }

  /** Takes the events of one connection as their bytes come. */
  private events(id: Id | undefined, seen: Seen): (piece: string) => void {
    const reader = new EventReader();
    seen.retry_ms = undefined;
    seen.primed = false;
    return (piece) => {
      for (const event of reader.read(piece)) {
        seen.last = event.id ?? seen.last;
        seen.retry_ms = event.retry_ms ?? seen.retry_ms;
        if (event.data !== '') {
          if (event.type === 'message' && this.take(event.data, id)) seen.answered = true;
        } else if (id !== undefined && event.id !== undefined) {
          seen.tries = 0;
          seen.primed ||= event.retry_ms !== undefined;
          this.endpoint.stream(id, 'primed', event.retry_ms);
        }
      }
    };
  }

  private headers(message?: Message): Record<string, string> {
    const accept = { Accept: 'application/json, text/event-stream' };
    if (message !== undefined && 'method' in message && isModern(message))
      return { ...accept, ...modernHeaders(message, MODERN_REVISION, this.schemas.of(message.params?.name)) };
    return {
      ...accept,
      ...(this.session !== undefined && { 'Mcp-Session-Id': this.session }),
      ...(this.revision !== undefined && { 'MCP-Protocol-Version': this.revision }),
    };
  }

  private broken(id: Id, error: unknown): void {
    if (this.closed) return;
    const code = isObject(error) && typeof (error as { code?: unknown }).code === 'string' ? String((error as { code?: unknown }).code) : '';
    const reason = `no server answers at ${this.target.origin}${code === '' ? '' : ` (${code})`}`;
    this.endpoint.fail(id, failure(RPC.gateway, reason, { retryable: true, unsent: code === 'ECONNREFUSED' && this.session !== undefined }));
    if (this.session !== undefined && code === 'ECONNREFUSED') this.endpoint.end(reason);
  }

  /** It is stopped when this is closed. */
  private begin(stop = new Stop()): Stop {
    if (this.closed) stop.stop();
    else this.stops.add(stop);
    return stop;
  }

  private async close(): Promise<void> {
    this.closed = true;
    for (const stop of this.stops) stop.stop();
    if (this.session !== undefined) {
      const stop = Stop.after(GOODBYE_MS_MAX);
      await this.target.send({ method: 'DELETE', headers: this.headers(), stop, take: () => 'none' }).catch(() => undefined);
    }
    this.target.close();
  }
}

const isStream = ({ status, type }: Head): boolean => status === 200 && type === 'text/event-stream';

const backoff_ms = (tries: number): number => Math.min(RESUME_MS * 2 ** (tries - 1), RESUME_MS_MAX);

function pause(ms: number, stop: Stop): Promise<void> {
  return new Promise((resolve) => {
    if (stop.stopped) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      stop.under_way = null;
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    stop.under_way = done;
  });
}
