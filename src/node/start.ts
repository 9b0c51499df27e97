/** The composition root of one machine: ledger, sequencer, edge, HTTP. Functions that take options, no container. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../api/client.ts';
import { admittedOrigins, type Server, serve } from '../api/routes.ts';
import { makeBundle } from '../audit/bundle.ts';
import { GENESIS_NAME } from '../audit/fsck.ts';
import { interpreter } from '../connect/hook.ts';
import { lastSequence } from '../machine/state.ts';
import { parseTilePath } from '../merkle/tile.ts';
import { Edge } from '../sequencer/edge.ts';
import { ledgerLog } from '../sequencer/ledger-log.ts';
import { Solo } from '../sequencer/solo.ts';
import { Tiles } from '../store/tiles.ts';
import { WriteBehind } from './behind.ts';
import { loadConstitution } from './constitution.ts';
import { soloGenesis } from './genesis.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { Owner } from './owner.ts';
import { warmUp } from './warm.ts';

export interface NodeOptions {
  /** The data folder. */
  readonly dir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Origins of pages that may call (N-65). */
  readonly origins?: readonly string[];
  /** A pack's name or a folder; it counts only for a new data folder. */
  readonly constitution: string;
  /** Told of what went wrong beside a request; default: one line on stderr. */
  readonly report?: (message: string) => void;
  /** How long the path of a decision is warmed before the node is ready. */
  readonly warm_ms?: number;
}

export interface RunningNode {
  readonly url: string;
  readonly port: number;
  readonly ledger: Ledger;
  readonly sequencer: Solo;
  /** A client in this process: decisions and outcomes pass no socket. */
  client(): Client;
  /** Ends the service, makes all that was accepted durable, and frees the folder. */
  close(): Promise<void>;
}

const WARM_MS = 600;

/** @throws Fault port_in_use, and what `openLedger` and `loadConstitution` throw */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const report = options.report ?? ((message: string) => console.error(message));
  // Before the folder is touched: a setting that is wrong, a rule that does not compile leave nothing behind.
  admittedOrigins(options.origins ?? []);
  const constitution = existsSync(join(options.dir, GENESIS_NAME)) ? null : loadConstitution(options.constitution);
  const ledger = await openLedger(options.dir, (key) => soloGenesis(constitution ?? loadConstitution(options.constitution), key, Date.now()));
  const { law, state, log, key, genesis } = ledger;
  const [validator] = law.validators.values();
  const behind = new WriteBehind(ledger, (error) => report(`write-behind: ${error instanceof Error ? error.message : String(error)}`));
  const owner = new Owner({ network: law.network, principal: validator.principal, key, now: Date.now });
  const overran = (rule: string, took_ms: number): void => {
    report(`rule ${rule} took ${Math.round(took_ms)} ms, longer than it may: its breaker is tripped`);
    sequencer.submit(owner.trip(rule), (fault) => fault !== null && report(`the trip of rule ${rule}: ${fault.message}`));
  };
  const sequencer: Solo = new Solo({ state, log: ledgerLog(log, key), key, now: Date.now, writeBehind: behind.take, overran });
  const edge = new Edge(law.network, validator.principal, lastSequence(state, validator.principal));
  const tiles = new Tiles(log);
  if (ledger.store.dropped !== null) report(`the state store was dropped and is rebuilt from the ledger: ${ledger.store.dropped}`);
  warmUp(law, options.warm_ms ?? WARM_MS);
  const finish = async (): Promise<void> => {
    await sequencer.close();
    await behind.close();
    await log.close();
    await ledger.store.close();
    ledger.folder.release();
  };
  let server: Server;
  try {
    server = await serve(
      { host: options.host ?? '127.0.0.1', port: options.port, ...(options.origins !== undefined && { origins: options.origins }) },
      {
        sequencer,
        edge,
        log,
        bundle: (height, index) => makeBundle(genesis, log.read(height), index),
        checkpoint: () => ledger.folder.note(),
        hooks: interpreter(options.dir),
        tile: (path) => tiles.bytes(parseTilePath(path)),
        report,
      },
    );
  } catch (error) {
    await finish();
    throw error;
  }
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    port: server.port,
    ledger,
    sequencer,
    client: () => new Client(url, { posts: server.posts() }),
    async close() {
      await server.close();
      await finish();
    },
  };
}
