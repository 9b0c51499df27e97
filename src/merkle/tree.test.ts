import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex, type Octets, utf8 } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { EMPTY_ROOT, hashLeaf, hashNode } from '../crypto/hash.ts';
import { Frontier, rootOf } from './tree.ts';

/** Inputs and roots of the test of Certificate Transparency's reference tree (google/certificate-transparency, merkle_tree_test). */
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** RFC 6962 §2.1, word for word. */
function definition(leaves: readonly Octets[]): Octets {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return hashNode(definition(leaves.slice(0, k)), definition(leaves.slice(k)));
}

const leavesOf = (count: number): Octets[] => Array.from({ length: count }, (_, i) => hashLeaf(utf8(`leaf ${i}`)));

test('the roots of the CT reference tree', () => {
  const leaves = CT_LEAVES.map((text) => hashLeaf(fromHex(text)));
  const frontier = Frontier.empty();
  assert.equal(hex(frontier.root()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (let size = 1; size <= 8; size++) {
    frontier.append(leaves[size - 1]);
    assert.equal(hex(rootOf(leaves.slice(0, size))), CT_ROOTS[size - 1]);
    assert.equal(hex(frontier.root()), CT_ROOTS[size - 1]);
  }
});

test('list, frontier and definition agree at every size', () => {
  const leaves = leavesOf(300);
  const frontier = Frontier.empty();
  for (let size = 0; size <= leaves.length; size++) {
    const part = leaves.slice(0, size);
    const root = definition(part);
    assert.equal(rootOf(part), root);
    assert.equal(frontier.root(), root);
    assert.equal(frontier.size, size);
    const again = Frontier.decode(frontier.encode());
    assert.equal(again.root(), root);
    assert.equal(again.size, size);
    if (size < leaves.length) frontier.append(leaves[size]);
  }
});

test('a clone goes its own way', () => {
  const frontier = Frontier.empty();
  for (const leaf of leavesOf(7)) frontier.append(leaf);
  const root = frontier.root();
  const clone = frontier.clone();
  clone.append(leavesOf(1)[0]);
  assert.equal(frontier.root(), root);
  assert.equal(clone.size, 8);
  assert.notEqual(clone.root(), root);
});

test('a restored frontier grows on', () => {
  const leaves = leavesOf(100);
  let frontier = Frontier.empty();
  for (const leaf of leaves) {
    frontier = Frontier.decode(frontier.encode());
    frontier.append(leaf);
  }
  assert.equal(frontier.root(), rootOf(leaves));
});

test('a frontier that does not fit its size is refused', () => {
  const peak = fromHex('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  const cases: [string, Uint8Array][] = [
    ['cbor_range', encode([3, [peak]])],
    ['cbor_range', encode([0, [peak]])],
    ['cbor_range', encode([1, []])],
    ['cbor_range', encode([1, [peak.slice(1)]])],
    ['cbor_range', encode([1, [peak], 0])],
    ['cbor_type', encode([-1, [peak]])],
    ['cbor_trailing', new Uint8Array([...encode([1, [peak]]), 0])],
  ];
  for (const [slug, bytes] of cases)
    assert.throws(
      () => Frontier.decode(bytes),
      (e) => e instanceof Fault && e.slug === slug,
      slug,
    );
});
