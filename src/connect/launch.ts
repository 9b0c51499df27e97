/**
 * The command lines that AVA writes into others' settings, and how it knows them again. They stand by themselves: absolute
 * paths of node and avactl, the data folder, the node's address where it is not the usual one.
 */
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';

export const PORT_USUAL = 4100;
const AVACTL_NAME = /(?:^|[\\/])avactl(?:\.mjs)?$/;
const SERVER_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const NAME_MAX = 32;
/** Seconds that a hook may take. */
export const HOOK_S_MAX = 30;

/** What every command line of this connection has. */
export interface Launch {
  readonly node: string;
  readonly avactl: string;
  /** The data folder. */
  readonly data: string;
  /** Where the node answers. */
  readonly port: number;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** The program that runs, as the one that settings will name. */
export const ownLaunch = (data: string, port: number): Launch => ({
  node: process.execPath,
  avactl: fileURLToPath(new URL('../../bin/avactl.mjs', import.meta.url)),
  data,
  port,
});

/** The name under which rules, pins and announcements know a server: a client's own may have any characters. */
export function wrapName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, NAME_MAX)
    .replace(/-+$/, '');
  return SERVER_NAME.test(plain) ? plain : 'server';
}

const address = ({ data, port }: Launch): string[] => ['--data', data, ...(port === PORT_USUAL ? [] : ['--url', `http://127.0.0.1:${port}`])];

/** A stdio server behind the gateway. */
export function wrapped(launch: Launch, name: string, { command, args }: ServerCommand): ServerCommand {
  return { command: launch.node, args: [launch.avactl, 'wrap', '--name', wrapName(name), ...address(launch), '--', command, ...args] };
}

export interface Unwrapped {
  readonly name: string;
  readonly data: string;
  readonly port: number;
  readonly server: ServerCommand;
}

/** The words of a wrapped server: what it is called, and what stands behind it; null for any other command. */
export function unwrapped(command: unknown, args: unknown): Unwrapped | null {
  if (typeof command !== 'string' || !Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) return null;
  const words = args as readonly string[];
  const at = AVACTL_NAME.test(words[0] ?? '') ? 1 : AVACTL_NAME.test(command) ? 0 : -1;
  const end = words.indexOf('--');
  if (at < 0 || words[at] !== 'wrap' || end < 0 || end + 1 >= words.length) return null;
  const flags = words.slice(at + 1, end);
  const valueOf = (flag: string): string => flags[flags.indexOf(flag) + 1] ?? '';
  if (!flags.includes('--name')) return null;
  return {
    name: valueOf('--name'),
    data: flags.includes('--data') ? valueOf('--data') : `${homedir()}/.ava`,
    port: flags.includes('--url') ? Number(URL.parse(valueOf('--url'))?.port ?? PORT_USUAL) : PORT_USUAL,
    server: { command: words[end + 1], args: words.slice(end + 2) },
  };
}

export const hookUrl = ({ port }: Launch, client: string, ask: boolean): string => `http://127.0.0.1:${port}/v1/hooks/${client}${ask ? '?ask' : ''}`;

/** A hook as a line for a shell. Whatever fails on the way blocks: a shell that cannot start node must not let the call run. */
export function hookLine(launch: Launch, client: string, ask: boolean): string {
  const words = [launch.node, launch.avactl, 'hook', client, ...address(launch), ...(ask ? ['--ask'] : [])];
  return process.platform === 'win32' ? words.map(quotedForCmd).join(' ') : `${words.map(quoted).join(' ')} || exit 2`;
}

const quoted = (word: string): string => (/^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
const quotedForCmd = (word: string): string => (/^[A-Za-z0-9_.\\/:=@+-]+$/.test(word) ? word : `"${word.replaceAll('"', '""')}"`);

const OWN_URL = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}\/v1\/hooks\/[a-z-]+(?:\?ask)?$/;
const OWN_LINE = /avactl(?:\.mjs)?['"]? hook [a-z-]+(?: |$)/;

/** Whether a hook of a client's settings is one of AVA's. */
export const isOwnHook = ({ url, command }: { readonly url?: unknown; readonly command?: unknown }): boolean =>
  typeof url === 'string' ? OWN_URL.test(url) : typeof command === 'string' && OWN_LINE.test(command);
