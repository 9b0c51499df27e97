import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { detours, foundLines } from './detour.ts';
import { checkNode } from './doctor.ts';

const folder = mkdtempSync(join(tmpdir(), 'ava-detour-'));
after(() => rmSync(folder, { recursive: true }));
const home = join(folder, 'home');
const project = join(folder, 'work');
mkdirSync(join(home, '.cursor'), { recursive: true });
mkdirSync(join(home, '.claude'));
mkdirSync(join(project, '.vscode'), { recursive: true });
const place = (env: Record<string, string>, at = home) => ({ home: at, project, env: { PATH: join(folder, 'bin'), ...env }, platform: 'linux' as const });
const texts = (env: Record<string, string> = {}): string[] =>
  detours(place(env)).map(({ state, detail, fix }) => `${state} ${detail}${fix === undefined ? '' : ` -> ${fix}`}`);
const json = (path: string, value: unknown): void => writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));

test('nothing here: it is said that an agent which does not ask is not judged', () => {
  const found = detours({ ...place({}, join(folder, 'nobody')), project: join(folder, 'nowhere') });
  assert.deepEqual(
    found.map(({ state }) => state),
    ['info', 'info'],
  );
  assert.deepEqual(foundLines({ ...place({}, join(folder, 'nobody')), project: null }, ''), []);
});

test('servers past AVA, hooks that are missing, other programs, credentials by name only', () => {
  json(join(home, '.cursor/mcp.json'), { mcpServers: { files: { command: 'npx', args: ['x'] } } });
  json(join(home, '.claude.json'), { mcpServers: { a: { command: 'a' } } });
  json(join(project, '.mcp.json'), '{ broken');
  json(join(project, '.vscode/mcp.json'), '{"servers":{"bank\\u001b[2J":{"url":"http://x"}}}');
  mkdirSync(join(home, '.codex'));
  mkdirSync(join(home, '.gemini'));
  const found = texts({ STRIPE_API_KEY: 'sk-very-secret', GITHUB_TOKEN: 'ghp', EMPTY_TOKEN: '', MONKEY: 'x' });
  const all = found.join('\n');
  assert.match(all, /^warn Cursor: 1 MCP server of 1 runs past AVA: files -> `avactl connect cursor`$/m);
  assert.match(all, /^warn Claude Code: 1 MCP server of 1 runs past AVA: a -> `avactl connect claude-code`$/m);
  assert.match(all, /^warn Claude Code: .*\.mcp\.json cannot be read/m);
  assert.match(all, /^warn Claude Code: its hooks are missing/m);
  assert.match(all, /^warn VS Code: 1 MCP server of 1 runs past AVA: bank\\u001b\[2J -> `avactl connect vscode --project \.`$/m);
  assert.match(all, /^info VS Code: it has no hooks: .*never sees the prompt/m);
  assert.match(all, /^warn Codex: its hooks are missing/m);
  assert.match(all, /^warn Gemini CLI is here/m);
  assert.match(all, /holds 2 credentials itself: GITHUB_TOKEN, STRIPE_API_KEY/);
  assert.doesNotMatch(all, /very-secret|ghp/);
  assert.deepEqual(
    foundLines({ ...place({}), project: null }, ' --data /d')[0],
    'found Claude Code, 1 MCP server; none covered  ->  avactl connect claude-code --data /d',
  );
});

test('settings that switch hooks off or ask for nothing; a version that ignores failed hooks; commands that are gone', () => {
  const wrapped = { command: '/nowhere/node', args: ['/nowhere/avactl.mjs', 'wrap', '--name', 'a', '--', 'a'] };
  json(join(home, '.claude.json'), { mcpServers: { a: wrapped } });
  json(join(project, '.mcp.json'), {});
  const entry = { type: 'http', url: 'http://127.0.0.1:4100/v1/hooks/claude-code', onFailure: 'block' };
  const events = ['UserPromptSubmit', 'PreToolUse', 'PostToolUse', 'PostToolUseFailure'];
  const hooks = Object.fromEntries(events.map((event) => [event, [{ hooks: [entry] }]]));
  json(join(home, '.claude/settings.json'), { hooks, permissions: { defaultMode: 'bypassPermissions', allow: ['Bash', 'Read(x)'] } });
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/claude'), '#!/bin/sh\necho "2.1.250 (Claude Code)"\n', { mode: 0o755 });
  const all = texts().join('\n');
  assert.match(all, /^fail Claude Code: .*\.claude\.json names .* no longer there/m);
  assert.match(all, /^warn Claude Code: AVA-3005 version 2\.1\.250 ignores failed hooks/m);
  assert.match(all, /^warn Claude Code: .*bypassPermissions/m);
  assert.match(all, /^warn Claude Code: .*permissions allow Bash without asking/m);
  assert.doesNotMatch(all, /Claude Code: .*(?:past AVA|hooks are missing)/);
  mkdirSync(join(project, '.claude'));
  json(join(project, '.claude/settings.json'), { disableAllHooks: true });
  assert.match(texts().join('\n'), /^fail Claude Code: .*disableAllHooks/m);
});

test('an old Node is named', () => {
  assert.equal(checkNode('20.20.2').state, 'fail');
  assert.equal(checkNode('24.0.0').state, 'ok');
});
