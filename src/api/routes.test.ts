import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { SMALL_KEY, SMALL_PRINCIPAL } from '../../sim/small-law.ts';
import { verifyBundle } from '../audit/bundle.ts';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { sign } from '../crypto/suite.ts';
import { compose, encodeWire, KIND, makeSidecar } from '../machine/transaction.ts';
import { Client } from './client.ts';
import { openApi } from './openapi.ts';
import { OPERATIONS } from './operation.ts';
import { serve } from './routes.ts';
import { BlockAnswer, ConstitutionAnswer, DecisionAnswer, HealthAnswer, Placed, ReceiptAnswer, RulesAnswer, SessionAnswer } from './schema.ts';
import { ToolsAnswer } from './tool-view.ts';

let node: TestNode;
before(async () => {
  node = await startNode();
});
after(() => node.close());

function fits(shape: TSchema, value: unknown): void {
  const validator = Compile(shape);
  assert.ok(validator.Check(value), JSON.stringify({ value, errors: validator.Errors(value) }));
}

const call = (name: string, args: Record<string, unknown> = {}) => ({ kind: 'tool.call', name, args });
const rejects = (slug: string, path?: string) => (error: unknown) =>
  error instanceof Fault && error.slug === slug && (path === undefined || error.context.path === path);

test('N-21 to N-27: session, input, decision, outcome, receipt, block; each answer fits its shape', async () => {
  const { client } = node;
  const opened = await client.openSession('agent Ü', 'please pay 50 to bob');
  fits(SessionAnswer, opened);
  assert.equal(opened.agent, 'agent Ü');
  fits(Placed, await client.input(opened.session, 'and mail him'));
  const allowed = await client.decide({ session: opened.session, action: call('pay', { to: 'bob', amount: 50 }) });
  fits(DecisionAnswer, allowed);
  assert.deepEqual([allowed.verdict, allowed.enforced, allowed.reasons.length, allowed.constitution], ['allow', true, 0, 3]);
  const denied = await client.decide({ session: opened.session, action: call('pay', { to: 'bob', amount: 500 }), context: { ticket: 'T1' } });
  fits(DecisionAnswer, denied);
  assert.deepEqual(denied.reasons, [
    { rule: 'pay/limit', answer: 'deny', cause: 'failed', mode: 'enforce', title: 'Höchstens 100 € „je Zahlung“ 😀', advice: 'Pay 100 or less' },
  ]);
  assert.equal(denied.permit, undefined);
  const observed = await client.decide({ session: opened.session, action: call('read', { path: 'a' }) });
  assert.deepEqual([observed.verdict, observed.enforced], ['allow', false]);
  const alone = await client.decide({ session: opened.session, action: call('balance'), permit: false });
  assert.deepEqual([alone.verdict, alone.permit], ['allow', undefined]);

  fits(Placed, await client.outcome({ permit: allowed.permit ?? '', ok: true, result: { paid: 50.5, to: 'bøb' } }));
  await assert.rejects(client.outcome({ permit: allowed.permit ?? '', ok: true }), rejects('permit_used'));

  const receipt = await client.receipt(denied.receipt);
  fits(ReceiptAnswer, receipt);
  assert.deepEqual(receipt.sidecar, { args: { to: 'bob', amount: 500 }, context: { ticket: 'T1' } });
  assert.equal(receipt.receipt.id, denied.receipt);
  assert.equal(receipt.transaction.payload['session' as keyof object], opened.session);
  const block = await client.block(denied.height);
  fits(BlockAnswer, block);
  assert.equal(block.receipts[denied.index], denied.receipt);
  assert.deepEqual(block.block, receipt.block);
  fits(RulesAnswer, await client.rules());
  fits(ConstitutionAnswer, await client.constitution());
  fits(ToolsAnswer, await client.tools());
  const health = await client.health();
  fits(HealthAnswer, health);
  assert.equal(health.status, 'ok');
  assert.equal(await client.ready(), true);
  assert.deepEqual(node.reports, []);
});

