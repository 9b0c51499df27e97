/**
 * Clients over Streamable HTTP (spec/gateway.md MG-35 to MG-39): who may call, which session, how much; revision 2026-07-28 is
 * handed to its own handler.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../base/fault.ts';
import { REVISIONS } from './greeting.ts';
import { HttpSession } from './http-session.ts';
import { isRequest, MESSAGE_BYTES_MAX, MESSAGES_MAX, type Message, type Notice, type Request, RPC, readMessage } from './message.ts';
import { isModern } from './modern.ts';
import type { ModernHttp } from './modern-http.ts';
import type { Relay } from './relay.ts';

/** What stands behind one path. */
export interface Place {
  open(): Relay;
  readonly modern: ModernHttp;
}

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Sessions at once, besides what MG-36 allows. */
  readonly sessions_max: number;
  /** What is behind a path, or null. */
  readonly place: (path: string) => Place | null;
}

export interface RunningHttp {
  readonly port: number;
  close(): Promise<void>;
}

/** MG-36: sessions at once, and how long one may rest. */
const SESSIONS_MAX = 64;
const IDLE_MS = 1_800_000;
const SWEEP_MS = 60_000;
const CONNECTIONS_MAX = 1_024;
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** @throws Fault port_in_use */
export async function serveHttp({ host, port, sessions_max, place }: HttpOptions): Promise<RunningHttp> {
  const front = new Front(place, Math.min(sessions_max, SESSIONS_MAX));
  const server = createServer((request, response) => void front.serve(request, response));
  server.maxConnections = CONNECTIONS_MAX;
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Fault('port_in_use', `port ${port} cannot be opened: ${error.code ?? error.message}`, { port })),
    );
    server.listen(port, host, resolve);
  });
  // a connection that could not be taken: its client comes again
  server.on('error', () => undefined);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await front.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

class Front {
  private readonly place: HttpOptions['place'];
  private readonly sessions_max: number;
  private readonly sessions = new Map<string, HttpSession>();
  private readonly sweep: NodeJS.Timeout;

  constructor(place: HttpOptions['place'], sessions_max: number) {
    this.place = place;
    this.sessions_max = sessions_max;
    this.sweep = setInterval(() => this.rest(), SWEEP_MS).unref();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    try {
      if (!isLocal(request)) return refuse(response, 403, RPC.gateway, 'the request comes from a page of another origin, or names another host');
      const path = (request.url ?? '').split('?', 1)[0];
      const place = this.place(path);
      if (place === null) return refuse(response, 404, RPC.gateway, `nothing is at ${path.slice(0, 128)}`);
      if (request.method === 'POST') return await this.post(request, response, place);
      if (request.method === 'GET') return this.get(request, response);
      if (request.method === 'DELETE') return await this.delete(request, response);
      refuse(response, 405, RPC.gateway, 'Method not allowed.', { Allow: 'GET, POST, DELETE' });
    } catch {
      if (!response.headersSent) refuse(response, 500, RPC.internal, 'the gateway failed on this request');
      else response.destroy();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.sweep);
    await Promise.allSettled([...this.sessions.values()].map((session) => session.close()));
  }

  private async post(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
    const { headers } = request;
    const accept = headers.accept ?? '';
    if (!/^application\/json[ \t]*(?:;.*)?$/i.test(headers['content-type'] ?? ''))
      return refuse(response, 415, RPC.gateway, 'Content-Type must be application/json');
    if (!accept.includes('application/json') || !accept.includes('text/event-stream'))
      return refuse(response, 406, RPC.gateway, 'Not Acceptable: Client must accept both application/json and text/event-stream');
    const body = Number(headers['content-length'] ?? 0) > MESSAGE_BYTES_MAX ? null : await bodyOf(request);
    if (body === null) return refuse(response, 413, RPC.request, `a message has at most ${MESSAGE_BYTES_MAX} bytes`, { Connection: 'close' });
    const messages = parsed(body);
    if (messages === null) return refuse(response, 400, RPC.parse, 'Parse error: the body is no JSON-RPC message');
    const [first] = messages;
    const revision = headers['mcp-protocol-version'];
    const said = typeof revision === 'string' ? revision : undefined;
    if (messages.length === 1 && 'method' in first && isModern(first, said)) return place.modern.serve(request, response, first as Request | Notice);
    if (!this.revisionFits(said, response)) return;
    const greets = messages.some((message) => isRequest(message) && message.method === 'initialize');
    if (greets && headers['mcp-session-id'] === undefined) {
      if (messages.length > 1) return refuse(response, 400, RPC.request, 'initialize comes alone');
      const session = this.begin(place);
      if (session === null) return refuse(response, 503, RPC.gateway, 'too many sessions are open', { 'Retry-After': '5' });
      return session.take(messages, response);
    }
    this.sessionOf(request, response)?.take(messages, response);
  }

