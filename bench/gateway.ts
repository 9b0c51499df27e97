/**
 * What the gateway adds to a call: one client, a node with a durable ledger and the starter's law in a process of its own,
 * the gateway in another, and the same real server direct and through it, call by call in turn so that a busy moment hits
 * both. Bar: p50 < 3 ms, p99 < 15 ms added. The floor in the same run: a decision and an outcome are each synced to disk, and so
 * are two bare writes of the same size to the same disk, between the same direct calls.
 */
import { spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { calibrate, REFERENCE_US } from './calibrate.ts';
import { emit, quantile, rounded } from './figure.ts';
import { type BenchClient, httpClient, stdioClient } from './mcp-client.ts';
import { freePort, type NodeProcess, startNodeProcess } from './node-process.ts';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '2000' } } });
const calls = Number(values.calls);
const WARM_CALLS = 300;
const START_MS_MAX = 20_000;
const FLOOR_CALLS = 300;
const BLOCK_BYTES = 2_048;
const avactl = fileURLToPath(new URL('../bin/avactl.mjs', import.meta.url));
const { resolve } = createRequire(import.meta.url);
const packaged = (name: string, file: string): string => join(resolve(`@modelcontextprotocol/${name}/package.json`), '..', file);
const EVERYTHING = packaged('server-everything', 'dist/index.js');

interface Work {
  readonly name: string;
  /** A folder on the ledger's disk. */
  readonly dir: string;
  readonly direct: BenchClient;
  readonly through: BenchClient;
  readonly tool: string;
  args(i: number): object;
  isRight(text: string, i: number): boolean;
}