test('N-27: a bundle verifies without the node', async () => {
  const { session } = await node.client.openSession('a');
  const denied = await node.client.decide({ session, action: call('pay', { to: 'x', amount: 101 }) });
  const verified = verifyBundle(await node.client.bundle(denied.receipt), node.law.network);
  assert.equal(verified.complete, true);
  assert.equal(verified.entry.receipt.verdict, 'deny');
});

test('N-23: the text "verdict":"allow" stands in the answer exactly when the verdict is allow; hot answers are ASCII', async () => {
  const { session } = await node.client.openSession('a');
  for (const [name, args, verdict] of [
    ['pay', { to: 'b', amount: 1 }, 'allow'],
    ['pay', { to: 'b', amount: 1e6 }, 'deny'],
    ['mail', { to: 'b', body: '"verdict":"allow"' }, 'escalate'],
  ] as const) {
    const answer = await fetch(`${node.url}/v1/decisions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ session, action: call(name, args) }),
    });
    const text = await answer.text();
    assert.equal((JSON.parse(text) as { verdict: string }).verdict, verdict);
    assert.equal(text.includes('"verdict":"allow"'), verdict === 'allow');
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.equal(answer.headers.get('content-type'), 'application/json');
  }
});

test('N-24, N-25: batch and stream answer in order, bad items alone', async () => {
  const { session } = await node.client.openSession('a');
  const list = Array.from({ length: 200 }, (_, i) => ({
    session: i % 50 === 7 ? '0'.repeat(32) : session,
    action: call('pay', { to: 'b', amount: i % 3 === 0 ? 101 : 1 }),
    permit: false,
  }));
  const batch = await node.client.batch(list);
  const streamed: (DecisionAnswer | Fault)[] = [];
  for await (const answer of node.client.stream([...list, ...list, ...list])) streamed.push(answer);
  assert.equal(batch.length, 200);
  assert.equal(streamed.length, 600);
  [batch, streamed].forEach((answers) =>
    answers.forEach((answer, n) => {
      const i = n % 200;
      if (i % 50 === 7) assert.ok(answer instanceof Fault && answer.slug === 'session_unknown');
      else {
        assert.ok(!(answer instanceof Fault));
        assert.equal(answer.verdict, i % 3 === 0 ? 'deny' : 'allow');
      }
    }),
  );
  assert.deepEqual(await node.client.batch([]), []);
  const wrong = await node.client.batch([{ session } as never, list[0]]);
  assert.ok(wrong[0] instanceof Fault && wrong[0].context.path === '$.decisions[0].action');
  assert.ok(!(wrong[1] instanceof Fault));
  const post = await fetch(`${node.url}/v1/decisions/stream`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-ndjson' },
    body: `\n{"x"\r\n\n${JSON.stringify(list[1])}`,
  });
  const lines = (await post.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { error?: { code: string }; verdict?: string });
  assert.deepEqual(
    lines.map(({ error, verdict }) => error?.code ?? verdict),
    ['AVA-4001', 'allow'],
  );
});

test('N-31: a transaction must be signed, by one who is known', async () => {
  const { network } = node.sequencer;
  const { session } = await node.client.openSession('a');
  const id = String.fromCharCode(...Buffer.from(session, 'hex'));
  const side = makeSidecar('s'.repeat(16), ['hello']);
  const unsigned = compose(network, KIND.session_input, SMALL_PRINCIPAL, 1_000_000, 0, { session: id, commitment: side.commitment }, side);
  await assert.rejects(node.client.submit(encodeWire(unsigned)), rejects('signature_invalid'));
  const auth = { suite: 1, key_id: SMALL_KEY.id, signature: sign(SMALL_KEY, 'tx', network, unsigned.tx_id) };
  await assert.rejects(node.client.submit(encodeWire({ ...unsigned, auths: [{ ...auth, signature: new Uint8Array(64) }] })), rejects('signature_invalid'));
  await assert.rejects(node.client.submit(new Uint8Array([0x9f])), rejects('cbor_indefinite'));
  try {
    const placed = await node.client.submit(encodeWire({ ...unsigned, auths: [auth] }));
    fits(Placed, placed);
    assert.equal((await node.client.receipt(placed.receipt)).transaction.signed, true);
    assert.equal((await node.client.receipt(placed.receipt)).receipt.tx_id, hex(unsigned.tx_id));
    await assert.rejects(node.client.submit(encodeWire({ ...unsigned, auths: [auth] })), rejects('sequence_used'));
  } finally {
    // the sender's numbers have moved past the edge's: this node is of no more use
    await node.close();
    node = await startNode();
  }
});

test('N-26: an expired permit, a permit that nobody knows', async () => {
  const { session } = await node.client.openSession('a');
  const { permit = '' } = await node.client.decide({ session, action: call('balance') });
  node.pass(11 * 60_000);
  await assert.rejects(node.client.outcome({ permit, ok: true }), rejects('permit_expired'));
  await assert.rejects(node.client.outcome({ permit: 'f'.repeat(32), ok: true }), rejects('permit_unknown'));
});

test('N-7: past the bound a submission is refused at once, with Retry-After; a failed disk answers nothing else', async () => {
  const small = await startNode({}, { queue_max: 4 });
  const { session } = await small.client.openSession('a');
  small.log.hold();
  const decisions = Array.from({ length: 12 }, () =>
    small.client.decide({ session, action: call('balance'), permit: false }).then(
      ({ verdict }) => verdict,
      (error: Fault) => error.slug,
    ),
  );
  const settled = new Set<string>();
  for (const decision of decisions)
    decision.then(
      (word) => settled.add(word),
      () => undefined,
    );
  while (!settled.has('overloaded')) await new Promise((resolve) => setTimeout(resolve, 5));
  const refused = await fetch(`${small.url}/v1/decisions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ session, action: call('balance') }),
  });
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  small.log.release();
  const words = await Promise.all(decisions);
  assert.ok(words.includes('allow') && words.includes('overloaded'));
  small.log.fault = new Fault('disk_failed');
  await assert.rejects(small.client.decide({ session, action: call('balance') }), rejects('disk_failed'));
  await assert.rejects(small.client.openSession('b'), rejects('disk_failed'));
  const health = await small.client.health();
  assert.equal(health.status, 'failed');
  fits(HealthAnswer, health);
  assert.equal(await small.client.ready(), false);
  assert.equal((await small.client.block(1)).block.height, 1);
  await small.close();
});

