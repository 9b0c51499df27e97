/** Headers (B), receipts and entries (P): round trips, each malformed encoding, and what a block makes of its entries. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Desk, permitOf, ruleText, SMALL_START_MS, said } from '../../sim/small-law.ts';
import { fromOctets, hex, type Octets, octets, utf8 } from '../base/bytes.ts';
import { type Cbor, decode, encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, FACTS_MAX } from '../base/limit.ts';
import { FrameWriter } from '../store/frame.ts';
import { BlockBuilder, commit } from './apply.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, type Header, headerHash } from './block.ts';
import { decodeEntry, encodeEntry, type Receipt } from './receipt.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 14);
console.log(`seed ${SEED}`);

const word: fc.Arbitrary<Octets> = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(octets);
const u53 = fc.maxSafeNat();
const headers: fc.Arbitrary<Header> = fc.record(
  {
    network: word,
    height: u53,
    time_ms: u53,
    prev_hash: word,
    seal_ref: word,
    validators_root: word,
    rules_root: word,
    state_root: word,
    facts_digest: word,
    entries_root: word,
    log_size: u53,
    log_root: word,
    outbox_root: word,
    verdicts: fc.tuple(u53, u53, u53, u53),
    gas_used: u53,
    amendments_root: word,
    schedule: word,
  },
  { noNullPrototype: true },
);

test('a header comes back, and every changed byte gives another or a fault', () => {
  fc.assert(
    fc.property(headers, fc.nat(), fc.integer({ min: 1, max: 255 }), (header, place, change) => {
      const bytes = encodeHeader(header);
      assert.equal(bytes.length, HEADER_BYTES);
      assert.deepEqual(decodeHeader(bytes), header);
      const other = bytes.slice();
      other[place % HEADER_BYTES] ^= change;
      assert.notEqual(headerHash(other), headerHash(bytes));
      try {
        assert.deepEqual(encodeHeader(decodeHeader(other)), other);
      } catch (error) {
        assert.ok(error instanceof Fault && error.slug === 'ledger_corrupt', String(error));
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('malformed headers', () => {
  const desk = new Desk({});
  const good = desk.pass(0).header_bytes;
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  const table: readonly [string, Uint8Array, RegExp][] = [
    ['cut', good.subarray(0, 575), /576 bytes, not 575/],
    ['longer', new Uint8Array([...good, 0]), /not 577/],
    ['another version', changed(12, 50), /version 1/],
    ['a height with high bytes', changed(64, 1), /word 2/],
    ['a time with high bytes', changed(96 + 23, 1), /word 3/],
    ['a size past 2^53', changed(352 + 24, 255), /past 2\^53/],
    ['a count past 2^53', changed(448, 255), /past 2\^53/],
    ['gas with high bytes', changed(480, 1), /word 15/],
  ];
  for (const [name, bytes, message] of table)
    assert.throws(
      () => decodeHeader(bytes),
      (error) => error instanceof Fault && error.slug === 'ledger_corrupt' && message.test(error.message),
      name,
    );
});

const busy = (): Desk =>
  new Desk({ rules: [ruleText('r', 'args.x > 1', 'inputs: { args.x: int }', 'otherwise: escalate'), ruleText('watch', 'session.calls < 1', 'mode: observe')] });

test('an entry holds transaction and receipt, and nothing else is one', () => {
  const desk = busy();
  const session = desk.open();
  for (const x of [1, 2]) {
    desk.decide(session, 'balance', { x });
    const { entries, sidecars, accepted } = desk.last as NonNullable<Desk['last']>;
    const entry = decodeEntry(entries[0], desk.law.network, sidecars[0]);
    assert.deepEqual(entry.receipt, accepted[0].receipt);
    assert.deepEqual(entry.transaction, accepted[0].transaction);
    assert.deepEqual(encodeEntry(entry.transaction, entry.receipt), entries[0]);
    assert.equal(decodeEntry(entries[0], desk.law.network, null).transaction.sidecar, null, 'an erased one can be read');
  }
});

test('each malformed receipt has its own fault', () => {
  const desk = busy();
  desk.decide(desk.open(), 'balance', { x: 1 });
  const { entries, sidecars } = desk.last as NonNullable<Desk['last']>;
  const [body, auths, receipt] = decode(entries[0]) as [Cbor, Cbor, Cbor[]];
  const changed = (index: number, value: Cbor): Uint8Array => encode([body, auths, receipt.map((field, i) => (i === index ? value : field))]);
  const reason = (...fields: Cbor[]): Cbor => [fields];
  const h31 = new Uint8Array(31);
  const table: readonly [string, Uint8Array, string | null][] = [
    ['unchanged', entries[0], null],
    ['two fields', encode([body, auths]), 'cbor_range'],
    ['twelve fields of a receipt', encode([body, auths, receipt.slice(0, 12)]), 'cbor_range'],
    ['bytes after it', new Uint8Array([...entries[0], 0]), 'cbor_trailing'],
    ['version 1 of more fields', changed(0, 1), 'cbor_range'],
    ['version 3', changed(0, 3), 'cbor_range'],
    ['version 2 that version 1 holds', changed(11, null), 'cbor_range'],
    ['another transaction', changed(1, new Uint8Array(32)), 'verify_failed'],
    ['verdict 4', changed(2, 4), 'cbor_range'],
    ['verdict as text', changed(2, 'allow'), 'cbor_type'],
    ['enforced 1', changed(3, 1), 'cbor_type'],
    ['a reason without mode', changed(4, reason('r', 2, 0)), 'cbor_range'],
    ['cause 9', changed(4, reason('r', 2, 9, 1)), 'cbor_range'],
    ['mode 3', changed(4, reason('r', 2, 0, 3)), 'cbor_range'],
    ['a rule that is no name', changed(4, reason('R', 2, 0, 1)), 'cbor_range'],
    [
      '257 reasons',
      changed(
        4,
        Array.from({ length: 257 }, () => ['r', 2, 0, 1]),
      ),
      'cbor_range',
    ],
    [
      '17 obligations',
      changed(
        5,
        Array.from({ length: 17 }, () => 1),
      ),
      'cbor_range',
    ],
    ['constitution −1', changed(6, -1), 'cbor_type'],
    ['gas 2^53', changed(7, 2n ** 53n), 'cbor_range'],
    ['a short inputs hash', changed(8, h31), 'cbor_range'],
    ['a short trace', changed(9, h31), 'cbor_range'],
    ['a permit of 32 bytes', changed(10, new Uint8Array(32)), 'cbor_range'],
    ['height null', changed(12, null), 'cbor_type'],
    ['index as bytes', changed(12, h31), 'cbor_type'],
  ];
  for (const [name, bytes, slug] of table) {
    const read = (): unknown => decodeEntry(bytes, desk.law.network, sidecars[0]);
    if (slug === null) read();
    else assert.throws(read, { slug }, name);
  }
});

test('roots, counts and gas of a block, by plain hashing', () => {
  const sha = (...parts: Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const root = (leaves: Buffer[]): Buffer => {
    if (leaves.length === 0) return sha();
    if (leaves.length === 1) return leaves[0];
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return sha(new Uint8Array([1]), root(leaves.slice(0, split)), root(leaves.slice(split)));
  };
  const desk = busy();
  const all: Buffer[] = [];
  let previous: Octets = '\0'.repeat(32);
  let session = '';
  for (const count of [1, 0, 3, 8, 5]) {
    const { header, entries, accepted, header_bytes, header_hash } = desk.block(() => {
      for (let i = 0; i < count; i++) {
        if (session === '') session = desk.open();
        else assert.match(said(desk.decide(session, 'balance', { x: i })), /allow|escalate/);
      }
    });
    const leaves = entries.map((entry) => sha(new Uint8Array([0]), entry));
    all.push(...leaves);
    assert.equal(hex(header.entries_root), root(leaves).toString('hex'));
    assert.equal(hex(header.log_root), root(all).toString('hex'));
    assert.equal(header.log_size, all.length);
    assert.equal(header.prev_hash, previous);
    const receipts = accepted.map(({ receipt }) => receipt);
    assert.deepEqual(
      header.verdicts,
      (['none', 'allow', 'deny', 'escalate'] as const).map((verdict) => receipts.filter((receipt) => receipt.verdict === verdict).length),
    );
    assert.equal(
      header.gas_used,
      receipts.reduce((sum, receipt) => sum + receipt.gas, 0),
    );
    assert.deepEqual(
      receipts.map(({ height, index }) => [height, index]),
      receipts.map((_, i) => [header.height, i]),
    );
    assert.equal(hex(header_hash), sha(new Uint8Array([13]), utf8('ava.header.v1'), header_bytes).toString('hex'));
    previous = header_hash;
  }
});

test('time never runs back (K-1)', () => {
  const desk = new Desk({});
  desk.pass(1_000);
  desk.now_ms -= 5_000;
  const { header } = desk.pass(0);
  assert.equal(header.time_ms, SMALL_START_MS + 1_000);
});

test('a block takes at most 512 transactions and 16 MiB, and always fits a frame', () => {
  const desk = new Desk({});
  const session = desk.open();
  const small = new BlockBuilder(desk.state, desk.now_ms);
  while (!small.full) assert.equal(said(small.add(desk.make(1, { agent: 'a', assurance: 0, nonce: 'n'.repeat(16) }, null))), 'none');
  assert.equal(small.size, BLOCK_TRANSACTIONS_MAX);
  const permits: Octets[] = [];
  desk.block(() => {
    for (let i = 0; i < 100; i++) permits.push(permitOf(desk.decide(session, 'unlisted')));
  });
  const large = new BlockBuilder(desk.state, desk.now_ms);
  for (let i = 0; !large.full; i++)
    assert.equal(said(large.add(desk.make(4, { permit: permits[i], ok: true, commitment: '' }, [new Uint8Array(196_000), null]))), 'none');
  const output = large.close();
  assert.ok(output.entries.length === Math.ceil(BLOCK_BYTES_MAX / 196_400), `${output.entries.length} large transactions`);
  const items = output.entries.map((entry, i) => ({ entry, sidecar: output.sidecars[i], witness: output.witnesses[i] }));
  new FrameWriter('12345678').encode({
    height: output.header.height,
    durable: output.header.height - 1,
    header: output.header_bytes,
    suite: 1,
    key_id: 'k'.repeat(32),
    signature: new Uint8Array(64),
    items,
  });
  commit(desk.state, output);
});

test('what is not a refusal comes through: an engine that fails is no verdict', () => {
  const desk = busy();
  const session = desk.open();
  const rule = desk.law.rules[0] as unknown as { instance: { judge: () => number } };
  rule.instance = {
    ...rule.instance,
    judge: () => {
      throw new Fault('engine_failed');
    },
  };
  assert.throws(() => desk.decide(session, 'balance', { x: 5 }), { slug: 'engine_failed' });
});

test('an entry past 65,535 bytes is refused', () => {
  const desk = new Desk({});
  const transaction = desk.make(1, { agent: 'a', assurance: 0, nonce: 'n'.repeat(16) }, null);
  const auth = { suite: 1, key_id: 'k'.repeat(32), signature: new Uint8Array(8_192) };
  const receipt = {
    tx_id: transaction.tx_id,
    verdict: 'none',
    enforced: true,
    reasons: [],
    obligations: [],
    constitution: 0,
    gas: 0,
    inputs_hash: null,
    trace: null,
    permit: null,
    approval: null,
    height: 1,
    index: 0,
  } as Receipt;
  encodeEntry({ ...transaction, auths: Array.from({ length: 7 }, () => auth) }, receipt);
  assert.throws(() => encodeEntry({ ...transaction, auths: Array.from({ length: 8 }, () => auth) }, receipt), { slug: 'request_too_large' });
  assert.equal(fromOctets(transaction.tx_id).length, 32);
});

test('K-10: a full state opens no session, takes no input and gives no permit, and still judges', () => {
  const desk = new Desk({ rules: [] });
  const session = desk.open();
  Object.defineProperty(desk.state.facts, 'size', { value: FACTS_MAX });
  assert.throws(() => desk.open(), { slug: 'overloaded' });
  assert.equal(said(desk.decide(session, 'pay', { to: 'a', amount: 1 })), 'overloaded');
  assert.equal(said(desk.decide(session, 'pay', { to: 'a', amount: 1 }, { permit: false })), 'allow');
});
