/** Bundles (V): what verifies, and that no changed byte, no swap, no forged receipt does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOfBlock } from '../../sim/chain.ts';
import { Random } from '../../sim/random.ts';
import { DAY_MS, Desk, HOUR_MS, permitOf, ruleText, SMALL_KEY, SMALL_START_MS, smallGenesis } from '../../sim/small-law.ts';
import { Workload } from '../../sim/workload.ts';
import { type Cbor, decode, encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { hashLeaf } from '../crypto/hash.ts';
import { sign, signingKey } from '../crypto/suite.ts';
import { lawOf } from '../law/law.ts';
import { apply, commit } from '../machine/apply.ts';
import { encodeHeader, headerHash } from '../machine/block.ts';
import { decodeEntry, encodeEntry, type Receipt, VERDICTS } from '../machine/receipt.ts';
import { initialState } from '../machine/state.ts';
import { rootOf } from '../merkle/tree.ts';
import { loadConstitution } from '../node/constitution.ts';
import type { Frame } from '../store/frame.ts';
import { BUNDLE_BYTES_MAX, makeBundle, verifyBundle } from './bundle.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 17);
const FLIPS = Number(process.env['AVA_FLIPS'] ?? 1_000);
console.log(`seed ${SEED}, ${FLIPS} flips`);

const GENESIS = smallGenesis({
  rules: [
    ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 500', 'scope: facet.money', 'otherwise: escalate'),
    ruleText('calm', 'session.calls < 9 && !flow.gate', 'scope: effect.irreversible'),
    ruleText('args', 'args.x > 1', 'inputs: { args.x: int }', 'scope: tool.balance'),
  ],
});
const law = lawOf(GENESIS);
const FIELDS = ['version', 'genesis', 'header', 'suite', 'key_id', 'signature', 'size', 'index', 'proof', 'entry', 'sidecar', 'witness'];

interface Made {
  readonly frame: Frame;
  readonly bundles: readonly Uint8Array[];
}

/** One block of five entries: opening, input, an allowed payment, one that asks, a denial; then its outcome in another. */
function made(agent = 'agent'): Made[] {
  const desk = new Desk(law);
  const session = desk.open(agent);
  let permit = '';
  const first = desk.block(() => {
    desk.say(session, 'pay the bill of Bakery');
    permit = permitOf(desk.decide(session, 'pay', { to: 'Bakery', amount: 4 }));
    desk.decide(session, 'pay', { to: 'Bakery', amount: 2 });
    desk.decide(session, 'balance', { x: 0 });
    desk.trip('args');
  });
  const second = desk.block(() => {
    desk.outcome(permit, true, 'paid');
    desk.decide(session, 'balance', { x: 5 });
    desk.decide(session, 'mail', { to: 'a@example.org', body: 'x' }, { permit: false });
  });
  return [first, second].map((block) => {
    const frame = frameOfBlock(block, SMALL_KEY);
    return { frame, bundles: frame.items.map((_, index) => makeBundle(GENESIS, frame, index)) };
  });
}

const refused = (bytes: Uint8Array, what: string): void =>
  assert.throws(
    () => verifyBundle(bytes, law.network),
    (error) => error instanceof Fault && error.slug !== 'internal',
    what,
  );

test('every kind of entry verifies; decisions are recomputed', () => {
  const [first, second] = made();
  const seen = [...first.bundles, ...second.bundles].map((bytes) => {
    const { entry, checks, complete, recomputed } = verifyBundle(bytes, law.network);
    assert.equal(complete, true);
    return `${entry.transaction.kind} ${entry.receipt.verdict} ${checks.map((check) => String(check.ok)[0]).join('')} ${recomputed === null ? '' : recomputed.judgement.gas}`.trim();
  });
  const gas = (name: string): number => law.rules.find((rule) => rule.name === name)?.gas as number;
  assert.deepEqual(seen, [
    '2 none ttttn',
    `3 allow ttttt ${gas('day') + gas('calm')}`,
    `3 escalate ttttt ${gas('day') + gas('calm')}`,
    `3 deny ttttt ${gas('args')}`,
    '5 none ttttn',
    '4 none ttttn',
    '3 deny ttttt 0',
    `3 allow ttttt ${gas('calm')}`,
  ]);
  verifyBundle(first.bundles[1]);
});

test('an erased sidecar leaves a proof of place, and says so', () => {
  const { frame } = made()[0];
  const erased = makeBundle(GENESIS, { ...frame, items: frame.items.map((item) => ({ ...item, sidecar: null })) }, 1);
  const { complete, recomputed, checks } = verifyBundle(erased, law.network);
  assert.deepEqual([complete, recomputed, checks[4].detail], [false, null, 'the inputs are erased']);
  const parts = decode(erased) as Cbor[];
  refused(encode([...parts.slice(0, 11), frame.items[1].witness]), 'a witness without its inputs');
});

test('every byte of a small bundle, changed, is refused', () => {
  const random = new Random(SEED);
  const bytes = made()[0].bundles[1];
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1 << random.below(8);
    refused(other, `byte ${at} of ${bytes.length}`);
  }
  console.log(`${bytes.length} bytes`);
});

