/** Budgets over HTTP: 100 callers at once cannot pass one; what is left comes back with the outcome. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { ruleText } from '../../sim/small-law.ts';
import { Fault } from '../base/fault.ts';

const nodes: TestNode[] = [];
after(async () => {
  for (const node of nodes) await node.close();
});
async function nodeOf(...rules: string[]): Promise<TestNode> {
  const node = await startNode({}, { law: { rules } });
  nodes.push(node);
  return node;
}

for (const [what, rule, each, most] of [
  ['money', ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 100000', 'scope: facet.money'), 30, 33],
  ['calls', ruleText('calls', 'agent.sum("calls", "1h") < 25'), 1, 25],
  ['tokens', ruleText('tokens', 'session.sum("tokens", "24h") + context.tokens <= 10000', 'inputs: { context.tokens: int }'), 1, 12],
] as const)
  test(`Y-6: 100 parallel calls cannot pass one budget of ${what}`, async () => {
    const { client } = await nodeOf(rule);
    const { session } = await client.openSession('agent');
    const action = { kind: 'tool.call', name: 'pay', args: { to: 'a', amount: each } };
    const decide = () => client.decide({ session, action, context: { tokens: 800 } });
    const singles = Promise.all(Array.from({ length: 50 }, decide));
    const batch = client.batch(Array.from({ length: 50 }, () => ({ session, action, context: { tokens: 800 } })));
    const answers = [...(await singles), ...(await batch)].map((answer) => {
      if (answer instanceof Fault) throw answer;
      return answer;
    });
    const allowed = answers.filter(({ verdict }) => verdict === 'allow');
    assert.equal(allowed.length, most);
    assert.ok(answers.every(({ verdict, permit }) => (verdict === 'allow') === (permit !== undefined)));
    if (what === 'calls') return;
    assert.equal((await decide()).verdict, 'deny');
    await client.outcome({ permit: allowed[0].permit ?? '', ok: true, amounts: { 'money.amount': 0, tokens: 0 } });
    assert.equal((await decide()).verdict, 'allow', 'what was not needed comes back');
    await client.outcome({ permit: allowed[1].permit ?? '', ok: false, error: 'no' });
    assert.equal((await decide()).verdict, 'allow');
    assert.equal((await decide()).verdict, 'deny');
  });

test('N-26: amounts are whole numbers from 0', async () => {
  const { client } = await nodeOf(ruleText('day', 'agent.sum("money.amount", "24h") <= 100000', 'scope: facet.money'));
  const { session } = await client.openSession('agent');
  const { permit = '' } = await client.decide({ session, action: { kind: 'tool.call', name: 'pay', args: { to: 'a', amount: 1 } } });
  for (const amount of [-1, 1.5, '1' as unknown as number])
    await assert.rejects(client.outcome({ permit, ok: true, amounts: { 'money.amount': amount } }), { slug: 'request_shape' }, String(amount));
  await client.outcome({ permit, ok: true, result: { paid: 1 }, amounts: { 'money.amount': 100, other: 5 } });
  await assert.rejects(client.outcome({ permit, ok: true }), { slug: 'permit_used' });
});
