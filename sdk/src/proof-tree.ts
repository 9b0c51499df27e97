/** Merkle proofs of the proof check (RFC 9162 §2.1.3, §2.1.4; spec/merkle.md M-2, M-6, M-8), and the law's sparse tree. */
import { localError } from './error.ts';
import { type Bytes, nodeHash, same, sha256, tagged, utf8 } from './proof-hash.ts';

const refuse = (why: string): never => {
  throw localError('verify_failed', why);
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** M-2: the root of these leaf hashes. */
export async function rootOf(leaves: readonly Bytes[]): Promise<Bytes> {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  let row = leaves;
  while (row.length > 1) {
    const above: Bytes[] = [];
    for (let i = 0; i < row.length; i += 2) above.push(i + 1 < row.length ? await nodeHash(row[i], row[i + 1]) : row[i]);
    row = above;
  }
  return row[0];
}

/** The path of a leaf: at each level, whether its sibling stands left, and whether there is one (M-6). */
export async function checkInclusion(leaf: Bytes, index: number, size: number, proof: readonly Bytes[], root: Bytes): Promise<void> {
  if (!isCount(index) || !isCount(size) || index >= size || proof.some((hash) => hash.length !== 32)) refuse('the place of the entry cannot be');
  let [node, place, last, at] = [leaf, BigInt(index), BigInt(size - 1), 0];
  while (last > 0n) {
    const left = (place & 1n) === 1n;
    if (left || place < last) {
      if (at === proof.length) refuse('the inclusion proof is too short');
      const sibling = proof[at++];
      node = left ? await nodeHash(sibling, node) : await nodeHash(node, sibling);
    }
    place >>= 1n;
    last >>= 1n;
  }
  if (at !== proof.length) refuse('the inclusion proof is too long');
  if (!same(node, root)) refuse('the entry is not in the block');
}

/**
 * M-8: that the log of `size` and `root` has the log of `from` and `fromRoot` as its beginning: nothing that was in it
 * was changed or left out. @throws AvaError verify_failed
 */
export async function checkConsistency(from: number, fromRoot: Bytes, size: number, root: Bytes, proof: readonly Bytes[]): Promise<void> {
  if (!isCount(from) || !isCount(size) || from > size || proof.some((hash) => hash.length !== 32)) refuse('the sizes cannot be');
  if (from === 0 || from === size) {
    const expected = from === size ? root : await sha256(new Uint8Array(0));
    if (proof.length > 0 || !same(fromRoot, expected)) refuse('the logs differ');
    return;
  }
  let [place, last, at] = [BigInt(from - 1), BigInt(size - 1), 0];
  const take = (): Bytes => (at < proof.length ? proof[at++] : refuse('the consistency proof is too short'));
  while ((place & 1n) === 1n) {
    place >>= 1n;
    last >>= 1n;
  }
  let earlier = place > 0n ? take() : fromRoot;
  let later = earlier;
  while (last > 0n) {
    if ((place & 1n) === 1n) {
      const sibling = take();
      earlier = await nodeHash(sibling, earlier);
      later = await nodeHash(sibling, later);
    } else if (place < last) later = await nodeHash(later, take());
    place >>= 1n;
    last >>= 1n;
  }
  if (at !== proof.length) refuse('the consistency proof is too long');
  if (!same(earlier, fromRoot) || !same(later, root)) refuse('the logs differ');
}

interface SparseLeaf {
  readonly path: Bytes;
  readonly value: Bytes;
}

const bitAt = (path: Bytes, depth: number): number => (path[depth >> 3] >> (7 - (depth & 7))) & 1;

async function sparse(leaves: readonly SparseLeaf[], depth: number): Promise<Bytes> {
  if (leaves.length === 0) return new Uint8Array(32);
  if (leaves.length === 1) return tagged('sparse-leaf', leaves[0].path, leaves[0].value);
  const side = (bit: number): Promise<Bytes> =>
    sparse(
      leaves.filter(({ path }) => bitAt(path, depth) === bit),
      depth + 1,
    );
  return tagged('sparse-node', await side(0), await side(1));
}

/** G-8, M-12: the root of the law's tree; keys are distinct. */
export async function lawRoot(entries: readonly (readonly [key: string, bytes: Bytes])[]): Promise<Bytes> {
  return sparse(await Promise.all(entries.map(async ([key, bytes]) => ({ path: await tagged('law', utf8(key)), value: await tagged('law', bytes) }))), 0);
}
