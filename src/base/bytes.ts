/**
 * Bytes in two forms: `Uint8Array` for blobs, `Octets` for short fixed values that are compared, used as keys
 * and never changed: hashes, ids, principals.
 */

/** A string of one character (0 to 255) a byte ("latin1"). 32 of them are a hash, 16 an id. */
export type Octets = string;

export const EMPTY = new Uint8Array(0);
/** 32 zero bytes. */
export const ZERO32: Octets = '\0'.repeat(32);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** @throws TypeError when the bytes are not valid UTF-8 */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytewise order: negative, zero or positive. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const least = Math.min(a.length, b.length);
  for (let i = 0; i < least; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export function octets(bytes: Uint8Array): Octets {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

export function fromOctets(text: Octets): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Writes `text` into `target` at `at`, and returns the place after it. */
export function putOctets(target: Uint8Array, at: number, text: Octets): number {
  const length = text.length;
  for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
  return at + length;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hex of bytes or octets. */
export function hex(value: Uint8Array | Octets): string {
  let text = '';
  if (typeof value === 'string') for (let i = 0; i < value.length; i++) text += HEX[value.charCodeAt(i)];
  else for (let i = 0; i < value.length; i++) text += HEX[value[i]];
  return text;
}

/** The bytes of lower-case hex as octets, or undefined when it is not that. `length` in bytes. */
export function octetsFromHex(text: string, length: number): Octets | undefined {
  if (text.length !== 2 * length) return undefined;
  let out = '';
  for (let i = 0; i < text.length; i += 2) {
    const high = digit(text.charCodeAt(i));
    const low = digit(text.charCodeAt(i + 1));
    if (high < 0 || low < 0) return undefined;
    out += String.fromCharCode(high * 16 + low);
  }
  return out;
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}

/** The bytes of lower-case hex. @throws RangeError when it is not that */
export function fromHex(text: string): Uint8Array {
  const out = octetsFromHex(text, text.length >> 1);
  if (out === undefined) throw new RangeError('not lower-case hex');
  return fromOctets(out);
}
