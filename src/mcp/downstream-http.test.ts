/** The HTTP side of the gateway as raw clients meet it: who may call, sessions, streams that break and go on (MG-35 to MG-39). */
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type HttpGateway, httpGateway, serverProgram, type TestNode, testNode } from '../../test/mcp/talk.ts';

const HOSTILE = fileURLToPath(new URL('../../test/mcp/hostile-server.ts', import.meta.url));
let node: TestNode;
let gateway: HttpGateway;
before(async () => {
  node = await testNode();
  gateway = await httpGateway(node, {
    old: { command: process.execPath, args: [serverProgram('old')] },
    second: { command: process.execPath, args: [serverProgram('old')] },
  });
});
after(async () => {
  await gateway.close();
  await node.close();
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Headers = Readonly<Record<string, string>>;
const BOTH = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };

/** `until`: ends the connection once the body so far matches; `open`: is called with the head. */
function send(
  method: string,
  headers: Headers,
  body = '',
  { path = '/mcp/old', until, open }: { readonly path?: string; readonly until?: RegExp; readonly open?: () => void } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(new URL(path, gateway.url), { method, headers }, (response) => {
      let text = '';
      open?.();
      const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (until?.test(text)) {
          response.destroy();
          done();
        }
      });
      response.on('end', done);
      response.on('error', () => undefined);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const rpc = (id: number | null, method: string, params: unknown = {}): string => JSON.stringify({ jsonrpc: '2.0', ...(id !== null && { id }), method, params });
const hello = (revision = '2025-11-25'): string =>
  rpc(1, 'initialize', { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'raw', version: '1' } });
const dataOf = (body: string): { id?: number; result: { tools?: { name: string }[] } }[] =>
  [...body.matchAll(/^data: (.+)$/gm)].map(([, text]) => JSON.parse(text) as { result: object });
const idsOf = (body: string): string[] => [...body.matchAll(/^id: (.+)$/gm)].map(([, id]) => id);

async function session(revision?: string): Promise<Headers> {
  const { headers } = await send('POST', BOTH, hello(revision));
  const own = { ...BOTH, 'Mcp-Session-Id': String(headers['mcp-session-id']) };
  assert.equal((await send('POST', own, rpc(null, 'notifications/initialized'))).status, 202);
  return own;
}

test('MG-35: no page of another origin, no other name, reaches the gateway', async () => {
  const refused: Headers[] = [
    { Host: 'evil.example' },
    { Host: '127.0.0.1.evil.example' },
    { Host: 'localhost:4101.evil.example' },
    { Host: '0.0.0.0' },
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost.evil.example' },
    { Origin: 'file://' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ];
  for (const headers of refused) {
    const { status, body } = await send('POST', { ...BOTH, ...headers }, hello());
    assert.equal(status, 403, JSON.stringify(headers));
    assert.match(body, /"jsonrpc":"2.0"/);
  }
  const local: Headers[] = [{ Host: 'localhost:9' }, { Host: '[::1]' }, { Origin: 'http://127.0.0.1:8080' }, { 'Sec-Fetch-Site': 'none' }];
  for (const headers of local) assert.equal((await send('POST', { ...BOTH, ...headers }, hello())).status, 200);
});

test('MG-36: what a request must have', async () => {
  const own = await session();
  const cases: readonly (readonly [status: number, method: string, headers: Headers, body: string])[] = [
    [415, 'POST', { ...own, 'Content-Type': 'text/plain' }, rpc(2, 'ping')],
    [406, 'POST', { ...own, Accept: 'application/json' }, rpc(2, 'ping')],
    [400, 'POST', own, '{'],
    [400, 'POST', own, '[]'],
    [400, 'POST', own, '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    [400, 'POST', BOTH, rpc(2, 'ping')],
    [404, 'POST', { ...own, 'Mcp-Session-Id': 'f'.repeat(32) }, rpc(2, 'ping')],
    [400, 'POST', { ...own, 'MCP-Protocol-Version': '1999-01-01' }, rpc(2, 'ping')],
    [406, 'GET', { ...own, Accept: 'application/json' }, ''],
    [400, 'GET', { Accept: 'text/event-stream' }, ''],
    [405, 'PUT', own, ''],
    [413, 'POST', own, `"${'x'.repeat(16_777_216)}"`],
  ];
  for (const [status, method, headers, body] of cases) assert.equal((await send(method, headers, body)).status, status, `${method} ${body.slice(0, 60)}`);
  assert.equal((await send('POST', BOTH, hello(), { path: '/mcp/nobody' })).status, 404);
  assert.equal(dataOf((await send('POST', own, rpc(3, 'ping'))).body)[0].id, 3, 'the session stands');
  assert.equal((await send('DELETE', own)).status, 200);
  assert.equal((await send('POST', own, rpc(4, 'ping'))).status, 404);
});

test('MG-2: a batch of an older revision, one event an answer', async () => {
  const own = await session('2025-03-26');
  const { body } = await send('POST', own, `[${rpc(5, 'ping')},${rpc(6, 'tools/list')},${rpc(null, 'notifications/roots/list_changed')}]`);
  assert.deepEqual(
    dataOf(body)
      .map(({ id }) => id)
      .sort(),
    [5, 6],
  );
});

test('MG-39: alone a server keeps its names, among others they begin with its own', async () => {
  const names = async (path: string): Promise<string[]> => {
    const { headers } = await send('POST', BOTH, hello(), { path });
    const own = { ...BOTH, 'Mcp-Session-Id': String(headers['mcp-session-id']) };
    const [{ result }] = dataOf((await send('POST', own, rpc(2, 'tools/list'), { path })).body);
    return (result.tools ?? []).map(({ name }) => name);
  };
  const alone = await names('/mcp/old');
  assert.ok(alone.includes('echo'));
  assert.deepEqual(await names('/mcp'), [...alone.map((name) => `old__${name}`), ...alone.map((name) => `second__${name}`)]);
});

test('MG-37, MG-38: a client that lost its connection goes on after the event that it saw last', async (t) => {
  const late = await httpGateway(node, { late: { command: process.execPath, args: [HOSTILE] } });
  t.after(() => late.close());
  const path = `${late.url}/mcp`;
  const { headers } = await send('POST', BOTH, hello(), { path });
  const own = { ...BOTH, 'Mcp-Session-Id': String(headers['mcp-session-id']) };
  // the client is gone after the first event, which has no data
  const begun = await send('POST', own, rpc(7, 'tools/call', { name: 'late', arguments: { text: 'hello' } }), { path, until: /^id: .+\ndata: \n\n/m });
  const [place] = idsOf(begun.body);
  assert.deepEqual(dataOf(begun.body), []);
  const resumed = await send('GET', { ...own, 'Last-Event-ID': place }, '', { path, until: /"id":7/ });
  assert.equal(resumed.status, 200);
  assert.match(JSON.stringify(dataOf(resumed.body)), /late hello/);
  for (const unknown of ['x', '0', '99-1', `${place}0`, '1-99999999999'])
    assert.equal((await send('GET', { ...own, 'Last-Event-ID': unknown }, '', { path })).status, 400, unknown);
  // an answer that is there at once comes in one event
  const quick = await send('POST', own, rpc(8, 'ping'), { path });
  assert.deepEqual([idsOf(quick.body).length, dataOf(quick.body).length], [1, 1]);
});

test('MG-37: one stream for what belongs to no request', async () => {
  const own = await session();
  const opened = Promise.withResolvers<void>();
  const first = send('GET', own, '', { open: opened.resolve });
  await opened.promise;
  assert.equal((await send('GET', own)).status, 409);
  await send('DELETE', own);
  assert.equal((await first).status, 200);
});
