/** Every request that the fast path leaves to node:http: who may ask, which route, how much body (spec/http.md N-2 to N-9). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../base/fault.ts';
import { isJsonType } from './head.ts';
import { CBOR_TYPE, JSON_TYPE, NDJSON_TYPE, OPERATIONS, type Operation, type OperationId } from './operation.ts';
import { faultOf, PROBLEM_TYPE, problemOf, RETRY_AFTER_S } from './problem.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path's parameters in order. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  /** Answers with a fault, unless something was answered. */
  readonly fail: (error: unknown, headers?: Readonly<Record<string, string>>) => void;
}

/** What the router tells of. */
export interface Observer {
  /** Each answer; id '' where no route was found. */
  answered(id: OperationId | '', status: number): void;
  /** Each fault that the router answers with. */
  failed(error: unknown): void;
}

/** May throw a Fault, as long as nothing was answered. */
export type Handler = (exchange: Exchange) => void;
export type Handlers = Readonly<Record<OperationId, Handler>>;

/** Bytes of a body past its bound that are read and dropped, so that the client gets to see its answer. */
const DROPPED_BYTES_MAX = 16_777_216;
const DROPPING_MS = 5_000;

interface Route {
  readonly pattern: RegExp;
  readonly operations: ReadonlyMap<string, Operation>;
}

function routeTable(): Route[] {
  const paths = Map.groupBy(OPERATIONS, (operation) => operation.path);
  return [...paths].map(([path, operations]) => ({
    pattern: new RegExp(
      `^${path
        .replaceAll('.', '\\.')
        .replaceAll(/\{[a-z]+\+\}/g, '(.+)')
        .replaceAll(/\{[a-z]+\}/g, '([^/]+)')}$`,
    ),
    operations: new Map(operations.map((operation) => [operation.method, operation])),
  }));
}

export function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': typeof body === 'string' ? Buffer.byteLength(body) : body.length, ...headers });
  response.end(body);
}

export function sendFault(response: ServerResponse, error: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const fault = faultOf(error);
  const retry: Record<string, string> = fault.status === 503 ? { 'Retry-After': String(RETRY_AFTER_S) } : {};
  send(response, fault.status, PROBLEM_TYPE, problemOf(fault), { ...retry, ...headers });
}

/** The names by which this node may be called; a port may follow (N-2). */
export function ownHosts(names: readonly string[]): (host: string) => boolean {
  const own = new Set(['127.0.0.1', 'localhost', '[::1]', ...names.map((name) => name.toLowerCase())]);
  return (host) => own.has(host.toLowerCase().replace(/:[0-9]{1,5}$/, ''));
}

export function router(
  handlers: Handlers,
  isOwnHost: (host: string) => boolean,
  observer: Observer,
  origins: ReadonlySet<string> = new Set(),
): (request: IncomingMessage, response: ServerResponse) => void {
  const routes = routeTable();
  return (request, response) => {
    let id: OperationId | '' = '';
    response.on('finish', () => observer.answered(id, response.statusCode));
    // N-9: what is not read of a body is dropped, within a bound
    response.on('finish', () => drain(request));
    const fail = (error: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      observer.failed(error);
      sendFault(response, error, headers);
    };
    try {
      const { path, query } = target(request, isOwnHost, origins);
      if (admit(request, response, origins)) return;
      const route = routes.find(({ pattern }) => pattern.test(path));
      if (route === undefined) throw new Fault('route_unknown', `there is no ${path.slice(0, 128)}`);
      const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
      const operation = route.operations.get(method);
      if (operation === undefined) {
        const allow = [...route.operations.keys()].flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])).join(', ');
        return fail(new Fault('method_unknown', `${path.slice(0, 128)} takes ${allow}`), { Allow: allow });
      }
      id = operation.id;
      checkType(request, operation);
      const params = (route.pattern.exec(path) as RegExpExecArray).slice(1);
      handlers[operation.id]({ request, response, params, query, fail });
    } catch (error) {
      fail(error);
    }
  };
}

