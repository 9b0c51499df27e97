/** A node in memory, a gateway in this process, real clients of either revision and real servers in processes of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { StreamableHTTPClientTransport as ModernHttpTransport, Client as ModernSdk } from '@modelcontextprotocol/client';
import { Client as OldSdk } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { StdioServerTransport as ModernPipeTransport } from '@modelcontextprotocol/server/stdio';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { ruleText, SMALL_KEY, SMALL_PRINCIPAL } from '../../sim/small-law.ts';
import { Client } from '../../src/api/client.ts';
import { sign } from '../../src/crypto/suite.ts';
import { compose, encodeWire, KIND } from '../../src/machine/transaction.ts';
import { SERVERS_NAME } from '../../src/mcp/servers.ts';
import { gatewayOverHttp, wrap } from '../../src/mcp/start.ts';
import type { Era } from '../../src/mcp/upstream-either.ts';

export type { TestNode } from '../../sim/http-node.ts';

/** Refuses one word, and holds another for a person. */
export const RULES: readonly string[] = [
  ruleText('no/word', "!has(args.text) || args.text != 'forbidden'", 'scope: kind.tool.call', 'inputs: { args.text: string(256) }').replace(
    'title: no/word',
    'title: The word is forbidden',
  ),
  ruleText(
    'hold/word',
    "!has(args.text) || args.text != 'risky'",
    'scope: kind.tool.call',
    'inputs: { args.text: string(256) }',
    'otherwise: escalate',
  ).replace('title: hold/word', 'title: A risky word needs a person'),
];
const TOOLS = 'map: none\nverbs: {}\nnouns: {}\ndelegable: []\nunlisted: guess\ntools: []\n';

export const testNode = (rules: readonly string[] = RULES): Promise<TestNode> => startNode({}, { law: { rules, tools: TOOLS } });

/** Answers the approval with the validator's key. */
export async function answer(node: TestNode, approval: string, allow: boolean): Promise<void> {
  const { network } = node.law;
  const id = Buffer.from(approval, 'hex').toString('latin1');
  const transaction = compose(network, KIND.approval_answer, SMALL_PRINCIPAL, Date.now(), 0, { approval: id, allow, note: '' }, null);
  const auths = [{ suite: SMALL_KEY.suite, key_id: SMALL_KEY.id, signature: sign(SMALL_KEY, 'tx', network, transaction.tx_id) }];
  await node.client.submit(encodeWire({ ...transaction, auths }));
}

export const scratch = (): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'ava-mcp-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

export const serverProgram = (era: Era): string =>
  fileURLToPath(era === 'old' ? new URL('./server-old.ts', import.meta.url) : new URL('./server-modern.ts', import.meta.url));

