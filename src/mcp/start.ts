/** The gateway's ways in: one server behind stdio, or those of servers.json behind stdio or HTTP (spec/gateway.md MG-10, MG-35). */
import type { Readable, Writable } from 'node:stream';
import type { Client } from '../api/client.ts';
import { openSpec } from './credentials.ts';
import { type Place, type RunningHttp, serveHttp } from './downstream-http.ts';
import { serveStdio } from './downstream-stdio.ts';
import { gatewayKey } from './gateway-key.ts';
import type { Message } from './message.ts';
import { ModernClient } from './modern-client.ts';
import { ModernHttp } from './modern-http.ts';
import { ModernPipe } from './modern-stdio.ts';
import type { Listener, Peer } from './peer.ts';
import { Pins } from './pin.ts';
import { Relay, type RelaySetup } from './relay.ts';
import { readServers } from './servers.ts';
import type { Open } from './upstream.ts';
import { type Eras, openEither } from './upstream-either.ts';
import { openHttp } from './upstream-http.ts';
import { openProgram, type Program } from './upstream-stdio.ts';

export type { RunningHttp } from './downstream-http.ts';

export interface GatewayOptions {
  /** The data folder: servers.json, pins, the gateway's key. */
  readonly data: string;
  /** Closed with the gateway. */
  readonly node: Client;
  /** The agent's name in the ledger; else what the client calls itself. */
  readonly agent: string | undefined;
  readonly version: string;
  /** Told of what went wrong beside a request. */
  readonly report: (message: string) => void;
  /** What the servers write to their stderr. */
  readonly said: (chunk: Buffer) => void;
}

/** The client that started this process. */
export interface StdioSides {
  readonly input: Readable;
  readonly output: Writable;
}

/** A server that `wrap` stands before: a program, or an address with the headers to send there. */
export type Wrapped = Program | { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Processes of servers that all sessions together may have. */
const PROCESSES_MAX = 256;

type Servers = RelaySetup['servers'];

/** One tool server behind stdio, its names unchanged. Resolves when the client has gone and the server has ended. */
export async function wrap(name: string, server: Wrapped, options: GatewayOptions, sides: StdioSides): Promise<void> {
  const open: Open = (listener) => ('url' in server ? openHttp(server, listener) : openProgram(server, listener, options.said));
  await new Gateway([{ name, open }], options).stdio(sides);
}

/** The servers of servers.json behind stdio. @throws Fault config */
export async function gatewayOverStdio(options: GatewayOptions, sides: StdioSides): Promise<void> {
  await new Gateway(serversOf(options), options).stdio(sides);
}

/** The servers of servers.json behind HTTP on loopback: all at /mcp, each alone at /mcp/NAME. @throws Fault config, port_in_use */
export function gatewayOverHttp(port: number, options: GatewayOptions): Promise<RunningHttp> {
  return new Gateway(serversOf(options), options).http(port);
}

const serversOf = ({ data, said }: GatewayOptions): Servers => [...readServers(data)].map(([name, spec]) => ({ name, open: openSpec(spec, data, said) }));

class Gateway {
  private readonly servers: Servers;
  private readonly options: GatewayOptions;
  private readonly pins: Pins;
  private readonly eras: Eras = new Map();
  private readonly relays = new Set<Relay>();

  constructor(servers: Servers, options: GatewayOptions) {
    this.servers = servers.map(({ name, open }) => ({ name, open: openEither(name, open, this.eras) }));
    this.options = options;
    this.pins = new Pins(options.data);
  }

  async stdio(sides: StdioSides): Promise<void> {
    const relay = this.relay(this.servers);
    const modern = (send: (message: Message) => boolean): ModernPipe =>
      new ModernPipe(send, () => new ModernClient({ ...this.modern(this.servers), principal: 'stdio', shared: false }));
    relay.attach(serveStdio({ ...sides, report: this.options.report }, relay.listener, modern));
    await relay.ended;
    await this.close();
  }

  async http(port: number): Promise<RunningHttp> {
    const places = new Map<string, Place>([['/mcp', this.place(this.servers)]]);
    for (const server of this.servers) places.set(`/mcp/${server.name}`, this.place([server]));
    const running = await serveHttp({
      host: '127.0.0.1',
      port,
      sessions_max: Math.max(1, Math.floor(PROCESSES_MAX / this.servers.length)),
      place: (path) => places.get(path) ?? null,
    });
    return {
      port: running.port,
      close: async () => {
        for (const { modern } of places.values()) modern.close();
        await running.close();
        await this.close();
      },
    };
  }

  private place(servers: Servers): Place {
    return { open: () => this.relay(servers), modern: new ModernHttp(this.modern(servers)) };
  }

  /** What serves clients of revision 2026-07-28 with these servers. */
  private modern(servers: Servers) {
    const open = (client: Peer): Listener => {
      const relay = this.relay(servers);
      relay.attach(client);
      return relay.listener;
    };
    return { key: gatewayKey(this.options.data), now: Date.now, open };
  }

  private relay(servers: Servers): Relay {
    const { node, agent, version, report } = this.options;
    const relay = new Relay({ servers, alone: servers.length === 1, node, agent, version, pins: this.pins, report });
    this.relays.add(relay);
    void relay.ended.then(() => this.relays.delete(relay));
    return relay;
  }

  private async close(): Promise<void> {
    await Promise.allSettled([...this.relays].map((relay) => relay.close()));
    this.options.node.close();
  }
}
