/**
 * Opens a data folder as a living ledger: lock, genesis, key, log, state. The state store only saves time; whatever it
 * lacks is replayed from the log, and a restart comes out at the same header.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { GENESIS_NAME, originOf } from '../audit/fsck.ts';
import { beginReplay, replayFrame } from '../audit/replay.ts';
import { type Octets, octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { newSeed, type SigningKey, signingKey } from '../crypto/suite.ts';
import { type Law, lawOf } from '../law/law.ts';
import { decodeHeader, headerHash } from '../machine/block.ts';
import { restoreFacts, type State } from '../machine/state.ts';
import { noteVerifier } from '../merkle/note.ts';
import { Frontier } from '../merkle/tree.ts';
import { type Folder, openFolder, type Publisher } from '../store/folder.ts';
import { Log, type LogOptions } from '../store/log.ts';
import { StateStore } from '../store/state.ts';

const SEED_NAME = 'node.seed';
/** The key of the state store that holds the log's frontier; no fact has it. */
export const FRONTIER_KEY: Octets = '!log';

export interface Ledger {
  readonly folder: Folder;
  readonly genesis: Uint8Array;
  readonly law: Law;
  readonly key: SigningKey;
  readonly log: Log;
  readonly state: State;
  readonly store: StateStore;
  readonly publisher: Publisher;
  /** True when the folder was made by this start. */
  readonly created: boolean;
  /** Blocks replayed from the log at this start. */
  readonly replayed: number;
  /** What they wrote: the store has not had it, and needs it before anything later. */
  readonly behind: ReadonlyMap<Octets, Uint8Array | null>;
}

function nodeKey(folder: Folder): SigningKey {
  const path = folder.at(SEED_NAME);
  if (existsSync(path)) return signingKey(new Uint8Array(readFileSync(path)));
  const seed = newSeed();
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, seed);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return signingKey(seed);
}

/** A state from the store's snapshot where it fits this log, else the state before block 1. */
async function snapshot(law: Law, log: Log, store: StateStore): Promise<State> {
  const state = beginReplay(law);
  const kept = await store.load();
  if (kept === null || kept.height < 1 || kept.height > log.head) return state;
  const facts: [Octets, Uint8Array][] = [];
  let frontier: Frontier | null = null;
  for (const [keyBytes, bytes] of kept.entries) {
    const key = octets(keyBytes);
    if (key === FRONTIER_KEY) frontier = Frontier.decode(bytes);
    else facts.push([key, bytes]);
  }
  const header_bytes = log.read(kept.height).header;
  const header = decodeHeader(header_bytes);
  if (frontier === null || frontier.size !== header.log_size || frontier.root() !== header.log_root) return state;
  restoreFacts(state, facts);
  state.log = frontier;
  state.height = header.height;
  state.time_ms = header.time_ms;
  state.prev_hash = headerHash(header_bytes);
  state.facts_digest = header.facts_digest;
  return state;
}

/** What a folder without a ledger starts from. */
export type MakeGenesis = (key: SigningKey) => Uint8Array;

/**
 * @throws Fault data_locked, data_version, ledger_corrupt, ledger_behind, genesis_malformed, rule_*: nothing was written
 */
export async function openLedger(path: string, makeGenesis: MakeGenesis, options: Pick<LogOptions, 'segment_bytes'> = {}): Promise<Ledger> {
  const folder = await openFolder(path);
  try {
    const key = nodeKey(folder);
    const created = !existsSync(folder.at(GENESIS_NAME));
    if (created) await folder.replace(GENESIS_NAME, makeGenesis(key));
    const genesis = new Uint8Array(readFileSync(folder.at(GENESIS_NAME)));
    const law = lawOf(genesis);
    if (![...law.validators.values()].some((validator) => validator.key_id === key.id))
      throw new Fault('config', `the key in ${folder.at(SEED_NAME)} is not one that the genesis names`);
    const origin = originOf(law.network);
    const published = folder.published(noteVerifier(origin, key.public));
    const log = await Log.open(folder.log, { ...options, ...(published !== null && { trusted: { size: published.size } }) });
    const store = await StateStore.open(folder.state_path);
    const state = await snapshot(law, log, store);
    const from = state.height;
    // Replayed from the beginning: what the store holds is of no use, and must not mix with what comes.
    if (from === 0 && log.head > 0) await store.drop();
    const behind = new Map<Octets, Uint8Array | null>();
    for (const frame of log.frames(from + 1)) for (const [changed, bytes] of replayFrame(state, frame, false).writes) behind.set(changed, bytes);
    const publisher = folder.publisher(log, key, origin, published);
    return { folder, genesis, law, key, log, state, store, publisher, created, replayed: state.height - from, behind };
  } catch (error) {
    folder.release();
    throw error;
  }
}
