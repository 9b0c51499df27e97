/** `avactl wrap`: one MCP server behind the gateway, in place of the server itself. */
import { Fault } from '../base/fault.ts';
import { isServerName, serverNameOf } from '../mcp/names.ts';
import { type Wrapped, wrap } from '../mcp/start.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { gatewayOptions, stdioSides } from './gateway.ts';

/** A JSON object of texts: headers for a server at an address. Not on the command line, which others can read. */
const HEADERS_VARIABLE = 'AVA_SERVER_HEADERS';

export async function wrapServer(call: Call): Promise<number> {
  const name = call.text('name') ?? serverNameOf(call.operands);
  if (!isServerName(name)) throw new Fault('usage', `--name has 1 to 32 of a-z 0-9 -, not \`${name}\``, { flag: 'name' });
  await wrap(name, wrapped(call.operands), gatewayOptions(call), stdioSides(call));
  return EXIT.ok;
}

function wrapped([command, ...args]: readonly string[]): Wrapped {
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  return args.length === 0 && /^https?:\/\//i.test(command) ? { url: command, headers: headersOf(env[HEADERS_VARIABLE]) } : { command, args, env };
}

/** @throws Fault config */
function headersOf(text: string | undefined): Record<string, string> {
  const bad = new Fault('config', `${HEADERS_VARIABLE} is not a JSON object of texts`);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    throw bad;
  }
  if (typeof value !== 'object' || value === null || !Object.values(value).every((header) => typeof header === 'string')) throw bad;
  return value as Record<string, string>;
}
