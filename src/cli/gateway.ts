/** `avactl gateway`: the servers of servers.json behind one address or one pipe. */
import { Client } from '../api/client.ts';
import { Fault } from '../base/fault.ts';
import { type GatewayOptions, gatewayOverHttp, gatewayOverStdio } from '../mcp/start.ts';
import { dataFolder, gatewayNodeUrl } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { VERSION } from './version.ts';

/** What the gateway's commands share; messages for people go to stderr, which the protocol leaves free. */
export function gatewayOptions(call: Call): GatewayOptions {
  const report = (message: string): void => void process.stderr.write(`avactl: ${message}\n`);
  return {
    data: dataFolder(call),
    node: new Client(gatewayNodeUrl(call)),
    agent: call.text('agent'),
    version: VERSION,
    report,
    said: (chunk) => void process.stderr.write(chunk),
  };
}

/** stdin and stdout are the protocol's; asked to end, this side closes as if the client had gone. */
export function stdioSides(call: Call): { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream } {
  call.signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  return { input: process.stdin, output: process.stdout };
}

export async function gateway(call: Call): Promise<number> {
  const options = gatewayOptions(call);
  if (call.given('stdio')) {
    if (call.given('port')) throw new Fault('usage', '--stdio and --port exclude each other');
    await gatewayOverStdio(options, stdioSides(call));
    return EXIT.ok;
  }
  const running = await gatewayOverHttp(call.count('port', 0, 65_535), options);
  const url = `http://127.0.0.1:${running.port}/mcp`;
  call.out.value({ url, pid: process.pid });
  call.out.line(`${call.out.paint('bold', `AVA ${VERSION} gateway`)}  ${url}  process ${process.pid}`);
  call.out.line(`all servers of servers.json at ${url}, each alone at ${url}/NAME; judged by the node at ${options.node.url.origin}`);
  await new Promise<void>((resolve) => (call.signal.aborted ? resolve() : call.signal.addEventListener('abort', () => resolve())));
  await running.close();
  return EXIT.ok;
}
