/**
 * A real tool server of revision 2025-11-25, with the same tools as server-modern.ts: `node server-old.ts` on
 * stdio, with a port on Streamable HTTP (it prints its address).
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ListRootsResultSchema, SubscribeRequestSchema, UnsubscribeRequestSchema, UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

function build(): McpServer {
  const server = new McpServer(
    { name: 'old-fixture', version: '1.2.3' },
    { capabilities: { tools: { listChanged: true }, resources: { listChanged: true, subscribe: true }, prompts: {}, logging: {}, completions: {} } },
  );
  let seen = false;
  server.registerTool('echo', { description: 'Gives back a text', inputSchema: { text: z.string() } }, (args) => text(`echo ${args.text}`));
  server.registerTool('ask', { description: 'Asks a person for a name' }, async () => {
    const { action, content } = await server.server.elicitInput({
      message: 'What is your name?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
    });
    return text(`${action} ${String(content?.name ?? '')}`.trim());
  });
  server.registerTool('secret', { description: 'Asks a person for a password' }, async () => {
    const { action } = await server.server.elicitInput({
      message: 'Please sign in',
      requestedSchema: { type: 'object', properties: { password: { type: 'string' } } },
    });
    return text(action);
  });
  server.registerTool('page', { description: 'Sends a person to a page' }, () => {
    if (!seen) {
      seen = true;
      throw new UrlElicitationRequiredError([{ mode: 'url', elicitationId: 'e1', message: 'Sign in', url: 'https://login.example/start' }]);
    }
    return text('page accept');
  });
  server.registerTool('sample', { description: 'Asks the model of the client' }, async () => {
    const { content } = await server.server.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: 'Say yes' } }], maxTokens: 8 });
    return text(`model said ${'text' in content ? content.text : ''}`);
  });
  server.registerTool('roots', { description: "Looks at the client's folders" }, async (extra) => {
    const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return text(`roots ${roots.map(({ uri }) => uri).join(' ')}`);
  });
  server.registerTool('slow', { description: 'Tells how far it is' }, async (extra) => {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= 3; progress++)
      if (progressToken !== undefined) await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 3 } });
    return text('done');
  });
  server.registerTool('endless', { description: 'Never ends by itself' }, async (extra) => {
    await new Promise<void>((resolve) => extra.signal.addEventListener('abort', () => resolve(), { once: true }));
    console.error('endless: cancelled');
    return text('cancelled');
  });
  server.registerTool('change', { description: 'Changes the list of tools, and a note' }, async () => {
    server.sendToolListChanged();
    await server.server.sendResourceUpdated({ uri: 'note://one' });
    return text('changed');
  });
  server.registerTool('log', { description: 'Says something' }, async () => {
    await server.sendLoggingMessage({ level: 'warning', data: 'a warning' });
    await server.sendLoggingMessage({ level: 'debug', data: 'a detail' });
    return text('said');
  });
  server.registerTool('env', { description: 'Shows the environment' }, () => text(JSON.stringify(process.env)));
  server.registerResource('note', 'note://one', { description: 'A note' }, (uri) => ({ contents: [{ uri: uri.href, text: 'the note' }] }));
  server.registerPrompt('greet', { description: 'Greets', argsSchema: { name: z.string() } }, (args) => ({
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: `Greet ${args.name}` } }],
  }));
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  return server;
}

const port = process.argv[2];
if (port === undefined) await build().connect(new StdioServerTransport());
else {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? sessions.get(id) : undefined;
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void sessions.set(session, transport as StreamableHTTPServerTransport),
      });
      await build().connect(transport as Parameters<McpServer['connect']>[0]);
    }
    await transport.handleRequest(request, response);
  };
  const http = createServer((request, response) => void serve(request, response));
  http.listen(Number(port), '127.0.0.1', () => {
    const address = http.address();
    console.log(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/mcp`);
  });
}