/** The same server over Streamable HTTP, on a free port. */
export async function httpServer(era: Era): Promise<{ readonly url: string; stop(): void }> {
  const child = spawn(process.execPath, [serverProgram(era), '0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) return { url: line, stop: () => void child.kill('SIGKILL') };
  throw new Error('the server did not start');
}

/** What a person and a model reply, and what was asked of them. */
export interface Replies {
  readonly asked: { readonly method: string; readonly params: Record<string, unknown> }[];
  /** Elicitations by mode; default: accept with the name Ada. */
  elicit?(params: Record<string, unknown>): Promise<Record<string, unknown>> | Record<string, unknown>;
}

const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

/** One client of either revision, as the tests use it. */
export interface TestClient {
  readonly era: Era;
  callTool(
    name: string,
    args?: Record<string, unknown>,
    options?: { onprogress?: (progress: { progress: number }) => void; signal?: AbortSignal },
  ): Promise<{ text: string; isError: boolean }>;
  readonly sdk: ModernSdk | OldSdk;
  readonly replies: Replies;
  close(): Promise<void>;
}

type Called = { readonly content: readonly { readonly text?: string }[]; readonly isError?: boolean };

function replyTo(replies: Replies, method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> | Record<string, unknown> {
  replies.asked.push({ method, params });
  if (method === 'roots/list') return { roots: [{ uri: 'file:///home/me' }] };
  if (method === 'sampling/createMessage') return { role: 'assistant', model: 'scripted', content: { type: 'text', text: 'yes' } };
  return replies.elicit?.(params) ?? (params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { name: 'Ada' } });
}

/** Connects a client to the two ends of a pipe, or by a transport of its own kind. */
export async function connect(
  era: Era,
  pipe: { readonly input: Readable; readonly output: Writable } | { readonly transport: object },
  replies: Replies = { asked: [] },
): Promise<TestClient> {
  const sdk = era === 'modern' ? modernSdk(replies) : oldSdk(replies);
  const transport =
    'transport' in pipe
      ? pipe.transport
      : era === 'modern'
        ? new ModernPipeTransport(pipe.input, pipe.output)
        : new StdioServerTransport(pipe.input, pipe.output);
  await (sdk.connect as (transport: object) => Promise<void>)(transport);
  return {
    era,
    sdk,
    replies,
    async callTool(name, args = {}, options = {}) {
      const { content, isError = false } = (await (sdk instanceof ModernSdk
        ? sdk.callTool({ name, arguments: args }, options)
        : sdk.callTool({ name, arguments: args }, undefined, options))) as Called;
      return { text: content.map(({ text = '' }) => text).join('\n'), isError };
    },
    close: () => sdk.close(),
  };
}

function modernSdk(replies: Replies): ModernSdk {
  const sdk = new ModernSdk({ name: 'modern-client', version: '1' }, { capabilities: CAPABILITIES, versionNegotiation: { mode: { pin: '2026-07-28' } } });
  for (const method of ['elicitation/create', 'sampling/createMessage', 'roots/list'] as const)
    sdk.setRequestHandler(method, async (request) => (await replyTo(replies, method, request.params as Record<string, unknown>)) as never);
  return sdk;
}

function oldSdk(replies: Replies): OldSdk {
  const sdk = new OldSdk({ name: 'old-client', version: '1' }, { capabilities: CAPABILITIES });
  const reply = async ({ method, params }: { method: string; params?: unknown }): Promise<never> =>
    (await replyTo(replies, method, params as Record<string, unknown>)) as never;
  for (const schema of [ElicitRequestSchema, CreateMessageRequestSchema, ListRootsRequestSchema]) sdk.setRequestHandler(schema, reply);
  sdk.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ method, params }) => void replies.asked.push({ method, params }));
  return sdk;
}

/** A client behind `avactl wrap`'s own code, on a pipe. */
export async function wrapped(
  node: TestNode,
  era: Era,
  server: Era | readonly string[],
  replies?: Replies,
): Promise<TestClient & { readonly reports: string[]; readonly said: () => string }> {
  const folder = scratch();
  const toGateway = new PassThrough();
  const fromGateway = new PassThrough();
  const reports: string[] = [];
  let said = '';
  const done = wrap(
    'fixture',
    { command: process.execPath, args: typeof server === 'string' ? [serverProgram(server)] : server, env: { PATH: process.env.PATH ?? '' } },
    {
      data: folder.path,
      node: new Client(node.url),
      agent: undefined,
      version: '1',
      report: (message) => reports.push(message),
      said: (chunk) => void (said += chunk.toString()),
    },
    { input: toGateway, output: fromGateway },
  );
  const client = await connect(era, { input: fromGateway, output: toGateway }, replies);
  return {
    ...client,
    reports,
    said: () => said,
    async close() {
      toGateway.end();
      await done;
      folder.remove();
    },
  };
}

export interface HttpGateway {
  readonly url: string;
  readonly folder: string;
  readonly reports: string[];
  readonly said: () => string;
  /** A client at `/mcp`, or at another path. */
  client(era: Era, replies?: Replies, options?: { readonly path?: string; readonly headers?: Record<string, string> }): Promise<TestClient>;
  close(): Promise<void>;
}

/** `avactl gateway`'s own code with these servers, on a free port. `prepare` may put files beside servers.json. */
export async function httpGateway(node: TestNode, servers: Record<string, unknown>, prepare: (folder: string) => void = () => undefined): Promise<HttpGateway> {
  const folder = scratch();
  writeFileSync(join(folder.path, SERVERS_NAME), JSON.stringify(servers));
  prepare(folder.path);
  const reports: string[] = [];
  let said = '';
  const running = await gatewayOverHttp(0, {
    data: folder.path,
    node: new Client(node.url),
    agent: undefined,
    version: '1',
    report: (message) => reports.push(message),
    said: (chunk) => void (said += chunk.toString()),
  });
  const url = `http://127.0.0.1:${running.port}`;
  return {
    url,
    folder: folder.path,
    reports,
    said: () => said,
    client(era, replies, { path = '/mcp', headers = {} } = {}) {
      const options = { requestInit: { headers } };
      const transport =
        era === 'modern' ? new ModernHttpTransport(new URL(url + path), options) : new StreamableHTTPClientTransport(new URL(url + path), options);
      return connect(era, { transport }, replies);
    },
    async close() {
      await running.close();
      folder.remove();
    },
  };
}
