import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, fromOctets, hex, octets, ZERO32 } from '../base/bytes.ts';
import { ED25519, isWeakKey, keyId, newSeed, sign, signedBytes, signingKey, signRaw, verify, verifyRaw } from './suite.ts';

/** RFC 8032 §7.1, tests 1, 2, 3 and SHA(abc): seed, public key, message, signature. */
const RFC_8032: readonly (readonly [string, string, string, string])[] = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    createHash('sha512').update('abc').digest('hex'),
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
];

test('the vectors of RFC 8032', () => {
  for (const [seed, publicKey, message, signature] of RFC_8032) {
    const key = signingKey(fromHex(seed));
    assert.equal(hex(key.public), publicKey);
    assert.equal(hex(signRaw(key, fromHex(message))), signature);
    assert.ok(verifyRaw(key.public, fromHex(message), fromHex(signature)));
    assert.ok(!verifyRaw(key.public, fromHex(`${message}00`), fromHex(signature)));
  }
});

const digest = '\x11'.repeat(32);
const network = '\x22'.repeat(32);

test('signed bytes bind purpose, network, suite and digest (S-1)', () => {
  assert.equal(hex(signedBytes('tx', network, 1, digest)), `0d${hex(Buffer.from('ava.sig.tx.v1'))}${'22'.repeat(32)}0001${'11'.repeat(32)}`);
  const key = signingKey(newSeed());
  const signature = sign(key, 'tx', network, digest);
  assert.ok(verify(ED25519, key.public, signature, 'tx', network, digest));
  assert.ok(!verify(ED25519, key.public, signature, 'header', network, digest));
  assert.ok(!verify(ED25519, key.public, signature, 'tx', ZERO32, digest));
  assert.ok(!verify(ED25519, key.public, signature, 'tx', network, ZERO32));
  assert.ok(!verify(ED25519, signingKey(newSeed()).public, signature, 'tx', network, digest));
  assert.ok(!verify(2, key.public, signature, 'tx', network, digest));
  for (let bit = 0; bit < 512; bit++) {
    const flipped = signature.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    assert.ok(!verify(ED25519, key.public, flipped, 'tx', network, digest), `bit ${bit}`);
  }
});

test('a signature has one form: S + L is refused (S-3)', () => {
  const key = signingKey(fromHex(RFC_8032[0][0]));
  const signature = sign(key, 'tx', network, digest);
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = order;
  for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i]) << BigInt(8 * i);
  const other = signature.slice();
  for (let i = 0; i < 32; i++) other[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
  assert.ok(!verify(ED25519, key.public, other, 'tx', network, digest));
  assert.ok(!verify(ED25519, key.public, signature.subarray(0, 63), 'tx', network, digest));
});

test('weak keys are refused (S-4)', () => {
  const top = (y: string): string => y.slice(0, 62) + (Number.parseInt(y.slice(62), 16) | 0x80).toString(16);
  const weak = [
    `01${'00'.repeat(31)}`,
    `ec${'ff'.repeat(30)}7f`,
    '00'.repeat(32),
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    `ff${'ff'.repeat(30)}7f`,
  ];
  // With A the neutral element, R = S·B verifies every message: S = 0, R = the neutral element.
  const forged = fromHex(`01${'00'.repeat(63)}`);
  for (const y of [...weak, ...weak.map(top)]) {
    assert.ok(isWeakKey(octets(fromHex(y))), y);
    assert.ok(!verifyRaw(octets(fromHex(y)), new Uint8Array(1), forged), y);
  }
  for (const [, publicKey] of RFC_8032) assert.ok(!isWeakKey(octets(fromHex(publicKey))));
  assert.ok(!isWeakKey(octets(fromHex(`ec${'ff'.repeat(29)}fe7f`))));
  assert.ok(!verifyRaw('\0'.repeat(31), new Uint8Array(1), forged));
});

test('key ids name suite and key (S-2); seeds have 32 bytes', () => {
  const key = signingKey(fromHex(RFC_8032[1][0]));
  const expected = createHash('sha256').update('\x0aava.key.v1\0\x01').update(fromOctets(key.public)).digest('hex');
  assert.equal(hex(key.id), expected);
  assert.notEqual(keyId(1, key.public), keyId(256, key.public));
  assert.throws(() => signingKey(new Uint8Array(31)), { slug: 'config' });
  assert.notDeepEqual(newSeed(), newSeed());
});

test('more keys than are remembered', () => {
  for (let i = 0; i < 1_100; i++) {
    const seed = new Uint8Array(32);
    seed[0] = i & 255;
    seed[1] = i >> 8;
    const key = signingKey(seed);
    assert.ok(verifyRaw(key.public, seed, signRaw(key, seed)));
  }
});
