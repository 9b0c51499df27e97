/** Which node a command talks to, and which data folder it means. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Fault } from '../base/fault.ts';
import type { Call, Flag } from './command.ts';
import { runningIn } from './running.ts';

export const PORT_DEFAULT = 4100;
/** The file in a data folder that says where its node answers, while it runs. */
const ADDRESS_NAME = 'address';

export const DATA_FLAG: Flag = { name: 'data', value: 'DIR', default: '~/.ava', description: 'The data folder' };
export const PORT_FLAG: Flag = { name: 'port', value: 'PORT', default: String(PORT_DEFAULT), description: 'The port of the node on 127.0.0.1' };
export const URL_FLAG: Flag = { name: 'url', value: 'URL', description: 'The address of the node, in place of --port' };
/** Flags of commands that ask a node. */
export const NODE_FLAGS: readonly Flag[] = [{ ...DATA_FLAG, description: 'The data folder; while its node runs, it says at which port' }, PORT_FLAG, URL_FLAG];

/** The data folder as an absolute path. */
export function dataFolder(call: Call): string {
  const text = call.text('data') ?? '~/.ava';
  if (text === '') throw new Fault('usage', '--data needs a folder', { flag: 'data' });
  return text === '~' || text.startsWith('~/') ? join(homedir(), text.slice(1)) : resolve(text);
}

/** Told to the folder's other users once the node answers; taken away when it ends. */
export function publishAddress(folder: string, url: string): void {
  writeFileSync(join(folder, ADDRESS_NAME), `${url}\n`, { mode: 0o600 });
}

export function withdrawAddress(folder: string): void {
  rmSync(join(folder, ADDRESS_NAME), { force: true });
}

/** Where the node of this folder answers; null where none runs or it has not said. */
export function addressOf(folder: string): string | null {
  const path = join(folder, ADDRESS_NAME);
  if (!existsSync(path) || runningIn(folder) === null) return null;
  const text = readFileSync(path, 'utf8').trim();
  return /^http:\/\/[\w.:[\]-]+$/.test(text) ? text : null;
}

/** For commands whose --port is their own: --url, else what the data folder says, else the default port. @throws Fault usage */
export const gatewayNodeUrl = (call: Call): string => givenUrl(call) ?? addressOf(dataFolder(call)) ?? `http://127.0.0.1:${PORT_DEFAULT}`;

/** --url, else --port, else what the data folder says, else the default port. @throws Fault usage */
export function nodeUrl(call: Call): string {
  const given = givenUrl(call);
  if (given !== null) return given;
  if (!call.given('port')) {
    const said = addressOf(dataFolder(call));
    if (said !== null) return said;
  }
  return `http://127.0.0.1:${call.count('port', 1, 65_535)}`;
}

/** What --url says; null where it is not given. @throws Fault usage */
export function givenUrl(call: Call): string | null {
  const text = call.text('url');
  if (text !== undefined) {
    const url = URL.parse(text);
    if (
      url === null ||
      url.protocol !== 'http:' ||
      url.search !== '' ||
      url.hash !== '' ||
      url.username !== '' ||
      (url.pathname !== '/' && url.pathname !== '')
    )
      throw new Fault('usage', `--url is an address such as http://127.0.0.1:${PORT_DEFAULT}, not \`${text}\``, { flag: 'url' });
    return url.origin;
  }
  return null;
}
