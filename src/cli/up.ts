/** `avactl up`: a node in the foreground, or detached. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../api/client.ts';
import { FAULTS, Fault, type FaultContext, type FaultName } from '../base/fault.ts';
import { gatewayOverHttp, type RunningHttp } from '../mcp/start.ts';
import { isInForce } from '../node/constitution.ts';
import { type Notice, notifyApprovals } from '../node/notify.ts';
import { type RunningNode, startNode } from '../node/start.ts';
import { dataFolder, publishAddress, withdrawAddress } from './address.ts';
import type { Call } from './command.ts';
import { foundLines } from './detour.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { runningIn } from './running.ts';
import { day, duration, plain, plural } from './text.ts';
import { VERSION } from './version.ts';

const LOG_NAME = 'node.log';
/** Messages of the gateway that go into the log: a server of tools can make it speak, and the ledger shares the disk. */
const TOLD_MAX = 1_000;
const HOOK_FLAGS = ['webhook', 'webhook-secret'];
const SECRET_BYTES_MIN = 16;
const START_MS_MAX = 60_000;
/** How a reader of the first lines can call this program: after `npm start` in a checkout there is no `avactl` in the path. */
const AVACTL = process.env.npm_lifecycle_event === 'start' ? 'npm run -s avactl --' : 'avactl';

/** What a started node says of itself. */
interface Started {
  readonly url: string;
  readonly pid: number;
  readonly data: string;
  readonly created: boolean;
  readonly replayed: number;
  readonly height: number;
  readonly constitution: { readonly name: string; readonly version: number; readonly default: string };
  readonly rules: { readonly total: number; readonly floor: number; readonly enforced: number; readonly observed: number };
  /** The earliest end of observing, or null. */
  readonly observed_until_ms: number | null;
  /** Where MCP clients find the tool servers; null without --gateway. */
  readonly gateway: string | null;
  /** What --constitution named, where the folder keeps another law; else null. */
  readonly constitution_ignored: string | null;
}

type Message = { readonly started: Started } | { readonly fault: { readonly slug: string; readonly detail: string; readonly context: FaultContext } };

export async function up(call: Call): Promise<number> {
  const folder = dataFolder(call);
  const port = call.count('port', 0, 65_535);
  const constitution = call.given('constitution') ? call.text('constitution') : undefined;
  const gateway = call.given('gateway') ? call.count('gateway', 0, 65_535) : null;
  const hook = hookOf(call);
  if (call.given('detach')) return detached(call, folder);
  const toParent = process.send === undefined ? null : (message: Message): void => void process.send?.(message);
  try {
    const { started, close } = await start(folder, port, constitution, call.all('origin'), gateway);
    if (toParent === null) printStarted(call.out, started);
    else toParent({ started });
    if (process.connected) process.disconnect?.();
    const told = tellOfApprovals(call, started.url, hook);
    await ended(call.signal);
    await told;
    await close();
    if (toParent === null) call.out.line('Stopped; everything that was answered is durable.');
    return EXIT.ok;
  } catch (error) {
    if (toParent !== null && error instanceof Fault) toParent({ fault: { slug: error.slug, detail: error.message, context: error.context } });
    throw error;
  }
}

