/** The proof check beside the node's own: same bundles, same answer; no changed byte passes either. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOfBlock } from '../../sim/chain.ts';
import { Random } from '../../sim/random.ts';
import { Desk, permitOf, ruleText, SMALL_KEY, smallGenesis } from '../../sim/small-law.ts';
import { makeBundle, verifyBundle as verifyInNode } from '../../src/audit/bundle.ts';
import { fromOctets, hex } from '../../src/base/bytes.ts';
import { decode, encode, type Cbor as NodeCbor } from '../../src/base/cbor.ts';
import { Fault } from '../../src/base/fault.ts';
import { hashLeaf } from '../../src/crypto/hash.ts';
import { sign, signingKey } from '../../src/crypto/suite.ts';
import { lawOf } from '../../src/law/law.ts';
import { encodeHeader, headerHash } from '../../src/machine/block.ts';
import { decodeEntry, encodeEntry, type Receipt, VERDICTS } from '../../src/machine/receipt.ts';
import { makeConsistency, makeInclusion, nodesOf, rootAt } from '../../src/merkle/proof.ts';
import { rootOf as rootInNode } from '../../src/merkle/tree.ts';
import type { Frame } from '../../src/store/frame.ts';
import { AvaError } from './error.ts';
import { verifyBundle } from './proof.ts';
import { type Cbor, decodeCbor } from './proof-cbor.ts';
import { type Bytes, toHex } from './proof-hash.ts';
import { checkConsistency, checkInclusion, rootOf } from './proof-tree.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 23);
const FLIPS = Number(process.env['AVA_FLIPS'] ?? 600);
console.log(`seed ${SEED}, ${FLIPS} flips`);

const GENESIS = smallGenesis({
  rules: [
    ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 500', 'scope: facet.money', 'otherwise: escalate'),
    ruleText('calm', 'session.calls < 9 && !flow.gate', 'scope: effect.irreversible'),
    ruleText('args', 'args.x > 1', 'inputs: { args.x: int }', 'scope: tool.balance'),
    ruleText('watch', 'session.calls < 1', 'mode: observe', 'scope: tool.balance'),
  ],
});
const law = lawOf(GENESIS);
const NETWORK = hex(law.network);
const GAS = Object.fromEntries(law.rules.map(({ name, gas }) => [name, gas]));
const FIELDS = ['version', 'genesis', 'header', 'suite', 'key_id', 'signature', 'size', 'index', 'proof', 'entry', 'sidecar', 'witness'];
const WITNESS = FIELDS.indexOf('witness');

const copy = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);

function chain(agent = 'agent'): { readonly frame: Frame; readonly bundles: readonly Bytes[] }[] {
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
    desk.decide(session, 'mail', { to: 'a@example.org', body: 'x', n: 1.5 }, { permit: false });
  });
  return [first, second].map((block) => {
    const frame = frameOfBlock(block, SMALL_KEY);
    return { frame, bundles: frame.items.map((_, index) => copy(makeBundle(GENESIS, frame, index))) };
  });
}

const refused = async (bytes: Bytes, what: string): Promise<void> => {
  await assert.rejects(verifyBundle(bytes, { network: NETWORK, gas: GAS }), (error) => error instanceof AvaError && /^AVA-500[45]$/.test(error.code), what);
};
const nodeRefuses = (bytes: Uint8Array): boolean => {
  try {
    verifyInNode(bytes, law.network);
    return false;
  } catch (error) {
    if (error instanceof Fault) return true;
    throw error;
  }
};

test('what the node verifies, this verifies, and tells the same', async () => {
  for (const { bundles } of chain()) {
    for (const bytes of bundles) {
      const node = verifyInNode(bytes, law.network);
      const proof = await verifyBundle(bytes, { network: NETWORK, gas: GAS });
      const { receipt, transaction } = node.entry;
      assert.deepEqual(
        [proof.network, proof.height, proof.index, proof.kind, proof.verdict, proof.enforced, proof.constitution.rules, proof.log.root],
        [
          NETWORK,
          node.header.height,
          receipt.index,
          transaction.kind,
          receipt.verdict,
          receipt.enforced,
          law.rules.map(({ name }) => name),
          hex(node.header.log_root),
        ],
      );
      assert.deepEqual(
        proof.reasons.map(({ rule, answer, cause, mode }) => ({ rule, answer, cause, mode })),
        receipt.reasons.map(({ rule, answer, cause, mode }) => ({ rule, answer, cause, mode })),
      );
      for (const check of proof.checks) assert.ok(check.ok === true || ['inputs', 'recomputed'].includes(check.name), check.name);
    }
  }
  const [, second] = chain();
  const { action, not_shown } = await verifyBundle(second.bundles[2], { network: NETWORK });
  assert.deepEqual([action?.name, (action?.args as ReadonlyMap<string, Cbor> | undefined)?.get('n')], ['mail', 1.5]);
  assert.ok(not_shown.some((line) => line.includes('avactl verify')) && not_shown.some((line) => line.includes('roots')));
  const unpinned = await verifyBundle(second.bundles[2]);
  assert.equal(unpinned.checks[0].ok, null);
});

test('a rule is a member of the law only with its true gas', async () => {
  const [{ bundles }] = chain();
  await assert.rejects(verifyBundle(bundles[1], { gas: { ...GAS, calm: GAS['calm'] + 1 } }), { slug: 'verify_failed' });
  await assert.rejects(verifyBundle(bundles[1], { gas: { ...GAS, calm: -1 } }), { slug: 'verify_failed' });
  await assert.rejects(verifyBundle(bundles[1], { network: '0'.repeat(64) }), { slug: 'verify_failed' });
});

test('every byte of a bundle, changed, is refused, but for the witness, of which nothing is told', async () => {
  const random = new Random(SEED);
  const bytes = chain()[0].bundles[1];
  const witness = encode((decode(bytes) as NodeCbor[])[WITNESS]).length;
  let passed = 0;
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1 << random.below(8);
    if (at < bytes.length - witness) await refused(other, `byte ${at} of ${bytes.length}`);
    else {
      assert.ok(nodeRefuses(other), `byte ${at}`);
      passed += await verifyBundle(other, { network: NETWORK }).then(
        () => 1,
        () => 0,
      );
    }
  }
  console.log(`${bytes.length} bytes; of ${witness} of the witness ${passed} changes show only to who recomputes`);
});

test('parts of valid bundles do not mix', async () => {
  const random = new Random(SEED);
  const [first, second] = chain();
  const [other] = chain('somebody');
  let compared = 0;
  for (const [one, two] of [
    [first.bundles[1], first.bundles[2]],
    [first.bundles[1], second.bundles[2]],
    [first.bundles[1], second.bundles[0]],
    [first.bundles[1], other.bundles[1]],
  ]) {
    const a = decode(one) as NodeCbor[];
    const b = decode(two) as NodeCbor[];
    for (let i = 0; i < 60; i++) {
      const mask = i < 11 ? 1 << i : random.below(1 << 11);
      const mixed = copy(encode(a.map((part, field) => ((mask >> field) & 1 ? b[field] : part))));
      if (!nodeRefuses(mixed)) continue;
      // the witness of one beside the rest of the other shows only to who recomputes
      const rest = (parts: NodeCbor[]): string => hex(encode(parts.slice(0, WITNESS)));
      if ([rest(a), rest(b)].includes(rest(decode(mixed) as NodeCbor[]))) continue;
      await refused(mixed, FIELDS.filter((_, field) => (mask >> field) & 1).join(', '));
      compared += 1;
    }
  }
  assert.ok(compared > 60, `${compared}`);
});

test('signatures: by a stranger, for another purpose or network, none, another suite', async () => {
  const { frame } = chain()[0];
  const stranger = signingKey(new Uint8Array(32).fill(8));
  const digest = headerHash(frame.header);
  const table: readonly [string, Partial<Frame>][] = [
    ['a stranger', { key_id: stranger.id, signature: sign(stranger, 'header', law.network, digest) }],
    ["a stranger's under the known key", { signature: sign(stranger, 'header', law.network, digest) }],
    ['for another purpose', { signature: sign(SMALL_KEY, 'tx', law.network, digest) }],
    ['for another network', { signature: sign(SMALL_KEY, 'header', 'x'.repeat(32), digest) }],
    ['none', { signature: new Uint8Array(0) }],
    ['another suite', { suite: 2 }],
  ];
  for (const [name, change] of table) await refused(copy(makeBundle(GENESIS, { ...frame, ...change }, 1)), name);
});

test('a receipt that its node forged and signed: what contradicts itself is refused, what only a recomputation shows is said', async () => {
  const desk = new Desk(law);
  const session = desk.open();
  const block = desk.block(() => {
    desk.decide(session, 'pay', { to: 'Bakery', amount: 4 });
    desk.decide(session, 'balance', { x: 0 });
    desk.say(session, 'hello');
  });
  const forge = (index: number, change: Partial<Receipt>): Bytes => {
    const entries = block.entries.map((entry, i) => {
      const { transaction, receipt } = decodeEntry(entry, law.network, block.sidecars[i]);
      return encodeEntry(transaction, i === index ? { ...receipt, ...change } : receipt);
    });
    const receipts = entries.map((entry, i) => decodeEntry(entry, law.network, block.sidecars[i]).receipt);
    const verdicts = VERDICTS.map((verdict) => receipts.filter((receipt) => receipt.verdict === verdict).length) as [number, number, number, number];
    const header_bytes = encodeHeader({ ...block.header, verdicts, entries_root: rootInNode(entries.map(hashLeaf)) });
    return copy(makeBundle(GENESIS, frameOfBlock({ ...block, entries, header_bytes, header_hash: headerHash(header_bytes) }, SMALL_KEY), index));
  };
  await verifyBundle(forge(0, {}), { network: NETWORK, gas: GAS });
  const caught: readonly [number, Partial<Receipt>][] = [
    [0, { verdict: 'deny' }],
    [1, { verdict: 'allow' }],
    [1, { reasons: [] }],
    [0, { permit: null }],
    [0, { permit: 'o'.repeat(16) }],
    [1, { permit: 'o'.repeat(16) }],
    [0, { constitution: 4 }],
    [0, { height: 3 }],
    [0, { index: 1 }],
    [0, { inputs_hash: null }],
    [2, { verdict: 'allow' }],
    [2, { gas: 5 }],
  ];
  for (const [index, change] of caught) await refused(forge(index, change), JSON.stringify(change));
  for (const change of [{ gas: 1 }, { trace: 'o'.repeat(32) }, { inputs_hash: 'o'.repeat(32) }]) {
    const bytes = forge(0, change);
    assert.ok(nodeRefuses(bytes));
    const { checks } = await verifyBundle(bytes, { network: NETWORK, gas: GAS });
    assert.equal(checks.find(({ name }) => name === 'recomputed')?.ok, null);
  }
});

test('a header under another law, signed by its node, is refused', async () => {
  const desk = new Desk(law);
  const block = desk.block(() => void desk.open());
  const under = (change: Partial<typeof block.header>): Bytes => {
    const header_bytes = encodeHeader({ ...block.header, ...change });
    return copy(makeBundle(GENESIS, frameOfBlock({ ...block, header_bytes, header_hash: headerHash(header_bytes) }, SMALL_KEY), 0));
  };
  await verifyBundle(under({}), { network: NETWORK, gas: GAS });
  for (const root of ['rules_root', 'state_root', 'validators_root'] as const) await refused(under({ [root]: 'o'.repeat(32) }), root);
});

test('an erased sidecar, and bytes that are no bundle', async () => {
  const { frame, bundles } = chain()[0];
  const erased = copy(makeBundle(GENESIS, { ...frame, items: frame.items.map((item) => ({ ...item, sidecar: null })) }, 1));
  const { action, checks } = await verifyBundle(erased, { network: NETWORK });
  assert.deepEqual([action, checks.find(({ name }) => name === 'inputs')?.detail], [null, 'they are erased']);
  const good = bundles[1];
  for (const bytes of [new Uint8Array(0), new Uint8Array(5), good.slice(0, 900), copy(new Uint8Array([...good, 0])), new Uint8Array(20_971_521)])
    await assert.rejects(verifyBundle(bytes), { slug: 'bundle_malformed' });
});

/** The node's reading of a value, as this one has it. */
function asHere(value: NodeCbor): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(asHere);
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, item]) => [key, asHere(item as NodeCbor)]);
  return value;
}
function here(value: Cbor): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(here);
  if (value instanceof Map) return [...value].map(([key, item]) => [key, here(item as Cbor)]);
  return value;
}

