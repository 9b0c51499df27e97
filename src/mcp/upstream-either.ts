/**
 * A tool server of whichever revision it speaks, seen as one with a handshake: a server of revision 2026-07-28 is discovered
 * in place of greeted, gets an envelope with each request, and what it asks in its answers is asked of the client
 * (spec/gateway.md MG-122 to MG-126).
 */
import { ROUNDS_MAX } from './course.ts';
import { type Answer, failure, type Id, isObject, type Params, RPC } from './message.ts';
import { isModernRevision, META, MODERN_REVISION, MODERN_RPC, TASKS_EXTENSION, withEnvelope } from './modern.ts';
import type { AskOptions, Listener, Peer } from './peer.ts';
import { ServerChanges } from './server-change.ts';
import type { Open } from './upstream.ts';

export type Era = 'modern' | 'old';

/** What is known of each server, so that it is tried once. */
export type Eras = Map<string, Era>;

/** How long a server may think about whether it knows `server/discover`. */
const DISCOVER_MS_MAX = 5_000;
/** Questions of one answer. */
const ASKS_MAX = 16;
/** The wait before a round that asks nothing. */
const ROUND_MS = 250;
/** The newest revision with a handshake. */
const OLD_REVISION = '2025-11-25';
/** What a server answers to `initialize` that knows no handshake. */
const NO_HANDSHAKE: ReadonlySet<number> = new Set([MODERN_RPC.revision_unsupported, RPC.method, RPC.request]);

/** Wraps the opening of a server so that its revision does not matter to the relay. */
export function openEither(name: string, open: Open, eras: Eras): Open {
  return async (listener) => {
    const server = new EitherServer(name, open, eras, listener);
    await server.connect();
    return server;
  };
}

class EitherServer implements Peer {
  private readonly name: string;
  private readonly open: Open;
  private readonly eras: Eras;
  private readonly listener: Listener;
  private raw: Peer | null = null;
  private era: Era = 'old';
  private changes: ServerChanges | null = null;
  private client: Params | null = null;
  private capabilities: Params = {};
  private log: string | null = null;
  private asks = 0;
  /** A server that ends because of the probe is no server that ended. */
  private probing = false;

  constructor(name: string, open: Open, eras: Eras, listener: Listener) {
    this.name = name;
    this.open = open;
    this.eras = eras;
    this.listener = listener;
  }

  /** @throws Fault upstream_failed */
  async connect(): Promise<void> {
    this.raw = await this.open({
      request: (method, params, asked) =>
        // MG-124: a server of the newer revision has no requests
        this.era === 'modern' ? Promise.resolve(failure(RPC.method, 'Method not found')) : this.listener.request(method, params, asked),
      notify: (method, params, about) => this.told(method, params, about),
      stream: (about, event, retry_ms) => this.listener.stream?.(about, event, retry_ms),
      closed: (reason) => {
        this.changes?.close();
        if (this.probing) this.raw = null;
        else this.listener.closed(reason);
      },
    });
  }

  async request(method: string, params: Params | undefined, options: AskOptions = {}): Promise<Answer | null> {
    if (method === 'initialize') return this.greet(params ?? {}, options);
    if (this.era === 'old' || this.raw === null) return this.passed(method, params, options);
    if (method === 'ping') return { result: {} };
    if (method === 'logging/setLevel') {
      this.log = typeof params?.level === 'string' ? params.level : null;
      return { result: {} };
    }
    if (method === 'resources/subscribe' || method === 'resources/unsubscribe') return this.subscribed(method, params ?? {});
    return this.called(method, params ?? {}, options);
  }

  notify(method: string, params: Params | undefined, about?: Id): void {
    if (this.era === 'old') this.raw?.notify(method, params, about);
    else if (method === 'notifications/initialized') this.changes?.start();
  }

  async close(): Promise<void> {
    this.changes?.close();
    await this.raw?.close();
  }

  // --- which revision ---

  /** MG-122: a client's own kind of revision is tried first, so that nothing needs translation where both sides speak it. */
  private async greet(hello: Params, options: AskOptions): Promise<Answer | null> {
    this.client = isObject(hello.clientInfo) ? hello.clientInfo : null;
    this.capabilities = isObject(hello.capabilities) ? hello.capabilities : {};
    const modernClient = isModernRevision(hello.protocolVersion);
    const known = this.eras.get(this.name);
    if (known === 'modern' || (known === undefined && modernClient)) {
      const discovered = await this.discover(hello, options);
      if (discovered !== null) return discovered;
      // some servers end at the first word that is no handshake
      if (this.raw === null) await this.connect();
    }
    const greeted = await this.passed('initialize', { ...hello, ...(modernClient && { protocolVersion: OLD_REVISION }) }, options);
    if (greeted === null || 'result' in greeted) {
      this.settle('old');
      return greeted;
    }
    if (known !== undefined || modernClient || !NO_HANDSHAKE.has(greeted.error.code)) return greeted;
    return (await this.discover(hello, options)) ?? greeted;
  }

