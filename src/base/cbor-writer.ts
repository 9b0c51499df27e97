/**
 * The writing half of canonical CBOR (spec/cbor.md): a growing buffer. The rest imports it through cbor.ts.
 */
import { type Octets, putOctets } from './bytes.ts';
import { Fault } from './fault.ts';
import { DEPTH_MAX } from './limit.ts';

export type Cbor = null | boolean | number | bigint | string | Uint8Array | readonly Cbor[] | CborMap;
export interface CborMap {
  readonly [key: string]: Cbor;
}

const utf8Encoder = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));

/** Small results share a slab: a buffer of its own costs each of them more than all of its encoding. */
const SLAB_BYTES = 65_536;
const SLAB_SHARE_BYTES = 4_096;
/** Shorter texts are written in a loop: it is faster than the encoder and the view that it needs. */
const ASCII_LOOP_MAX = 48;
let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/** A growing buffer of canonical CBOR. `view()` is valid until the next write; `done()` copies. */
export class Writer {
  buffer: Uint8Array;
  at = 0;
  private data: DataView;

  constructor(size = 1024) {
    this.buffer = new Uint8Array(size);
    this.data = new DataView(this.buffer.buffer);
  }

  reset(at = 0): this {
    this.at = at;
    return this;
  }

  /** The bytes from `from` on, not copied. */
  view(from = 0): Uint8Array {
    return this.buffer.subarray(from, this.at);
  }

