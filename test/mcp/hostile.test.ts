/** Servers that change, look alike, take others' names, crash or say too much: what the client and the ledger get to see. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import type { Client as OldSdk } from '@modelcontextprotocol/sdk/client/index.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { freePort } from '../../bench/node-process.ts';
import { startNode } from '../../sim/http-node.ts';
import { ruleText } from '../../sim/small-law.ts';
import { Client } from '../../src/api/client.ts';
import { Pins } from '../../src/mcp/pin.ts';
import { wrap } from '../../src/mcp/start.ts';
import { eventually } from '../real/process.ts';
import { connect, httpGateway, scratch, type TestClient, type TestNode, testNode } from './talk.ts';

const PROGRAM = join(import.meta.dirname, 'hostile-server.ts');
let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

interface Behind extends TestClient {
  readonly data: string;
  readonly reports: string[];
  readonly said: () => string;
}

/** A client behind `avactl wrap`'s own code, before a hostile server. */
async function behind(kind: string, { url }: { readonly url: string } = node, agent = 'agent'): Promise<Behind> {
  const folder = scratch();
  const [toGateway, fromGateway] = [new PassThrough(), new PassThrough()];
  const reports: string[] = [];
  let said = '';
  const done = wrap(
    'hostile',
    { command: process.execPath, args: [PROGRAM, kind], env: { PATH: process.env.PATH ?? '' } },
    {
      data: folder.path,
      node: new Client(url),
      agent,
      version: '1',
      report: (message) => reports.push(message),
      said: (chunk) => void (said += chunk.toString()),
    },
    { input: toGateway, output: fromGateway },
  );
  const client = await connect('old', { input: fromGateway, output: toGateway });
  return {
    ...client,
    data: folder.path,
    reports,
    said: () => said,
    async close() {
      toGateway.end();
      await done;
      folder.remove();
    },
  };
}

const listed = async (client: TestClient): Promise<string[]> => (await client.sdk.listTools()).tools.map(({ name }) => name);

test('a tool that changes what it says after its first use is neither listed nor called until a person agrees (MG-41)', async (t) => {
  const client = await behind('rug-pull');
  t.after(() => client.close());
  let changes = 0;
  (client.sdk as OldSdk).setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  assert.deepEqual(await listed(client), ['look', 'other']);
  assert.equal((await client.callTool('look', { text: 'a' })).text, 'rug-pull/look a');
  await eventually('the server says that its list changed', () => changes > 0);
  assert.deepEqual(await listed(client), ['other']);
  const refused = await client.callTool('look', { text: 'b' });
  assert.equal(refused.isError, true);
  assert.match(refused.text, /^AVA-3010 .*look of hostile is not as it was pinned/);
  assert.equal((await client.callTool('other')).isError, false, 'the rest goes on');
  assert.ok(client.reports.some((line) => /look is not as it was pinned/.test(line)));

  const pins = new Pins(client.data);
  const [change] = pins.changes('hostile');
  assert.deepEqual([change.tool, change.fields], ['look', ['description']]);
  assert.match(String(change.after.description), /id_ed25519/);
  assert.deepEqual(pins.accept('hostile', []), ['look']);
  assert.deepEqual(await listed(client), ['look', 'other'], 'a gateway that runs takes it up');
  assert.equal((await client.callTool('look', { text: 'c' })).text, 'rug-pull/look c');
});

test('a changed tool is refused without a new list, too: the definition is looked at before the call (MG-41)', async (t) => {
  const client = await behind('rug-pull');
  t.after(() => client.close());
  assert.equal((await client.callTool('look')).isError, false);
  await eventually('the change is seen', async () => (await client.callTool('look')).text.startsWith('AVA-3010'));
  const { definition } = JSON.parse(readFileSync(join(client.data, 'pins.json'), 'utf8')).servers.hostile.pinned.look as {
    definition: { description: string };
  };
  assert.equal(definition.description, 'Looks at a thing');
});

