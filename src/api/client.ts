/** The typed client of a node, over HTTP with kept-alive connections. Faults of the node come back as Fault. */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Fault } from '../base/fault.ts';
import type { AnnouncementRequest, ClaimRequest } from './announcement-shape.ts';
import { EventReader, type LedgerEvent } from './events.ts';
import { type HotPosts, LeanPosts } from './lean-post.ts';
import { CBOR_TYPE, JSON_TYPE, NDJSON_TYPE } from './operation.ts';
import { faultFrom } from './problem.ts';
import type {
  ApprovalsAnswer,
  ApprovalView,
  BlockAnswer,
  ConstitutionAnswer,
  DecisionAnswer,
  DecisionRequest,
  HealthAnswer,
  OutcomeRequest,
  Placed,
  ReceiptAnswer,
  RulesAnswer,
  SessionAnswer,
} from './schema.ts';
import type { ToolsAnswer } from './tool-view.ts';

export interface ClientOptions {
  /** How long a request may take. */
  readonly timeout_ms?: number;
  readonly connections_max?: number;
  /** Where the node is in this process (`Server.posts`). */
  readonly posts?: HotPosts;
}

const TIMEOUT_MS = 30_000;
/** Below the node's own idle timeout, so that no request meets a connection that is being closed. */
const IDLE_MS = 60_000;
const RECONNECT_MS = 500;
/** Requests of one stream that may await their answers. */
const STREAM_AHEAD_MAX = 512;

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Client {
  readonly url: URL;
  private readonly agent: Agent;
  private readonly posts: HotPosts;
  private readonly timeout_ms: number;

  /** `url` without a path: `http://127.0.0.1:4100`. */
  constructor(url: string, { timeout_ms = TIMEOUT_MS, connections_max = 256, posts }: ClientOptions = {}) {
    this.url = new URL(url);
    this.timeout_ms = timeout_ms;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections_max, timeout: IDLE_MS });
    this.posts = posts ?? new LeanPosts(this.url, { timeout_ms, connections_max });
  }

  close(): void {
    this.agent.destroy();
    this.posts.close();
  }

  /** `user`: what the user asked for. @throws Fault */
  openSession(agent: string, user?: string): Promise<SessionAnswer> {
    return this.post('/v1/sessions', user === undefined ? { agent } : { agent, user });
  }

  /** @throws Fault session_unknown, … */
  input(session: string, text: string): Promise<Placed> {
    return this.post(`/v1/sessions/${encodeURIComponent(session)}/inputs`, { text });
  }

  /** Resolves when the answer is durable. @throws Fault */
  decide(request: DecisionRequest): Promise<DecisionAnswer> {
    return this.hot('/v1/decisions', request);
  }

  /** One answer or fault for each, in order. @throws Fault for the batch as a whole */
  async batch(decisions: readonly DecisionRequest[]): Promise<(DecisionAnswer | Fault)[]> {
    const answer = await this.post<{ decisions: unknown[] }>('/v1/decisions/batch', { decisions });
    return answer.decisions.map(answerOf);
  }

  /** Sends the decisions as they come, a bounded number ahead; yields answers and faults in order. */
  async *stream(decisions: Iterable<DecisionRequest> | AsyncIterable<DecisionRequest>): AsyncGenerator<DecisionAnswer | Fault, void> {
    const sent = this.start({ method: 'POST', path: '/v1/decisions/stream', type: NDJSON_TYPE }, 0);
    sent.flushHeaders();
    let open = 0;
    let wake: (() => void) | null = null;
    const room = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    let stopped = false;
    const feed = (async () => {
      for await (const decision of decisions) {
        while (open >= STREAM_AHEAD_MAX && !stopped) await room();
        if (stopped) break;
        open += 1;
        sent.write(`${JSON.stringify(decision)}\n`);
      }
      sent.end();
    })();
    let failure: unknown = null;
    feed.catch((error: unknown) => {
      failure = error;
      sent.destroy();
    });
    try {
      const response = await this.response(sent);
      if (response.statusCode !== 200) throw faultOfBody(response, await bytesOf(response));
      let rest = '';
      for await (const chunk of textOf(response)) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() as string;
        for (const line of lines) {
          open -= 1;
          (wake as (() => void) | null)?.();
          yield answerOf(JSON.parse(line));
        }
      }
      await feed;
    } catch (error) {
      throw failure ?? (error instanceof Fault ? error : new Fault('unreachable', 'the connection broke within a stream'));
    } finally {
      stopped = true;
      (wake as (() => void) | null)?.();
      sent.destroy();
    }
  }

  /** @throws Fault permit_unknown, permit_used, permit_expired, … */
  outcome(request: OutcomeRequest): Promise<Placed> {
    return this.hot('/v1/outcomes', request);
  }

  /** Those that are remembered, or those of one status; the oldest first. */
  async approvals(status?: ApprovalView['status']): Promise<readonly ApprovalView[]> {
    const { approvals } = await this.get<ApprovalsAnswer>(status === undefined ? '/v1/approvals' : `/v1/approvals?status=${status}`);
    return approvals;
  }

  /** `id`: 32 hex digits, or the code. @throws Fault approval_unknown */
  approval(id: string): Promise<ApprovalView> {
    return this.get(`/v1/approvals/${encodeURIComponent(id)}`);
  }

  /** N-70: a gateway will judge this call within 30 s; `digest` by `callDigest`. */
  async announce(call: AnnouncementRequest): Promise<void> {
    await this.post('/v1/announcements', call);
  }

  /** N-71: the session for which such a call was announced, once; null when there is none. */
  async claim(call: ClaimRequest): Promise<string | null> {
    const { session } = await this.post<{ session: string | null }>('/v1/announcements/claims', call);
    return session;
  }

  /** N-73: an event of an agent's program, as it says it. */
  hook(client: string, event: string | Uint8Array, query = ''): Promise<Uint8Array> {
    return this.bytes({ method: 'POST', path: `/v1/hooks/${encodeURIComponent(client)}${query}`, type: JSON_TYPE, body: event });
  }

  /** @throws Fault receipt_unknown */
  receipt(id: string): Promise<ReceiptAnswer> {
    return this.get(`/v1/receipts/${encodeURIComponent(id)}`);
  }

  /** @throws Fault receipt_unknown */
  bundle(id: string): Promise<Uint8Array> {
    return this.bytes({ method: 'GET', path: `/v1/receipts/${encodeURIComponent(id)}/bundle` });
  }

  rules(): Promise<RulesAnswer> {
    return this.get('/v1/rules');
  }

  constitution(): Promise<ConstitutionAnswer> {
    return this.get('/v1/constitution');
  }

  tools(): Promise<ToolsAnswer> {
    return this.get('/v1/tools');
  }

  /** @throws Fault block_unknown */
  block(height: number): Promise<BlockAnswer> {
    return this.get(`/v1/blocks/${height}`);
  }

  /** Places a signed wire. @throws Fault */
  async submit(wire: Uint8Array): Promise<Placed> {
    return parsed(await this.bytes({ method: 'POST', path: '/v1/transactions', type: CBOR_TYPE, body: wire })) as Placed;
  }

  /** Also of a node that has failed: then `status` says so. @throws Fault unreachable */
  async health(): Promise<HealthAnswer> {
    const response = await this.send({ method: 'GET', path: '/health' });
    const body = await bytesOf(response);
    if (response.headers['content-type'] !== JSON_TYPE) throw faultOfBody(response, body);
    return parsed(body) as HealthAnswer;
  }

  /** @throws Fault unreachable */
  async ready(): Promise<boolean> {
    const response = await this.send({ method: 'GET', path: '/ready' });
    return (parsed(await bytesOf(response)) as { ready?: boolean }).ready === true;
  }

  async metrics(): Promise<string> {
    return new TextDecoder().decode(await this.bytes({ method: 'GET', path: '/metrics' }));
  }

  /**
   * Durable events from now, from block `from`, or after event `last_id`. Comes back by itself after a lost connection,
   * without a gap, until `signal` ends it. @throws Fault when the node refuses, unreachable when it never answered
   */
  async *events({ from, last_id, signal }: { from?: number; last_id?: string; signal?: AbortSignal } = {}): AsyncGenerator<LedgerEvent, void> {
    let last = last_id;
    const start = from ?? (last === undefined ? (await this.health()).height + 1 : undefined);
    let met = false;
    const ended = (): boolean => signal?.aborted === true;
    while (!ended()) {
      try {
        const path = start === undefined ? '/v1/events' : `/v1/events?from=${start}`;
        const sent = this.start({ method: 'GET', path, headers: last === undefined ? {} : { 'Last-Event-ID': last } }, 0);
        const abort = (): void => void sent.destroy();
        signal?.addEventListener('abort', abort, { once: true });
        sent.end();
        const response = await this.response(sent);
        if (response.statusCode !== 200) throw faultOfBody(response, await bytesOf(response));
        met = true;
        const reader = new EventReader();
        for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
          for (const event of reader.read(chunk)) {
            last = event.id;
            yield event;
          }
        }
      } catch (error) {
        if (ended()) return;
        if (error instanceof Fault && (error.slug !== 'unreachable' || !met)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }

  private async get<T>(path: string): Promise<T> {
    return parsed(await this.bytes({ method: 'GET', path })) as T;
  }

  private async post<T>(path: string, body: unknown): Promise<T> {
    return parsed(await this.bytes({ method: 'POST', path, type: JSON_TYPE, body: JSON.stringify(body) })) as T;
  }

  /** The body of an answer. @throws Fault for any status but 200 */
  private async bytes(call: Call): Promise<Buffer> {
    const response = await this.send(call);
    const body = await bytesOf(response);
    if (response.statusCode !== 200) throw faultOfBody(response, body);
    return body;
  }

  /** The requests that come with every call of a tool. @throws Fault */
  private async hot<T>(path: string, body: unknown): Promise<T> {
    const { status, body: given } = await this.posts.post(path, JSON.stringify(body));
    if (status !== 200) throw faultOfBody({ statusCode: status }, given);
    return parsed(given) as T;
  }

  private send(call: Call): Promise<IncomingMessage> {
    const sent = this.start(call, this.timeout_ms);
    const answer = this.response(sent);
    sent.end(call.body);
    return answer;
  }

  private start({ method, path, type, body, headers }: Call, timeout_ms: number): ClientRequest {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const sent = httpRequest(new URL(path, this.url), {
      method,
      agent: this.agent,
      headers: { ...headers, ...(type !== undefined && { 'Content-Type': type }), ...length },
    });
    if (timeout_ms > 0) sent.setTimeout(timeout_ms, () => sent.destroy(new Fault('timed_out', `no answer within ${timeout_ms} ms`)));
    return sent;
  }

  private response(sent: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      sent.on('response', resolve);
      sent.on('error', (error: Error & { code?: string }) =>
        reject(error instanceof Fault ? error : new Fault('unreachable', `no node answers at ${this.url.origin} (${error.code ?? error.message})`)),
      );
    });
  }
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('unreachable', 'the connection broke within an answer');
  }
  return Buffer.concat(chunks);
}

/** @throws Fault unreachable, or what the request was ended with */
async function* textOf(response: IncomingMessage): AsyncGenerator<string, void> {
  try {
    yield* response.setEncoding('utf8') as AsyncIterable<string>;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? new Fault('unreachable', 'the connection broke within an answer') : error;
  }
}

const parsed = (body: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(body)) as unknown;

function faultOfBody(response: Pick<IncomingMessage, 'statusCode'>, body: Uint8Array): Fault {
  try {
    const fault = faultFrom(parsed(body));
    if (fault !== null) return fault;
  } catch {
    // no problem document: something else answers at this address
  }
  return new Fault('unreachable', `what answers there with status ${response.statusCode ?? 0} is no node`);
}

function answerOf(item: unknown): DecisionAnswer | Fault {
  if (typeof item === 'object' && item !== null && 'error' in item) return faultFrom(item.error) ?? new Fault('internal', 'an error of another form');
  return item as DecisionAnswer;
}
