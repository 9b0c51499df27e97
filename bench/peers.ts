/**
 * W1 beside the peers, in one run: for each round and number of connections AVA (durable and provable) and then each
 * peer, so that a busy minute hits all. The harness and its request set come from a folder beside the project
 * (AVA_PEERS, default ../shared/peers); its loader checks every answer and measures the HTTP floor in each round.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { emit, rounded } from './figure.ts';
import { startNodeProcess } from './node-process.ts';
import { PEERS_WORK } from './requests.ts';

interface Row {
  readonly peer: string;
  readonly mode?: string;
  readonly via?: string;
  readonly conns?: number;
  readonly n?: number;
  readonly per_s: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly wrong?: number;
  readonly failed?: number;
  readonly floor_per_s?: number;
  readonly cpu_us?: number;
}

const { values } = parseArgs({
  options: {
    conns: { type: 'string', default: '1,32,256' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'go-cel,opa' },
  },
});
const harness = process.env.AVA_PEERS ?? '../shared/peers';
const script = join(harness, 'bench.mjs');
if (!existsSync(script) || !existsSync(join(PEERS_WORK, 'bin', 'load'))) {
  console.error(`peers: left out: the harness is not set up (${script} and ${PEERS_WORK}/bin/load; run its setup.sh)`);
  process.exit(0);
}

function run(args: readonly string[]): Row[] {
  const out = execFileSync(process.execPath, [script, ...args, '--seconds', values.seconds, '--rounds', '1'], {
    env: { ...process.env, PEERS_WORK },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
    .filter((row) => row.per_s !== undefined && row.via !== 'in process');
}

const best = new Map<string, Row>();
const keep = (row: Row): void => {
  const key = `${row.peer}|${row.mode ?? ''}|${row.conns}`;
  const before = best.get(key);
  if (before === undefined || row.per_s > before.per_s) best.set(key, { ...row, wrong: Math.max(row.wrong ?? 0, before?.wrong ?? 0) });
};

const node = await startNodeProcess('peers');
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const conns of values.conns.split(',')) {
      const cpu_s = node.cpu_s();
      const own = run([
        '--url',
        `${node.url}/v1/decisions`,
        '--allow',
        '"verdict":"allow"',
        '--name',
        'ava',
        '--shape',
        'ava',
        '--mode',
        'durable and provable',
        '--conns',
        conns,
      ]);
      // sessions and one second of warming up are in the CPU time too: the figure is an upper bound
      for (const row of own)
        keep(row.peer === 'ava' ? { ...row, cpu_us: Math.round(((node.cpu_s() - cpu_s) * 1e6) / ((row.n ?? 1) * (1 + 1 / Number(values.seconds)))) } : row);
      for (const row of run(['--only', values.only, '--conns', conns])) keep(row);
    }
  }
} finally {
  await node.stop();
}

for (const row of [...best.values()].sort((a, b) => (a.conns ?? 0) - (b.conns ?? 0))) {
  const against = (peer: string, mode: string): Row | undefined => best.get(`${peer}|${mode}|${row.conns}`);
  const tessera = against('go-cel', 'tessera');
  const opa = against('opa', 'console');
  emit({
    bench: `W1/${row.peer}${row.mode === undefined ? '' : `/${row.mode}`}/${row.conns}`,
    unit: 'decisions/s',
    value: row.per_s,
    p50_ms: rounded(row.p50_us / 1000),
    p99_ms: rounded(row.p99_us / 1000),
    cpu_us: row.cpu_us,
    floor_per_s: row.floor_per_s,
    wrong: (row.wrong ?? 0) + (row.failed ?? 0),
    ...(row.peer === 'ava' &&
      tessera !== undefined && {
        x_tessera: rounded(row.per_s / tessera.per_s),
        p50_of_tessera: rounded(row.p50_us / tessera.p50_us),
        p99_of_tessera: rounded(row.p99_us / tessera.p99_us),
      }),
    ...(row.peer === 'ava' && opa !== undefined && { x_opa_console: rounded(row.per_s / opa.per_s) }),
  });
}
