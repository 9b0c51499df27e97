/**
 * Deterministic CBOR (spec/cbor.md; RFC 8949 §4.2.1, narrowed): shortest heads, sorted text keys, no tags, no
 * indefinite lengths, no NaN, infinity or negative zero, integral numbers only as integers, depth ≤ 16.
 * Encoding and decoding are each other's inverse: every byte string has one value or one fault.
 */
import { type Octets, putOctets } from './bytes.ts';
import { Fault, type FaultName } from './fault.ts';
import { DEPTH_MAX } from './limit.ts';

export type Cbor = null | boolean | number | bigint | string | Uint8Array | readonly Cbor[] | CborMap;
export interface CborMap {
  readonly [key: string]: Cbor;
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scratch = new DataView(new ArrayBuffer(8));

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
    return this.buffer.slice(from, this.at);
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
    if (length < 24 && this.ascii(value, length)) return;
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
    this.reserve(1 + length);
    const start = this.at + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      this.buffer[start + i] = code;
    }
    this.buffer[this.at] = 0x60 | length;
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
function halfBits(single: number): number {
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

const INDEFINITE = 31;

/** Reads canonical CBOR from `bytes`; whatever is not canonical is a fault with its own code. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  private readonly data: DataView;
  /** Major type and argument of the last head read. */
  private major = 0;
  private info = 0;
  private argument: number | bigint = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(slug: FaultName, detail: string): never {
    throw new Fault(slug, `${detail} at byte ${this.at}`, { at: this.at });
  }

  private need(count: number): void {
    if (this.bytes.length - this.at < count) this.fail('cbor_truncated', 'the bytes end too early');
  }

  private head(): void {
    this.need(1);
    const first = this.bytes[this.at];
    const major = first >>> 5;
    const info = first & 31;
    this.major = major;
    this.info = info;
    if (major === 6) this.fail('cbor_tag', 'a tag');
    if (info < 24) {
      this.argument = info;
      this.at += 1;
      return;
    }
    if (info === INDEFINITE) this.fail(major === 7 ? 'cbor_indefinite' : major < 2 ? 'cbor_reserved' : 'cbor_indefinite', 'an indefinite length');
    if (info > 27) this.fail('cbor_reserved', 'reserved additional information');
    const size = 1 << (info - 24);
    this.need(1 + size);
    const at = this.at + 1;
    let value: number | bigint;
    if (size === 1) value = this.bytes[at];
    else if (size === 2) value = this.data.getUint16(at);
    else if (size === 4) value = this.data.getUint32(at);
    else {
      const high = this.data.getUint32(at);
      value = high < 0x200000 ? high * 0x100000000 + this.data.getUint32(at + 4) : this.data.getBigUint64(at);
    }
    const least = size === 1 ? 24 : size === 2 ? 0x100 : size === 4 ? 0x10000 : 0x100000000;
    if (major !== 7 && value < least) this.fail('cbor_not_shortest', 'an integer or length is not in its shortest form');
    this.argument = value;
    this.at += 1 + size;
  }

  private expect(major: number, what: string): number {
    const start = this.at;
    this.head();
    if (this.major !== major) {
      this.at = start;
      this.fail('cbor_type', `${what} expected`);
    }
    if (typeof this.argument === 'bigint') return this.fail('cbor_range', `${what} past 2^53`);
    return this.argument;
  }

  uint(): number {
    return this.expect(0, 'an unsigned integer');
  }

  /** An integer as number where it is safe, else as bigint. */
  int(): number | bigint {
    this.head();
    if (this.major === 0) return this.argument;
    if (this.major !== 1) this.fail('cbor_type', 'an integer expected');
    const magnitude = this.argument;
    if (typeof magnitude === 'number' && magnitude < Number.MAX_SAFE_INTEGER) return -1 - magnitude;
    return -1n - BigInt(magnitude);
  }

  bytesOf(max: number): Uint8Array {
    const length = this.expect(2, 'a byte string');
    if (length > max) this.fail('cbor_range', `a byte string of more than ${max}`);
    this.need(length);
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  /** A byte string of exactly `length` as octets. */
  octets(length: number): Octets {
    if (this.expect(2, 'a byte string') !== length) this.fail('cbor_range', `a byte string of ${length} expected`);
    this.need(length);
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.bytes[this.at + i]);
    this.at += length;
    return text;
  }

  text(max: number): string {
    const length = this.expect(3, 'a text');
    if (length > max) this.fail('cbor_range', `a text of more than ${max} bytes`);
    this.need(length);
    const part = this.bytes.subarray(this.at, this.at + length);
    try {
      const text = utf8Decoder.decode(part);
      this.at += length;
      return text;
    } catch {
      return this.fail('cbor_utf8', 'a text is not valid UTF-8');
    }
  }

  array(): number {
    const length = this.expect(4, 'an array');
    if (length > this.bytes.length - this.at) this.fail('cbor_truncated', 'an array longer than its bytes');
    return length;
  }

  /** The array head of a record with exactly `length` fields. */
  fields(length: number, what: string): void {
    if (this.array() !== length) this.fail('cbor_range', `${what} has ${length} fields`);
  }

  bool(): boolean {
    this.need(1);
    const byte = this.bytes[this.at];
    if (byte !== 0xf4 && byte !== 0xf5) this.fail('cbor_type', 'a boolean expected');
    this.at += 1;
    return byte === 0xf5;
  }

  /** Takes a null if one stands here. */
  null(): boolean {
    if (this.bytes[this.at] !== 0xf6) return false;
    this.at += 1;
    return true;
  }

  /** Any value, maps as plain objects. */
  value(depth = 0): Cbor {
    const start = this.at;
    this.need(1);
    const major = this.bytes[start] >>> 5;
    switch (major) {
      case 0:
      case 1:
        return this.int();
      case 2:
        return this.bytesOf(this.bytes.length);
      case 3:
        return this.text(this.bytes.length);
      case 4: {
        if (depth >= DEPTH_MAX) this.fail('cbor_depth', `more than ${DEPTH_MAX} levels`);
        const list: Cbor[] = [];
        for (let left = this.array(); left > 0; left--) list.push(this.value(depth + 1));
        return list;
      }
      case 5:
        if (depth >= DEPTH_MAX) this.fail('cbor_depth', `more than ${DEPTH_MAX} levels`);
        return this.entries(depth);
      default:
        return this.simple();
    }
  }

  private entries(depth: number): CborMap {
    const size = this.expect(5, 'a map');
    if (size > this.bytes.length - this.at) this.fail('cbor_truncated', 'a map longer than its bytes');
    const map: Record<string, Cbor> = {};
    let last: string | undefined;
    for (let i = 0; i < size; i++) {
      this.need(1);
      if (this.bytes[this.at] >>> 5 !== 3) this.fail(this.bytes[this.at] >>> 5 === 6 ? 'cbor_tag' : 'cbor_key_type', 'a key that is not a text');
      const start = this.at;
      const key = this.text(this.bytes.length);
      if (last !== undefined) {
        const order = compareKeys(last, key);
        this.at = order >= 0 ? start : this.at;
        if (order === 0) this.fail('cbor_key_duplicate', 'a key twice');
        if (order > 0) this.fail('cbor_key_order', 'keys out of order');
      }
      if (key === '__proto__') this.fail('cbor_key_forbidden', 'the key __proto__');
      last = key;
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  private simple(): Cbor {
    const start = this.at;
    this.head();
    switch (this.info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 25:
      case 26:
      case 27:
        return this.float(start);
      default:
        this.at = start;
        return this.fail('cbor_simple', 'a simple value that is refused');
    }
  }

  private float(start: number): number {
    const size = 1 << (this.info - 24);
    const value = size === 2 ? halfValue(this.data.getUint16(start + 1)) : size === 4 ? this.data.getFloat32(start + 1) : this.data.getFloat64(start + 1);
    this.at = start;
    if (!Number.isFinite(value) || Object.is(value, -0)) this.fail('cbor_not_finite', 'NaN, an infinity or negative zero');
    if (Number.isInteger(value)) this.fail('cbor_float_integral', 'an integral float');
    if (size > 2) {
      scratch.setFloat32(0, value);
      const single = scratch.getFloat32(0) === value;
      if ((size === 8 && single) || (size === 4 && halfBits(scratch.getUint32(0)) >= 0))
        this.fail('cbor_float_not_shortest', 'a float is not in its shortest form');
    }
    this.at = start + 1 + size;
    return value;
  }

  /** @throws Fault cbor_trailing unless all bytes were read */
  end(): void {
    if (this.at !== this.bytes.length) this.fail('cbor_trailing', 'bytes follow the value');
  }
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const shared = new Writer(4096);

/** The canonical bytes of a value. */
export function encode(value: Cbor): Uint8Array {
  shared.reset().value(value);
  return shared.done();
}

/** The value of canonical bytes. @throws Fault cbor_* */
export function decode(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes);
  const value = reader.value();
  reader.end();
  return value;
}
