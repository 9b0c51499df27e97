/** One budget, a hundred calls at once through the gateway, some of them cancelled on the way: what is spent stays within it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startNode } from '../../sim/http-node.ts';
import { ruleText } from '../../sim/small-law.ts';
import { eventually } from '../real/process.ts';
import { httpGateway } from './talk.ts';

const CALLS = 100;
/** Calls of 5.00 that fit. */
const FIT = 10;
const TOOLS = `map: pay
verbs: {}
nouns: {}
delegable: []
tools:
  - { tool: echo, effect: irreversible, args: { amount: qty }, money: { amount: amount }, result: ack }
  - { tool: slow, effect: irreversible, args: { amount: qty }, money: { amount: amount }, result: ack }
`;
const RULE = ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 5000', 'scope: facet.money');

test('a hundred calls at once cannot pass one budget, and a cancelled call has spent its part', async (t) => {
  const node = await startNode({}, { law: { rules: [RULE], tools: TOOLS } });
  const gateway = await httpGateway(node, { pay: { command: process.execPath, args: [join(import.meta.dirname, 'hostile-server.ts')] } });
  const client = await gateway.client('old');
  t.after(async () => {
    await client.close();
    await gateway.close();
    await node.close();
  });
  const cancel = new AbortController();
  const slow = client.callTool('slow', { amount: '5.00' }, { signal: cancel.signal });
  const cancelled = assert.rejects(slow);
  await eventually('it is allowed', async () => /verdict="allow"\} 1\n/.test(await node.client.metrics()));
  cancel.abort();
  await cancelled;
  await eventually('its outcome is told', async () => /operation="outcome",status="200"\} 1\n/.test(await node.client.metrics()));
  const answers = await Promise.all(Array.from({ length: CALLS }, () => client.callTool('echo', { text: 'paid', amount: '5.00' })));
  const paid = answers.filter(({ isError }) => !isError).length;
  assert.equal(paid, FIT - 1, 'one of ten was spent by the call that was cancelled');
  for (const { isError, text } of answers) assert.match(text, isError ? /^AVA-3020/ : /paid/);
});
