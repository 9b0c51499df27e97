/**
 * Deterministic CBOR (spec/cbor.md; RFC 8949 §4.2.1, narrowed): shortest heads, sorted text keys, no tags, no
 * indefinite lengths, no NaN, infinity or negative zero, integral numbers only as integers, depth ≤ 16.
 * Encoding and decoding are each other's inverse: every byte string has one value or one fault.
 */
import type { Octets } from './bytes.ts';
import { type Cbor, type CborMap, compareKeys, halfBits, Writer } from './cbor-writer.ts';
import { Fault, type FaultName } from './fault.ts';
import { DEPTH_MAX } from './limit.ts';

export { type Cbor, type CborMap, compareKeys, Writer } from './cbor-writer.ts';

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scratch = new DataView(new ArrayBuffer(8));

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
    // A Buffer's slice shares its bytes; what is read here must be a copy.
    this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    if (typeof this.argument === 'bigint')
      return major === 0 ? this.fail('cbor_range', `${what} past 2^53`) : this.fail('cbor_truncated', `${what} longer than its bytes`);
    return this.argument;
  }

  uint(): number {
    return this.expect(0, 'an unsigned integer');
  }

  /** An integer as number where it is safe, else as bigint. */
  int(): number | bigint {
    const start = this.at;
    this.head();
    if (this.major === 0) return this.argument;
    if (this.major !== 1) {
      this.at = start;
      this.fail('cbor_type', 'an integer expected');
    }
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
        return this.bytesOf(Infinity);
      case 3:
        return this.text(Infinity);
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
      const key = this.text(Infinity);
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
