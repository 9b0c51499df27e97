/** Servers over HTTP that end sessions, break streams, redirect: what the client sees, and what the server gets to see (MG-15 to MG-18). */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { httpGateway, type TestNode, testNode } from '../../test/mcp/talk.ts';

interface Seen {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly message: { readonly id?: number; readonly method?: string };
}
type Script = (seen: Seen, response: ServerResponse, all: readonly Seen[]) => boolean;

const servers: Server[] = [];
let node: TestNode | null = null;
after(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await node?.close();
});

const json = (response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void =>
  void response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
const events = { 'Content-Type': 'text/event-stream' };
const done = (id: unknown, text: string) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });

/** A server that answers as any would, unless the script does; what it saw. */
async function scripted(script: Script): Promise<{ readonly url: string; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  let sessions = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const piece of request.setEncoding('utf8') as AsyncIterable<string>) text += piece;
    const one: Seen = { method: request.method ?? '', headers: request.headers, message: text === '' ? {} : (JSON.parse(text) as Seen['message']) };
    seen.push(one);
    if (script(one, response, seen)) return;
    const { id, method } = one.message;
    if (method === 'initialize') {
      sessions += 1;
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'scripted', version: '1' } };
      json(response, { jsonrpc: '2.0', id, result }, { 'Mcp-Session-Id': `session-${sessions}` });
    } else if (method === 'tools/list') json(response, { jsonrpc: '2.0', id, result: { tools: [{ name: 'do', inputSchema: { type: 'object' } }] } });
    else if (method === 'tools/call') json(response, done(id, `done in ${String(request.headers['mcp-session-id'])}`));
    else response.writeHead(one.method === 'GET' ? 405 : 202).end();
  };
  const server = createServer((request, response) => void serve(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, seen };
}

/** What the tool answers to a client behind the gateway. */
async function through(script: Script, calls = 1): Promise<{ readonly answers: string[]; readonly seen: Seen[] }> {
  node ??= await testNode();
  const { url, seen } = await scripted(script);
  const gateway = await httpGateway(node, { scripted: { url, headers: { Authorization: 'Bearer of-the-gateway' } } });
  const client = await gateway.client('old', undefined, { headers: { Authorization: 'Bearer of-the-client', 'X-Client': 'x' } });
  const answers: string[] = [];
  for (let i = 0; i < calls; i++)
    answers.push(
      await client.callTool('do').then(
        ({ text }) => text,
        (error: Error) => `error ${error.message}`,
      ),
    );
  await client.close();
  await gateway.close();
  return { answers, seen };
}

test("MG-15: the server gets the gateway's credentials and never the client's; the session and revision are its own", async () => {
  const { answers, seen } = await through(() => false);
  assert.deepEqual(answers, ['done in session-1']);
  for (const { headers } of seen) {
    assert.equal(headers.authorization, 'Bearer of-the-gateway');
    assert.equal(headers['x-client'], undefined);
  }
  const calls = seen.filter(({ message }) => message.method === 'tools/call');
  assert.deepEqual([calls[0].headers['mcp-session-id'], calls[0].headers['mcp-protocol-version']], ['session-1', '2025-11-25']);
  assert.deepEqual(
    seen.slice(0, 2).map(({ message }) => message.method),
    ['initialize', 'notifications/initialized'],
  );
  assert.ok(
    seen.some(({ method, headers }) => method === 'DELETE' && headers['mcp-session-id'] === 'session-1'),
    'it says goodbye',
  );
});

test('MG-15: a redirect is not followed', async () => {
  const { answers, seen } = await through(({ message }, response) => {
    if (message.method !== 'tools/call') return false;
    response.writeHead(307, { Location: 'http://127.0.0.1:1/steal' }).end();
    return true;
  });
  assert.match(answers[0], /status 307/);
  assert.equal(seen.filter(({ message }) => message.method === 'tools/call').length, 1);
});

test('MG-17: a session that has ended is begun anew, and the call is made once', async () => {
  let refused = 0;
  const { answers, seen } = await through(({ message, headers }, response) => {
    if (message.method !== 'tools/call' || headers['mcp-session-id'] !== 'session-1') return false;
    refused += 1;
    response.writeHead(404).end();
    return true;
  });
  assert.deepEqual([answers, refused], [['done in session-2'], 1]);
  assert.equal(seen.filter(({ message }) => message.method === 'initialize').length, 2);
});

