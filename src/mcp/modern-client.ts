/**
 * A client of revision 2026-07-28 as the relay sees one: a conversation that began with a handshake and in which the client
 * can be asked. What is asked becomes the answer of a round (course.ts), what is told becomes part of an exchange or of a
 * subscription (spec/gateway.md MG-108 to MG-116).
 */
import { Fault } from '../base/fault.ts';
import { Course } from './course.ts';
import { type Answer, failure, type Id, isObject, type Params, type Request, RPC } from './message.ts';
import { type Envelope, LOG_LEVELS, MODERN_METHODS, MODERN_REVISION, modernResult, plainParams, readEnvelope, TASKS_EXTENSION } from './modern.ts';
import { HeaderSchemas } from './modern-header.ts';
import type { Asked, AskOptions, Listener, Peer } from './peer.ts';
import { callDigest, Rounds, type RoundsParts } from './rounds.ts';
import { Subscriptions } from './subscription.ts';

/** One request of the client, while its answer is awaited. */
export interface Exchange {
  /** What is told in its course: progress, log lines, changes. */
  notify(method: string, params: Params): void;
  /** Aborted when the client cancels it or goes away. */
  readonly signal: AbortSignal;
}

export interface ModernClientParts extends RoundsParts {
  /** Whether programs that know nothing of each other may be in it (HTTP). */
  readonly shared: boolean;
  /** Opens the relay of this conversation. */
  open(client: Peer): Listener;
}

interface Attended {
  readonly exchange: Exchange;
  /** The client's own token of progress. */
  readonly token: Id | undefined;
  readonly log: string | null;
}

/** Times that a call is made again after its pages were seen. */
const PAGES_ROUNDS_MAX = 3;
const NEVER = new AbortController().signal;

export class ModernClient implements Peer {
  private readonly shared: boolean;
  private readonly relay: Listener;
  private readonly rounds: Rounds;
  private readonly subscriptions: Subscriptions;
  /** What a client waits for right now, by the id under which the relay knows it. */
  private readonly attended = new Map<Id, Attended>();
  /** Calls in their course, by the same id. */
  private readonly courses = new Map<Id, Course>();
  /** Of the tools that it was shown. */
  readonly schemas = new HeaderSchemas();
  private next = 0;
  private hello: Promise<Answer | null> | null = null;
  private capabilities: Params = {};
  private log: string | null = null;

  constructor(parts: ModernClientParts) {
    this.shared = parts.shared;
    this.rounds = new Rounds(parts);
    this.relay = parts.open(this);
    this.subscriptions = new Subscriptions((method, params) => this.relay.request(method, params, this.asked(NEVER)));
  }

  /** Exchanges, waits and subscriptions that are open. */
  get busy(): number {
    return this.courses.size + this.rounds.size + this.subscriptions.size;
  }

  /** Answers one request of the client; null where no answer is wanted. Never rejects. */
  async handle({ id, method, params = {} }: Request, exchange: Exchange): Promise<Answer | null> {
    const envelope = readEnvelope(params);
    if ('code' in envelope) return { error: envelope };
    if (refusedMethod(method)) return failure(RPC.method, 'Method not found');
    const greeted = await this.greet(envelope);
    if (greeted === null || 'error' in greeted) return greeted;
    const server = isObject(greeted.result.serverInfo) ? greeted.result.serverInfo : {};
    const answer = await this.answer({ method, params, id }, envelope, greeted.result, exchange);
    if (answer === null || 'error' in answer) return answer;
    if (method === 'tools/list') this.schemas.learn(answer.result.tools);
    return { result: modernResult(method, answer.result, server) };
  }

  /** The client is gone for good. */
  end(reason: string): void {
    this.rounds.end(reason);
    for (const course of this.courses.values()) course.abort(reason);
    this.subscriptions.end();
    this.relay.closed(reason);
  }

  // --- what the relay asks and tells ---

  request(method: string, params: Params | undefined, { about, signal }: AskOptions = {}): Promise<Answer | null> {
    if (method === 'ping') return Promise.resolve({ result: {} });
    const { elicitationId: _, ...rest } = params ?? {};
    if (!canBeAsked(this.capabilities, method, rest)) return Promise.resolve(failure(RPC.method, `the client cannot be asked ${method}`));
    const id = about ?? this.latest();
    const course = id === undefined ? undefined : this.courses.get(id);
    if (course === undefined) return Promise.resolve(failure(RPC.internal, 'the client can be asked only in the course of a call'));
    return course.ask({ method, params: rest }, signal);
  }

