/**
 * Requests to one address over HTTP/1.1, with kept-alive connections. Redirects are not followed: they could lead credentials
 * elsewhere (spec/gateway.md MG-15). No request is sent twice, and none waits behind another on its connection.
 */
import { createRequire } from 'node:module';
import { StringDecoder } from 'node:string_decoder';
import { urlToHttpOptions } from 'node:url';
import type { Dispatcher, Pool } from 'undici';
import { MESSAGE_BYTES_MAX } from './message.ts';

const SOCKETS_MAX = 512;
const IDLE_MS = 30_000;
/** A connection is left this long before the server says that it closes it. */
const IDLE_MARGIN_MS = 1_000;
/** Header fields that say how a message is carried: no settings change these. */
const CARRYING: ReadonlySet<string> = new Set(['connection', 'content-length', 'content-type', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Ends what is under way, which is one thing at a time. Each call has one: an AbortSignal and its listener take ten times as long. */
export class Stop {
  stopped = false;
  /** How what is under way ends. */
  under_way: (() => void) | null = null;

  /** One that stops by itself. */
  static after(ms: number): Stop {
    const stop = new Stop();
    setTimeout(() => stop.stop(), ms).unref();
    return stop;
  }

  stop(): void {
    this.stopped = true;
    this.under_way?.();
  }
}

export interface Head {
  readonly status: number;
  /** The media type in lower case, without its parameters; empty where none is given. */
  readonly type: string;
  /** `Mcp-Session-Id`. */
  readonly session: string | undefined;
}

export interface Reply extends Head {
  /** The body that was taken as one text; else empty. */
  readonly text: string;
}

/** How a body is taken: as one text, not at all, or in pieces, each in the tick that brings its bytes. */
export type Taking = 'text' | 'none' | ((piece: string) => void);

export interface Sending {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** Ends the request together with its connection. */
  readonly stop: Stop;
  /** Called once, with the head of the answer. */
  readonly take: (head: Head) => Taking;
}

export class HttpTarget {
  readonly origin: string;
  private readonly path: string;
  /** Names in lower case, each followed by its value. */
  private readonly fields: readonly string[];
  private readonly named: ReadonlySet<string>;
  private readonly pool: Pool;
  private readonly queued: symbol;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    const { path, auth } = urlToHttpOptions(new URL(url));
    this.origin = new URL(url).origin;
    this.path = path ?? '/';
    const own = new Map(typeof auth === 'string' ? [['authorization', `Basic ${Buffer.from(auth).toString('base64')}`]] : []);
    for (const [name, value] of Object.entries(headers)) if (!CARRYING.has(name.toLowerCase())) own.set(name.toLowerCase(), value);
    this.fields = [...own].flat();
    this.named = new Set(own.keys());
    const { Pool, queued } = undici();
    this.queued = queued;
    this.pool = new Pool(this.origin, {
      connections: SOCKETS_MAX,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      keepAliveTimeoutThreshold: IDLE_MARGIN_MS,
      // A call may take minutes and a stream hours; who asks says how long he waits.
      connectTimeout: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * Resolves when the body has ended, or with the head where none is taken. A stream of pieces that breaks, or whose taker
   * throws, is one that ended. Rejects when `stop` ends it, with a RangeError past the size of a message, else with an error
   * whose `code` is the system's (ECONNREFUSED, ECONNRESET, ...).
   */
  send(sending: Sending): Promise<Reply> {
    const { method, body, stop } = sending;
    return new Promise((resolve, reject) => {
      if (stop.stopped) return reject(stopped());
      const exchange = new Exchange(sending, resolve, reject);
      this.pool.dispatch({ method, path: this.path, headers: this.fieldsOf(sending), body, [this.queued]: exchange.queued }, exchange);
    });
  }

  /** Where settings and protocol name the same field, the settings count. */
  private fieldsOf({ headers, body }: Sending): string[] {
    const fields = [...this.fields];
    for (const name in headers) if (!this.named.has(name.toLowerCase())) fields.push(name, headers[name]);
    if (body !== undefined) fields.push('content-type', 'application/json');
    return fields;
  }

  /** Ends what is under way. */
  close(): void {
    void this.pool.destroy();
  }
}

/** One request and its answer, as the pool tells them. */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly sending: Sending;
  private readonly resolve: (reply: Reply) => void;
  private readonly reject: (error: Error) => void;
  private readonly decoder = new StringDecoder('utf8');
  private abort: ((reason: Error) => void) | null = null;
  private head: Head = { status: 0, type: '', session: undefined };
  private taking: Taking = 'text';
  private text = '';
  private size = 0;

  constructor(sending: Sending, resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    this.sending = sending;
    this.resolve = resolve;
    this.reject = reject;
    sending.stop.under_way = this.stop;
  }

  /** Told how to leave the pool's queue, and with it a connection that nobody else waits for. */
  readonly queued = (abort: (reason: Error) => void): void => {
    this.abort = abort;
  };

  private readonly stop = (): void => this.abort?.(stopped());

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.abort = (reason) => controller.abort(reason);
    if (this.sending.stop.stopped) this.stop();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    const type = first(headers['content-type']) ?? '';
    this.head = { status, type: type.split(';', 1)[0].trim().toLowerCase(), session: first(headers['mcp-session-id']) };
    this.taking = this.sending.take(this.head);
    if (this.taking === 'none') this.resolve({ ...this.head, text: '' });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { taking } = this;
    if (taking === 'none') return;
    const piece = this.decoder.write(chunk);
    if (taking !== 'text') return taking(piece);
    this.size += chunk.length;
    if (this.size > MESSAGE_BYTES_MAX) throw new RangeError('the body is too large');
    this.text += piece;
  }

  onResponseEnd(): void {
    this.settle(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.settle(error);
  }

  private settle(error: Error | null): void {
    const { stop } = this.sending;
    if (stop.under_way === this.stop) stop.under_way = null;
    if (error === null || typeof this.taking === 'function') this.resolve({ ...this.head, text: this.taking === 'text' ? this.text + this.decoder.end() : '' });
    else this.reject(known(error));
  }
}

/** The pool has a word of its own for a connection that the server closed. */
function known(error: Error & { readonly code?: string }): Error {
  return error.code === 'UND_ERR_SOCKET' ? Object.assign(new Error(error.message, { cause: error }), { code: 'ECONNRESET' }) : error;
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const stopped = (): Error => new Error('the request was stopped');

interface Undici {
  readonly Pool: typeof Pool;
  /** The option by which a request that waits for its connection is aborted, as the package's own functions do. */
  readonly queued: symbol;
}
let loaded: Undici | null = null;

/** Loaded with the first target. The package's main file takes three times as long, and puts its own agent under the global fetch. */
function undici(): Undici {
  if (loaded !== null) return loaded;
  const load = createRequire(import.meta.url);
  const { kQueuedAbort } = load('undici/lib/core/symbols.js') as { readonly kQueuedAbort: symbol };
  loaded = { Pool: load('undici/lib/dispatcher/pool.js') as typeof Pool, queued: kQueuedAbort };
  return loaded;
}
