import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratch, type TestNode, testNode } from '../../test/mcp/talk.ts';
import { Client } from '../api/client.ts';
import { MESSAGE_BYTES_MAX } from './message.ts';
import { META, MODERN_REVISION } from './modern.ts';
import { wrap } from './start.ts';

const HOSTILE = fileURLToPath(new URL('../../test/mcp/server-hostile.ts', import.meta.url));
const OLD = fileURLToPath(new URL('../../test/mcp/server-old.ts', import.meta.url));

let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

type Sent = { readonly id?: unknown; readonly method?: string; readonly result?: Record<string, unknown>; readonly error?: { code: number; message: string } };

/** A client that writes raw lines. */
async function raw(program: string): Promise<{
  write(line: string): void;
  ask(method: string, params?: object): Promise<Sent>;
  readonly seen: Sent[];
  readonly said: () => string;
  until(what: () => boolean): Promise<void>;
  close(): Promise<void>;
}> {
  const folder = scratch();
  const input = new PassThrough();
  const output = new PassThrough();
  let said = '';
  const seen: Sent[] = [];
  let rest = '';
  output.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) seen.push(JSON.parse(line) as Sent);
  });
  const done = wrap(
    'fixture',
    { command: process.execPath, args: [program], env: { PATH: process.env.PATH ?? '' } },
    {
      data: folder.path,
      node: new Client(node.url),
      agent: 'bot',
      version: '1',
      report: (message) => void (said += `report: ${message}\n`),
      said: (chunk) => void (said += chunk.toString()),
    },
    { input, output },
  );
  const write = (line: string): void => void input.write(`${line}\n`);
  const until = async (what: () => boolean): Promise<void> => {
    for (let i = 0; i < 300 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(what(), said.slice(-2_000));
  };
  let next = 100;
  const ask = async (method: string, params: object = {}): Promise<Sent> => {
    const id = ++next;
    write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    await until(() => seen.some((message) => message.id === id && message.method === undefined));
    return seen.find((message) => message.id === id && message.method === undefined) as Sent;
  };
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } });
  write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  return {
    write,
    ask,
    seen,
    said: () => said,
    until,
    async close() {
      input.end();
      await done;
      folder.remove();
    },
  };
}

const call = (name: string, args: object = {}): object => ({ name, arguments: args });
const textOf = ({ result }: Sent): string => (result?.content as { text: string }[] | undefined)?.[0]?.text ?? '';

test("MG-31, MG-32: tool names that look like others are nobody's; a name cannot reach another server", async (t) => {
  const talk = await raw(HOSTILE);
  t.after(() => talk.close());
  const { result = {} } = await talk.ask('tools/list');
  const names = (result.tools as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, ['echo', 'silent', 'storm', 'stranger', 'huge', 'task', 'ask', 'proto', 'notice', 'b__echo']);
  for (const name of ['ec\u0000ho', 'еcho', 'twice', 'fixture__echo', '']) assert.equal((await talk.ask('tools/call', call(name))).result, undefined, name);
  assert.equal(textOf(await talk.ask('tools/call', call('b__echo'))), 'b__echo {}');
});

test('MG-1, MG-150: notices and answers carry out nothing', async (t) => {
  const talk = await raw(HOSTILE);
  t.after(() => talk.close());
  await talk.ask('tools/list');
  // a call without an id, a call that claims to be an answer, an answer to nothing
  talk.write(JSON.stringify({ jsonrpc: '2.0', method: 'tools/call', params: call('echo', { text: 'smuggled' }) }));
  talk.write(JSON.stringify({ jsonrpc: '2.0', id: 7, result: { method: 'tools/call', params: call('echo', { text: 'smuggled' }) } }));
  talk.write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/custom', params: { text: 'smuggled' } }));
  assert.equal(textOf(await talk.ask('tools/call', call('echo', { text: 'last' }))), 'echo {"text":"last"}');
  assert.equal(talk.said().includes('smuggled'), false);
  assert.equal(textOf(await talk.ask('tools/call', call('notice'))), 'told');
  assert.equal(
    talk.seen.some(({ method }) => method === 'sampling/createMessage' || method === 'notifications/custom'),
    false,
  );
  // the server's own request for a call is none that it may make
  talk.write(JSON.stringify({ jsonrpc: '2.0', id: 900, method: 'tools/call', params: call('ask') }));
  await talk.until(() => talk.said().includes('"ask-1"'));
  assert.match(talk.said(), /"id":"ask-1","error":\{"code":-32601/);
});

test('MG-3: answers find their asker and nobody else', async (t) => {
  const talk = await raw(HOSTILE);
  t.after(() => talk.close());
  talk.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call('silent') }));
  talk.write(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call('silent') }));
  assert.equal(textOf(await talk.ask('tools/call', call('echo'))), 'echo {}');
  assert.equal(textOf(await talk.ask('tools/call', call('stranger'))), 'for you');
  assert.equal(talk.seen.filter((message) => JSON.stringify(message).includes('not for you')).length <= 2, true);
  // an id in flight is not taken twice
  talk.write(JSON.stringify({ jsonrpc: '2.0', id: 50, method: 'tools/call', params: call('silent') }));
  talk.write(JSON.stringify({ jsonrpc: '2.0', id: 50, method: 'tools/call', params: call('echo') }));
  await talk.until(() => talk.seen.some(({ id, error }) => id === 50 && error?.code === -32600));
});

