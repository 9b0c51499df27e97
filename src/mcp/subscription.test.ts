import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client as ModernSdk } from '@modelcontextprotocol/client';
import { type HttpGateway, httpGateway, httpServer, serverProgram, type TestClient, type TestNode, testNode, wrapped } from '../../test/mcp/talk.ts';
import { META } from './modern.ts';
import { CALM_MS } from './notice.ts';
import { Subscriptions } from './subscription.ts';

let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('MG-116: what was asked for and can be told, and nothing else; each with the id of its subscription', async () => {
  const asked: [string, unknown][] = [];
  const subscriptions = new Subscriptions(async (method, params) => {
    asked.push([method, params.uri]);
    return params.uri === 'note://no' ? { error: { code: -32602, message: 'no' } } : { result: {} };
  });
  const told: [string, Record<string, unknown>][] = [];
  const gone = new AbortController();
  const exchange = { notify: (method: string, params: object) => void told.push([method, params as Record<string, unknown>]), signal: gone.signal };
  const able = { tools: { listChanged: true }, prompts: {}, resources: { subscribe: true } };
  const wanted = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['note://a', 'note://no', 7] };
  const ended = subscriptions.listen('s1', { notifications: wanted }, able, exchange);
  await pause(5);
  assert.deepEqual(told, [
    [
      'notifications/subscriptions/acknowledged',
      { notifications: { toolsListChanged: true, resourceSubscriptions: ['note://a'] }, _meta: { [META.subscription]: 's1' } },
    ],
  ]);
  for (const [method, params] of [
    ['notifications/tools/list_changed', {}],
    ['notifications/prompts/list_changed', {}],
    ['notifications/resources/updated', { uri: 'note://b' }],
    ['notifications/resources/updated', { uri: 'note://a', _meta: { x: 1 } }],
  ] as [string, object][])
    assert.equal(subscriptions.notify(method, { ...params }), true);
  assert.equal(subscriptions.notify('notifications/message', {}), false);
  assert.deepEqual(told.slice(1), [
    ['notifications/tools/list_changed', { _meta: { [META.subscription]: 's1' } }],
    ['notifications/resources/updated', { uri: 'note://a', _meta: { x: 1, [META.subscription]: 's1' } }],
  ]);
  gone.abort();
  assert.equal(await ended, null);
  assert.deepEqual(asked.at(-1), ['resources/unsubscribe', 'note://a']);
  assert.equal(subscriptions.size, 0);
  assert.deepEqual(await subscriptions.listen('s2', { notifications: {} }, able, { ...exchange, signal: new AbortController().signal }), {
    result: { resultType: 'complete', _meta: { [META.subscription]: 's2' } },
  });
  assert.ok('error' in ((await subscriptions.listen('s3', {}, able, exchange)) ?? {}));
});

test('MG-151: the same change is told at most once in a while', async () => {
  const subscriptions = new Subscriptions(async () => ({ result: {} }));
  let told = 0;
  const exchange = { notify: (method: string) => void (method.endsWith('list_changed') && told++), signal: new AbortController().signal };
  void subscriptions.listen(1, { notifications: { toolsListChanged: true } }, { tools: { listChanged: true } }, exchange);
  await pause(5);
  for (let i = 0; i < 1_000; i++) subscriptions.notify('notifications/tools/list_changed');
  assert.equal(told, 1);
  await pause(CALM_MS * 2);
  assert.equal(told, 2);
  subscriptions.end();
});

/** Listens as the library does, and tells how often the list changed. */
async function listening(talk: TestClient): Promise<{ count: () => number; close(): Promise<void> }> {
  const sdk = talk.sdk as ModernSdk;
  let count = 0;
  sdk.setNotificationHandler('notifications/tools/list_changed', () => void count++);
  const subscription = await sdk.listen({ toolsListChanged: true });
  return { count: () => count, close: () => subscription.close() };
}

async function seen(what: () => boolean): Promise<void> {
  for (let i = 0; i < 150 && !what(); i++) await pause(20);
  assert.ok(what());
}

for (const server of ['old', 'modern'] as const)
  test(`MG-116, MG-126: a client of the newer revision hears changes of a server of the ${server} one, stdio`, async (t) => {
    const talk = await wrapped(node, 'modern', server);
    t.after(() => talk.close());
    const heard = await listening(talk);
    await talk.callTool('change');
    await seen(() => heard.count() >= 1);
    await heard.close();
  });

test('MG-116, MG-126: over HTTP, a server of the newer revision', async (t) => {
  const upstream = await httpServer('modern');
  const gateway: HttpGateway = await httpGateway(node, { fixture: { url: upstream.url } });
  t.after(async () => {
    await gateway.close();
    upstream.stop();
  });
  const talk = await gateway.client('modern');
  const heard = await listening(talk);
  await pause(100);
  await talk.callTool('change');
  await seen(() => heard.count() >= 1);
  await heard.close();
  await talk.close();
});

test('MG-115: log lines reach the request that asked for them, as loud as it asked', async (t) => {
  const gateway = await httpGateway(node, { fixture: { command: process.execPath, args: [serverProgram('old')] } });
  t.after(() => gateway.close());
  const talk = await gateway.client('modern');
  const heard: unknown[] = [];
  (talk.sdk as ModernSdk).setNotificationHandler('notifications/message', ({ params }) => void heard.push(params.data));
  await talk.callTool('log');
  assert.deepEqual(heard, []);
  await (talk.sdk as ModernSdk).request({ method: 'tools/call', params: { name: 'log', arguments: {}, _meta: { [META.log]: 'warning' } } });
  await seen(() => heard.length > 0);
  assert.deepEqual(heard, ['a warning']);
  await talk.close();
});
