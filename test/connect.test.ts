/**
 * A new user: a clean home folder with Claude Code's settings and three real MCP servers; `up`, `connect`, a refused canary,
 * work through the real wrap and hook processes as the client starts them, `disconnect`, and the old files byte for byte.
 */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Client as NodeClient } from '../src/api/client.ts';
import { NewHome, SETTINGS } from './real/home.ts';

const user = new NewHome();
after(() => user.close());

interface Entry {
  readonly command: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
}

/** Starts a server as the client does, and calls one of its tools. */
async function called(name: string, tool: string, args: Record<string, unknown>): Promise<{ text: string; isError: boolean }> {
  const { mcpServers } = JSON.parse(readFileSync(user.servers, 'utf8').replace(' // kept', '')) as { mcpServers: Record<string, Entry> };
  const entry = mcpServers[name];
  const client = new Client({ name: 'claude-code', version: '2.1.331' });
  try {
    await client.connect(
      new StdioClientTransport({ command: entry.command, args: entry.args, env: { ...user.env, ...entry.env }, stderr: 'ignore', cwd: user.home }),
    );
    const { content, isError } = await client.callTool({ name: tool, arguments: args });
    return { text: (content as { text?: string }[]).map(({ text }) => text ?? '').join('\n'), isError: isError === true };
  } finally {
    await client.close();
  }
}

const event = (hook_event_name: string, members: object) =>
  JSON.stringify({ session_id: 'claude-1', transcript_path: '', cwd: join(user.home, 'project'), permission_mode: 'default', hook_event_name, ...members });

async function posted(body: string): Promise<{ hookSpecificOutput?: { permissionDecision?: string } }> {
  const { hooks } = JSON.parse(readFileSync(user.settings, 'utf8')) as { hooks: Record<string, { hooks: { url: string; onFailure: string }[] }[]> };
  const [{ url, onFailure }] = hooks['PreToolUse'][0].hooks;
  assert.equal(onFailure, 'block');
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as { hookSpecificOutput?: { permissionDecision?: string } };
}

test('from a clean home folder to a refused canary, and back byte for byte', async (t) => {
  const old = user.files();
  const from = performance.now();
  const up = await user.up();
  assert.match(up, /found Claude Code, 3 MCP servers; none covered {2}-> {2}avactl connect claude-code\n/);
  const dry = await user.ok('connect', 'claude-code', '--dry-run');
  assert.match(dry, /through AVA: filesystem My Memory everything/);
  assert.deepEqual(user.files(), old);
  const connected = await user.ok('connect', 'claude-code');
  const took = performance.now() - from;
  t.diagnostic(`up, dry run, connect and canary: ${Math.round(took)} ms`);
  assert.match(connected, /^old settings saved; wrapped filesystem My Memory everything; 4 hooks \(on failure: block\)\n/);
  assert.match(connected, /\ncanary: a call that must be refused WAS refused, \d+ ms \(4 of 4 tried\) {3}coverage 3\/3 {3}undo: avactl disconnect\n/);
  assert.ok(lstatSync(user.servers).isSymbolicLink());
  assert.equal(statSync(user.servers).mode & 0o777, 0o640);
  const written = user.files();
  assert.match(await user.ok('connect', 'claude-code'), /^connected already; /);
  assert.deepEqual(user.files(), written);
  assert.match(await user.ok('doctor'), /ok {4}past AVA {7}Claude Code: 3 of 3 MCP servers judged, hooks in place/);

  const height = await headOf();
  // the prompt and the client's own tools by the hook, servers by their gateways, all in one session
  await posted(event('UserPromptSubmit', { prompt: 'Read notes.txt in my project' }));
  assert.deepEqual(
    await posted(event('PreToolUse', { tool_name: 'Read', tool_input: { file_path: join(user.home, 'project', 'notes.txt') }, tool_use_id: 't1' })),
    {},
  );
  const denied = await posted(event('PreToolUse', { tool_name: 'Read', tool_input: { file_path: join(user.home, '.aws', 'credentials') }, tool_use_id: 't2' }));
  assert.equal(denied.hookSpecificOutput?.permissionDecision, 'deny');
  const args = { path: join(user.home, 'project', 'notes.txt') };
  assert.deepEqual(await posted(event('PreToolUse', { tool_name: 'mcp__filesystem__read_text_file', tool_input: args, tool_use_id: 't3' })), {});
  const read = await called('filesystem', 'read_text_file', args);
  assert.deepEqual(read, { text: 'buy milk\n', isError: false });
  const refused = await called('filesystem', 'read_text_file', { path: join(user.home, '.ssh', 'id_ed25519') });
  assert.ok(refused.isError);
  assert.match(refused.text, /^AVA-3020 /);
  assert.match((await called('My Memory', 'read_graph', {})).text, /entities/);
  const judged = await judgedAfter(height);
  assert.deepEqual(
    judged.map(({ name, verdict }) => `${name} ${verdict}`),
    ['Read allow', 'Read deny', 'read_text_file allow', 'read_text_file deny', 'read_graph allow'],
  );
  assert.equal(judged[2].session, judged[0].session, 'an announced call is judged in the session of the hook');
  assert.notEqual(judged[3].session, judged[0].session);

  const gone = await user.ok('disconnect');
  assert.match(gone, /as it was, byte for byte\n[\s\S]*as it was, byte for byte\n/);
  const now = user.files();
  assert.deepEqual(now, old);
  assert.ok(!existsSync(join(user.data, 'connect')));
  assert.match(await user.ok('disconnect'), /^Nothing is connected/);
});

interface Judged {
  readonly name: string;
  readonly verdict: string;
  readonly session: string;
}

/** The calls that were judged after this block. */
async function judgedAfter(height: number): Promise<Judged[]> {
  const client = new NodeClient(`http://127.0.0.1:${user.port}`);
  try {
    const head = (await client.health()).height;
    const judged: Judged[] = [];
    for (let at = height + 1; at <= head; at++) {
      for (const id of (await client.block(at)).receipts) {
        const { receipt, transaction } = await client.receipt(id);
        const { kind, name, session } = transaction.payload as { kind?: string; name?: string; session?: string };
        if (transaction.kind === 'decide' && kind === 'tool.call') judged.push({ name: name ?? '', verdict: receipt.verdict, session: session ?? '' });
      }
    }
    return judged;
  } finally {
    client.close();
  }
}

async function headOf(): Promise<number> {
  const client = new NodeClient(`http://127.0.0.1:${user.port}`);
  try {
    return (await client.health()).height;
  } finally {
    client.close();
  }
}

test('what the user changed meanwhile is kept', async () => {
  await user.ok('connect', 'claude-code');
  writeFileSync(user.settings, readFileSync(user.settings, 'utf8').replace('"permissions"', '"model":"opus","permissions"'));
  const text = readFileSync(user.servers, 'utf8').replace('"numStartups": 7', '"numStartups": 8');
  writeFileSync(user.servers, text);
  // connecting once more takes the new text for the old one
  assert.match(await user.ok('connect', 'claude-code'), /^connected already; /);
  assert.match(await user.ok('disconnect', 'claude-code'), /was changed since; only what AVA wrote is away, the rest is kept/);
  assert.equal(readFileSync(user.servers, 'utf8'), user.servers_text.replace('"numStartups": 7', '"numStartups": 8'));
  assert.equal(readFileSync(user.settings, 'utf8'), SETTINGS.replace('"permissions"', '"model":"opus","permissions"'));
  writeFileSync(user.servers, user.servers_text);
  writeFileSync(user.settings, SETTINGS);
});
