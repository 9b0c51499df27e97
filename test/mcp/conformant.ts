/**
 * A server that has all that the protocol's own conformance suite asks for, on Streamable HTTP: `node conformant.ts PORT`. It
 * prints its address. Written with the protocol's own package, one session a client, streams that can be resumed.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { type EventStore, StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  type JSONRPCMessage,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
type Args = Readonly<Record<string, unknown>>;
interface Content {
  readonly [name: string]: unknown;
}
type Tool = (args: Args, extra: Extra) => Promise<{ readonly content: readonly Content[]; readonly isError?: boolean }>;

/** One red pixel, and a WAV file without sound. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const RETRY_MS = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const says = (text: string): { content: Content[] } => ({ content: [{ type: 'text', text }] });
const choices = (...names: string[]) => names.map((name, i) => ({ const: name, title: `Choice ${i + 1}` }));

async function elicited(extra: Extra, message: string, properties: Record<string, unknown>, required: readonly string[] = []): Promise<{ content: Content[] }> {
  const requestedSchema = { type: 'object' as const, properties, ...(required.length > 0 && { required: [...required] }) };
  const { action, content } = await extra.sendRequest(
    { method: 'elicitation/create', params: { message, requestedSchema } } as ServerRequest,
    ElicitResultSchema,
  );
  return says(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
}

const TOOLS: Readonly<Record<string, Tool>> = {
  test_simple_text: async () => says('This is a simple text response for testing.'),
  test_image_content: async () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
  test_audio_content: async () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }),
  test_embedded_resource: async () => ({
    content: [{ type: 'resource', resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' } }],
  }),
  test_multiple_content_types: async () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' } },
    ],
  }),
  test_tool_with_logging: async (_args, extra) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', logger: 'conformant', data } });
      await pause(50);
    }
    return says('logged');
  },
  test_error_handling: async () => ({ ...says('This tool intentionally returns an error for testing'), isError: true }),
  test_tool_with_progress: async (_args, extra) => {
    const progressToken = extra._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await pause(50);
    }
    return says('done');
  },
  test_sampling: async ({ prompt }, extra) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: String(prompt) } }];
    const { content } = await extra.sendRequest({ method: 'sampling/createMessage', params: { messages, maxTokens: 100 } }, CreateMessageResultSchema);
    return says(`LLM response: ${'text' in content ? content.text : ''}`);
  },
  test_elicitation: ({ message }, extra) =>
    elicited(
      extra,
      String(message),
      { username: { type: 'string', description: "User's response" }, email: { type: 'string', description: "User's email address" } },
      ['username', 'email'],
    ),
  test_elicitation_sep1034_defaults: (_args, extra) =>
    elicited(extra, 'Please look at these', {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true },
    }),
  test_elicitation_sep1330_enums: (_args, extra) =>
    elicited(extra, 'Please choose', {
      untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
      titledSingle: { type: 'string', oneOf: choices('value1', 'value2', 'value3') },
      legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
      untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
      titledMulti: { type: 'array', items: { anyOf: choices('value1', 'value2', 'value3') } },
    }),
  test_reconnection: async (_args, extra) => {
    extra.closeSSEStream?.();
    await pause(2 * RETRY_MS);
    return says('reconnected');
  },
  json_schema_2020_12_tool: async () => says('ok'),
};

const JSON_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
  properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
  additionalProperties: false,
};
const TEXT_SCHEMAS: Readonly<Record<string, string>> = { test_sampling: 'prompt', test_elicitation: 'message' };

function schemaOf(tool: string): Record<string, unknown> {
  if (tool === 'json_schema_2020_12_tool') return JSON_SCHEMA;
  const name = TEXT_SCHEMAS[tool];
  return name === undefined ? { type: 'object', properties: {} } : { type: 'object', properties: { [name]: { type: 'string' } }, required: [name] };
}

const PROMPTS: Readonly<Record<string, { readonly args: readonly string[]; readonly content: (args: Args) => readonly Content[] }>> = {
  test_simple_prompt: { args: [], content: () => [{ type: 'text', text: 'This is a simple prompt for testing.' }] },
  test_prompt_with_arguments: {
    args: ['arg1', 'arg2'],
    content: ({ arg1, arg2 }) => [{ type: 'text', text: `Prompt with arguments: arg1='${String(arg1)}', arg2='${String(arg2)}'` }],
  },
  test_prompt_with_embedded_resource: {
    args: ['resourceUri'],
    content: ({ resourceUri }) => [
      { type: 'resource', resource: { uri: String(resourceUri), mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
      { type: 'text', text: 'Please process the embedded resource above.' },
    ],
  },
  test_prompt_with_image: {
    args: [],
    content: () => [
      { type: 'image', data: PNG, mimeType: 'image/png' },
      { type: 'text', text: 'Please analyze the image above.' },
    ],
  },
};

function contentsOf(uri: string): Content {
  if (uri === 'test://static-text') return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: PNG };
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  if (id === undefined) throw new Error(`no resource ${uri}`);
  return { uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) };
}

function build(): Server {
  const server = new Server(
    { name: 'conformant', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.keys(TOOLS).map((name) => ({
      name,
      description: `The tool ${name} of the conformance suite`,
      inputSchema: schemaOf(name) as { type: 'object' },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }, extra) => {
    if (!Object.hasOwn(TOOLS, name)) throw new Error(`no tool ${name}`);
    return { ...(await TOOLS[name](args, extra)) };
  });
  const resource = (uri: string, mimeType: string) => ({ uri, name: uri.slice(7), description: `The resource ${uri}`, mimeType });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: [resource('test://static-text', 'text/plain'), resource('test://static-binary', 'image/png'), resource('test://watched-resource', 'text/plain')],
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', description: 'Data by id', mimeType: 'application/json' }],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => ({ contents: [contentsOf(uri) as { uri: string; text: string }] }));
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: ['paris', 'park', 'party'], total: 3, hasMore: false } }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: Object.entries(PROMPTS).map(([name, { args }]) => ({
      name,
      description: `The prompt ${name} of the conformance suite`,
      arguments: args.map((arg) => ({ name: arg, description: arg, required: true })),
    })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params: { name, arguments: args = {} } }) => {
    if (!Object.hasOwn(PROMPTS, name)) throw new Error(`no prompt ${name}`);
    return { messages: PROMPTS[name].content(args).map((content) => ({ role: 'user' as const, content: content as { type: 'text'; text: string } })) };
  });
  return server;
}

/** Keeps every event of one session. */
function eventStore(): EventStore {
  const events: { readonly id: string; readonly stream: string; readonly message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async replayEventsAfter(last, { send }) {
      const at = events.findIndex(({ id }) => id === last);
      const { stream } = events[at];
      for (const event of events.slice(at + 1)) if (event.stream === stream && 'jsonrpc' in event.message) await send(event.id, event.message);
      return stream;
    },
  };
}

