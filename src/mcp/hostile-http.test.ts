import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { answer, type HttpGateway, httpGateway, serverProgram, type TestNode, testNode } from '../../test/mcp/talk.ts';
import { META, MODERN_REVISION } from './modern.ts';

let node: TestNode;
let gateway: HttpGateway;
let silent: Server;
/** What the server behind `/mcp/spy` was sent. */
const sent: { headers: IncomingHttpHeaders; body: string }[] = [];
const SECRET = 'sk-live-0123456789abcdef';

/** A server of revision 2026-07-28 that writes down what it gets, never answers `silent`, and gives its key away. */
function spy(): Server {
  return createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      sent.push({ headers: request.headers, body });
      const { id, method, params } = JSON.parse(body) as { id: unknown; method: string; params: { name?: string } };
      if (params.name === 'silent') return void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': wait\n\n');
      if (params.name === 'refuse') return void response.writeHead(401, { 'Content-Type': 'text/plain' }).end(`bad key ${SECRET}`);
      const results: Record<string, object> = {
        'server/discover': { supportedVersions: [MODERN_REVISION], capabilities: { tools: {} } },
        'tools/list': { tools: ['leak', 'silent', 'refuse'].map((name) => ({ name, inputSchema: { type: 'object' } })), ttlMs: 0, cacheScope: 'public' },
        'tools/call': { content: [{ type: 'text', text: `my key is ${request.headers.authorization}, or ${SECRET}` }] },
      };
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...results[method] } }));
    });
  });
}