test('instructions that change are left out until a person agrees (MG-44)', async (t) => {
  const server = { command: process.execPath, args: [PROGRAM, 'instructing'], env: { INSTRUCTIONS: 'Be brief.' } };
  const gateway = await httpGateway(node, { kind: server });
  t.after(() => gateway.close());
  const instructions = async (): Promise<string | undefined> => {
    const client = await gateway.client('old');
    const given = (client.sdk as OldSdk).getInstructions();
    await client.close();
    return given;
  };
  assert.equal(await instructions(), 'Be brief.');
  const pins = new Pins(gateway.folder);
  // as if the server had been pinned when it said something else
  pins.check('kind', [{ name: '(instructions)', description: 'Be kind.' }]);
  pins.accept('kind', ['(instructions)']);
  assert.equal(await instructions(), undefined);
  assert.deepEqual(pins.changes('kind')[0].fields, ['description']);
  pins.accept('kind', []);
  assert.equal(await instructions(), 'Be brief.');
});

test('names that look like others are not listed and not called (MG-31)', async (t) => {
  const client = await behind('look-alike');
  t.after(() => client.close());
  assert.deepEqual(await listed(client), ['read_file']);
  for (const name of ['re\u0430d_file', 'read_file\u200b', 'twice']) await assert.rejects(client.callTool(name), /Unknown tool/);
  assert.equal(client.reports.filter((line) => /is no name of a tool|tools named twice/.test(line)).length, 3);
});

test('a server that says too much of itself is listed as far as it may be pinned (MG-43)', async (t) => {
  const client = await behind('long-winded');
  t.after(() => client.close());
  const names = await listed(client);
  assert.deepEqual(names.slice(0, 2), ['short', 'much-0']);
  assert.equal(names.length, 1 + 20);
  await assert.rejects(client.callTool('long'), /Unknown tool/);
  assert.ok(statSync(join(client.data, 'pins.json')).size < 3_000_000);
});

test('a server cannot take the name of another: calls go where the name says (MG-30 to MG-32)', async (t) => {
  const server = (kind: string): unknown => ({ command: process.execPath, args: [PROGRAM, kind] });
  const gateway = await httpGateway(node, { shadow: server('shadow'), other: server('shadow') });
  t.after(() => gateway.close());
  const client = await gateway.client('old');
  const names = await listed(client);
  assert.deepEqual(names, ['shadow__read_file', 'shadow__other__read_file', 'other__read_file', 'other__other__read_file']);
  const { events, ended } = watch(node);
  assert.equal((await client.callTool('other__read_file', { text: 'x' })).text, 'shadow/read_file x');
  assert.equal((await client.callTool('shadow__other__read_file', { text: 'y' })).text, 'shadow/other__read_file y');
  await eventually('both calls are in the ledger', () => events.includes('shadow other__read_file'));
  ended();
  assert.deepEqual(events.slice(-2), ['other read_file', 'shadow other__read_file'], 'judged by the name of the server that is called');
  await client.close();
});

/** Calls that were decided so far and from now on: server and tool. */
function watch({ client }: TestNode): { readonly events: string[]; ended(): void } {
  const ending = new AbortController();
  const events: string[] = [];
  void (async () => {
    for await (const event of client.events({ from: 1, signal: ending.signal }))
      if (event.type === 'decision' && event.kind === 'tool.call') events.push(`${event.server} ${event.name}`);
  })().catch(() => undefined);
  return { events, ended: () => ending.abort() };
}

test('a server that crashes: the call in flight fails and says why, the next one starts it again (MG-8, MG-9)', async (t) => {
  const client = await behind('broken');
  t.after(() => client.close());
  let changes = 0;
  (client.sdk as OldSdk).setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  const slow = client.callTool('slow');
  const failed = assert.rejects(slow, /the server ended with code 7: out of memory/);
  await assert.rejects(client.callTool('crash'), (error: Error & { data?: { retryable?: boolean } }) => {
    assert.match(error.message, /the server ended with code 7: out of memory/);
    assert.equal(error.data?.retryable, true);
    return true;
  });
  await failed;
  assert.equal((await client.callTool('echo', { text: 'again' })).text, 'broken/echo again');
  assert.ok(changes > 0, 'the client is told that lists may have changed');
  const outcome = (tool: string): Promise<string> =>
    client.callTool(tool).then(
      ({ text }) => text,
      (error: Error) => error.message,
    );
  await eventually('one that keeps crashing is left alone for a while', async () => /tried again in \d+ s/.test(await outcome('crash')));
  await eventually('then it comes back', async () => (await outcome('echo')) === 'broken/echo', 20_000);
});