const sessions = new Map<string, StreamableHTTPServerTransport>();

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host = '', origin } = request.headers;
  const local = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/;
  if (!local.test(host) || (origin !== undefined && !local.test(origin.replace('http://', '')))) {
    response.writeHead(403, { 'Content-Type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32000,"message":"Forbidden"},"id":null}');
    return;
  }
  // Some scenarios name an older revision than the one they negotiated: this server goes by what was negotiated.
  request.headers['mcp-protocol-version'] &&= '2025-11-25';
  request.rawHeaders.forEach((name, i) => {
    if (i % 2 === 0 && name.toLowerCase() === 'mcp-protocol-version') request.rawHeaders[i + 1] = '2025-11-25';
  });
  const id = request.headers['mcp-session-id'];
  const known = typeof id === 'string' ? sessions.get(id) : undefined;
  if (known !== undefined) return known.handleRequest(request, response);
  if (id !== undefined) {
    response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
    return;
  }
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: eventStore(),
    retryInterval: RETRY_MS,
    onsessioninitialized: (session) => void sessions.set(session, transport),
    onsessionclosed: (session) => void sessions.delete(session),
  });
  await build().connect(transport as Parameters<Server['connect']>[0]);
  await transport.handleRequest(request, response);
}

const http = createServer((request, response) => void serve(request, response));
http.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`));
