/** Names of servers from commands, and whose a name is among several (MG-30 to MG-32). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServerName, isToolName, Names, serverNameOf } from './names.ts';
import { Upstream, type UpstreamListener } from './upstream.ts';

test('MG-30: a server is named after its package or program', () => {
  const table: readonly (readonly [command: string, name: string])[] = [
    ['npx -y @modelcontextprotocol/server-filesystem /home/me/project', 'filesystem'],
    ['npx -y @modelcontextprotocol/server-memory@2026.8.31', 'memory'],
    ['npx mcp-remote https://x.example', 'remote'],
    ['uvx mcp-server-git --repository .', 'git'],
    ['uv tool run mcp-server-fetch', 'fetch'],
    ['docker run -i --rm ghcr.io/github/github-mcp-server:1.2', 'github'],
    ['node /home/me/project/build/weather-server.js', 'weather'],
    ['python3 -m my_server', 'my'],
    ['node /home/me/node_modules/@modelcontextprotocol/server-memory/dist/index.js', 'memory'],
    ['node /home/me/weather/server.js', 'weather'],
    ['github-mcp-server stdio', 'github'],
    ['C:\\tools\\Notes.exe', 'notes'],
    ['/usr/local/bin/mcp-server', 'server'],
    ['npx', 'npx'],
    ['ünïcode', 'n-code'],
  ];
  for (const [command, name] of table) assert.equal(serverNameOf(command.split(' ')), name, command);
});

test('MG-30, MG-31: what a name may be', () => {
  for (const name of ['a', 'github', '0-9', 'a'.repeat(32)]) assert.ok(isServerName(name), name);
  for (const name of ['', '-a', 'A', 'a_b', 'a__b', 'a'.repeat(33), 'a\n', '__proto__', 'é']) assert.ok(!isServerName(name), name);
  for (const name of ['a', 'read_file', 'get-sum', 'a.b/c', 'X'.repeat(128)]) assert.ok(isToolName(name), name);
  for (const name of ['', 'a b', 're\u0430d', 'a\u200b', 'a\n', 'X'.repeat(129)]) assert.ok(!isToolName(name), name);
});

test('MG-32: the first separator counts; alone a server keeps its names', () => {
  const server = (name: string): Upstream => new Upstream(name, () => Promise.reject(new Error('not opened')), {} as UpstreamListener);
  const [files, other] = [server('files'), server('other')];
  const names = new Names([files, other], false);
  assert.equal(names.shown(files, 'other__x'), 'files__other__x');
  assert.deepEqual(names.find('files__other__x'), { server: files, name: 'other__x' });
  assert.deepEqual(names.find('other____x'), { server: other, name: '__x' });
  for (const name of ['x', 'nobody__x', '__x', 'files_x', '__proto__']) assert.equal(names.find(name), null, name);
  assert.deepEqual(new Names([files], true).find('other__x'), { server: files, name: 'other__x' });
});
