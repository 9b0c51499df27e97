/** What `connect` refuses, and the hook as a command: nothing is written, and what cannot be judged is blocked. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NewHome, SETTINGS } from './real/home.ts';

const user = new NewHome();
before(() => user.up());
after(() => user.close());

const event = (hook_event_name: string, members: object) =>
  JSON.stringify({ session_id: 'claude-1', transcript_path: '', cwd: join(user.home, 'project'), permission_mode: 'default', hook_event_name, ...members });

test('what cannot be connected is refused with the reason, and nothing is written', async () => {
  const refused = async (args: readonly string[], code: number, says: RegExp): Promise<void> => {
    const old = user.files();
    const { code: exit, stderr } = await user.ran(args);
    assert.match(stderr, says);
    assert.equal(exit, code, stderr);
    assert.deepEqual(user.files(), old);
  };
  user.says('claude', '2.1.250 (Claude Code)');
  await refused(
    ['connect', 'claude-code'],
    78,
    /^AVA-3005 Claude Code 2\.1\.250 ignores failed hooks; 2\.1\.295 does not\. Upgrade it, or connect with --mcp-only/,
  );
  user.says('claude', '2.1.331 (Claude Code)');
  writeFileSync(user.settings, '{\n  "a": 1,\n}}\n');
  await refused(['connect', 'claude-code'], 78, /^AVA-3006 .*settings\.json:3:2 [\s\S]*\n +3 │ }}\n +│ +\^\n$/);
  writeFileSync(user.settings, '{"disableAllHooks":true}');
  await refused(['connect', 'claude-code'], 78, /^AVA-1007 .*disableAllHooks/);
  writeFileSync(user.settings, SETTINGS);
  await refused(['connect', 'codex'], 78, /^AVA-3009 /);
  await refused(['connect', 'emacs'], 64, /^AVA-1006 .*claude-code, codex, cursor, vscode, claude-desktop/);
  await refused(['connect', 'claude-code', '--port', '1'], 5, /^AVA-1005 /);
  await refused(['disconnect', 'claude-code'], 78, /is not connected/);
});

test('a canary that gets through: the old settings come back, and it is said', async () => {
  const law = join(user.scratch, 'law');
  mkdirSync(law);
  writeFileSync(join(law, 'constitution.yaml'), 'constitution: open\nversion: 1\ndefault: allow\npacks: [money]\n');
  const other = join(user.scratch, 'other');
  await user.ok('up', '--detach', '--port', '0', '--data', other, '--constitution', law);
  try {
    const old = user.files();
    const { code, stderr } = await user.ran(['connect', 'claude-code', '--data', other]);
    assert.match(stderr, /^AVA-3008 .*a call that must be refused was not/);
    assert.equal(code, 1);
    assert.deepEqual(user.files(), old);
  } finally {
    await user.ran(['down', '--data', other]);
  }
});

test('the hook as a command: exit 0 goes on, 2 blocks, also where no node answers; how long each form takes', async (t) => {
  const use = (path: string): string => event('PreToolUse', { tool_name: 'Read', tool_input: { file_path: path }, tool_use_id: 'h1' });
  assert.deepEqual(await user.ran(['hook', 'claude-code'], use(join(user.home, 'project', 'notes.txt'))), { code: 0, stdout: '', stderr: '' });
  const denied = await user.ran(['hook', 'claude-code'], use(join(user.home, '.aws', 'credentials')));
  assert.equal(denied.code, 2);
  assert.match(denied.stderr, /^AVA-3020 /);
  assert.match(denied.stdout, /"permissionDecision":"deny"/);
  for (const [args, body] of [
    [['hook', 'claude-code', '--url', 'http://127.0.0.1:1'], use('/x')],
    [['hook', 'claude-code'], 'no JSON'],
    [['hook', 'emacs'], '{}'],
  ] as const) {
    const { code, stderr } = await user.ran(args, body);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^AVA cannot judge, so this is blocked: .*\. Start the node with `avactl up`/);
  }
  assert.equal((await user.ran(['hook'])).code, 64);
  const times = { http: [] as number[], command: [] as number[] };
  const timed = async (form: keyof typeof times, work: () => Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await work();
    times[form].push(performance.now() - from);
  };
  const url = `http://127.0.0.1:${user.port}/v1/hooks/claude-code`;
  const body = use(join(user.home, 'project', 'notes.txt'));
  for (let i = 0; i < 100; i++)
    await timed('http', () => fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).then((answer) => answer.text()));
  for (let i = 0; i < 10; i++) await timed('command', () => user.ran(['hook', 'claude-code'], body));
  for (const [form, all] of Object.entries(times)) {
    all.sort((a, b) => a - b);
    t.diagnostic(`hook by ${form}: p50 ${all[all.length >> 1].toFixed(1)} ms, slowest ${all[all.length - 1].toFixed(1)} ms of ${all.length}`);
  }
});
