/** Writes the vectors of the machine's pages under spec/vectors: `node spec/make-machine-vectors.ts`. */
import { writeFileSync } from 'node:fs';
import { SMALL_KEY } from '../sim/small-law.ts';
import { makeBundle, verifyBundle } from '../src/audit/bundle.ts';
import { concat, hex } from '../src/base/bytes.ts';
import { type Cbor, decode, encode } from '../src/base/cbor.ts';
import { sign } from '../src/crypto/suite.ts';
import { lawOf } from '../src/law/law.ts';
import { decodeHeader } from '../src/machine/block.ts';
import { decodeFact } from '../src/machine/fact.ts';
import { decodeEntry } from '../src/machine/receipt.ts';
import { decodeWire, encodeWire, sidecarCommitment, type Transaction } from '../src/machine/transaction.ts';
import { scheduleOf } from '../src/vm/schedule.ts';
import { bundleVector, decisionVectors, genesisVector, headerVector, receiptVector, stateVector, transactionVector } from './chain-vectors.ts';
import { bytesOf, type Chain, changed, entriesOf, firstChain, flipped, GENESIS, LAW, slugOf } from './machine-vectors.ts';
import { stoppedChain } from './stopped-chain.ts';

type Row = readonly [clause: string, why: string, bytes: Uint8Array];
const FIRST: Chain = firstChain();
const { made } = FIRST;
const all = entriesOf(made);
const negatives = (key: string, rows: readonly Row[], read: (bytes: Uint8Array) => unknown): object[] =>
  rows.map(([clause, why, bytes]) => ({ clause, why, fault: slugOf(() => read(bytes)), [key]: hex(bytes) }));
const without = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - 1);
const more = (bytes: Uint8Array): Uint8Array => concat(bytes, new Uint8Array(1));

function transactions(): object {
  const list = all.map(({ bytes, sidecar }) => decodeEntry(bytes, LAW.network, sidecar).transaction);
  const signed: Transaction = {
    ...list[0],
    auths: [{ suite: SMALL_KEY.suite, key_id: SMALL_KEY.id, signature: sign(SMALL_KEY, 'tx', LAW.network, list[0].tx_id) }],
  };
  const decision = encodeWire(list[2]);
  const [body, , sidecar] = decode(decision) as [Cbor[], Cbor, Uint8Array];
  const wire = (change: Readonly<Record<string, Cbor>>, side: Cbor = sidecar): Uint8Array =>
    encode([body.map((item, i) => (Object.hasOwn(change, `${i}`) ? change[`${i}`] : item)), [], side]);
  const payload = body[6] as Cbor[];
  const withSide = (...items: Cbor[]): Uint8Array => {
    const side = encode([new Uint8Array(16), ...items]);
    return wire({ 6: payload.map((item, i) => (i === 4 ? bytesOf(sidecarCommitment(side)) : item)) }, side);
  };
  return {
    network: hex(LAW.network),
    positive: [...list, signed].map(transactionVector),
    negative: negatives(
      'wire',
      [
        ['X-3', 'version 2', wire({ 0: 2 })],
        ['X-3', 'another network', wire({ 1: new Uint8Array(32) })],
        ['X-2', 'an unknown kind', wire({ 2: 64 })],
        ['X-3', 'a short sender', wire({ 3: new Uint8Array(31) })],
        ['X-3', 'seq past 2^53', wire({ 4: 2n ** 53n })],
        ['X-3', 'seq below zero', wire({ 4: -1 })],
        ['X-3', 'no end as null', wire({ 5: null })],
        ['X-4', 'a field of the payload less', wire({ 6: payload.slice(0, 5) })],
        ['X-4', 'a kind of action that is no name', wire({ 6: payload.map((item, i) => (i === 1 ? 'Tool' : item)) })],
        ['X-4', 'permit as a number', wire({ 6: payload.map((item, i) => (i === 5 ? 1 : item)) })],
        ['X-4', 'assurance 4', wire({ 2: 1, 6: ['agent', 4] }, null)],
        ['X-5', 'another sidecar', wire({}, encode([new Uint8Array(16), {}, null]))],
        ['X-5', 'arguments that are a list', withSide([], null)],
        ['X-5', 'a context that is a text', withSide({}, 'x')],
        ['X-5', 'no context', withSide({})],
        ['X-6', 'no sidecar', wire({}, null)],
        ['X-6', 'a sidecar where none belongs', wire({ 2: 1, 6: ['agent', 1] })],
        ['X-6', 'a field less', changed(decision, {}, 2)],
        ['X-6', 'cut', without(decision)],
        ['X-6', 'a byte more', more(decision)],
      ],
      (bytes) => decodeWire(bytes, LAW.network),
    ),
  };
}

