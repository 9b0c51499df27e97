/**
 * Opens a data folder as a living ledger: lock, genesis, key, log, state. The state store only saves time; whatever it
 * lacks is replayed from the log, and a restart comes out at the same header.
 */
import { existsSync, readFileSync } from 'node:fs';
import { GENESIS_NAME, originOf } from '../audit/fsck.ts';
import { beginReplay, replayFrame } from '../audit/replay.ts';
import { hex, type Octets, octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { newSeed, type SigningKey } from '../crypto/suite.ts';
import { type Law, lawOf } from '../law/law.ts';
import { decodeHeader, headerHash } from '../machine/block.ts';
import { restoreFacts, type State } from '../machine/state.ts';
import { type Checkpoint, noteVerifier } from '../merkle/note.ts';
import { Frontier } from '../merkle/tree.ts';
import { type Folder, openFolder, type Publisher } from '../store/folder.ts';
import { Log, type LogOptions } from '../store/log.ts';
import { StateStore, type StoredState } from '../store/state.ts';
import { readKey, SEED_NAME } from './owner.ts';

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

/** The folder's key. A new one comes whole or not at all: a start that is killed leaves no half of it. */
async function nodeKey(folder: Folder, created: boolean): Promise<SigningKey> {
  if (created && !existsSync(folder.at(SEED_NAME))) await folder.replace(SEED_NAME, newSeed());
  return readKey(folder.path);
}

/** A state from the store's snapshot where it fits this log, else the state before block 1. */
function snapshot(law: Law, log: Log, kept: StoredState | null): State {
  const state = beginReplay(law);
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

/** F-19: the checkpoint has the root of one of the log's blocks, or it is of another history. */
function checkPublished(log: Log, published: Checkpoint | null): void {
  if (published === null || published.size === 0) return;
  const height = log.heightOfEntry(published.size - 1);
  const header = decodeHeader(log.read(height).header);
  if (header.log_size !== published.size || header.log_root !== published.root)
    throw new Fault('ledger_corrupt', `block ${height}: the published checkpoint of ${published.size} entries has another root`, { height });
}

/**
 * G-9: this version can judge these blocks again. Before anything is replayed, dropped or written.
 * @throws Fault schedule_unknown
 */
function checkSchedule(law: Law, log: Log): void {
  for (const height of log.head < log.first ? [] : new Set([log.first, log.head])) {
    const { schedule } = decodeHeader(log.read(height).header);
    if (schedule !== law.schedule)
      throw new Fault(
        'schedule_unknown',
        `block ${height} stands under schedule ${hex(schedule.slice(0, 8))}…, this version judges under ${hex(law.schedule.slice(0, 8))}…`,
        {
          height,
        },
      );
  }
}

/** What a folder without a ledger starts from. */
export type MakeGenesis = (key: SigningKey) => Uint8Array;

/**
 * @throws Fault data_locked, data_version, ledger_corrupt, ledger_behind, schedule_unknown, genesis_malformed, rule_*: nothing was written
 */
export async function openLedger(path: string, makeGenesis: MakeGenesis, options: Pick<LogOptions, 'segment_bytes'> = {}): Promise<Ledger> {
  const folder = await openFolder(path);
  try {
    const created = !existsSync(folder.at(GENESIS_NAME));
    if (created && folder.log.list().length > 0) throw new Fault('genesis_malformed', `${path} has a log and no ${GENESIS_NAME}`, { path });
    const key = await nodeKey(folder, created);
    if (created) await folder.replace(GENESIS_NAME, makeGenesis(key));
    const genesis = new Uint8Array(readFileSync(folder.at(GENESIS_NAME)));
    const law = lawOf(genesis);
    if (![...law.validators.values()].some((validator) => validator.key_id === key.id))
      throw new Fault('config', `the key in ${folder.at(SEED_NAME)} is not one that the genesis names`);
    const origin = originOf(law.network);
    const published = folder.published(noteVerifier(origin, key.public));
    const store = await StateStore.open(folder.state_path);
    const kept = await store.load();
    // F-19: the store follows durable blocks alone, so it too knows what the log must have
    const log = await Log.open(folder.log, { ...options, trusted: { size: published?.size ?? 0, height: kept?.height ?? 0 } });
    checkSchedule(law, log);
    checkPublished(log, published);
    const state = snapshot(law, log, kept);
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
