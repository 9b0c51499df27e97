/** Obligations through the gateway: arguments and results change as the law says, before the tool or the agent sees them (MG-28). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ruleText } from '../../sim/small-law.ts';
import { meet, resultOf } from '../../src/mcp/obligation.ts';
import { eventually } from '../real/process.ts';
import { type TestNode, testNode, wrapped } from './talk.ts';

const TEXT = 'inputs: { args.text: string(256) }';
const RULES = [
  ruleText('secret', "!has(args.text) || !args.text.contains('hunter2')", 'scope: kind.tool.call', TEXT, 'obligations: [{ redact: args.text }]'),
  ruleText('told', "!has(args.text) || args.text != 'tell'", 'scope: kind.tool.call', TEXT, 'obligations: [{ notify: ops }]'),
  ruleText('late', "!has(args.text) || args.text != 'later'", 'scope: kind.tool.call', TEXT, 'obligations: [{ delay: 1s }]'),
  ruleText(
    'result',
    "!has(args.content) || !args.content.contains('account')",
    'scope: kind.tool.result',
    'inputs: { args.content: string(4096) }',
    'obligations: [{ redact: args.content, with: "[an account]" }]',
  ),
];

let node: TestNode;
before(async () => {
  node = await testNode(RULES);
});
after(() => node.close());

test('what a rule redacts, the tool does not get; what it redacts in a result, the agent does not get', async (t) => {
  const client = await wrapped(node, 'old', 'old');
  t.after(() => client.close());
  assert.equal((await client.callTool('echo', { text: 'plain' })).text, 'echo plain');
  assert.equal((await client.callTool('echo', { text: 'my word is hunter2' })).text, 'echo [redacted]');
  assert.equal((await client.callTool('echo', { text: 'account 1234' })).text, '[an account]');
});

test('who is to be told is told; what is to wait waits', async (t) => {
  const client = await wrapped(node, 'old', 'old');
  t.after(() => client.close());
  assert.equal((await client.callTool('echo', { text: 'tell' })).text, 'echo tell');
  await eventually('it is reported', () => client.reports.some((line) => line.startsWith('for ops: decision ')));
  const begin = performance.now();
  assert.equal((await client.callTool('echo', { text: 'later' })).text, 'echo later');
  assert.ok(performance.now() - begin >= 1_000);
});

test('an obligation that is not known is not met; one whose asker has gone neither', async () => {
  const answer = (obligations: unknown[], args?: object): Parameters<typeof meet>[0] =>
    ({ receipt: '1.0.000000000000', obligations, ...(args !== undefined && { args }) }) as unknown as Parameters<typeof meet>[0];
  const gone = new AbortController();
  const met = (given: Parameters<typeof meet>[0]): Promise<unknown> => meet(given, { a: 1 }, gone.signal, () => undefined);
  assert.deepEqual(await met(answer([])), { a: 1 });
  assert.deepEqual(await met(answer([{ do: 'cap', path: 'args.a', value: 0 }], { a: 0 })), { a: 0 });
  for (const one of [null, 'redact', {}, { do: 'watermark' }, { do: 'delay', value: 'x' }, { do: 'notify' }])
    assert.equal(await met(answer([one])), null, JSON.stringify(one));
  const waiting = met(answer([{ do: 'delay', path: '', value: 60_000 }]));
  gone.abort();
  assert.equal(await waiting, null);
  assert.deepEqual(resultOf(['a', { b: 1 }], { content: [], structuredContent: {}, isError: false }), {
    content: [
      { type: 'text', text: 'a' },
      { type: 'text', text: '{"b":1}' },
    ],
    isError: false,
  });
});
