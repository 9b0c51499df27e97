/**
 * One client's conversation with its servers (spec/gateway.md MG-3, MG-11 to MG-14): greets them as the client greets,
 * hands each request to its guard, and passes on what nobody judges.
 */
import type { Client as Node } from '../api/client.ts';
import type { Conversation, Guard } from './conversation.ts';
import { joinedGreeting, ownGreeting, pinnedInstructions } from './greeting.ts';
import { askClient } from './guard-client.ts';
import { getPrompt, readResource } from './guard-read.ts';
import { complete, listPrompts, listResources, listTemplates, ping, resource, setLevel } from './guard-shared.ts';
import { callTool, listTools } from './guard-tools.ts';
import { Judge } from './judge.ts';
import { type Answer, failure, type Id, isObject, type Params, RPC } from './message.ts';
import { Names } from './names.ts';
import { Calm, CLIENT_NOTICES, SERVER_NOTICES } from './notice.ts';
import type { Asked, Listener, Peer } from './peer.ts';
import type { Pins } from './pin.ts';
import { task } from './task.ts';
import { ToolTable } from './tool-table.ts';
import { type Open, Upstream, type UpstreamListener } from './upstream.ts';

export interface RelaySetup {
  readonly servers: readonly { readonly name: string; readonly open: Open }[];
  /** One server whose names stay as they are. */
  readonly alone: boolean;
  readonly node: Node;
  /** The agent's name; else what the client calls itself. */
  readonly agent: string | undefined;
  readonly pins: Pins;
  /** The gateway's own version. */
  readonly version: string;
  readonly report: (message: string) => void;
}

/** How often a node that was down is looked for. */
const RECOVER_MS = 2_000;
/** How long the last outcomes may take once the servers have ended. */
const LAST_WORDS_MS_MAX = 5_000;

const CLIENT_METHODS: ReadonlyMap<string, Guard> = new Map<string, Guard>([
  ['ping', ping],
  ['tools/list', listTools],
  ['tools/call', callTool],
  ['resources/list', listResources],
  ['resources/templates/list', listTemplates],
  ['resources/read', readResource],
  ['resources/subscribe', resource],
  ['resources/unsubscribe', resource],
  ['prompts/list', listPrompts],
  ['prompts/get', getPrompt],
  ['completion/complete', complete],
  ['logging/setLevel', setLevel],
  ['tasks/get', task],
  ['tasks/result', task],
  ['tasks/cancel', task],
  ['tasks/update', task],
  ['tasks/list', task],
]);

export class Relay {
  /** What the client's side tells. */
  readonly listener: Listener;
  /** Resolves when the client is gone and the servers have ended. */
  readonly ended: Promise<void>;
  private readonly setup: RelaySetup;
  private readonly upstreams: readonly Upstream[];
  private readonly calm = new Calm();
  private client: Peer | null = null;
  private talk: Conversation | null = null;
  private greeting: Promise<Answer> | null = null;
  private finish: () => void = () => undefined;
  private closing: Promise<void> | null = null;
  private recovering = false;
  /** Requests whose guards are at work. */
  private readonly working = new Set<Promise<unknown>>();

  constructor(setup: RelaySetup) {
    this.setup = setup;
    this.ended = new Promise((resolve) => (this.finish = resolve));
    this.listener = {
      request: (method, params, asked) => this.asked(method, params ?? {}, asked),
      notify: (method, params) => this.noticed(method, params),
      closed: () => void this.close(),
    };
    const told: UpstreamListener = {
      request: (server, method, params, asked) => this.wanted(server, method, params ?? {}, asked),
      notify: (server, method, params, about) => this.told(server, method, params, about),
      stream: (about, event, retry_ms) => this.onstream?.(about, event, retry_ms),
      restarted: (server) => this.restarted(server),
      report: setup.report,
    };
    this.upstreams = setup.servers.map(({ name, open }) => new Upstream(name, open, told));
  }

  /** Told how the streams of the client's requests fare at the server (Streamable HTTP). */
  onstream: ((about: Id, event: 'primed' | 'paused', retry_ms: number | undefined) => void) | null = null;

  /** The client, before its first message. */
  attach(client: Peer): void {
    this.client = client;
  }