test('the two readers of CBOR agree on any bytes', () => {
  const random = new Random(SEED);
  const words = [
    0x00, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x20, 0x3b, 0x40, 0x41, 0x58, 0x5f, 0x60, 0x61, 0x62, 0x78, 0x80, 0x81, 0x82, 0x98, 0xa0, 0xa1, 0xa2, 0xb8, 0xc0,
    0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xff,
  ];
  let accepted = 0;
  const seeds: NodeCbor[] = [
    [1, -1, 2n ** 60n, -(2n ** 63n), 'é', new Uint8Array([1, 2]), true, null, 1.5, 0.1, 65_504.5, 2 ** -24, 2 ** -14 + 2 ** -24, { a: 1, bb: [], c: {} }],
  ];
  for (let i = 0; i < 40_000; i++) {
    let bytes: Bytes;
    if (i % 2 === 0) bytes = new Uint8Array(Array.from({ length: 1 + random.below(12) }, () => (random.chance(0.6) ? random.pick(words) : random.below(256))));
    else {
      bytes = copy(encode(random.pick(seeds)));
      if (random.chance(0.9)) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    }
    let node: unknown = 'refused';
    let mine: unknown = 'refused';
    try {
      node = asHere(decode(bytes));
    } catch (error) {
      assert.ok(error instanceof Fault);
    }
    try {
      mine = here(decodeCbor(bytes));
    } catch (error) {
      assert.ok(error instanceof AvaError);
    }
    assert.deepEqual(mine, node, toHex(bytes));
    if (node !== 'refused') accepted += 1;
  }
  assert.ok(accepted > 1_000, `${accepted}`);
});