test('MG-16: a stream that ends before its answer is resumed after its last event', async () => {
  let call: number | undefined;
  const { answers, seen } = await through(({ message, method, headers }, response) => {
    if (message.method === 'tools/call') {
      call = message.id;
      response.writeHead(200, events).end('id: here-1\nretry: 10\ndata: \n\n');
      return true;
    }
    const last = headers['last-event-id'];
    if (method !== 'GET' || last === undefined) return false;
    response.writeHead(200, events).end(last === 'here-1' ? 'id: here-2\ndata:\n\n' : `id: here-3\ndata: ${JSON.stringify(done(call, 'resumed'))}\n\n`);
    return true;
  });
  assert.deepEqual(answers, ['resumed']);
  assert.deepEqual(
    seen.flatMap(({ headers }) => headers['last-event-id'] ?? []),
    ['here-1', 'here-2'],
  );
});

test('MG-16: one that cannot be resumed, or that says nothing new, fails', async () => {
  const { answers } = await through(({ message }, response, all) => {
    if (message.method !== 'tools/call') return false;
    const first = all.filter((one) => one.message.method === 'tools/call').length === 1;
    response.writeHead(200, events).end(first ? ': nothing\n\n' : 'id: here\nretry: 1\ndata:\n\n');
    return true;
  }, 2);
  assert.match(answers[0], /ended the stream before its answer/);
  assert.match(answers[1], /does not let its stream be resumed/);
});

test('an error that a server gives with its status is the answer; other statuses are told', async () => {
  const { answers } = await through(({ message: { id, method } }, response, all) => {
    if (method !== 'tools/call') return false;
    const count = all.filter((one) => one.message.method === 'tools/call').length;
    if (count === 1)
      response
        .writeHead(400, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_602, message: 'bad date' } }));
    else response.writeHead(count === 2 ? 401 : 500).end('secret inner words');
    return true;
  }, 3);
  assert.match(answers[0], /bad date/);
  assert.match(answers[1], /status 401: it refuses the credentials/);
  assert.match(answers[2], /status 500$/);
});

test('an answer is taken before its stream ends, in whatever pieces its bytes come', async () => {
  const { answers } = await through(({ message: { id, method } }, response) => {
    if (method !== 'tools/call') return false;
    response.writeHead(200, events);
    // each write is a chunk of its own
    for (const byte of Buffer.from(`data: ${JSON.stringify(done(id, 'Grüße, 世界 🌍'))}\r\n\r\n: and on`)) response.write(Buffer.from([byte]));
    return true;
  });
  assert.deepEqual(answers, ['Grüße, 世界 🌍']);
});

test('a call whose connection breaks fails with its code and is not made again; the session goes on', async () => {
  let broken = false;
  const { answers, seen } = await through(({ message: { method } }, response) => {
    if (method !== 'tools/call' || broken) return false;
    broken = true;
    response.socket?.destroy();
    return true;
  }, 2);
  assert.match(answers[0], /no server answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNRESET\)/);
  assert.equal(answers[1], 'done in session-1');
  assert.equal(seen.filter(({ message }) => message.method === 'tools/call').length, 2);
});

test('MG-16: a client that has come back keeps its place when the stream ends once more without a new one for it', async () => {
  let call: number | undefined;
  const { answers } = await through(({ message, method, headers }, response) => {
    if (message.method === 'tools/call') {
      call = message.id;
      response.writeHead(200, events).end('id: here-1\nretry: 10\ndata: \n\n');
      return true;
    }
    const last = headers['last-event-id'];
    if (method !== 'GET' || last === undefined) return false;
    response.writeHead(200, events);
    // by then the client has come back
    if (last === 'here-1') setTimeout(() => response.end('id: here-2\ndata:\n\n'), 200);
    else response.end(`data: ${JSON.stringify(done(call, 'resumed'))}\n\n`);
    return true;
  });
  assert.deepEqual(answers, ['resumed']);
});