  /** Ends the servers; what they were doing is told to the node before this side ends, too. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await Promise.allSettled(this.upstreams.map((server) => server.close()));
    const late = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS_MAX).unref());
    await Promise.race([Promise.allSettled(this.working), late]);
    this.finish();
  }

  private clientSide(): Peer {
    if (this.client === null) throw new Error('a server spoke before there was a client');
    return this.client;
  }

  private async asked(method: string, params: Params, asked: Asked): Promise<Answer | null> {
    if (method === 'initialize') {
      if (this.greeting !== null) return failure(RPC.request, 'the conversation has begun already');
      this.greeting = this.greet(params);
      return this.greeting;
    }
    if (this.greeting !== null) await this.greeting;
    const { talk } = this;
    if (talk === null) return method === 'ping' ? { result: {} } : failure(RPC.request, 'the conversation begins with initialize');
    const guard = CLIENT_METHODS.get(method);
    // MG-14: nobody would have judged it
    if (guard === undefined) return failure(RPC.method, `Method not found: ${method}`);
    const work = guard(talk, params, asked, method).catch((error: unknown) => {
      this.setup.report(`${method}: ${error instanceof Error ? error.message : String(error)}`);
      return failure(RPC.internal, 'the gateway failed on this request');
    });
    this.working.add(work);
    const answer = await work.finally(() => this.working.delete(work));
    if (method === 'tools/list' && answer !== null && 'error' in answer && isObject(answer.error.data) && answer.error.data.retryable === true)
      void this.recover();
    return answer;
  }

  /** MG-26: a client that could not be given its list is told once the node answers, so that it asks again. */
  private async recover(): Promise<void> {
    if (this.recovering) return;
    this.recovering = true;
    const ready = (): Promise<boolean> => this.setup.node.ready().catch(() => false);
    while (this.closing === null && !(await ready())) await new Promise((resolve) => setTimeout(resolve, RECOVER_MS).unref());
    this.recovering = false;
    if (this.closing === null) this.clientSide().notify('notifications/tools/list_changed', undefined);
  }

  /** MG-11: every server is greeted with the client's own words. */
  private async greet(hello: Params): Promise<Answer> {
    const { setup, upstreams } = this;
    const answers = await Promise.all(upstreams.map((server) => server.start(hello)));
    const only = setup.alone ? upstreams[0] : null;
    if (only !== null && 'error' in answers[0]) {
      this.greeting = null;
      return answers[0];
    }
    const client = this.clientSide();
    this.talk = {
      client,
      hello,
      node: setup.node,
      judge: new Judge(setup.node, setup.agent ?? agentOf(hello)),
      names: new Names(upstreams, setup.alone),
      tables: new Map(upstreams.map((server) => [server.name, new ToolTable(server, setup.pins, setup.report)])),
      only,
      owners: new Map(),
      tasks: new Map(),
      report: setup.report,
    };
    const instructions = new Map(upstreams.map((server) => [server, pinnedInstructions(server, setup.pins, setup.report)]));
    return { result: only === null ? joinedGreeting(hello, upstreams, instructions, setup.version) : ownGreeting(only, instructions.get(only)) };
  }

  /** What a server wants of the client is judged too. */
  private async wanted(server: Upstream, method: string, params: Params, asked: Asked): Promise<Answer | null> {
    if (this.talk === null) return method === 'ping' ? { result: {} } : failure(RPC.request, 'the conversation has not begun');
    return askClient(this.talk, server, params, asked, method);
  }

  /** What the client tells goes to every server: it is about itself. */
  private noticed(method: string, params: Params | undefined): void {
    if (!CLIENT_NOTICES.has(method)) return;
    for (const server of this.upstreams) if (server.greeted !== null) server.notify(method, params);
  }

  /** MG-12: what a server tells goes to the client; a changed list of tools is looked at before it is used. */
  private told(server: Upstream, method: string, params: Params | undefined, about: Id | undefined): void {
    if (!SERVER_NOTICES.has(method)) return;
    if (method === 'notifications/tools/list_changed') this.talk?.tables.get(server.name)?.expire();
    this.calm.pass(method, params?.uri, () => this.clientSide().notify(method, params, about));
  }

  /** MG-9: after a restart every list may be another. */
  private restarted(server: Upstream): void {
    this.talk?.tables.get(server.name)?.expire();
    for (const list of ['tools', 'resources', 'prompts'])
      if (server.capabilities[list] !== undefined) this.clientSide().notify(`notifications/${list}/list_changed`, undefined);
  }
}

/** MG-13: a name that the client gives itself; the node takes it for claimed. */
function agentOf({ clientInfo }: Params): string {
  const name = isObject(clientInfo) && typeof clientInfo.name === 'string' ? clientInfo.name.toWellFormed().slice(0, 64).trim() : '';
  return name === '' ? 'mcp' : name;
}
