/**
 * Revision 2026-07-28 over Streamable HTTP: one POST a request, no session. Who asks is told by its key, its name and what it
 * can do; the conversation that the servers see belongs to that, and ends when nobody asks any more (spec/gateway.md MG-119 to MG-121).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, failure, isRequest, type Message, type Notice, type Params, type Request, RPC, writeMessage } from './message.ts';
import { META, MODERN_RPC, readEnvelope } from './modern.ts';
import { ModernClient, type ModernClientParts, refusedMethod } from './modern-client.ts';
import { argumentMismatch, headerMismatch } from './modern-header.ts';
import { digestOf } from './value-digest.ts';

/** How a conversation is opened; `principal` and `shared` are said here. */
export type ModernHttpParts = Omit<ModernClientParts, 'principal' | 'shared'>;

/** Conversations at once, and how long one may rest. */
const CLIENTS_MAX = 64;
const IDLE_MS = 1_800_000;
const KEEP_ALIVE_MS = 15_000;
/** Bytes that a client may leave unread before it counts as gone. */
const UNREAD_BYTES_MAX = 33_554_432;

interface Resident {
  readonly client: ModernClient;
  used_ms: number;
}

export class ModernHttp {
  private readonly parts: ModernHttpParts;
  private readonly residents = new Map<string, Resident>();
  private readonly sweep: NodeJS.Timeout;

  constructor(parts: ModernHttpParts) {
    this.parts = parts;
    this.sweep = setInterval(() => this.rest(), IDLE_MS >> 3).unref();
  }

  /** Answers one message that `isModern`; its Host, Origin, media type and size are checked, its body is parsed. */
  async serve(request: IncomingMessage, response: ServerResponse, message: Request | Notice): Promise<void> {
    const mismatch = headerMismatch(request.headers, message, isRequest(message));
    if (mismatch !== null) return write(response, isRequest(message) ? message : null, { error: mismatch });
    // MG-119: what a client may tell without asking is nothing here: it cancels by closing the stream
    if (!isRequest(message)) return void response.writeHead(202).end();
    const envelope = readEnvelope(message.params);
    if ('code' in envelope) return write(response, message, { error: envelope });
    if (refusedMethod(message.method)) return write(response, message, failure(RPC.method, 'Method not found'), 404);
    const client = this.clientOf(request, message.params ?? {});
    if (client === null) return write(response, message, failure(RPC.gateway, 'too many clients are here', { retryable: true }), 503);
    const { name, arguments: args } = message.params ?? {};
    const other = message.method === 'tools/call' ? argumentMismatch(request.headers, client.schemas.of(name), args) : null;
    if (other !== null) return write(response, message, { error: other });
    await answer(client, message, response);
  }

  close(): void {
    clearInterval(this.sweep);
    for (const { client } of this.residents.values()) client.end('the gateway stops');
    this.residents.clear();
  }

  /** MG-120: the conversation of this principal: nothing of one is reached from another. */
  private clientOf({ headers }: IncomingMessage, { _meta }: Params): ModernClient | null {
    const meta = _meta as Params;
    const { name = null } = (meta[META.client] ?? {}) as Params;
    const principal = `http ${digestOf([headers.authorization ?? null, name, meta[META.capabilities]])}`;
    const found = this.residents.get(principal);
    if (found !== undefined) {
      found.used_ms = this.parts.now();
      return found.client;
    }
    if (this.residents.size >= CLIENTS_MAX && !this.evict()) return null;
    const client = new ModernClient({ ...this.parts, principal, shared: true });
    this.residents.set(principal, { client, used_ms: this.parts.now() });
    return client;
  }

  /** Ends the one that rested longest; false: all are at work. */
  private evict(): boolean {
    const resting = [...this.residents].filter(([, { client }]) => client.busy === 0).sort(([, a], [, b]) => a.used_ms - b.used_ms);
    if (resting.length === 0) return false;
    this.end(resting[0][0]);
    return true;
  }

  private rest(): void {
    const before = this.parts.now() - IDLE_MS;
    for (const [principal, { client, used_ms }] of [...this.residents]) if (client.busy === 0 && used_ms < before) this.end(principal);
  }

  private end(principal: string): void {
    const found = this.residents.get(principal);
    this.residents.delete(principal);
    found?.client.end('the client has rested too long');
  }
}

/** MG-121: one JSON body, unless something is told before the answer: then a stream of events. */
async function answer(client: ModernClient, request: Request, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  let beat: NodeJS.Timeout | undefined;
  response.once('close', () => {
    clearInterval(beat);
    gone.abort();
  });
  const event = (message: Message): void => {
    if (!response.headersSent) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform', 'X-Accel-Buffering': 'no' });
      beat = setInterval(() => response.write(': keep-alive\n\n'), KEEP_ALIVE_MS).unref();
    }
    const text = writeMessage(message);
    if (text === null || response.writableLength > UNREAD_BYTES_MAX) return void response.destroy();
    response.write(`event: message\ndata: ${text}\n\n`);
  };
  const notify = (method: string, params: Params): void => event({ jsonrpc: '2.0', method, params });
  const answered = await client.handle(request, { notify, signal: gone.signal });
  if (answered === null || gone.signal.aborted) return void response.end();
  if (!response.headersSent)
    return write(response, request, answered, 'error' in answered && answered.error.code === MODERN_RPC.capability_missing ? 400 : 200);
  event({ jsonrpc: '2.0', id: request.id, ...answered });
  response.end();
}

function write(response: ServerResponse, request: Request | null, answered: Answer, status = 400): void {
  const message = { jsonrpc: '2.0', id: request?.id ?? null, ...answered } as Message;
  const text =
    writeMessage(message) ??
    JSON.stringify({ jsonrpc: '2.0', id: request?.id ?? null, ...failure(RPC.internal, 'the answer is too large or too deep to be carried') });
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
}
