/** Every line of "what bad input gets": status, code and place, over real sockets, by both paths. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startNode, type TestNode } from '../../sim/http-node.ts';
import { converse } from './wire.fixture.ts';

let node: TestNode;
let session = '';
before(async () => {
  node = await startNode();
  ({ session } = await node.client.openSession('a'));
});
after(() => node.close());

interface Problem {
  readonly type: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly next: string;
  readonly path?: string;
  readonly offset?: number;
}

/** By the fast path, and chunked: by node:http. */
async function both(
  method: string,
  path: string,
  body: string | Buffer,
  type = 'application/json',
): Promise<{ status: number; headers: Readonly<Record<string, string>>; problem: Problem }[]> {
  const bytes = Buffer.from(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\nContent-Type: ${type}\r\n`;
  const plain = Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
  const chunked = Buffer.concat([
    Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  const all = await Promise.all(
    (bytes.length === 0 ? [plain] : [plain, chunked]).map((piece) => converse(node.server.port, [piece], { replies: 1, quiet_ms: 10_000 })),
  );
  return all.map(({ replies }) => {
    assert.equal(replies.length, 1);
    const [{ status, headers, body: text }] = replies;
    return { status, headers, problem: JSON.parse(Buffer.from(text, 'latin1').toString()) as Problem };
  });
}

const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
const decision = (args: string, more = ''): string => `{"session":"${session}","action":{"kind":"tool.call","name":"balance","args":${args}}${more}}`;
const big = (bytes: number): string => JSON.stringify({ text: 'x'.repeat(bytes) });

test('bad input gets its status, its code and its path', async () => {
  const unknown = '0'.repeat(32);
  const table: readonly (readonly [status: number, code: string, path: string | undefined, route: string, body: string | Buffer])[] = [
    // malformed JSON
    [400, 'AVA-4001', '$', '/v1/decisions', ''],
    [400, 'AVA-4001', '$', '/v1/decisions', '{'],
    [400, 'AVA-4001', '$.session', '/v1/decisions', '{"session":nope}'],
    [400, 'AVA-4001', undefined, '/v1/decisions', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    [400, 'AVA-4001', '$.action.args.x', '/v1/decisions', decision('{"x":NaN}')],
    // wrong types, unknown fields
    [400, 'AVA-4002', '$', '/v1/decisions', '[]'],
    [400, 'AVA-4002', '$.session', '/v1/decisions', '{"session":7,"action":{"kind":"tool.call","name":"x","args":{}}}'],
    [400, 'AVA-4002', '$.action.args', '/v1/decisions', decision('"text"')],
    [400, 'AVA-4002', '$.note', '/v1/decisions', decision('{}', ',"note":1')],
    [400, 'AVA-4002', '$.permit', '/v1/decisions', decision('{}', ',"permit":"no"')],
    [400, 'AVA-4002', '$.agent', '/v1/sessions', '{}'],
    [400, 'AVA-4002', '$.text', `/v1/sessions/${session}/inputs`, '{"text":null}'],
    [400, 'AVA-4002', '$.ok', '/v1/outcomes', `{"permit":"${unknown}","ok":1}`],
    [400, 'AVA-4002', '$.decisions', '/v1/decisions/batch', `{"decisions":[${'0,'.repeat(256)}0]}`],
    // too large
    [413, 'AVA-4003', '$.action.args', '/v1/decisions', decision(big(65_600))],
    [413, 'AVA-4003', undefined, '/v1/decisions', decision(big(300_000))],
    [413, 'AVA-4003', '$.text', `/v1/sessions/${session}/inputs`, big(70_000)],
    [413, 'AVA-4003', '$.user', '/v1/sessions', JSON.stringify({ agent: 'a', user: 'x'.repeat(70_000) })],
    [413, 'AVA-4003', '$.result', '/v1/outcomes', JSON.stringify({ permit: unknown, ok: true, result: 'x'.repeat(200_000) })],
    // numbers
    [400, 'AVA-4004', '$.action.args.amount', '/v1/decisions', decision('{"amount":9007199254740993}')],
    [400, 'AVA-4004', '$.action.args.a[1]', '/v1/decisions', decision('{"a":[1,1e30]}')],
    [400, 'AVA-4004', '$.context.n', '/v1/decisions', decision('{}', ',"context":{"n":-9007199254740992}')],
    [400, 'AVA-4005', '$.action.args.amount', '/v1/decisions', decision('{"amount":-0}')],
    [400, 'AVA-4005', '$.action.args.amount', '/v1/decisions', decision('{"amount":1e400}')],
    // depth 17
    [400, 'AVA-4006', `$.action.args${'.a'.repeat(16)}`, '/v1/decisions', decision(nested(17))],
    [400, 'AVA-4006', `$.action.args${'.a'.repeat(18)}`, '/v1/decisions', decision(nested(5_000))],
    [400, 'AVA-4006', `$${'[0]'.repeat(20)}`, '/v1/decisions', '['.repeat(100_000) + ']'.repeat(100_000)],
    [400, 'AVA-4006', `$.result${'.a'.repeat(16)}`, '/v1/outcomes', `{"permit":"${unknown}","ok":true,"result":${nested(17)}}`],
    // keys and texts
    [400, 'AVA-4007', '$.action.args.x', '/v1/decisions', decision('{"x":1,"x":1}')],
    [400, 'AVA-4007', '$.session', '/v1/decisions', `{"session":"a","session":"b"}`],
    [400, 'AVA-4008', '$.action.args.__proto__', '/v1/decisions', decision('{"__proto__":{"admin":true}}')],
    [400, 'AVA-4009', '$.action.args.x', '/v1/decisions', decision('{"x":"\\udead"}')],
    // unknown sessions and permits
    [404, 'AVA-4020', undefined, '/v1/decisions', decision('{}').replace(session, unknown)],
    [404, 'AVA-4020', '$.session', '/v1/decisions', decision('{}').replace(session, 'mine')],
    [404, 'AVA-4020', undefined, `/v1/sessions/${unknown}/inputs`, '{"text":"x"}'],
    [404, 'AVA-4020', undefined, '/v1/sessions/mine/inputs', '{"text":"x"}'],
    [404, 'AVA-4021', undefined, '/v1/outcomes', `{"permit":"${unknown}","ok":true}`],
    [404, 'AVA-4021', '$.permit', '/v1/outcomes', '{"permit":"mine","ok":true}'],
    [400, 'AVA-4002', '$.amounts.calls', '/v1/outcomes', `{"permit":"${unknown}","ok":true,"amounts":{"calls":-1}}`],
    [404, 'AVA-4041', '$.approval', '/v1/decisions', decision('{}').replace('{"session"', '{"approval":"mine","session"')],
    [400, 'AVA-4002', '$.approval', '/v1/decisions', decision('{}').replace('{"session"', '{"approval":7,"session"')],
    [404, 'AVA-4010', undefined, '/v1/decision', '{}'],
  ];
  for (const [status, code, path, route, body] of table) {
    for (const got of await both('POST', route, body)) {
      const where = `${route} ${body.toString('latin1').slice(0, 100)}`;
      assert.deepEqual([got.status, got.problem.code, got.problem.path], [status, code, path], where);
      assert.equal(got.problem.status, status);
      assert.equal(got.headers['content-type'], 'application/problem+json');
      assert.ok(got.problem.detail.length > 0 && got.problem.next.length > 0, where);
      assert.match(got.problem.type, /^urn:ava:fault:[a-z_]+$/);
    }
  }
  // sixteen levels and 64 KiB pass
  for (const args of [nested(16), big(65_400), '{"amount":50.0,"s":"\\ud83d\\ude00"}']) {
    for (const got of await both('POST', '/v1/decisions', decision(args))) assert.equal(got.status, 200);
  }
});

test('a permit used twice or expired is a conflict', async () => {
  const { permit = '' } = await node.client.decide({ session, action: { kind: 'tool.call', name: 'balance', args: {} } });
  await node.client.outcome({ permit, ok: true });
  for (const got of await both('POST', '/v1/outcomes', JSON.stringify({ permit, ok: true })))
    assert.deepEqual([got.status, got.problem.code], [409, 'AVA-4022']);
});

test('methods, types and ids that are not', async () => {
  const table: readonly (readonly [status: number, code: string, method: string, path: string, type: string])[] = [
    [405, 'AVA-4011', 'GET', '/v1/decisions', 'application/json'],
    [405, 'AVA-4011', 'DELETE', '/v1/rules', 'application/json'],
    [415, 'AVA-4034', 'POST', '/v1/transactions', 'application/json'],
    [415, 'AVA-4034', 'POST', '/v1/decisions/stream', 'application/json'],
    [415, 'AVA-4034', 'POST', '/v1/sessions', 'text/plain'],
    [404, 'AVA-4024', 'GET', '/v1/receipts/1.0.000000000000', ''],
    [404, 'AVA-4024', 'GET', '/v1/receipts/99999.0.000000000000', ''],
    [404, 'AVA-4024', 'GET', '/v1/receipts/..%2f', ''],
    [404, 'AVA-4024', 'GET', '/v1/receipts/1.0.00/bundle', ''],
    [404, 'AVA-4025', 'GET', '/v1/blocks/0', ''],
    [404, 'AVA-4025', 'GET', '/v1/blocks/99999', ''],
    [404, 'AVA-4025', 'GET', '/v1/blocks/1e3', ''],
    [404, 'AVA-4010', 'GET', '/v1/approval', ''],
    [404, 'AVA-4041', 'GET', '/v1/approvals/mine', ''],
    [404, 'AVA-4041', 'GET', `/v1/approvals/${'0'.repeat(32)}`, ''],
    [400, 'AVA-4002', 'GET', '/v1/approvals?status=open', ''],
    [400, 'AVA-4002', 'GET', '/v1/events?from=x', ''],
  ];
  for (const [status, code, method, path, type] of table) {
    const answer = await fetch(node.url + path, {
      method,
      ...(type !== '' && { headers: { 'Content-Type': type } }),
      ...(method === 'POST' && { body: '{}' }),
    });
    const problem = (await answer.json()) as Problem;
    assert.deepEqual([answer.status, problem.code], [status, code], `${method} ${path}`);
    if (status === 405) assert.equal(answer.headers.get('allow'), path === '/v1/rules' ? 'GET, HEAD' : 'POST');
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
  }
  assert.equal((await fetch(`${node.url}/health`, { method: 'HEAD' })).status, 200);
});
