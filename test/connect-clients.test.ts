/** The other client programs: connected, tried with a real server behind them, and back byte for byte. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, mcpServer, NewHome } from './real/home.ts';

const user = new NewHome();
let near: ChildProcess;
let address = '';

before(async () => {
  const port = await freePort();
  address = `http://127.0.0.1:${port}/mcp`;
  near = spawn(process.execPath, [mcpServer('everything'), 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await Promise.all([user.up(), new Promise((done) => near.stderr?.once('data', done))]);
});
after(async () => {
  near.kill();
  await user.close();
});

test('Codex, Cursor, VS Code and Claude Desktop', async () => {
  const project = join(user.home, 'project');
  const args = [mcpServer('filesystem'), project];
  const entry = JSON.stringify({ command: process.execPath, args });
  user.write('.codex/config.toml', `model = "x"\n\n[mcp_servers.files]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ["${args[0]}", '${args[1]}']`);
  user.write('.cursor/mcp.json', `{ "mcpServers": { "files": ${entry} } }`);
  user.write('.config/Code/User/mcp.json', `{\n\t// of this profile\n\t"servers": { "files": ${entry} },\n}\n`);
  user.write('.config/Claude/claude_desktop_config.json', `{"mcpServers":{"files":${entry}}}`);
  user.write(
    'project/.vscode/mcp.json',
    `{ "servers": { "here": ${entry}, "near": { "type": "http", "url": "${address}" }, "far": { "type": "http", "url": "http://127.0.0.1:1/mcp" } } }`,
  );
  user.says('codex', 'codex-cli 0.169.0');
  const old = user.files();
  for (const [client, tried, says, flags] of [
    ['codex', 2, /hooks of AVA that are not trusted, so they do not run: UserPromptSubmit, PreToolUse, PostToolUse\n[\s\S]*trust the hooks/, []],
    ['cursor', 2, /restart Cursor/, []],
    ['vscode', 3, /far answers at a URL past the gateway: NOT judged/, ['--project', project]],
    ['claude-desktop', 1, /never sees the prompt/, []],
  ] as const) {
    const out = await user.ok('connect', client, ...flags);
    assert.match(out, new RegExp(`WAS refused, \\d+ ms \\(${tried} of ${tried} tried\\)`), client);
    assert.match(out, says, client);
  }
  assert.notDeepEqual(user.files(), old);
  const config = join(user.home, '.codex/config.toml');
  const trusted = ['user_prompt_submit', 'pre_tool_use', 'post_tool_use'].map((event) => `[hooks.state."${config}:${event}:0:0"]\ntrusted_hash = "x"\n`);
  const connected = readFileSync(config, 'utf8');
  writeFileSync(config, `${connected}\n${trusted.join('')}`);
  assert.match(await user.ok('connect', 'codex'), /connected already/);
  assert.doesNotMatch(await user.ok('doctor'), /not trusted/);
  writeFileSync(config, connected);
  await user.ok('disconnect');
  assert.deepEqual(user.files(), old);
});
