/** Writes spec/vectors/{cbor,hash,signature}.json: `node spec/make-base-vectors.ts`. */
import { writeFileSync } from 'node:fs';
import { fromHex, hex, type Octets, octets, utf8 } from '../src/base/bytes.ts';
import { type Cbor, encode } from '../src/base/cbor.ts';
import type { FaultName } from '../src/base/fault.ts';
import { EMPTY_ROOT, hashLeaf, hashNode, tagged } from '../src/crypto/hash.ts';
import { keyId, sign, signedBytes, signingKey } from '../src/crypto/suite.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A CBOR value in JSON: `{int: "1"}`, `{float: "0.5"}`, `{bytes: "00"}`, `{map: [[key, value]…]}`; the rest is itself. */
function notation(value: Cbor): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return { int: String(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { int: String(value) } : { float: String(value) };
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (Array.isArray(value)) return value.map(notation);
  return { map: Object.entries(value).map(([key, item]) => [key, notation(item)]) };
}

const nested = (levels: number): Cbor => (levels === 0 ? null : [nested(levels - 1)]);

const VALUES: readonly (readonly [clause: string, value: Cbor])[] = [
  ...[0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 2].flatMap((n): [string, Cbor][] => [
    ['C-2', n],
    ['C-2', -1 - n],
  ]),
  ['C-2', 2 ** 53 - 1],
  ['C-4', 2n ** 53n],
  ['C-4', 2n ** 64n - 1n],
  ['C-4', -(2n ** 53n)],
  ['C-4', -(2n ** 64n)],
  ['C-3', null],
  ['C-3', true],
  ['C-3', false],
  ['C-3', new Uint8Array(0)],
  ['C-3', new Uint8Array(24).fill(1)],
  ['C-3', []],
  ['C-3', {}],
  ['C-3', [1, [2, new Uint8Array([3])], { a: [] }]],
  ['C-5', ''],
  ['C-5', 'ünïcödé €'],
  ['C-5', '\ufeff\u0000𐍈'],
  ['C-5', 'e\u0301 is not \u00e9'],
  ['C-5', 'x'.repeat(256)],
  ['C-7', 0.5],
  ['C-7', -1.5],
  ['C-7', 2 ** -24],
  ['C-7', 3 * 2 ** -24],
  ['C-7', 1023 * 2 ** -24],
  ['C-7', 2 ** -14 + 2 ** -24],
  ['C-7', 2047.5],
  ['C-7', 2 ** -25],
  ['C-7', 1 + 2 ** -11],
  ['C-7', 2 ** -149],
  ['C-7', 0.1],
  ['C-7', 5e-324],
  ['C-7', 123_456_789.125],
  ['C-8', { b: 1, a: 2, aa: 3, '': 4 }],
  ['C-8', { z: 1, é: 2, zz: 3 }],
  ['C-8', { [`${'k'.repeat(24)}`]: 1, [`${'z'.repeat(23)}`]: 2 }],
  ['C-8', { constructor: 1, toString: 2 }],
  ['C-9', nested(16)],
];

const REFUSED: readonly (readonly [clause: string, bytes: string, fault: FaultName])[] = [
  ['C-1', '', 'cbor_truncated'],
  ['C-1', '0001', 'cbor_trailing'],
  ['C-1', 'f6f6', 'cbor_trailing'],
  ['C-6', '18', 'cbor_truncated'],
  ['C-6', '1b00000001', 'cbor_truncated'],
  ['C-6', '62c3', 'cbor_truncated'],
  ['C-6', '81', 'cbor_truncated'],
  ['C-6', 'a1', 'cbor_truncated'],
  ['C-6', 'a16161', 'cbor_truncated'],
  ['C-6', '9affffffff', 'cbor_truncated'],
  ['C-6', 'ba7fffffff', 'cbor_truncated'],
  ['C-6', '5a7fffffff00', 'cbor_truncated'],
  ['C-6', '7b001fffffffffffff', 'cbor_truncated'],
  ['C-6', '5b0020000000000000', 'cbor_truncated'],
  ['C-6', '9bffffffffffffffff', 'cbor_truncated'],
  ['C-6', 'fb0000', 'cbor_truncated'],
  ['C-2', '1817', 'cbor_not_shortest'],
  ['C-2', '1900ff', 'cbor_not_shortest'],
  ['C-2', '1a0000ffff', 'cbor_not_shortest'],
  ['C-2', '1b00000000ffffffff', 'cbor_not_shortest'],
  ['C-2', '3817', 'cbor_not_shortest'],
  ['C-2', '580100', 'cbor_not_shortest'],
  ['C-2', '780161', 'cbor_not_shortest'],
  ['C-2', '980100', 'cbor_not_shortest'],
  ['C-2', 'b801616100', 'cbor_not_shortest'],
  ['C-2', '5f40ff', 'cbor_indefinite'],
  ['C-2', '7f60ff', 'cbor_indefinite'],
  ['C-2', '9fff', 'cbor_indefinite'],
  ['C-2', 'bfff', 'cbor_indefinite'],
  ['C-2', 'ff', 'cbor_indefinite'],
  ['C-2', '1f', 'cbor_reserved'],
  ['C-2', '3f', 'cbor_reserved'],
  ['C-2', '1c', 'cbor_reserved'],
  ['C-2', '5d', 'cbor_reserved'],
  ['C-2', 'fe', 'cbor_reserved'],
  ['C-3', 'c000', 'cbor_tag'],
  ['C-3', 'c249010000000000000000', 'cbor_tag'],
  ['C-3', 'a1c06161f6', 'cbor_tag'],
  ['C-3', 'f7', 'cbor_simple'],
  ['C-3', 'e0', 'cbor_simple'],
  ['C-3', 'f820', 'cbor_simple'],
  ['C-3', 'f814', 'cbor_simple'],
  ['C-7', 'fa3fc00000', 'cbor_float_not_shortest'],
  ['C-7', 'fb3ff8000000000000', 'cbor_float_not_shortest'],
  ['C-7', 'fb3fb99999a0000000', 'cbor_float_not_shortest'],
  ['C-7', 'fa33800000', 'cbor_float_not_shortest'],
  ['C-7', 'f93c00', 'cbor_float_integral'],
  ['C-7', 'f90000', 'cbor_float_integral'],
  ['C-7', 'fa47c35000', 'cbor_float_integral'],
  ['C-7', 'fb7e37e43c8800759c', 'cbor_float_integral'],
  ['C-7', 'f97e00', 'cbor_not_finite'],
  ['C-7', 'f97c00', 'cbor_not_finite'],
  ['C-7', 'f9fc00', 'cbor_not_finite'],
  ['C-7', 'f98000', 'cbor_not_finite'],
  ['C-7', 'fb7ff8000000000000', 'cbor_not_finite'],
  ['C-7', 'fb8000000000000000', 'cbor_not_finite'],
  ['C-8', 'a2616200616100', 'cbor_key_order'],
  ['C-8', 'a262616100616200', 'cbor_key_order'],
  ['C-8', 'a2616100616100', 'cbor_key_duplicate'],
  ['C-8', 'a10000', 'cbor_key_type'],
  ['C-8', 'a1416100', 'cbor_key_type'],
  ['C-8', 'a1f600', 'cbor_key_type'],
  ['C-8', 'a1695f5f70726f746f5f5f00', 'cbor_key_forbidden'],
  ['C-5', '61ff', 'cbor_utf8'],
  ['C-5', '62c080', 'cbor_utf8'],
  ['C-5', '63eda080', 'cbor_utf8'],
  ['C-5', '64f4908080', 'cbor_utf8'],
  ['C-9', `${'81'.repeat(17)}00`, 'cbor_depth'],
  ['C-9', `${'a16161'.repeat(17)}00`, 'cbor_depth'],
  ['C-11', 'df', 'cbor_tag'],
  ['C-11', '8200ff', 'cbor_indefinite'],
];

function cbor(): Json {
  return {
    positive: VALUES.map(([clause, value]) => ({ clause, value: notation(value), bytes: hex(encode(value)) })),
    negative: REFUSED.map(([clause, bytes, fault]) => ({ clause, bytes, fault })),
  };
}

const INPUTS: readonly Uint8Array[] = [new Uint8Array(0), utf8('abc'), new Uint8Array(100).fill(0xff)];

function hash(): Json {
  const leaves = INPUTS.map(hashLeaf);
  return {
    tagged: ['tx', 'header', 'sparse-leaf'].flatMap((tag) => INPUTS.map((input) => ({ clause: 'H-2', tag, input: hex(input), hash: hex(tagged(tag)(input)) }))),
    leaf: INPUTS.map((entry, i) => ({ clause: 'H-3', entry: hex(entry), hash: hex(leaves[i]) })),
    node: [
      { clause: 'H-4', left: hex(leaves[0]), right: hex(leaves[1]), hash: hex(hashNode(leaves[0], leaves[1])) },
      { clause: 'H-4', left: hex(leaves[1]), right: hex(leaves[0]), hash: hex(hashNode(leaves[1], leaves[0])) },
    ],
    empty: hex(EMPTY_ROOT),
  };
}

const NETWORK: Octets = octets(Uint8Array.from({ length: 32 }, (_, i) => i));
const DIGEST: Octets = '\xa5'.repeat(32);
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with the group's order added to S. */
function malleable(signature: Uint8Array): Uint8Array {
  let s = ORDER;
  for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i]) << BigInt(8 * i);
  return signature.map((byte, i) => (i < 32 ? byte : Number((s >> BigInt(8 * (i - 32))) & 0xffn)));
}