/** What two bare synced writes take between two direct calls, at the median. */
async function floorOf({ dir, direct, tool, args }: Work): Promise<number> {
  const file = openSync(join(dir, 'floor'), 'w');
  const block = new Uint8Array(BLOCK_BYTES).fill(1);
  writeSync(file, new Uint8Array(FLOOR_CALLS * 2 * BLOCK_BYTES));
  fsyncSync(file);
  const times: number[] = [];
  for (let i = 0; i < FLOOR_CALLS; i++) {
    await direct.call(tool, args(i));
    let took = 0;
    for (const half of [0, 1]) {
      const begin = performance.now();
      writeSync(file, block, 0, BLOCK_BYTES, (2 * i + half) * BLOCK_BYTES);
      fdatasyncSync(file);
      took += performance.now() - begin;
      await direct.call(tool, args(i));
    }
    times.push(took);
  }
  closeSync(file);
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

async function measure(work: Work): Promise<void> {
  const { name, direct, through, tool, args, isRight } = work;
  const times: { direct: number[]; through: number[] } = { direct: [], through: [] };
  let wrong = 0;
  const before_us = calibrate();
  for (let i = 0; i < WARM_CALLS + calls; i++)
    for (const way of i % 2 === 0 ? (['direct', 'through'] as const) : (['through', 'direct'] as const)) {
      const begin = performance.now();
      const text = await (way === 'direct' ? direct : through).call(tool, args(i));
      const took = performance.now() - begin;
      if (!isRight(text, i)) wrong++;
      if (i >= WARM_CALLS) times[way].push(took);
    }
  const loop_us = (before_us + calibrate()) / 2;
  const sorted = { direct: times.direct.sort((a, b) => a - b), through: times.through.sort((a, b) => a - b) };
  const added = (q: number): number => quantile(sorted.through, q) - quantile(sorted.direct, q);
  emit({
    bench: `gateway/${name}`,
    unit: 'ms added, p50',
    value: rounded(added(0.5)),
    p99_added_ms: rounded(added(0.99)),
    direct_p50_ms: rounded(quantile(sorted.direct, 0.5)),
    direct_p99_ms: rounded(quantile(sorted.direct, 0.99)),
    through_p50_ms: rounded(quantile(sorted.through, 0.5)),
    through_p99_ms: rounded(quantile(sorted.through, 0.99)),
    calls,
    wrong,
    loop_us: rounded(loop_us),
    scaled_ms: rounded((added(0.5) * REFERENCE_US) / loop_us),
    floor_ms: rounded(await floorOf(work)),
  });
  direct.stop();
  through.stop();
}

const wrapped = (node: NodeProcess, name: string, program: readonly string[]): Promise<BenchClient> =>
  stdioClient(process.execPath, [avactl, 'wrap', '--name', name, '--data', join(node.dir, 'data'), '--url', node.url, '--', process.execPath, ...program]);

async function stdioFiles(node: NodeProcess): Promise<void> {
  const folder = join(node.dir, 'files');
  mkdirSync(folder);
  const text = 'The quick brown fox jumps over the lazy dog.\n'.repeat(40);
  writeFileSync(join(folder, 'note.txt'), text);
  const program = [packaged('server-filesystem', 'dist/index.js'), folder];
  await measure({
    name: 'stdio/filesystem',
    dir: node.dir,
    direct: await stdioClient(process.execPath, program),
    through: await wrapped(node, 'filesystem', program),
    tool: 'read_text_file',
    args: () => ({ path: join(folder, 'note.txt') }),
    isRight: (given) => given === text,
  });
}

const echo = { tool: 'echo', args: (i: number) => ({ message: `message ${i}` }), isRight: (text: string, i: number) => text.endsWith(`message ${i}`) };

async function stdioEcho(node: NodeProcess): Promise<void> {
  await measure({
    name: 'stdio/everything',
    dir: node.dir,
    direct: await stdioClient(process.execPath, [EVERYTHING, 'stdio']),
    through: await wrapped(node, 'everything', [EVERYTHING, 'stdio']),
    ...echo,
  });
}

/** Starts a program that listens on `port`; the function ends it. */
async function listening(args: readonly string[], port: number, env: Record<string, string> = {}): Promise<() => void> {
  const child = spawn(process.execPath, [...args], { stdio: 'ignore', env: { ...process.env, ...env } });
  const begin = performance.now();
  while (
    !(await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || performance.now() - begin > START_MS_MAX) throw new Error(`${args[0]} did not start`);
    await new Promise((done) => setTimeout(done, 20));
  }
  return () => void child.kill();
}

/** The real server over HTTP; `settle` puts it into a data folder's servers.json. */
async function everythingOverHttp() {
  const port = await freePort();
  const stop = await listening([EVERYTHING, 'streamableHttp'], port, { PORT: String(port) });
  const url = `http://127.0.0.1:${port}/mcp`;
  return { url, stop, settle: (data: string) => writeFileSync(join(data, 'servers.json'), JSON.stringify({ everything: { url } })) };
}

async function httpEcho(node: NodeProcess): Promise<void> {
  const data = join(node.dir, 'data');
  const server = await everythingOverHttp();
  server.settle(data);
  const gatewayPort = await freePort();
  const stopGateway = await listening([avactl, 'gateway', '--data', data, '--url', node.url, '--port', String(gatewayPort)], gatewayPort);
  await measure({
    name: 'http/everything',
    dir: node.dir,
    direct: await httpClient(server.url),
    through: await httpClient(`http://127.0.0.1:${gatewayPort}/mcp`),
    ...echo,
  });
  stopGateway();
  server.stop();
}

/** Node and gateway in one process: `avactl up --gateway`. */
async function httpWithin(): Promise<void> {
  const server = await everythingOverHttp();
  const gatewayPort = await freePort();
  const node = await startNodeProcess('starter', ['--gateway', String(gatewayPort)], (data) => {
    mkdirSync(data);
    server.settle(data);
  });
  await measure({
    name: 'http/within',
    dir: node.dir,
    direct: await httpClient(server.url),
    through: await httpClient(`http://127.0.0.1:${gatewayPort}/mcp`),
    ...echo,
  });
  await node.stop();
  server.stop();
}

const node = await startNodeProcess('starter');
try {
  await stdioFiles(node);
  await stdioEcho(node);
  await httpEcho(node);
} finally {
  await node.stop();
}
await httpWithin();