before(async () => {
  node = await testNode();
  silent = spy().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  process.env.AVA_TEST_KEY = SECRET;
  gateway = await httpGateway(node, {
    fixture: { command: process.execPath, args: [serverProgram('old')], env: { API_KEY: { env: 'AVA_TEST_KEY' } } },
    spy: { url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/mcp`, headers: { Authorization: `Bearer ${SECRET}` } },
  });
});
after(async () => {
  await gateway.close();
  silent.closeAllConnections();
  silent.close();
  await node.close();
});

interface Answered {
  readonly status: number;
  readonly body: { id?: unknown; result?: Record<string, unknown>; error?: { code: number; message: string; data?: Record<string, unknown> } };
}

/** What some clients can do, by name. */
const ABLE: Readonly<Record<string, object>> = { 'form only': { elicitation: {} }, 'asked nothing': {} };
const ELICITS = { elicitation: { form: {}, url: {} }, roots: {}, sampling: {} };

/** One POST as a client of the newer revision makes it; `change` breaks its headers. */
function post(path: string, method: string, params: object = {}, change: Record<string, string | undefined> = {}, client = 'one'): Promise<Answered> {
  const { name, uri } = params as { name?: string; uri?: string };
  const envelope = {
    [META.revision]: MODERN_REVISION,
    [META.client]: { name: client, version: '1' },
    [META.capabilities]: client in ABLE ? ABLE[client] : ELICITS,
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': MODERN_REVISION,
    'mcp-method': method,
    ...((name ?? uri) !== undefined && { 'mcp-name': name ?? uri }),
    ...change,
  };
  return new Promise((resolve, reject) => {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>;
    const sentRequest = httpRequest(gateway.url + path, { method: 'POST', headers: given }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answered['body'] }));
    });
    sentRequest.on('error', reject);
    sentRequest.end(body);
  });
}

const text = ({ body }: Answered): string => (body.result?.content as { text: string }[] | undefined)?.[0]?.text ?? JSON.stringify(body);

test('MG-107, MG-119: headers that disagree with the body, names of other hosts, pages of other origins', async () => {
  const call = { name: 'echo', arguments: { text: 'hi' } };
  assert.equal(text(await post('/mcp/fixture', 'tools/call', call)), 'echo hi');
  for (const [change, status, code] of [
    [{ 'mcp-method': 'tools/list' }, 400, -32020],
    [{ 'mcp-method': undefined }, 400, -32020],
    [{ 'mcp-name': 'env' }, 400, -32020],
    [{ 'mcp-name': undefined }, 400, -32020],
    [{ 'mcp-protocol-version': undefined }, 400, -32020],
    [{ 'mcp-protocol-version': '2025-11-25' }, 400, -32020],
    [{ host: 'evil.example' }, 403, -32000],
    [{ host: '127.0.0.1.evil.example' }, 403, -32000],
    [{ origin: 'https://evil.example' }, 403, -32000],
    [{ origin: 'null' }, 403, -32000],
    [{ 'sec-fetch-site': 'cross-site' }, 403, -32000],
    [{ 'content-type': 'text/plain' }, 415, -32000],
  ] as [Record<string, string | undefined>, number, number][]) {
    const { status: got, body } = await post('/mcp/fixture', 'tools/call', call, change);
    assert.deepEqual([got, body.error?.code], [status, code], JSON.stringify(change));
  }
  assert.deepEqual((await post('/mcp/fixture', 'vendor/run')).status, 404);
  assert.deepEqual((await post('/mcp/other', 'tools/list')).status, 404);
});

test('MG-102, MG-103, MG-120: a requestState is good for its own client, its own call and one round', async () => {
  const first = await post('/mcp/fixture', 'tools/call', { name: 'ask' });
  assert.equal(first.body.result?.resultType, 'input_required');
  const { requestState, inputRequests } = first.body.result as { requestState: string; inputRequests: Record<string, unknown> };
  const [key] = Object.keys(inputRequests);
  const again = { name: 'ask', requestState, inputResponses: { [key]: { action: 'accept', content: { name: 'Ada' } } } };
  const refused = async (params: object, client?: string, change = {}): Promise<void> => {
    const { body } = await post('/mcp/fixture', 'tools/call', params, change, client);
    assert.deepEqual([body.error?.code, body.error?.data?.reason], [-32602, 'invalid_request_state']);
  };
  await refused(again, 'two');
  await refused(again, 'one', { authorization: 'Bearer other' });
  await refused({ ...again, name: 'echo', arguments: { text: 'x' } });
  await refused({ ...again, requestState: requestState.replace(/^./, (char) => (char === 'A' ? 'B' : 'A')) });
  assert.equal(text(await post('/mcp/fixture', 'tools/call', again)), 'accept Ada');
  await refused(again);
});

test('MG-112: what the client does not reply to is asked again', async () => {
  const first = await post('/mcp/fixture', 'tools/call', { name: 'ask' });
  const { requestState, inputRequests } = first.body.result as { requestState: string; inputRequests: Record<string, unknown> };
  const second = await post('/mcp/fixture', 'tools/call', { name: 'ask', requestState, inputResponses: { other: { action: 'accept' } } });
  const next = second.body.result as { requestState: string; inputRequests: Record<string, unknown> };
  assert.deepEqual(Object.keys(next.inputRequests), Object.keys(inputRequests));
  assert.notEqual(next.requestState, requestState);
  const [key] = Object.keys(inputRequests);
  const done = await post('/mcp/fixture', 'tools/call', { name: 'ask', requestState: next.requestState, inputResponses: { [key]: { action: 'decline' } } });
  assert.equal(text(done), 'decline');
});

test('MG-113, MG-134, MG-135: a client without pages is told in a form, one that cannot be asked in words; the answer counts, not the form', async () => {
  const risky = { name: 'echo', arguments: { text: 'risky' } };
  const asked = await post('/mcp/fixture', 'tools/call', risky, {}, 'form only');
  const { requestState, inputRequests } = asked.body.result as {
    requestState: string;
    inputRequests: { approval: { params: { message: string; mode?: string; requestedSchema: object } } };
  };
  const { message, mode, requestedSchema } = inputRequests.approval.params;
  assert.equal(mode, undefined);
  assert.deepEqual(requestedSchema, { type: 'object', properties: {} });
  const [, code] = /avactl approvals approve ([0-9A-Z]{6})`/.exec(message) ?? [];
  const again = { ...risky, requestState, inputResponses: { approval: { action: 'accept', content: {} } } };
  const declined = await post('/mcp/fixture', 'tools/call', { ...again, inputResponses: { approval: { action: 'decline' } } }, {}, 'form only');
  assert.match(text(declined), /AVA-3021/);
  const { id } = await node.client.approval(code);
  await answer(node, id, true);
  // the state of an approval may come again, the approval is used once
  assert.equal(text(await post('/mcp/fixture', 'tools/call', again, {}, 'form only')), 'echo risky');
  const once = await post('/mcp/fixture', 'tools/call', again, {}, 'form only');
  assert.equal(once.body.result?.resultType, 'input_required');
  assert.match(text(await post('/mcp/fixture', 'tools/call', risky, {}, 'asked nothing')), /AVA-3021[\s\S]*avactl approvals approve/);
});

test('MG-120: clients with the same ids get their own answers', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => post('/mcp/fixture', 'tools/call', { name: 'echo', arguments: { text: `n${i}` } }, {}, i % 2 === 0 ? 'one' : 'two')),
  );
  assert.deepEqual(
    answers.map(text),
    answers.map((_, i) => `echo n${i}`),
  );
});

