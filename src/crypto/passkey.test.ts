/** Passkeys: what an authenticator that Chromium simulates (CTAP2) gave to a page of localhost, and what is no assertion. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, fromOctets, octets, utf8 } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { sha256 } from './hash.ts';
import { type Passkey, verifyPasskey } from './passkey.ts';
import { keyProblem, PASSKEY } from './suite.ts';

const RECORDED: Passkey = {
  public: octets(fromHex('0455bc8737bf8236c64fb1c0432912c59518197e504d6501f2969d7efc7b819eb778202bbe9faf59c194aef5c5c2082e4d3d888573ee75c614341545f24a430ec1')),
  origin: 'http://localhost:4177',
  rp_id: 'localhost',
};
interface Assertion {
  readonly challenge: string;
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}
const VERIFIED: readonly Assertion[] = [
  {
    challenge: '000306090c0f1215181b1e2124272a2d303336393c3f4245484b4e5154575a5d',
    authenticatorData: '49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630500000002',
    clientDataJSON: '{"type":"webauthn.get","challenge":"AAMGCQwPEhUYGx4hJCcqLTAzNjk8P0JFSEtOUVRXWl0","origin":"http://localhost:4177","crossOrigin":false}',
    signature: '304402201acefa5c9ef4961654004dc651b410074c5aaf74c5f128e09a65836f5a08b03f022031b2ef714c57d86e2b9e350b46471721024e301ac1331f9c92142241d6e81a2f',
  },
  {
    challenge: '0104070a0d101316191c1f2225282b2e3134373a3d404346494c4f5255585b5e',
    authenticatorData: '49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630500000003',
    clientDataJSON: '{"type":"webauthn.get","challenge":"AQQHCg0QExYZHB8iJSgrLjE0Nzo9QENGSUxPUlVYW14","origin":"http://localhost:4177","crossOrigin":false}',
    signature:
      '3046022100c166dd45b0b3dedc6deafe634d56d25ecf922ad2b32a6b7936fea4739e39acce022100fe8913c07f6f7194e9ba80dfb8830cdc80b1bef9cc08f833b23775336d4cfeb0',
  },
];
/** The user was there, and did not prove who he is. */
const UNVERIFIED: Assertion = {
  challenge: '0205080b0e1114171a1d202326292c2f3235383b3e4144474a4d505356595c5f',
  authenticatorData: '49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630100000004',
  clientDataJSON:
    '{"type":"webauthn.get","challenge":"AgUICw4RFBcaHSAjJiksLzI1ODs-QURHSk1QU1ZZXF8","origin":"http://localhost:4177","crossOrigin":false,"other_keys_can_be_added_here":"do not compare clientDataJSON against a template. See https://goo.gl/yabPex"}',
  signature: '3045022100e25b9eca527902f2a18226bcdd40e10e21ed566801512211a32204d36c43dc4202202aa383de5a137862d322a1c742c67dd724ca3cff32dcb3ff679516b073584c2a',
};
const bytesOf = ({ authenticatorData, clientDataJSON, signature }: Assertion): Uint8Array =>
  encode([fromHex(authenticatorData), utf8(clientDataJSON), fromHex(signature)]);
const challengeOf = ({ challenge }: Assertion): string => octets(fromHex(challenge));

test('S-7, S-8: recorded assertions verify, for their challenge and their key alone', () => {
  for (const one of VERIFIED) {
    assert.ok(verifyPasskey(RECORDED, bytesOf(one), challengeOf(one)));
    assert.ok(!verifyPasskey(RECORDED, bytesOf(one), challengeOf(UNVERIFIED)), 'another challenge');
    assert.ok(!verifyPasskey({ ...RECORDED, origin: 'http://localhost:4178' }, bytesOf(one), challengeOf(one)), 'another origin');
    assert.ok(!verifyPasskey({ ...RECORDED, rp_id: 'example.org' }, bytesOf(one), challengeOf(one)), 'another relying party');
  }
  assert.ok(!verifyPasskey(RECORDED, bytesOf(UNVERIFIED), challengeOf(UNVERIFIED)), 'the user was not verified');
  const [first, second] = VERIFIED;
  assert.ok(!verifyPasskey(RECORDED, bytesOf({ ...first, signature: second.signature }), challengeOf(first)), "another assertion's signature");
});

