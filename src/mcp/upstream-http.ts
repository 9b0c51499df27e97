/**
 * A tool server over Streamable HTTP (spec/gateway.md MG-15 to MG-18): a POST a message, its answer as JSON or as a stream of
 * events that is resumed where the server lets it; beside them one stream for what belongs to no request.
 */
import type { IncomingMessage } from 'node:http';
import { Endpoint } from './endpoint.ts';
import { HttpTarget, textOf } from './http-target.ts';
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

/** Nothing is sent yet: whether the server is there shows with the first request. */
export async function openHttp(server: HttpServer, listener: Listener): Promise<Peer> {
  return new HttpUpstream(server, listener).endpoint;
}

class HttpUpstream {
  readonly endpoint: Endpoint;
  private readonly target: HttpTarget;
  private readonly ending = new AbortController();
  private session: string | undefined;
  private revision: string | undefined;
  private greeting: Id | undefined;
  private readonly schemas = new HeaderSchemas();
  /** Requests whose POST is under way. */
  private readonly posts = new Map<Id, { readonly modern: boolean; readonly method: string; readonly abort: AbortController }>();
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
    post.abort.abort();
    this.endpoint.fail(id as Id, null);
    return true;
  }

  /** A notice, or an answer to what the server asked. */
  private async tell(text: string, message: Message): Promise<void> {
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(NOTICE_MS_MAX)]);
    try {
      const response = await this.target.send('POST', this.headers(message), text, signal);
      response.resume();
      if (isNotice(message) && message.method === 'notifications/initialized' && (response.statusCode ?? 500) < 300) void this.attend();
    } catch {
      // the next request finds out
    }
  }

  private async ask(id: Id, text: string, message: Message & { readonly method: string }): Promise<void> {
    const abort = new AbortController();
    const modern = isModern(message);
    this.posts.set(id, { modern, method: message.method, abort });
    if (message.method === 'initialize') this.greeting = id;
    try {
      await this.order;
      const signal = AbortSignal.any([this.ending.signal, abort.signal]);
      await this.answered(id, await this.target.send('POST', this.headers(message), text, signal), signal);
    } catch (error) {
      this.broken(id, error);
    } finally {
      this.posts.delete(id);
    }
  }

  private async answered(id: Id, response: IncomingMessage, signal: AbortSignal): Promise<void> {
    const status = response.statusCode ?? 0;
    const type = (response.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
    const given = response.headers['mcp-session-id'];
    if (id === this.greeting && typeof given === 'string') this.session = given;
    if (status === 200 && type === 'text/event-stream') return this.follow(id, response, signal);
    const body = await textOf(response);
    // MG-17: the session has ended, and the request was not taken
    if (status === 404 && this.session !== undefined && this.greeting !== id) {
      this.endpoint.fail(id, failure(RPC.gateway, 'the session with the server has ended', { retryable: true, unsent: true }));
      return this.endpoint.end('the session has ended');
    }
    if (type === 'application/json' && this.take(body, id)) return;
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

  /** MG-16: the stream of one request, resumed until its answer has come. */
  private async follow(id: Id, first: IncomingMessage, signal: AbortSignal): Promise<void> {
    let response = first;
    let last: string | undefined;
    let tries = 0;
    for (;;) {
      const read = await this.read(response, id, (event_id, retry_ms) => {
        last = event_id;
        tries = 0;
        this.endpoint.stream(id, 'primed', retry_ms);
      });
      if (read.answered || signal.aborted) return;
      last = read.last ?? last;
      tries += 1;
      if (last === undefined || tries > RESUME_TRIES)
        return this.endpoint.fail(id, failure(RPC.gateway, 'the server ended the stream before its answer', { retryable: true }));
      this.endpoint.stream(id, 'paused', read.retry_ms);
      await pause(read.retry_ms ?? Math.min(RESUME_MS * 2 ** (tries - 1), RESUME_MS_MAX), signal);
      response = await this.target.send('GET', { ...this.headers(), Accept: 'text/event-stream', 'Last-Event-ID': last }, undefined, signal);
      if (response.statusCode !== 200) {
        response.resume();
        return this.endpoint.fail(
          id,
          failure(RPC.gateway, `the server does not let its stream be resumed (status ${response.statusCode ?? 0})`, { retryable: true }),
        );
      }
    }
  }

  /** MG-18: the stream of what belongs to no request, for as long as the server offers one. */
  private async attend(): Promise<void> {
    const { signal } = this.ending;
    let last: string | undefined;
    for (let tries = 0; !signal.aborted; ) {
      try {
        const resume: Record<string, string> = last === undefined ? {} : { 'Last-Event-ID': last };
        const response = await this.target.send('GET', { ...this.headers(), Accept: 'text/event-stream', ...resume }, undefined, signal);
        if (response.statusCode !== 200) {
          response.resume();
          if (response.statusCode === 404 && this.session !== undefined) this.endpoint.end('the session has ended');
          if ((response.statusCode ?? 500) < 500) return;
        } else {
          tries = 0;
          const read = await this.read(response, undefined, (id) => (last = id));
          last = read.last ?? last;
          if (read.retry_ms !== undefined) await pause(read.retry_ms, signal);
        }
      } catch {
        // asked again below
      }
      tries += 1;
      await pause(Math.min(RESUME_MS * 2 ** (tries - 1), RESUME_MS_MAX), signal);
    }
  }

  private async read(response: IncomingMessage, id: Id | undefined, primed: (id: string, retry_ms: number | undefined) => void) {
    const reader = new EventReader();
    let answered = false;
    let last: string | undefined;
    let retry_ms: number | undefined;
    try {
      for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
        for (const event of reader.read(piece)) {
          last = event.id ?? last;
          retry_ms = event.retry_ms ?? retry_ms;
          if (event.data === '') {
            if (event.id !== undefined) primed(event.id, event.retry_ms);
          } else if (event.type === 'message' && this.take(event.data, id)) answered = true;
        }
      }
    } catch {
      // a broken stream is one that ended
    }
    return { answered, last, retry_ms };
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
    if (this.ending.signal.aborted) return;
    const code = isObject(error) && typeof (error as { code?: unknown }).code === 'string' ? String((error as { code?: unknown }).code) : '';
    const reason = `no server answers at ${this.target.origin}${code === '' ? '' : ` (${code})`}`;
    this.endpoint.fail(id, failure(RPC.gateway, reason, { retryable: true, unsent: code === 'ECONNREFUSED' && this.session !== undefined }));
    if (this.session !== undefined && code === 'ECONNREFUSED') this.endpoint.end(reason);
  }

  private async close(): Promise<void> {
    this.ending.abort();
    if (this.session !== undefined) {
      const response = await this.target.send('DELETE', this.headers(), undefined, AbortSignal.timeout(2_000)).catch(() => null);
      response?.resume();
    }
    this.target.close();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