test('a message past the limit ends the server, not the gateway (MG-2)', async (t) => {
  const client = await behind('broken');
  t.after(() => client.close());
  await assert.rejects(client.callTool('huge'), /past the limit/);
  assert.equal((await client.callTool('echo', { text: 'x' })).text, 'broken/echo x');
});

/** Decisions that allowed. */
const allowed = async (): Promise<number> => Number(/verdict="allow"\} (\d+)/.exec(await node.client.metrics())?.[1]);

test('a cancelled call is cancelled at the server, and counts as done (MG-6, MG-25)', async (t) => {
  const client = await behind('broken');
  t.after(() => client.close());
  await client.callTool('echo');
  const cancel = new AbortController();
  const before = await allowed();
  const rejected = assert.rejects(client.callTool('slow', {}, { signal: cancel.signal }));
  await eventually('it is allowed', async () => (await allowed()) > before);
  cancel.abort('changed my mind');
  await rejected;
  await eventually('the server is told', () => /cancelled \d+/.test(client.said()));
});

test('a node that does not answer lets nothing through, and says what may be retried (MG-26)', async (t) => {
  const own = await testNode();
  const client = await behind('broken', own);
  t.after(() => client.close());
  assert.equal((await client.callTool('echo')).isError, false);
  const late = client.callTool('late');
  const withheld = assert.rejects(late, (error: Error & { data?: { retryable?: boolean } }) => {
    assert.match(error.message, /withheld. The tool did run/);
    assert.equal(error.data?.retryable, false);
    return true;
  });
  await eventually('it is allowed', async () => /verdict="allow"\} 2\n/.test(await own.client.metrics()));
  await own.close();
  await withheld;
  const down = (error: Error & { code?: number; data?: { retryable?: boolean; code?: string } }): boolean => {
    assert.match(error.message, /AVA-1005 AVA cannot judge now, so nothing is let through/);
    assert.deepEqual([error.code, error.data?.retryable, error.data?.code], [-32_000, true, 'AVA-1005']);
    return true;
  };
  await assert.rejects(client.callTool('echo'), down);
  await assert.rejects(listed(client), down);
});

test('a client that came before the node is told when it may ask again (MG-26)', async (t) => {
  const port = await freePort();
  const client = await behind('broken', { url: `http://127.0.0.1:${port}` });
  t.after(() => client.close());
  let changes = 0;
  (client.sdk as OldSdk).setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  await assert.rejects(listed(client), /AVA-1005/);
  const own = await startNode({ port });
  t.after(() => own.close());
  await eventually('it is told', () => changes > 0);
  assert.ok((await listed(client)).includes('echo'));
});

test('each agent is listed what it may ask for; what depends on the arguments is listed (MG-21)', async (t) => {
  const own = await testNode([
    ruleText('guests', "agent.name != 'guest'", 'scope: tool.echo'),
    ruleText('nobody', 'false', 'scope: tool.crash', 'mode: observe'),
    ruleText('held', 'false', 'scope: tool.huge', 'otherwise: escalate'),
    ruleText('words', "has(args.text) && args.text != 'no'", 'scope: tool.slow', 'inputs: { args.text: string(256) }'),
  ]);
  t.after(() => own.close());
  for (const [agent, first] of [
    ['guest', []],
    ['friend', ['echo']],
  ] as const) {
    const client = await behind('broken', own, agent);
    assert.deepEqual(await listed(client), [...first, 'crash', 'slow', 'late', 'huge'], agent);
    const { isError, text } = await client.callTool('echo', { text: 'x' });
    assert.deepEqual([isError, text.slice(0, 8)], agent === 'guest' ? [true, 'AVA-3020'] : [false, 'broken/e'], 'also what was not listed is judged');
    await client.close();
  }
});