test('S-8: one changed byte anywhere is no assertion', () => {
  const [one] = VERIFIED;
  const bytes = bytesOf(one);
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1 + (at % 255);
    assert.ok(!verifyPasskey(RECORDED, other, challengeOf(one)), `byte ${at}`);
  }
  for (let length = 0; length < bytes.length; length++) assert.ok(!verifyPasskey(RECORDED, bytes.subarray(0, length), challengeOf(one)));
});

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const OWN: Passkey = { ...RECORDED, public: octets(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65)) };
const CHALLENGE = octets(new Uint8Array(32).fill(0xfb));
const START = `{"type":"webauthn.get","challenge":"${'-_v7'.repeat(10)}-_s","origin":"http://localhost:4177","crossOrigin":false`;

/** An assertion that is signed well, whatever it says. */
function signed({ flags = 5, rp_id = 'localhost', extra = 0, client = `${START}}` }: { flags?: number; rp_id?: string; extra?: number; client?: string }) {
  const data = concat(fromOctets(sha256(utf8(rp_id))), new Uint8Array([flags, 0, 0, 0, 1]), new Uint8Array(extra));
  const signature = nodeSign('sha256', concat(data, fromOctets(sha256(utf8(client)))), pair.privateKey);
  return encode([data, utf8(client), new Uint8Array(signature)]);
}

test('S-8: what is signed well and still no assertion for this', () => {
  const table: readonly [string, Parameters<typeof signed>[0], boolean][] = [
    ['as it should be', {}, true],
    ['with backup flags', { flags: 0x1d }, true],
    ['with extension data', { flags: 0x85, extra: 100 }, true],
    ['with further members', { client: `${START},"x":{"y":[]}}` }, true],
    ['not present', { flags: 4 }, false],
    ['not verified', { flags: 1 }, false],
    ['another relying party', { rp_id: 'localhost.example.org' }, false],
    ['too much data', { extra: 1_000 }, false],
    ['a registration', { client: START.replace('webauthn.get', 'webauthn.create').concat('}') }, false],
    ['another order', { client: `{"challenge":"x","type":"webauthn.get"}` }, false],
    ['a space', { client: START.replace('","', '", "').concat('}') }, false],
    ['from a frame of another page', { client: START.replace('false', 'true').concat('}') }, false],
    ['an origin that begins alike', { client: START.replace('4177', '41770').concat('}') }, false],
    ['no end', { client: START }, false],
    ['goes on without a comma', { client: `${START} }` }, false],
    ['a value that goes on', { client: `${START}ly}` }, false],
    ['too long', { client: `${START},"x":"${'x'.repeat(2_048)}"}` }, false],
  ];
  for (const [name, parts, good] of table) assert.equal(verifyPasskey(OWN, signed(parts), CHALLENGE), good, name);
  const odd = { ...OWN, origin: 'http://localhost:4177","crossOrigin":false,"x":"' };
  assert.ok(!verifyPasskey(odd, signed({ client: `${START},"x":"","crossOrigin":false}` }), CHALLENGE), 'an origin that is no plain text');
});

test('S-7: what is no public key', () => {
  assert.equal(keyProblem(PASSKEY, RECORDED.public), undefined);
  for (const bad of [
    '',
    RECORDED.public.slice(1),
    `${RECORDED.public}\0`,
    `\x02${RECORDED.public.slice(1, 33)}`,
    `\x04${'\0'.repeat(64)}`,
    RECORDED.public.slice(0, -1).concat('\xff'),
  ])
    assert.notEqual(keyProblem(PASSKEY, bad), undefined);
});
