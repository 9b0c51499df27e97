/** Writes the binary format: a growing buffer with shortest LEB128. */
import { utf8 } from '../base/bytes.ts';

/** Runs shorter than this are copied byte by byte, which is faster than a view. */
const SHORT = 24;

export class Output {
  private buffer: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(size = 1024) {
    this.buffer = new Uint8Array(size);
  }

  reset(): void {
    this.length = 0;
  }

  private reserve(bytes: number): void {
    const need = this.length + bytes;
    if (need <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(need, this.buffer.length * 2));
    larger.set(this.buffer);
    this.buffer = larger;
  }

  byte(byte: number): void {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = byte;
  }

  bytes(...bytes: readonly number[]): void {
    this.reserve(bytes.length);
    for (const byte of bytes) this.buffer[this.length++] = byte;
  }

  /** `from` to `to` of `source`. */
  raw(source: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.reserve(count);
    if (count < SHORT) for (let i = from; i < to; i++) this.buffer[this.length++] = source[i];
    else {
      this.buffer.set(source.subarray(from, to), this.length);
      this.length += count;
    }
  }

  u32(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a safe integer below 2^31 in absolute value. */
  s32(value: number): void {
    let rest = value;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 127) | 128);
      rest >>= 7;
    }
    this.byte(rest & 127);
  }

  /** An instruction with one index. */
  op(code: number, index: number): void {
    this.byte(code);
    this.u32(index);
  }

  name(text: string): void {
    const bytes = utf8(text);
    this.u32(bytes.length);
    this.raw(bytes, 0, bytes.length);
  }

  /** What `part` holds, after its length. */
  sized(part: Output): void {
    this.u32(part.length);
    this.raw(part.buffer, 0, part.length);
  }

  /** A section of a vector: its items stand in `part`. Nothing when there are none. */
  section(id: number, count: number, part: Output): void {
    if (count === 0) return;
    this.byte(id);
    const prefix = new Output(8);
    prefix.u32(count);
    this.u32(prefix.length + part.length);
    this.raw(prefix.buffer, 0, prefix.length);
    this.raw(part.buffer, 0, part.length);
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }
}