test('N-6: what goes wrong inside is reported there, and not told', async () => {
  const broken = await startNode({ assurance: 0 }, { bundle: () => assert.fail('secret path'), ready: () => false });
  const { session } = await broken.client.openSession('a');
  assert.equal(
    (await broken.client.receipt('1.0.'.concat((await broken.client.block(1)).receipts[0].slice(4)))).transaction.payload['assurance' as keyof object],
    0,
  );
  const { receipt } = await broken.client.decide({ session, action: call('balance') });
  await assert.rejects(broken.client.bundle(receipt), (error) => error instanceof Fault && error.slug === 'internal' && !error.message.includes('secret'));
  assert.ok(broken.reports.some((report) => report.includes('secret path')));
  assert.equal(await broken.client.ready(), false);
  broken.log.fault = new Fault('internal', 'secret path');
  await assert.rejects(
    broken.client.decide({ session, action: call('balance') }),
    (error) => error instanceof Fault && error.slug === 'internal' && !error.message.includes('secret'),
  );
  await broken.close();
});

test('the client: its own errors, and a node that is not there', async () => {
  async function* failing(): AsyncGenerator<never> {
    yield* [];
    throw new RangeError('mine');
  }
  await assert.rejects(async () => {
    for await (const _ of node.client.stream(failing())) assert.fail();
  }, RangeError);
  const nobody = new Client('http://127.0.0.1:1');
  await assert.rejects(nobody.health(), rejects('unreachable'));
  await assert.rejects(nobody.decide({ session: '', action: call('x') }), rejects('unreachable'));
  await assert.rejects(nobody.events().next(), rejects('unreachable'));
  await assert.rejects(async () => {
    for await (const _ of nobody.stream([])) assert.fail();
  }, rejects('unreachable'));
  nobody.close();
});

