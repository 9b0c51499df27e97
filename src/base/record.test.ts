import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex } from './bytes.ts';
import { encode } from './cbor.ts';
import { Fault } from './fault.ts';
import {
  blob,
  bool,
  choice,
  constant,
  decodeWith,
  encodeWith,
  type Field,
  hash32,
  i64,
  id16,
  isName,
  label,
  list,
  name,
  nullable,
  record,
  text,
  u53,
  value,
} from './record.ts';

/** The bytes of a value, after it came back the same. */
function there<T>(field: Field<T>, given: T): string {
  const bytes = encodeWith(field, given);
  assert.deepEqual(decodeWith(field, bytes), given);
  return hex(bytes);
}

const refusedWrite = <T>(field: Field<T>, given: T, slug: string): void => assert.throws(() => encodeWith(field, given), { slug });
const refusedRead = <T>(field: Field<T>, bytes: string, slug: string): void => assert.throws(() => decodeWith(field, fromHex(bytes)), { slug });

interface Point {
  readonly version: number;
  readonly x: number;
  readonly y: bigint;
  readonly tag: string | null;
}
const point = record<Point>('a point', { version: constant(1), x: u53, y: i64, tag: nullable(label) });

test('a record is an array of its fields in order (C-10)', () => {
  assert.equal(there(point, { version: 1, x: 2, y: -1n, tag: null }), '84010220f6');
  assert.equal(there(point, { version: 1, x: 2, y: 2n ** 63n - 1n, tag: 'a' }), '8401021b7fffffffffffffff6161');
  refusedRead(point, '83010220', 'cbor_range');
  refusedRead(point, '85010220f600', 'cbor_range');
  refusedRead(point, '84020220f6', 'cbor_range');
  refusedRead(point, '84010220f600', 'cbor_trailing');
  refusedRead(point, 'a0', 'cbor_type');
  refusedRead(point, '840102', 'cbor_truncated');
});

test('each field refuses what it cannot hold, when written and when read', () => {
  assert.equal(there(u53, 2 ** 53 - 1), '1b001fffffffffffff');
  refusedWrite(u53, -1, 'cbor_range');
  refusedWrite(u53, 2 ** 53, 'cbor_range');
  refusedRead(u53, '20', 'cbor_type');

  assert.equal(there(i64, -(2n ** 63n)), '3b7fffffffffffffff');
  refusedWrite(i64, 2n ** 63n, 'cbor_range');
  refusedWrite(i64, -(2n ** 63n) - 1n, 'cbor_range');
  refusedRead(i64, '1b8000000000000000', 'cbor_range');
  refusedRead(i64, '3b8000000000000000', 'cbor_range');

  assert.equal(there(bool, true), 'f5');
  refusedRead(bool, '01', 'cbor_type');

  assert.equal(there(text(4), 'öö'), '64c3b6c3b6');
  refusedWrite(text(3), 'öö', 'cbor_range');
  refusedRead(text(3), '64c3b6c3b6', 'cbor_range');
  assert.equal(there(label, 'x'.repeat(256)).length, 2 * 259);
  refusedWrite(label, 'x'.repeat(257), 'cbor_range');

  assert.equal(there(blob(2), new Uint8Array([1, 2])), '420102');
  refusedWrite(blob(1), new Uint8Array(2), 'cbor_range');
  refusedRead(blob(1), '420102', 'cbor_range');

  assert.equal(there(id16, '\xff'.repeat(16)), `50${'ff'.repeat(16)}`);
  refusedWrite(hash32, 'x', 'cbor_range');
  refusedRead(hash32, '4100', 'cbor_range');

  assert.equal(there(value, { b: [1], a: null }), hex(encode({ a: null, b: [1] })));
});

test('names', () => {
  assert.equal(there(name, 'payments/daily-limit'), `74${hex(Buffer.from('payments/daily-limit'))}`);
  for (const good of ['a', 'a.b/c-d_e', `a${'9'.repeat(63)}`]) assert.ok(isName(good), good);
  for (const bad of ['', 'A', '9a', '/a', 'a b', 'ä', 'a\n', `a${'9'.repeat(64)}`]) {
    assert.ok(!isName(bad), bad);
    refusedWrite(name, bad, 'cbor_range');
    assert.throws(() => decodeWith(name, encode(bad)), { slug: 'cbor_range' });
  }
});

test('choices, lists, nullables', () => {
  const verdict = choice(['deny', 'escalate', 'allow']);
  assert.equal(there(verdict, 'allow'), '02');
  refusedRead(verdict, '03', 'cbor_range');
  refusedWrite(verdict as Field<string>, 'perhaps', 'cbor_range');
  assert.equal(there(list(verdict, 2), ['allow', 'deny']), '820200');
  refusedWrite(list(verdict, 1), ['allow', 'deny'], 'cbor_range');
  refusedRead(list(verdict, 1), '820200', 'cbor_range');
  refusedRead(list(verdict, 2 ** 40), '9a7fffffff', 'cbor_truncated');
  assert.equal(there(nullable(u53), null), 'f6');
  assert.equal(there(nullable(u53), 7), '07');
  refusedRead(nullable(u53), '', 'cbor_truncated');
});

test('a fault carries code, status and the next step', () => {
  const fault = new Fault('cbor_tag');
  assert.deepEqual([fault.code, fault.status, fault.message, fault.next], ['AVA-6005', 400, 'CBOR: tags are refused', 'send plain values']);
  assert.equal(new Fault('cbor_tag', 'a tag at byte 3', { at: 3 }).message, 'a tag at byte 3');
});
