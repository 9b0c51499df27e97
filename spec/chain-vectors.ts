/** What a chain shows that is right, as vectors: transactions, receipts, headers, law, facts, decisions, bundles. */
import { SMALL_KEY } from '../sim/small-law.ts';
import { makeBundle, verifyBundle } from '../src/audit/bundle.ts';
import { hex } from '../src/base/bytes.ts';
import { hashLeaf } from '../src/crypto/hash.ts';
import { FACET_VERSION } from '../src/facet/version.ts';
import { ruleLeaf } from '../src/law/law.ts';
import type { Header } from '../src/machine/block.ts';
import { decodeEntry } from '../src/machine/receipt.ts';
import { encodeWire, isDecision, sidecarCommitment, type Transaction } from '../src/machine/transaction.ts';
import { IR_VERSION } from '../src/rule/ir.ts';
import { type Chain, entriesOf, hexOr, judged, type Made } from './machine-vectors.ts';

export const transactionVector = (transaction: Transaction): object => ({
  clause: 'X-3',
  kind: transaction.kind,
  sender: hex(transaction.sender),
  seq: transaction.seq,
  valid_until_ms: transaction.valid_until_ms,
  body: hex(transaction.body),
  tx_id: hex(transaction.tx_id),
  sidecar: hexOr(transaction.sidecar_bytes),
  commitment: transaction.sidecar_bytes === null ? null : hex(sidecarCommitment(transaction.sidecar_bytes)),
  signed: transaction.auths.length,
  wire: hex(encodeWire(transaction)),
});

type Entry = ReturnType<typeof entriesOf>[number];

export function receiptVector({ law }: Chain, one: Entry): object {
  const { receipt: given } = decodeEntry(one.bytes, law.network, one.sidecar);
  const { tx_id, verdict, enforced, reasons, constitution, gas, inputs_hash, trace, permit, approval, height, index } = given;
  const second = approval !== null || reasons.some(({ values }) => values.length > 0);
  const or = (value: string | null): string | null => (value === null ? null : hex(value));
  return {
    clause: second ? 'P-5' : 'P-1',
    version: second ? 2 : 1,
    tx_id: hex(tx_id),
    verdict,
    enforced,
    reasons: reasons.length,
    constitution,
    gas,
    inputs_hash: or(inputs_hash),
    trace: or(trace),
    permit: or(permit),
    ...(second ? { approval: or(approval) } : {}),
    height,
    index,
    entry: hex(one.bytes),
    leaf: hex(hashLeaf(one.bytes)),
  };
}

const plain = (header: Header): object =>
  Object.fromEntries(Object.entries(header).map(([key, value]) => [key, typeof value === 'string' ? hex(value) : value]));

export const headerVector = ({ block, frame }: Made): object => ({
  clause: 'B-1',
  ...plain(block.header),
  entries: block.entries.map((entry) => hex(entry)),
  bytes: hex(block.header_bytes),
  hash: hex(block.header_hash),
  signed: { suite: frame.suite, public: hex(SMALL_KEY.public), signature: hex(frame.signature) },
});

/** `more`: versions of the schedule beside the first ones (G-9). */
export const genesisVector = ({ genesis, law }: Chain, more: object = {}): object => ({
  clause: 'G-1',
  bytes: hex(genesis),
  network: hex(law.network),
  rules: law.rules.map((rule, i) => ({
    name: rule.name,
    gas: rule.gas,
    id: hex(rule.id),
    leaf: hex(ruleLeaf(rule.name, rule.id, law.genesis.constitution.rules[i].manifest, rule.gas, i)),
  })),
  rules_root: hex(law.rules_root),
  validators_root: hex(law.validators_root),
  state_root: hex(law.state_root),
  versions: { ir: IR_VERSION, facet: FACET_VERSION, codec: 1, ...more },
  schedule: hex(law.schedule),
});

export const stateVector = ({ block, previous }: Made): object => ({
  clause: 'K-5',
  height: block.header.height,
  previous: hex(previous),
  writes: [...block.writes].map(([k, bytes]) => [hex(k), hexOr(bytes)]),
  digest: hex(block.header.facts_digest),
});

export const decisionVectors = (chain: Chain): object[] =>
  entriesOf(chain.made)
    .filter(({ bytes, sidecar }) => isDecision(decodeEntry(bytes, chain.law.network, sidecar).transaction))
    .map((entry) => judged(entry, chain.law));

export function bundleVector({ genesis, law }: Chain, { frame }: Made, index: number): object {
  const bytes = makeBundle(genesis, frame, index);
  const { entry, complete } = verifyBundle(bytes, law.network);
  return { clause: 'V-1', network: hex(law.network), height: frame.height, index, verdict: entry.receipt.verdict, complete, bytes: hex(bytes) };
}
