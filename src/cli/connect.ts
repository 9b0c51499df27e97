/** `avactl connect` and `avactl disconnect`: AVA before a client program, proved by a call that must be refused, and away again. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Client } from '../api/client.ts';
import { Fault } from '../base/fault.ts';
import { canary, type Tried } from '../connect/canary.ts';
import { apply, type Change, plan } from '../connect/connect.ts';
import { type Coverage, coverageOf, judgedOf } from '../connect/coverage.ts';
import { connectedClients, type Restored, restore } from '../connect/disconnect.ts';
import { isBefore, type Place, type Program, programNamed, versionOf } from '../connect/program.ts';
import { dataFolder, nodeUrl } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { plain, plural } from './text.ts';

/** Where the settings of this user are, and of a project where one is named. @throws Fault usage */
export function placeOf(call: Call, project = call.text('project')): Place {
  const folder = project === undefined ? null : resolve(project);
  if (folder !== null && !existsSync(folder)) throw new Fault('usage', `--project ${folder} is no folder`, { flag: 'project' });
  return { home: homedir(), project: folder, env: process.env, platform: process.platform };
}

export async function connect(call: Call): Promise<number> {
  const { out } = call;
  const program = programNamed(call.operands[0]);
  const place = placeOf(call);
  const data = dataFolder(call);
  const url = new URL(nodeUrl(call));
  const mcp_only = call.given('mcp-only');
  const version = checkVersion(program, place, mcp_only);
  const planned = (leave: ReadonlySet<string>): readonly Change[] =>
    plan(program, place, { data, port: Number(url.port || 80) }, { mcp_only, ask: call.given('ask'), leave });
  let changes = planned(new Set());
  if (call.given('dry-run')) return dryRun(out, program, changes);
  await checkNode(url.origin);
  apply(program, changes, data, Date.now());
  let tried = await proved(program, place, changes, data);
  const away = new Set(tried.filter(({ came, remote }) => remote && came === 'untried').map(({ what }) => what));
  if (away.size > 0) {
    // one that wants its user to sign in is of no use behind a gateway: it stays as it was
    restore(program, data);
    changes = planned(away);
    apply(program, changes, data, Date.now());
    tried = await proved(program, place, changes, data);
  }
  const coverage = coverageOf(program, place) as Coverage;
  out.value({
    client: program.id,
    version,
    files: changes.map(({ file, changed }) => ({ path: file.path, changed })),
    hooks: coverage.hooks,
    servers: coverage.servers,
    canary: tried,
    outside: program.outside,
    loopholes: coverage.loopholes,
  });
  printConnected(out, program, changes, tried, coverage);
  if (version === null && program.version !== null && !mcp_only)
    out.line(
      `${out.paint('yellow', 'note')}: the version of ${program.title} is not known here; one before ${program.version.least} ${program.version.fails}.`,
    );
  return EXIT.ok;
}

/** @throws Fault client_too_old, config when hooks would not run */
function checkVersion(program: Program, place: Place, mcp_only: boolean): string | null {
  const version = versionOf(program, place.env);
  if (mcp_only || program.version === null) return version;
  const { least, fails } = program.version;
  if (version !== null && isBefore(version, least))
    throw new Fault('client_too_old', `${program.title} ${version} ${fails}; ${least} does not`, { client: program.id, version, least });
  const off = program.loopholes(place).find(({ disarms, later }) => disarms && later !== true);
  if (off !== undefined) throw new Fault('config', `${off.path} has ${off.what}: take it away, or connect with --mcp-only`, { path: off.path });
  return version;
}

/** @throws Fault unreachable */
async function checkNode(url: string): Promise<void> {
  const client = new Client(url);
  try {
    await client.health();
  } finally {
    client.close();
  }
}

/** Runs the canary; where it gets through, or nothing could be tried, the old settings come back. @throws Fault canary_passed */
async function proved(program: Program, place: Place, changes: readonly Change[], data: string): Promise<readonly Tried[]> {
  const files = changes.map(({ file }) => file);
  let tried: readonly Tried[];
  try {
    tried = await canary(program, place, files);
  } catch (error) {
    restore(program, data);
    throw error;
  }
  const passed = tried.find(({ came }) => came === 'passed');
  if (passed === undefined && (tried.length === 0 || tried.some(({ came }) => came === 'refused'))) return tried;
  restore(program, data);
  if (passed !== undefined)
    throw new Fault('canary_passed', `${passed.what}: a call that must be refused was not: ${plain(passed.detail)}`, { client: program.id, what: passed.what });
  throw new Fault('canary_passed', `nothing could be tried: ${tried.map(({ what, detail }) => `${what}: ${plain(detail)}`).join('; ')}`, {
    client: program.id,
  });
}

