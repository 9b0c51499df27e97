import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyFrame } from '../../sim/frames.ts';
import { Random } from '../../sim/random.ts';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { hashLeaf } from '../crypto/hash.ts';
import { nodesOf, rootAt, verifyConsistency, verifyInclusion } from '../merkle/proof.ts';
import { decodeBundle, decodeTile, ENTRIES, TILE_WIDTH, tilesOf } from '../merkle/tile.ts';
import type { Frame } from './frame.ts';
import { type TiledLog, Tiles } from './tiles.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);
const random = new Random(SEED);

/** Blocks in memory; log.test.ts shows that the log's own index answers alike. */
class Blocks implements TiledLog {
  readonly first = 1;
  readonly entries: Uint8Array[] = [];
  private readonly starts: number[] = [];

  grow(blocks: number): void {
    for (let i = 0; i < blocks; i++) {
      this.starts.push(this.entries.length);
      for (let n = random.below(60); n > 0; n--) this.entries.push(utf8(`entry ${this.entries.length}`));
    }
  }

  get size(): number {
    return this.entries.length;
  }

  entriesBefore(height: number): number {
    return this.starts[height - 1] ?? this.size;
  }

  heightOfEntry(index: number): number {
    let height = this.starts.length;
    while (this.starts[height - 1] > index) height -= 1;
    while (this.starts[height] === this.starts[height - 1]) height += 1;
    return height;
  }

  read(height: number): Frame {
    const items = this.entries.slice(this.entriesBefore(height), this.entriesBefore(height + 1)).map((entry) => ({ entry, sidecar: null, witness: null }));
    return { ...emptyFrame(height), items };
  }
}

test('every tile and bundle is what the tree says, as the log grows', async () => {
  const log = new Blocks();
  const tiles = new Tiles(log);
  assert.equal(await tiles.bytes({ level: 0, index: 0, width: 1 }), null);
  for (let round = 0; round < 4; round++) {
    log.grow(200);
    const { size } = log;
    const leaves = log.entries.map(hashLeaf);
    const nodes = nodesOf(leaves);
    for (let level = 0; level < 3; level++) {
      for (const tile of tilesOf(level, size)) {
        const bytes = await tiles.bytes(tile);
        assert(bytes !== null);
        assert.deepEqual(
          decodeTile(bytes, tile.width),
          Array.from({ length: tile.width }, (_, i) => nodes(8 * level, tile.index * TILE_WIDTH + i)),
        );
        if (level > 0) continue;
        const bundle = await tiles.bytes({ ...tile, level: ENTRIES });
        assert(bundle !== null);
        assert.deepEqual(decodeBundle(bundle, tile.width), log.entries.slice(tile.index * TILE_WIDTH, tile.index * TILE_WIDTH + tile.width));
      }
    }
    assert.equal(await tiles.bytes({ level: 0, index: Math.floor(size / TILE_WIDTH), width: (size % TILE_WIDTH) + 1 }), null);
    assert.equal(await tiles.bytes({ level: 3, index: 0, width: 1 }), null);
    for (let i = 0; i < 40; i++) {
      const at = 1 + random.below(size);
      const index = random.below(at);
      const root = rootAt(nodes, at);
      assert.equal(await tiles.root(at), root);
      verifyInclusion(leaves[index], index, at, await tiles.inclusion(index, at), root);
      const from = random.below(at + 1);
      verifyConsistency(from, rootAt(nodes, from), at, root, await tiles.consistency(from, at));
    }
  }
  assert(log.size > 20_000);
});

test('proofs over what is not durable are refused', async () => {
  const log = new Blocks();
  log.grow(10);
  const tiles = new Tiles(log);
  const refused = (promise: Promise<unknown>) => assert.rejects(promise, (e) => e instanceof Fault && e.slug === 'proof_range');
  await refused(tiles.inclusion(0, log.size + 1));
  await refused(tiles.inclusion(log.size, log.size));
  await refused(tiles.consistency(1, log.size + 1));
  await refused(tiles.consistency(2, 1));
  await refused(tiles.root(log.size + 1));
});

test('many ask at once, of a log of many blocks', async () => {
  const log = new Blocks();
  log.grow(400);
  const tiles = new Tiles(log);
  const leaves = log.entries.map(hashLeaf);
  const root = rootAt(nodesOf(leaves), log.size);
  await Promise.all(Array.from({ length: 50 }, async (_, i) => verifyInclusion(leaves[i * 7], i * 7, log.size, await tiles.inclusion(i * 7, log.size), root)));
});
