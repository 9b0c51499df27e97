// @ts-check
/** The approver's passkey: made here, kept by the authenticator; the page keeps its public half and its name. */
import { base64url, fromBase64url } from './wire.js';

const KEPT = 'ava.approver';
const ES256 = -7;
const TIMEOUT_MS = 120_000;
/** A DER SubjectPublicKeyInfo of P-256 ends in the point: 04 ‖ x ‖ y. */
const POINT_BYTES = 65;

/** @typedef {{name: string, credential: string, key: string}} Approver base64url of the credential's id and of the public key */

/** @returns {Approver | null} */
export function keptApprover() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null');
    return typeof kept?.name === 'string' && typeof kept.credential === 'string' && typeof kept.key === 'string' ? kept : null;
  } catch {
    return null;
  }
}

/**
 * Makes a passkey for this host. It counts only once the owner has named it.
 * @param {string} name
 * @returns {Promise<Approver>}
 */
export async function makePasskey(name) {
  const made = await navigator.credentials.create({
    publicKey: {
      rp: { id: location.hostname, name: 'AVA' },
      user: { id: crypto.getRandomValues(new Uint8Array(16)), name, displayName: name },
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      timeout: TIMEOUT_MS,
    },
  });
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) throw new Error('no passkey was made');
  const spki = made.response.getPublicKey();
  if (spki === null || made.response.getPublicKeyAlgorithm() !== ES256) throw new Error('this authenticator makes no P-256 keys');
  const approver = { name, credential: base64url(new Uint8Array(made.rawId)), key: base64url(new Uint8Array(spki).slice(-POINT_BYTES)) };
  localStorage.setItem(KEPT, JSON.stringify(approver));
  return approver;
}

/**
 * Signs 32 bytes; the authenticator asks the person.
 * @param {Approver} approver
 * @param {Uint8Array<ArrayBuffer>} tx_id
 */
export async function signWith(approver, tx_id) {
  const given = await navigator.credentials.get({
    publicKey: {
      rpId: location.hostname,
      challenge: tx_id,
      allowCredentials: [{ type: 'public-key', id: fromBase64url(approver.credential) }],
      userVerification: 'required',
      timeout: TIMEOUT_MS,
    },
  });
  if (!(given instanceof PublicKeyCredential) || !(given.response instanceof AuthenticatorAssertionResponse)) throw new Error('nothing was signed');
  const { authenticatorData, clientDataJSON, signature } = given.response;
  return { authenticatorData: new Uint8Array(authenticatorData), clientDataJSON: new Uint8Array(clientDataJSON), signature: new Uint8Array(signature) };
}
