/**
 * Passkeys (spec/signature.md S-7, S-8): P-256 assertions of WebAuthn, checked as its "limited verification algorithm"
 * checks them: by what the client data begins with, byte for byte, so that no JSON is read.
 */
import { createPublicKey, type KeyObject, verify as nodeVerify } from 'node:crypto';
import { concat, equal, fromOctets, type Octets, utf8 } from '../base/bytes.ts';
import { Reader } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { sha256 } from './hash.ts';

/** A P-256 point, not compressed: 04 ‖ x ‖ y. */
export const PASSKEY_PUBLIC_BYTES = 65;
const AUTHENTICATOR_DATA_BYTES: readonly [number, number] = [37, 1_024];
const CLIENT_DATA_BYTES_MAX = 2_048;
/** Of ASN.1 DER: two integers of at most 33 bytes. */
const SIGNATURE_BYTES: readonly [number, number] = [8, 72];
/** The user was present, and was verified. */
const FLAGS = 0x05;
const SPKI_P256 = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

export interface Passkey {
  /** 65 octets. */
  readonly public: Octets;
  /** Of the page that asks: `http://localhost:4100`. */
  readonly origin: string;
  /** The relying party: `localhost`. */
  readonly rp_id: string;
}

/** S-7. @throws Fault signature_invalid where the octets are no point of the curve */
export function passkeyObject(publicKey: Octets): KeyObject {
  if (publicKey.length !== PASSKEY_PUBLIC_BYTES || publicKey.charCodeAt(0) !== 4)
    throw new Fault('signature_invalid', `the public key of a passkey is 04, x and y: ${PASSKEY_PUBLIC_BYTES} bytes`);
  try {
    return createPublicKey({ key: Buffer.from([...SPKI_P256, ...fromOctets(publicKey)]), format: 'der', type: 'spki' });
  } catch {
    throw new Fault('signature_invalid', 'the public key is no point of P-256');
  }
}

/** A text as the client data has it (WebAuthn §5.8.1.2, CCDToString), for the origins that are taken: no escape stands in them. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** S-8: what client data begins with. */
function clientDataStart(origin: string, challenge: Octets): Uint8Array {
  const challengeText = Buffer.from(challenge, 'latin1').toString('base64url');
  return utf8(`{"type":"webauthn.get","challenge":"${challengeText}","origin":"${origin}","crossOrigin":false`);
}

/**
 * S-8: whether `signature` is an assertion of this passkey for this challenge: canonical CBOR
 * [authenticatorData, clientDataJSON, signature]. False for whatever is malformed.
 */
export function verifyPasskey({ public: publicKey, origin, rp_id }: Passkey, signature: Uint8Array, challenge: Octets): boolean {
  try {
    const r = new Reader(signature);
    r.fields(3, 'Assertion');
    const authenticatorData = r.bytesOf(AUTHENTICATOR_DATA_BYTES[1]);
    const clientData = r.bytesOf(CLIENT_DATA_BYTES_MAX);
    const der = r.bytesOf(SIGNATURE_BYTES[1]);
    r.end();
    if (authenticatorData.length < AUTHENTICATOR_DATA_BYTES[0] || der.length < SIGNATURE_BYTES[0]) return false;
    if (!equal(authenticatorData.subarray(0, 32), fromOctets(sha256(utf8(rp_id))))) return false;
    if ((authenticatorData[32] & FLAGS) !== FLAGS) return false;
    if (!PLAIN.test(origin)) return false;
    const start = clientDataStart(origin, challenge);
    if (!equal(clientData.subarray(0, start.length), start)) return false;
    // what may follow: the end, or further members
    const next = clientData[start.length];
    if (!(next === 0x7d && clientData.length === start.length + 1) && !(next === 0x2c && clientData[clientData.length - 1] === 0x7d)) return false;
    const signed = concat(authenticatorData, fromOctets(sha256(clientData)));
    return nodeVerify('sha256', signed, passkeyObject(publicKey), der);
  } catch {
    return false;
  }
}