function dryRun(out: Output, program: Program, changes: readonly Change[]): number {
  const files = changes.map(({ file, read, servers, changed }) => ({
    path: file.path,
    would: changed ? (read === null ? 'be made' : 'change') : 'stay as it is',
    wrap: servers.filter(({ state }) => state === 'wrapped').map(({ name }) => name),
    leave: servers.filter(({ state }) => state !== 'wrapped').map(({ name, state }) => ({ name, state })),
    hooks: file.hooks?.events ?? [],
  }));
  out.value({ client: program.id, dry_run: true, files });
  for (const { path, would, wrap, leave, hooks } of files) {
    out.line(`${plain(path)} would ${would}`);
    if (wrap.length > 0) out.line(`  through AVA: ${plain(wrap.join(' '))}`);
    for (const { name, state } of leave) out.line(`  as it is: ${plain(name)} (${state === 'remote' ? 'answers at a URL' : 'has no command'})`);
    if (hooks.length > 0) out.line(`  hooks: ${hooks.join(' ')}`);
  }
  out.line('Nothing was written.');
  return EXIT.ok;
}

function printConnected(out: Output, program: Program, changes: readonly Change[], tried: readonly Tried[], coverage: Coverage): void {
  const wrapped = coverage.servers.filter(({ state }) => state === 'wrapped').map(({ name }) => name);
  const events = changes.flatMap(({ file }) => file.hooks?.events ?? []);
  const parts = [
    changes.some(({ changed }) => changed) ? 'old settings saved' : 'connected already',
    ...(wrapped.length > 0 ? [`wrapped ${plain(wrapped.join(' '))}`] : []),
    ...(events.length > 0 ? [`${plural(events.length, 'hook')} (on failure: block)`] : []),
  ];
  out.line(parts.join('; '));
  const [refused] = tried.filter(({ came }) => came === 'refused').sort((a, b) => a.ms - b.ms);
  const share = `coverage ${judgedOf(coverage)}/${coverage.servers.length}`;
  if (refused === undefined) out.line(`${out.paint('yellow', 'nothing to try')}: no server, no hook   ${share}   undo: avactl disconnect`);
  else
    out.line(
      `canary: a call that must be refused ${out.paint('green', 'WAS refused')}, ${Math.max(1, Math.round(refused.ms))} ms (${tried.filter(({ came }) => came === 'refused').length} of ${tried.length} tried)   ${share}   undo: avactl disconnect`,
    );
  for (const { what, came, detail } of tried)
    if (came === 'untried') out.line(`${out.paint('yellow', 'not tried')}: ${plain(what)} does not start: ${plain(detail)}`);
  for (const { name, by, state } of coverage.servers)
    if (by !== 'gateway')
      out.line(
        `${plain(name)} ${state === 'remote' ? 'answers at a URL' : 'runs'} past the gateway: ${by === 'hook' ? 'its calls are judged by the hook' : out.paint('yellow', 'NOT judged')}`,
      );
  for (const { path, what } of coverage.loopholes) out.line(`${out.paint('yellow', 'note')}: ${plain(path)} has ${plain(what)}`);
  out.line(`outside AVA: ${program.outside.join('; ')}`);
  out.line(`Now: ${program.afterwards}.`);
}

const HOW: Readonly<Record<Restored['how'], string>> = {
  restored: 'as it was, byte for byte',
  undone: 'was changed since; only what AVA wrote is away, the rest is kept',
  removed: 'is gone again: AVA had made it',
  gone: 'was taken away since; left so',
};

export async function disconnect(call: Call): Promise<number> {
  const { out } = call;
  const data = dataFolder(call);
  const [named] = call.operands;
  const clients = named === undefined ? connectedClients(data) : [programNamed(named).id];
  const files: (Restored & { readonly client: string })[] = [];
  for (const client of clients) {
    const restored = restore(programNamed(client), data);
    if (restored === null) throw new Fault('config', `${client} is not connected with ${data}`, { client });
    files.push(...restored.map((one) => ({ client, ...one })));
  }
  out.value({ disconnected: clients, files });
  if (clients.length === 0) out.line(`Nothing is connected with ${data}.`);
  for (const { path, how } of files) out.line(`${plain(path)} ${HOW[how]}`);
  for (const client of clients) out.line(`${programNamed(client).title} works without AVA again: restart it where it runs.`);
  return EXIT.ok;
}