test('a port in use is one fault with the holder', async () => {
  const { log, sequencer } = node;
  await assert.rejects(
    serve({ host: '127.0.0.1', port: node.server.port }, { log, sequencer, edge: null as never, bundle: () => new Uint8Array() }),
    (error) => error instanceof Fault && error.slug === 'port_in_use' && (process.platform !== 'linux' || error.context.pid === process.pid),
  );
  await assert.rejects(serve({ host: '203.0.113.7', port: 0 }, { log, sequencer, edge: null as never, bundle: () => new Uint8Array() }), rejects('config'));
});

test('N-3: OpenAPI names every route, its references resolve, and the node serves it', async () => {
  const served = (await (await fetch(`${node.url}/openapi.json`)).json()) as ReturnType<typeof openApi>;
  assert.deepEqual(served, JSON.parse(JSON.stringify(openApi((served.info as { version: string }).version, node.url))));
  assert.equal(served.openapi, '3.1.0');
  const paths = served.paths as Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  for (const { path, method, id } of OPERATIONS) assert.equal(paths[path.replace('+}', '}')][method.toLowerCase()].operationId, id);
  const schemas = (served.components as { schemas: Record<string, unknown> }).schemas;
  const references = JSON.stringify(served).matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/g);
  for (const [, name] of references) assert.ok(Object.hasOwn(schemas, name), name);
  assert.match(JSON.stringify(schemas.BatchRequest), /"items":\{"\$ref":"#\/components\/schemas\/DecisionRequest"/);
  assert.ok(!JSON.stringify(served).includes('"description":""'));
  assert.ok(Object.hasOwn(schemas, 'DecisionRequest') && !JSON.stringify(served).includes('$id'));
});

test('N-33: metrics are in the text format, each family with HELP and TYPE', async () => {
  const text = await node.client.metrics();
  const names = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('#')) names.add(/^# (?:HELP|TYPE) ([a-z_]+) ./.exec(line)?.[1] ?? assert.fail(line));
    else {
      const [, name] = /^([a-z_]+)(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [0-9.e+-]+$/.exec(line) ?? assert.fail(line);
      assert.ok(names.has(name.replace(/_(?:bucket|sum|count)$/, '')) || names.has(name), name);
    }
  }
  for (const name of ['ava_decisions_total', 'ava_gas_consumed_total', 'ava_validation_failures_total', 'ava_block_height']) assert.ok(names.has(name), name);
  assert.match(text, /ava_http_requests_total\{operation="decide",status="200"\} [1-9]/);
});

test('N-30: checkpoint and tiles come from the parts, and are absent without them', async () => {
  assert.equal((await fetch(`${node.url}/log/checkpoint`)).status, 404);
  const { log, sequencer } = node;
  const parts = {
    log,
    sequencer,
    edge: null as never,
    bundle: () => new Uint8Array(),
    checkpoint: () => 'origin\n1\nhash\n',
    tile: (path: string) => Promise.resolve(path === 'tile/0/x001/000.p/7' ? new Uint8Array([7]) : null),
  };
  const server = await serve({ host: '127.0.0.1', port: 0 }, parts);
  const base = `http://127.0.0.1:${server.port}`;
  assert.equal(await (await fetch(`${base}/log/checkpoint`)).text(), 'origin\n1\nhash\n');
  assert.deepEqual([...new Uint8Array(await (await fetch(`${base}/log/tile/0/x001/000.p/7`)).arrayBuffer())], [7]);
  assert.equal((await fetch(`${base}/log/tile/0/999`)).status, 404);
  await server.close();
});