  private get(request: IncomingMessage, response: ServerResponse): void {
    if (!(request.headers.accept ?? '').includes('text/event-stream'))
      return refuse(response, 406, RPC.gateway, 'Not Acceptable: Client must accept text/event-stream');
    const session = this.sessionOf(request, response);
    if (session === null) return;
    const place = request.headers['last-event-id'];
    if (typeof place === 'string') {
      if (!session.resume(place, response)) refuse(response, 400, RPC.gateway, 'the event is not known here any more');
    } else if (!session.listen(response)) refuse(response, 409, RPC.gateway, 'Conflict: Only one SSE stream is allowed per session');
  }

  private async delete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = this.sessionOf(request, response);
    if (session === null) return;
    this.sessions.delete(session.id);
    await session.close();
    response.writeHead(200).end();
  }

  private begin(place: Place): HttpSession | null {
    if (this.sessions.size >= this.sessions_max) {
      const resting = [...this.sessions.values()].filter((session) => session.resting).sort((a, b) => a.used_ms - b.used_ms);
      if (resting.length === 0) return null;
      this.end(resting[0]);
    }
    const id = randomBytes(16).toString('hex');
    const session = new HttpSession(id, place.open(), () => this.sessions.delete(id));
    session.used_ms = Date.now();
    this.sessions.set(id, session);
    return session;
  }

  /** The session that a request names; else it is refused and null. */
  private sessionOf({ headers }: IncomingMessage, response: ServerResponse): HttpSession | null {
    const id = headers['mcp-session-id'];
    const revision = headers['mcp-protocol-version'];
    if (typeof id !== 'string') {
      refuse(response, 400, RPC.gateway, 'Bad Request: Mcp-Session-Id header is required');
      return null;
    }
    const session = this.sessions.get(id);
    if (session === undefined) {
      refuse(response, 404, RPC.session, 'Session not found');
      return null;
    }
    if (!this.revisionFits(typeof revision === 'string' ? revision : undefined, response)) return null;
    session.used_ms = Date.now();
    return session;
  }

  private revisionFits(said: string | undefined, response: ServerResponse): boolean {
    if (said === undefined || REVISIONS.some((revision) => revision === said)) return true;
    refuse(response, 400, RPC.gateway, `Bad Request: Unsupported protocol version (supported: ${REVISIONS.join(', ')})`);
    return false;
  }

  private rest(): void {
    const before = Date.now() - IDLE_MS;
    for (const session of this.sessions.values()) if (session.resting && session.used_ms < before) this.end(session);
  }

  private end(session: HttpSession): void {
    this.sessions.delete(session.id);
    void session.close();
  }
}

/** MG-35: a browser can be made to send requests here; it says where they come from, and by which name it called this machine. */
function isLocal({ headers }: IncomingMessage): boolean {
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  if (host === undefined || !LOOPBACK.test(host)) return false;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return origin === undefined || (/^https?:\/\//i.test(origin) && LOOPBACK.test(origin.replace(/^https?:\/\//i, '')));
}

/** The whole body; null where it is larger than a message may be, or the client went away within it. */
function bodyOf(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MESSAGE_BYTES_MAX) chunks.push(chunk);
      else resolve(null);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0].toString('utf8') : Buffer.concat(chunks).toString('utf8')));
    request.on('close', () => resolve(null));
    request.on('error', () => resolve(null));
  });
}

/** One message, or a batch of them (revision 2025-03-26 and before); null: neither. */
function parsed(text: string): readonly [Message, ...Message[]] | null {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return null;
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > MESSAGES_MAX) return null;
  const messages = items.map(readMessage);
  return messages.length === 0 || messages.includes(null) ? null : (messages as unknown as [Message, ...Message[]]);
}

function refuse(response: ServerResponse, status: number, code: number, message: string, headers: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null });
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
}
