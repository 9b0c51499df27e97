/** Facts (Y-2, Y-3), overlays, the digest (K-5), and a state put together from stored facts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { encode as encodeOther } from 'cborg';
import fc from 'fast-check';
import { DAY_MS, Desk, MINUTE_MS, permitOf, ruleText } from '../../sim/small-law.ts';
import { fromOctets, hex, type Octets, octets } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { Frontier } from '../merkle/tree.ts';
import { apply } from './apply.ts';
import { BUCKETS_MAX, decodeFact, encodeFact, type Fact, factKey, PAGE_KEYS_MAX } from './fact.ts';
import { Overlay } from './overlay.ts';
import { initialState, restoreFacts, type State } from './state.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 12);
console.log(`seed ${SEED}`);

const octetsOf = (length: number): fc.Arbitrary<Octets> => fc.uint8Array({ minLength: length, maxLength: length }).map(octets);
const u53 = fc.maxSafeNat();
const label = fc.string({ maxLength: 60, unit: 'binary' }).map((text) => text.toWellFormed());
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const recordOf = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(shape, { noNullPrototype: true });
const FACTS: { readonly [K in Fact['is']]: fc.Arbitrary<Extract<Fact, { is: K }>> } = {
  session: recordOf({
    is: fc.constant('session'),
    agent: label,
    assurance: u53,
    opened_ms: u53,
    due_ms: u53,
    calls: u53,
    denied: u53,
    escalated: u53,
    gate: fc.boolean(),
    passage: u53,
    labels: fc.array(label, { maxLength: 16 }),
    pages: u53,
    recent: fc.array(octetsOf(8), { maxLength: 16 }).map((keys) => keys.join('')),
    approvals: fc.array(octetsOf(16), { maxLength: 16 }),
  }),
  page: recordOf({
    is: fc.constant('page'),
    due_ms: u53,
    height: u53,
    index: u53,
    keys: fc.array(octetsOf(8), { maxLength: 30 }).map((keys) => keys.join('')),
  }),
  permit: recordOf({
    is: fc.constant('permit'),
    session: octetsOf(16),
    tx_id: octetsOf(32),
    height: u53,
    index: u53,
    due_ms: u53,
    status: fc.constantFrom('open', 'done', 'failed', 'expired'),
    server: fc.option(label),
    name: label,
    lead: fc.constantFrom('none', 'led', 'named', 'own', 'planted'),
    reserved: fc.array(recordOf({ sum: octetsOf(33), bucket_ms: u53, amount: i64, path: label }), { maxLength: 32 }),
  }),
  sum: recordOf({
    is: fc.constant('sum'),
    due_ms: u53,
    width_ms: u53,
    buckets: fc.array(recordOf({ start_ms: u53, amount: i64 }), { maxLength: BUCKETS_MAX }),
  }),
  sequence: recordOf({ is: fc.constant('sequence'), due_ms: u53, last: u53 }),
  breaker: recordOf({ is: fc.constant('breaker'), due_ms: u53, trips: u53 }),
  faults: recordOf({ is: fc.constant('faults'), due_ms: u53, times_ms: fc.array(u53, { maxLength: 64 }) }),
  probing: recordOf({ is: fc.constant('probing'), due_ms: u53, trips: u53, good: u53 }),
  trips: recordOf({ is: fc.constant('trips'), due_ms: u53, trips: fc.array(recordOf({ validator: octetsOf(32), time_ms: u53 }), { maxLength: 64 }) }),
  halt: recordOf({ is: fc.constant('halt'), due_ms: u53, since_ms: u53, by: octetsOf(32), reason: label }),
  approval: recordOf({
    is: fc.constant('approval'),
    due_ms: u53,
    status: fc.constantFrom('waiting', 'allowed', 'denied', 'used', 'expired'),
    session: octetsOf(16),
    opened_ms: u53,
    tx_id: octetsOf(32),
    height: u53,
    index: u53,
    call: octetsOf(32),
    rules: fc.array(fc.constantFrom('a', 'flow/new-payee', 'b.c'), { maxLength: 5 }),
    refusal: fc.array(octetsOf(8), { maxLength: 30 }).map((keys) => keys.join('')),
    answer: fc.option(recordOf({ allow: fc.boolean(), note: label, by: octetsOf(32), at_ms: u53 })),
  }),
  approver: recordOf({ is: fc.constant('approver'), due_ms: u53, name: label, suite: u53, public: octetsOf(65), origin: label, rp_id: label }),
  mode: recordOf({
    is: fc.constant('mode'),
    due_ms: u53,
    since_ms: u53,
    by: octetsOf(32),
    mode: fc.constantFrom('floor', 'enforce', 'observe'),
    reason: label,
  }),
};

for (const [kind, arbitrary] of Object.entries(FACTS)) {
  test(`a ${kind} comes back, and only its own bytes give it`, () => {
    const key = factKey(kind as Fact['is'], 'x');
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<Fact>, fc.nat(), fc.integer({ min: 1, max: 255 }), (fact, place, change) => {
        const bytes = encodeFact(fact);
        assert.deepEqual(decodeFact(key, bytes), fact);
        const other = bytes.slice();
        other[place % bytes.length] ^= change;
        try {
          assert.deepEqual(encodeFact(decodeFact(key, other)), other, 'what is read is written alike');
        } catch (error) {
          assert.match((error as { slug?: string }).slug ?? String(error), /^cbor_/);
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
}

test('malformed facts have their own faults', () => {
  const page = (...items: unknown[]): Uint8Array => encode([0, 0, 1, 0, ...items] as never);
  const table: readonly [string, Octets, Uint8Array, string][] = [
    ['an unknown letter', 'z', page(), 'cbor_range'],
    ['no key', '', page(), 'cbor_range'],
    ['another record', 's', page(new Uint8Array(8)), 'cbor_range'],
    ['another kind', 'w', encode([1, 0, 1, 0, new Uint8Array(8)]), 'cbor_range'],
    ['half a key', 'w', page(new Uint8Array(12)), 'cbor_range'],
    ['too many keys', 'w', page(new Uint8Array(8 * PAGE_KEYS_MAX + 8)), 'cbor_range'],
    ['bytes after it', 'w', new Uint8Array([...page(new Uint8Array(8)), 0]), 'cbor_trailing'],
    ['cut', 'w', page(new Uint8Array(8)).subarray(0, 11), 'cbor_truncated'],
  ];
  for (const [name, key, bytes, slug] of table) assert.throws(() => decodeFact(key, bytes), { slug }, name);
});

test('an overlay: the transaction over the block over the state; dropping undoes', () => {
  const fact = (last: number): Fact => ({ is: 'sequence', due_ms: 0, last });
  const overlay = new Overlay(
    new Map([
      ['a', fact(1)],
      ['b', fact(2)],
    ]),
  );
  const see = (): (number | undefined)[] => ['a', 'b', 'c'].map((key) => (overlay.get(key) as { last: number } | undefined)?.last);
  assert.deepEqual(see(), [1, 2, undefined]);
  overlay.set('a', fact(10));
  overlay.set('b', null);
  overlay.set('c', fact(30));
  assert.deepEqual(see(), [10, undefined, 30]);
  overlay.drop();
  assert.deepEqual(see(), [1, 2, undefined]);
  assert.equal(overlay.block.size, 0);
  overlay.set('a', null);
  overlay.keep();
  assert.deepEqual(see(), [undefined, 2, undefined]);
  overlay.set('a', fact(11));
  assert.deepEqual(see(), [11, 2, undefined]);
  overlay.drop();
  assert.deepEqual(see(), [undefined, 2, undefined], 'back to the block, not to the state');
});

function busyDesk(): Desk {
  const desk = new Desk({ rules: [ruleText('s', 'agent.sum("money.amount", "1h") + money.amount < 100000', 'scope: facet.money')] });
  const session = desk.open();
  desk.say(session, 'pay the bill');
  permitOf(desk.decide(session, 'pay', { to: 'a', amount: 5 }));
  desk.outcome(permitOf(desk.decide(session, 'pay', { to: 'a', amount: 7 })), true, 'done');
  desk.trip('s');
  return desk;
}

test('the digest is a plain hash over the sorted writes, by another encoder', () => {
  const desk = busyDesk();
  const previous = desk.state.facts_digest;
  const { writes, header } = desk.pass(DAY_MS + MINUTE_MS);
  assert.ok([...writes.values()].includes(null) && writes.size > 3);
  const list = [...writes].map(([key, value]) => [fromOctets(key), value] as const).sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])));
  const digest = createHash('sha256').update('\x0cava.facts.v1').update(fromOctets(previous)).update(encodeOther(list)).digest('hex');
  assert.equal(hex(header.facts_digest), digest);
  const empty = desk.pass(0).header.facts_digest;
  assert.equal(hex(empty), createHash('sha256').update('\x0cava.facts.v1').update(fromOctets(header.facts_digest)).digest('hex'));
});

test('a state put together from its stored facts goes on alike', () => {
  const desk = busyDesk();
  const { state } = desk;
  const stored = [...state.facts].map(([key, fact]) => [key, encodeFact(fact)] as const).reverse();
  const copy: State = {
    ...initialState(desk.law.network, desk.law, 0),
    height: state.height,
    time_ms: state.time_ms,
    prev_hash: state.prev_hash,
    facts_digest: state.facts_digest,
    log: Frontier.decode(state.log.encode()),
  };
  restoreFacts(copy, stored);
  assert.equal(copy.stopped, 1);
  const later_ms = state.time_ms + 2 * DAY_MS;
  assert.deepEqual(apply(copy, later_ms, []), apply(state, later_ms, []));
});
