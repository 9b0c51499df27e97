import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { Course } from './course.ts';
import { GATEWAY_KEY_NAME, gatewayKey } from './gateway-key.ts';
import { newReference, openState, sealState } from './request-state.ts';
import { callDigest, Rounds } from './rounds.ts';

const folder = mkdtempSync(join(tmpdir(), 'ava-state-'));
after(() => rmSync(folder, { recursive: true }));
const key = gatewayKey(folder);
const bearer = { principal: 'stdio', call: callDigest('tools/call', { name: 'echo', arguments: { text: 'a' } }) };
const refused = (text: string, at_ms = 1_000, by = bearer): void =>
  assert.throws(
    () => openState(key, text, by, at_ms),
    (error) => error instanceof Fault && error.slug === 'state_refused',
  );

test('MG-100: the key is made once, 32 bytes for its owner; what is no key is not used', () => {
  assert.deepEqual(gatewayKey(folder), key);
  assert.equal(key.length, 32);
  assert.equal(statSync(join(folder, GATEWAY_KEY_NAME)).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), [GATEWAY_KEY_NAME]);
  const other = join(folder, 'other');
  mkdirSync(other);
  writeFileSync(join(other, GATEWAY_KEY_NAME), 'short');
  assert.throws(() => gatewayKey(other), { slug: 'config' });
});

test('MG-101, MG-102: what was sealed opens for the same bearer in time, and nothing else does', () => {
  const reference = newReference();
  const text = sealState(key, { kind: 'approval', reference }, bearer, 2_000);
  assert.deepEqual(openState(key, text, bearer, 2_000), { kind: 'approval', reference: Uint8Array.from(reference) });
  refused(text, 2_001);
  refused(text, 1_000, { ...bearer, principal: 'http x' });
  refused(text, 1_000, { ...bearer, call: callDigest('tools/call', { name: 'echo', arguments: { text: 'b' } }) });
  refused(text, 1_000, { ...bearer, call: callDigest('prompts/get', { name: 'echo', arguments: { text: 'a' } }) });
  assert.throws(() => openState(new Uint8Array(32), text, bearer, 1_000), Fault);
  for (let i = 0; i < text.length; i++) refused(text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1));
  for (const other of ['', 'x', `${text}A`, text.slice(1), `${text}==`, text.replace(/.$/, '='), 'A'.repeat(text.length)]) refused(other);
});

test('MG-101: nothing of the key, the principal or the call can be read from it', () => {
  const secret = { principal: 'http sk-live-1234567890', call: callDigest('tools/call', { name: 'pay', arguments: { to: 'DE89' } }) };
  const bytes = Buffer.from(sealState(key, { kind: 'round', reference: newReference() }, secret, 2_000), 'base64url');
  for (const part of [Buffer.from(secret.principal), Buffer.from(secret.call), Buffer.from(key)]) assert.equal(bytes.includes(part), false);
});

test('MG-101: the call is the same whatever its envelope, its replies and the order of its keys', () => {
  const plain = callDigest('tools/call', { name: 'a', arguments: { x: 1, y: 2 } });
  assert.deepEqual(
    callDigest('tools/call', { arguments: { y: 2, x: 1 }, name: 'a', _meta: { progressToken: 1 }, inputResponses: { a: {} }, requestState: 'x' }),
    plain,
  );
  assert.notDeepEqual(callDigest('tools/call', { name: 'a', arguments: { x: 1, y: '2' } }), plain);
});

test('MG-103, MG-112: each state is good for one round; a full house ends the oldest wait', async () => {
  const rounds = new Rounds({ principal: 'stdio', key, now: () => 1_000 });
  const ended: string[] = [];
  const course = (name: number): Course =>
    new Course(name, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended.push(String(name));
      return null;
    });
  const first = course(1);
  const text = rounds.park(first, bearer.call);
  assert.equal(rounds.resume(text, bearer.call), first);
  assert.throws(() => rounds.resume(text, bearer.call), { slug: 'state_refused' });
  const other = new Rounds({ principal: 'stdio', key, now: () => 1_000 });
  assert.throws(() => other.resume(rounds.park(first, bearer.call), bearer.call), { slug: 'state_refused' });
  for (let i = 2; i < 70; i++) {
    rounds.park(course(i), bearer.call);
    await new Promise(setImmediate);
  }
  assert.equal(rounds.size, 64);
  assert.deepEqual(ended, ['1', '2', '3', '4', '5']);
  assert.throws(() => rounds.resume(7, bearer.call), { slug: 'state_refused' });
  rounds.end('over');
  await new Promise(setImmediate);
  assert.equal(rounds.size, 0);
  assert.equal(ended.length, 69);
  assert.equal(readFileSync(join(folder, GATEWAY_KEY_NAME)).length, 32);
});

test('MG-110, MG-111: questions of one call wait together; replies that are none are asked again', async () => {
  const asked: unknown[] = [];
  const course = new Course(1, async () => {
    const replies = await Promise.all([
      course.ask({ method: 'elicitation/create', params: { message: 'a' } }),
      course.ask({ method: 'roots/list', params: {} }),
    ]);
    asked.push(...replies);
    return { result: { done: true } };
  });
  const turn = await course.turn();
  assert.ok('asks' in turn);
  assert.deepEqual(Object.keys(turn.asks), ['ask-1', 'ask-2']);
  course.reply({
    'ask-1': { action: 'accept', content: { a: 1 } },
    'ask-2': { method: 'roots/list', result: { roots: [] } },
    'ask-9': { action: 'accept' },
    __proto__: {},
  });
  const again = await course.turn();
  assert.ok('asks' in again);
  assert.deepEqual(Object.keys(again.asks), ['ask-2']);
  course.reply({ 'ask-2': { roots: [] } });
  assert.deepEqual(await course.turn(), { answer: { result: { done: true } } });
  assert.deepEqual(asked, [{ result: { action: 'accept', content: { a: 1 } } }, { result: { roots: [] } }]);
  assert.equal(course.over, true);
});
