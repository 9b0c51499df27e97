/**
 * Inclusion and consistency proofs of RFC 9162 §2.1.3 and §2.1.4 (spec/merkle.md M-5 to M-9). Proofs are lists of
 * hashes in the RFC's order. They are made from any source of complete subtrees: a list of leaves, or tiles.
 */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { EMPTY_ROOT, hashNode } from '../crypto/hash.ts';

/** The root of the complete subtree over leaves index·2^level to (index+1)·2^level − 1, all of them in the tree. */
export type NodeAt = (level: number, index: number) => Octets;

/** No tree has more leaves than a safe integer, so no proof has more hashes. */
export const PROOF_HASHES_MAX = 106;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const half = (value: number): number => Math.floor(value / 2);
const isOdd = (value: number): boolean => value % 2 === 1;

/** The largest power of two below `size` (size ≥ 2), as its exponent. */
function splitLevel(size: number): number {
  let level = 0;
  for (let width = 2; width < size; width *= 2) level += 1;
  return level;
}

/** Complete subtrees of a list of leaf hashes; rows are made when first asked for. */
export function nodesOf(leaves: readonly Octets[]): NodeAt {
  const rows: (readonly Octets[])[] = [leaves];
  return (level, index) => {
    while (rows.length <= level) {
      const below = rows[rows.length - 1];
      const row: Octets[] = [];
      for (let i = 0; i + 1 < below.length; i += 2) row.push(hashNode(below[i], below[i + 1]));
      rows.push(row);
    }
    return rows[level][index];
  };
}

/** The root over leaves `from` to `from + size − 1`; `from` is a multiple of a power of two that is ≥ size. */
function rangeRoot(nodeAt: NodeAt, from: number, size: number): Octets {
  let level = 0;
  let width = 1;
  while (width * 2 <= size) {
    width *= 2;
    level += 1;
  }
  const left = nodeAt(level, from / width);
  return width === size ? left : hashNode(left, rangeRoot(nodeAt, from + width, size - width));
}

/** M-2: the root of the first `size` leaves. */
export const rootAt = (nodeAt: NodeAt, size: number): Octets => (size === 0 ? EMPTY_ROOT : rangeRoot(nodeAt, 0, size));

/** M-5: the proof that leaf `index` is in the tree of the first `size` leaves. @throws Fault proof_range */
export function makeInclusion(nodeAt: NodeAt, index: number, size: number): Octets[] {
  if (!isCount(index) || !isCount(size) || index >= size) throw new Fault('proof_range', `no leaf ${index} in a tree of ${size}`);
  const proof: Octets[] = [];
  let from = 0;
  let left = size;
  while (left > 1) {
    const width = 2 ** splitLevel(left);
    if (index < from + width) {
      proof.push(rangeRoot(nodeAt, from + width, left - width));
      left = width;
    } else {
      proof.push(rangeRoot(nodeAt, from, width));
      from += width;
      left -= width;
    }
  }
  return proof.reverse();
}

/** M-7: the proof that the tree of `size` extends the tree of `from`. @throws Fault proof_range */
export function makeConsistency(nodeAt: NodeAt, from: number, size: number): Octets[] {
  if (!isCount(from) || !isCount(size) || from > size) throw new Fault('proof_range', `a tree of ${size} does not extend one of ${from}`);
  if (from === 0 || from === size) return [];
  const proof: Octets[] = [];
  let start = 0;
  let left = size;
  let known = true;
  while (from - start !== left) {
    const width = 2 ** splitLevel(left);
    if (from - start <= width) {
      proof.push(rangeRoot(nodeAt, start + width, left - width));
      left = width;
    } else {
      proof.push(rangeRoot(nodeAt, start, width));
      start += width;
      left -= width;
      known = false;
    }
  }
  if (!known) proof.push(rangeRoot(nodeAt, start, left));
  return proof.reverse();
}

function checkHashes(proof: readonly Octets[], ...roots: readonly Octets[]): void {
  if (proof.length > PROOF_HASHES_MAX) throw new Fault('proof_range', 'the proof is too long');
  for (const hash of proof) if (hash.length !== 32) throw new Fault('proof_range', 'a hash of the proof has not 32 bytes');
  for (const root of roots) if (root.length !== 32) throw new Fault('proof_range', 'a root has not 32 bytes');
}

/**
 * M-6 (RFC 9162 §2.1.3.2): checks that `leaf`, a leaf hash, stands at `index` in the tree of `size` and `root`.
 * @throws Fault proof_range for an index, size or length that cannot be, proof_mismatch when the root is another
 */
export function verifyInclusion(leaf: Octets, index: number, size: number, proof: readonly Octets[], root: Octets): void {
  if (!isCount(index) || !isCount(size) || index >= size) throw new Fault('proof_range', `no leaf ${index} in a tree of ${size}`);
  checkHashes(proof, leaf, root);
  let place = index;
  let last = size - 1;
  let node = leaf;
  for (const hash of proof) {
    if (last === 0) throw new Fault('proof_range', 'the proof is too long');
    if (isOdd(place) || place === last) {
      node = hashNode(hash, node);
      while (!isOdd(place) && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else node = hashNode(node, hash);
    place = half(place);
    last = half(last);
  }
  if (last !== 0) throw new Fault('proof_range', 'the proof is too short');
  if (node !== root) throw new Fault('proof_mismatch', 'the proof leads to another root');
}

/**
 * M-8 (RFC 9162 §2.1.4.2): checks that the tree of `size` and `root` extends the tree of `from` and `fromRoot`.
 * From the empty tree and between equal sizes the proof is empty.
 * @throws Fault proof_range, proof_mismatch
 */
export function verifyConsistency(from: number, fromRoot: Octets, size: number, root: Octets, proof: readonly Octets[]): void {
  if (!isCount(from) || !isCount(size) || from > size) throw new Fault('proof_range', `a tree of ${size} does not extend one of ${from}`);
  checkHashes(proof, fromRoot, root);
  if (from === 0 || from === size) {
    if (proof.length > 0) throw new Fault('proof_range', 'the proof is too long');
    if (fromRoot !== (from === 0 ? EMPTY_ROOT : root)) throw new Fault('proof_mismatch', 'the earlier root is another');
    if (size === 0 && root !== EMPTY_ROOT) throw new Fault('proof_mismatch', 'the root of the empty tree is another');
    return;
  }
  let place = from - 1;
  let last = size - 1;
  while (isOdd(place)) {
    place = half(place);
    last = half(last);
  }
  let at = 0;
  // Where the earlier tree is one complete subtree of the later, its root stands for the first hash.
  if (place > 0 && proof.length === 0) throw new Fault('proof_range', 'the proof is too short');
  const seed = place > 0 ? proof[at++] : fromRoot;
  let earlier = seed;
  let later = seed;
  for (; at < proof.length; at++) {
    const hash = proof[at];
    if (last === 0) throw new Fault('proof_range', 'the proof is too long');
    if (isOdd(place) || place === last) {
      earlier = hashNode(hash, earlier);
      later = hashNode(hash, later);
      while (!isOdd(place) && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else later = hashNode(later, hash);
    place = half(place);
    last = half(last);
  }
  if (last !== 0) throw new Fault('proof_range', 'the proof is too short');
  if (earlier !== fromRoot) throw new Fault('proof_mismatch', 'the proof leads to another earlier root');
  if (later !== root) throw new Fault('proof_mismatch', 'the proof leads to another root');
}
