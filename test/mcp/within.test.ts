/** MG-152: node and gateway in one process, as a user starts it: real clients, a real server, a real ledger. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { avactl } from '../real/avactl.ts';
import { scratch } from '../real/process.ts';

const folder = scratch('within');
const data = join(folder.path, 'data');
const files = join(folder.path, 'files');
const on = ['--data', data];
const filesystem = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json');

after(async () => {
  await avactl(['down', ...on]);
  folder.remove();
});

test('a gateway that cannot start leaves no node behind', async () => {
  const missing = await avactl(['up', '--detach', '--port', '0', '--gateway', '0', ...on]);
  assert.equal(missing.code, 78, missing.stderr);
  assert.match(missing.stderr, /servers\.json is missing/);
  assert.equal((await avactl(['status', ...on])).code, 5, 'no node runs');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const refused = await avactl(['up', '--port', '0', '--gateway', String(port), ...on]);
  taken.close();
  assert.match(refused.stderr, new RegExp(`^AVA-1001 Port ${port} is in use`));
});

test('what it lets through and what it refuses stands in the ledger, which verifies after the end', async () => {
  mkdirSync(files);
  writeFileSync(join(files, 'note.txt'), 'forty-two');
  writeFileSync(join(files, '.env'), 'TOKEN=x');
  const server = join(filesystem, '../dist/index.js');
  writeFileSync(join(data, 'servers.json'), JSON.stringify({ files: { command: process.execPath, args: [server, files] } }));
  const up = await avactl(['up', '--detach', '--port', '0', '--gateway', '0', '--json', ...on]);
  assert.equal(up.code, 0, up.stderr);
  const { gateway } = JSON.parse(up.stdout) as { gateway: string };
  const client = new Client({ name: 'within', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway}/files`)));
  const read = (path: string) => client.callTool({ name: 'read_text_file', arguments: { path } });
  const answers = await Promise.all([...Array(8).keys()].map(() => read(join(files, 'note.txt'))));
  for (const { content, isError } of answers) assert.deepEqual([content, isError ?? false], [[{ type: 'text', text: 'forty-two' }], false]);
  const denied = await read(join(files, '.env'));
  assert.equal(denied.isError, true);
  assert.match(JSON.stringify(denied.content), /floor\//);
  await client.close();
  const down = await avactl(['down', ...on]);
  assert.equal(down.code, 0, down.stderr);
  const verified = await avactl(['verify', data, '--json']);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const { verdicts } = JSON.parse(verified.stdout) as { verdicts: unknown };
  assert.deepEqual(verdicts, { none: 9, allow: 8, deny: 1, escalate: 0 }, 'a session, nine calls, eight outcomes');
});
