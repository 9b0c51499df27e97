/**
 * A server at an address, as settings name it, and the same behind a gateway of AVA: a command whose only word is the address.
 * Its headers go into the environment of that command, since others can read a command line.
 */
import { type Launch, unwrapped, wrapped } from './launch.ts';
import { isTable, type Table } from './settings.ts';

const HEADERS_VARIABLE = 'AVA_SERVER_HEADERS';
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'http', 'streamable-http', 'streamableHttp']);
const ADDRESS = /^https?:\/\//i;

/** The entry behind the gateway; null where the client itself must fill in something or signs in by itself. */
export function wrappedRemote(launch: Launch, name: string, entry: Table): Table | null {
  const { type, url, headers = {}, env, ...rest } = entry;
  if (typeof url !== 'string' || !ADDRESS.test(url) || !TYPES.has(type) || !isTable(headers)) return null;
  const values = Object.values(headers);
  if ([url, ...values].some((value) => typeof value !== 'string' || value.includes('${')) || 'oauth' in rest || 'headersHelper' in rest || 'auth' in rest)
    return null;
  const { command, args } = wrapped(launch, name, { command: url, args: [] });
  const variables = { ...(isTable(env) ? env : {}), ...(values.length > 0 && { [HEADERS_VARIABLE]: JSON.stringify(headers) }) };
  return { ...(type !== undefined && { type: 'stdio' }), command, args, ...(Object.keys(variables).length > 0 && { env: variables }), ...rest };
}

/** Whether a gateway's command stands for a server at an address. */
export function isRemote(entry: Table): boolean {
  const server = unwrapped(entry['command'], entry['args'])?.server;
  return server !== undefined && server.args.length === 0 && ADDRESS.test(server.command);
}

/** The entry as its owner had it, where the old file does not say. */
export function unwrappedRemote(entry: Table): Table {
  const { type, command, args, env, ...rest } = entry;
  const { [HEADERS_VARIABLE]: headers, ...variables } = isTable(env) ? env : {};
  return {
    ...(type !== undefined && { type: 'http' }),
    url: unwrapped(command, args)?.server.command,
    ...(typeof headers === 'string' && { headers: JSON.parse(headers) as unknown }),
    ...(Object.keys(variables).length > 0 && { env: variables }),
    ...rest,
  };
}
