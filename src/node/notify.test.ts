import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '../api/client.ts';
import { type Notice, notifyApprovals } from './notify.ts';
import { startNode } from './start.ts';

test('what waits is told to the terminal and, signed and without arguments, to a hook that fails at first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-notify-'));
  const node = await startNode({ dir: folder, port: 0, constitution: 'starter', warm_ms: 0 });
  const client = new Client(node.url);
  const secret = new Uint8Array([1, 2, 3]);
  const taken: { body: string; signature: string | undefined }[] = [];
  const hook = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      taken.push({ body, signature: request.headers['ava-signature'] as string | undefined });
      response.writeHead(taken.length === 1 ? 500 : 204).end();
      hook.emit('taken');
    });
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const end = new AbortController();
  const told: Notice[] = [];
  const webhook = new URL(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/ava`);
  const followed = notifyApprovals({
    client,
    signal: end.signal,
    tell: (notice) => told.push(notice),
    webhook,
    secret,
    report: (message) => assert.fail(message),
  });
  try {
    const { session } = await client.openSession('clerk', 'Pay the rent');
    const args = { recipient: 'DE89370400440532013000', amount: 90_000, subject: 'rent' };
    // the follower starts on its own: asked again until it has heard
    let approval: string | undefined;
    for (let n = 0; told.length === 0 && n < 100; n++) {
      const answer = await client.decide({ session, action: { kind: 'tool.call', name: 'send_money', args: { ...args, subject: `rent ${n}` } } });
      approval = answer.approval;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    while (taken.length < 2) await once(hook, 'taken');
    assert.ok(approval !== undefined && told.length > 0);
    const [first, again] = taken;
    assert.equal(again.body, first.body, 'the one that failed is sent again');
    const notice = JSON.parse(again.body) as Notice;
    assert.equal(notice.tool, 'send_money');
    assert.equal(notice.agent, 'clerk');
    assert.match(notice.page, new RegExp(`/approvals#${notice.code}$`));
    assert.ok(!again.body.includes('DE89'), 'no argument leaves');
    assert.equal(again.signature, `sha256=${createHmac('sha256', secret).update(again.body).digest('hex')}`);
  } finally {
    end.abort();
    await followed;
    hook.close();
    hook.closeAllConnections();
    client.close();
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