function receipts(): object {
  const { bytes, sidecar } = all[2];
  const [body, auths, receipt] = decode(bytes) as [Cbor, Cbor, Cbor[]];
  const entry = (change: Readonly<Record<string, Cbor>>): Uint8Array =>
    encode([body, auths, receipt.map((item, i) => (Object.hasOwn(change, `${i}`) ? change[`${i}`] : item))]);
  return {
    network: hex(LAW.network),
    positive: all.map((one) => receiptVector(FIRST, one)),
    negative: negatives(
      'entry',
      [
        ['P-1', 'version 2', entry({ 0: 2 })],
        ['P-4', 'the receipt of another transaction', entry({ 1: new Uint8Array(32) })],
        ['P-2', 'verdict 4', entry({ 2: 4 })],
        ['P-1', 'enforced as a number', entry({ 3: 1 })],
        ['P-3', 'cause 9', entry({ 4: [['day', 2, 9, 1]] })],
        ['P-3', 'mode 3', entry({ 4: [['day', 2, 0, 3]] })],
        ['P-3', 'a rule that is no name', entry({ 4: [['Day', 2, 0, 1]] })],
        ['P-1', 'gas past 2^53', entry({ 7: 2n ** 53n })],
        ['P-1', 'a short trace', entry({ 9: new Uint8Array(31) })],
        ['P-1', 'a permit of 32 bytes', entry({ 10: new Uint8Array(32) })],
        ['P-1', 'a field less', encode([body, auths, receipt.slice(0, 12)])],
        ['P-4', 'cut', without(bytes)],
        ['P-4', 'a byte more', more(bytes)],
      ],
      (changedBytes) => decodeEntry(changedBytes, LAW.network, sidecar),
    ),
  };
}

function headers(): object {
  const good = made[1].block.header_bytes;
  return {
    positive: made.map(headerVector),
    negative: negatives(
      'bytes',
      [
        ['B-2', 'another version', flipped(good, 12, 3)],
        ['B-1', 'a height with a high byte', flipped(good, 64)],
        ['B-1', 'a height past 2^53', flipped(good, 64 + 24, 0x80)],
        ['B-1', 'gas with a high byte', flipped(good, 480)],
        ['B-1', 'a count past 2^53', flipped(good, 448, 0x80)],
        ['B-1', 'cut', without(good)],
        ['B-1', 'a byte more', more(good)],
      ],
      decodeHeader,
    ),
  };
}

function genesis(): object {
  const [validator] = (decode(GENESIS) as Cbor[])[5] as Cbor[][];
  const rules = ((decode(GENESIS) as Cbor[])[6] as Cbor[])[3] as Cbor[][];
  const law = (change: Readonly<Record<string, Cbor>>): Uint8Array =>
    changed(GENESIS, { 6: ((decode(GENESIS) as Cbor[])[6] as Cbor[]).map((item, i) => (Object.hasOwn(change, `${i}`) ? change[`${i}`] : item)) });
  return {
    positive: [genesisVector(FIRST)],
    negative: negatives(
      'bytes',
      [
        ['G-2', 'version 2', changed(GENESIS, { 0: 2 })],
        ['G-2', 'home 2', changed(GENESIS, { 3: 2 })],
        ['G-2', 'no validator', changed(GENESIS, { 5: [] })],
        ['G-2', 'two validators on solo', changed(GENESIS, { 5: [validator, [new Uint8Array(32), 'two', ...validator.slice(2)]] })],
        ['G-3', 'a principal twice', changed(GENESIS, { 4: 1, 5: [validator, [validator[0], 'two', ...validator.slice(2)]] })],
        ['G-3', 'a name twice', changed(GENESIS, { 4: 1, 5: [validator, [new Uint8Array(32), ...validator.slice(1)]] })],
        ['G-3', 'a validator that weighs nothing', changed(GENESIS, { 5: [[...validator.slice(0, 4), 0]] })],
        ['G-4', 'default 2', law({ 2: 2 })],
        ['G-5', "another rule's program", law({ 3: [[rules[0][0], rules[1][1]]] })],
        ['G-5', 'a rule twice', law({ 3: [rules[0], rules[0]] })],
        ['G-2', 'a byte more', more(GENESIS)],
      ],
      lawOf,
    ),
  };
}