test('roots, inclusion and consistency are those of the node, for all sizes to 24; changed proofs are refused', async () => {
  const random = new Random(SEED);
  const leaves = Array.from({ length: 24 }, (_, i) => hashLeaf(new Uint8Array([i])));
  const bytes = (octets: string): Bytes => copy(fromOctets(octets));
  const nodes = nodesOf(leaves);
  for (let size = 1; size <= 24; size++) {
    const root = bytes(rootAt(nodes, size));
    assert.deepEqual(await rootOf(leaves.slice(0, size).map(bytes)), root);
    for (let index = 0; index < size; index++) {
      const proof = makeInclusion(nodes, index, size).map(bytes);
      await checkInclusion(bytes(leaves[index]), index, size, proof, root);
      await assert.rejects(checkInclusion(bytes(leaves[index]), index, size, [...proof, root], root));
      if (proof.length > 0) await assert.rejects(checkInclusion(bytes(leaves[index]), index, size, proof.slice(1), root));
      await assert.rejects(checkInclusion(bytes(leaves[(index + 1) % 24]), index, size, proof, root));
    }
    for (let from = 0; from <= size; from++) {
      const proof = makeConsistency(nodes, from, size).map(bytes);
      const earlier = bytes(rootAt(nodes, from));
      await checkConsistency(from, earlier, size, root, proof);
      const other = earlier.slice();
      other[random.below(32)] ^= 1;
      await assert.rejects(checkConsistency(from, other, size, root, proof));
      await assert.rejects(checkConsistency(from, earlier, size, root, [...proof, root]));
      if (proof.length > 0) await assert.rejects(checkConsistency(from, earlier, size, root, proof.slice(0, -1)));
    }
  }
  await assert.rejects(checkInclusion(bytes(leaves[0]), -1, 3, [], bytes(leaves[0])));
  await assert.rejects(checkConsistency(3, bytes(leaves[0]), 2, bytes(leaves[0]), []));
});

test('random changes of random bundles are refused', async () => {
  const random = new Random(SEED);
  const bundles = chain().flatMap((block) => block.bundles);
  for (let i = 0; i < FLIPS; i++) {
    const good = random.pick(bundles);
    const parts = decode(good) as NodeCbor[];
    const end = good.length - encode(parts[WITNESS]).length;
    const other = good.slice();
    const at = random.chance(0.5) ? random.below(end) : Math.max(0, end - 1 - random.below(1_200));
    other[at] ^= 1 + random.below(255);
    await refused(other, `flip ${i} at ${at}`);
  }
});
