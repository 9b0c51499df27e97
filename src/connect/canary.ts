/**
 * Proof that a connection holds: the commands and hooks that now stand in a client's settings are run as the client runs them,
 * with a call that the constitution's floor forbids. It names a file that does not exist, so that nothing is lost where it
 * is not refused.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { readSettings } from './file.ts';
import { readJson } from './json-settings.ts';
import { isRemote } from './remote.ts';
import { isTable, memberAt, ownHooks, type Place, type Program, type SettingsFile, serversOf, type Table } from './settings.ts';
import { readToml } from './toml-settings.ts';

export interface Tried {
  /** A server's name, or `hook`. */
  readonly what: string;
  /** `untried`: its own command does not start. */
  readonly came: 'refused' | 'passed' | 'untried';
  /** A server at an address. */
  readonly remote: boolean;
  /** From the call to its answer. */
  readonly ms: number;
  readonly detail: string;
}

/** How long a server may take to start: a package may have to be fetched first. */
const START_MS_MAX = 60_000;
const HOOK_MS_MAX = 30_000;
const SERVERS_AT_ONCE = 4;
const DETAIL_MAX = 300;
const READS = /(?:^|[_-])(?:read|get|view|open|cat|show)(?:[_-]|$)|^read/i;
const PATHS = ['path', 'file_path', 'filepath', 'filename', 'file'];
/** How every refusal of AVA begins. */
const REFUSED = /^AVA-302[01] /;

/** A path that the floor forbids, below the user's own folder of keys; nothing is there. */
const forbidden = (home: string): string => join(home, '.aws', `ava-canary-${randomBytes(4).toString('hex')}`, 'credentials');

/** Tries every wrapped server and every hook of the settings as they stand. */
export async function canary(program: Program, place: Place, files: readonly SettingsFile[]): Promise<readonly Tried[]> {
  const tries: (() => Promise<Tried>)[] = [];
  for (const file of files) {
    const read = readSettings(file.path);
    if (read === null) continue;
    const value = file.syntax === 'json' ? readJson(file.path, read.text).value : readToml(file.path, read.text);
    for (const { what, entry } of serversToTry(value, file)) tries.push(() => tryServer(what, entry, place));
    const hook = file.hooks === null ? null : hookOf(value);
    if (hook !== null) tries.push(() => tryHook(program, hook, place));
  }
  const tried: Tried[] = [];
  for (let at = 0; at < tries.length; at += SERVERS_AT_ONCE) tried.push(...(await Promise.all(tries.slice(at, at + SERVERS_AT_ONCE).map((one) => one()))));
  return tried;
}

function serversToTry(value: Table, file: SettingsFile): { readonly what: string; readonly entry: Table }[] {
  return serversOf(value, file.maps).flatMap(({ name, path, state }) => {
    const entry = memberAt(value, path);
    return state === 'wrapped' && isTable(entry) ? [{ what: name, entry }] : [];
  });
}

/** The hook that stands before tools, whichever event it is called by. */
function hookOf(value: Table): Table | null {
  for (const event of ['PreToolUse', 'beforeReadFile']) {
    const [hook] = ownHooks(value, event);
    if (hook !== undefined) return hook;
  }
  return null;
}

const line = (text: string): string => text.trim().split('\n')[0].slice(0, DETAIL_MAX);

async function tryServer(what: string, entry: Table, place: Place): Promise<Tried> {
  const { command, args, cwd } = entry as { readonly command: string; readonly args: readonly string[]; readonly cwd?: unknown };
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...definedOf(place.env), ...definedOf(entry['env']) },
    stderr: 'pipe',
    ...(typeof cwd === 'string' ? { cwd } : place.project !== null && { cwd: place.project }),
  });
  const remote = isRemote(entry);
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-4_096);
  });
  const client = new Client({ name: 'avactl-canary', version: '1' });
  try {
    await client.connect(transport, { timeout: START_MS_MAX });
    const { tools } = await client.listTools(undefined, { timeout: START_MS_MAX });
    const path = forbidden(place.home);
    const { name, member } = readerOf(tools);
    const from = performance.now();
    // an error of the protocol is an answer too: AVA may refuse what the server does not have
    const text = await client
      .callTool({ name, arguments: { [member]: path } }, undefined, { timeout: HOOK_MS_MAX })
      .then(({ content }) => textOf(content), messageOf);
    const ms = performance.now() - from;
    return { what, remote, came: REFUSED.test(text) ? 'refused' : 'passed', ms, detail: line(text) };
  } catch (error) {
    return { what, remote, came: 'untried', ms: 0, detail: line(said.trim().split('\n').at(-1) || messageOf(error)) };
  } finally {
    await client.close().catch(() => undefined);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message.replace(/^MCP error -?\d+: /, '') : String(error));

