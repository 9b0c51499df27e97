import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { Fault } from '../base/fault.ts';
import { Client } from './client.ts';
import { HTTP_LIMITS } from './fast.ts';
import { LocalPosts } from './local-post.ts';

let node: TestNode;
let within: Client;
before(async () => {
  node = await startNode();
  within = new Client(node.url, { posts: node.server.posts() });
});
after(async () => {
  within.close();
  await node.close();
});

test('a client in the process gets what one at the port gets, but for the place in the ledger', async () => {
  const { session } = await within.openSession('agent');
  const call = { session, action: { kind: 'tool.call', server: 'mail', name: 'send', args: { text: 'ä €\u{1f600}' } } };
  const here = await within.decide(call);
  const there = await node.client.decide(call);
  const { receipt: _a, permit, height, index, ...said } = here;
  const { receipt: _b, permit: _p, height: other, index: _i, ...same } = there;
  assert.deepEqual(said, same);
  assert.equal(other, height + 1);
  assert.equal(here.verdict, 'allow');
  const placed = await within.outcome({ permit: permit as string, ok: true, result: { text: 'ä' } });
  assert.ok(placed.height > other && index === 0);
  await assert.rejects(within.outcome({ permit: permit as string, ok: true, result: null }), { slug: 'permit_used' });
});

test('its bounds are those of the port', async () => {
  const { session } = await within.openSession('agent');
  const action = { kind: 'tool.call', name: 'send', args: { text: 'x'.repeat(HTTP_LIMITS.body_bytes_max) } };
  const faults = await Promise.all([within, node.client].map((client) => client.decide({ session, action }).catch((error: unknown) => error)));
  const said = ['request_too_large', `the body has more than ${HTTP_LIMITS.body_bytes_max} bytes`];
  assert.deepEqual(
    faults.map((fault) => fault instanceof Fault && [fault.slug, fault.message]),
    [said, said],
  );
  await assert.rejects(within.decide({ session, action: { kind: 'tool.call' } } as never), { slug: 'request_shape' });
});

test('a node that does not answer is given up, and who closes waits no longer', async () => {
  const mute = (): void => undefined;
  const handlers = { decide: mute, batch: mute, outcome: mute, session: mute, input: mute };
  const quick = new LocalPosts(handlers, { ...HTTP_LIMITS, request_timeout_ms: 20 });
  await assert.rejects(quick.post('/v1/decisions', '{}'), { slug: 'timed_out' });
  quick.close();
  const patient = new LocalPosts(handlers, HTTP_LIMITS);
  const asked = patient.post('/v1/outcomes', '{}');
  patient.close();
  await assert.rejects(asked, { slug: 'unreachable' });
  await assert.rejects(patient.post('/v1/blocks', '{}'), { slug: 'route_unknown' });
});
