/**
 * Signature suites (spec/signature.md). Signed bytes: `u8 len ‖ "ava.sig.PURPOSE.v1" ‖ network ‖ suite u16 ‖ digest`.
 * Suite 1 is Ed25519 (RFC 8032): strict, deterministic. Suite 2 is a passkey (passkey.ts). Neither resists a quantum computer.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { fromHex, fromOctets, type Octets, octets, putOctets, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from './hash.ts';
import { PASSKEY_PUBLIC_BYTES, passkeyObject } from './passkey.ts';

export { type Passkey, verifyPasskey } from './passkey.ts';

export const ED25519 = 1;
/** S-7: P-256 by a browser. */
export const PASSKEY = 2;
export const PUBLIC_BYTES_MAX = PASSKEY_PUBLIC_BYTES;
export const SIGNATURE_BYTES_MAX = 8_192;

/** A key that can sign: `public` are its 32 raw bytes, `id` names it. */
export interface SigningKey {
  readonly suite: number;
  readonly id: Octets;
  readonly public: Octets;
  readonly secret: KeyObject;
}

const keyHash = tagged('key');
const PKCS8_ED25519 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const SPKI_ED25519 = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/** S-2: `key_id = H("key", suite u16 ‖ public key)`. */
export const keyId = (suite: number, publicKey: Octets): Octets => keyHash(String.fromCharCode(suite >> 8, suite & 255), publicKey);

function fromKeyObject(secret: KeyObject): SigningKey {
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  const publicKey = octets(spki.subarray(spki.length - 32));
  return { suite: ED25519, id: keyId(ED25519, publicKey), public: publicKey, secret };
}

/** The Ed25519 key of a 32-byte seed. */
export function signingKey(seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new Fault('config', 'an Ed25519 seed has 32 bytes');
  return fromKeyObject(createPrivateKey({ key: Buffer.from([...PKCS8_ED25519, ...seed]), format: 'der', type: 'pkcs8' }));
}

/** A new seed from the system's generator. */
export function newSeed(): Uint8Array {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return new Uint8Array(der.subarray(der.length - 32));
}

/** S-1: the bytes that are signed. */
export function signedBytes(purpose: string, network: Octets, suite: number, digest: Octets): Uint8Array {
  const name = utf8(`ava.sig.${purpose}.v1`);
  const out = new Uint8Array(1 + name.length + 32 + 2 + digest.length);
  out[0] = name.length;
  out.set(name, 1);
  const at = putOctets(out, 1 + name.length, network);
  out[at] = suite >> 8;
  out[at + 1] = suite & 255;
  putOctets(out, at + 2, digest);
  return out;
}

export function sign(key: SigningKey, purpose: string, network: Octets, digest: Octets): Uint8Array {
  return new Uint8Array(nodeSign(null, signedBytes(purpose, network, key.suite, digest), key.secret));
}

/** The y of the points of order 1, 2, 4 and 8, without the sign of x, little-endian. */
const SMALL_ORDER: ReadonlySet<Octets> = new Set(
  [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ].map((y) => octets(fromHex(y))),
);

/**
 * S-4: a key whose y is not below 2^255 − 19, or of small order (whose signatures anyone can make), is refused.
 * OpenSSL refuses them from 3.5 on; a validator on an older one must not differ.
 */
export function isWeakKey(publicKey: Octets): boolean {
  const y = publicKey.slice(0, 31) + String.fromCharCode(publicKey.charCodeAt(31) & 0x7f);
  return SMALL_ORDER.has(y) || (y.charCodeAt(0) >= 0xed && y.slice(1) === `${'\xff'.repeat(30)}\x7f`);
}

/** What is wrong with a public key of a suite that approvers may have; undefined where nothing is. */
export function keyProblem(suite: number, publicKey: Octets): string | undefined {
  try {
    if (suite === PASSKEY) passkeyObject(publicKey);
    else if (suite !== ED25519) return `suite ${suite} is not known`;
    else if (publicKey.length !== 32) return 'an Ed25519 key has 32 bytes';
    else publicKeyObject(publicKey);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'the public key is malformed';
  }
}

const keys = new Map<Octets, KeyObject>();
const KEYS_MAX = 1_024;

function publicKeyObject(publicKey: Octets): KeyObject {
  let key = keys.get(publicKey);
  if (key === undefined) {
    if (isWeakKey(publicKey)) throw new Fault('signature_invalid', 'the public key is weak');
    key = createPublicKey({ key: Buffer.from([...SPKI_ED25519, ...fromOctets(publicKey)]), format: 'der', type: 'spki' });
    if (keys.size >= KEYS_MAX) keys.clear();
    keys.set(publicKey, key);
  }
  return key;
}

/** Whether the signature is the key's over these bytes (S-3). False for an unknown suite (S-5) and for a malformed or weak key. */
export function verify(suite: number, publicKey: Octets, signature: Uint8Array, purpose: string, network: Octets, digest: Octets): boolean {
  if (suite !== ED25519 || publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return nodeVerify(null, signedBytes(purpose, network, suite, digest), publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** Raw Ed25519 over given bytes, for formats that others fixed: C2SP notes (S-6). */
export const signRaw = (key: SigningKey, message: Uint8Array): Uint8Array => new Uint8Array(nodeSign(null, message, key.secret));

export function verifyRaw(publicKey: Octets, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return nodeVerify(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}
