/**
 * Reads the binary format strictly (VM-2): every length and unused bit is checked, and each fault says at which byte.
 * Nothing is read past `end`.
 */
import { fromUtf8 } from '../base/bytes.ts';
import { Fault, type FaultName } from '../base/fault.ts';

export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;
  /** Index of the function that is read, or −1. */
  func = -1;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  fail(slug: FaultName, text: string, offset = this.at): never {
    const place = this.func < 0 ? `at byte ${offset}` : `in function ${this.func} at byte ${offset}`;
    throw new Fault(slug, `${text}, ${place}`, this.func < 0 ? { offset } : { offset, function: this.func });
  }

  malformed(text: string, offset = this.at): never {
    return this.fail('wasm_malformed', text, offset);
  }

  /** Holds a count to a limit of VM-7. */
  bound(what: string, count: number, limit: number): void {
    if (count > limit) this.fail('wasm_bound', `${count} ${what}, the limit is ${limit}`);
  }

  byte(): number {
    if (this.at >= this.end) this.malformed('the bytes end too early');
    return this.bytes[this.at++];
  }

  /** Skips `count` bytes. */
  skip(count: number): void {
    if (count > this.end - this.at) this.malformed('a length goes past the end');
    this.at += count;
  }

  /** LEB128 of 32 bits: at most five bytes, the unused bits of the fifth are 0. */
  u32(): number {
    const start = this.at;
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last >= 0x80) this.malformed('an integer has more than five bytes', start);
    if (last > 0x0f) this.malformed('an integer is past 32 bits', start);
    return (value | (last << 28)) >>> 0;
  }

  /** Signed LEB128 of 32 bits: the unused bits of a fifth byte repeat the sign. */
  s32(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value | (-1 << (shift + 7));
    }
    const last = this.byte();
    if (last >= 0x80) this.malformed('an integer has more than five bytes', start);
    if (last > 0x07 && last < 0x78) this.malformed('an integer is past 32 bits', start);
    return value | (last << 28);
  }

  /** Signed LEB128 of 64 bits, checked and skipped: the unused bits of a tenth byte repeat the sign. */
  skipS64(): void {
    const start = this.at;
    for (let count = 1; count < 10; count++) if (this.byte() < 0x80) return;
    const last = this.byte();
    if (last >= 0x80) this.malformed('an integer has more than ten bytes', start);
    if (last !== 0 && last !== 0x7f) this.malformed('an integer is past 64 bits', start);
  }

  /** A name in UTF-8; `limit` in bytes. */
  name(limit: number): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    this.bound('bytes of a name', length, limit);
    try {
      return fromUtf8(this.bytes.subarray(start, this.at));
    } catch {
      return this.malformed('a name is not UTF-8', start);
    }
  }

  /** The number of items that follow. Each takes a byte or more, so no count goes past the bytes that are left. */
  count(what: string, limit: number): number {
    const start = this.at;
    const count = this.u32();
    if (count > this.end - this.at) this.malformed(`${count} ${what} do not fit in what is left`, start);
    this.bound(what, count, limit);
    return count;
  }
}
