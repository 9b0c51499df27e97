import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex, type Octets, utf8 } from '../base/bytes.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { EMPTY_ROOT, hashLeaf, sha256 } from '../crypto/hash.ts';
import { makeConsistency, makeInclusion, nodesOf, rootAt, verifyConsistency, verifyInclusion } from './proof.ts';
import { rootOf } from './tree.ts';

const SIZE_MAX = 36;
const leaves = Array.from({ length: SIZE_MAX }, (_, i) => hashLeaf(utf8(`leaf ${i}`)));
const nodes = nodesOf(leaves);
const other = sha256(utf8('other'));

const refuses = (slugs: readonly FaultName[], run: () => void, what: string) => assert.throws(run, (e) => e instanceof Fault && slugs.includes(e.slug), what);
const EITHER: readonly FaultName[] = ['proof_range', 'proof_mismatch'];

/** Proofs of the tests of Certificate Transparency's reference tree (google/certificate-transparency, merkle_tree_test). */
test('the proofs of the CT reference tree', () => {
  const ct = nodesOf(
    ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((text) => hashLeaf(fromHex(text))),
  );
  const A = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7';
  const B = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e';
  const C = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4';
  const D = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b';
  const E = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
  const F = 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7';
  const G = 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125';
  const H = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
  const I = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a';
  const inclusion: [number, number, string[]][] = [
    [0, 1, []],
    [0, 8, [A, B, C]],
    [5, 8, [D, E, F]],
    [2, 3, [G]],
    [1, 5, [H, B, D]],
  ];
  for (const [index, size, proof] of inclusion) assert.deepEqual(makeInclusion(ct, index, size).map(hex), proof, `${index} in ${size}`);
  const consistency: [number, number, string[]][] = [
    [1, 1, []],
    [1, 8, [A, B, C]],
    [6, 8, [I, E, F]],
    [2, 5, [B, D]],
  ];
  for (const [from, size, proof] of consistency) assert.deepEqual(makeConsistency(ct, from, size).map(hex), proof, `${from} to ${size}`);
});

test('every leaf of every size has one proof, and nothing near it passes', () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    const root = rootOf(leaves.slice(0, size));
    assert.equal(rootAt(nodes, size), root);
    for (let index = 0; index < size; index++) {
      const proof = makeInclusion(nodes, index, size);
      verifyInclusion(leaves[index], index, size, proof, root);
      const what = `${index} in ${size}`;
      refuses(EITHER, () => verifyInclusion(other, index, size, proof, root), what);
      refuses(EITHER, () => verifyInclusion(leaves[index], index, size, proof, other), what);
      refuses(['proof_range'], () => verifyInclusion(leaves[index], index, size, [...proof, other], root), what);
      if (proof.length > 0) {
        refuses(['proof_range'], () => verifyInclusion(leaves[index], index, size, proof.slice(1), root), what);
        refuses(['proof_range'], () => verifyInclusion(leaves[index], index, size, proof.slice(0, -1), root), what);
      }
      for (let at = 0; at < proof.length; at++)
        refuses(['proof_mismatch'], () => verifyInclusion(leaves[index], index, size, proof.with(at, other), root), what);
      for (const near of [index - 1, index + 1]) refuses(EITHER, () => verifyInclusion(leaves[index], near, size, proof, root), `${what} at ${near}`);
    }
  }
});

test('every size extends every smaller one, and nothing near it passes', () => {
  for (let size = 0; size <= SIZE_MAX; size++) {
    const root = rootAt(nodes, size);
    for (let from = 0; from <= size; from++) {
      const fromRoot = rootAt(nodes, from);
      const proof = makeConsistency(nodes, from, size);
      verifyConsistency(from, fromRoot, size, root, proof);
      const what = `${from} to ${size}`;
      refuses(EITHER, () => verifyConsistency(from, other, size, root, proof), what);
      refuses(['proof_range'], () => verifyConsistency(from, fromRoot, size, root, [...proof, other]), what);
      if (from === 0) continue; // the empty tree is a prefix of anything
      refuses(EITHER, () => verifyConsistency(from, fromRoot, size, other, proof), what);
      if (proof.length > 0) {
        refuses(EITHER, () => verifyConsistency(from, fromRoot, size, root, proof.slice(0, -1)), what);
        refuses(EITHER, () => verifyConsistency(from, fromRoot, size, root, proof.slice(1)), what);
      }
      for (let at = 0; at < proof.length; at++) refuses(['proof_mismatch'], () => verifyConsistency(from, fromRoot, size, root, proof.with(at, other)), what);
      refuses(EITHER, () => verifyConsistency(from - 1, fromRoot, size, root, proof), what);
      if (from < size) refuses(EITHER, () => verifyConsistency(from + 1, fromRoot, size, root, proof), what);
      if (size > from) refuses(EITHER, () => verifyConsistency(size, root, from, fromRoot, proof), what);
    }
  }
});

test('numbers that are no index or size are refused', () => {
  const proof: Octets[] = [];
  for (const [index, size] of [
    [-1, 1],
    [1, 1],
    [0, 0],
    [0.5, 2],
    [Number.NaN, 2],
    [0, 2 ** 53],
    [2 ** 53, 2 ** 54],
  ]) {
    refuses(['proof_range'], () => verifyInclusion(leaves[0], index, size, proof, leaves[0]), `${index} in ${size}`);
    refuses(['proof_range'], () => makeInclusion(nodes, index, size), `${index} in ${size}`);
  }
  for (const [from, size] of [
    [2, 1],
    [-1, 1],
    [0, -1],
    [0.5, 2],
    [0, 2 ** 53],
  ]) {
    refuses(['proof_range'], () => verifyConsistency(from, EMPTY_ROOT, size, EMPTY_ROOT, proof), `${from} to ${size}`);
    refuses(['proof_range'], () => makeConsistency(nodes, from, size), `${from} to ${size}`);
  }
  refuses(['proof_range'], () => verifyInclusion('short', 0, 1, [], 'short'), 'a short leaf');
  refuses(['proof_range'], () => verifyInclusion(leaves[0], 0, 2, ['short'], leaves[0]), 'a short hash');
  refuses(['proof_mismatch'], () => verifyConsistency(0, EMPTY_ROOT, 0, other, []), 'the empty tree with another root');
});

test('sizes past 2^32 are counted exactly', () => {
  const size = Number.MAX_SAFE_INTEGER;
  const same = (level: number): Octets => sha256(utf8(`level ${level}`));
  const proof = makeInclusion(same, size - 2, size);
  const root = rootAt(same, size);
  assert.equal(proof.length, 53);
  const start = makeInclusion(same, 2 ** 40 + 1, size);
  for (const [index, list] of [
    [size - 2, proof],
    [2 ** 40 + 1, start],
  ] as const) {
    refuses(['proof_mismatch'], () => verifyInclusion(same(0), index, size, list, root), 'level hashes are no node hashes');
    refuses(['proof_range'], () => verifyInclusion(same(0), index, size, list.slice(1), root), 'too short');
  }
});
