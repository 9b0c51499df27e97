/** Broken modules out of whole ones, by a seed. */
import type { Random } from '../../sim/random.ts';

/** Bytes that mean something to a decoder: ends of LEB128, types, opcodes at the edges of tables, section ids. */
const TELLING = [
  0x00, 0x01, 0x0b, 0x0c, 0x0d, 0x05, 0x0e, 0x11, 0x3f, 0x40, 0x41, 0x60, 0x6f, 0x70, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xc4, 0xc5, 0xd0, 0xfc, 0xfd, 0xff,
];
const LONG = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
];
const RANGE_MAX = 24;
const EDITS_MAX = 4;

function edit(random: Random, bytes: number[]): void {
  const at = random.below(bytes.length + 1);
  const range = random.below(RANGE_MAX);
  // most leave the length alone: a module whose sections do not fit says nothing about what is in them
  switch (random.chance(0.75) ? random.below(3) : 3 + random.below(6)) {
    case 0:
      bytes[Math.min(at, bytes.length - 1)] ^= 1 << random.below(8);
      return;
    case 1:
      bytes[Math.min(at, bytes.length - 1)] = random.pick(TELLING);
      return;
    case 2:
      bytes[Math.min(at, bytes.length - 1)] = random.below(256);
      return;
    case 3:
      bytes.splice(at, 0, random.pick(TELLING));
      return;
    case 4:
      bytes.splice(at, 1 + random.below(3));
      return;
    case 5:
      bytes.splice(at, 0, ...bytes.slice(random.below(bytes.length), random.below(bytes.length)).slice(0, range));
      return;
    case 6:
      bytes.splice(at, range);
      return;
    case 7:
      bytes.splice(at, random.below(2), ...random.pick(LONG));
      return;
    default: {
      // two ranges change places
      const other = random.below(bytes.length + 1);
      const taken = bytes.splice(Math.min(at, other), range);
      bytes.splice(Math.min(Math.max(at, other), bytes.length), 0, ...taken);
    }
  }
}

/** A module with one to four edits; at times cut short as well. */
export function mutated(random: Random, module: Uint8Array): Uint8Array {
  const bytes = [...module];
  for (let count = random.chance(0.5) ? 0 : random.below(EDITS_MAX); count >= 0 && bytes.length > 0; count--) edit(random, bytes);
  return Uint8Array.from(random.chance(0.05) ? bytes.slice(0, random.below(bytes.length + 1)) : bytes);
}
