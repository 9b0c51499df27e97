/** Real gateways and servers in processes of their own, for the tests that meet them as clients do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AVACTL, eventually } from '../real/process.ts';

const START_MS_MAX = 20_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Running {
  readonly url: string;
  /** What it wrote to stderr. */
  said(): string;
  stop(): Promise<void>;
}

/** Starts a program that prints its address, and waits for it. */
export async function started(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await eventually(
    `${args[0]} prints its address: ${err}`,
    () => /http:\/\/\S+/.exec(out)?.[0] ?? (child.exitCode !== null && Promise.reject(new Error(err))),
    START_MS_MAX,
  );
  return {
    url,
    said: () => err,
    async stop() {
      running.delete(child);
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** `avactl gateway` on a free port, in front of these servers. */
export function startGateway(data: string, servers: unknown, node: string): Promise<Running> {
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'servers.json'), JSON.stringify(servers));
  return started([AVACTL, 'gateway', '--data', data, '--port', '0', '--url', node]);
}

/** The command line of `avactl wrap` before a server. */
export const wrapArgs = (data: string, node: string, name: string, command: readonly string[]): string[] => [
  AVACTL,
  'wrap',
  '--name',
  name,
  '--data',
  data,
  '--url',
  node,
  '--',
  ...command,
];

/** The program of an installed package. */
export function programOf(name: string): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${name}/package.json`);
  const [program] = Object.values((require(manifest) as { bin: Record<string, string> }).bin);
  return join(dirname(manifest), program);
}

/** A constitution that allows, but for what the tests want refused or asked; its folder. */
export function writeLaw(folder: string, rules: Readonly<Record<string, string>>): string {
  mkdirSync(join(folder, 'rules'), { recursive: true });
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(folder, 'rules', `${name}.yaml`), text);
  const list = Object.keys(rules).map((name) => `rules/${name}.yaml`);
  writeFileSync(join(folder, 'tools.yaml'), 'map: test\ntools: []\n');
  writeFileSync(join(folder, 'constitution.yaml'), `constitution: test\nversion: 1\ndefault: allow\ntools: tools.yaml\nrules: [${list.join(', ')}]\n`);
  return folder;
}
