/**
 * The store: encode, append and fdatasync by batch; opening a log; tree work. `AVA_BENCH_DIR` names a folder on the
 * disk to be measured (a folder in memory has no sync to speak of).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Octets, ZERO32 } from '../src/base/bytes.ts';
import { hashLeaf } from '../src/crypto/hash.ts';
import { SparseTree } from '../src/merkle/sparse.ts';
import { Frontier, rootOf } from '../src/merkle/tree.ts';
import { RealDisk } from '../src/store/disk.ts';
import { FrameWriter } from '../src/store/frame.ts';
import { Log } from '../src/store/log.ts';
import { emit, quantile, rounded } from './figure.ts';

const ENTRY_BYTES = 300;
const SIDECAR_BYTES = 200;
const BATCH_SECONDS = 2;

const folder = mkdtempSync(join(process.env.AVA_BENCH_DIR ?? tmpdir(), 'ava-bench-'));
const now = (): number => performance.now();
const filled = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 1 + ((i * 31 + seed * 7) % 255));

async function appends(batch: number): Promise<void> {
  const log = await Log.open(new RealDisk(join(folder, `batch-${batch}`)));
  const writer = new FrameWriter(log.salt);
  const items = Array.from({ length: batch }, (_, i) => ({ entry: filled(ENTRY_BYTES, i), sidecar: filled(SIDECAR_BYTES, i), witness: null }));
  const fixed = { suite: 1, key_id: ZERO32, signature: filled(64, 1), header: filled(576, 1), items };
  const block = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const height = log.head + 1;
      log.append(writer.encode({ ...fixed, height, durable: height - 1 }), height, (fault) => (fault === null ? resolve() : reject(fault)));
    });
  for (let i = 0; i < 200; i++) await block();
  const times: number[] = [];
  const start = now();
  while (now() - start < BATCH_SECONDS * 1_000) {
    const before = now();
    await block();
    times.push(now() - before);
  }
  const seconds = (now() - start) / 1_000;
  times.sort((a, b) => a - b);
  emit({
    bench: 'store-append',
    unit: 'entries/s',
    value: Math.round((times.length * batch) / seconds),
    batch,
    p50_ms: rounded(quantile(times, 0.5)),
    p99_ms: rounded(quantile(times, 0.99)),
    entry_bytes: ENTRY_BYTES,
    sidecar_bytes: SIDECAR_BYTES,
  });
  await log.close();
}

async function opening(): Promise<void> {
  const disk = new RealDisk(join(folder, 'batch-256'));
  const bytes = disk.list().reduce((sum, name) => sum + disk.open(name, 'read').size, 0);
  const start = now();
  const log = await Log.open(disk);
  emit({ bench: 'store-open', unit: 'MiB/s', value: Math.round(bytes / 1_048_576 / ((now() - start) / 1_000)), blocks: log.head, entries: log.size });
  await log.close();
}

function encoding(): void {
  const writer = new FrameWriter('benchslt');
  const items = Array.from({ length: 128 }, (_, i) => ({ entry: filled(ENTRY_BYTES, i), sidecar: filled(SIDECAR_BYTES, i), witness: null }));
  const frame = { height: 9, durable: 8, suite: 1, key_id: ZERO32, signature: filled(64, 1), header: filled(576, 1), items };
  const rounds = 5_000;
  for (let i = 0; i < 500; i++) writer.encode(frame);
  const start = now();
  for (let i = 0; i < rounds; i++) writer.encode(frame);
  emit({ bench: 'store-encode', unit: 'µs/entry', value: rounded(((now() - start) * 1_000) / rounds / items.length), batch: items.length });
}

/** Microseconds of one call, after a warm-up. */
function perCall(calls: number, work: (i: number) => void): number {
  for (let i = 0; i < calls / 10; i++) work(i);
  const start = now();
  for (let i = 0; i < calls; i++) work(i);
  return rounded(((now() - start) * 1_000) / calls);
}

function trees(): void {
  const leaves: Octets[] = Array.from({ length: 20_000 }, (_, i) =>
    hashLeaf(
      filled(8, i)
        .with(0, i & 255)
        .with(1, i >>> 8),
    ),
  );
  const frontier = Frontier.empty();
  emit({ bench: 'merkle-frontier-append', unit: 'µs', value: perCall(20_000, (i) => frontier.append(leaves[i])) });
  emit({ bench: 'merkle-frontier-root', unit: 'µs', value: perCall(2_000, () => frontier.root()), size: frontier.size });
  const block = leaves.slice(0, 128);
  emit({ bench: 'merkle-root-of', unit: 'µs/leaf', value: rounded(perCall(300, () => rootOf(block)) / block.length), leaves: block.length });
  let tree = SparseTree.empty();
  for (const leaf of leaves) tree = tree.put(leaf, leaf);
  tree.root();
  emit({
    bench: 'merkle-sparse-put-root',
    unit: 'µs/put',
    value: rounded(
      perCall(200, (i) => {
        for (let n = 0; n < 10; n++) tree = tree.put(leaves[(i * 10 + n) % leaves.length], leaves[i]);
        tree.root();
      }) / 10,
    ),
    leaves: leaves.length,
  });
}

try {
  encoding();
  trees();
  for (const batch of [1, 16, 128, 256]) await appends(batch);
  await opening();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
