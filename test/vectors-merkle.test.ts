/** The vectors of spec/merkle.md: made again they are the same; the right ones pass, the wrong ones are refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { merkleVectors } from '../spec/make-merkle-vectors.ts';
import { fromHex, hex, type Octets, octets, utf8 } from '../src/base/bytes.ts';
import { decodeWith } from '../src/base/record.ts';
import { openCheckpoint, parseVkey } from '../src/merkle/note.ts';
import { verifyConsistency, verifyInclusion } from '../src/merkle/proof.ts';
import { type SparseProof, sparseProof, verifySparse } from '../src/merkle/sparse.ts';
import { decodeBundle, parseTilePath } from '../src/merkle/tile.ts';
import { Frontier } from '../src/merkle/tree.ts';

const text = readFileSync(`${import.meta.dirname}/../spec/vectors/merkle.json`, 'utf8');

interface Inclusion {
  leaf: string;
  index: number;
  size: number;
  proof: string[];
  root: string;
  fault?: string;
  why?: string;
}
interface Consistency {
  from: number;
  from_root: string;
  size: number;
  root: string;
  proof: string[];
  fault?: string;
  why?: string;
}
interface Sparse {
  root: string;
  path: string;
  value: string | null;
  proof: { siblings: string[]; other: [string, string] | null };
  encoded?: string;
  fault?: string;
  why?: string;
}

const data = JSON.parse(text) as {
  tree: {
    entries: string[];
    roots: { size: number; root: string; frontier: string }[];
    inclusion: Inclusion[];
    consistency: Consistency[];
    inclusion_negative: Inclusion[];
    consistency_negative: Consistency[];
  };
  sparse: { proofs: Sparse[]; negative: Sparse[] };
  note: {
    vkey: string;
    positive: { size: number; root: string; note: string }[];
    negative: { note: string; fault: string; why: string }[];
    vkey_negative: { vkey: string; fault: string }[];
  };
  tile: {
    positive: { level: number; index: number; width: number; path: string }[];
    negative: { path: string; fault: string }[];
    bundle: { width: number; bytes: string };
  };
};

const bytes = (value: string): Octets => octets(fromHex(value));
const refused = (vector: { fault?: string; why?: string }, run: () => unknown): void => assert.throws(run, { name: 'Fault', slug: vector.fault }, vector.why);

test('spec/make-merkle-vectors.ts makes what is committed', () => {
  assert.equal(merkleVectors()['merkle.json'], text, 'a changed vector is a changed specification');
});

test('frontiers (M-4), proofs of inclusion (M-6) and consistency (M-8)', () => {
  for (const { size, root, frontier } of data.tree.roots) {
    const decoded = Frontier.decode(fromHex(frontier));
    assert.deepEqual([decoded.size, hex(decoded.root())], [size, root]);
  }
  const inclusion = (v: Inclusion): void => verifyInclusion(bytes(v.leaf), v.index, v.size, v.proof.map(bytes), bytes(v.root));
  const consistency = (v: Consistency): void => verifyConsistency(v.from, bytes(v.from_root), v.size, bytes(v.root), v.proof.map(bytes));
  data.tree.inclusion.forEach(inclusion);
  data.tree.consistency.forEach(consistency);
  for (const vector of data.tree.inclusion_negative) refused(vector, () => inclusion(vector));
  for (const vector of data.tree.consistency_negative) refused(vector, () => consistency(vector));
});

test('sparse proofs (M-15, M-16)', () => {
  const proofOf = ({ proof }: Sparse): SparseProof => ({
    siblings: proof.siblings.map(bytes),
    other: proof.other === null ? null : { path: bytes(proof.other[0]), value: bytes(proof.other[1]) },
  });
  const check = (v: Sparse): void => verifySparse(bytes(v.root), bytes(v.path), v.value === null ? null : bytes(v.value), proofOf(v));
  for (const vector of data.sparse.proofs) {
    check(vector);
    assert.deepEqual(decodeWith(sparseProof, fromHex(String(vector.encoded))), proofOf(vector));
  }
  for (const vector of data.sparse.negative) refused(vector, () => check(vector));
});

test('notes, checkpoints, verifier keys (M-22 to M-27)', () => {
  const verifier = parseVkey(data.note.vkey);
  for (const { size, root, note } of data.note.positive)
    assert.deepEqual(openCheckpoint(utf8(note), verifier), { origin: verifier.name, size, root: bytes(root) });
  for (const vector of data.note.negative) refused(vector, () => openCheckpoint(utf8(vector.note), verifier));
  for (const vector of data.note.vkey_negative) refused(vector, () => parseVkey(vector.vkey));
});

test('tiles and bundles (M-31, M-35)', () => {
  for (const { level, index, width, path } of data.tile.positive) assert.deepEqual(parseTilePath(path), { level, index, width });
  for (const vector of data.tile.negative) refused(vector, () => parseTilePath(vector.path));
  assert.deepEqual(decodeBundle(fromHex(data.tile.bundle.bytes), data.tile.bundle.width).map(hex), data.tree.entries);
});
