/**
 * The client of a node for browsers and Node, over fetch. What the node refuses, and what is not to be reached, comes
 * as an AvaError with the code of AVA; an abort throws the reason of its signal.
 */
import { AvaError, errorOf, localError } from './error.ts';
import { readyPieces } from './ready.ts';
import type {
  Approval,
  ApprovalsAnswer,
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
} from './shape.gen.ts';
import { type Call, lines, parsedText, pause, Transport, type TransportOptions } from './transport.ts';

/** Decisions of one batch, and of one piece of a stream. */
export const BATCH_MAX = 256;
const RECONNECT_MS = 500;
const JSON_TYPE = 'application/json';

export interface Asking {
  readonly signal?: AbortSignal;
}

/** An event of GET /v1/events (N-34). Its further members depend on `type`. */
export interface LedgerEvent {
  readonly type: string;
  /** Where a follower goes on. */
  readonly id: string;
  readonly height: number;
  readonly index: number;
  readonly time_ms: number;
  readonly [name: string]: unknown;
}

export class Client {
  private readonly transport: Transport;

  /** `url` without a path: `http://127.0.0.1:4100`. */
  constructor(url = 'http://127.0.0.1:4100', options: TransportOptions = {}) {
    this.transport = new Transport(url, options);
  }

  get url(): string {
    return this.transport.url;
  }

  /** `user`: what the user asked for. @throws AvaError */
  openSession(agent: string, user?: string, asking: Asking = {}): Promise<SessionAnswer> {
    return this.post('/v1/sessions', user === undefined ? { agent } : { agent, user }, asking);
  }

  /** Tells what the user said. @throws AvaError session_unknown, … */
  input(session: string, text: string, asking: Asking = {}): Promise<Placed> {
    return this.post(`/v1/sessions/${encodeURIComponent(session)}/inputs`, { text }, asking);
  }

  /**
   * Resolves when the answer is durable. One that asks for a permit is never sent twice: it might reserve twice.
   * @throws AvaError
   */
  decide(request: DecisionRequest, asking: Asking = {}): Promise<DecisionAnswer> {
    return this.post('/v1/decisions', request, { ...asking, repeatable: request.permit === false });
  }

  /** One answer or error for each, in order; at most 256. @throws AvaError for the batch as a whole */
  async batch(decisions: readonly DecisionRequest[], asking: Asking = {}): Promise<(DecisionAnswer | AvaError)[]> {
    const repeatable = decisions.every(({ permit }) => permit === false);
    const answer = await this.post<{ readonly decisions: readonly unknown[] }>('/v1/decisions/batch', { decisions }, { ...asking, repeatable });
    return answer.decisions.map(answerOf);
  }

  /**
   * Judges decisions as they come; yields answers and errors in order, as they become durable. What is ready is sent
   * together, the next only when these answers were taken: a slow reader slows the source. Works where a request's body
   * cannot be streamed (browsers, over HTTP/1.1). @throws AvaError when the connection fails
   */
  async *stream(
    decisions: Iterable<DecisionRequest> | AsyncIterable<DecisionRequest>,
    { signal }: Asking = {},
  ): AsyncGenerator<DecisionAnswer | AvaError, void> {
    for await (const piece of readyPieces(decisions, BATCH_MAX)) {
      const body = piece.map((decision) => `${JSON.stringify(decision)}\n`).join('');
      const response = await this.transport.open({
        method: 'POST',
        path: '/v1/decisions/stream',
        type: 'application/x-ndjson',
        body,
        ...(signal !== undefined && { signal }),
      });
      let answered = 0;
      for await (const line of lines(response, this.url, signal)) {
        answered += 1;
        yield answerOf(parsedText(line));
      }
      if (answered !== piece.length) throw localError('unreachable', `the stream ended after ${answered} of ${piece.length} answers`);
    }
  }

  /**
   * Closes a permit. Sent again when its answer is lost; null when the first try had closed it.
   * @throws AvaError permit_unknown, permit_expired, …
   */
  async outcome(request: OutcomeRequest, asking: Asking = {}): Promise<Placed | null> {
    try {
      return await this.post('/v1/outcomes', request, asking);
    } catch (error) {
      if (!(error instanceof AvaError) || (error.slug !== 'unreachable' && error.slug !== 'timed_out')) throw error;
    }
    try {
      return await this.post('/v1/outcomes', request, { ...asking, repeatable: true });
    } catch (error) {
      if (error instanceof AvaError && error.slug === 'permit_used') return null;
      throw error;
    }
  }

