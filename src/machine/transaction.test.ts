/** Transactions and wires (X): round trips, and each malformed encoding with its own fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { Workload } from '../../sim/workload.ts';
import { EMPTY, fromOctets, type Octets } from '../base/bytes.ts';
import { type Cbor, encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { SIDECAR_BYTES_MAX } from '../base/limit.ts';
import { sign, signingKey } from '../crypto/suite.ts';
import { compose, decodeWire, encodeWire, makeSidecar, sidecarCommitment, type Transaction } from './transaction.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 13);
console.log(`seed ${SEED}`);
const NETWORK: Octets = 'n'.repeat(32);
const SENDER: Octets = 'p'.repeat(32);
const b = fromOctets;

/** A wire by hand. */
const wire = (body: Cbor, auths: Cbor = [], sidecar: Cbor = null): Uint8Array => encode([body, auths, sidecar]);
const body = (kind: number, payload: Cbor, change: { version?: number; network?: Octets; sender?: Octets; seq?: Cbor; until?: Cbor } = {}): Cbor => [
  change.version ?? 1,
  b(change.network ?? NETWORK),
  kind,
  b(change.sender ?? SENDER),
  change.seq ?? 1,
  change.until ?? 0,
  payload,
];
const side = (...items: Cbor[]): Uint8Array => encode([b('s'.repeat(16)), ...items]);
const commit = (sidecar: Uint8Array): Uint8Array => b(sidecarCommitment(sidecar));
const ID = b('i'.repeat(16));
const decide = (sidecar: Uint8Array, ...change: Cbor[]): Uint8Array =>
  wire(body(3, change.length > 0 ? change : [ID, 'tool.call', null, 'pay', commit(sidecar), true]), [], sidecar);
const input = (sidecar: Uint8Array): Uint8Array => wire(body(2, [ID, commit(sidecar)]), [], sidecar);
const result = (sidecar: Uint8Array): Uint8Array => wire(body(4, [ID, true, commit(sidecar)]), [], sidecar);
const open = (agent: Cbor = 'a', assurance: Cbor = 1): Cbor => body(1, [agent, assurance, ID]);

test('every transaction of a workload comes back from its wire', () => {
  const random = new Random(SEED);
  const workload = new Workload(random, NETWORK, SENDER);
  const key = signingKey(new Uint8Array(32).fill(1));
  workload.sessions.push('i'.repeat(16));
  workload.permits.push({ id: 'j'.repeat(16) });
  for (let i = 0; i < 400; i++) {
    const plain = workload.next();
    const transaction: Transaction = random.chance(0.5)
      ? plain
      : { ...plain, auths: [{ suite: 1, key_id: key.id, signature: sign(key, 'tx', NETWORK, plain.tx_id) }] };
    const bytes = encodeWire(transaction);
    const again = decodeWire(bytes, NETWORK);
    assert.deepEqual(again, transaction);
    assert.deepEqual(encodeWire(again), bytes);
  }
});