test("MG-140, MG-141: the gateway's own credentials go to the server, nothing of the client's; the environment is clean", async () => {
  const { status } = await post(
    '/mcp/spy',
    'tools/call',
    { name: 'leak' },
    { authorization: 'Bearer of-the-client', cookie: 'session=of-the-client', 'x-api-key': 'of-the-client' },
  );
  assert.equal(status, 200);
  const { headers, body } = sent.findLast(({ body }) => body.includes('tools/call')) as (typeof sent)[number];
  assert.equal(headers.authorization, `Bearer ${SECRET}`);
  assert.equal(JSON.stringify(headers).includes('of-the-client') || body.includes('of-the-client'), false);
  assert.deepEqual([headers['mcp-method'], headers['mcp-name'], headers['mcp-session-id']], ['tools/call', 'leak', undefined]);
  const shown = JSON.parse(text(await post('/mcp/fixture', 'tools/call', { name: 'env' }))) as Record<string, string>;
  assert.equal(shown.API_KEY, '[credential cut out by AVA]');
  for (const name of Object.keys(shown)) assert.ok(['API_KEY', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'].includes(name), name);
});

test('MG-142: no secret in results, errors, reports or the ledger', async () => {
  const shown = text(await post('/mcp/spy', 'tools/call', { name: 'leak' }));
  assert.match(shown, /my key is \[credential cut out by AVA\], or \[credential cut out by AVA\]/);
  const refused = await post('/mcp/spy', 'tools/call', { name: 'refuse' });
  assert.match(JSON.stringify(refused.body), /refuses the credentials/);
  const ledger: string[] = [];
  const { height } = await node.client.health();
  for (let at = 1; at <= height; at++) for (const id of (await node.client.block(at)).receipts) ledger.push(JSON.stringify(await node.client.receipt(id)));
  const all = [JSON.stringify(refused.body), shown, ...gateway.reports, gateway.said(), ...ledger].join('\n');
  assert.equal(all.includes(SECRET), false);
  assert.ok(ledger.some((entry) => entry.includes('cut out')));
});

test('MG-114: a server that never answers holds nobody else; who goes away frees it', async () => {
  const gone = new AbortController();
  const waiting = fetch(`${gateway.url}/mcp/spy`, {
    method: 'POST',
    signal: gone.signal,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN_REVISION,
      'mcp-method': 'tools/call',
      'mcp-name': 'silent',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'silent', _meta: { [META.revision]: MODERN_REVISION, [META.capabilities]: {} } },
    }),
  });
  for (let i = 0; i < 200 && !sent.some(({ body }) => body.includes('"silent"')); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(text(await post('/mcp/spy', 'tools/call', { name: 'leak' })), /my key/);
  gone.abort();
  await assert.rejects(waiting);
});
