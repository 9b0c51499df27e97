/** `avactl doctor`: what would keep a node from starting or being trusted on this machine, and what can act past AVA. */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from '../api/client.ts';
import type { RulesAnswer } from '../api/schema.ts';
import { openReadOnly } from '../audit/fsck.ts';
import { Fault } from '../base/fault.ts';
import { decodeHeader } from '../machine/block.ts';
import { loadConstitution } from '../node/constitution.ts';
import { DATA_VERSION, versionOf } from '../store/folder.ts';
import { dataFolder } from './address.ts';
import type { Call } from './command.ts';
import { detours } from './detour.ts';
import { EXIT } from './exit.ts';
import type { Finding } from './finding.ts';
import type { Colour } from './output.ts';
import { standingText } from './rules.ts';
import { runningIn } from './running.ts';
import { bytes, duration, moment, plain, plural } from './text.ts';

const NODE_MAJOR_MIN = 24;
const FREE_BYTES_MIN = 1_073_741_824;
const FSYNC_SLOW_MS = 50;
const FSYNC_ROUNDS = 5;
/** How long what has the port may take to say that it is AVA. */
const ANSWER_MS = 2_000;
const CLOCK_MIN_MS = Date.UTC(2026, 0, 1);
const CLOCK_SLACK_MS = 1_000;
const COLOURS: Readonly<Record<Finding['state'], Colour>> = { ok: 'green', info: 'cyan', warn: 'yellow', fail: 'red' };

export async function doctor(call: Call): Promise<number> {
  const { out } = call;
  const folder = dataFolder(call);
  const port = call.count('port', 1, 65_535);
  const findings: Finding[] = [checkNode(process.versions.node), ...checkFolder(folder), checkDisk(folder), checkSync(folder)];
  findings.push(...(await checkPort(port)), ...(await checkLaw(folder, call.given('constitution') ? call.text('constitution') : undefined)));
  findings.push(...detours({ home: homedir(), project: process.cwd(), env: process.env, platform: process.platform }));
  const failed = findings.filter(({ state }) => state === 'fail').length;
  const warned = findings.filter(({ state }) => state === 'warn').length;
  out.value({ ok: failed === 0, findings });
  for (const { check, state, detail, fix } of findings) {
    out.line(`${out.paint(COLOURS[state], state.padEnd(4))}  ${check.padEnd(13)}  ${plain(detail)}`);
    if (fix !== undefined) out.line(`${' '.repeat(21)}${out.paint('dim', `→ ${plain(fix)}`)}`);
  }
  out.line(failed > 0 ? out.paint('red', `${plural(failed, 'fault')}.`) : warned > 0 ? `No fault, ${plural(warned, 'warning')}.` : 'No fault.');
  return failed > 0 ? EXIT.config : EXIT.ok;
}

export function checkNode(version: string): Finding {
  const check = 'Node';
  if (Number(version.split('.')[0]) >= NODE_MAJOR_MIN) return { check, state: 'ok', detail: version };
  return { check, state: 'fail', detail: `${version}; ${NODE_MAJOR_MIN} or later is needed`, fix: `install Node ${NODE_MAJOR_MIN}` };
}

/** The nearest folder at or above `path` that exists. */
function existing(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function checkFolder(folder: string): Finding[] {
  const findings: Finding[] = [];
  const check = 'data folder';
  try {
    const version = versionOf(folder);
    if (version === null) findings.push({ check, state: 'info', detail: `${folder} is not there yet; \`avactl up\` makes it` });
    else if (version !== DATA_VERSION)
      findings.push({
        check,
        state: 'fail',
        detail: `${folder} has version ${version}, this AVA knows ${DATA_VERSION}`,
        fix: 'use the AVA that wrote it, or another folder with --data',
      });
    else findings.push({ check, state: 'ok', detail: `${folder}, version ${version}` });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    findings.push({ check, state: 'fail', detail: error.message, fix: error.next });
    return findings;
  }
  if (!existsSync(folder)) return findings;
  const pid = runningIn(folder);
  findings.push({ check: 'lock', state: 'ok', detail: pid === null ? 'free' : `held by process ${pid}: its node runs` });
  if (process.platform === 'win32') return findings;
  for (const name of ['', 'node.seed']) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const mode = statSync(path).mode & 0o777;
    const open = (mode & 0o077) !== 0;
    const what = name === '' ? 'folder mode' : 'key file';
    findings.push({
      check: what,
      state: open ? 'fail' : 'ok',
      detail: `mode ${mode.toString(8)}${open ? ': others of this machine can read it' : ''}`,
      ...(open && { fix: `chmod go-rwx ${path}` }),
    });
  }
  return findings;
}

function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existing(folder));
  const free = bavail * bsize;
  const check = 'disk';
  if (free >= FREE_BYTES_MIN) return { check, state: 'ok', detail: `${bytes(free)} free` };
  return { check, state: 'warn', detail: `${bytes(free)} free; when it is full, AVA denies everything`, fix: 'free some space' };
}

