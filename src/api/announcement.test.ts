import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNode } from '../../sim/http-node.ts';
import { Fault } from '../base/fault.ts';
import { ANNOUNCED_MS, Announcements, callDigest } from './announcement.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

test('N-70: the digest depends on name and arguments alone, not on the order of keys', () => {
  assert.equal(callDigest('read', { a: 1, b: [2] }), callDigest('read', { b: [2], a: 1 }));
  assert.notEqual(callDigest('read', { a: 1 }), callDigest('read', { a: 2 }));
  assert.notEqual(callDigest('read', {}), callDigest('reads', {}));
  assert.match(callDigest('read', {}), /^[0-9a-f]{64}$/);
  assert.throws(() => callDigest('read', { a: Number.NaN }), Fault);
});

test('N-71, N-72: claimed once, in order, in time; bounded', () => {
  let now = 1_000;
  const announcements = new Announcements(() => now);
  const digest = callDigest('read', {});
  const call = { server: 's', name: 'read', digest };
  announcements.announce({ session: A, ...call });
  announcements.announce({ session: B, ...call });
  assert.equal(announcements.claim('s', 'read', callDigest('read', { x: 1 })), null);
  assert.equal(announcements.claim('t', 'read', digest), null);
  assert.equal(announcements.claim('s', 'read', digest), A);
  assert.equal(announcements.claim('s', 'read', digest), B);
  assert.equal(announcements.claim('s', 'read', digest), null);
  announcements.announce({ session: A, ...call });
  now += ANNOUNCED_MS;
  assert.equal(announcements.claim('s', 'read', digest), null);
  for (let i = 0; i < 5_000; i++) announcements.announce({ session: A, server: 's', name: String(i), digest });
  for (let i = 0; i < 5_000; i++) announcements.announce({ session: i < 4_990 ? A : B, ...call });
  assert.equal(announcements.claim('s', '4999', digest), A);
  assert.equal(announcements.claim('s', '3000', digest), null);
  let claimed = 0;
  while (announcements.claim('s', 'read', digest) !== null) claimed++;
  assert.equal(claimed, 16);
});

test('N-70 to N-73 over HTTP: announce, claim, a malformed one; a node without hooks knows none', async () => {
  const node = await startNode();
  try {
    const { session } = await node.client.openSession('bot');
    const call = { server: 'files', name: 'read', digest: callDigest('read', { path: 'a' }) };
    await node.client.announce({ session, ...call });
    assert.equal(await node.client.claim(call), session);
    assert.equal(await node.client.claim(call), null);
    // N-76: a decision claims it itself
    await node.client.announce({ session, ...call });
    const own = (await node.client.openSession('gateway')).session;
    const action = { kind: 'tool.call', server: 'files', name: 'read', args: { path: 'a' } };
    const judged = (answer: { session?: string }): string | undefined => answer.session;
    assert.equal(judged(await node.client.decide({ session: own, action, announced: true })), session);
    assert.equal(judged(await node.client.decide({ session: own, action, announced: true })), undefined);
    await node.client.announce({ session, ...call });
    assert.equal(judged(await node.client.decide({ session: own, action: { ...action, args: { path: 'b' } }, announced: true })), undefined);
    assert.equal(judged(await node.client.decide({ session: own, action })), undefined);
    assert.equal(await node.client.claim(call), session);
    await assert.rejects(node.client.announce({ session: 'x', ...call }), { slug: 'request_shape' });
    await assert.rejects(node.client.hook('claude-code', '{}'), { slug: 'route_unknown' });
  } finally {
    await node.close();
  }
});
