/** The golden chain: 500 recorded blocks that every commit must make again, byte for byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beginReplay, replayFrame } from '../src/audit/replay.ts';
import { equal, type Octets, octets } from '../src/base/bytes.ts';
import { blob, decodeWith, encodeWith, type Field, hash32, list, record, u53 } from '../src/base/record.ts';
import { type Law, lawOf } from '../src/law/law.ts';
import { apply, commit } from '../src/machine/apply.ts';
import { decodeHeader, headerHash } from '../src/machine/block.ts';
import { decodeEntry } from '../src/machine/receipt.ts';
import type { State } from '../src/machine/state.ts';
import { decodeFrame, type Frame, FrameWriter } from '../src/store/frame.ts';
import { frameOfBlock } from './chain.ts';
import { Random } from './random.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SMALL_KEY, SMALL_PRINCIPAL } from './small-law.ts';
import { FactStore } from './snapshot.ts';
import { Workload } from './workload.ts';

export const GOLDEN_FOLDER = join(import.meta.dirname, '..', 'test', 'golden');
export const GOLDEN_BLOCKS = 500;
const SNAPSHOT_HEIGHT = 250;
const SALT = 'golden00';
const SEED = 20_261_124;

/** Stored facts at a height. */
interface Snapshot {
  readonly height: number;
  readonly prev_hash: Octets;
  readonly frontier: Uint8Array;
  readonly facts: readonly { readonly key: Octets; readonly value: Uint8Array }[];
}

const FACTS_MAX = 100_000;
const key: Field<Octets> = {
  write: (w, v) => w.octets(v),
  read: (r) => octets(r.bytesOf(64)),
};
export const snapshotField: Field<Snapshot> = record<Snapshot>('Snapshot', {
  height: u53,
  prev_hash: hash32,
  frontier: blob(4_096),
  facts: list(record<Snapshot['facts'][number]>('Fact', { key, value: blob(65_536) }), FACTS_MAX),
});

export interface Golden {
  readonly genesis: Uint8Array;
  readonly frames: readonly Frame[];
  readonly snapshot: Snapshot;
}

/** Makes a chain under this genesis: traffic with refusals, trips, halts, approvals, modes, jumps past permits, sessions and days. */
export function makeChain(genesis: Uint8Array): { readonly frames: readonly Uint8Array[]; readonly snapshot: Uint8Array } {
  const law = lawOf(genesis);
  const random = new Random(SEED);
  const state = beginReplay(law);
  const workload = new Workload(random, law.network, SMALL_PRINCIPAL, { rules: law.rules.map((rule) => rule.name), agents: 3, money: 25, key: SMALL_KEY });
  const writer = new FrameWriter(SALT);
  const store = new FactStore();
  const frames: Uint8Array[] = [];
  let snapshot: Uint8Array = new Uint8Array(0);
  let now_ms = law.genesis.time_ms;
  for (let height = 1; height <= GOLDEN_BLOCKS; height++) {
    now_ms += random.chance(0.03) ? random.pick([11 * MINUTE_MS, HOUR_MS, DAY_MS + HOUR_MS]) : random.below(20_000);
    const block = apply(
      state,
      now_ms,
      Array.from({ length: random.below(6) }, () => workload.next()),
    );
    commit(state, block);
    workload.tick(now_ms);
    for (const { transaction, receipt } of block.accepted) workload.learn(transaction, receipt);
    frames.push(new Uint8Array(writer.encode(frameOfBlock(block, SMALL_KEY))));
    if (height === SNAPSHOT_HEIGHT) {
      store.put(state);
      snapshot = encodeWith(snapshotField, {
        height,
        prev_hash: state.prev_hash,
        frontier: state.log.encode(),
        facts: [...store.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([fact, value]) => ({ key: fact, value })),
      });
    }
  }
  return { frames, snapshot };
}

/** Frames one after another, each after its length. */
export function packFrames(frames: readonly Uint8Array[]): Uint8Array {
  const out = Buffer.alloc(frames.reduce((sum, frame) => sum + 4 + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    at = out.writeUInt32BE(frame.length, at);
    out.set(frame, at);
    at += frame.length;
  }
  return out;
}

const unpacked = (name: string): Uint8Array => new Uint8Array(gunzipSync(readFileSync(join(GOLDEN_FOLDER, name))));

export function readGolden(): Golden {
  const chain = unpacked('chain.gz');
  const view = new DataView(chain.buffer);
  const frames: Frame[] = [];
  for (let at = 0; at < chain.length; ) {
    const length = view.getUint32(at);
    frames.push(decodeFrame(chain.subarray(at + 4, at + 4 + length), SALT));
    at += 4 + length;
  }
  return { genesis: unpacked('genesis.gz'), frames, snapshot: decodeWith(snapshotField, unpacked('snapshot.gz')) };
}

/** Makes the recorded blocks again from their transactions alone; the first height whose header differs, or 0. */
export function firstDifference(state: State, frames: readonly Frame[]): number {
  for (const frame of frames) {
    const transactions = frame.items.map((item) => decodeEntry(item.entry, state.network, item.sidecar).transaction);
    const block = apply(state, decodeHeader(frame.header).time_ms, transactions);
    if (!equal(block.header_bytes, frame.header)) return frame.height;
    commit(state, block);
  }
  return 0;
}

/** The state that the recorded snapshot gives. */
export function stateOf(law: Law, { snapshot, frames }: Golden): State {
  const store = new FactStore();
  store.set(
    snapshot.height,
    snapshot.facts.map(({ key: fact, value }) => [fact, value] as const),
    snapshot.frontier,
  );
  return store.restore(law, frames[snapshot.height - 1].header);
}

/** All four ways; a line for each that differs. */
export function checkGolden(golden: Golden): string[] {
  const law = lawOf(golden.genesis);
  const wrong: string[] = [];
  const difference = firstDifference(beginReplay(law), golden.frames);
  if (difference !== 0) wrong.push(`made again from genesis, block ${difference} has another header`);
  const later = firstDifference(stateOf(law, golden), golden.frames.slice(golden.snapshot.height));
  if (later !== 0) wrong.push(`made again from the snapshot, block ${later} has another header`);
  const state = beginReplay(law);
  try {
    for (const frame of golden.frames) {
      replayFrame(state, frame, true);
      if (state.height === golden.snapshot.height && state.prev_hash !== golden.snapshot.prev_hash) wrong.push('the snapshot is of another chain');
    }
  } catch (error) {
    wrong.push(`replay: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (wrong.length === 0 && state.prev_hash !== headerHash(golden.frames[golden.frames.length - 1].header)) wrong.push('the last header is another');
  return wrong;
}