  notify(method: string, params: Params = {}, about?: Id): void {
    if (this.subscriptions.notify(method, params)) return;
    if (method === 'notifications/progress') {
      // MG-114: the token that the relay knows is ours
      const id = params.progressToken as Id;
      const attended = this.attended.get(id);
      if (attended?.token !== undefined) attended.exchange.notify(method, { ...params, progressToken: attended.token });
    } else if (method === 'notifications/message') {
      const id = about ?? this.latest();
      const attended = id === undefined ? undefined : this.attended.get(id);
      if (attended !== undefined && isLoud(params.level, attended.log)) attended.exchange.notify(method, params);
    }
  }

  async close(): Promise<void> {
    this.end('the conversation was closed');
  }

  // --- the course of a request ---

  private async answer(
    { id, method, params }: { id: Id; method: string; params: Params },
    { log }: Envelope,
    greeted: Params,
    exchange: Exchange,
  ): Promise<Answer | null> {
    if (method === 'server/discover') return { result: discovered(greeted) };
    if (method === 'subscriptions/listen') return this.subscriptions.listen(id, params, greeted.capabilities, exchange);
    if (method.startsWith('tasks/') && !hasTasks(greeted.capabilities)) return failure(RPC.method, 'Method not found');
    if (log !== null) this.hear(log, greeted.capabilities);
    try {
      return await this.round(method, params, log, exchange);
    } catch (error) {
      // MG-102: one answer for whatever is wrong with a requestState
      if (error instanceof Fault) return failure(RPC.params, `Invalid params: ${error.message}`, { reason: 'invalid_request_state', code: error.code });
      throw error;
    }
  }

  /** @throws Fault state_refused */
  private async round(method: string, params: Params, log: string | null, exchange: Exchange): Promise<Answer | null> {
    const course = this.resumed(method, params) ?? this.begin(method, params);
    this.attended.set(course.id, { exchange, token: tokenOf(params), log });
    const gone = (): void => course.abort('the client went away');
    exchange.signal.addEventListener('abort', gone, { once: true });
    try {
      const turn = await course.turn();
      if (exchange.signal.aborted) return null;
      if (!('asks' in turn)) return this.sealed(method, params, turn.answer);
      const requestState = this.rounds.park(course, callDigest(method, params));
      return { result: { resultType: 'input_required', inputRequests: turn.asks, requestState } };
    } finally {
      exchange.signal.removeEventListener('abort', gone);
      this.attended.delete(course.id);
    }
  }

  /** The call to which the client comes back, or null where it comes for the first time or with an approval. @throws Fault state_refused */
  private resumed(method: string, params: Params): Course | null {
    if (params.requestState === undefined) return null;
    const found = this.rounds.resume(params.requestState, callDigest(method, params));
    if (typeof found === 'string') return this.begin(method, params, found);
    found.reply(params.inputResponses);
    return found;
  }

  private begin(method: string, params: Params, approval?: string): Course {
    this.next += 1;
    const id = this.next;
    const plain = plainParams(params);
    // MG-114: two clients of one conversation may have chosen the same token
    const sent = tokenOf(params) === undefined ? plain : { ...plain, _meta: { ...(plain._meta as Params), progressToken: id } };
    const again = approval === undefined ? {} : { approval: { id: approval, declined: isDeclined(params.inputResponses) } };
    const course = new Course(id, async (signal) => {
      try {
        return await this.paged(id, signal, () => this.relay.request(method, sent, { id, about: undefined, signal, ...again }));
      } finally {
        this.courses.delete(id);
      }
    });
    this.courses.set(id, course);
    return course;
  }

  /** MG-112: an older server fails a call until a person has seen its pages: here the pages are asked for, and the call is made again. */
  private async paged(about: Id, signal: AbortSignal, call: () => Promise<Answer | null>): Promise<Answer | null> {
    for (let round = 1; ; round++) {
      const answer = await call();
      const pages = answer === null ? [] : pagesOf(answer);
      if (pages.length === 0 || round >= PAGES_ROUNDS_MAX) return answer;
      const replies = await Promise.all(pages.map((page) => this.request('elicitation/create', page, { about, signal })));
      if (!replies.every((reply) => reply !== null && 'result' in reply && reply.result.action === 'accept')) return answer;
    }
  }

