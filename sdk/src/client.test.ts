/** The client against a real node, and against servers that misbehave. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { shapesOf } from '../make-shapes.ts';
import { type SdkNode, sdkNode } from '../test/node.fixture.ts';
import { Client } from './client.ts';
import { AvaError } from './error.ts';
import type { DecisionRequest } from './shape.gen.ts';

let node: SdkNode;
let client: Client;
before(async () => {
  node = await sdkNode();
  client = new Client(node.url);
});
/** Servers that a failed test left open. */
const open = new Set<() => void>();
after(async () => {
  for (const close of open) close();
  await node.close();
});

const pay = (session: string, amount: number): DecisionRequest => ({ session, action: { kind: 'tool.call', name: 'pay', args: { to: 'bob', amount } } });
const fails = (slug: string) => (error: unknown) => error instanceof AvaError && error.slug === slug && /^AVA-\d{4}$/.test(error.code) && error.next !== '';

test('the types are those that a node serves', async () => {
  const made = shapesOf(await (await fetch(`${node.url}/openapi.json`)).json());
  assert.equal(readFileSync(new URL('./shape.gen.ts', import.meta.url), 'utf8'), made, 'write them anew: node sdk/make-shapes.ts');
});

test('session, input, decisions, outcome, receipt, rules, block', async () => {
  const { session } = await client.openSession('client', 'pay bob');
  const said = await client.input(session, 'and read my notes');
  assert.match(said.receipt, /^\d+\.\d+\.[0-9a-f]{12}$/);
  const allowed = await client.decide(pay(session, 30));
  assert.equal(allowed.verdict, 'allow');
  assert.notEqual(await client.outcome({ permit: allowed.permit ?? '', ok: true, result: 'paid' }), null);
  const denied = await client.decide(pay(session, 300));
  assert.deepEqual([denied.verdict, denied.permit, denied.reasons.map(({ rule }) => rule)], ['deny', undefined, ['pay/day']]);
  assert.equal((await client.receipt(denied.receipt)).receipt.verdict, 'deny');
  assert.ok((await client.bundle(denied.receipt)).length > 500);
  assert.ok((await client.rules()).rules.length >= 5);
  assert.equal((await client.constitution()).name, 'sdk');
  assert.equal((await client.block(denied.height)).receipts[denied.index], denied.receipt);
  assert.equal((await client.health()).status, 'ok');
  const batch = await client.batch([pay(session, 1), pay('nobody', 1), pay(session, 1_000)]);
  assert.deepEqual(
    batch.map((answer) => (answer instanceof AvaError ? answer.code : answer.verdict)),
    ['allow', 'AVA-4020', 'deny'],
  );
  await assert.rejects(client.decide(pay('nobody', 1)), fails('session_unknown'));
  await assert.rejects(client.outcome({ permit: allowed.permit ?? '', ok: true }), fails('permit_used'));
  await assert.rejects(client.receipt('1.2.3'), fails('receipt_unknown'));
});