/** N-2: the path, if the request is for this node and does not come from a page of an origin that is not admitted. */
function target(request: IncomingMessage, isOwnHost: (host: string) => boolean, origins: ReadonlySet<string>): { path: string; query: URLSearchParams } {
  const hosts = request.headersDistinct.host ?? [];
  if (hosts.length !== 1) throw new Fault('http_malformed', 'one Host header is expected');
  if (!isOwnHost(hosts[0])) throw new Fault('host_refused', 'the Host header does not name this node');
  const { origin } = request.headers;
  const admitted = origin !== undefined && origins.has(origin);
  if (origin !== undefined && !admitted && !isOwnOrigin(origin, hosts[0])) throw new Fault('origin_refused');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && !admitted && site !== 'same-origin' && site !== 'none') throw new Fault('origin_refused');
  const raw = request.url ?? '';
  if (raw.startsWith('/')) {
    const mark = raw.indexOf('?');
    return mark < 0 ? { path: raw, query: new URLSearchParams() } : { path: raw.slice(0, mark), query: new URLSearchParams(raw.slice(mark + 1)) };
  }
  const url = URL.parse(raw);
  if (url === null || url.protocol !== 'http:' || !isOwnHost(url.host)) throw new Fault('host_refused', 'the request target does not name this node');
  return { path: url.pathname, query: url.searchParams };
}

const isOwnOrigin = (origin: string, host: string): boolean =>
  origin.toLowerCase() === `http://${host.toLowerCase()}` || origin.toLowerCase() === `https://${host.toLowerCase()}`;

/**
 * N-65: a page of an admitted origin may read the answers; its browser's question beforehand is answered here. Returns
 * whether that was it.
 */
function admit({ headers, method }: IncomingMessage, response: ServerResponse, origins: ReadonlySet<string>): boolean {
  const { origin } = headers;
  if (origin === undefined || !origins.has(origin)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'Retry-After, X-Request-ID');
  response.setHeader('Vary', 'Origin');
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Last-Event-ID, X-Request-ID');
  response.setHeader('Access-Control-Max-Age', '600');
  // asked by browsers before a page may reach a loopback address
  if (headers['access-control-request-private-network'] === 'true') response.setHeader('Access-Control-Allow-Private-Network', 'true');
  response.writeHead(204).end();
  return true;
}

/** N-4 */
function checkType(request: IncomingMessage, { request: expected }: Operation): void {
  if (expected === undefined) return;
  if (request.headers['content-encoding'] !== undefined) throw new Fault('media_type', 'the body must not be compressed');
  const type = request.headers['content-type'] ?? '';
  const fits =
    expected.type === JSON_TYPE
      ? isJsonType(type)
      : new RegExp(`^${expected.type === CBOR_TYPE ? CBOR_TYPE : `(?:${NDJSON_TYPE}|application/jsonl|application/ndjson)`}[ \\t]*(?:;.*)?$`, 'i').test(type);
  if (!fits) throw new Fault('media_type', `Content-Type: ${expected.type} is expected`, { expected: expected.type });
}

/** Reads the body, then calls `done`. Past `max` bytes it answers 413 itself, past `timeout_ms` 408. */
export function readBody({ request, fail }: Exchange, max: number, timeout_ms: number, done: (body: Buffer) => void): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  const tooLarge = (): void => fail(new Fault('request_too_large', `the body has more than ${max} bytes`, { max }));
  if (declared > max) return tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  const late = setTimeout(() => {
    forget();
    fail(new Fault('timed_out', `the request did not arrive within ${timeout_ms} ms`), { Connection: 'close' });
    request.destroy();
  }, timeout_ms);
  const forget = (): void => {
    clearTimeout(late);
    request.off('data', take);
    request.off('end', end);
  };
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= max) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    forget();
    tooLarge();
  };
  const end = (): void => {
    forget();
    try {
      done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    } catch (error) {
      fail(error);
    }
  };
  request.on('data', take);
  request.on('end', end);
  request.on('close', forget);
}

function drain(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let dropped = 0;
  const late = setTimeout(() => request.destroy(), DROPPING_MS);
  request.on('close', () => clearTimeout(late));
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > DROPPED_BYTES_MAX) request.destroy();
  });
  request.resume();
}