/** Whether a write can be made durable here, and how long that takes. Leaves nothing behind. */
function checkSync(folder: string): Finding {
  const path = join(existing(folder), `.avactl-doctor-${process.pid}`);
  const check = 'fsync';
  let file: number | null = null;
  try {
    file = openSync(path, 'wx', 0o600);
    const times: number[] = [];
    for (let i = 0; i < FSYNC_ROUNDS; i++) {
      writeSync(file, Buffer.alloc(4_096, i), 0, 4_096, 0);
      const from = performance.now();
      fsyncSync(file);
      times.push(performance.now() - from);
    }
    const middle = times.sort((a, b) => a - b)[FSYNC_ROUNDS >> 1];
    const detail = `works, ${middle < 10 ? middle.toFixed(2) : Math.round(middle)} ms`;
    if (middle > FSYNC_SLOW_MS)
      return { check, state: 'warn', detail: `${detail}: each lone decision waits for it`, fix: 'put the data folder on a faster disk' };
    return { check, state: 'ok', detail };
  } catch (error) {
    return {
      check,
      state: 'fail',
      detail: `a file in ${dirname(path)} cannot be written and synced: ${(error as NodeJS.ErrnoException).code}`,
      fix: 'make the folder writable, or choose another with --data',
    };
  } finally {
    if (file !== null) {
      closeSync(file);
      rmSync(path, { force: true });
    }
  }
}

async function checkPort(port: number): Promise<Finding[]> {
  const check = 'port';
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(null)));
  });
  if (error === null) return [{ check, state: 'ok', detail: `${port} is free` }];
  const client = new Client(`http://127.0.0.1:${port}`, { timeout_ms: ANSWER_MS });
  const health = await client.health().catch(() => null);
  const rules = health === null ? null : await client.rules().catch(() => null);
  client.close();
  if (health !== null)
    return [
      { check, state: 'ok', detail: `${port}: AVA ${health.version} answers there, block ${health.height}` },
      ...(rules?.rules ?? []).flatMap(stoppedRule),
    ];
  return [
    {
      check,
      state: 'fail',
      detail: `${port} cannot be opened (${error.code}), and what uses it is not AVA`,
      fix: 'stop that program, or choose another port with --port',
    },
  ];
}

/** A rule that does not run: what it is about gets its on_fault, or is denied. */
function stoppedRule(rule: RulesAnswer['rules'][number]): Finding[] {
  const text = standingText(rule);
  if (text === '') return [];
  const fix =
    rule.halt === undefined
      ? `find a decision with cause fault in \`avactl log\`, then \`avactl explain RECEIPT --trace\``
      : `\`avactl resume rule ${rule.rule}\` ends it`;
  return [{ check: 'rule', state: 'warn', detail: `${rule.rule}: ${text}`, fix }];
}

/** The law and the clock: of the folder where it has a ledger; and of the constitution that was named, or that `up` would take. */
async function checkLaw(folder: string, named: string | undefined): Promise<Finding[]> {
  const check = 'constitution';
  const clock = Date.now();
  const wrong = clock < CLOCK_MIN_MS;
  const findings: Finding[] = [];
  const clockFinding = (head_ms: number | null): Finding => {
    if (wrong) return { check: 'clock', state: 'fail', detail: `it says ${moment(clock)}`, fix: 'set the clock' };
    if (head_ms !== null && head_ms > clock + CLOCK_SLACK_MS)
      return {
        check: 'clock',
        state: 'warn',
        detail: `it is ${duration(head_ms - clock)} behind the last block`,
        fix: 'set the clock; until it has caught up, time stands still in the ledger',
      };
    return { check: 'clock', state: 'ok', detail: moment(clock) };
  };
  try {
    if (existsSync(join(folder, 'genesis.cbor'))) {
      const { law, log, checkpoint } = await openReadOnly(folder);
      try {
        const head = log.head >= log.first ? decodeHeader(log.read(log.head).header) : null;
        const { constitution } = law.genesis;
        findings.push({
          check,
          state: 'ok',
          detail: `${constitution.name} v${law.version} compiles: ${plural(law.rules.length, 'rule')}, ${plural(law.tools.map.entries.length, 'tool')}`,
        });
        findings.push({
          check: 'ledger',
          state: 'ok',
          detail: `${plural(head?.height ?? 0, 'block')}, ${plural(head?.log_size ?? 0, 'entry', 'entries')}${checkpoint === null ? '' : `, published ${checkpoint.size}`}; \`avactl verify ${folder}\` checks every byte`,
        });
        findings.push(clockFinding(head?.time_ms ?? null));
      } finally {
        await log.close();
      }
    } else findings.push(clockFinding(null));
    if (named !== undefined || !existsSync(join(folder, 'genesis.cbor'))) {
      const { name, version, rules } = loadConstitution(named ?? 'starter');
      findings.push({ check, state: 'ok', detail: `${name} v${version} compiles, and its rules pass their tests: ${plural(rules.length, 'rule')}` });
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    findings.push({ check, state: 'fail', detail: `${error.code} ${error.message}`, fix: error.next });
    if (!findings.some((finding) => finding.check === 'clock')) findings.push(clockFinding(null));
  }
  return findings;
}
