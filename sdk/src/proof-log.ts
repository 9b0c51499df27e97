/**
 * That a node's log only grew: the log of a later block has that of an earlier one as its beginning, so nothing was
 * changed or left out in between. The proof is made here from the log's tiles (c2sp.org/tlog-tiles; spec/merkle.md M-30
 * to M-34), which are not trusted: wrong ones lead to another root.
 */
import type { Client } from './client.ts';
import { localError } from './error.ts';
import { type Bytes, nodeHash } from './proof-hash.ts';
import { checkConsistency, rootOf } from './proof-tree.ts';

/** The log at a block, as `Proof.log` has it; the root in hex. */
export interface LogHead {
  readonly size: number;
  readonly root: string;
}

const TILE_HASHES = 256;

/** M-31: groups of three digits, each but the last after an `x`. */
function tilePath(level: number, index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? [];
  const name = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
  return `${level}/${name}${width === TILE_HASHES ? '' : `.p/${width}`}`;
}

/** The root of the complete subtree of 2^level leaves at `index`, of a log of `size` (M-34). */
type NodeAt = (level: number, index: number) => Promise<Bytes>;

function nodesOf(client: Client, size: number): NodeAt {
  const tiles = new Map<string, Promise<Bytes>>();
  return async (level, index) => {
    const at = Math.floor(level / 8);
    const count = 2 ** (level % 8);
    const first = index * count;
    const tile = Math.floor(first / TILE_HASHES);
    // M-32: the last tile of a level may be partial
    const width = Math.min(TILE_HASHES, Math.floor(size / TILE_HASHES ** at) - tile * TILE_HASHES);
    const path = tilePath(at, tile, width);
    const known = tiles.get(path) ?? client.tile(path);
    tiles.set(path, known);
    const bytes = await known;
    if (bytes.length !== 32 * width) throw localError('verify_failed', `the tile ${path} has ${bytes.length} bytes`);
    const start = (first % TILE_HASHES) * 32;
    return rootOf(Array.from({ length: count }, (_, i) => bytes.slice(start + 32 * i, start + 32 * i + 32)));
  };
}

/** The largest power of two below `size`, as its exponent. */
function splitLevel(size: number): number {
  let level = 0;
  while (2 ** (level + 1) < size) level += 1;
  return level;
}

/** The root of `size` leaves from `start`, a multiple of a power of two that is not below `size`. */
async function rangeRoot(nodeAt: NodeAt, start: number, size: number): Promise<Bytes> {
  const level = size === 1 ? 0 : splitLevel(size + 1);
  const width = 2 ** level;
  const left = await nodeAt(level, start / width);
  return width === size ? left : nodeHash(left, await rangeRoot(nodeAt, start + width, size - width));
}

/** M-7: PROOF(from, D[size]), from the last split to the first. */
async function consistencyProof(nodeAt: NodeAt, from: number, size: number): Promise<Bytes[]> {
  const proof: Bytes[] = [];
  let [start, left, known] = [0, size, true];
  while (from - start !== left) {
    const width = 2 ** splitLevel(left);
    if (from - start <= width) {
      proof.push(await rangeRoot(nodeAt, start + width, left - width));
      left = width;
    } else {
      proof.push(await rangeRoot(nodeAt, start, width));
      start += width;
      left -= width;
      known = false;
    }
  }
  if (!known) proof.push(await rangeRoot(nodeAt, start, left));
  return proof.reverse();
}

const fromHex = (hex: string): Bytes => {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw localError('verify_failed', 'a root has 64 hex digits');
  return new Uint8Array((hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
};

/**
 * Both heads as two verified bundles gave them (`Proof.log`); keep the earlier one. @throws AvaError verify_failed when
 * the later log does not extend the earlier one
 */
export async function checkExtends(client: Client, earlier: LogHead, later: LogHead): Promise<void> {
  const [from, size] = [earlier.size, later.size];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(size) || from < 0 || from > size)
    throw localError('verify_failed', `a log of ${size} does not extend one of ${from}`);
  const proof = from === 0 || from === size ? [] : await consistencyProof(nodesOf(client, size), from, size);
  await checkConsistency(from, fromHex(earlier.root), size, fromHex(later.root), proof);
}
