import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as decodeCborg, encode as encodeCborg, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { fromHex, hex } from './bytes.ts';
import { type Cbor, compareKeys, decode, encode, Reader, Writer } from './cbor.ts';
import { Fault } from './fault.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const runs = Number(process.env['RUNS'] ?? 2_000);
console.log(`SEED=${seed} RUNS=${runs}`);
const holds = <T>(property: fc.IProperty<T>, numRuns = runs): void => fc.assert(property, { seed, numRuns });

/** cborg writes subnormal halves as singles, which is not the shortest form; "all half floats" covers them. */
const missedByCborg = (n: number): boolean => Math.abs(n) < 2 ** -14 && Number.isInteger(n * 2 ** 24);

/** No negative zero, NaN or infinity, and nothing integral past 2^53. */
const float = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer().map((n) => n * 2 ** -24),
  )
  .filter((n) => !Object.is(n, -0) && !missedByCborg(n) && (!Number.isInteger(n) || Number.isSafeInteger(n)));
const bigint = fc
  .oneof(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }))
  .filter((n) => !Number.isSafeInteger(Number(n)));
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', minLength: 20, maxLength: 300 }));
const key = text.filter((name) => name !== '__proto__');
const leaf = fc.oneof(
  fc.constantFrom(null, true, false),
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  float,
  bigint,
  text,
  fc.uint8Array({ maxLength: 300 }),
);
const { value } = fc.letrec<{ value: Cbor; item: Cbor }>((tie) => ({
  item: fc.oneof({ maxDepth: 5, withCrossShrink: true }, leaf, tie('value')),
  value: fc.oneof(leaf, fc.array(tie('item'), { maxLength: 30 }), fc.dictionary(key, tie('item'), { maxKeys: 30, noNullPrototype: true })),
}));

const slugOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.slug;
    throw error;
  }
  return 'none';
};

const CBORG = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: true,
  rejectDuplicateMapKeys: true,
};

test('encodes as cborg does, and decodes what it encodes', () => {
  holds(
    fc.property(value, (given) => {
      const bytes = encode(given);
      assert.equal(hex(bytes), hex(encodeCborg(given, rfc8949EncodeOptions)));
      assert.deepEqual(decode(bytes), given);
      assert.deepEqual(decodeCborg(bytes, CBORG), given);
    }),
  );
});

test('a decoded value encodes to the same bytes; anything else is a Fault', () => {
  const position = fc.record({
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
    cut: fc.integer({ min: 0, max: 3 }),
    way: fc.constantFrom('set', 'insert', 'remove', 'flip'),
  });
  let accepted = 0;
  holds(
    fc.property(value, fc.array(position, { minLength: 1, maxLength: 3 }), (given, mutations) => {
      let bytes = [...encode(given)];
      for (const { at, byte, cut, way } of mutations) {
        const place = at % (bytes.length + 1);
        if (way === 'set') bytes[Math.min(place, bytes.length - 1)] = byte;
        else if (way === 'insert') bytes.splice(place, 0, byte);
        else if (way === 'remove') bytes.splice(place, cut);
        else bytes = bytes.map((b, i) => (i === place ? b ^ (1 << (byte & 7)) : b));
      }
      const mutated = Uint8Array.from(bytes);
      try {
        assert.equal(hex(encode(decode(mutated))), hex(mutated));
        accepted++;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        assert.ok(error.slug.startsWith('cbor_'), error.slug);
      }
    }),
    runs * 5,
  );
  assert.ok(accepted > runs / 10, 'mutations that stay valid are part of the test');
});

test('random bytes: a value or a Fault, with the same bytes again', () => {
  holds(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      if (slugOf(() => decode(bytes)) === 'none') assert.equal(hex(encode(decode(bytes))), hex(bytes));
    }),
    runs * 10,
  );
});

test('all encodings of one and two bytes', () => {
  for (let first = 0; first < 256; first++) {
    for (let second = -1; second < 256; second++) {
      const bytes = Uint8Array.from(second < 0 ? [first] : [first, second]);
      if (slugOf(() => decode(bytes)) === 'none') assert.equal(hex(encode(decode(bytes))), hex(bytes));
    }
  }
});

test('all half floats', () => {
  const bytes = new Uint8Array([0xf9, 0, 0]);
  for (let half = 0; half < 65_536; half++) {
    bytes[1] = half >> 8;
    bytes[2] = half & 255;
    const slug = slugOf(() => decode(bytes));
    if (slug === 'none') assert.equal(hex(encode(decode(bytes))), hex(bytes));
    else assert.ok(slug === 'cbor_not_finite' || slug === 'cbor_float_integral', slug);
  }
});

