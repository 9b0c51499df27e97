import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { hashLeaf } from '../crypto/hash.ts';
import { nodesOf, rootAt } from './proof.ts';
import {
  decodeBundle,
  decodeTile,
  ENTRIES,
  encodeBundle,
  encodeTile,
  parseTilePath,
  placeOf,
  TILE_WIDTH,
  tilePath,
  tileRoot,
  tilesOf,
  widthAt,
} from './tile.ts';
import { rootOf } from './tree.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);
const refuses = (run: () => unknown, what: string) => assert.throws(run, (e) => e instanceof Fault && e.slug === 'tile_malformed', what);

test('the paths of the specification', () => {
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: TILE_WIDTH }), 'tile/0/x001/x234/067');
  assert.equal(tilePath({ level: 1, index: 0, width: 17 }), 'tile/1/000.p/17');
  assert.equal(tilePath({ level: ENTRIES, index: 999, width: TILE_WIDTH }), 'tile/entries/999');
  assert.equal(tilePath({ level: ENTRIES, index: 1000, width: 255 }), 'tile/entries/x001/000.p/255');
});

test("a path and its tile are each other's inverse", () => {
  const tile = fc.record(
    { level: fc.integer({ min: -1, max: 6 }), index: fc.oneof(fc.nat(2_000), fc.maxSafeNat()), width: fc.integer({ min: 1, max: 256 }) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(tile, (value) => assert.deepEqual(parseTilePath(tilePath(value)), value)),
    { seed: SEED },
  );
  for (const path of [
    '',
    'tile',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/7/000',
    'tile/00/000',
    'tile/-1/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/257',
    'tile/0/000.p/01',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000/',
    '/tile/0/000',
    'tile/entries/000.p',
    'tile/data/000',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/000\n',
  ]) {
    refuses(() => parseTilePath(path), path);
  }
});

test('the tiles of a tree give its nodes and root', () => {
  const size = 70_000;
  const leaves = Array.from({ length: size }, (_, i) => hashLeaf(utf8(String(i))));
  const nodes = nodesOf(leaves);
  const level0 = [...tilesOf(0, size)];
  assert.equal(level0.length, 274);
  assert.equal(level0[273].width, 112);
  assert.deepEqual(
    [...tilesOf(1, size)],
    [
      { level: 1, index: 0, width: 256 },
      { level: 1, index: 1, width: 17 },
    ],
  );
  assert.deepEqual([...tilesOf(2, size)], [{ level: 2, index: 0, width: 1 }]);
  assert.deepEqual([...tilesOf(3, size)], []);
  assert.equal(widthAt(0, 274, size), 0);
  const hashes = leaves.slice(0, TILE_WIDTH);
  const bytes = encodeTile(hashes);
  assert.equal(bytes.length, 8192);
  assert.deepEqual(decodeTile(bytes, TILE_WIDTH), hashes);
  assert.equal(tileRoot(hashes), nodes(8, 0));
  refuses(() => decodeTile(bytes, 255), 'another width');
  for (const [level, index] of [
    [0, 300],
    [7, 3],
    [8, 5],
    [9, 100],
    [16, 0],
  ]) {
    const place = placeOf(level, index);
    const below = Array.from({ length: place.count }, (_, i) => nodes(8 * place.level, place.index * TILE_WIDTH + place.from + i));
    assert.equal(rootOf(below), nodes(level, index), `${level}, ${index}`);
  }
  assert.equal(rootAt(nodes, size), rootOf(leaves));
});

test('entry bundles go and come back, and nothing else is one', () => {
  const entries = [utf8('one'), new Uint8Array(0), new Uint8Array(65_535).fill(1)];
  const bytes = encodeBundle(entries);
  assert.deepEqual(decodeBundle(bytes, 3), entries);
  refuses(() => decodeBundle(bytes, 2), 'an entry too many');
  refuses(() => decodeBundle(bytes, 4), 'an entry too few');
  refuses(() => decodeBundle(bytes.subarray(0, bytes.length - 1), 3), 'cut');
  refuses(() => decodeBundle(new Uint8Array([0]), 1), 'half a length');
  assert.deepEqual(decodeBundle(new Uint8Array(0), 0), []);
  assert.throws(() => encodeBundle([new Uint8Array(65_536)]), RangeError);
});