test('every bit of what follows the proof, and of the numbers before it, changed, is refused', () => {
  const { bundles } = made()[1];
  const bytes = bundles[2];
  const start = bytes.length - 500;
  for (let at = start; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const other = bytes.slice();
      other[at] ^= 1 << bit;
      refused(other, `bit ${bit} of byte ${at}`);
    }
  }
});

test('another size than the block has is refused, though the proof may fit it', () => {
  const desk = new Desk(law);
  for (let count = 1; count <= 9; count++) {
    const frame = frameOfBlock(
      desk.block(() => {
        for (let i = 0; i < count; i++) desk.open();
      }),
      SMALL_KEY,
    );
    for (let index = 0; index < count; index++) {
      const parts = decode(makeBundle(GENESIS, frame, index)) as Cbor[];
      for (let size = 0; size < 20; size++)
        if (size !== count) refused(encode(parts.map((part, i) => (i === 6 ? size : part))), `${index} of ${count} as of ${size}`);
    }
  }
});

test('parts of valid bundles do not mix', () => {
  const random = new Random(SEED);
  const [first, second] = made();
  const [other] = made('somebody');
  const stranger = new Desk({ rules: [ruleText('day', 'money.amount <= 700', 'scope: facet.money')] });
  stranger.decide(stranger.open(), 'pay', { to: 'Bakery', amount: 4 });
  const strange = makeBundle(
    smallGenesis({ rules: [ruleText('day', 'money.amount <= 700', 'scope: facet.money')] }),
    frameOfBlock(stranger.last as never, SMALL_KEY),
    0,
  );
  const pairs: readonly [string, Uint8Array, Uint8Array][] = [
    ['two of one block', first.bundles[1], first.bundles[2]],
    ['two blocks', first.bundles[1], second.bundles[2]],
    ['a decision and an outcome', first.bundles[1], second.bundles[0]],
    ['two ledgers of one network', first.bundles[1], other.bundles[1]],
    ['two networks', first.bundles[1], strange],
  ];
  for (const [name, one, two] of pairs) {
    const a = decode(one) as Cbor[];
    const b = decode(two) as Cbor[];
    const same = (mixed: Cbor[], whole: Uint8Array): boolean => Buffer.compare(encode(mixed), whole) === 0;
    const masks = [...FIELDS.keys()].map((i) => 1 << i);
    for (let i = 0; i < 120; i++) masks.push(random.below(1 << FIELDS.length));
    for (const mask of masks) {
      const mixed = a.map((part, i) => ((mask >> i) & 1 ? b[i] : part));
      if (same(mixed, one) || same(mixed, two)) continue;
      refused(encode(mixed), `${name}: ${FIELDS.filter((_, i) => (mask >> i) & 1).join(', ')}`);
    }
  }
});

test('a receipt that its own node forged and signed does not survive the recomputation', () => {
  const desk = new Desk(law);
  const session = desk.open();
  const block = desk.block(() => {
    desk.decide(session, 'pay', { to: 'Bakery', amount: 4 });
    desk.decide(session, 'balance', { x: 0 });
    desk.say(session, 'hello');
  });
  const forge = (index: number, change: Partial<Receipt>): Uint8Array => {
    const entries = block.entries.map((entry, i) => {
      const { transaction, receipt } = decodeEntry(entry, law.network, block.sidecars[i]);
      return encodeEntry(transaction, i === index ? { ...receipt, ...change } : receipt);
    });
    const receipts = entries.map((entry, i) => decodeEntry(entry, law.network, block.sidecars[i]).receipt);
    const verdicts = VERDICTS.map((verdict) => receipts.filter((receipt) => receipt.verdict === verdict).length) as [number, number, number, number];
    const header_bytes = encodeHeader({ ...block.header, verdicts, entries_root: rootOf(entries.map(hashLeaf)) });
    const header_hash = headerHash(header_bytes);
    return makeBundle(GENESIS, frameOfBlock({ ...block, entries, header_bytes, header_hash }, SMALL_KEY), index);
  };
  verifyBundle(forge(0, {}), law.network);
  const other = 'o'.repeat(32);
  const table: readonly [string, number, Partial<Receipt>, RegExp][] = [
    ['a denial', 0, { verdict: 'deny' }, /verdict/],
    ['an approval', 1, { verdict: 'allow' }, /verdict/],
    ['less gas', 0, { gas: 1 }, /gas/],
    ['not enforced', 0, { enforced: false }, /enforced/],
    ['other inputs', 0, { inputs_hash: other }, /inputs hash/],
    ['no inputs', 0, { inputs_hash: null }, /inputs hash/],
    ['another trace', 0, { trace: other }, /trace/],
    ['a reason less', 1, { reasons: [] }, /reasons/],
    ['a reason more', 0, { reasons: [{ rule: 'x', answer: 'deny', cause: 'failed', mode: 'observe', values: [] }] }, /reasons/],
    ['an approval that is waited for', 0, { approval: 'o'.repeat(16) }, /approval/],
    ['an obligation', 0, { obligations: ['redact'] }, /obligations/],
    ['no permit', 0, { permit: null }, /permit/],
    ["another's permit", 0, { permit: 'o'.repeat(16) }, /permit/],
    ['a permit for a denial', 1, { permit: 'o'.repeat(16) }, /permit/],
    ['another constitution', 0, { constitution: 4 }, /constitution/],
    ['another height', 0, { height: 3 }, /place/],
    ['another index', 0, { index: 1 }, /place/],
    ['a verdict where none was asked', 2, { verdict: 'allow' }, /none was asked/],
    ['gas where nothing ran', 2, { gas: 5 }, /none was asked/],
  ];
  for (const [name, index, change, message] of table)
    assert.throws(
      () => verifyBundle(forge(index, change), law.network),
      (error) => error instanceof Fault && message.test(error.message),
      name,
    );
});

