/** The vectors of the machine's pages: made again they are the same; the right ones are read, the wrong ones refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { machineVectors } from '../spec/make-machine-vectors.ts';
import { verifyBundle } from '../src/audit/bundle.ts';
import { fromHex, hex, octets } from '../src/base/bytes.ts';
import { lawOf } from '../src/law/law.ts';
import { decodeHeader, encodeHeader, headerHash } from '../src/machine/block.ts';
import { decodeFact, encodeFact } from '../src/machine/fact.ts';
import { decodeEntry, encodeEntry } from '../src/machine/receipt.ts';
import { decodeWire, encodeWire } from '../src/machine/transaction.ts';
import { trapResult } from '../src/vm/trap.ts';

type Row = Readonly<Record<string, string>>;
interface Data {
  readonly network: string;
  readonly positive: readonly Row[];
  readonly negative: readonly Row[];
}
const NAMES = ['transaction', 'receipt', 'header', 'genesis', 'state', 'decision', 'bundle'] as const;
const text = (name: string): string => readFileSync(`${import.meta.dirname}/../spec/vectors/${name}.json`, 'utf8');
const data = (name: (typeof NAMES)[number]): Data => JSON.parse(text(name)) as Data;

test('spec/make-machine-vectors.ts makes what is committed', () => {
  const made = machineVectors();
  for (const name of [...NAMES, 'stop'] as const) assert.equal(made[`${name}.json`], text(name), `${name}: a changed vector is a changed specification`);
});

test('what is right is read, and written alike', () => {
  const { network, positive } = data('transaction');
  for (const { wire, tx_id } of positive) {
    const transaction = decodeWire(fromHex(wire), octets(fromHex(network)));
    assert.deepEqual([hex(transaction.tx_id), hex(encodeWire(transaction))], [tx_id, wire]);
  }
  for (const { entry, tx_id } of data('receipt').positive) {
    const { transaction, receipt } = decodeEntry(fromHex(entry), octets(fromHex(network)), null);
    assert.deepEqual([hex(receipt.tx_id), hex(encodeEntry(transaction, receipt))], [tx_id, entry]);
  }
  for (const { bytes, hash } of data('header').positive)
    assert.deepEqual([hex(encodeHeader(decodeHeader(fromHex(bytes)))), hex(headerHash(fromHex(bytes)))], [bytes, hash]);
  for (const { bytes, state_root } of data('genesis').positive) assert.equal(hex(lawOf(fromHex(bytes)).state_root), state_root);
  for (const { writes } of data('state').positive) {
    for (const [key, value] of writes as unknown as [string, string | null][])
      if (value !== null) assert.equal(hex(encodeFact(decodeFact(octets(fromHex(key)), fromHex(value)))), value);
  }
  for (const { bytes, verdict } of data('bundle').positive) assert.equal(verifyBundle(fromHex(bytes)).entry.receipt.verdict, verdict);
});

test('what is wrong is refused, each with its own fault', () => {
  const network = octets(fromHex(data('transaction').network));
  const readers: Readonly<Record<string, (row: Row) => unknown>> = {
    transaction: ({ wire }) => decodeWire(fromHex(wire), network),
    receipt: ({ entry }) => decodeEntry(fromHex(entry), network, null),
    header: ({ bytes }) => decodeHeader(fromHex(bytes)),
    genesis: ({ bytes }) => lawOf(fromHex(bytes)),
    state: ({ key, value }) => decodeFact(octets(fromHex(key)), fromHex(value)),
    bundle: ({ bytes }) => verifyBundle(fromHex(bytes), network),
  };
  for (const name of NAMES) {
    const rows = data(name).negative ?? [];
    assert.ok(rows.length > 5 || name === 'decision', name);
    for (const row of rows) assert.throws(() => readers[name](row), { name: 'Fault', slug: row['fault'] }, `${name}: ${row['clause']} ${row['why']}`);
  }
});

test('the second chain: guests, breakers with limits, halts', () => {
  const chain = JSON.parse(text('stop')) as Readonly<Record<(typeof NAMES)[number], readonly Row[]>> & { readonly network: string };
  const network = octets(fromHex(chain.network));
  for (const { wire, tx_id } of chain.transaction) {
    const transaction = decodeWire(fromHex(wire), network);
    assert.deepEqual([hex(transaction.tx_id), hex(encodeWire(transaction))], [tx_id, wire]);
  }
  for (const { entry } of chain.receipt) {
    const { transaction, receipt } = decodeEntry(fromHex(entry), network, null);
    assert.equal(hex(encodeEntry(transaction, receipt)), entry);
  }
  for (const { writes } of chain.state) {
    for (const [key, value] of writes as unknown as [string, string | null][])
      if (value !== null) assert.equal(hex(encodeFact(decodeFact(octets(fromHex(key)), fromHex(value)))), value);
  }
  const { schedule, bytes } = chain.genesis[0];
  assert.equal(hex(lawOf(fromHex(bytes)).schedule), schedule);
  const results = new Set((chain.decision as unknown as { rules: { result: number }[] }[]).flatMap(({ rules }) => rules.map(({ result }) => result)));
  for (const result of [0, 1, 2, 3, 4, ...(['unreachable', 'gas', 'stack', 'unauthorised', 'host'] as const).map(trapResult)])
    assert.ok(results.has(result), `${result}`);
  for (const { bytes: bundle, verdict } of chain.bundle) assert.equal(verifyBundle(fromHex(bundle), network).entry.receipt.verdict, verdict);
});
