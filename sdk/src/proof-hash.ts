/** Hashes and signatures of the proof check, by WebCrypto (spec/hash.md, spec/signature.md). */
import { localError } from './error.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
export const utf8 = (text: string): Bytes => encoder.encode(text);

export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export function join(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** H-1 */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

const named = (text: string): Bytes => {
  const name = utf8(text);
  return join(new Uint8Array([name.length]), name);
};

/** H-2 */
export const tagged = (tag: string, ...parts: readonly Uint8Array[]): Promise<Bytes> => sha256(join(named(`ava.${tag}.v1`), ...parts));

/** H-3 */
export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(join(new Uint8Array([0]), entry));
/** H-4 */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(join(new Uint8Array([1]), left, right));

/** S-2 */
export const keyIdOf = (suite: number, key: Bytes): Promise<Bytes> => tagged('key', new Uint8Array([suite >> 8, suite & 255]), key);

/** S-4: the y of points of order 1, 2, 4 and 8. */
const SMALL_ORDER = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

function isWeak(key: Bytes): boolean {
  const y = key.slice();
  y[31] &= 0x7f;
  return SMALL_ORDER.has(toHex(y)) || (y[0] >= 0xed && y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff));
}

/** S-1, S-3: whether the signature is the key's. @throws AvaError where this browser has no Ed25519 */
export async function verifySignature(suite: number, key: Bytes, signature: Bytes, purpose: string, network: Bytes, digest: Bytes): Promise<boolean> {
  if (suite !== 1 || key.length !== 32 || signature.length !== 64 || isWeak(key)) return false;
  const signed = join(named(`ava.sig.${purpose}.v1`), network, new Uint8Array([suite >> 8, suite & 255]), digest);
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
  } catch (error) {
    if ((error as Error).name === 'NotSupportedError')
      throw localError('verify_failed', 'this browser cannot check Ed25519 signatures: use a newer one', { cause: error });
    return false;
  }
  return crypto.subtle.verify('Ed25519', imported, signature, signed);
}
