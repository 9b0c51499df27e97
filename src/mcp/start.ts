/** The gateway's ways in: one server behind stdio, or those of servers.json behind stdio or HTTP (spec/gateway.md). */
import type { Readable, Writable } from 'node:stream';
import { Client } from '../api/client.ts';
import { serveStdio } from './downstream-stdio.ts';
import { gatewayKey } from './gateway-key.ts';
import { ModernClient } from './modern-client.ts';
import { ModernPipe } from './modern-stdio.ts';
import { Pins } from './pin.ts';
import { Relay, type RelaySetup } from './relay.ts';
import type { Open } from './upstream.ts';
import { type Eras, openEither } from './upstream-either.ts';
import { openProgram, type Program } from './upstream-stdio.ts';

export interface GatewayOptions {
  /** The data folder: pins, the gateway's key. */
  readonly data: string;
  /** Where the node answers. */
  readonly node: string;
  /** The agent's name in the ledger; else what the client calls itself. */
  readonly agent: string | undefined;
  readonly version: string;
  /** Told of what went wrong beside a request. */
  readonly report: (message: string) => void;
  /** What the servers write to their stderr. */
  readonly said: (chunk: Buffer) => void;
}

export interface StdioSides {
  readonly input: Readable;
  readonly output: Writable;
}

/** One tool server behind stdio, its names unchanged. Resolves when the client has gone and the server has ended. */
export async function wrap(name: string, program: Program, options: GatewayOptions, sides: StdioSides): Promise<void> {
  const open: Open = (listener) => openProgram(program, listener, options.said);
  await serveOne([{ name, open }], options, sides);
}

/** Serves one client over stdio with these servers. */
async function serveOne(servers: RelaySetup['servers'], options: GatewayOptions, sides: StdioSides): Promise<void> {
  const { data, node: url, agent, version, report } = options;
  const node = new Client(url);
  const eras: Eras = new Map();
  const setup: RelaySetup = {
    servers: servers.map(({ name, open }) => ({ name, open: openEither(name, open, eras) })),
    alone: servers.length === 1,
    node,
    agent,
    version,
    pins: new Pins(data),
    report,
  };
  const relays: Relay[] = [new Relay(setup)];
  const modern = (send: ConstructorParameters<typeof ModernPipe>[0]): ModernPipe =>
    new ModernPipe(send, () => {
      return new ModernClient({
        principal: 'stdio',
        shared: false,
        key: gatewayKey(data),
        now: Date.now,
        open: (peer) => {
          const relay = new Relay(setup);
          relays.push(relay);
          relay.attach(peer);
          return relay.listener;
        },
      });
    });
  relays[0].attach(serveStdio({ ...sides, report }, relays[0].listener, modern));
  await relays[0].ended;
  await Promise.all(relays.map((relay) => relay.close()));
  node.close();
}
