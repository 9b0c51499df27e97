import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ruleText } from '../../sim/small-law.ts';
import { type TestNode, testNode, wrapped } from '../../test/mcp/talk.ts';
import { asksForSecret } from './elicited-secret.ts';
import { isPage } from './guard-client.ts';

const form = (message: string, properties: Record<string, object>): Record<string, unknown> => ({ message, requestedSchema: { type: 'object', properties } });

test('MG-131: forms that ask for a secret, and forms that do not', () => {
  for (const [message, properties] of [
    ['Sign in', { password: { type: 'string' } }],
    ['Sign in', { userPassword: { type: 'string' } }],
    ['Sign in', { value: { type: 'string', title: 'API key' } }],
    ['Sign in', { value: { type: 'string', description: 'the access-token of your account' } }],
    ['Please paste your GitHub personal access token', { value: { type: 'string' } }],
    ['Your PIN?', { value: { type: 'number' } }],
    ['ＰＡＳＳＷＯＲＤ please', { value: { type: 'string' } }],
    ['x', { api_key: {} }],
    ['x', { v: { type: 'string', format: 'password' } }],
    ['Please paste your token here', { value: { type: 'string' } }],
    ['We need the key of your account', { value: { type: 'string' } }],
    ['x', { token: { type: 'string' } }],
    ['seed phrase', { a: { type: 'boolean' }, b: { type: 'string' } }],
  ] as [string, Record<string, object>][])
    assert.equal(asksForSecret(form(message, properties)), true, message + JSON.stringify(properties));
  for (const [message, properties] of [
    ['What is your name?', { name: { type: 'string' } }],
    ['Reset the password?', { sure: { type: 'boolean' } }],
    ['Which token?', { which: { type: 'string', enum: ['a', 'b'] } }],
    ['Spinning up: which region?', { region: { type: 'string' } }],
    ['How many tokenizers?', { count: { type: 'integer' } }],
    ['Which key should the song be in?', { note: { type: 'string' } }],
    ['Tell us', { n: { type: 'integer', description: 'A number (do not give us your phone number, pin, or other sensitive info)' } }],
    ['Up to how many tokens may the answer have?', { n: { type: 'integer' } }],
    ['Confirm', {}],
  ] as [string, Record<string, object>][])
    assert.equal(asksForSecret(form(message, properties)), false, message + JSON.stringify(properties));
});

test('MG-132: pages that a person may be sent to', () => {
  for (const url of ['https://login.example/x', 'http://127.0.0.1:4100/approvals#A', 'http://localhost/']) assert.equal(isPage(url), true, url);
  for (const url of [
    'http://login.example/',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'https://bank.example@evil.example/',
    'http://127.0.0.1.evil.example/',
    'vscode://x',
    '',
    7,
  ])
    assert.equal(isPage(url), false, String(url));
});

let node: TestNode;
before(async () => {
  node = await testNode([
    ruleText('no/model', 'session.calls < 0', 'scope: kind.sampling.create'),
    ruleText('no/notes', "!has(args.uri) || args.uri != 'note://one'", 'scope: kind.resource.read', 'inputs: { args.uri: string(256) }'),
    ruleText(
      'no/greeting',
      "!has(args.arguments.name) || args.arguments.name != 'Eve'",
      'scope: kind.prompt.get',
      'inputs: { args.arguments.name: string(256) }',
    ),
  ]);
});
after(() => node.close());

for (const era of ['old', 'modern'] as const)
  test(`MG-130, MG-131, MG-138, MG-139: ${era} client: what servers ask, resources and prompts are judged`, async () => {
    const talk = await wrapped(node, era, 'old');
    assert.equal((await talk.callTool('ask')).text, 'accept Ada');
    const { text } = await talk.callTool('sample');
    assert.match(text, /refused/);
    assert.equal((await talk.callTool('secret')).text, 'decline');
    assert.equal(talk.replies.asked.filter(({ method }) => method === 'sampling/createMessage').length, 0);
    assert.equal(talk.replies.asked.filter(({ params }) => String(params.message).includes('sign in')).length, 0);
    assert.ok(talk.reports.some((report) => report.includes('a form may not ask for a secret')));
    await assert.rejects(talk.sdk.readResource({ uri: 'note://one' }), /AVA-3020/);
    await assert.rejects(talk.sdk.getPrompt({ name: 'greet', arguments: { name: 'Eve' } }), /AVA-3020/);
    const { messages } = await talk.sdk.getPrompt({ name: 'greet', arguments: { name: 'Ada' } });
    assert.equal(messages.length, 1);
    await talk.close();
  });

test('MG-138: what the law obliges a read to is done, or it is not read', async (t) => {
  const obliging = await testNode([
    ruleText(
      'send/elsewhere',
      "args.uri != 'note://two'",
      'scope: kind.resource.read',
      'inputs: { args.uri: string(256) }',
      "obligations: [{ transform: args.uri, to: 'note://one' }]",
    ),
  ]);
  const talk = await wrapped(obliging, 'old', 'old');
  t.after(async () => {
    await talk.close();
    await obliging.close();
  });
  const { contents } = await talk.sdk.readResource({ uri: 'note://two' });
  assert.equal((contents[0] as { text?: string }).text, 'the note');
});
