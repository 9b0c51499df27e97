/**
 * A real tool server of revision 2026-07-28, and of that one alone: `node server-modern.ts` on stdio, with a port on
 * Streamable HTTP (it prints its address). Its tools ask, tell and change.
 */
import { createServer } from 'node:http';
import { createMcpHandler, fromJsonSchema, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
const object = (properties: Record<string, object> = {}) => fromJsonSchema<Record<string, unknown>>({ type: 'object', properties });

function build(): McpServer {
  const server = new McpServer(
    { name: 'modern-fixture', version: '1.2.3' },
    { capabilities: { tools: { listChanged: true }, resources: { listChanged: true, subscribe: true }, prompts: {}, logging: {}, completions: {} } },
  );
  server.registerTool('echo', { description: 'Gives back a text', inputSchema: object({ text: { type: 'string' } }) }, (args) =>
    text(`echo ${String(args.text)}`),
  );
  server.registerTool('ask', { description: 'Asks a person for a name', inputSchema: object() }, (_args, ctx) => {
    const { inputResponses } = ctx.mcpReq;
    const given = inputResponses?.who as { action?: string; content?: { name?: string } } | undefined;
    if (given === undefined)
      return inputRequired({
        inputRequests: {
          who: inputRequired.elicit({ message: 'What is your name?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } }),
        },
        requestState: 'round-1',
      });
    return text(`${given.action} ${given.content?.name ?? ''}`.trim());
  });
  server.registerTool('page', { description: 'Sends a person to a page', inputSchema: object() }, (_args, ctx) => {
    const given = ctx.mcpReq.inputResponses?.page as { action?: string } | undefined;
    if (given === undefined)
      return inputRequired({ inputRequests: { page: inputRequired.elicitUrl({ message: 'Sign in', url: 'https://login.example/start' }) } });
    return text(`page ${given.action}`);
  });
  server.registerTool('sample', { description: 'Asks the model of the client', inputSchema: object() }, (_args, ctx) => {
    const given = ctx.mcpReq.inputResponses?.thought as { content?: { text?: string } } | undefined;
    if (given === undefined)
      return inputRequired({
        inputRequests: { thought: inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: 'Say yes' } }], maxTokens: 8 }) },
      });
    return text(`model said ${given.content?.text}`);
  });
  server.registerTool('roots', { description: "Looks at the client's folders", inputSchema: object() }, (_args, ctx) => {
    const given = ctx.mcpReq.inputResponses?.roots as { roots?: { uri: string }[] } | undefined;
    if (given === undefined) return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
    return text(`roots ${given.roots?.map(({ uri }) => uri).join(' ')}`);
  });
  server.registerTool('slow', { description: 'Tells how far it is', inputSchema: object() }, async (_args, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (let progress = 1; progress <= 3; progress++) {
      if (progressToken !== undefined) await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 3 } });
    }
    return text('done');
  });
  server.registerTool('endless', { description: 'Never ends by itself', inputSchema: object() }, async (_args, ctx) => {
    await new Promise<void>((resolve) => ctx.mcpReq.signal.addEventListener('abort', () => resolve(), { once: true }));
    console.error('endless: cancelled');
    return text('cancelled');
  });
  server.registerTool('change', { description: 'Changes the list of tools', inputSchema: object() }, async () => {
    for (const listener of changed) listener();
    server.sendToolListChanged();
    return text('changed');
  });
  const city = { type: 'string', 'x-mcp-header': 'City' };
  server.registerTool('weather', { description: 'Has its argument in a header too', inputSchema: object({ city }) }, (args) =>
    text(`sunny in ${String(args.city)}`),
  );
  server.registerTool('env', { description: 'Shows the environment', inputSchema: object() }, () => text(JSON.stringify(process.env)));
  server.registerResource('note', 'note://one', { description: 'A note' }, (uri) => ({ contents: [{ uri: uri.href, text: 'the note' }] }));
  server.registerPrompt('greet', { description: 'Greets', argsSchema: object({ name: { type: 'string' } }) }, (args) => ({
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: `Greet ${String(args.name)}` } }],
  }));
  return server;
}

const changed = new Set<() => void>();
const port = process.argv[2];
if (port === undefined) serveStdio(build, { legacy: 'reject' });
else {
  const handler = createMcpHandler(build, { legacy: 'reject' });
  changed.add(() => handler.notify.toolsChanged());
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
      const body = request.method === 'POST' ? { body: Buffer.concat(chunks) } : {};
      void handler
        .fetch(new Request('http://127.0.0.1/mcp', { method: request.method ?? 'POST', headers, signal: gone.signal, ...body }))
        .then(async (answer) => {
          response.writeHead(answer.status, Object.fromEntries(answer.headers));
          for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) response.write(chunk);
          response.end();
        });
    });
  });
  http.listen(Number(port), '127.0.0.1', () => {
    const address = http.address();
    console.log(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/mcp`);
  });
}
