/** A tool server as a process of its own, spoken to over its stdin and stdout (spec/gateway.md MG-7). */
import { type ChildProcess, spawn } from 'node:child_process';
import { Fault } from '../base/fault.ts';
import { Endpoint } from './endpoint.ts';
import { readLines, writeLine } from './lines.ts';
import { type Message, writeMessage } from './message.ts';
import type { Listener, Peer } from './peer.ts';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** How long a server may take to end by itself, then after SIGTERM. */
const END_MS = 2_000;
/** Of what it says on stderr the last line is kept, to tell why it ended. */
const LAST_WORDS_MAX = 200;

/** Starts the program; resolves once it runs. `said` gets what it writes to stderr. @throws Fault upstream_failed */
export async function openProgram(program: Program, listener: Listener, said: (chunk: Buffer) => void): Promise<Peer> {
  const { command, args, env, cwd } = program;
  const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env, ...(cwd !== undefined && { cwd }), windowsHide: true });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Fault('upstream_failed', `\`${command}\` does not start: ${error.code ?? error.message}`)),
    );
  });
  // a signal that may not be sent, a pipe that breaks: the end of the process says what there is to say
  child.on('error', () => undefined);
  const { stdin, stdout, stderr } = child;
  stderr.on('error', () => undefined);
  let words = '';
  const send = (message: Message): boolean => {
    const text = writeMessage(message);
    return text !== null && writeLine(stdin, text);
  };
  const endpoint = new Endpoint({ send, close: () => ended(child) }, listener);
  stdin.on('error', () => undefined);
  stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('latin1')).slice(-LAST_WORDS_MAX * 2);
    said(chunk);
  });
  readLines(stdout, {
    message: (message) => endpoint.receive(message),
    bad(kind) {
      if (kind !== 'size') return;
      endpoint.end('the server sent a message past the limit');
      child.kill('SIGKILL');
    },
    end: () => undefined,
  });
  child.once('close', (code, signal) => endpoint.end(reasonOf(code, signal, words), { exit: signal ?? code }));
  return endpoint;
}

function reasonOf(code: number | null, signal: string | null, words: string): string {
  const last = words.trimEnd().split('\n').at(-1)?.trim() ?? '';
  const how = signal === null ? `with code ${code ?? 0}` : `by ${signal}`;
  const printable = last.replaceAll(/[^\x20-\x7e]/g, '').slice(0, LAST_WORDS_MAX);
  return `the server ended ${how}${printable === '' ? '' : `: ${printable}`}`;
}

/** MCP's way to end a server: close its stdin, then SIGTERM, then SIGKILL. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<boolean>((resolve) => child.once('close', () => resolve(true)));
  const within = (ms: number): Promise<boolean> => Promise.race([gone, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms).unref())]);
  child.stdin?.end();
  if (await within(END_MS)) return;
  child.kill('SIGTERM');
  if (await within(END_MS)) return;
  child.kill('SIGKILL');
  await within(END_MS);
}
