import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compare, concat, equal, fromHex, fromOctets, fromUtf8, hex, octets, octetsFromHex, putOctets, utf8, ZERO32 } from './bytes.ts';

const bytes = fc.uint8Array({ maxLength: 70 });
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
console.log(`SEED=${seed}`);
const holds = <T>(property: fc.IProperty<T>): void => fc.assert(property, { seed, numRuns: 500 });

test('octets, hex and UTF-8 go and come back', () => {
  holds(
    fc.property(bytes, (given) => {
      assert.deepEqual(fromOctets(octets(given)), given);
      assert.equal(hex(given), Buffer.from(given).toString('hex'));
      assert.equal(hex(octets(given)), hex(given));
      assert.deepEqual(fromHex(hex(given)), given);
      assert.equal(octetsFromHex(hex(given), given.length), octets(given));
      const target = new Uint8Array(given.length + 2);
      assert.equal(putOctets(target, 1, octets(given)), given.length + 1);
      assert.deepEqual(target.slice(1, -1), given);
    }),
  );
  holds(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(fromUtf8(utf8(text)), text)));
  assert.equal(fromUtf8(utf8('\ufeffa')), '\ufeffa', 'a byte order mark is kept');
  assert.throws(() => fromUtf8(new Uint8Array([0xff])), TypeError);
  assert.equal(ZERO32.length, 32);
});

test('hex is lower case, whole and of the given length', () => {
  for (const bad of ['0', 'AA', 'g0', '0x', ' 0']) assert.throws(() => fromHex(bad), RangeError, bad);
  assert.equal(octetsFromHex('00', 2), undefined);
  assert.equal(octetsFromHex('000', 1), undefined);
});

test('order and equality are bytewise', () => {
  holds(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(Math.sign(compare(a, b)), Buffer.compare(a, b));
      assert.equal(equal(a, b), Buffer.compare(a, b) === 0);
      assert.deepEqual(concat(a, b), new Uint8Array([...a, ...b]));
    }),
  );
  assert.ok(equal(new Uint8Array([1, 2]), new Uint8Array([1, 2])));
});