test('each malformed wire has its own fault', () => {
  const good = side({ a: 1 }, null);
  const deep = (levels: number): Cbor => (levels === 0 ? 1 : [deep(levels - 1)]);
  const table: readonly [string, Uint8Array, string | null][] = [
    ['a decision', decide(good), null],
    ['an opening', wire(open()), null],
    ['an empty wire', EMPTY, 'cbor_truncated'],
    ['not an array', encode({}), 'cbor_type'],
    ['two fields', encode([open(), []]), 'cbor_range'],
    ['bytes after it', new Uint8Array([...wire(open()), 0]), 'cbor_trailing'],
    ['cut', wire(open()).subarray(0, 60), 'cbor_truncated'],
    ['a long head', new Uint8Array([0x98, 3, ...wire(open()).subarray(1)]), 'cbor_not_shortest'],
    ['an indefinite array', new Uint8Array([0x9f, ...wire(open()).subarray(1), 0xff]), 'cbor_indefinite'],
    ['a tag', new Uint8Array([0xc0, ...wire(open())]), 'cbor_tag'],
    ['version 2', wire(body(1, ['a', 1, ID], { version: 2 })), 'cbor_range'],
    ['another network', wire(body(1, ['a', 1, ID], { network: 'm'.repeat(32) })), 'network_other'],
    ['a short network', wire(body(1, ['a', 1, ID], { network: 'm'.repeat(31) })), 'cbor_range'],
    ['an unknown kind', wire(body(64, ['a', 1])), 'kind_unknown'],
    ['kind 2^32', wire(body(2 ** 32, ['a', 1])), 'kind_unknown'],
    ['a short sender', wire(body(1, ['a', 1, ID], { sender: 'p' })), 'cbor_range'],
    ['seq −1', wire(body(1, ['a', 1, ID], { seq: -1 })), 'cbor_type'],
    ['seq 2^53', wire(body(1, ['a', 1, ID], { seq: 2n ** 53n })), 'cbor_range'],
    ['seq a text', wire(body(1, ['a', 1, ID], { seq: '1' })), 'cbor_type'],
    ['valid_until false', wire(body(1, ['a', 1, ID], { until: false })), 'cbor_type'],
    ['a payload field too many', wire(body(1, ['a', 1, ID, 1])), 'cbor_range'],
    ['an agent of 257 bytes', wire(open('a'.repeat(257))), 'cbor_range'],
    ['assurance 3', wire(open('a', 3)), null],
    ['assurance 4', wire(open('a', 4)), 'cbor_range'],
    ['257 transactions in a bundle', wire(body(0, [Array.from({ length: 257 }, () => b(SENDER))])), 'cbor_range'],
    ['a bundle', wire(body(0, [[b(SENDER)]])), null],
    ['a kind that is no name', decide(good, ID, 'Tool', null, 'pay', commit(good), true), 'cbor_range'],
    ['permit 1', decide(good, ID, 'tool.call', null, 'pay', commit(good), 1), 'cbor_type'],
    ['a session of 15 bytes', decide(good, b('i'.repeat(15)), 'tool.call', null, 'pay', commit(good), true), 'cbor_range'],
    [
      '65 signatures',
      wire(
        open(),
        Array.from({ length: 65 }, () => [1, b(SENDER), EMPTY]),
      ),
      'cbor_range',
    ],
    ['a signature of 8,193 bytes', wire(open(), [[1, b(SENDER), new Uint8Array(8_193)]]), 'cbor_range'],
    ['a decision without its sidecar', wire(body(3, [ID, 'tool.call', null, 'pay', commit(good), true])), 'cbor_range'],
    ['a sidecar where none belongs', wire(open(), [], good), 'cbor_range'],
    ['an empty sidecar where none belongs', wire(open(), [], EMPTY), 'cbor_range'],
    ['another sidecar', decide(side({ a: 2 }, null), ID, 'tool.call', null, 'pay', commit(good), true), 'verify_failed'],
    ['a sidecar past its bound', decide(new Uint8Array(SIDECAR_BYTES_MAX + 1)), 'cbor_range'],
    ['a sidecar that is no array', decide(encode(1)), 'cbor_type'],
    ['a sidecar with a short salt', decide(encode([b('s'), {}, null])), 'cbor_range'],
    ['a sidecar without context', decide(side({})), 'cbor_range'],
    ['bytes after the sidecar', decide(new Uint8Array([...good, 0])), 'cbor_trailing'],
    ['arguments that are a list', decide(side([], null)), 'cbor_type'],
    ['arguments that are a text', decide(side('x', null)), 'cbor_type'],
    ['arguments that are null', decide(side(null, null)), 'cbor_type'],
    ['arguments that are bytes', decide(side(EMPTY, null)), 'cbor_type'],
    ['a context that is a list', decide(side({}, [])), 'cbor_type'],
    ['a context that is false', decide(side({}, false)), 'cbor_type'],
    ['arguments of 16 levels', decide(makeSidecar('s'.repeat(16), [{ a: deep(15) }, null]).bytes), null],
    [
      'arguments of 17 levels',
      decide(new Uint8Array([0x83, 0x50, ...b('s'.repeat(16)), 0xa1, 0x61, 0x61, ...Array.from({ length: 16 }, () => 0x81), 1, 0xf6])),
      'cbor_depth',
    ],
    ['keys out of order', decide(new Uint8Array([0x83, 0x50, ...b('s'.repeat(16)), 0xa2, 0x61, 0x62, 1, 0x61, 0x61, 1, 0xf6])), 'cbor_key_order'],
    ['a key twice', decide(new Uint8Array([0x83, 0x50, ...b('s'.repeat(16)), 0xa2, 0x61, 0x61, 1, 0x61, 0x61, 1, 0xf6])), 'cbor_key_duplicate'],
    ['an input', input(side('hello')), null],
    ['an input that is no text', input(side(1)), 'cbor_type'],
    ['an input with two texts', input(side('a', 'b')), 'cbor_range'],
    ['an outcome', result(side([1, { a: 'x' }], null)), null],
    ['an outcome with an error', result(side(null, 'it failed')), null],
    ['an outcome whose error is no text', result(side(null, 1)), 'cbor_type'],
    ['an outcome without error', result(side(null)), 'cbor_range'],
  ];
  for (const [name, bytes, slug] of table) {
    if (slug === null) assert.deepEqual(encodeWire(decodeWire(bytes, NETWORK)), bytes, name);
    else assert.throws(() => decodeWire(bytes, NETWORK), { slug }, name);
  }
});

