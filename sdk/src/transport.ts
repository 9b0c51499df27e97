/** Requests to a node over fetch: timeouts, what may be sent again, and answers that come line by line. */
import { AvaError, errorOf, localError } from './error.ts';

export interface TransportOptions {
  /** How long a request may take, answer included. */
  readonly timeout_ms?: number;
  /** How often a request is sent again where that is safe. */
  readonly retries?: number;
  /** In place of the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with each request: for a proxy in front of the node, which has no authentication itself. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether it may be sent again when nobody knows what became of it. */
  readonly repeatable?: boolean;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 2;
const RETRY_AFTER_MS_MAX = 5_000;
/** Bytes of an answer: a bundle has at most 20 MiB. */
const ANSWER_BYTES_MAX = 33_554_432;

/** Resolves after `ms`. @throws the signal's reason */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

export class Transport {
  readonly url: string;
  private readonly options: TransportOptions;

  /** `url` without a path: `http://127.0.0.1:4100`. @throws TypeError for any other */
  constructor(url: string, options: TransportOptions = {}) {
    const { origin, pathname, protocol } = new URL(url);
    if (!/^https?:$/.test(protocol) || pathname !== '/') throw new TypeError(`the address of a node is http://HOST:PORT, not ${url}`);
    this.url = origin;
    this.options = options;
  }

  /** The body of an answer with status 200. @throws AvaError */
  async bytes(call: Call): Promise<Uint8Array<ArrayBuffer>> {
    const { retries = RETRIES } = this.options;
    for (let left = retries; ; left--) {
      try {
        return await this.once(call);
      } catch (error) {
        const wait_ms = left > 0 ? retryAfter(error, call) : null;
        if (wait_ms === null) throw error;
        await pause(wait_ms, call.signal);
      }
    }
  }

  /** @throws AvaError */
  async json(call: Call): Promise<unknown> {
    return parsed(await this.bytes(call));
  }

  /** The answer to a request without a time limit, its status being 200; the caller reads it. @throws AvaError */
  async open(call: Call): Promise<Response> {
    const response = await this.send(call, call.signal);
    if (response.status !== 200) throw problem(response, await read(response, this.url));
    return response;
  }

  private async once(call: Call): Promise<Uint8Array<ArrayBuffer>> {
    const { timeout_ms = TIMEOUT_MS } = this.options;
    const limit = AbortSignal.timeout(timeout_ms);
    try {
      const response = await this.send(call, call.signal === undefined ? limit : AbortSignal.any([call.signal, limit]));
      const body = await read(response, this.url);
      if (response.status !== 200) throw problem(response, body);
      return body;
    } catch (error) {
      if (call.signal?.aborted === true) throw call.signal.reason;
      if (limit.aborted && !isAnswer(error)) throw localError('timed_out', `no answer within ${timeout_ms} ms`);
      throw error;
    }
  }

  private async send({ method, path, type, body, headers }: Call, signal?: AbortSignal): Promise<Response> {
    const { fetch = globalThis.fetch, headers: always } = this.options;
    try {
      return await fetch(`${this.url}${path}`, {
        method,
        headers: { ...always, ...headers, ...(type !== undefined && { 'Content-Type': type }) },
        ...(body !== undefined && { body }),
        ...(signal !== undefined && { signal }),
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw localError('unreachable', `no node answers at ${this.url}`, { cause: error });
    }
  }
}

/** Whether a node has answered with this error, so that its timing says nothing more. */
const isAnswer = (error: unknown): boolean => error instanceof AvaError && error.slug !== 'unreachable';

/** When the same request may be sent again, or null. `overloaded` says that nothing was placed (N-7). */
function retryAfter(error: unknown, call: Call): number | null {
  if (!(error instanceof AvaError)) return null;
  if (error.slug === 'overloaded') return Math.min(Number(error.context['retry_after_s'] ?? 1) * 1_000, RETRY_AFTER_MS_MAX);
  const unknown = error.slug === 'unreachable' || error.slug === 'timed_out';
  return unknown && (call.method === 'GET' || call.repeatable === true) ? 100 : null;
}

async function read(response: Response, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of chunks(response, url)) {
    size += part.length;
    if (size > ANSWER_BYTES_MAX) throw localError('unreachable', `what answers at ${url} sends more than a node does`);
    parts.push(part);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The pieces of a body as they are asked for: what is not read is not sent. */
export async function* chunks(response: Response, url: string, signal?: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if ((error as Error).name === 'AbortError' || (error as Error).name === 'TimeoutError') throw error;
    throw localError('unreachable', `the connection to ${url} broke within an answer`, { cause: error });
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

const LINE_MAX = 4_194_304;

/** The whole lines of a body, at most 4 Mi characters each. @throws AvaError; the signal's reason */
export async function* lines(response: Response, url: string, signal?: AbortSignal): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks(response, url, signal)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() as string;
    if (rest.length > LINE_MAX) throw localError('unreachable', `what answers at ${url} sends a line without an end`);
    yield* parts;
  }
}

const parsed = (body: Uint8Array): unknown => parsedText(new TextDecoder().decode(body));

/** @throws AvaError for what is no JSON */
export function parsedText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw localError('unreachable', 'what answers there is no node: its answer is no JSON', { cause: error });
  }
}

function problem(response: Response, body: Uint8Array): AvaError {
  try {
    const retry = response.headers.get('Retry-After');
    const found = errorOf({ ...(JSON.parse(new TextDecoder().decode(body)) as object), ...(retry !== null && { retry_after_s: Number(retry) }) });
    if (found !== null) return found;
  } catch {
    // no problem document: something else answers at this address
  }
  return localError('unreachable', `what answers there with status ${response.status} is no node`);
}
