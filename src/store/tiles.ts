/**
 * Tiles of the log (c2sp.org/tlog-tiles), derived when asked for: `/log/tile/…`, and proofs over the whole log. Only
 * the roots of full tiles are kept in memory, 32 bytes for 256 entries; nothing here is durable.
 */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { hashLeaf } from '../crypto/hash.ts';
import { makeConsistency, makeInclusion, type NodeAt, rootAt } from '../merkle/proof.ts';
import { ENTRIES, encodeBundle, encodeTile, placeOf, TILE_WIDTH, type Tile, tileRoot, widthAt } from '../merkle/tile.ts';
import { rootOf } from '../merkle/tree.ts';
import type { Frame } from './frame.ts';

/** Entries that one turn of the event loop hashes at most (about 2 ms). */
const SLICE_ENTRIES = 1_024;

/** What tiles are derived from. */
export interface TiledLog {
  readonly size: number;
  readonly first: number;
  entriesBefore(height: number): number;
  heightOfEntry(index: number): number;
  read(height: number): Frame;
}

export class Tiles {
  private readonly log: TiledLog;
  /** By tile level: the roots of its full tiles, which are the nodes one tile level up. */
  private readonly roots: Octets[][] = [[]];
  private last: { index: number; hashes: Octets[] } = { index: -1, hashes: [] };
  private work: Promise<void> = Promise.resolve();

  constructor(log: TiledLog) {
    this.log = log;
  }

  /** Entries `from` to `from + count − 1`, which are durable. */
  private entries(from: number, count: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    let height = count === 0 ? 0 : this.log.heightOfEntry(from);
    while (found.length < count) {
      const { items } = this.log.read(height);
      const start = from + found.length - this.log.entriesBefore(height);
      for (let i = start; i < items.length && found.length < count; i++) found.push(items[i].entry);
      height += 1;
    }
    return found;
  }

  private leaves(index: number, width: number): Octets[] {
    if (this.last.index !== index || this.last.hashes.length < width) this.last = { index, hashes: this.entries(index * TILE_WIDTH, width).map(hashLeaf) };
    return this.last.hashes.slice(0, width);
  }

  /** Hashes what has become durable since, up to `size` entries, in slices. */
  private async catchUp(size: number): Promise<void> {
    const step = async (): Promise<void> => {
      for (let tiles = 0; (this.roots[0].length + 1) * TILE_WIDTH <= size; tiles++) {
        if (tiles > 0 && (tiles * TILE_WIDTH) % SLICE_ENTRIES === 0) await new Promise((resolve) => setImmediate(resolve));
        this.push(0, rootOf(this.entries(this.roots[0].length * TILE_WIDTH, TILE_WIDTH).map(hashLeaf)));
      }
    };
    const before = this.work;
    this.work = before.catch(() => undefined).then(step);
    await this.work;
  }

  private push(level: number, root: Octets): void {
    const row = this.roots[level];
    row.push(root);
    if (row.length % TILE_WIDTH !== 0) return;
    if (this.roots.length === level + 1) this.roots.push([]);
    this.push(level + 1, tileRoot(row.slice(row.length - TILE_WIDTH)));
  }

  private hashes(level: number, index: number, width: number): Octets[] {
    return level === 0 ? this.leaves(index, width) : this.roots[level - 1].slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
  }

  /** A tile's or bundle's bytes; null when the log is not that large. @throws Fault ledger_corrupt, disk_failed */
  async bytes(tile: Tile): Promise<Uint8Array | null> {
    const { level, index, width } = tile;
    const { size } = this.log;
    if (widthAt(Math.max(level, 0), index, size) < width) return null;
    if (level === ENTRIES) return encodeBundle(this.entries(index * TILE_WIDTH, width));
    if (level > 0) await this.catchUp(size);
    return encodeTile(this.hashes(level, index, width));
  }

  private readonly nodeAt: NodeAt = (level, index) => {
    const place = placeOf(level, index);
    if (place.level > 0) return rootOf(this.hashes(place.level, place.index, place.from + place.count).slice(place.from));
    return rootOf(
      this.leaves(place.index, Math.max(place.from + place.count, Math.min(TILE_WIDTH, this.log.size - place.index * TILE_WIDTH))).slice(
        place.from,
        place.from + place.count,
      ),
    );
  };

  /** Readies the nodes of the tree of `size`. */
  private async ready(size: number): Promise<void> {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.log.size)
      throw new Fault('proof_range', `the ledger has ${this.log.size} entries, not ${size}`, { size: this.log.size });
    await this.catchUp(size);
  }

  /** The root of the first `size` entries. @throws Fault proof_range when they are not durable */
  async root(size: number): Promise<Octets> {
    await this.ready(size);
    return rootAt(this.nodeAt, size);
  }

  /** The proof that entry `index` is in the tree of `size`. @throws Fault proof_range */
  async inclusion(index: number, size: number): Promise<Octets[]> {
    await this.ready(size);
    return makeInclusion(this.nodeAt, index, size);
  }

  /** The proof that the tree of `size` extends that of `from`. @throws Fault proof_range */
  async consistency(from: number, size: number): Promise<Octets[]> {
    await this.ready(size);
    return makeConsistency(this.nodeAt, from, size);
  }
}
