/** Replay (L-4) against changed frames: framed anew with a correct checksum, and where it can be, signed anew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOfBlock } from '../../sim/chain.ts';
import { Random } from '../../sim/random.ts';
import { DAY_MS, Desk, HOUR_MS, SMALL_KEY, SMALL_PRINCIPAL, SMALL_START_MS, smallGenesis } from '../../sim/small-law.ts';
import { Workload } from '../../sim/workload.ts';
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { BLOCK_TRANSACTIONS_MAX } from '../base/limit.ts';
import { sign, signingKey } from '../crypto/suite.ts';
import { lawOf } from '../law/law.ts';
import { apply, commit } from '../machine/apply.ts';
import { decodeHeader, encodeHeader, type Header, headerHash } from '../machine/block.ts';
import { initialState } from '../machine/state.ts';
import { loadConstitution } from '../node/constitution.ts';
import { decodeFrame, type Frame, FrameWriter } from '../store/frame.ts';
import { beginReplay, replayFrame } from './replay.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 18);
console.log(`seed ${SEED}`);

const law = lawOf(smallGenesis({}, { constitution: loadConstitution('starter') }));
const SALT = 'saltsalt';
const writer = new FrameWriter(SALT);
/** Through bytes, as from a disk. */
const framed = (frame: Frame): Frame => decodeFrame(new Uint8Array(writer.encode(frame)), SALT);

function chain(blocks: number, seed: number): Frame[] {
  const random = new Random(seed);
  const state = initialState(law.network, law, SMALL_START_MS);
  const workload = new Workload(random, law.network, SMALL_PRINCIPAL);
  const frames: Frame[] = [];
  let now_ms = SMALL_START_MS;
  for (let i = 0; i < blocks; i++) {
    now_ms += random.chance(0.15) ? random.below(2 * DAY_MS) : random.below(HOUR_MS);
    const block = apply(
      state,
      now_ms,
      Array.from({ length: random.below(8) }, () => workload.next()),
    );
    commit(state, block);
    for (const { transaction, receipt } of block.accepted) workload.learn(transaction, receipt);
    frames.push(framed(frameOfBlock(block, SMALL_KEY)));
  }
  return frames;
}

const refuses = (state: ReturnType<typeof beginReplay>, frame: Frame, what: string): void => {
  const before = { height: state.height, prev_hash: state.prev_hash, digest: state.facts_digest, facts: state.facts.size };
  assert.throws(
    () => replayFrame(state, frame, true),
    (error) => error instanceof Fault && error.slug === 'ledger_corrupt' && error.context['height'] === frame.height,
    what,
  );
  assert.deepEqual({ height: state.height, prev_hash: state.prev_hash, digest: state.facts_digest, facts: state.facts.size }, before, `${what}: nothing moved`);
};

test('a chain replays to the same headers, signed or not', () => {
  const frames = chain(60, SEED);
  for (const signed of [true, false]) {
    const state = beginReplay(law);
    for (const frame of frames) replayFrame(state, frame, signed);
    assert.equal(state.height, 60);
    assert.equal(state.prev_hash, headerHash(frames[59].header));
  }
});

test('every changed byte of a block is refused', () => {
  const random = new Random(SEED);
  const frames = chain(20, SEED + 1);
  const rich = frames.findIndex((frame) => frame.items.length >= 3 && frame.items.some((item) => item.sidecar !== null && item.witness !== null));
  assert.ok(rich >= 0);
  const state = beginReplay(law);
  for (const frame of frames.slice(0, rich)) replayFrame(state, frame, false);
  const frame = frames[rich];
  const flip = (bytes: Uint8Array, at: number): Uint8Array => {
    const other = bytes.slice();
    other[at] ^= 1 << random.below(8);
    return other;
  };
  let flips = 0;
  const each = (bytes: Uint8Array, build: (other: Uint8Array) => Partial<Frame>, what: string): void => {
    for (let at = 0; at < bytes.length; at++, flips++) refuses(state, framed({ ...frame, ...build(flip(bytes, at)) }), `${what}, byte ${at}`);
  };
  each(frame.header, (header) => ({ header }), 'header');
  each(frame.signature, (signature) => ({ signature }), 'signature');
  frame.items.forEach((item, i) => {
    for (const part of ['entry', 'sidecar', 'witness'] as const) {
      const bytes = item[part];
      if (bytes !== null) each(bytes, (other) => ({ items: frame.items.map((one, k) => (k === i ? { ...one, [part]: other } : one)) }), `${part} ${i}`);
    }
  });
  replayFrame(state, frame, true);
  console.log(`${flips} flips`);
});

