import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { SMALL_PRINCIPAL } from '../../sim/small-law.ts';
import { Fault } from '../base/fault.ts';
import { Edge } from '../sequencer/edge.ts';
import { EventReader, eventText, type LedgerEvent } from './events.ts';
import { serve } from './routes.ts';

const balance = { kind: 'tool.call', name: 'balance', args: {} };

async function take(events: AsyncIterator<LedgerEvent>, count: number): Promise<LedgerEvent[]> {
  const taken: LedgerEvent[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

async function follow(node: TestNode, count: number, options: { from?: number; last_id?: string }): Promise<LedgerEvent[]> {
  const abort = new AbortController();
  const taken = await take(node.client.events({ ...options, signal: abort.signal }), count);
  abort.abort();
  return taken;
}

test('N-34 to N-37: events come live, from a block, and after the last one seen, without gap or repeat', async () => {
  const node = await startNode();
  const abort = new AbortController();
  const live = node.client.events({ signal: abort.signal });
  const first = live.next();
  while (!(await node.client.metrics()).includes('ava_event_subscribers 1')) await new Promise((resolve) => setTimeout(resolve, 5));
  const { session } = await node.client.openSession('bot', 'hello');
  const { permit = '', receipt } = await node.client.decide({ session, action: balance });
  await node.client.outcome({ permit, ok: false, error: 'no' });
  await Promise.all(
    Array.from({ length: 40 }, () => node.client.decide({ session, action: { kind: 'tool.call', name: 'pay', args: { to: 'b', amount: 500 } } })),
  );
  const heard = [(await first).value as LedgerEvent, ...(await take(live, 43))];
  assert.deepEqual(
    heard.slice(0, 4).map(({ type }) => type),
    ['session', 'input', 'decision', 'outcome'],
  );
  const [opened, , decided, ended] = heard;
  assert.ok(opened.type === 'session' && opened.agent === 'bot' && opened.session === session);
  assert.ok(decided.type === 'decision' && decided.receipt === receipt && decided.permit === permit && decided.verdict === 'allow');
  assert.ok(ended.type === 'outcome' && ended.permit === permit && !ended.ok);
  assert.ok(heard.slice(4).every((event) => event.type === 'decision' && event.verdict === 'deny' && event.reasons[0].rule === 'pay/limit'));
  assert.equal(new Set(heard.map(({ id }) => id)).size, heard.length);

  assert.deepEqual(await follow(node, heard.length, { from: 1 }), heard);
  for (const at of [0, 2, 3, 20, 42]) assert.deepEqual(await follow(node, heard.length - at - 1, { last_id: heard[at].id }), heard.slice(at + 1));
  await assert.rejects(follow(node, 1, { last_id: 'yesterday' }), (error) => error instanceof Fault && error.context.path === 'Last-Event-ID');
  abort.abort();
  await node.close();
});

test('N-35: what falls due is told', async () => {
  const node = await startNode();
  const { session } = await node.client.openSession('bot');
  const abort = new AbortController();
  const live = node.client.events({ signal: abort.signal });
  const first = live.next();
  while (!(await node.client.metrics()).includes('ava_event_subscribers 1')) await new Promise((resolve) => setTimeout(resolve, 5));
  const { permit } = await node.client.decide({ session, action: balance });
  await first;
  node.pass(11 * 60_000);
  await node.client.decide({ session, action: balance, permit: false });
  const events = await take(live, 2);
  const due = events.find((event) => event.type === 'due');
  assert.ok(due?.type === 'due' && due.due === 'permit.expired' && due.subject === permit);
  abort.abort();
  await node.close();
});

test('N-37: a follower comes back by itself after the connection broke', async () => {
  const node = await startNode();
  const { session } = await node.client.openSession('bot');
  const abort = new AbortController();
  const live = node.client.events({ from: 1, signal: abort.signal });
  assert.equal((await take(live, 1))[0].type, 'session');
  const next = take(live, 3);
  // the server cuts all its connections, as a proxy or a network might
  const { port } = node.server;
  await node.server.close();
  const edge = new Edge(node.law.network, SMALL_PRINCIPAL, 100);
  const again = await serve({ host: '127.0.0.1', port }, { sequencer: node.sequencer, edge, log: node.log, bundle: () => new Uint8Array() });
  for (let i = 0; i < 3; i++) await node.client.decide({ session, action: balance, permit: false });
  assert.deepEqual(
    (await next).map(({ height }) => height),
    [2, 3, 4],
  );
  abort.abort();
  node.client.close();
  await again.close();
  await node.sequencer.close();
});

test('N-38: a follower that reads nothing is dropped, and decisions go on', async () => {
  const node = await startNode();
  const { session } = await node.client.openSession('bot');
  const socket = connect(node.server.port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  while (!(await node.client.metrics()).includes('ava_event_subscribers 1')) await new Promise((resolve) => setTimeout(resolve, 5));
  const batch = Array.from({ length: 256 }, () => ({ session, action: balance, permit: false }));
  let dropped = false;
  for (let i = 0; i < 120 && !dropped; i++) {
    await node.client.batch(batch);
    dropped = (await node.client.metrics()).includes('ava_event_subscribers 0');
  }
  assert.ok(dropped);
  socket.destroy();
  await node.close();
});

test('events survive any cut of their text', () => {
  const event: LedgerEvent = { type: 'outcome', id: '3.1', height: 3, index: 1, time_ms: 5, receipt: '3.1.0123456789ab', permit: 'ü\n', ok: true };
  const text = `: \n\n${eventText(event)}: \n\n${eventText({ ...event, id: '3.2' })}`;
  for (let at = 0; at <= text.length; at++) {
    const reader = new EventReader();
    assert.deepEqual(
      [...reader.read(text.slice(0, at)), ...reader.read(text.slice(at))].map(({ id }) => id),
      ['3.1', '3.2'],
    );
  }
});

test('N-25: a stream stops reading when its client does, and a line without end is refused', async () => {
  const node = await startNode();
  const { session } = await node.client.openSession('bot');
  const line = `${JSON.stringify({ session, action: balance, permit: false })}\n`;
  const sent = request(`${node.url}/v1/decisions/stream`, { method: 'POST', headers: { 'Content-Type': 'application/x-ndjson' } });
  sent.on('error', () => undefined);
  sent.on('response', (response) => response.pause());
  let written = 0;
  for (let i = 0; i < 300; i++) {
    if (!sent.write(line.repeat(500))) await new Promise((resolve) => setTimeout(resolve, 10));
    written += 500;
    if (sent.writableLength > 1_000_000) break;
  }
  assert.ok(sent.writableLength > 1_000_000, `the node read all ${written} lines though nobody reads its answers`);
  sent.destroy();
  const answer = await fetch(`${node.url}/v1/decisions/stream`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-ndjson' },
    body: `${line}"${'x'.repeat(300_000)}`,
  });
  const answers = (await answer.text())
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as { verdict?: string; error?: { code: string } });
  assert.deepEqual(
    answers.map(({ verdict, error }) => verdict ?? error?.code),
    ['allow', 'AVA-4003'],
  );
  await node.close();
});
