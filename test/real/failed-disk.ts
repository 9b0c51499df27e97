/** What a node still does, and what it never does again, once its disk has failed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyBundle } from '../../src/audit/bundle.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Promises } from './load.ts';
import { eventually, type RealNode } from './process.ts';

const slugOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Fault ? `${error.status} ${error.slug}` : String(error)),
  );

const FAILED = '503 disk_failed';

/** Everything that would write is denied; everything that reads is answered; the log's bytes stay as they are. */
export async function showFailed(node: RealNode, promises: Promises, session: string): Promise<void> {
  const { client, url } = node;
  await eventually('the node says that its disk failed', async () => (await client.health()).status === 'failed');
  const path = join(node.dir, 'log', '00000001.log');
  const before = readFileSync(path);
  const decision = { session, action: { kind: 'tool.call', name: 'balance', args: {} } };
  for (let i = 0; i < 3; i++) {
    assert.equal(await slugOf(client.decide(decision)), FAILED);
    assert.equal(await slugOf(client.openSession('agent')), FAILED);
    assert.equal(await slugOf(client.input(session, 'hello')), FAILED);
    assert.equal(await slugOf(client.outcome({ permit: [...promises.open][i] ?? session, ok: true })), FAILED);
    for (const answer of await client.batch([decision, decision])) assert.ok(answer instanceof Fault && answer.slug === 'disk_failed');
    for await (const answer of client.stream([decision])) assert.ok(answer instanceof Fault && answer.slug === 'disk_failed');
  }
  const answer = await fetch(`${url}/v1/decisions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(decision) });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '1');
  await answer.text();
  const health = await fetch(`${url}/health`);
  assert.equal(health.status, 503);
  const said = (await health.json()) as { status: string; height: number; fault: { code: string; detail: string } };
  assert.equal(said.status, 'failed');
  assert.equal(said.fault.code, 'AVA-5003');
  assert.equal(await client.ready(), false);
  for (const { receipt, verdict, height } of promises.held.slice(-20)) {
    assert.equal((await client.receipt(receipt)).receipt.verdict, verdict, 'a receipt is readable');
    assert.equal((await client.block(height)).block.height, height, 'a block is readable');
    assert.ok(height <= said.height);
    verifyBundle(await client.bundle(receipt));
  }
  assert.ok((await client.rules()).rules.length > 0);
  assert.deepEqual(readFileSync(path), before, 'nothing more is written');
}
