/** One hash: SHA-256 (spec/hash.md). Results are octets: 32 characters, one a byte. */
import { hash, randomFillSync } from 'node:crypto';
import { type Octets, putOctets, utf8 } from '../base/bytes.ts';

/** H-1 */
export const sha256 = (data: Uint8Array): Octets => hash('sha256', data, 'latin1') as Octets;

let scratch = new Uint8Array(65_536);

function room(bytes: number): Uint8Array {
  if (bytes > scratch.length) scratch = new Uint8Array(bytes * 2);
  return scratch;
}

/**
 * H-2: `H(tag, x) = SHA256(u8 len ‖ "ava.TAG.v1" ‖ x)`. Returns a function of `x`, given as one or more parts.
 */
export function tagged(tag: string): (...parts: readonly (Uint8Array | Octets)[]) => Octets {
  const name = utf8(`ava.${tag}.v1`);
  const prefix = new Uint8Array([name.length, ...name]);
  return (...parts) => {
    let size = prefix.length;
    for (const part of parts) size += part.length;
    const target = room(size);
    target.set(prefix);
    let at = prefix.length;
    for (const part of parts) {
      if (typeof part === 'string') at = putOctets(target, at, part);
      else {
        target.set(part, at);
        at += part.length;
      }
    }
    return sha256(target.subarray(0, at));
  };
}

/** H-3 (RFC 6962 §2.1): the hash of a leaf. */
export function hashLeaf(entry: Uint8Array): Octets {
  const target = room(entry.length + 1);
  target[0] = 0;
  target.set(entry, 1);
  return sha256(target.subarray(0, entry.length + 1));
}

const pair = new Uint8Array(65);
pair[0] = 1;

/** H-4 (RFC 6962 §2.1): the hash of an inner node. */
export function hashNode(left: Octets, right: Octets): Octets {
  putOctets(pair, 1, left);
  putOctets(pair, 33, right);
  return sha256(pair);
}

/** H-4 (RFC 6962 §2.1): the root of the empty tree, SHA256(""). */
export const EMPTY_ROOT: Octets = sha256(new Uint8Array(0));

const pool = new Uint8Array(16_384);
let used = pool.length;

/**
 * Random octets for salts and ids, from the system's generator, 16 KiB at a time. Not for `machine`.
 * @throws RangeError past 16 KiB
 */
export function randomOctets(length: number): Octets {
  if (length > pool.length) throw new RangeError(`at most ${pool.length} random octets at a time`);
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(pool[used + i]);
  pool.fill(0, used, used + length);
  used += length;
  return text;
}
