/**
 * The servers that people install, behind the gateway: over stdio by `avactl wrap` and over HTTP as one. Each with a call that
 * is allowed, one that is refused, one that a person approves, and a definition that has changed.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ruleText } from '../../sim/small-law.ts';
import { Pins } from '../../src/mcp/pin.ts';
import { programOf, wrapArgs } from './gateway.ts';
import { answer, type HttpGateway, httpGateway, type TestNode, testNode } from './talk.ts';

const RULES = [
  ruleText('no', 'false', 'scope: [tool.write_file, tool.delete_entities, tool.get-env]').replace('title: no', 'title: This tool is not for agents'),
  ruleText('hold', 'false', 'scope: [tool.create_directory, tool.create_entities, tool.get-sum]', 'otherwise: escalate'),
  ruleText('no/thought', "args.thought != 'forbidden'", 'scope: tool.sequentialthinking', 'inputs: { args.thought: string(256) }'),
  ruleText('hold/thought', "args.thought != 'risky'", 'scope: tool.sequentialthinking', 'inputs: { args.thought: string(256) }', 'otherwise: escalate'),
];

const folder = mkdtempSync(join(tmpdir(), 'ava-real-servers-'));
const home = join(folder, 'home');
mkdirSync(home);
writeFileSync(join(home, 'note.txt'), 'a note');

interface Call {
  readonly tool: string;
  readonly args: Record<string, unknown>;
}
interface Subject {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Without the one that is refused whatever its arguments. */
  readonly tools: number;
  readonly allowed: Call;
  /** In the result of the allowed call. */
  readonly says: RegExp;
  readonly refused: Call;
  readonly held: Call;
  /** Its definition is not the one that was pinned. */
  readonly changed: string;
}

const thought = (text: string): Call => ({ tool: 'sequentialthinking', args: { thought: text, nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 } });
const SERVERS: Readonly<Record<string, Subject>> = {
  filesystem: {
    program: '@modelcontextprotocol/server-filesystem',
    args: [home],
    tools: 13,
    allowed: { tool: 'read_text_file', args: { path: join(home, 'note.txt') } },
    says: /a note/,
    refused: { tool: 'write_file', args: { path: join(home, 'new.txt'), content: 'x' } },
    held: { tool: 'create_directory', args: { path: join(home, 'new') } },
    changed: 'move_file',
  },
  memory: {
    program: '@modelcontextprotocol/server-memory',
    args: [],
    env: { MEMORY_FILE_PATH: join(folder, 'memory.json') },
    tools: 8,
    allowed: { tool: 'read_graph', args: {} },
    says: /entities/,
    refused: { tool: 'delete_entities', args: { entityNames: ['Ada'] } },
    held: { tool: 'create_entities', args: { entities: [{ name: 'Ada', entityType: 'person', observations: [] }] } },
    changed: 'search_nodes',
  },
  everything: {
    program: '@modelcontextprotocol/server-everything',
    args: ['stdio'],
    tools: 12,
    allowed: { tool: 'echo', args: { message: 'hello' } },
    says: /hello/,
    refused: { tool: 'get-env', args: {} },
    held: { tool: 'get-sum', args: { a: 2, b: 3 } },
    changed: 'get-tiny-image',
  },
  'sequential-thinking': {
    program: '@modelcontextprotocol/server-sequential-thinking',
    args: [],
    tools: 1,
    allowed: thought('hello'),
    says: /thoughtNumber/,
    refused: thought('forbidden'),
    held: thought('risky'),
    changed: 'sequentialthinking',
  },
};

let node: TestNode;
let gateway: HttpGateway;
before(async () => {
  node = await testNode(RULES);
  const specs = Object.entries(SERVERS).map(([name, { program, args, env = {} }]) => [
    name,
    { command: process.execPath, args: [programOf(program), ...args], env },
  ]);
  gateway = await httpGateway(node, Object.fromEntries(specs) as Record<string, unknown>);
});
after(async () => {
  await gateway.close();
  await node.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(client: Client, { tool, args }: Call, prefix: string): Promise<{ readonly text: string; readonly isError: boolean }> {
  const { content, isError = false } = await client.callTool({ name: prefix + tool, arguments: args });
  return { text: (content as { text?: string }[]).map(({ text = '' }) => text).join('\n'), isError: isError === true };
}

/** `data`: the data folder of the gateway that the client is connected to. */
async function meets(client: Client, name: string, prefix: string, data: string): Promise<void> {
  const subject = SERVERS[name];
  const { tools } = await client.listTools();
  const own = tools.filter((tool) => tool.name.startsWith(prefix)).map((tool) => tool.name.slice(prefix.length));
  assert.equal(own.length, subject.tools, own.join(' '));
  const allowed = await call(client, subject.allowed, prefix);
  assert.match(allowed.text, subject.says);
  assert.equal(allowed.isError, false);

  const refused = await call(client, subject.refused, prefix);
  assert.equal(refused.isError, true);
  assert.match(refused.text, /^AVA-3020 AVA refused this call \(no/);
  assert.match(refused.text, /Do not retry it unchanged/);

  const held = await call(client, subject.held, prefix);
  assert.equal(held.isError, true);
  const [, code] = /^AVA-3021[\s\S]*Approval ([0-9A-Z]{6}) waits/.exec(held.text) ?? assert.fail(held.text);
  const still = await call(client, subject.held, prefix);
  assert.match(still.text, new RegExp(`Approval ${code} waits`), 'the same call finds the same approval');
  await answer(node, (await node.client.approval(code)).id, true);
  const approved = await call(client, subject.held, prefix);
  assert.equal(approved.isError, false, approved.text);
  const again = await call(client, subject.held, prefix);
  assert.match(again.text, /^AVA-3021/, 'an approval counts once');

  const pins = new Pins(data);
  const pinned = own.length;
  const now = { name: subject.changed, description: 'What it said when it was pinned' };
  repin(pins, name, now);
  const after = (await client.listTools()).tools.filter((tool) => tool.name.startsWith(prefix));
  assert.equal(after.length, pinned - 1);
  assert.ok(!after.some((tool) => tool.name === prefix + subject.changed));
  const changed = await call(client, { tool: subject.changed, args: {} }, prefix);
  assert.equal(changed.isError, true);
  assert.match(changed.text, /^AVA-3010[\s\S]*avactl tools diff/);
  assert.ok(pins.changes(name)[0].fields.includes('description'));
  pins.accept(name, [subject.changed]);
  assert.equal((await client.listTools()).tools.filter((tool) => tool.name.startsWith(prefix)).length, pinned);
}

/** As if the tool had been pinned when it said something else. */
function repin(pins: Pins, server: string, definition: { readonly name: string; readonly description: string }): void {
  pins.check(server, [definition]);
  pins.accept(server, [definition.name]);
}

for (const name of Object.keys(SERVERS)) {
  test(`${name} over stdio, by avactl wrap`, async (t) => {
    const { program, args, env = {} } = SERVERS[name];
    const data = join(folder, `data-${name}`);
    const client = new Client({ name: 'tests', version: '1' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: wrapArgs(data, node.url, name, [process.execPath, programOf(program), ...args]),
      env: { ...(process.env as Record<string, string>), ...env, NODE_OPTIONS: '' },
      stderr: 'ignore',
    });
    t.after(() => client.close());
    await client.connect(transport);
    await meets(client, name, '', data);
  });

  test(`${name} over HTTP, among others`, async (t) => {
    const client = new Client({ name: 'tests', version: '1' });
    t.after(() => client.close());
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
    await meets(client, name, `${name}__`, gateway.folder);
  });
}
