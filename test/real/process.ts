/** A real node in a process of its own, for the tests that kill, stop and start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '../../src/api/client.ts';

export const AVACTL = fileURLToPath(new URL('../../bin/avactl.mjs', import.meta.url));
const START_MS_MAX = 30_000;
const ANNOUNCED = /(http:\/\/127\.0\.0\.1:([0-9]+)) {2}process ([0-9]+)\n/;

export interface NodeOptions {
  readonly dir: string;
  readonly constitution: string;
  /** A free one where not given. */
  readonly port?: number;
  /** Arguments of node itself, before the program. */
  readonly node_args?: readonly string[];
  /** The whole command line within another. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A scratch folder; `remove` takes it away. */
export function scratch(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `ava-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again until `get` gives something. @throws after `max_ms` */
export async function eventually<T>(
  what: string,
  get: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  max_ms = 10_000,
): Promise<T> {
  const until = performance.now() + max_ms;
  for (;;) {
    const got = await get();
    if (got !== null && got !== undefined && got !== false) return got;
    if (performance.now() > until) throw new Error(`not within ${max_ms} ms: ${what}`);
    await pause(5);
  }
}

/** Nodes that run; none outlives the test that started it. */
const running = new Set<RealNode>();
process.on('exit', () => {
  for (const node of running) node.child.kill('SIGKILL');
});

/** Ends what a failed test has left. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((node) => node.kill()));
}

export class RealNode {
  readonly dir: string;
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  readonly spawned_ms = performance.now();
  out = '';
  err = '';
  private ended: Exit | null = null;
  private opened: Client | null = null;

  constructor({ dir, constitution, port = 0, node_args = [], wrap = (command) => command }: NodeOptions) {
    this.dir = dir;
    const [program, ...args] = wrap([process.execPath, ...node_args, AVACTL, 'up', '--data', dir, '--port', `${port}`, '--constitution', constitution]);
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    running.add(this);
    this.exit = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        running.delete(this);
        this.ended = { code, signal };
        resolve(this.ended);
      });
    });
  }

  /** Starts a node and waits until it answers. @throws with what it said when it does not */
  static async start(options: NodeOptions): Promise<RealNode> {
    const node = new RealNode(options);
    await node.ready();
    return node;
  }

  get running(): boolean {
    return this.ended === null;
  }

  /** Where it answers, once it has said so. */
  get url(): string {
    const match = ANNOUNCED.exec(this.out);
    if (match === null) throw new Error(`the node has not started: ${this.out}${this.err}`);
    return match[1];
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The node's own process, also where another command runs it. */
  get pid(): number {
    return Number(ANNOUNCED.exec(this.out)?.[3] ?? this.child.pid);
  }

  get client(): Client {
    this.opened ??= new Client(this.url);
    return this.opened;
  }

  /** True once it answers; false when it ended first. */
  async answers(): Promise<boolean> {
    await eventually('the node starts', () => ANNOUNCED.test(this.out) || !this.running, START_MS_MAX);
    return this.running && (await this.client.ready());
  }

  async ready(): Promise<void> {
    if (!(await this.answers())) throw new Error(`the node did not start: ${JSON.stringify(this.ended)} ${this.out}${this.err}`);
  }

  private async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.running) process.kill(this.pid, signal);
    const exit = await this.exit;
    this.opened?.close();
    this.opened = null;
    return exit;
  }

  /** SIGKILL, at once. */
  kill(): Promise<Exit> {
    return this.end('SIGKILL');
  }

  /** SIGTERM: a clean end. */
  stop(): Promise<Exit> {
    return this.end('SIGTERM');
  }
}
