/** Constants of a program (spec/rule-ir.md ): scalars alone, each with one encoding. */
import { type Reader, Writer } from '../base/cbor.ts';
import { doubleBits, doubleOfBits } from './double.ts';
import { BOOL, DOUBLE, INT, KINDS, type Kind, NULL, plainBytes, str, TYPE, type Type, tagOf, UINT } from './type.ts';
import { type TypeValue, textBytes, typeValue, type Unsigned, uint } from './value.ts';

/** int as bigint, double (finite) as number. */
export type Const = null | boolean | bigint | number | string | Uint8Array | Unsigned | TypeValue;

/** Bytes of a text or of plain bytes. */
export const CONST_BYTES_MAX = 16_384;
export const I64_MIN = -(2n ** 63n);
export const I64_MAX = 2n ** 63n - 1n;
export const U64_MAX = 2n ** 64n - 1n;
export const fitsI64 = (value: bigint): boolean => value >= I64_MIN && value <= I64_MAX;

export function constType(value: Const): Type {
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    case 'string':
      return str(textBytes(value));
    default:
      if (value === null) return NULL;
      if (value instanceof Uint8Array) return plainBytes(value.length);
      return value.kind === 'uint' ? UINT : TYPE;
  }
}

/** Bytes that it takes beside its slot. */
export const constHeap = (value: Const): number => (typeof value === 'string' ? textBytes(value) : value instanceof Uint8Array ? value.length : 0);

/** null, bool, int, text and bytes as they are; `[4, n]` a uint, `[5, bits]` a double, `[13, number]` a type. */
export function writeConst(writer: Writer, value: Const): void {
  if (typeof value === 'number') return pair(writer, 'dbl', doubleBits(value));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return writer.value(value);
  pair(writer, value.kind, value.kind === 'uint' ? value.value : BigInt(tagOf(value.of)));
}

function pair(writer: Writer, kind: Kind, payload: bigint): void {
  writer.array(2);
  writer.uint(tagOf(kind));
  writer.int(payload);
}

/** The same text for the same constant, another for every other. */
export function constKey(value: Const): string {
  if (typeof value === 'string') return `s${value}`;
  if (typeof value !== 'object' || value === null) return `${typeof value} ${Object.is(value, -0) ? '-0' : value}`;
  if (value instanceof Uint8Array) return `b${value.join(' ')}`;
  return `${value.kind} ${value.kind === 'uint' ? value.value : value.of}`;
}

/** `core`: the program is of the core profile. @throws Fault cbor_*, rule_program */
export function readConst(reader: Reader, core: boolean): Const {
  const major = reader.bytes[reader.at] >>> 5;
  if (major <= 1) {
    const value = BigInt(reader.int());
    return fitsI64(value) ? value : reader.fail('rule_program', 'an integer constant past 64 bits');
  }
  if (major === 3) return reader.text(CONST_BYTES_MAX);
  if (core) return major === 7 ? reader.bool() : reader.fail('rule_program', 'not a constant of this profile');
  if (major === 7) return reader.null() ? null : reader.bool();
  if (major === 2) return reader.bytesOf(CONST_BYTES_MAX);
  reader.fields(2, 'a constant');
  const kind = KINDS[reader.uint()];
  const payload = BigInt(reader.int());
  if (payload < 0n) reader.fail('rule_program', 'a constant below zero');
  if (kind === 'uint') return uint(payload);
  if (kind === 'dbl') {
    const value = doubleOfBits(payload);
    return Number.isFinite(value) ? value : reader.fail('rule_program', 'a double that is not finite');
  }
  const of = KINDS[Number(payload)];
  if (kind !== 'type' || of === undefined || of === 'none' || of === 'dyn') reader.fail('rule_program', 'not a constant of this profile');
  return typeValue(of);
}

/** The bytes that stand for it where it is hashed. */
export function constBytesOf(value: Const): Uint8Array {
  const writer = new Writer(64);
  writeConst(writer, value);
  return writer.done();
}
