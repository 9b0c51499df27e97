/** The real `avactl`, as a user runs it: a process of its own, its output and its exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';
import { run } from '../../src/cli/main.ts';

const BIN = resolve(import.meta.dirname, '../../bin/avactl.mjs');
const RUN_MS_MAX = 60_000;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts it and hands over the process. */
export const start = (args: readonly string[], { env = {}, cwd }: RunOptions = {}): ChildProcess =>
  spawn(process.execPath, [BIN, ...args], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });

/** Runs it to its end. */
export function avactl(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = start(args, options);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
    const late = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
    child.on('error', fail);
    child.on('close', (code) => {
      clearTimeout(late);
      done({ code, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin ?? '');
  });
}

/** The same in this process: all of it but stdin, signals and the process's own end. Much faster. */
export async function here(args: readonly string[]): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const code = await run(
    args,
    { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) }, env: {} },
    new AbortController().signal,
  );
  return { code, stdout, stderr };
}

/** A server that is no AVA, on a free port of 127.0.0.1. */
export function stranger(): Promise<{ readonly port: number; readonly server: Server }> {
  return new Promise((done) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 418 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    server.listen(0, '127.0.0.1', () => done({ port: (server.address() as { port: number }).port, server }));
  });
}
