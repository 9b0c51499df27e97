/** Values of the ledger as JSON (spec/http.md N-27): bytes as hex, integers past 2^53 as decimal text. */
import { hex } from '../base/bytes.ts';
import type { Cbor } from '../base/cbor.ts';
import type { Json } from './json-value.ts';

export function jsonOfCbor(value: Cbor): Json {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(jsonOfCbor);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOfCbor(item as Cbor)]));
}
