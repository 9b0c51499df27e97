/** Obligations against a real node: changed arguments and results, delays, whom to notify, and what is not known. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type SdkNode, sdkNode } from '../test/node.fixture.ts';
import { Client } from './client.ts';
import { guard } from './guard.ts';
import { Refusal } from './refusal.ts';
import { Session } from './session.ts';

const rule = (name: string, scope: string, judge: string, obligations: string, inputs: string): string =>
  [
    `rule: ${name}`,
    `title: ${name}`,
    'advice: none',
    `scope: ${scope}`,
    'mode: enforce',
    `inputs: { ${inputs} }`,
    `judge: '${judge}'`,
    `obligations: [${obligations}]`,
  ].join('\n');
const CALLS = [
  rule('cap', 'tool.order', 'args.count <= 5', '{ cap: args.count, at: 5 }, { notify: owner@example.org }', 'args.count: int'),
  rule('redact', 'tool.note', '!args.text.contains("SECRET")', '{ redact: args.text }', 'args.text: string(256)'),
  rule('slow', 'tool.slow', 'args.quick', '{ delay: 1s }', 'args.quick: bool'),
];
const RESULTS = [
  rule('result', 'kind.tool.result', '!args.content.contains("SECRET")', '{ redact: args.content, with: "[kept back]" }', 'args.content: string(256)').concat(
    '\non_fault: deny',
  ),
];

let calls: SdkNode;
let results: SdkNode;
before(async () => {
  [calls, results] = await Promise.all([sdkNode({ rules: CALLS }), sdkNode({ rules: RESULTS })]);
});
after(() => Promise.all([calls.close(), results.close()]));

const open = (node: SdkNode): Promise<Session> => Session.open(new Client(node.url), { agent: 'obliged' });

test('the call runs with the arguments as the obligations leave them, and its caller is told', async () => {
  const session = await open(calls);
  const seen: unknown[] = [];
  const order = guard((args: { count: number }) => `${args.count} ordered`, {
    session,
    name: 'order',
    onObligations: (obligations) => seen.push(...obligations),
  });
  assert.equal(await order({ count: 3 }), '3 ordered');
  assert.deepEqual(seen, []);
  assert.equal(await order({ count: 90 }), '5 ordered');
  assert.deepEqual(seen, [
    { do: 'cap', path: 'args.count', value: 5 },
    { do: 'notify', path: '', value: 'owner@example.org' },
  ]);
  const note = guard((args: { text: string }) => args.text, { session, name: 'note' });
  assert.equal(await note({ text: 'a SECRET' }), '[redacted]');
});

test('a result that must be redacted is, for whoever called', async () => {
  const session = await open(results);
  const look = guard((args: { text: string }) => args.text, { session, name: 'look' });
  assert.equal(await look({ text: 'a SECRET' }), '[kept back]');
  assert.equal(await look({ text: 'plain' }), 'plain');
  const action = { name: 'look', args: {} };
  await assert.rejects(
    session.carryOut(
      action,
      () => 'a SECRET',
      {},
      (result) => ({ ok: true, result }),
    ),
    (error) => error instanceof Refusal && /its result is kept back/.test(error.message),
    'what cannot be replaced is kept back',
  );
});

test('a delay is waited for, and may be given up', async () => {
  const session = await open(calls);
  let runs = 0;
  const slow = guard(() => (runs += 1), { session, name: 'slow' });
  const begin = performance.now();
  await slow({ quick: true });
  assert.ok(performance.now() - begin < 900);
  await slow({ quick: false });
  assert.ok(performance.now() - begin >= 1_000);
  const stop = new AbortController();
  const waiting = slow({ quick: false }, { signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 100);
  await assert.rejects(waiting, /enough/);
  assert.equal(runs, 2);
});

test('an obligation that is not known here is not honoured: the call does not run', async () => {
  const base = {
    verdict: 'allow',
    enforced: true,
    receipt: '1.0.000000000000',
    permit: '0'.repeat(32),
    reasons: [],
    constitution: 1,
    gas: 0,
    height: 1,
    index: 0,
  };
  for (const obligation of [
    { do: 'encrypt', path: 'args.x', value: 1 },
    { do: 'delay', path: '', value: 'soon' },
    { do: 'delay', path: '', value: 4_000_000 },
    { do: 'delay', path: '', value: -1 },
  ]) {
    const other = new Client('http://127.0.0.1:4100', { fetch: async () => Response.json({ ...base, obligations: [obligation] }) });
    let runs = 0;
    const tool = guard(() => (runs += 1), { session: new Session(other, '0'.repeat(32)), name: 'tool' });
    await assert.rejects(tool({}), { code: 'AVA-4002' });
    assert.equal(runs, 0);
  }
});