test('any changed byte of a wire is refused, or is another transaction', () => {
  const random = new Random(SEED);
  const side = makeSidecar('s'.repeat(16), [{ to: 'Bakery', amount: 99.5 }, null]);
  const transaction = compose(
    NETWORK,
    3,
    SENDER,
    70_000,
    0,
    { session: 'i'.repeat(16), kind: 'tool.call', server: 'bank', name: 'pay', args_commitment: side.commitment, permit: true },
    side,
  );
  const bytes = encodeWire(transaction);
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1 + random.below(255);
    try {
      assert.notEqual(decodeWire(other, NETWORK).tx_id, transaction.tx_id, `byte ${at}`);
    } catch (error) {
      assert.ok(error instanceof Fault, `byte ${at}: ${String(error)}`);
    }
  }
});

test('a decoded wire keeps nothing of the buffer that it came in', () => {
  const side = makeSidecar('s'.repeat(16), [{ to: 'Bakery', data: new Uint8Array(9) }, null]);
  const made = compose(
    NETWORK,
    3,
    SENDER,
    1,
    0,
    { session: 'i'.repeat(16), kind: 'tool.call', server: null, name: 'pay', args_commitment: side.commitment, permit: true },
    side,
  );
  const buffer = Buffer.from(encodeWire(made));
  const read = decodeWire(buffer, NETWORK);
  buffer.fill(0xff);
  assert.deepEqual(read, made);
});

test('what cannot be encoded is refused when it is made', () => {
  const table: readonly [string, () => unknown, string][] = [
    ['a sidecar past its bound', () => makeSidecar('s'.repeat(16), ['x'.repeat(SIDECAR_BYTES_MAX)]), 'request_too_large'],
    ['a lone surrogate', () => makeSidecar('s'.repeat(16), ['\ud800']), 'text_malformed'],
    ['NaN', () => makeSidecar('s'.repeat(16), [Number.NaN]), 'not_finite'],
    ['an integer past 2^53', () => makeSidecar('s'.repeat(16), [2 ** 60]), 'integer_too_large'],
    ['an agent of 257 bytes', () => compose(NETWORK, 1, SENDER, 1, 0, { agent: 'ü'.repeat(129), assurance: 1, nonce: 'n'.repeat(16) }, null), 'cbor_range'],
    ['assurance 4', () => compose(NETWORK, 1, SENDER, 1, 0, { agent: 'a', assurance: 4, nonce: 'n'.repeat(16) }, null), 'cbor_range'],
    ['a fraction as seq', () => compose(NETWORK, 1, SENDER, 1.5, 0, { agent: 'a', assurance: 1, nonce: 'n'.repeat(16) }, null), 'cbor_range'],
    [
      'a kind that is no name',
      () => compose(NETWORK, 3, SENDER, 1, 0, { session: 'i'.repeat(16), kind: 'Tool', server: null, name: 'x', args_commitment: SENDER, permit: true }, null),
      'cbor_range',
    ],
  ];
  for (const [name, run, slug] of table) assert.throws(run, { slug }, name);
});