  done(from = 0): Uint8Array {
    const length = this.at - from;
    if (length > SLAB_SHARE_BYTES) return this.buffer.slice(from, this.at);
    if (slabUsed + length > SLAB_BYTES) {
      slab = new Uint8Array(SLAB_BYTES);
      slabUsed = 0;
    }
    const copy = slab.subarray(slabUsed, slabUsed + length);
    copy.set(this.buffer.subarray(from, this.at));
    slabUsed += length;
    return copy;
  }

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    const need = this.at + bytes;
    if (need <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(need, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
    this.data = new DataView(larger.buffer);
  }

  /** C-2: the head in its shortest form; `value` ≤ 2^53 − 1. */
  head(major: number, value: number): void {
    this.reserve(9);
    const type = major << 5;
    if (value < 24) this.buffer[this.at++] = type | value;
    else if (value < 0x100) {
      this.buffer[this.at++] = type | 24;
      this.buffer[this.at++] = value;
    } else if (value < 0x10000) {
      this.buffer[this.at++] = type | 25;
      this.buffer[this.at++] = value >>> 8;
      this.buffer[this.at++] = value & 0xff;
    } else if (value < 0x100000000) {
      this.buffer[this.at++] = type | 26;
      this.data.setUint32(this.at, value);
      this.at += 4;
    } else {
      this.buffer[this.at++] = type | 27;
      this.data.setUint32(this.at, Math.floor(value / 0x100000000));
      this.data.setUint32(this.at + 4, value >>> 0);
      this.at += 8;
    }
  }

  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) throw new Fault('cbor_range', `not an unsigned integer: ${value}`);
    this.head(0, value);
  }

  int(value: number | bigint): void {
    if (typeof value === 'bigint') this.bigint(value);
    else if (!Number.isSafeInteger(value)) throw new Fault('integer_too_large', `integer past 2^53: ${value}`);
    else if (value >= 0) this.head(0, value);
    else this.head(1, -1 - value);
  }

  private bigint(value: bigint): void {
    const negative = value < 0n;
    const magnitude = negative ? -1n - value : value;
    if (magnitude > 0xffffffffffffffffn) throw new Fault('cbor_range', 'integer past 64 bits');
    if (magnitude <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.head(negative ? 1 : 0, Number(magnitude));
      return;
    }
    this.reserve(9);
    this.buffer[this.at++] = (negative ? 0x20 : 0) | 27;
    this.data.setBigUint64(this.at, magnitude);
    this.at += 8;
  }

  bytes(value: Uint8Array): void {
    this.head(2, value.length);
    this.raw(value);
  }

  /** A byte string given as octets. */
  octets(value: Octets): void {
    this.head(2, value.length);
    this.reserve(value.length);
    this.at = putOctets(this.buffer, this.at, value);
  }

  /** @throws Fault text_malformed for a lone surrogate */
  text(value: string): void {
    const length = value.length;
    if (length < ASCII_LOOP_MAX && this.ascii(value, length)) return;
    if (!value.isWellFormed()) throw new Fault('text_malformed', 'a text has a lone surrogate');
    this.reserve(9 + 3 * length);
    const guess = headBytes(length);
    const { written } = utf8Encoder.encodeInto(value, this.buffer.subarray(this.at + guess));
    const size = headBytes(written);
    if (size !== guess) this.buffer.copyWithin(this.at + size, this.at + guess, this.at + guess + written);
    this.head(3, written);
    this.at += written;
  }

  private ascii(value: string, length: number): boolean {
    this.reserve(9 + length);
    const start = this.at + headBytes(length);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      this.buffer[start + i] = code;
    }
    this.head(3, length);
    this.at = start + length;
    return true;
  }

  array(length: number): void {
    this.head(4, length);
  }

  map(size: number): void {
    this.head(5, size);
  }

  bool(value: boolean): void {
    this.reserve(1);
    this.buffer[this.at++] = value ? 0xf5 : 0xf4;
  }

  null(): void {
    this.reserve(1);
    this.buffer[this.at++] = 0xf6;
  }

  /** C-7: a number that is not integral, in the shortest of 16, 32 and 64 bits that keeps it. */
  private float(value: number): void {
    this.reserve(9);
    scratch.setFloat32(0, value);
    if (scratch.getFloat32(0) !== value) {
      this.buffer[this.at++] = 0xfb;
      this.data.setFloat64(this.at, value);
      this.at += 8;
      return;
    }
    const half = halfBits(scratch.getUint32(0));
    if (half >= 0) {
      this.buffer[this.at++] = 0xf9;
      this.data.setUint16(this.at, half);
      this.at += 2;
    } else {
      this.buffer[this.at++] = 0xfa;
      this.data.setFloat32(this.at, value);
      this.at += 4;
    }
  }

  number(value: number): void {
    if (Number.isInteger(value)) {
      if (value === 0 && Object.is(value, -0)) throw new Fault('not_finite', 'negative zero');
      this.int(value);
    } else if (!Number.isFinite(value)) throw new Fault('not_finite', 'a number is not finite');
    else this.float(value);
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  /** Any value. @throws Fault too_deep, integer_too_large, not_finite, key_forbidden, text_malformed */
  value(value: Cbor, depth = 0): void {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return this.number(value);
      case 'boolean':
        return this.bool(value);
      case 'bigint':
        return this.int(value);
      case 'object':
        if (value === null) return this.null();
        if (value instanceof Uint8Array) return this.bytes(value);
        if (depth >= DEPTH_MAX) throw new Fault('too_deep', `more than ${DEPTH_MAX} levels`);
        if (Array.isArray(value)) {
          this.array(value.length);
          for (let i = 0; i < value.length; i++) this.value(value[i], depth + 1);
          return;
        }
        return this.entries(value as CborMap, depth);
      default:
        throw new Fault('cbor_type', `a ${typeof value} cannot be encoded`);
    }
  }

  private entries(value: CborMap, depth: number): void {
    const keys = Object.keys(value);
    for (let i = 1; i < keys.length; i++) {
      if (compareKeys(keys[i - 1], keys[i]) > 0) {
        keys.sort(compareKeys);
        break;
      }
    }
    this.map(keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key === '__proto__') throw new Fault('key_forbidden', 'the key __proto__ is refused');
      this.text(key);
      this.value(value[key], depth + 1);
    }
  }
}

const headBytes = (value: number): number => (value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5);

/** The IEEE half of these single bits where it is exact, else −1. */
export function halfBits(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const exponent = ((single >>> 23) & 0xff) - 127;
  const fraction = single & 0x7fffff;
  if (exponent >= -14 && exponent <= 15) return (fraction & 0x1fff) === 0 ? sign | ((exponent + 15) << 10) | (fraction >>> 13) : -1;
  if (exponent < -14 && exponent >= -24) {
    const full = fraction | 0x800000;
    const shift = -exponent - 1; // 13 + (−14 − exponent)
    return (full & ((1 << shift) - 1)) === 0 ? sign | (full >>> shift) : -1;
  }
  return -1;
}

/** C-8: the order of the encoded keys: shorter first, then bytewise. */
export function compareKeys(a: string, b: string): number {
  const plainA = isAscii(a);
  const plainB = isAscii(b);
  if (plainA && plainB) return a.length !== b.length ? a.length - b.length : a < b ? -1 : a > b ? 1 : 0;
  const bytesA = utf8Encoder.encode(a);
  const bytesB = utf8Encoder.encode(b);
  if (bytesA.length !== bytesB.length) return bytesA.length - bytesB.length;
  for (let i = 0; i < bytesA.length; i++) if (bytesA[i] !== bytesB[i]) return bytesA[i] - bytesB[i];
  return 0;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
