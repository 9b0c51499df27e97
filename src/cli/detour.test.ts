import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { detours } from './detour.ts';
import { checkNode } from './doctor.ts';

const folder = mkdtempSync(join(tmpdir(), 'ava-detour-'));
after(() => rmSync(folder, { recursive: true }));
const home = join(folder, 'home');
const work = join(folder, 'work');
mkdirSync(join(home, '.cursor'), { recursive: true });
mkdirSync(join(work, '.vscode'), { recursive: true });

test('nothing here: it is said that an agent which does not ask is not judged', () => {
  const found = detours({ PATH: '/bin', TERM: 'x' }, work, join(folder, 'nobody'));
  assert.deepEqual(
    found.map(({ state }) => state),
    ['info'],
  );
});

test('servers that agents call directly, shells, and credentials by name only', () => {
  writeFileSync(
    join(home, '.cursor/mcp.json'),
    JSON.stringify({ mcpServers: { files: { command: 'npx', args: ['x'] }, guarded: { command: 'avactl', args: ['wrap'] } } }),
  );
  writeFileSync(join(work, '.mcp.json'), '{ broken');
  writeFileSync(join(work, '.vscode/mcp.json'), '{"servers":{"bank\\u001b[2J":{"url":"http://x"}}}');
  mkdirSync(join(home, '.codex'));
  const found = detours({ STRIPE_API_KEY: 'sk-very-secret', GITHUB_TOKEN: 'ghp', EMPTY_TOKEN: '', MONKEY: 'x', HOME: home }, work, home);
  const text = found.map(({ detail }) => detail).join('\n');
  assert.match(text, /Cursor calls 1 MCP server directly \(.*\): files$/m);
  assert.match(text, /\.mcp\.json cannot be read/);
  assert.match(text, /VS Code calls 1 MCP server directly .*bank\\u001b/);
  assert.match(text, /Codex is here/);
  assert.match(text, /holds 2 credentials itself: GITHUB_TOKEN, STRIPE_API_KEY$/m);
  assert.doesNotMatch(JSON.stringify(found), /very-secret|ghp|guarded/);
});

test('an old Node is named', () => {
  assert.equal(checkNode('20.20.2').state, 'fail');
  assert.equal(checkNode('24.0.0').state, 'ok');
});
