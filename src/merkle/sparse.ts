/**
 * Compact sparse Merkle tree (spec/merkle.md M-10 to M-16): a map from 32-byte paths to 32-byte value hashes with
 * one root, whatever the order of changes. A subtree of one leaf *is* that leaf, so paths must be hashes of keys:
 * the depth is then about log2(size).
 *
 * Trees are persistent: `put` and `delete` return a new tree that shares what did not change. Inner hashes are
 * computed when a root is asked for, so changes of one block share them.
 */
import { type Octets, ZERO32 } from '../base/bytes.ts';
import type { Reader, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import type { Field } from '../base/record.ts';
import { tagged } from '../crypto/hash.ts';

const hashLeafOf = tagged('sparse-leaf');
const hashBranchOf = tagged('sparse-node');
const DEPTH_BITS_MAX = 256;

interface Leaf {
  readonly path: Octets;
  readonly value: Octets;
  /** '' until asked for. */
  hash: Octets;
}

interface Branch {
  readonly path: '';
  readonly left: Node | null;
  readonly right: Node | null;
  /** '' until asked for. */
  hash: Octets;
}

type Node = Leaf | Branch;

const isLeaf = (node: Node): node is Leaf => node.path !== '';

/** M-10: bit `depth` of a path, the most significant of the first byte first. */
const bitOf = (path: Octets, depth: number): number => (path.charCodeAt(depth >>> 3) >>> (7 - (depth & 7))) & 1;

/** M-11, M-12 */
function hashOf(node: Node | null): Octets {
  if (node === null) return ZERO32;
  if (node.hash === '') node.hash = isLeaf(node) ? hashLeafOf(node.path, node.value) : hashBranchOf(hashOf(node.left), hashOf(node.right));
  return node.hash;
}

const branch = (left: Node | null, right: Node | null): Branch => ({ path: '', left, right, hash: '' });

/** Two leaves under the shortest chain of branches that tells their paths apart. */
function fork(a: Leaf, b: Leaf, depth: number): Branch {
  const bit = bitOf(a.path, depth);
  if (bit === bitOf(b.path, depth)) {
    const below = fork(a, b, depth + 1);
    return bit === 0 ? branch(below, null) : branch(null, below);
  }
  return bit === 0 ? branch(a, b) : branch(b, a);
}

/** The subtree with `leaf` in it. */
function insert(node: Node | null, leaf: Leaf, depth: number): Node {
  if (node === null) return leaf;
  if (isLeaf(node)) {
    if (node.path !== leaf.path) return fork(node, leaf, depth);
    return node.value === leaf.value ? node : leaf;
  }
  if (bitOf(leaf.path, depth) === 0) {
    const left = insert(node.left, leaf, depth + 1);
    return left === node.left ? node : branch(left, node.right);
  }
  const right = insert(node.right, leaf, depth + 1);
  return right === node.right ? node : branch(node.left, right);
}

/** The subtree without the leaf of `path`: a lone leaf moves up (M-12). */
function remove(node: Node | null, path: Octets, depth: number): Node | null {
  if (node === null) return null;
  if (isLeaf(node)) return node.path === path ? null : node;
  let left = node.left;
  let right = node.right;
  if (bitOf(path, depth) === 0) left = remove(left, path, depth + 1);
  else right = remove(right, path, depth + 1);
  if (left === node.left && right === node.right) return node;
  if (left === null && (right === null || isLeaf(right))) return right;
  if (right === null && left !== null && isLeaf(left)) return left;
  return branch(left, right);
}

function find(root: Node | null, path: Octets): Leaf | null {
  let node = root;
  for (let depth = 0; node !== null && !isLeaf(node); depth++) node = bitOf(path, depth) === 0 ? node.left : node.right;
  return node;
}

function count(node: Node | null): number {
  if (node === null) return 0;
  return isLeaf(node) ? 1 : count(node.left) + count(node.right);
}

/**
 * M-14: what shows a path's value, or that it has none. `siblings` from the root down, ZERO32 for an empty one;
 * `other` is the leaf that stands where the path would (absence only).
 */
export interface SparseProof {
  readonly siblings: readonly Octets[];
  readonly other: { readonly path: Octets; readonly value: Octets } | null;
}

export class SparseTree {
  private readonly top: Node | null;

  private constructor(top: Node | null) {
    this.top = top;
  }

  private static readonly none = new SparseTree(null);

  static empty(): SparseTree {
    return SparseTree.none;
  }

  /** The value hash at `path`, or undefined. */
  get(path: Octets): Octets | undefined {
    const leaf = find(this.top, path);
    return leaf !== null && leaf.path === path ? leaf.value : undefined;
  }

  /** `path` and `value` are 32 octets each. */
  put(path: Octets, value: Octets): SparseTree {
    if (path.length !== 32 || value.length !== 32) throw new RangeError('a path and a value hash have 32 bytes');
    const top = insert(this.top, { path, value, hash: '' }, 0);
    return top === this.top ? this : new SparseTree(top);
  }

  delete(path: Octets): SparseTree {
    const top = remove(this.top, path, 0);
    return top === this.top ? this : new SparseTree(top);
  }

  /** M-13: ZERO32 for the empty tree. */
  root(): Octets {
    return hashOf(this.top);
  }

  /** Leaves; counted by walking. */
  size(): number {
    return count(this.top);
  }

  /** M-14 */
  prove(path: Octets): SparseProof {
    const siblings: Octets[] = [];
    let node = this.top;
    for (let depth = 0; node !== null && !isLeaf(node); depth++) {
      const left = bitOf(path, depth) === 0;
      siblings.push(hashOf(left ? node.right : node.left));
      node = left ? node.left : node.right;
    }
    return { siblings, other: node === null || node.path === path ? null : { path: node.path, value: node.value } };
  }
}

/**
 * M-15: checks that the tree of `root` has `value` at `path`, or nothing when `value` is null.
 * @throws Fault proof_range for a shape that no tree has, proof_mismatch when the root is another
 */
export function verifySparse(root: Octets, path: Octets, value: Octets | null, proof: SparseProof): void {
  const { siblings, other } = proof;
  if (root.length !== 32 || path.length !== 32) throw new Fault('proof_range', 'a root and a path have 32 bytes');
  if (siblings.length > DEPTH_BITS_MAX) throw new Fault('proof_range', 'a path has 256 bits');
  if (siblings.some((hash) => hash.length !== 32)) throw new Fault('proof_range', 'a sibling has 32 bytes');
  let node = ZERO32;
  if (value !== null) {
    if (other !== null) throw new Fault('proof_range', 'a proof of presence names another leaf');
    if (value.length !== 32) throw new Fault('proof_range', 'a value hash has 32 bytes');
    node = hashLeafOf(path, value);
  } else if (other !== null) {
    if (other.path.length !== 32 || other.value.length !== 32) throw new Fault('proof_range', 'a leaf has 32 + 32 bytes');
    if (other.path === path) throw new Fault('proof_range', 'the other leaf is the path itself');
    for (let depth = 0; depth < siblings.length; depth++) {
      if (bitOf(other.path, depth) !== bitOf(path, depth)) throw new Fault('proof_range', 'the other leaf does not stand where the path would');
    }
    node = hashLeafOf(other.path, other.value);
  }
  // M-12: a branch over nothing and one leaf, or over nothing at all, does not exist.
  if (siblings.length > 0 && siblings[siblings.length - 1] === ZERO32) throw new Fault('proof_range', 'the deepest sibling is empty');
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    node = bitOf(path, depth) === 0 ? hashBranchOf(node, siblings[depth]) : hashBranchOf(siblings[depth], node);
  }
  if (node !== root) throw new Fault('proof_mismatch', 'the proof leads to another root');
}

/** M-16: `[[*(sibling | null)], [path, value] | null]` */
export const sparseProof: Field<SparseProof> = {
  write(w: Writer, proof: SparseProof): void {
    w.array(2);
    w.array(proof.siblings.length);
    for (const sibling of proof.siblings) {
      if (sibling === ZERO32) w.null();
      else w.octets(sibling);
    }
    if (proof.other === null) return w.null();
    w.array(2);
    w.octets(proof.other.path);
    w.octets(proof.other.value);
  },
  read(r: Reader): SparseProof {
    r.fields(2, 'a sparse proof');
    const length = r.array();
    if (length > DEPTH_BITS_MAX) r.fail('cbor_range', 'more than 256 siblings');
    const siblings: Octets[] = [];
    for (let i = 0; i < length; i++) {
      const sibling = r.null() ? null : r.octets(32);
      if (sibling === ZERO32) r.fail('cbor_range', 'an empty sibling is null');
      siblings.push(sibling ?? ZERO32);
    }
    if (r.null()) return { siblings, other: null };
    r.fields(2, 'a leaf');
    return { siblings, other: { path: r.octets(32), value: r.octets(32) } };
  },
};
