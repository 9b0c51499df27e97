import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/client.ts';
import { Fault } from '../base/fault.ts';
import { Decisions } from './decisions.ts';
import { type ScratchNode, scratchNode } from './scratch-node.ts';

let scratch: ScratchNode;
let client: Client;
before(async () => {
  scratch = await scratchNode({ constitution: 'starter', warm_ms: 0 });
  client = new Client(scratch.node.url);
});
after(async () => {
  client.close();
  await scratch.close();
});

const call = (session: string, args: Record<string, unknown>) => ({ session, action: { kind: 'tool.call', name: 'read_text_file', args } });

test('each gets its own answer or fault, however many ask at once and whatever their neighbours send', async () => {
  const decisions = new Decisions(client);
  const { session } = await client.openSession('tester');
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown;
  const kinds = [
    { args: { path: 'notes.txt' }, expected: 'allow' },
    { args: { path: '/x/.ssh/id_rsa' }, expected: 'deny' },
    { args: { path: 'x'.repeat(70_000) }, expected: 'request_too_large' },
    { args: { path: deep }, expected: 'too_deep' },
  ];
  const asked = Array.from({ length: 400 }, (_, i) => (i % 40 < 2 ? kinds[2 + (i % 2)] : kinds[i % 2]));
  const answers = await Promise.allSettled(asked.map(({ args }) => decisions.ask(call(session, args))));
  answers.forEach((answer, i) => {
    const got = answer.status === 'fulfilled' ? answer.value.verdict : answer.reason instanceof Fault ? answer.reason.slug : String(answer.reason);
    assert.equal(got, asked[i].expected, `item ${i}`);
  });
  const receipts = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.receipt] : []));
  assert.equal(new Set(receipts).size, receipts.length);
  await assert.rejects(decisions.ask(call('nobody', {})), (error) => error instanceof Fault && error.slug === 'session_unknown');
});

test('a node that is gone is told to all', async () => {
  const nobody = new Client('http://127.0.0.1:1');
  const decisions = new Decisions(nobody);
  const answers = await Promise.allSettled([1, 2, 3].map(() => decisions.ask(call('x', {}))));
  for (const answer of answers) assert.ok(answer.status === 'rejected' && answer.reason instanceof Fault && answer.reason.slug === 'unreachable');
  nobody.close();
});
