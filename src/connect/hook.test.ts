/** Hooks as client programs call them, against a real node: the events are those that the programs document. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callDigest } from '../api/announcement.ts';
import { Client } from '../api/client.ts';
import { fromHex, octets } from '../base/bytes.ts';
import { encodeWire } from '../machine/transaction.ts';
import { Owner } from '../node/owner.ts';
import { type RunningNode, startNode } from '../node/start.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-hook-'));
const project = join(scratch, 'project');
const data = join(scratch, 'data');
const AVACTL = fileURLToPath(new URL('../../bin/avactl.mjs', import.meta.url));
let node: RunningNode;
let client: Client;

before(async () => {
  mkdirSync(project);
  node = await startNode({ dir: data, port: 0, constitution: 'starter', warm_ms: 10 });
  client = new Client(node.url);
});
after(async () => {
  client.close();
  await node.close();
  rmSync(scratch, { recursive: true, force: true });
});

type Answer = Record<string, unknown> & { hookSpecificOutput?: { permissionDecision?: string; permissionDecisionReason?: string } };
const hook = async (program: string, event: unknown, query = ''): Promise<Answer> =>
  JSON.parse(Buffer.from(await client.hook(program, JSON.stringify(event), query)).toString()) as Answer;
const claude = (hook_event_name: string, members: object, session_id = 's1') => ({
  session_id,
  transcript_path: join(scratch, 't.jsonl'),
  cwd: project,
  permission_mode: 'default',
  hook_event_name,
  ...members,
});
const use = (tool_name: string, tool_input: object, tool_use_id = 'toolu_1') => ({ tool_name, tool_input, tool_use_id });
const decision = (answer: Answer): string => answer.hookSpecificOutput?.permissionDecision ?? (Object.keys(answer).length === 0 ? 'none' : 'other');

test('N-73, N-74: a prompt, a call that goes on without an opinion, its outcome; one that is refused with a reason', async () => {
  assert.deepEqual(await hook('claude-code', claude('UserPromptSubmit', { prompt: 'Read notes.txt and tell me what it says' })), {});
  const read = use('Read', { file_path: join(project, 'notes.txt') });
  assert.deepEqual(await hook('claude-code', claude('PreToolUse', read)), {});
  assert.deepEqual(
    await hook('claude-code', claude('PostToolUse', { ...read, tool_response: { type: 'text', file: { filePath: 'notes.txt', content: 'milk' } } })),
    {},
  );
  const denied = await hook('claude-code', claude('PreToolUse', use('Read', { file_path: join(scratch, '.aws', 'credentials') }, 'toolu_2')));
  assert.equal(decision(denied), 'deny');
  assert.match(denied.hookSpecificOutput?.permissionDecisionReason ?? '', /^AVA-3020 .*credential-files/s);
  const events = [];
  const height = (await client.health()).height;
  for await (const event of client.events({ from: 1 })) {
    events.push(event);
    if (event.height >= height) break;
  }
  assert.deepEqual(
    events.filter(({ type }) => type !== 'due').map((event) => (event.type === 'decision' ? `${event.server}/${event.name} ${event.verdict}` : event.type)),
    ['session', 'input', 'claude-code/Read allow', 'outcome', 'claude-code/Read deny'],
  );
  const outcome = events.find(({ type }) => type === 'outcome');
  assert.ok(outcome?.type === 'outcome');
  assert.deepEqual((await client.receipt(outcome.receipt)).sidecar, { result: 'milk', error: null });
  assert.equal(readdirSync(join(data, 'threads')).length, 1);
});

test('N-74: a tool behind a gateway is announced, one past it is judged; any definition past it counts', async () => {
  const url = ['--url', node.url];
  const wrapped = { command: process.execPath, args: [AVACTL, 'wrap', '--name', 'my-files', '--data', data, ...url, '--', 'files'] };
  writeFileSync(join(data, 'address'), `${node.url}\n`);
  const path = join(project, '.mcp.json');
  const write = (value: unknown): void => writeFileSync(path, JSON.stringify(value));
  write({ mcpServers: { 'My Files': wrapped, other: { command: 'other' } } });
  const args = { path: '/x/.ssh/id_rsa' };
  const call = { server: 'my-files', name: 'read_file', digest: callDigest('read_file', args) };
  assert.deepEqual(await hook('claude-code', claude('PreToolUse', use('mcp__My_Files__read_file', args))), {});
  assert.match((await client.claim(call)) ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(await hook('claude-code', claude('PostToolUse', { ...use('mcp__My_Files__read_file', args), tool_response: [] })), {});
  assert.equal(decision(await hook('claude-code', claude('PreToolUse', use('mcp__other__read_file', args)))), 'deny');
  assert.equal(decision(await hook('claude-code', claude('PreToolUse', use('mcp__nobody__read_file', args)))), 'deny');
  // what only looks like a gateway is none
  for (const fake of [
    { ...wrapped, command: '/evil' },
    { ...wrapped, args: ['/evil/avactl.mjs', ...wrapped.args.slice(1)] },
    { ...wrapped, args: wrapped.args.map((word) => (word === node.url ? 'http://127.0.0.1:1' : word)) },
    { ...wrapped, args: wrapped.args.map((word) => (word === data ? '/evil' : word)) },
    { ...wrapped, env: { NODE_OPTIONS: '--require /evil.js' } },
  ]) {
    write({ mcpServers: { 'My Files': fake, some: JSON.stringify(fake) } });
    assert.equal(decision(await hook('claude-code', claude('PreToolUse', use('mcp__My_Files__read_file', args)))), 'deny', JSON.stringify(fake));
  }
  write({ mcpServers: { 'My Files': wrapped } });
  const inner = join(project, 'inner');
  mkdirSync(inner);
  writeFileSync(join(inner, '.mcp.json'), JSON.stringify({ mcpServers: { 'My Files': { command: 'files' } } }));
  assert.equal(decision(await hook('claude-code', { ...claude('PreToolUse', use('mcp__My_Files__read_file', args)), cwd: inner })), 'deny');
  assert.equal(await client.claim(call), null);
});

test('an escalation blocks with what waits for a person; --ask leaves it to the program; a person answers, the same call passes', async () => {
  const call = use('Frobnicate', { thing: 'all' }, 'toolu_7');
  const held = await hook('claude-code', claude('PreToolUse', call));
  assert.equal(decision(held), 'deny');
  assert.match(held.hookSpecificOutput?.permissionDecisionReason ?? '', /^AVA-3021 [\s\S]*avactl approvals/);
  assert.equal(decision(await hook('claude-code', claude('PreToolUse', call), '?ask')), 'ask');
  assert.equal(decision(await hook('codex', claude('PreToolUse', call), '?ask')), 'deny');
  const waiting = (await client.approvals('waiting')).find(({ action }) => action.server === 'claude-code' && action.name === 'Frobnicate');
  assert.ok(waiting !== undefined);
  const { law, key } = node.ledger;
  const [{ principal }] = law.validators.values();
  const owner = new Owner({ network: law.network, principal, key, now: Date.now });
  await client.submit(encodeWire(owner.answerApproval(octets(fromHex(waiting.id)), true, 'go on')));
  assert.deepEqual(await hook('claude-code', claude('PreToolUse', call)), {}, 'the same call passes once it is approved');
  assert.equal(decision(await hook('claude-code', claude('PreToolUse', call))), 'deny', 'once');
  const other = use('Frobnicate', { thing: 'more' }, 'toolu_8');
  await hook('claude-code', claude('PreToolUse', other));
  const second = (await client.approvals('waiting')).find(({ action }) => JSON.stringify(action.args) === '{"thing":"more"}');
  await client.submit(encodeWire(owner.answerApproval(octets(fromHex(second?.id ?? '')), false, 'no')));
  assert.match((await hook('claude-code', claude('PreToolUse', other))).hookSpecificOutput?.permissionDecisionReason ?? '', /AVA-4043/);
});

test('N-75: what cannot be understood is refused; long texts are cut, commands never', async () => {
  await assert.rejects(hook('emacs', claude('PreToolUse', use('Read', {}))), { slug: 'route_unknown' });
  await assert.rejects(hook('claude-code', []), { slug: 'request_shape' });
  await assert.rejects(hook('claude-code', claude('PreToolUse', { tool_name: 'Bash' })), { slug: 'request_shape' });
  await assert.rejects(hook('claude-code', { ...claude('', use('Bash', { command: 'ls' })), hook_event_name: undefined }), { slug: 'request_shape' });
  await assert.rejects(hook('claude-code', { ...claude('PreToolUse', use('Bash', { command: 'ls' })), session_id: undefined }), { slug: 'request_shape' });
  assert.deepEqual(await hook('claude-code', claude('Notification', { message: 'x' })), {});
  const large = 'x'.repeat(200_000);
  assert.equal(decision(await hook('claude-code', claude('PreToolUse', use('Bash', { command: `echo ${large}` })))), 'deny');
  const path = join(project, 'big.txt');
  assert.notEqual(decision(await hook('claude-code', claude('PreToolUse', use('Write', { file_path: path, content: large })))), 'other');
  const { height } = await client.health();
  const [receipt] = (await client.block(height)).receipts;
  const { sidecar } = await client.receipt(receipt);
  assert.deepEqual(sidecar?.['context' as keyof object], { cut: 184_000 });
});

test('a session that has ended is followed by another one', async () => {
  await hook('claude-code', claude('UserPromptSubmit', { prompt: 'hello' }, 's9'));
  const [name] = readdirSync(join(data, 'threads')).slice(-1);
  writeFileSync(join(data, 'threads', name), JSON.stringify({ session: 'f'.repeat(32), calls: [] }));
  // another node's memory knows nothing of it: the file counts
  await node.close();
  node = await startNode({ dir: data, port: 0, constitution: 'starter', warm_ms: 10 });
  client.close();
  client = new Client(node.url);
  for (const id of ['s1', 's9']) assert.deepEqual(await hook('claude-code', claude('UserPromptSubmit', { prompt: 'hello again' }, id)), {});
});

test('a result that the law withholds is replaced by the reason; arguments that it changes are handed back; what a hook cannot meet is refused', async () => {
  const law = join(scratch, 'law');
  mkdirSync(law);
  writeFileSync(join(law, 'constitution.yaml'), 'constitution: t\nversion: 1\ndefault: allow\nrules: [r.yaml, echo.yaml, slow.yaml]\n');
  const met = (tool: string, obligation: string): string =>
    `rule: t/${tool.toLowerCase()}\ntitle: x\nscope: tool.${tool}\nmode: enforce\ninputs: { args.command: string(2000) }\njudge: "!has(args.command) || args.command == 'ok'"\nobligations: [{ ${obligation} }]\ntests: [{ name: a, given: { args: { command: ok } }, expect: pass }]\n`;
  writeFileSync(join(law, 'echo.yaml'), met('Bash', 'transform: args.command, to: ok'));
  writeFileSync(join(law, 'slow.yaml'), met('Slow', 'delay: 5s'));
  writeFileSync(
    join(law, 'r.yaml'),
    `rule: t/r
title: Dogs alone
advice: Ask for dogs.
scope: kind.tool.result
mode: enforce
inputs: { args.content: string(20000) }
judge: "!has(args.content) || !args.content.contains('cat')"
otherwise: deny
tests:
  - { name: dogs, given: { args: { content: dog } }, expect: pass }
`,
  );
  const strict = await startNode({ dir: join(scratch, 'strict'), port: 0, constitution: law, warm_ms: 10 });
  const asked = new Client(strict.url);
  try {
    const result = async (tool_response: unknown): Promise<Answer> => {
      const read = use('Read', { file_path: '/x/pets.txt' });
      await asked.hook('claude-code', JSON.stringify(claude('PreToolUse', read)));
      return JSON.parse(Buffer.from(await asked.hook('claude-code', JSON.stringify(claude('PostToolUse', { ...read, tool_response })))).toString()) as Answer;
    };
    const file = (content: string) => ({ type: 'text', file: { filePath: '/x/pets.txt', content, numLines: 1 } });
    assert.deepEqual(await result(file('dog')), {});
    const held = await result(file('cat'));
    assert.equal(held['decision'], 'block');
    const reason = String(held['reason']);
    assert.match(reason, /^AVA-3020 .*t\/r/);
    assert.deepEqual((held.hookSpecificOutput as { updatedToolOutput?: unknown }).updatedToolOutput, file(reason));
    assert.ok(!JSON.stringify(held).includes('cat'));
    const before = async (program: string, tool: string): Promise<Answer> =>
      JSON.parse(Buffer.from(await asked.hook(program, JSON.stringify(claude('PreToolUse', use(tool, { command: 'rm x', more: 1 }))))).toString()) as Answer;
    assert.deepEqual(await before('claude-code', 'Bash'), { hookSpecificOutput: { hookEventName: 'PreToolUse', updatedInput: { command: 'ok', more: 1 } } });
    assert.equal(decision(await before('codex', 'Bash')), 'deny');
    assert.match((await before('claude-code', 'Slow')).hookSpecificOutput?.permissionDecisionReason ?? '', /cannot meet: delay/);
  } finally {
    asked.close();
    await strict.close();
  }
});

test('Codex: patches by their paths; Cursor: shell, files, MCP, prompt in its own words', async () => {
  const patch = `*** Begin Patch\n*** Update File: ${scratch}/.ssh/config\n@@\n-a\n+b\n*** End Patch\n`;
  assert.equal(decision(await hook('codex', claude('PreToolUse', { ...use('apply_patch', { command: patch }), turn_id: 't', model: 'm' }))), 'deny');
  const cursor = (hook_event_name: string, members: object) => ({
    conversation_id: 'c1',
    generation_id: 'g1',
    hook_event_name,
    workspace_roots: [project],
    ...members,
  });
  assert.deepEqual(await hook('cursor', cursor('beforeSubmitPrompt', { prompt: 'Show me README.md', attachments: [] })), { continue: true });
  assert.deepEqual(await hook('cursor', cursor('beforeReadFile', { file_path: join(project, 'README.md'), content: 'hi', attachments: [] })), {
    permission: 'allow',
  });
  const denied = await hook('cursor', cursor('beforeReadFile', { file_path: join(scratch, '.aws', 'credentials'), content: '', attachments: [] }));
  assert.equal(denied['permission'], 'deny');
  assert.match(String(denied['agent_message']), /^AVA-3020 /);
  const mcp = { tool_name: 'read_file', tool_input: JSON.stringify({ path: '/x/.ssh/id_rsa' }), command: 'npx files' };
  assert.equal((await hook('cursor', cursor('beforeMCPExecution', mcp)))['permission'], 'deny');
  writeFileSync(join(data, 'address'), `${node.url}\n`);
  const command = `${process.execPath} ${AVACTL} wrap --name files --data ${data} --url ${node.url} -- npx files`;
  assert.deepEqual(await hook('cursor', cursor('beforeMCPExecution', { ...mcp, command })), {});
});