test('a fault names the byte', () => {
  assert.throws(() => decode(fromHex('83010218ff00')), { slug: 'cbor_trailing', context: { at: 5 } });
  assert.throws(() => decode(fromHex('830102f7')), { slug: 'cbor_simple', context: { at: 3 } });
});

test('typed reads refuse another type and another range', () => {
  const read = (bytes: string, take: (reader: Reader) => unknown): string => slugOf(() => take(new Reader(fromHex(bytes))));
  const takes: readonly (readonly [string, string, (reader: Reader) => unknown])[] = [
    ['20', '17', (r) => r.uint()],
    ['6161', '20', (r) => r.int()],
    ['6161', '4161', (r) => r.bytesOf(1)],
    ['4161', '6161', (r) => r.text(1)],
    ['a0', '80', (r) => r.array()],
    ['f6', 'f5', (r) => r.bool()],
    ['6161', '4161', (r) => r.octets(1)],
    ['a0', '8100', (r) => r.fields(1, 'a record')],
  ];
  for (const [bad, good, take] of takes) {
    assert.equal(read(bad, take), 'cbor_type', bad);
    assert.equal(read(good, take), 'none', good);
    assert.equal(read('', take), 'cbor_truncated');
  }
  assert.equal(
    read('4161', (r) => r.octets(2)),
    'cbor_range',
  );
  assert.equal(
    read('426161', (r) => r.bytesOf(1)),
    'cbor_range',
  );
  assert.equal(
    read('626161', (r) => r.text(1)),
    'cbor_range',
  );
  assert.equal(
    read('820000', (r) => r.fields(1, 'a record')),
    'cbor_range',
  );
  assert.equal(
    read('1b0020000000000000', (r) => r.uint()),
    'cbor_range',
  );
  assert.equal(
    read('1b001fffffffffffff', (r) => r.uint()),
    'none',
  );
});

test('depth 16 is allowed, 17 is not; hostile nesting ends early', () => {
  const nest = (levels: number): Cbor => (levels === 0 ? 1 : [nest(levels - 1)]);
  assert.deepEqual(decode(encode(nest(16))), nest(16));
  assert.equal(
    slugOf(() => encode(nest(17))),
    'too_deep',
  );
  assert.equal(
    slugOf(() => decode(new Uint8Array(1_000_000).fill(0x81))),
    'cbor_depth',
  );
});

test('what cannot be encoded is refused', () => {
  assert.equal(
    slugOf(() => encode(Number.NaN)),
    'not_finite',
  );
  assert.equal(
    slugOf(() => encode(Infinity)),
    'not_finite',
  );
  assert.equal(
    slugOf(() => encode(-0)),
    'not_finite',
  );
  assert.equal(
    slugOf(() => encode(2 ** 53)),
    'integer_too_large',
  );
  assert.equal(
    slugOf(() => encode(1e300)),
    'integer_too_large',
  );
  assert.equal(
    slugOf(() => encode(2n ** 64n)),
    'cbor_range',
  );
  assert.equal(
    slugOf(() => encode(-(2n ** 64n) - 1n)),
    'cbor_range',
  );
  assert.equal(
    slugOf(() => encode('\ud800')),
    'text_malformed',
  );
  assert.equal(
    slugOf(() => encode({ 'a long key with a lone surrogate \udc00': 1 })),
    'text_malformed',
  );
  assert.equal(
    slugOf(() => encode(JSON.parse('{"__proto__":1}') as Cbor)),
    'key_forbidden',
  );
  assert.equal(
    slugOf(() => encode([undefined] as unknown as Cbor)),
    'cbor_type',
  );
  assert.equal(
    slugOf(() => new Writer().uint(-1)),
    'cbor_range',
  );
  assert.equal(
    slugOf(() => new Writer().uint(1.5)),
    'cbor_range',
  );
});

test('keys sort by their encoding', () => {
  holds(
    fc.property(key, key, (a, b) => {
      const order = Math.sign(Buffer.compare(encode(a), encode(b)));
      assert.equal(Math.sign(compareKeys(a, b)), order);
      assert.equal(Math.sign(compareKeys(b, a)), 0 - order);
    }),
  );
});

test('a writer grows, keeps its place, and copies when done', () => {
  const writer = new Writer(1);
  writer.value(['x'.repeat(5_000), new Uint8Array(9_000), 'é'.repeat(3_000)]);
  const copy = writer.done();
  assert.equal(hex(writer.view()), hex(copy));
  writer.reset().null();
  assert.equal(hex(writer.done()), 'f6');
  assert.deepEqual(decode(copy), ['x'.repeat(5_000), new Uint8Array(9_000), 'é'.repeat(3_000)]);
});
