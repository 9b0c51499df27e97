/** N-60 to N-65: AVA as an AuthZEN PDP, and pages of other origins, against a real node. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Compile } from 'typebox/compile';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { ruleText } from '../../sim/small-law.ts';
import { AuthzenConfiguration, EvaluationAnswer, EvaluationsAnswer } from './authzen-shape.ts';
import { admittedOrigins } from './routes.ts';

let node: TestNode;
before(async () => {
  node = await startNode({ origins: ['http://localhost:3000'] });
});
after(() => node.close());

const answerShape = Compile(EvaluationAnswer);
const answersShape = Compile(EvaluationsAnswer);

type Members = Readonly<Record<string, unknown>>;
interface Answered {
  readonly status: number;
  readonly body: {
    readonly decision?: boolean;
    readonly context?: Members;
    readonly evaluations?: readonly { decision: boolean; context: Members }[];
  } & Members;
  readonly headers: Headers;
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  const response = await fetch(`${node.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answered['body'], headers: response.headers };
}

const access = (amount: number, more: Members = {}) => ({
  subject: { type: 'agent', id: 'shopper' },
  action: { name: 'pay' },
  resource: { type: 'payment', id: 'p1', properties: { to: 'bob', amount } },
  ...more,
});
const sessions = (): number => [...node.sequencer.state.facts.keys()].filter((key) => key.startsWith('s')).length;

test('N-60, N-62: a verdict alone: allow, and deny with the reason in words; X-Request-ID comes back', async () => {
  const allowed = await post('/access/v1/evaluation', access(50), { 'X-Request-ID': 'r-1' });
  assert.equal(allowed.status, 200);
  assert.ok(answerShape.Check(allowed.body), JSON.stringify(allowed.body));
  assert.deepEqual([allowed.body.decision, allowed.body.context?.['verdict'], allowed.body.context?.['permit']], [true, 'allow', undefined]);
  assert.equal(allowed.headers.get('X-Request-ID'), 'r-1');
  const denied = await post('/access/v1/evaluation', access(500, { extra: 'is left unread' }));
  assert.deepEqual([denied.status, denied.body.decision, denied.body.context?.['verdict']], [200, false, 'deny']);
  assert.match(String(denied.body.context?.['reason']), /what would pass: Pay 100 or less/);
  const receipt = await node.client.receipt(String(denied.body.context?.['receipt']));
  assert.deepEqual(receipt.sidecar, {
    args: { to: 'bob', amount: 500 },
    context: { subject: { type: 'agent', id: 'shopper' }, resource: { type: 'payment', id: 'p1' } },
  });
});

test('N-61: one session an agent, also for parallel requests; a session by its id; one that has ended is opened anew', async () => {
  const before = sessions();
  const ask = (id: string) => post('/access/v1/evaluation', access(5, { subject: { type: 'user', id } }));
  await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`parallel-${i % 2}`)));
  assert.equal(sessions(), before + 2);
  const { session } = await node.client.openSession('by id', 'please pay bob');
  const named = await post('/access/v1/evaluation', access(5, { subject: { type: 'session', id: session } }));
  assert.equal(named.body.decision, true);
  const unknown = await post('/access/v1/evaluation', access(5, { subject: { type: 'session', id: '0'.repeat(32) } }));
  assert.deepEqual([unknown.status, unknown.body['code']], [404, 'AVA-4020']);
  node.pass(3 * 86_400_000);
  assert.equal((await ask('parallel-0')).body.decision, true);
});

test('N-62: a permit where it is asked for, closed by an outcome', async () => {
  const { body } = await post('/access/v1/evaluation', access(5, { action: { name: 'pay', properties: { permit: true } } }));
  const permit = String(body.context?.['permit']);
  assert.match(permit, /^[0-9a-f]{32}$/);
  await node.client.outcome({ permit, ok: true });
});

test('N-63: evaluations: defaults for all, order, semantics, an error as a denial', async () => {
  const { subject, action } = access(1);
  const resource = (amount: number) => ({ resource: { type: 'payment', id: 'p', properties: { to: 'bob', amount } } });
  const evaluations = [resource(5), resource(500), resource(6)];
  const decisions = async (semantic?: string): Promise<unknown> => {
    const { body } = await post('/access/v1/evaluations', {
      subject,
      action,
      evaluations,
      ...(semantic !== undefined && { options: { evaluations_semantic: semantic } }),
    });
    assert.ok(answersShape.Check(body), JSON.stringify(body));
    return body.evaluations?.map(({ decision }) => decision);
  };
  assert.deepEqual(await decisions(), [true, false, true]);
  assert.deepEqual(await decisions('execute_all'), [true, false, true]);
  assert.deepEqual(await decisions('deny_on_first_deny'), [true, false]);
  assert.deepEqual(await decisions('permit_on_first_permit'), [true]);
  const wrong = await post('/access/v1/evaluations', { subject, action, evaluations: [{}, resource(5)] });
  assert.deepEqual(
    wrong.body.evaluations?.map(({ decision, context }) => [decision, (context['error'] as Members | undefined)?.['status']]),
    [
      [false, 400],
      [true, undefined],
    ],
  );
  const single = await post('/access/v1/evaluations', access(5));
  assert.deepEqual([single.body.decision, single.body.evaluations], [true, undefined]);
  const many = await post('/access/v1/evaluations', { ...access(5), evaluations: Array.from({ length: 257 }, () => ({})) });
  assert.equal(many.status, 400);
  const none = await post('/access/v1/evaluations', { ...access(5), options: { evaluations_semantic: 'sometimes' } });
  assert.equal(none.status, 400);
});

test('N-64: an obligation is owed by who says that it honours it', async () => {
  const cap = ruleText('cap', 'money.amount <= 1000', 'scope: facet.money', 'obligations: [{ cap: args.amount, at: 10 }]');
  const other = await startNode({}, { law: { rules: [cap] } });
  try {
    const ask = async (context: Members): Promise<Answered['body']> => {
      const response = await fetch(`${other.url}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(access(50, { context })),
      });
      return (await response.json()) as Answered['body'];
    };
    const unable = await ask({});
    assert.deepEqual([unable.decision, unable.context?.['verdict']], [false, 'allow']);
    assert.match(String(unable.context?.['reason']), /obligations/);
    const able = await ask({ obligations: true });
    assert.deepEqual([able.decision, able.context?.['args']], [true, { to: 'bob', amount: 10 }]);
  } finally {
    await other.close();
  }
});

test('N-60: what cannot be judged is a fault', async () => {
  const table: readonly [unknown, string, string][] = [
    [{}, 'AVA-4002', '$.subject'],
    [access(5, { subject: { type: 'agent' } }), 'AVA-4002', '$.subject.id'],
    [access(5, { action: { name: '' } }), 'AVA-4002', '$.action.name'],
    [access(5, { resource: { type: 'x', id: 'y', properties: [] } }), 'AVA-4002', '$.resource.properties'],
    [access(5, { action: { name: 'pay', properties: { permit: 'yes' } } }), 'AVA-4002', '$.permit'],
    [access(5, { action: { name: 'pay', properties: { kind: 'Not A Kind' } } }), 'AVA-4002', '$.action.kind'],
  ];
  for (const [body, code, path] of table) {
    const answer = await post('/access/v1/evaluation', body);
    assert.deepEqual([answer.status, answer.body['code'], answer.body['path']], [400, code, path], JSON.stringify(body));
  }
});

test('N-60: where the endpoints are', async () => {
  const value = (await (await fetch(`${node.url}/.well-known/authzen-configuration`)).json()) as Members;
  assert.ok(Compile(AuthzenConfiguration).Check(value));
  assert.deepEqual([value['policy_decision_point'], value['access_evaluation_endpoint']], [node.url, `${node.url}/access/v1/evaluation`]);
});

test('N-65: a page of an admitted origin reads the answers, no other does', async () => {
  const from = (origin: string, init: RequestInit = {}, more: Record<string, string> = {}) =>
    fetch(`${node.url}/health`, { ...init, headers: { Origin: origin, ...more } });
  const admitted = await from('http://localhost:3000');
  assert.deepEqual(
    [admitted.status, admitted.headers.get('Access-Control-Allow-Origin'), admitted.headers.get('Vary')],
    [200, 'http://localhost:3000', 'Origin'],
  );
  assert.equal(admitted.headers.get('Access-Control-Allow-Credentials'), null);
  const asked = await from(
    'http://localhost:3000',
    { method: 'OPTIONS' },
    { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Private-Network': 'true' },
  );
  assert.deepEqual(
    [asked.status, asked.headers.get('Access-Control-Allow-Methods'), asked.headers.get('Access-Control-Allow-Private-Network')],
    [204, 'GET, POST', 'true'],
  );
  const refused = await from('http://localhost:3000', { method: 'POST' });
  assert.deepEqual([refused.status, refused.headers.get('Access-Control-Allow-Origin')], [405, 'http://localhost:3000']);
  for (const origin of [
    'http://localhost:3001',
    'https://localhost:3000',
    'http://LOCALHOST:3000',
    'null',
    '*',
    'http://localhost:3000.evil.example',
    'http://localhost:3000/',
  ]) {
    const other = await from(origin);
    assert.deepEqual([other.status, other.headers.get('Access-Control-Allow-Origin')], [403, null], origin);
    assert.equal((await from(origin, { method: 'OPTIONS' }, { 'Access-Control-Request-Method': 'POST' })).status, 403, origin);
  }
  for (const origin of [
    '*',
    'null',
    'localhost:3000',
    'http://localhost:3000/',
    'http://*.example',
    'file:///x',
    '',
    'http://Example.com',
    'http://a.example:80',
  ])
    assert.throws(() => admittedOrigins([origin]), { slug: 'config' }, origin);
});