test('a stream: in order, as they come, one that asks for the next only when it has its answer, bounded ahead', async () => {
  const { session } = await client.openSession('stream');
  const verdicts: string[] = [];
  const many = Array.from({ length: 700 }, (_, i) => ({ ...pay(session, i % 7 === 0 ? 500 : 1), permit: false }));
  for await (const answer of client.stream(many)) verdicts.push(answer instanceof AvaError ? answer.code : answer.verdict);
  assert.deepEqual(
    verdicts,
    many.map((_, i) => (i % 7 === 0 ? 'deny' : 'allow')),
  );
  // each next decision is made from the last answer
  let wake: (() => void) | null = null;
  const talk = async function* (): AsyncGenerator<DecisionRequest> {
    for (let i = 0; i < 5; i++) {
      yield { ...pay(session, i), permit: false };
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  let heard = 0;
  for await (const answer of client.stream(talk())) {
    assert.ok(!(answer instanceof AvaError));
    heard += 1;
    while (wake === null) await new Promise((next) => setTimeout(next, 1));
    (wake as () => void)();
    wake = null;
  }
  assert.equal(heard, 5);
  // a reader that stops is not run ahead of
  let made = 0;
  const endless = function* (): Generator<DecisionRequest> {
    for (;;) {
      made += 1;
      yield { ...pay(session, 1), permit: false };
    }
  };
  for await (const answer of client.stream(endless())) {
    assert.ok(!(answer instanceof AvaError));
    break;
  }
  assert.ok(made <= 300, `${made} were made`);
});

test('events: from a block, and after the last one; ended by a signal', async () => {
  const { session } = await client.openSession('events');
  const { height } = await client.decide(pay(session, 1));
  const ended = new AbortController();
  const seen: string[] = [];
  for await (const event of client.events({ from: height, signal: ended.signal })) {
    seen.push(event.type);
    assert.equal(event.height, height);
    ended.abort();
  }
  assert.deepEqual(seen, ['decision']);
});

/** A server that answers as told, and counts. */
async function strange(
  answer: (count: number, response: ServerResponse, url: string) => void,
): Promise<{ url: string; count: () => number; close: () => void }> {
  let count = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    count += 1;
    answer(count, response, request.url ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = (): void => {
    open.delete(close);
    server.closeAllConnections();
    server.close();
  };
  open.add(close);
  return { url: `http://127.0.0.1:${port}`, count: () => count, close };
}

const problem = (slug: string, code: string, status: number) =>
  JSON.stringify({ type: `urn:ava:fault:${slug}`, title: '', status, code, detail: slug, next: 'wait' });

test('what may be sent again: reads, verdicts alone, outcomes, and anything that was not placed', async () => {
  const overloaded = await strange((count, response) => {
    if (count < 3) response.writeHead(503, { 'Retry-After': '0' }).end(problem('overloaded', 'AVA-4012', 503));
    else response.end('{"verdict":"deny","reasons":[],"obligations":[]}');
  });
  assert.equal((await new Client(overloaded.url).decide(pay('s', 1))).verdict, 'deny');
  assert.equal(overloaded.count(), 3);
  overloaded.close();

  const dropped = await strange((_, response) => response.destroy());
  const quick = new Client(dropped.url, { retries: 2 });
  const requests = async (work: Promise<unknown>): Promise<number> => {
    const before = dropped.count();
    await assert.rejects(work, fails('unreachable'));
    return dropped.count() - before;
  };
  assert.equal(await requests(quick.decide(pay('s', 1))), 1, 'a decision that reserves is sent once');
  assert.equal(await requests(quick.decide({ ...pay('s', 1), permit: false })), 3);
  assert.equal(await requests(quick.health()), 3);
  assert.equal(await requests(quick.openSession('a')), 1);
  assert.equal(await requests(quick.batch([{ ...pay('s', 1), permit: false }, pay('s', 1)])), 1);
  assert.equal(await requests(quick.outcome({ permit: 'p', ok: true })), 4);
  dropped.close();

  const lost = await strange((count, response) => {
    if (count === 1) response.destroy();
    else response.writeHead(409).end(problem('permit_used', 'AVA-4022', 409));
  });
  assert.equal(await new Client(lost.url).outcome({ permit: 'p', ok: true }), null, 'the first try had closed it');
  lost.close();

  const failed = await strange((_, response) => response.writeHead(503, { 'Retry-After': '0' }).end(problem('disk_failed', 'AVA-5003', 503)));
  await assert.rejects(new Client(failed.url).health(), fails('disk_failed'));
  assert.equal(failed.count(), 1);
  failed.close();
});

test('a stream that is aborted, cut, or no stream', async () => {
  const stop = new AbortController();
  const silent = await strange((_, response) => response.writeHead(200).write('{"verdict":"deny"}\n'));
  const read = async (url: string, signal?: AbortSignal): Promise<number> => {
    let count = 0;
    for await (const answer of new Client(url).stream([pay('s', 1), pay('s', 2)], signal === undefined ? {} : { signal })) {
      assert.ok(answer);
      count += 1;
      stop.abort(new Error('enough'));
    }
    return count;
  };
  await assert.rejects(read(silent.url, stop.signal), /enough/);
  silent.close();
  for (const body of ['{"verdict":"deny"}\n', '{"verdict":"deny"}\n{"verd', '{"verdict":"deny"}\nhello\n']) {
    const cut = await strange((_, response) => response.end(body));
    await assert.rejects(read(cut.url), fails('unreachable'), body);
    cut.close();
  }
  for (const url of ['http://127.0.0.1:4100/ava', 'ftp://127.0.0.1', 'file:///x']) assert.throws(() => new Client(url), TypeError);
});

test('a time limit, an abort, a server that is no node, one that sends without end', async () => {
  const silent = await strange(() => undefined);
  await assert.rejects(new Client(silent.url, { timeout_ms: 50, retries: 0 }).health(), fails('timed_out'));
  const stop = new AbortController();
  const waiting = new Client(silent.url).health({ signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 20);
  await assert.rejects(waiting, /enough/);
  silent.close();
  const half = await strange((_, response) => response.writeHead(200).write('{"verdict":'));
  await assert.rejects(new Client(half.url, { timeout_ms: 50, retries: 0 }).decide(pay('s', 1)), fails('timed_out'));
  half.close();
  for (const [status, body] of [
    [200, 'hello'],
    [404, 'not here'],
    [500, '{"type":"about:blank"}'],
    [302, ''],
  ] as const) {
    const other = await strange((_, response) => response.writeHead(status, { Location: '/elsewhere' }).end(body));
    await assert.rejects(new Client(other.url, { retries: 0 }).health(), fails('unreachable'), body);
    other.close();
  }
  await assert.rejects(new Client('http://127.0.0.1:1', { retries: 0 }).openSession('a'), fails('unreachable'));
  const flood = await strange((_, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1_000_000)));
    };
    response.on('drain', write);
    write();
  });
  await assert.rejects(new Client(flood.url, { retries: 0 }).health(), fails('unreachable'));
  flood.close();
});
