// @ts-check
/**
 * The bytes that an approver signs in the browser (spec/transaction.md; spec/signature.md S-2, S-7): canonical
 * CBOR of just what an answer needs, so that the page hashes itself what it asks the passkey to sign.
 */

const encoder = new TextEncoder();

/** @param {number} major @param {number} value a safe integer */
function head(major, value) {
  if (value < 24) return Uint8Array.of((major << 5) | value);
  const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8;
  const bytes = new Uint8Array(1 + size);
  bytes[0] = (major << 5) | (size === 1 ? 24 : size === 2 ? 25 : size === 4 ? 26 : 27);
  let rest = value;
  for (let at = size; at > 0; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** @param {readonly Uint8Array[]} parts */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** @param {number} value */
export const uint = (value) => head(0, value);
/** @param {Uint8Array} value */
export const bytes = (value) => concat(head(2, value.length), value);
/** @param {string} value */
export const text = (value) => {
  const utf8 = encoder.encode(value);
  return concat(head(3, utf8.length), utf8);
};
/** @param {readonly Uint8Array[]} items */
export const array = (...items) => concat(head(4, items.length), ...items);
/** @param {boolean} value */
export const bool = (value) => Uint8Array.of(value ? 0xf5 : 0xf4);
const NULL = Uint8Array.of(0xf6);

/** H(tag, parts) = SHA-256(u8 len ‖ "ava.TAG.v1" ‖ parts). @param {string} tag @param {readonly Uint8Array[]} parts */
async function tagged(tag, ...parts) {
  const name = encoder.encode(`ava.${tag}.v1`);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(Uint8Array.of(name.length), name, ...parts)));
}

const BODY_VERSION = 1;
const APPROVAL_ANSWER = 9;
const PASSKEY = 2;

/**
 * The body of an answer and the 32 bytes that the passkey signs.
 * @param {{network: Uint8Array, approver: string, seq: number, approval: Uint8Array, allow: boolean, note: string}} answer
 */
export async function answerBody({ network, approver, seq, approval, allow, note }) {
  const sender = await tagged('approver', encoder.encode(approver));
  const payload = array(bytes(approval), bool(allow), text(note));
  const body = array(uint(BODY_VERSION), bytes(network), uint(APPROVAL_ANSWER), bytes(sender), uint(seq), uint(0), payload);
  return { body, tx_id: await tagged('tx', body) };
}

/**
 * The signed wire.
 * @param {Uint8Array} body
 * @param {Uint8Array} publicKey 65 bytes
 * @param {{authenticatorData: Uint8Array, clientDataJSON: Uint8Array, signature: Uint8Array}} assertion
 */
export async function signedWire(body, publicKey, { authenticatorData, clientDataJSON, signature }) {
  const key_id = await tagged('key', Uint8Array.of(0, PASSKEY), publicKey);
  const auth = array(uint(PASSKEY), bytes(key_id), bytes(array(bytes(authenticatorData), bytes(clientDataJSON), bytes(signature))));
  return array(body, array(auth), NULL);
}

/** @param {string} hex */
export const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
/** @param {Uint8Array} value */
export const base64url = (value) =>
  btoa(String.fromCharCode(...value))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
/** @param {string} value */
export const fromBase64url = (value) => Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
