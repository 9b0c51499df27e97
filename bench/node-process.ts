/** A real node in its own process, with a scratch data folder, for the benches that go through HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const START_MS_MAX = 20_000;
const CLOCK_TICKS = 100;

export interface NodeProcess {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** From spawn to the first answer of /ready. */
  readonly start_ms: number;
  /** CPU seconds used so far; NaN where /proc is not there. */
  cpu_s(): number;
  stop(): Promise<void>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function cpuOf(child: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
  } catch {
    return Number.NaN;
  }
}

/** Starts `avactl up` with this constitution and waits until it is ready. `prepare` may put files into the data folder. */
export async function startNodeProcess(
  constitution: string,
  args: readonly string[] = [],
  prepare: (data: string) => void = () => undefined,
): Promise<NodeProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'ava-bench-'));
  const port = await freePort();
  const entry = fileURLToPath(new URL('../bin/avactl.mjs', import.meta.url));
  prepare(join(dir, 'data'));
  const begin = performance.now();
  const child = spawn(process.execPath, [entry, 'up', '--data', join(dir, 'data'), '--port', `${port}`, '--constitution', constitution, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const ready = await fetch(`${url}/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || performance.now() - begin > START_MS_MAX) throw new Error('the node did not start');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const start_ms = performance.now() - begin;
  return {
    url,
    port,
    dir,
    start_ms,
    cpu_s: () => cpuOf(child),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