function state(): object {
  const [key, value] = [...made[1].block.writes].find(([k]) => k[0] === 's') as [string, Uint8Array];
  const session = decode(value) as Cbor[];
  return {
    positive: made.map(stateVector),
    negative: (
      [
        ['Y-2', 'an unknown letter', 'z', value],
        ['Y-3', "another letter's record", 'p', value],
        ['Y-3', 'a field less', key, encode(session.slice(0, 11))],
        ['Y-3', 'the first field is 1', key, changed(value, { 0: 1 })],
        ['Y-3', 'a count below zero', key, changed(value, { 5: -1 })],
        ['Y-7', 'half a key in a page', 'w', encode([0, 0, new Uint8Array(12)])],
        ['Y-4', 'a fifth status', 'p', encode([0, new Uint8Array(16), new Uint8Array(32), 0, 4, null, 'x', false, []])],
        ['Y-3', 'a byte more', key, more(value)],
      ] as const
    ).map(([clause, why, k, bytes]) => ({ clause, why, fault: slugOf(() => decodeFact(k, bytes)), key: hex(k), value: hex(bytes) })),
  };
}

const decisions = (): object => ({ positive: decisionVectors(FIRST) });

function bundles(): object {
  const { frame } = made[1];
  const good = makeBundle(GENESIS, frame, 0);
  const other = decode(makeBundle(GENESIS, frame, 2)) as Cbor[];
  const parts = decode(good) as Cbor[];
  const rows: Row[] = [
    ['V-1', 'version 2', changed(good, { 0: 2 })],
    ['V-2', 'another genesis', changed(good, { 1: flipped(parts[1] as Uint8Array, -1) })],
    ['V-2', 'a header with another time', changed(good, { 2: flipped(parts[2] as Uint8Array, 127) })],
    ['V-2', 'a key that the genesis does not name', changed(good, { 4: new Uint8Array(32) })],
    ['V-2', 'another signature', changed(good, { 5: flipped(parts[5] as Uint8Array, 0) })],
    ['V-3', 'another size', changed(good, { 6: (parts[6] as number) - 1 })],
    ['V-3', 'another index', changed(good, { 7: 1 })],
    ['V-3', 'a proof for another entry', changed(good, { 8: other[8] })],
    ['V-3', 'another entry of the block', changed(good, { 9: other[9] })],
    ['V-5', "another decision's sidecar", changed(good, { 10: other[10] })],
    ['V-5', "another decision's witness", changed(good, { 11: other[11] })],
    ['V-5', 'no witness', changed(good, { 11: null })],
    ['V-5', 'a witness with a path that nobody reads', changed(good, { 11: encode({ ...(decode(parts[11] as Uint8Array) as object), 'session.calls_': 1 }) })],
    ['V-1', 'cut', without(good)],
    ['V-1', 'a byte more', more(good)],
  ];
  return {
    positive: [...frame.items.keys()].map((index) => bundleVector(FIRST, made[1], index)),
    negative: negatives('bytes', rows, (bytes) => verifyBundle(bytes, LAW.network)),
  };
}

/** A second chain, with what the first has not: guests, breakers with limits, halts, signed trips. */
function stops(): object {
  const chain = stoppedChain();
  const entries = entriesOf(chain.made);
  return {
    network: hex(chain.law.network),
    transaction: entries.map(({ bytes, sidecar }) => transactionVector(decodeEntry(bytes, chain.law.network, sidecar).transaction)),
    receipt: entries.map((entry) => receiptVector(chain, entry)),
    header: chain.made.map(headerVector),
    genesis: [genesisVector(chain, { profile: 1, gas: scheduleOf(1), instrumenter: 1 })],
    state: chain.made.map(stateVector),
    decision: decisionVectors(chain),
    bundle: chain.made.flatMap((one) => [...one.frame.items.keys()].map((index) => bundleVector(chain, one, index))),
  };
}

/** The text of each file under spec/vectors. */
export function machineVectors(): Record<string, string> {
  const files = {
    transaction: transactions(),
    receipt: receipts(),
    header: headers(),
    genesis: genesis(),
    state: state(),
    decision: decisions(),
    bundle: bundles(),
    stop: stops(),
  };
  return Object.fromEntries(Object.entries(files).map(([name, data]) => [`${name}.json`, `${JSON.stringify(data, null, 1)}\n`]));
}

if (import.meta.main) for (const [name, text] of Object.entries(machineVectors())) writeFileSync(`${import.meta.dirname}/vectors/${name}`, text);