test('MG-13, MG-20: batches are judged one by one; duplicate keys have one meaning; a prototype is no argument', async (t) => {
  const talk = await raw(OLD);
  t.after(() => talk.close());
  const echo = (id: number, args: string): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":${args}}}`;
  talk.write(`[${echo(1, '{"text":"fine"}')},${echo(2, '{"text":"forbidden"}')}]`);
  talk.write(echo(3, '{"text":"fine","text":"forbidden"}'));
  talk.write(echo(4, '{"text":"forbidden","text":"fine"}'));
  talk.write(echo(5, '{"text":"fine","__proto__":{"text":"forbidden"}}'));
  const answered = (id: number): Sent | undefined => talk.seen.find((message) => message.id === id);
  await talk.until(() => [1, 2, 3, 4, 5].every((id) => answered(id) !== undefined));
  assert.equal(textOf(answered(1) as Sent), 'echo fine');
  assert.match(textOf(answered(2) as Sent), /AVA-3020/);
  assert.match(textOf(answered(3) as Sent), /AVA-3020/);
  assert.equal(textOf(answered(4) as Sent), 'echo fine');
  assert.match(textOf(answered(5) as Sent), /AVA-4008/);
  assert.equal(({} as { text?: string }).text, undefined);
});

test('MG-144: content is judged though it is called a task', async (t) => {
  const talk = await raw(HOSTILE);
  t.after(() => talk.close());
  for (const asked of [{}, { task: { ttl: 1_000 } }]) {
    const { result = {} } = await talk.ask('tools/call', { ...call('task'), ...asked });
    assert.equal(textOf({ result }), 'content beside a task');
    const { height } = await node.client.health();
    const block = await node.client.block(height);
    const { transaction } = await node.client.receipt(block.receipts[0]);
    assert.equal(transaction.kind, 'outcome');
    assert.equal((await talk.ask('tasks/result', { taskId: 't1' })).error?.code, -32602);
  }
});

test('MG-151: a storm of changes is told once in a while', async (t) => {
  const talk = await raw(HOSTILE);
  t.after(() => talk.close());
  assert.equal(textOf(await talk.ask('tools/call', call('storm'))), 'stormed');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(talk.seen.filter(({ method }) => method === 'notifications/tools/list_changed').length <= 3);
});

test('MG-2: messages past the limit, either way, end nothing but themselves', async (t) => {
  const talk = await raw(HOSTILE);
  t.after(() => talk.close());
  talk.write(`{"jsonrpc":"2.0","id":60,"method":"tools/call","params":{"name":"echo","arguments":{"text":"${'a'.repeat(MESSAGE_BYTES_MAX)}"}}}`);
  await talk.until(() => talk.seen.some(({ error }) => error?.code === -32600));
  const { error } = await talk.ask('tools/call', call('huge'));
  assert.equal(error?.code, -32000);
  assert.equal(textOf(await talk.ask('tools/call', call('echo'))), 'echo {}');
  const proto = await talk.ask('tools/call', call('proto'));
  assert.equal(textOf(proto), 'plain');
  assert.equal((proto.result as { isError?: boolean }).isError, undefined);
});

test('MG-118: both revisions on one pipe; what is of neither is refused', async (t) => {
  const talk = await raw(OLD);
  t.after(() => talk.close());
  const envelope = { _meta: { [META.revision]: MODERN_REVISION, [META.capabilities]: {} } };
  const discovered = await talk.ask('server/discover', envelope);
  assert.deepEqual(discovered.result?.supportedVersions, [MODERN_REVISION]);
  assert.equal(textOf(await talk.ask('tools/call', { ...envelope, ...call('echo', { text: 'new' }) })), 'echo new');
  assert.equal(textOf(await talk.ask('tools/call', call('echo', { text: 'old' }))), 'echo old');
  for (const method of ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'vendor/run'])
    assert.equal((await talk.ask(method, envelope)).error?.code, -32601, method);
  assert.equal((await talk.ask('vendor/run')).error?.code, -32601);
  assert.equal((await talk.ask('tools/list', { _meta: { ...envelope._meta, [META.revision]: '2030-01-01' } })).error?.code, -32022);
  const forged = await talk.ask('tools/call', { ...envelope, ...call('echo', { text: 'x' }), requestState: 'A'.repeat(75) });
  assert.equal(forged.error?.code, -32602);
});
