/** Frames with random content, for tests of the store. */
import { ZERO32 } from '../src/base/bytes.ts';
import type { Frame, FrameItem } from '../src/store/frame.ts';
import type { Random } from './random.ts';

/** Bytes none of which is zero: a torn sector is then always seen (spec/frame.md F-16). */
export function blobOf(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => 1 + random.below(255));
}

/** A block of `entries` entries of up to `bytes` each. */
export function frameOf(random: Random, height: number, entries: number, bytes: number): Frame {
  const items: FrameItem[] = Array.from({ length: entries }, () => ({
    entry: blobOf(random, 1 + random.below(bytes)),
    sidecar: random.chance(0.5) ? blobOf(random, random.below(bytes)) : null,
    witness: random.chance(0.3) ? blobOf(random, random.below(bytes)) : null,
  }));
  return {
    height,
    durable: Math.max(0, height - 1),
    header: blobOf(random, 576),
    suite: 1,
    key_id: random.octets(32),
    signature: blobOf(random, 64),
    items,
  };
}

/** A block of the least size. */
export const emptyFrame = (height: number): Frame => ({
  height,
  durable: Math.max(0, height - 1),
  header: new Uint8Array(576),
  suite: 1,
  key_id: ZERO32,
  signature: new Uint8Array(64),
  items: [],
});