async function start(
  dir: string,
  port: number,
  asked: string | undefined,
  origins: readonly string[],
  gatewayPort: number | null,
): Promise<{ started: Started; close: () => Promise<void> }> {
  for (const wanted of [port, gatewayPort ?? 0]) await checkFree(wanted, dir);
  const report = (message: string): void => {
    const line = `${new Date().toISOString()} ${message}\n`;
    process.stderr.write(line);
    try {
      appendFileSync(join(dir, LOG_NAME), line, { mode: 0o600 });
    } catch {
      // told on stderr; a full disk is the ledger's to say
    }
  };
  const node = await startNode({ dir, port, constitution: asked ?? 'starter', report, origins });
  // A node in the background has nobody who reads its stderr.
  process.on('uncaughtExceptionMonitor', (error) => report(error.stack ?? error.message));
  const gateway = gatewayPort === null ? null : await gatewayIn(node, dir, gatewayPort, report);
  publishAddress(dir, node.url);
  const { law, created, replayed, state } = node.ledger;
  const modes = law.rules.map((rule) => (rule.mode === 'observe' && rule.until_ms !== 0 && rule.until_ms <= Date.now() ? 'enforce' : rule.mode));
  const ends = law.rules.flatMap((rule, i) => (modes[i] === 'observe' && rule.until_ms !== 0 ? [rule.until_ms] : []));
  const count = (mode: string): number => modes.filter((given) => given === mode).length;
  return {
    started: {
      url: node.url,
      gateway: gateway === null ? null : `http://127.0.0.1:${gateway.port}/mcp`,
      pid: process.pid,
      data: dir,
      created,
      replayed,
      height: state.height,
      constitution: { name: law.genesis.constitution.name, version: law.version, default: law.default },
      rules: { total: law.rules.length, floor: count('floor'), enforced: count('enforce'), observed: count('observe') },
      observed_until_ms: ends.length === 0 ? null : Math.min(...ends),
      constitution_ignored: created || asked === undefined || isInForce(asked, law.genesis.constitution) ? null : asked,
    },
    close: async () => {
      withdrawAddress(dir);
      try {
        await gateway?.close();
      } finally {
        await node.close();
      }
    },
  };
}

/** The gateway on its own port of this process (spec/gateway.md MG-152); where it cannot start, the node does not either. */
async function gatewayIn(node: RunningNode, data: string, port: number, report: (message: string) => void): Promise<RunningHttp> {
  let told = 0;
  const tell = (message: string): void => {
    told += 1;
    if (told <= TOLD_MAX) report(message);
    else process.stderr.write(`${message}\n`);
  };
  try {
    const said = (chunk: Buffer): void => void process.stderr.write(chunk);
    return await gatewayOverHttp(port, { data, node: node.client(), agent: undefined, version: VERSION, report: tell, said });
  } catch (error) {
    await node.close();
    throw error;
  }
}

interface Hook {
  readonly webhook: URL;
  readonly secret?: Uint8Array;
}

/** @throws Fault usage */
function hookOf(call: Call): Hook | null {
  const file = call.text('webhook-secret');
  const text = call.text('webhook');
  if (text === undefined) {
    if (file !== undefined) throw new Fault('usage', '--webhook-secret goes with --webhook', { flag: 'webhook-secret' });
    return null;
  }
  const webhook = URL.parse(text);
  if (webhook === null || !/^https?:$/.test(webhook.protocol))
    throw new Fault('usage', '--webhook is an address such as https://hooks.example.org/ava', { flag: 'webhook' });
  return file === undefined ? { webhook } : { webhook, secret: readSecret(file) };
}

/** The bytes of a file, without a line end at its end. @throws Fault usage */
function readSecret(path: string): Uint8Array {
  let text: Buffer;
  try {
    text = readFileSync(path);
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { path });
  }
  const end = text.at(-1) === 10 ? (text.at(-2) === 13 ? -2 : -1) : text.length;
  const secret = text.subarray(0, end);
  if (secret.length < SECRET_BYTES_MIN) throw new Fault('usage', `${path} has ${secret.length} bytes; a secret has at least ${SECRET_BYTES_MIN}`, { path });
  return secret;
}

/** Until the command ends: a line for each call that waits for a person, and the web hook. */
async function tellOfApprovals({ out, signal }: Call, url: string, hook: Hook | null): Promise<void> {
  const client = new Client(url);
  const report = (message: string): void => out.line(`${out.paint('yellow', 'NOTE')} ${plain(message)}`);
  const tell = ({ code, tool, rules, due_ms, page }: Notice): void =>
    out.line(
      `${out.paint('yellow', 'WAITS')} ${plain(tool)}: ${rules.map(({ title }) => plain(title)).join('; ')}  (${duration(due_ms - Date.now())}: ${AVACTL} approvals show ${code}, or ${page})`,
    );
  try {
    await notifyApprovals({ client, signal, tell, report, ...hook });
  } catch (error) {
    report(`approvals are told no more: ${error instanceof Error ? error.message : error}`);
  } finally {
    client.close();
  }
}

