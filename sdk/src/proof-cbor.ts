/**
 * Reads canonical CBOR (spec/cbor.md), written for the proof check alone: it shares no code with the node, so that a
 * mistake of one is not a mistake of both. Whatever is not canonical throws.
 */
import { localError } from './error.ts';

export type Cbor = null | boolean | number | bigint | string | Uint8Array<ArrayBuffer> | readonly Cbor[] | ReadonlyMap<string, Cbor>;

const DEPTH_MAX = 16;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const malformed = (what: string, at: number): Error => localError('bundle_malformed', `${what} at byte ${at}`);

/** Whether `a` stands before `b`: shorter first, then bytewise. */
function before(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return a.length < b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i];
  return false;
}

const scratch = new DataView(new ArrayBuffer(8));

/** C-7: whether 16 bits hold the value: ten bits of fraction, or steps of 2^-24 below 2^-14. */
function fitsHalf(value: number): boolean {
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return Number.isInteger(magnitude * 2 ** 24);
  scratch.setFloat64(0, value);
  return magnitude <= 65_504 && scratch.getUint32(4) === 0 && (scratch.getUint32(0) & 0x3ff) === 0;
}

export class CborReader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  at = 0;
  private readonly view: DataView;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private fail(what: string): never {
    throw malformed(what, this.at);
  }

  private need(count: number): void {
    if (count > this.bytes.length - this.at) this.fail('the bytes end too early');
  }

  /** Major type and argument of a head (C-2). */
  private head(): { readonly major: number; readonly info: number; readonly value: bigint } {
    this.need(1);
    const first = this.bytes[this.at];
    const [major, info] = [first >> 5, first & 31];
    if (major === 6) this.fail('a tag');
    if (info > 27) this.fail('a reserved or indefinite head');
    this.at += 1;
    if (info < 24) return { major, info, value: BigInt(info) };
    const size = 1 << (info - 24);
    this.need(size);
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(this.bytes[this.at + i]);
    this.at += size;
    const least = size === 1 ? 24n : 1n << BigInt(4 * size);
    if (major !== 7 && value < least) this.fail('a head that is not the shortest');
    return { major, info, value };
  }

  private length(value: bigint): number {
    // C-6: each element takes a byte at least
    if (value > BigInt(this.bytes.length - this.at)) this.fail('longer than its bytes');
    return Number(value);
  }

  /** The length of an array that begins here. */
  array(): number {
    const { major, value } = this.head();
    if (major !== 4) this.fail('no array');
    return this.length(value);
  }

  /** Any value (C-3); maps as Map. */
  value(depth = 0): Cbor {
    const start = this.at;
    const { major, info, value } = this.head();
    switch (major) {
      case 0:
        return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      case 1:
        return value < Number.MAX_SAFE_INTEGER ? -1 - Number(value) : -1n - value;
      case 2:
        return this.slice(this.length(value));
      case 3:
        return this.text(this.slice(this.length(value)));
      case 4: {
        if (depth >= DEPTH_MAX) this.fail('nested too deeply');
        const list: Cbor[] = [];
        for (let left = this.length(value); left > 0; left--) list.push(this.value(depth + 1));
        return list;
      }
      case 5:
        if (depth >= DEPTH_MAX) this.fail('nested too deeply');
        return this.map(this.length(value), depth);
      default:
        return this.simple(info, start);
    }
  }

  private slice(length: number): Uint8Array<ArrayBuffer> {
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  private text(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes);
    } catch {
      return this.fail('a text that is no UTF-8');
    }
  }

  private map(size: number, depth: number): ReadonlyMap<string, Cbor> {
    const map = new Map<string, Cbor>();
    let last: Uint8Array | null = null;
    for (let i = 0; i < size; i++) {
      const start = this.at;
      const { major, value } = this.head();
      if (major !== 3) this.fail('a key that is no text');
      const key = this.text(this.slice(this.length(value)));
      const encoded = this.bytes.subarray(start, this.at);
      if (last !== null && !before(last, encoded)) this.fail('keys out of order, or one twice');
      if (key === '__proto__') this.fail('the key __proto__');
      last = encoded;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  private simple(info: number, start: number): Cbor {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    if (info < 25) this.fail('a simple value that is refused');
    const value = info === 25 ? this.half(start + 1) : info === 26 ? this.view.getFloat32(start + 1) : this.view.getFloat64(start + 1);
    const tooLong = (info > 25 && fitsHalf(value)) || (info === 27 && Math.fround(value) === value);
    if (!Number.isFinite(value) || Number.isInteger(value) || tooLong) this.fail('a float that is not canonical');
    return value;
  }

  private half(at: number): number {
    const bits = this.view.getUint16(at);
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return Number.NaN;
    const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return bits >> 15 === 1 ? -magnitude : magnitude;
  }

  end(): void {
    if (this.at !== this.bytes.length) this.fail('bytes follow the value');
  }
}

/** The value of canonical bytes. @throws AvaError bundle_malformed */
export function decodeCbor(bytes: Uint8Array<ArrayBuffer>): Cbor {
  const reader = new CborReader(bytes);
  const value = reader.value();
  reader.end();
  return value;
}
