/** `avactl wrap`: one MCP server behind the gateway, in place of the server itself. */
import { Fault } from '../base/fault.ts';
import { isServerName, serverNameOf } from '../mcp/names.ts';
import { wrap } from '../mcp/start.ts';
import { dataFolder, gatewayNodeUrl } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { VERSION } from './version.ts';

export async function wrapServer(call: Call): Promise<number> {
  const [command, ...args] = call.operands;
  const name = call.text('name') ?? serverNameOf(call.operands);
  if (!isServerName(name)) throw new Fault('usage', `--name has 1 to 32 of a-z 0-9 -, not \`${name}\``, { flag: 'name' });
  const report = (message: string): void => void process.stderr.write(`avactl: ${message}\n`);
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  call.signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  await wrap(
    name,
    { command, args, env },
    {
      data: dataFolder(call),
      node: gatewayNodeUrl(call),
      agent: call.text('agent'),
      version: VERSION,
      report,
      said: (chunk) => void process.stderr.write(chunk),
    },
    { input: process.stdin, output: process.stdout },
  );
  return EXIT.ok;
}
