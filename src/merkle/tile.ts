/**
 * Tiles of c2sp.org/tlog-tiles (spec/merkle.md M-30 to M-35): the tree cut into pieces of 256 hashes, eight levels
 * each. Tile (L, N) holds the nodes of tree level 8·L with indices 256·N on.
 */
import { fromOctets, type Octets, octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { ENTRY_BYTES_MAX } from '../base/limit.ts';
import { rootOf } from './tree.ts';

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256;
const TILE_LEVEL_MAX = 6;

/** `level` −1 stands for entries. `width` 1 to 256. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

export const ENTRIES = -1;

/** The nodes of tree level 8·level in a tree of `size` leaves (level ENTRIES: the entries themselves). */
function countAt(level: number, size: number): number {
  let count = size;
  for (let i = 0; i < level; i++) count = Math.floor(count / TILE_WIDTH);
  return count;
}

/** M-32: the width that tile (level, index) has in a tree of `size`; 0 when it has none. */
export const widthAt = (level: number, index: number, size: number): number => Math.max(0, Math.min(TILE_WIDTH, countAt(level, size) - index * TILE_WIDTH));

/** M-32: the tiles of a tree of `size` at one level, the last one perhaps partial. */
export function* tilesOf(level: number, size: number): Generator<Tile> {
  for (let index = 0; ; index++) {
    const width = widthAt(level, index, size);
    if (width === 0) return;
    yield { level, index, width };
  }
}

/** M-31: N in groups of three digits, all but the last with an x before them. */
function formatIndex(index: number): string {
  let rest = Math.floor(index / 1000);
  let text = String(index % 1000).padStart(3, '0');
  for (; rest > 0; rest = Math.floor(rest / 1000)) text = `x${String(rest % 1000).padStart(3, '0')}/${text}`;
  return text;
}

/** M-31: `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]` */
export function tilePath(tile: Tile): string {
  const level = tile.level === ENTRIES ? 'entries' : String(tile.level);
  return `tile/${level}/${formatIndex(tile.index)}${tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`}`;
}

const PATH = /^tile\/(entries|[0-9])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** M-31: one path for each tile. @throws Fault tile_malformed */
export function parseTilePath(path: string): Tile {
  const match = PATH.exec(path);
  if (match === null) throw new Fault('tile_malformed', 'the path is not one of a tile');
  const level = match[1] === 'entries' ? ENTRIES : Number(match[1]);
  const index = Number(match[2].replaceAll(/[x/]/g, ''));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  const tile = { level, index, width };
  if (level > TILE_LEVEL_MAX || width > TILE_WIDTH || !Number.isSafeInteger(index) || tilePath(tile) !== path)
    throw new Fault('tile_malformed', 'the path is not one of a tile');
  return tile;
}

/** M-33: the bytes of a tile of hashes. */
export const encodeTile = (hashes: readonly Octets[]): Uint8Array => fromOctets(hashes.join(''));

/** M-33. @throws Fault tile_malformed unless it has exactly `width` hashes */
export function decodeTile(bytes: Uint8Array, width: number): Octets[] {
  if (bytes.length !== width * 32) throw new Fault('tile_malformed', `a tile of ${width} hashes has ${width * 32} bytes`);
  return Array.from({ length: width }, (_, i) => octets(bytes.subarray(32 * i, 32 * i + 32)));
}

/** M-33: the node one tile level up: the root of a full tile. */
export function tileRoot(hashes: readonly Octets[]): Octets {
  if (hashes.length !== TILE_WIDTH) throw new RangeError('only a full tile has a root');
  return rootOf(hashes);
}

/** M-34: node (level, index) lies in this tile, over these of its hashes: `count` from `from` on, a power of two. */
export function placeOf(level: number, index: number): { level: number; index: number; from: number; count: number } {
  const tileLevel = level >>> 3;
  const count = 1 << (level & 7);
  const first = index * count;
  return { level: tileLevel, index: Math.floor(first / TILE_WIDTH), from: first % TILE_WIDTH, count };
}

/** M-35: an entry bundle: each entry after its length, u16 big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const entry of entries) size += 2 + entry.length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) throw new RangeError(`an entry has at most ${ENTRY_BYTES_MAX} bytes`);
    bytes[at] = entry.length >>> 8;
    bytes[at + 1] = entry.length & 255;
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** M-35: the entries, not copied. @throws Fault tile_malformed unless exactly `width` entries fill the bytes */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length && entries.length < width) {
    const length = at + 2 <= bytes.length ? bytes[at] * 256 + bytes[at + 1] : bytes.length;
    if (at + 2 + length > bytes.length) throw new Fault('tile_malformed', 'the bundle ends within an entry');
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (at !== bytes.length || entries.length !== width) throw new Fault('tile_malformed', `a bundle of ${width} entries expected`);
  return entries;
}