  /** The answer to a handshake, out of what the server says of itself; null: it does not speak the revision. */
  private async discover(hello: Params, { signal }: AskOptions): Promise<Answer | null> {
    const { raw } = this;
    if (raw === null) return null;
    this.probing = true;
    const late = AbortSignal.timeout(DISCOVER_MS_MAX);
    const answer = await raw.request('server/discover', this.enveloped({}), { signal: signal === undefined ? late : AbortSignal.any([signal, late]) });
    this.probing = false;
    if (answer === null || 'error' in answer) return null;
    const { supportedVersions, capabilities, instructions, _meta } = answer.result;
    if (!Array.isArray(supportedVersions) || !supportedVersions.includes(MODERN_REVISION) || !isObject(capabilities)) return null;
    this.settle('modern');
    this.changes = new ServerChanges(capabilities, (params, until) => raw.request('subscriptions/listen', this.enveloped(params), { signal: until }));
    const said = isObject(_meta) ? _meta[META.server] : undefined;
    return {
      result: {
        protocolVersion: hello.protocolVersion ?? OLD_REVISION,
        capabilities,
        serverInfo: isObject(said) ? said : { name: this.name, version: '0' },
        ...(instructions !== undefined && { instructions }),
      },
    };
  }

  private settle(era: Era): void {
    this.era = era;
    this.eras.set(this.name, era);
  }

  private passed(method: string, params: Params | undefined, options: AskOptions): Promise<Answer | null> {
    return this.raw?.request(method, params, options) ?? Promise.resolve(failure(RPC.gateway, `server ${this.name} is gone`, { retryable: true }));
  }

  // --- a call, and what is asked in its course ---

  private async called(method: string, params: Params, options: AskOptions): Promise<Answer | null> {
    // MG-127: replies to questions that this server did not ask here are none
    const { inputResponses: _responses, requestState: _state, task: _task, ...own } = params;
    let more: Params = {};
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const answer = await this.passed(method, this.enveloped({ ...own, ...more }), options);
      if (answer === null || 'error' in answer) return answer;
      const { resultType, ...result } = answer.result;
      if (resultType === 'complete') return { result };
      // MG-125: a task for a client that knows of none would never be asked for
      if (resultType === 'task' && this.takesTasks()) return answer;
      if (resultType !== 'input_required') return failure(RPC.internal, `server ${this.name} answered with a result of an unknown type`);
      const replies = await this.replies(answer.result, options);
      if (replies === null || 'error' in replies) return replies;
      more = replies.result;
    }
    return failure(RPC.internal, `server ${this.name} still asks after ${ROUNDS_MAX} rounds`);
  }

  /** MG-123: what the client replied, as parameters of the next round. */
  private async replies({ inputRequests, requestState }: Params, { about, signal }: AskOptions): Promise<Answer | null> {
    const asks = isObject(inputRequests) ? Object.entries(inputRequests) : [];
    const state = typeof requestState === 'string' ? { requestState } : {};
    if (asks.length > ASKS_MAX || (asks.length === 0 && typeof requestState !== 'string'))
      return failure(RPC.internal, `server ${this.name} asks for input in a way that is not understood`);
    if (asks.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
      return { result: state };
    }
    const replies = await Promise.all(asks.map(async ([key, ask]) => [key, await this.ask(ask, about, signal)] as const));
    const failed = replies.map(([, reply]) => reply).find((reply) => reply === null || 'error' in reply);
    if (failed !== undefined) return failed;
    const responses = replies.map(([key, reply]) => [key, (reply as { readonly result: Params }).result] as const);
    return { result: { inputResponses: Object.fromEntries(responses), ...state } };
  }

  private ask(ask: unknown, about: Id | undefined, signal = new AbortController().signal): Promise<Answer | null> {
    if (!isObject(ask) || typeof ask.method !== 'string')
      return Promise.resolve(failure(RPC.internal, `server ${this.name} asks for input in a way that is not understood`));
    this.asks += 1;
    const params = isObject(ask.params) ? ask.params : {};
    // Where there is a handshake, a page that a person is sent to has an id.
    const named = params.mode === 'url' && params.elicitationId === undefined ? { ...params, elicitationId: `ask-${this.asks}` } : params;
    return this.listener.request(ask.method, named, { id: this.asks, about, signal });
  }

  private takesTasks(): boolean {
    return isObject(this.capabilities.extensions) && Object.hasOwn(this.capabilities.extensions, TASKS_EXTENSION);
  }

  // --- what changes ---

  private async subscribed(method: string, { uri }: Params): Promise<Answer> {
    if (typeof uri !== 'string' || this.changes === null) return failure(RPC.params, 'Invalid params: uri is missing');
    const taken = method === 'resources/subscribe' ? this.changes.add(uri) : this.changes.remove(uri);
    return taken ? { result: {} } : failure(RPC.method, 'the server takes no subscriptions, or no more');
  }

  private told(method: string, params: Params | undefined, about: Id | undefined): void {
    if (this.era === 'old') return this.listener.notify(method, params, about);
    if (method === 'notifications/subscriptions/acknowledged') return;
    const { [META.subscription]: _, ...meta } = isObject(params?._meta) ? params._meta : {};
    this.listener.notify(method, params === undefined ? undefined : { ...params, _meta: meta }, about);
  }

  private enveloped(params: Params): Params {
    return withEnvelope(params, { client: this.client, capabilities: this.capabilities, log: this.log });
  }
}