  /** MG-113: what waits for an approval names it; the client gets it signed, bound to itself and to the call. */
  private sealed(method: string, params: Params, answer: Answer): Answer {
    if ('error' in answer || answer.result.resultType !== 'input_required') return answer;
    const { approval, until_ms, ...rest } = answer.result;
    if (typeof approval !== 'string' || typeof until_ms !== 'number') return failure(RPC.internal, 'a server asked for input in a way that is not understood');
    return { result: { ...rest, requestState: this.rounds.approval(approval, callDigest(method, params), until_ms) } };
  }

  private greet({ client, capabilities }: Envelope): Promise<Answer | null> {
    this.capabilities = capabilities;
    this.hello ??= this.relay
      .request('initialize', { protocolVersion: MODERN_REVISION, capabilities, clientInfo: client ?? { name: 'unnamed', version: '0' } }, this.asked(NEVER))
      .then((answer) => {
        if (answer !== null && 'result' in answer) this.relay.notify('notifications/initialized', undefined, undefined);
        else this.hello = null;
        return answer;
      });
    return this.hello;
  }

  /** MG-115: the loudest level that any request asked for is what the servers are asked for. */
  private hear(level: string, capabilities: unknown): void {
    if (!isObject(capabilities) || !isObject(capabilities.logging) || (this.log !== null && LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.log))) return;
    this.log = level;
    void this.relay.request('logging/setLevel', { level }, this.asked(NEVER));
  }

  /** MG-110: whose a message is that names no call: the latest one's, unless it could be another program's. */
  private latest(): Id | undefined {
    return this.shared && this.courses.size > 1 ? undefined : [...this.attended.keys()].at(-1);
  }

  private asked(signal: AbortSignal): Asked {
    this.next += 1;
    return { id: this.next, about: undefined, signal };
  }
}

/** MG-108: what is no request of this revision passes to no server: nobody would have judged it. */
export const refusedMethod = (method: string): boolean => method !== 'server/discover' && method !== 'subscriptions/listen' && !MODERN_METHODS.has(method);

function tokenOf({ _meta }: Params): Id | undefined {
  const token = isObject(_meta) ? _meta.progressToken : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

const isLoud = (level: unknown, heard: string | null): boolean =>
  heard !== null && typeof level === 'string' && LOG_LEVELS.includes(level) && LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(heard);

/** A person who will not look at the page. */
const isDeclined = (responses: unknown): boolean =>
  isObject(responses) && Object.values(responses).some((response) => isObject(response) && response.action !== undefined && response.action !== 'accept');

function pagesOf(answer: Answer): readonly Params[] {
  if (!('error' in answer) || answer.error.code !== RPC.url_required || !isObject(answer.error.data)) return [];
  const { elicitations } = answer.error.data;
  return Array.isArray(elicitations) ? (elicitations as unknown[]).filter(isObject) : [];
}

function hasTasks(capabilities: unknown): boolean {
  return isObject(capabilities) && isObject(capabilities.extensions) && Object.hasOwn(capabilities.extensions, TASKS_EXTENSION);
}

/** MG-109: what a handshake told, as this revision tells it. How requests are run as tasks is an older revision's word. */
function discovered({ capabilities, instructions }: Params): Params {
  const { tasks: _, ...able } = isObject(capabilities) ? capabilities : {};
  return { supportedVersions: [MODERN_REVISION], capabilities: able, ...(instructions !== undefined && { instructions }) };
}

/** Whether a client with these capabilities takes such a question. */
export function canBeAsked(capabilities: Params, method: string, { mode }: Params): boolean {
  if (method === 'sampling/createMessage') return isObject(capabilities.sampling);
  if (method === 'roots/list') return isObject(capabilities.roots);
  if (method !== 'elicitation/create' || !isObject(capabilities.elicitation)) return false;
  const { form, url } = capabilities.elicitation;
  return mode === 'url' ? url !== undefined : form !== undefined || url === undefined;
}