function textOf(content: unknown): string {
  const [first] = Array.isArray(content) ? (content as readonly { readonly text?: unknown }[]) : [];
  return typeof first?.text === 'string' ? first.text : '';
}

function definedOf(env: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(isTable(env) ? env : {}).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
}

interface Listed {
  readonly name: string;
  readonly inputSchema: { readonly properties?: unknown };
}

/** A tool that reads a file; where the server has none, one that it does not have: harmless whatever becomes of it. */
function readerOf(tools: readonly Listed[]): { readonly name: string; readonly member: string } {
  for (const { name, inputSchema } of tools) {
    const member = PATHS.find((path) => isTable(inputSchema.properties) && path in inputSchema.properties);
    if (member !== undefined && READS.test(name)) return { name, member };
  }
  return { name: 'read_file', member: 'path' };
}

/** Calls the hook as the program would, by its address or as its command. */
async function tryHook(program: Program, hook: Table, place: Place): Promise<Tried> {
  const file_path = forbidden(place.home);
  const common = { cwd: place.project ?? place.home, transcript_path: '', permission_mode: 'default' };
  const event =
    program.id === 'cursor'
      ? {
          conversation_id: 'avactl-canary',
          generation_id: 'canary',
          hook_event_name: 'beforeReadFile',
          file_path,
          content: '',
          attachments: [],
          workspace_roots: [common.cwd],
        }
      : {
          ...common,
          session_id: 'avactl-canary',
          hook_event_name: 'PreToolUse',
          ...(program.id === 'codex' ? { tool_name: 'Bash', tool_input: { command: `cat '${file_path}'` } } : { tool_name: 'Read', tool_input: { file_path } }),
          tool_use_id: `canary-${file_path.slice(-20)}`,
        };
  const from = performance.now();
  const text = typeof hook['url'] === 'string' ? await posted(hook['url'], event) : await ran(String(hook['command']), event, place);
  const ms = performance.now() - from;
  return { what: 'hook', remote: false, came: REFUSED.test(text) ? 'refused' : 'passed', ms, detail: line(text) };
}

/** The reason that the answer refuses with; '' where it does not. */
function reasonOf(json: string): string {
  try {
    const answer = JSON.parse(json) as {
      hookSpecificOutput?: { permissionDecision?: string; permissionDecisionReason?: string };
      permission?: string;
      agent_message?: string;
    };
    if (answer.hookSpecificOutput?.permissionDecision === 'deny') return answer.hookSpecificOutput.permissionDecisionReason ?? '';
    return answer.permission === 'deny' ? (answer.agent_message ?? '') : '';
  } catch {
    return '';
  }
}

async function posted(url: string, event: unknown): Promise<string> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(HOOK_MS_MAX),
    });
    return answer.ok ? reasonOf(await answer.text()) : line(await answer.text());
  } catch (error) {
    return `the hook does not answer: ${error instanceof Error ? error.message : ''}`;
  }
}

/** Exit 2 blocks, with the reason on stderr; what stands on stdout counts only with exit 0. */
function ran(command: string, event: unknown, place: Place): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, env: { ...place.env }, stdio: ['pipe', 'pipe', 'pipe'], timeout: HOOK_MS_MAX });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
    child.on('error', (error) => resolve(`the hook does not start: ${error.message}`));
    child.on('close', (code) => resolve(code === 2 ? stderr : code === 0 ? reasonOf(stdout) : `the hook ended with ${code}: ${stderr}`));
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(event));
  });
}