test('what is not in the header is checked too', () => {
  const frames = chain(12, SEED + 2);
  const state = beginReplay(law);
  for (const frame of frames) {
    const changes: readonly [string, Partial<Frame>][] = [
      ['another key id', { key_id: 'k'.repeat(32) }],
      ['another suite', { suite: 2 }],
      ['no signature', { signature: new Uint8Array(0) }],
      ['a longer signature', { signature: new Uint8Array([...frame.signature, 0]) }],
      ['another last durable height', { durable: frame.height > 1 ? frame.height - 2 : 0, ...(frame.height === 1 && { height: 2 }) }],
      ['the next height', { height: frame.height + 1, durable: frame.height }],
      ['an entry less', { items: frame.items.slice(1) }],
      ['an entry twice', { items: [...frame.items, ...frame.items.slice(-1)] }],
      ['entries in another order', { items: [...frame.items].reverse() }],
      ['no sidecars', { items: frame.items.map((item) => ({ ...item, sidecar: null })) }],
      ['no witnesses', { items: frame.items.map((item) => ({ ...item, witness: null })) }],
      ['a witness everywhere', { items: frame.items.map((item) => ({ ...item, witness: item.witness ?? new Uint8Array([0xa0]) })) }],
    ];
    for (const [what, change] of changes) {
      const other = framed({ ...frame, ...change });
      const same = Buffer.compare(new Uint8Array(writer.encode(other)), writer.encode(frame)) === 0;
      if (!same) refuses(state, other, `block ${frame.height}: ${what}`);
    }
    replayFrame(state, frame, true);
  }
});

test('a header that the node itself signed wrongly is refused', () => {
  const frames = chain(12, SEED + 3);
  const state = beginReplay(law);
  const stranger = signingKey(new Uint8Array(32).fill(3));
  const other: Octets = 'o'.repeat(32);
  for (const frame of frames) {
    const header = decodeHeader(frame.header);
    const table: readonly Partial<Header>[] = [
      { network: other },
      { height: header.height + 1 },
      { time_ms: 0 },
      { prev_hash: other },
      { seal_ref: other },
      { validators_root: other },
      { rules_root: other },
      { state_root: other },
      { facts_digest: other },
      { entries_root: other },
      { log_size: header.log_size + 1 },
      { log_root: other },
      { outbox_root: other },
      { verdicts: [header.verdicts[0] + 1, header.verdicts[1], header.verdicts[2], header.verdicts[3]] },
      { gas_used: header.gas_used + 1 },
      { amendments_root: other },
      { schedule: other },
    ];
    for (const change of table) {
      const bytes = encodeHeader({ ...header, ...change });
      const signature = sign(SMALL_KEY, 'header', law.network, headerHash(bytes));
      refuses(state, framed({ ...frame, header: bytes, signature }), `block ${frame.height}: ${Object.keys(change)[0]}`);
    }
    refuses(state, framed({ ...frame, key_id: stranger.id, signature: sign(stranger, 'header', law.network, headerHash(frame.header)) }), 'a stranger signs');
    replayFrame(state, frame, true);
  }
});

test('frames of another network, gaps, repetitions', () => {
  const frames = chain(5, SEED + 4);
  const state = beginReplay(law);
  refuses(state, frames[1], 'a gap');
  replayFrame(state, frames[0], true);
  refuses(state, frames[0], 'again');
  const other = lawOf(smallGenesis({}, { label: 'other' }));
  assert.throws(() => replayFrame(beginReplay(other), frames[0], true), { slug: 'ledger_corrupt' });
});

test('K-2: a block of more transactions than a block takes is refused', () => {
  const desk = new Desk(law);
  const fill = (count: number): Frame =>
    framed(
      frameOfBlock(
        desk.block(() => {
          for (let i = 0; i < count; i++) desk.open(`agent ${i}`);
        }),
        SMALL_KEY,
      ),
    );
  const state = beginReplay(law);
  replayFrame(state, fill(BLOCK_TRANSACTIONS_MAX), true);
  refuses(state, fill(BLOCK_TRANSACTIONS_MAX + 1), 'one more');
});