  /** What waits for a person, or what else became of it, oldest first. @throws AvaError */
  async approvals(status?: string, asking: Asking = {}): Promise<readonly Approval[]> {
    const { approvals } = await this.get<ApprovalsAnswer>(`/v1/approvals${status === undefined ? '' : `?status=${encodeURIComponent(status)}`}`, asking);
    return approvals;
  }

  /** By its id or its code of six characters. @throws AvaError approval_unknown */
  approval(id: string, asking: Asking = {}): Promise<Approval> {
    return this.get(`/v1/approvals/${encodeURIComponent(id)}`, asking);
  }

  /** @throws AvaError receipt_unknown */
  receipt(id: string, asking: Asking = {}): Promise<ReceiptAnswer> {
    return this.get(`/v1/receipts/${encodeURIComponent(id)}`, asking);
  }

  /** What proof.ts verifies. @throws AvaError receipt_unknown */
  bundle(id: string, asking: Asking = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.transport.bytes({ method: 'GET', path: `/v1/receipts/${encodeURIComponent(id)}/bundle`, ...asking });
  }

  /** A tile of the log by its path after `/log/tile/`: for proof-log.ts. @throws AvaError */
  tile(path: string, asking: Asking = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.transport.bytes({ method: 'GET', path: `/log/tile/${path}`, ...asking });
  }

  rules(asking: Asking = {}): Promise<RulesAnswer> {
    return this.get('/v1/rules', asking);
  }

  constitution(asking: Asking = {}): Promise<ConstitutionAnswer> {
    return this.get('/v1/constitution', asking);
  }

  /** @throws AvaError block_unknown */
  block(height: number, asking: Asking = {}): Promise<BlockAnswer> {
    return this.get(`/v1/blocks/${height}`, asking);
  }

  /** @throws AvaError unreachable, or the fault of a node that has stopped */
  health(asking: Asking = {}): Promise<HealthAnswer> {
    return this.get('/health', asking);
  }

  /** A signed transaction, such as the answer to an approval. @throws AvaError */
  async submit(wire: Uint8Array<ArrayBuffer>, asking: Asking = {}): Promise<Placed> {
    return (await this.transport.json({ method: 'POST', path: '/v1/transactions', type: 'application/cbor', body: wire, ...asking })) as Placed;
  }

  /**
   * Durable events from now, from block `from`, or after event `last_id`; comes back after a lost connection without
   * a gap, until `signal` ends it. @throws AvaError when the node refuses, or never answered
   */
  async *events({ from, last_id, signal }: Asking & { readonly from?: number; readonly last_id?: string } = {}): AsyncGenerator<LedgerEvent, void> {
    let last = last_id;
    const start = from ?? (last === undefined ? (await this.health(signal === undefined ? {} : { signal })).height + 1 : undefined);
    const ended = (): boolean => signal?.aborted === true;
    for (let met = false; !ended(); ) {
      try {
        const response = await this.transport.open({
          method: 'GET',
          path: start === undefined ? '/v1/events' : `/v1/events?from=${start}`,
          ...(last !== undefined && { headers: { 'Last-Event-ID': last } }),
          ...(signal !== undefined && { signal }),
        });
        met = true;
        for await (const line of lines(response, this.url, signal)) {
          // N-35: an event's data is one line of JSON, which has its id
          if (ended()) return;
          if (!line.startsWith('data: ')) continue;
          const event = parsedText(line.slice(6)) as LedgerEvent;
          last = event.id;
          yield event;
        }
      } catch (error) {
        if (ended()) return;
        if ((error as { slug?: string }).slug !== 'unreachable' || !met) throw error;
      }
      await pause(RECONNECT_MS, signal).catch(() => undefined);
    }
  }

  private async get<T>(path: string, asking: Asking): Promise<T> {
    return (await this.transport.json({ method: 'GET', path, ...asking })) as T;
  }

  private async post<T>(path: string, body: unknown, asking: Omit<Call, 'method' | 'path'>): Promise<T> {
    return (await this.transport.json({ method: 'POST', path, type: JSON_TYPE, body: JSON.stringify(body), ...asking })) as T;
  }
}

function answerOf(item: unknown): DecisionAnswer | AvaError {
  if (typeof item === 'object' && item !== null && 'error' in item) return errorOf(item.error) ?? localError('unreachable', 'an error of another form');
  return item as DecisionAnswer;
}