/** Looked at before the data folder is touched. @throws Fault port_in_use */
async function checkFree(port: number, folder: string): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES') return reject(new Fault('config', `port ${port} may not be opened by this user`, { port }));
      const pid = runningIn(folder);
      const running = pid === null ? '' : ` by process ${pid}: a node already runs on this data folder, and \`avactl down\` stops it`;
      reject(new Fault('port_in_use', `port ${port} is in use${running}`, { port, pid }));
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));

function printStarted(out: Output, started: Started): void {
  const { url, gateway, data, created, replayed, height, constitution, rules, observed_until_ms, constitution_ignored, pid } = started;
  out.value(started);
  const binding = `${rules.floor} floor and ${rules.enforced} other rules ${out.paint('green', 'ENFORCED')}`;
  const until = observed_until_ms === null ? '' : ` until ${day(observed_until_ms)}`;
  const observing = rules.observed === 0 ? '' : `, ${rules.observed} only ${out.paint('yellow', 'OBSERVED')}${until}`;
  out.line(`${out.paint('bold', `AVA ${VERSION}`)}  ${url}  process ${pid}`);
  if (gateway !== null) out.line(`gateway for MCP clients  ${gateway}, each server of servers.json alone at ${gateway}/NAME`);
  out.line(`data folder ${data} (${created ? 'new, owner key created' : `${plural(height, 'block')}${replayed > 0 ? `, ${replayed} replayed` : ''}`})`);
  out.line(`constitution "${constitution.name}" v${constitution.version}: ${binding}${observing}; where no rule objects: ${constitution.default}`);
  if (constitution_ignored !== null)
    out.line(
      `${out.paint('yellow', 'NOT IN FORCE')}: --constitution ${plain(constitution_ignored)} says something else. A data folder keeps the law of its first start; another law needs another --data folder.`,
    );
  const found = foundLines(
    { home: homedir(), project: null, env: process.env, platform: process.platform },
    data === join(homedir(), '.ava') ? '' : ` --data ${data}`,
  );
  for (const line of found) out.line(AVACTL === 'avactl' ? line : line.replace('avactl connect', `${AVACTL} connect`));
  if (found.length > 0) return;
  out.line('Nothing passes through AVA until an agent asks it. Try:');
  out.line(
    `  ${AVACTL} decide read_text_file --args '{"path":"/home/me/.ssh/id_ed25519"}'${Number(new URL(url).port) === 4100 ? '' : ` --port ${new URL(url).port}`}`,
  );
}

/** A node that outlives this command. Its first message says whether it started. */
async function detached(call: Call, folder: string): Promise<number> {
  const entry = process.argv[1];
  const law = call.given('constitution') ? ['--constitution', call.text('constitution') ?? 'starter'] : [];
  const args = [
    'up',
    '--data',
    folder,
    '--port',
    call.text('port') ?? '4100',
    ...law,
    ...(call.given('gateway') ? ['--gateway', call.text('gateway') ?? ''] : []),
    ...call.all('origin').flatMap((origin) => ['--origin', origin]),
    ...HOOK_FLAGS.flatMap((flag) => (call.given(flag) ? [`--${flag}`, call.text(flag) ?? ''] : [])),
  ];
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const message = await new Promise<Message>((resolve, reject) => {
    const late = setTimeout(() => reject(new Fault('internal', 'the node did not start in time')), START_MS_MAX);
    const done = (work: () => void): void => {
      clearTimeout(late);
      work();
    };
    child.once('message', (given) => done(() => resolve(given as Message)));
    child.once('exit', (code) => done(() => reject(new Fault('internal', `the node ended with code ${code} before it was ready`))));
    child.once('error', (error) => done(() => reject(new Fault('internal', error.message))));
  });
  if (child.connected) child.disconnect();
  child.unref();
  if ('fault' in message) {
    const { slug, detail, context } = message.fault;
    throw new Fault(slug in FAULTS ? (slug as FaultName) : 'internal', detail, context);
  }
  printStarted(call.out, message.started);
  call.out.line(`It goes on in the background; stop it with \`avactl down${call.given('data') ? ` --data ${folder}` : ''}\`.`);
  return EXIT.ok;
}
