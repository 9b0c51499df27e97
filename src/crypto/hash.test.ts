import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromOctets, hex, octets } from '../base/bytes.ts';
import { EMPTY_ROOT, hashLeaf, hashNode, randomOctets, sha256, tagged } from './hash.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
console.log(`SEED=${seed}`);
const bytes = fc.uint8Array({ maxLength: 300 });
const holds = <T>(property: fc.IProperty<T>): void => fc.assert(property, { seed, numRuns: 500 });
const reference = (...parts: (Uint8Array | string)[]): string => parts.reduce((h, part) => h.update(part), createHash('sha256')).digest('hex');

test('SHA-256 and its tagged form are those of node:crypto', () => {
  const tx = tagged('tx');
  holds(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(hex(sha256(a)), reference(a));
      assert.equal(hex(tx(a, b)), reference('\x09ava.tx.v1', a, b));
      assert.equal(hex(tx(octets(a), b)), reference('\x09ava.tx.v1', a, b));
    }),
  );
  const large = new Uint8Array(300_000).fill(7);
  assert.equal(hex(tx(large, large)), reference('\x09ava.tx.v1', large, large), 'past the scratch space');
  assert.equal(hex(tx(large.subarray(0, 3))), reference('\x09ava.tx.v1', large.subarray(0, 3)), 'and small again');
  assert.notEqual(tx(large), tagged('xt')(large));
});

test('leaves and nodes are those of RFC 6962', () => {
  holds(
    fc.property(bytes, (a) => {
      const leaf = hashLeaf(a);
      assert.equal(hex(leaf), reference('\0', a));
      assert.equal(hex(hashNode(leaf, EMPTY_ROOT)), reference('\x01', fromOctets(leaf), fromOctets(EMPTY_ROOT)));
    }),
  );
  assert.equal(hex(EMPTY_ROOT), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('random octets have their length and do not come twice', () => {
  const met = new Set<string>();
  for (let i = 0; i < 5_000; i++) met.add(randomOctets(16));
  assert.equal(met.size, 5_000);
  assert.equal(randomOctets(16_384).length, 16_384);
  assert.doesNotMatch(randomOctets(4_096), /\0{8}/);
  assert.throws(() => randomOctets(16_385), RangeError);
});