function signature(): Json {
  const positive = ['tx', 'header'].flatMap((purpose) =>
    [0, 1].map((fill) => {
      const key = signingKey(new Uint8Array(32).fill(fill));
      const bytes = signedBytes(purpose, NETWORK, key.suite, DIGEST);
      return {
        clause: 'S-1',
        suite: key.suite,
        seed: hex(new Uint8Array(32).fill(fill)),
        public: hex(key.public),
        key_id: hex(keyId(key.suite, key.public)),
        purpose,
        network: hex(NETWORK),
        digest: hex(DIGEST),
        signed: hex(bytes),
        signature: hex(sign(key, purpose, NETWORK, DIGEST)),
      };
    }),
  );
  const { suite, public: publicKey, purpose, network, digest, signature } = positive[0];
  const good = { suite, public: publicKey, purpose, network, digest, signature };
  const altered = fromHex(good.signature);
  altered[40] ^= 1;
  const forged = `01${'00'.repeat(63)}`;
  const negative: readonly (readonly [string, string, Partial<typeof good>])[] = [
    ['S-1', 'another purpose', { purpose: 'header' }],
    ['S-1', 'another network', { network: '00'.repeat(32) }],
    ['S-1', 'another digest', { digest: '00'.repeat(32) }],
    ['S-3', 'another key', { public: positive[1].public }],
    ['S-3', 'one bit flipped', { signature: hex(altered) }],
    ['S-3', 'S past the order', { signature: hex(malleable(fromHex(good.signature))) }],
    ['S-3', 'too short', { signature: good.signature.slice(2) }],
    ['S-3', 'a key too short', { public: good.public.slice(2) }],
    ['S-4', 'the neutral element as a key', { public: `01${'00'.repeat(31)}`, signature: forged }],
    ['S-4', 'the neutral element, y not reduced', { public: `ee${'ff'.repeat(30)}7f`, signature: forged }],
    ['S-4', 'a key of order 8', { public: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', signature: forged }],
    ['S-5', 'an unknown suite', { suite: 65_535 }],
  ];
  return { positive, negative: negative.map(([clause, why, change]) => ({ clause, why, ...good, ...change, fault: 'signature_invalid' })) };
}

/** The text of each file under spec/vectors. */
export const baseVectors = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ cbor: cbor(), hash: hash(), signature: signature() }).map(([name, data]) => [`${name}.json`, `${JSON.stringify(data, null, 1)}\n`]),
  );

if (import.meta.main) for (const [name, text] of Object.entries(baseVectors())) writeFileSync(`${import.meta.dirname}/vectors/${name}`, text);