test('signatures: another key, a key that the genesis does not name, none', () => {
  const { frame } = made()[0];
  const stranger = signingKey(new Uint8Array(32).fill(8));
  const digest = headerHash(frame.header);
  const table: readonly [string, Partial<Frame>][] = [
    ['signed by a stranger', { key_id: stranger.id, signature: sign(stranger, 'header', law.network, digest) }],
    ["a stranger's signature under the known key", { signature: sign(stranger, 'header', law.network, digest) }],
    ['for another purpose', { signature: sign(SMALL_KEY, 'tx', law.network, digest) }],
    ['for another network', { signature: sign(SMALL_KEY, 'header', 'x'.repeat(32), digest) }],
    ['no signature', { signature: new Uint8Array(0) }],
    ['another suite', { suite: 2 }],
  ];
  for (const [name, change] of table) refused(makeBundle(GENESIS, { ...frame, ...change }, 1), name);
});

test('a hostile witness changes nothing outside it', () => {
  const { frame } = made()[0];
  for (const path of ['__proto__.polluted', 'constructor.polluted', 'toString.x', 'agent.__proto__', 'session', '', '.', 'x.y', 'breaker.constructor']) {
    const parts = decode(makeBundle(GENESIS, frame, 1)) as Cbor[];
    const witness = { ...(decode(parts[11] as Uint8Array) as object), [path]: true };
    refused(encode(parts.map((part, i) => (i === 11 ? encode(witness) : part))), path);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal((Object as unknown as Record<string, unknown>)['polluted'], undefined);
  }
});

test('bytes that are no bundle', () => {
  const good = made()[0].bundles[1];
  for (const bytes of [new Uint8Array(0), new Uint8Array(5), good.subarray(0, 900), new Uint8Array([...good, 0]), new Uint8Array(BUNDLE_BYTES_MAX + 1)])
    assert.throws(() => verifyBundle(bytes), { slug: 'bundle_malformed' });
  assert.throws(() => verifyBundle(good, 'x'.repeat(32)), { slug: 'verify_failed' });
  assert.throws(() => makeBundle(GENESIS, made()[0].frame, 9), { slug: 'receipt_unknown' });
});

test('bundles of the starter constitution: each verifies, random changes are refused', () => {
  const random = new Random(SEED);
  const genesis = smallGenesis({}, { constitution: loadConstitution('starter') });
  const starter = lawOf(genesis);
  const state = initialState(starter.network, starter, SMALL_START_MS);
  const workload = new Workload(random, starter.network, 'p'.repeat(32));
  const bundles: Uint8Array[] = [];
  for (let height = 1; height <= 12; height++) {
    const block = apply(
      state,
      SMALL_START_MS + height * (random.chance(0.1) ? DAY_MS : HOUR_MS >> 6),
      Array.from({ length: 1 + random.below(12) }, () => workload.next()),
    );
    commit(state, block);
    for (const { transaction, receipt } of block.accepted) workload.learn(transaction, receipt);
    const frame = frameOfBlock(block, SMALL_KEY);
    if (frame.items.length > 0) bundles.push(makeBundle(genesis, frame, random.below(frame.items.length)));
  }
  for (const bytes of bundles) assert.equal(verifyBundle(bytes, starter.network).complete, true);
  for (let i = 0; i < FLIPS; i++) {
    const other = random.pick(bundles).slice();
    // half of them past the genesis, which is most of the bytes
    const at = random.chance(0.5) ? random.below(other.length) : other.length - 1 - random.below(2_000);
    other[at] ^= 1 + random.below(255);
    assert.throws(
      () => verifyBundle(other, starter.network),
      (error) => error instanceof Fault,
      `flip ${i} at ${at}`,
    );
  }
});

test('a witness that holds nothing has one form', () => {
  const [first] = made();
  const fields = decode(first.bundles[3]) as Cbor[];
  assert.equal(fields[FIELDS.indexOf('witness')], null);
  refused(encode(fields.map((field, i) => (FIELDS[i] === 'witness' ? new Uint8Array([0xf6]) : field))), 'null as bytes');
});
