/** The edge: what it vouches for is a wire that anyone can decode, and what is too large or malformed it refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CborMap } from '../base/cbor.ts';
import { ARGS_BYTES_MAX, SIDECAR_BYTES_MAX } from '../base/limit.ts';
import { decodeWire, encodeWire, type Transaction } from '../machine/transaction.ts';
import { Edge } from './edge.ts';

const NETWORK = 'n'.repeat(32);
const edge = new Edge(NETWORK, 'p'.repeat(32), 41);
const CALL = { kind: 'tool.call', server: null, name: 'pay' };
const ID = 'i'.repeat(16);

test('numbers go on from the last, and every salt is another', () => {
  const made: Transaction[] = [
    edge.openSession('agent', 1),
    edge.input(ID, 'hello'),
    edge.decide(ID, CALL, { a: 1 }, null, true),
    edge.decide(ID, CALL, { a: 1 }, null, true),
    edge.outcome(ID, true, { a: [1, null] }, null),
  ];
  assert.deepEqual(
    made.map(({ seq }) => seq),
    [42, 43, 44, 45, 46],
  );
  assert.equal(new Set(made.map(({ tx_id }) => tx_id)).size, 5);
  assert.notEqual(made[2].sidecar?.[0], made[3].sidecar?.[0]);
  for (const transaction of made) assert.deepEqual(decodeWire(encodeWire(transaction), NETWORK), transaction);
});

test('bounds and malformed values', () => {
  const text = (bytes: number): string => 'x'.repeat(bytes);
  const nested = (levels: number): CborMap => (levels === 0 ? {} : { a: nested(levels - 1) });
  const table: readonly [string, () => unknown, string | null][] = [
    ['arguments of 64 KiB', () => edge.decide(ID, CALL, { a: text(ARGS_BYTES_MAX - 16) }, null, true), null],
    ['arguments past 64 KiB', () => edge.decide(ID, CALL, { a: text(ARGS_BYTES_MAX + 64) }, null, true), 'request_too_large'],
    ['arguments past any bound', () => edge.decide(ID, CALL, { a: text(SIDECAR_BYTES_MAX) }, null, true), 'request_too_large'],
    ['a context past 64 KiB', () => edge.decide(ID, CALL, {}, { a: text(ARGS_BYTES_MAX + 64) }, true), 'request_too_large'],
    ['a text past 64 KiB', () => edge.input(ID, text(ARGS_BYTES_MAX + 64)), 'request_too_large'],
    ['a large result', () => edge.outcome(ID, true, text(SIDECAR_BYTES_MAX - 64), null), null],
    ['a result past its bound', () => edge.outcome(ID, true, text(SIDECAR_BYTES_MAX), null), 'request_too_large'],
    ['16 levels', () => edge.decide(ID, CALL, nested(15), null, true), null],
    ['17 levels', () => edge.decide(ID, CALL, nested(16), null, true), 'too_deep'],
    ['an integer past 2^53', () => edge.decide(ID, CALL, { a: 2 ** 53 }, null, true), 'integer_too_large'],
    ['NaN', () => edge.decide(ID, CALL, { a: Number.NaN }, null, true), 'not_finite'],
    ['negative zero', () => edge.decide(ID, CALL, { a: -0 }, null, true), 'not_finite'],
    ['__proto__', () => edge.decide(ID, CALL, JSON.parse('{"__proto__":1}') as CborMap, null, true), 'key_forbidden'],
    ['a lone surrogate', () => edge.input(ID, '\udc00'), 'text_malformed'],
    ['an agent past 256 bytes', () => edge.openSession(text(257), 1), 'cbor_range'],
    ['a kind that is no name', () => edge.decide(ID, { ...CALL, kind: 'Call' }, {}, null, true), 'cbor_range'],
  ];
  for (const [name, run, slug] of table) {
    if (slug === null) run();
    else assert.throws(run, { name: 'Fault', slug }, name);
  }
});
