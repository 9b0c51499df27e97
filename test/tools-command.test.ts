/** avactl tools: a real node, a real MCP server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseToolMap } from '../src/facet/map-source.ts';
import { avactl, here } from './real/avactl.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-tools-'));
const on = ['--data', join(scratch, 'data')];
const server = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-memory/package.json')), 'dist/index.js');

before(async () => {
  const ran = await avactl(['up', '--detach', '--port', '0', ...on]);
  assert.equal(ran.code, 0, ran.stderr);
});
after(async () => {
  await avactl(['down', ...on]);
  rmSync(scratch, { recursive: true, force: true });
});

interface Listed {
  readonly tools: readonly {
    readonly server: string | null;
    readonly tool: string;
    readonly effect: string;
    readonly from: string;
    readonly args: readonly object[];
  }[];
}
const tools = (stdout: string): Listed['tools'] => (JSON.parse(stdout) as Listed).tools;

test('tools list: what was used, listed or guessed', async () => {
  assert.match((await here(['tools', 'list', ...on])).stdout, /No tool has been used yet; the map lists [\d,]+ tools/);
  await here(['decide', 'read_text_file', '--args', '{"path":"notes.txt"}', ...on]);
  await here(['decide', 'zorb_widget', '--args', '{"recipient":"x"}', ...on]);
  const { stdout } = await here(['tools', 'list', ...on]);
  assert.match(stdout, /^\* {7}read_text_file +read +listed +path:obj$/m);
  assert.match(stdout, /^\* {7}zorb_widget +write +guessed +recipient:dest$/m);
  assert.match(stdout, /^2 tools, 1 guessed/m);
  const all = tools((await here(['tools', 'list', '--all', '--json', ...on])).stdout);
  assert.ok(all.length > 500 && all.some(({ from }) => from === 'guessed'));
  assert.ok(tools((await here(['tools', 'list', 'github', '--json', ...on])).stdout).every((tool) => tool.server === 'github' && tool.from === 'listed'));
});

test('tools show: an entry, a guess, and what explain says of it', async () => {
  assert.match((await here(['tools', 'show', 'memory/delete_entities', ...on])).stdout, /listed in the tool map\n +effect +irreversible/);
  assert.match((await here(['tools', 'show', 'send_coins', ...on])).stdout, /guessed from `send coin` in its name\n +effect +write, leaves the account/);
  const decided = await here(['decide', 'zorb_widget', '--args', '{"recipient":"x"}', '--json', ...on]);
  const { receipt } = JSON.parse(decided.stdout) as { receipt: string };
  assert.match((await here(['explain', receipt, ...on])).stdout, /This tool is not in the tool map: write, guessed from its name \(zorb, widget\)/);
});

test('tools map --guess: asks a server, or reads a file', async () => {
  const asked = await avactl(['tools', 'map', '--guess', '--', process.execPath, server]);
  assert.equal(asked.code, 0, asked.stderr);
  assert.equal(parseToolMap(asked.stdout).entries.find(({ tool }) => tool === 'delete_entities')?.effect, 'irreversible');
  const file = join(scratch, 'tools.json');
  writeFileSync(file, JSON.stringify({ tools: [{ name: 'create_order', inputSchema: { properties: { sku: {}, email: {} } } }] }));
  const read = await here(['tools', 'map', '--guess', '--from', file, '--name', 'shop']);
  assert.match(read.stdout, /map: shop\ntools:\n {2}- tool: create_order\n {4}server: shop\n {4}effect: write\n/);
  assert.doesNotMatch((await here(['tools', 'map', '--guess', '--from', file])).stdout, /server:/);
  assert.equal((await here(['tools', 'map', '--guess'])).code, 64);
  assert.equal((await here(['tools', 'map', '--from', file])).code, 64);
  const nowhere = await here(['tools', 'map', '--guess', '--', join(scratch, 'no-such-program')]);
  assert.equal(nowhere.code, 1, nowhere.stderr);
  assert.match(nowhere.stderr, /AVA-3011/);
});
