import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Octets, utf8, ZERO32 } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { decodeWith, encodeWith } from '../base/record.ts';
import { sha256, tagged } from '../crypto/hash.ts';
import { type SparseProof, SparseTree, sparseProof, verifySparse } from './sparse.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);
fc.configureGlobal({ seed: SEED, numRuns: Number(process.env.AVA_RUNS ?? 200) });

const pathOf = (key: number): Octets => sha256(utf8(`key ${key}`));
const valueOf = (value: number): Octets => sha256(utf8(`value ${value}`));
const leafHash = tagged('sparse-leaf');
const nodeHash = tagged('sparse-node');

/** M-11 to M-13, word for word, over a list of leaves. */
function definition(leaves: readonly (readonly [Octets, Octets])[], depth = 0): Octets {
  if (leaves.length === 0) return ZERO32;
  if (leaves.length === 1) return leafHash(leaves[0][0], leaves[0][1]);
  const side = (bit: number) => leaves.filter(([path]) => ((path.charCodeAt(depth >>> 3) >>> (7 - (depth & 7))) & 1) === bit);
  return nodeHash(definition(side(0), depth + 1), definition(side(1), depth + 1));
}

const change = fc.record({ key: fc.integer({ min: 0, max: 30 }), value: fc.option(fc.integer({ min: 0, max: 5 })) });

test('history never matters: the root is that of the map', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const map = new Map<Octets, Octets>();
      let tree = SparseTree.empty();
      for (const { key, value } of changes) {
        if (value === null) {
          map.delete(pathOf(key));
          tree = tree.delete(pathOf(key));
        } else {
          map.set(pathOf(key), valueOf(value));
          tree = tree.put(pathOf(key), valueOf(value));
        }
        if (key % 3 === 0) tree.root(); // hashes kept from earlier must not survive a change
      }
      assert.equal(tree.root(), definition([...map]));
      assert.equal(tree.size(), map.size);
      for (let key = 0; key <= 30; key++) assert.equal(tree.get(pathOf(key)), map.get(pathOf(key)));
    }),
  );
});

/** Paths with long common prefixes: few bits differ. */
const nearPath = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 255 }))
  .map(([at, byte]) => '\x55'.repeat(at) + String.fromCharCode(byte) + '\x55'.repeat(31 - at));

test('paths that differ in few bits, to the last one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(nearPath, { maxLength: 12 }), fc.uniqueArray(nearPath, { maxLength: 6 }), (paths, gone) => {
      let tree = SparseTree.empty();
      for (const path of [...paths, ...gone]) tree = tree.put(path, valueOf(1));
      for (const path of gone) tree = tree.delete(path);
      const left = paths.filter((path) => !gone.includes(path));
      assert.equal(tree.root(), definition(left.map((path) => [path, valueOf(1)])));
      for (const path of [...paths, ...gone]) verifySparse(tree.root(), path, tree.get(path) ?? null, tree.prove(path));
    }),
  );
  const last = SparseTree.empty()
    .put(ZERO32, valueOf(1))
    .put(`${'\0'.repeat(31)}\x01`, valueOf(2));
  assert.equal(last.prove(ZERO32).siblings.length, 256);
  verifySparse(last.root(), ZERO32, valueOf(1), last.prove(ZERO32));
});

test('trees are persistent', () => {
  const before = SparseTree.empty().put(pathOf(1), valueOf(1)).put(pathOf(2), valueOf(2));
  const root = before.root();
  const after = before.put(pathOf(3), valueOf(3)).delete(pathOf(1));
  assert.equal(before.root(), root);
  assert.equal(before.get(pathOf(3)), undefined);
  assert.equal(after.get(pathOf(1)), undefined);
  assert.equal(before.put(pathOf(1), valueOf(1)), before, 'the same value is no change');
  assert.equal(before.delete(pathOf(9)), before);
  assert.throws(() => before.put('short', valueOf(1)), RangeError);
});

test('a proof shows presence or absence, and only that', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }), fc.integer({ min: 0, max: 60 }), fc.nat(), (keys, asked, at) => {
      let tree = SparseTree.empty();
      for (const key of keys) tree = tree.put(pathOf(key), valueOf(key));
      const root = tree.root();
      const path = pathOf(asked);
      const value = tree.get(path) ?? null;
      const proof = decodeWith(sparseProof, encodeWith(sparseProof, tree.prove(path)));
      verifySparse(root, path, value, proof);
      const refused = (r: Octets, p: Octets, v: Octets | null, q: SparseProof) =>
        assert.throws(
          () => verifySparse(r, p, v, q),
          (e) => e instanceof Fault && (e.slug === 'proof_range' || e.slug === 'proof_mismatch'),
        );
      refused(root, path, value === null ? valueOf(asked) : null, proof);
      refused(root, path, valueOf(1_000), proof);
      refused(sha256(utf8('other')), path, value, proof);
      refused(root, path, value, { ...proof, siblings: [...proof.siblings, valueOf(9)] });
      refused(root, path, value, { ...proof, siblings: [...proof.siblings, ZERO32] });
      if (proof.siblings.length > 0) {
        refused(root, path, value, { ...proof, siblings: proof.siblings.slice(0, -1) });
        const siblings = [...proof.siblings];
        siblings[at % siblings.length] = valueOf(9);
        refused(root, path, value, { ...proof, siblings });
      }
      if (keys.length > 0 && !keys.includes(asked)) refused(root, pathOf(keys[0]), null, proof);
    }),
  );
});

test('malformed proofs are refused', () => {
  const tree = SparseTree.empty().put(pathOf(1), valueOf(1));
  const leaf = { path: pathOf(1), value: valueOf(1) };
  const cases: [Octets | null, SparseProof][] = [
    [valueOf(1), { siblings: [], other: leaf }],
    [null, { siblings: [], other: leaf }],
    [null, { siblings: [], other: { path: 'x', value: valueOf(1) } }],
    [valueOf(1), { siblings: ['x'], other: null }],
    [valueOf(1), { siblings: Array.from({ length: 257 }, () => valueOf(1)), other: null }],
    ['x', { siblings: [], other: null }],
  ];
  for (const [value, proof] of cases)
    assert.throws(
      () => verifySparse(tree.root(), pathOf(1), value, proof),
      (e) => e instanceof Fault && e.slug === 'proof_range',
    );
  const other: SparseProof = { siblings: [valueOf(1)], other: { path: '\x80'.padEnd(32, '\0'), value: valueOf(1) } };
  assert.throws(
    () => verifySparse(tree.root(), ZERO32, null, other),
    (e) => e instanceof Fault && e.slug === 'proof_range',
  );
  // a tree that M-12 forbids, under a root that it does lead to
  const lone = nodeHash(leafHash(ZERO32, valueOf(1)), ZERO32);
  assert.throws(
    () => verifySparse(lone, ZERO32, valueOf(1), { siblings: [ZERO32], other: null }),
    (e) => e instanceof Fault && e.slug === 'proof_range',
  );
  const empty = new Uint8Array(32);
  for (const bytes of [encode([[empty], null]), encode([[], null, null]), encode([[], [empty]]), encode([Array.from({ length: 257 }, () => null), null])]) {
    assert.throws(
      () => decodeWith(sparseProof, bytes),
      (e) => e instanceof Fault && e.slug === 'cbor_range',
    );
  }
});
