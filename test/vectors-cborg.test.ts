/** spec/vectors/cbor.json by cborg: nothing of src/ is used here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode, encode, rfc8949EncodeOptions } from 'cborg';

const { positive, negative } = JSON.parse(readFileSync(`${import.meta.dirname}/../spec/vectors/cbor.json`, 'utf8')) as {
  positive: readonly { readonly clause: string; readonly value: unknown; readonly bytes: string }[];
  negative: readonly { readonly clause: string; readonly bytes: string; readonly fault: string }[];
};
const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: true,
  rejectDuplicateMapKeys: true,
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The value of the vectors' notation: `{int}`, `{float}`, `{bytes}`, `{map}`; the rest is itself. */
function valueOf(notation: unknown): unknown {
  if (Array.isArray(notation)) return notation.map(valueOf);
  if (notation === null || typeof notation !== 'object') return notation;
  const [[kind, content]] = Object.entries(notation);
  if (kind === 'int') return Number.isSafeInteger(Number(content)) ? Number(content) : BigInt(content);
  if (kind === 'float') return Number(content);
  if (kind === 'bytes') return new Uint8Array(Buffer.from(content, 'hex'));
  return Object.fromEntries((content as [string, unknown][]).map(([key, item]) => [key, valueOf(item)]));
}

/** cborg writes subnormal halves as singles, which is longer than C-7 wants. It reads them. */
const isSubnormalHalf = (value: unknown): boolean =>
  typeof value === 'number' && value !== 0 && Math.abs(value) < 2 ** -14 && Number.isInteger(value * 2 ** 24);

/** cborg loses a byte order mark at the start of a text when it reads, and keeps it when it writes. */
const hasMark = (value: unknown): boolean => typeof value === 'string' && value.startsWith('\ufeff');

test('the positive vectors', () => {
  assert.ok(positive.length >= 50);
  for (const { clause, value, bytes } of positive) {
    const wanted = valueOf(value);
    if (!hasMark(wanted)) assert.deepEqual(decode(Buffer.from(bytes, 'hex'), STRICT), wanted, `${clause} ${bytes}`);
    if (!isSubnormalHalf(wanted)) assert.equal(hex(encode(wanted, rfc8949EncodeOptions)), bytes, clause);
  }
});

test('the negative vectors: refused, or not the deterministic encoding of what was read', () => {
  assert.ok(negative.length >= 60);
  /** What RFC 8949 allows, and AVA narrows. */
  const narrowed = ['cbor_depth', 'cbor_key_forbidden'];
  const integralPast64Bits = 'fb7e37e43c8800759c';
  for (const { clause, bytes, fault } of negative) {
    if (narrowed.includes(fault) || bytes === integralPast64Bits) continue;
    let again: string;
    try {
      again = hex(encode(decode(Buffer.from(bytes, 'hex'), STRICT), rfc8949EncodeOptions));
    } catch {
      continue;
    }
    assert.notEqual(again, bytes, `${clause} ${fault}`);
  }
});
