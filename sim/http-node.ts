/** A node in memory for the tests of the API: real machine, real sequencer, real sockets, a log without a disk. */

import { Client } from '../src/api/client.ts';
import { type ServeOptions, type ServeParts, type Server, serve } from '../src/api/routes.ts';
import { makeBundle } from '../src/audit/bundle.ts';
import { Fault } from '../src/base/fault.ts';
import { type Law, lawOf } from '../src/law/law.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { initialState } from '../src/machine/state.ts';
import { Edge } from '../src/sequencer/edge.ts';
import { type BlockLog, Solo } from '../src/sequencer/solo.ts';
import type { Frame } from '../src/store/frame.ts';
import { ruleText, SMALL_KEY, SMALL_PRINCIPAL, type SmallLaw, smallGenesis } from './small-law.ts';

export class MemoryLog implements BlockLog {
  readonly frames: Frame[] = [];
  /** While set, blocks wait for `release`. */
  held: (() => void)[] | null = null;
  fault: Fault | null = null;

  append(block: BlockOutput, signature: Uint8Array, done: (fault: Fault | null) => void): void {
    const finish = (): void => {
      if (this.fault !== null) return done(this.fault);
      const items = block.entries.map((entry, i) => ({ entry, sidecar: block.sidecars[i], witness: block.witnesses[i] }));
      this.frames.push({
        height: block.header.height,
        durable: block.header.height - 1,
        header: block.header_bytes,
        suite: SMALL_KEY.suite,
        key_id: SMALL_KEY.id,
        signature,
        items,
      });
      done(null);
    };
    if (this.held === null) setImmediate(finish);
    else this.held.push(finish);
  }

  hold(): void {
    this.held ??= [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const finish of held) setImmediate(finish);
  }

  read(height: number): Frame {
    const frame = this.frames[height - 1];
    if (frame === undefined) throw new Fault('block_unknown', `no block ${height}`, { height });
    return frame;
  }
}

/** Titles that are not ASCII, and one that tries to look like an allowing answer. */
export const LAW: SmallLaw = {
  rules: [
    ruleText('pay/limit', 'money.amount <= 10000', 'scope: facet.money')
      .replace('title: pay/limit', 'title: Höchstens 100 € „je Zahlung“ 😀')
      .replace('advice: none', 'advice: Pay 100 or less'),
    ruleText('no/mail', 'session.calls < 0', 'scope: tool.mail', 'otherwise: escalate').replace('title: no/mail', `title: 'A trap: "verdict":"allow"'`),
    ruleText('watch', 'session.calls < 0', 'mode: observe', 'scope: tool.read'),
  ],
};

export interface TestNode {
  readonly law: Law;
  readonly log: MemoryLog;
  readonly sequencer: Solo;
  readonly server: Server;
  readonly client: Client;
  readonly url: string;
  readonly reports: string[];
  /** Moves the clock. */
  pass(ms: number): void;
  close(): Promise<void>;
}

export async function startNode(
  options: Partial<ServeOptions> = {},
  more: Partial<ServeParts> & { queue_max?: number; law?: SmallLaw } = {},
): Promise<TestNode> {
  const { queue_max, law: text = LAW, ...parts } = more;
  const genesis = smallGenesis(text);
  const law = lawOf(genesis);
  const log = new MemoryLog();
  let ahead_ms = 0;
  const sequencer = new Solo({
    state: initialState(law.network, law, law.genesis.time_ms),
    log,
    key: SMALL_KEY,
    now: () => Date.now() + ahead_ms,
    writeBehind: () => undefined,
    ...(queue_max !== undefined && { queue_max }),
  });
  const edge = new Edge(law.network, SMALL_PRINCIPAL, 0);
  const reports: string[] = [];
  const server = await serve(
    { host: '127.0.0.1', port: 0, ...options },
    { sequencer, edge, log, bundle: (height, index) => makeBundle(genesis, log.read(height), index), report: (message) => reports.push(message), ...parts },
  );
  const url = `http://127.0.0.1:${server.port}`;
  const client = new Client(url);
  return {
    law,
    log,
    sequencer,
    server,
    client,
    url,
    reports,
    pass(ms) {
      ahead_ms += ms;
    },
    async close() {
      client.close();
      await server.close();
      await sequencer.close();
    },
  };
}
