/**
 * A bundle (spec/bundle.md): one file that proves one receipt to somebody who has nothing else but the network's id.
 * It holds the genesis (and so the rules and how they became law), a signed header, one entry with its place in the
 * block, the sidecar and the witness. It does not prove that the inputs were true, nor that no other ledger of this
 * node exists: for that, compare checkpoints with a witness.
 */
import { hex, type Octets } from '../base/bytes.ts';
import { type CborMap, decode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { ENTRY_BYTES_MAX, SIDECAR_BYTES_MAX } from '../base/limit.ts';
import { blob, constant, decodeWith, encodeWith, type Field, hash32, list, nullable, record, u53 } from '../base/record.ts';
import { hashLeaf } from '../crypto/hash.ts';
import { keyId, SIGNATURE_BYTES_MAX, verify } from '../crypto/suite.ts';
import { GENESIS_BYTES_MAX, networkOf } from '../law/genesis.ts';
import { type Law, lawOf } from '../law/law.ts';
import { decodeHeader, HEADER_BYTES, type Header, headerHash } from '../machine/block.ts';
import { decodeEntry, type Entry, type Receipt } from '../machine/receipt.ts';
import { isDecision } from '../machine/transaction.ts';
import { makeInclusion, nodesOf, PROOF_HASHES_MAX, verifyInclusion } from '../merkle/proof.ts';
import type { Frame } from '../store/frame.ts';
import './baseline.ts';
import { compareReceipt, type Recomputed, recompute } from './recompute.ts';

interface Bundle {
  readonly version: 1;
  readonly genesis: Uint8Array;
  readonly header: Uint8Array;
  readonly suite: number;
  readonly key_id: Octets;
  readonly signature: Uint8Array;
  readonly size: number;
  readonly index: number;
  readonly proof: readonly Octets[];
  readonly entry: Uint8Array;
  readonly sidecar: Uint8Array | null;
  readonly witness: Uint8Array | null;
}

const WITNESS_BYTES_MAX = 131_072;
export const BUNDLE_BYTES_MAX = 20_971_520;

const bundle: Field<Bundle> = record<Bundle>('Bundle', {
  version: constant(1) as Field<1>,
  genesis: blob(GENESIS_BYTES_MAX),
  header: blob(HEADER_BYTES),
  suite: u53,
  key_id: hash32,
  signature: blob(SIGNATURE_BYTES_MAX),
  size: u53,
  index: u53,
  proof: list(hash32, PROOF_HASHES_MAX),
  entry: blob(ENTRY_BYTES_MAX),
  sidecar: nullable(blob(SIDECAR_BYTES_MAX)),
  witness: nullable(blob(WITNESS_BYTES_MAX)),
});

/** V-1: the bundle of entry `index` of a frame. @throws Fault receipt_unknown */
export function makeBundle(genesis: Uint8Array, frame: Frame, index: number): Uint8Array {
  const item = frame.items[index];
  if (item === undefined) throw new Fault('receipt_unknown', `block ${frame.height} has ${frame.items.length} entries`);
  return encodeWith(bundle, {
    version: 1,
    genesis,
    header: frame.header,
    suite: frame.suite,
    key_id: frame.key_id,
    signature: frame.signature,
    size: frame.items.length,
    index,
    proof: makeInclusion(nodesOf(frame.items.map(({ entry }) => hashLeaf(entry))), index, frame.items.length),
    entry: item.entry,
    sidecar: item.sidecar,
    // Without its inputs a witness proves nothing.
    witness: item.sidecar === null ? null : item.witness,
  });
}

export interface Check {
  readonly name: 'genesis' | 'signature' | 'inclusion' | 'rules' | 'recomputed';
  /** null: it could not be done, and `detail` says why. */
  readonly ok: boolean | null;
  readonly detail: string;
}

export interface Verified {
  readonly network: Octets;
  readonly law: Law;
  readonly header: Header;
  readonly entry: Entry;
  readonly recomputed: Recomputed | null;
  readonly checks: readonly Check[];
  /** False when a decision's inputs were erased: proven to be in the ledger, not recomputed. What asked no verdict is complete without one. */
  readonly complete: boolean;
}

/** V-2: the header is signed by a validator of this law. @throws Fault verify_failed */
export function checkSignature(law: Law, header: Uint8Array, suite: number, key: Octets, signature: Uint8Array): string {
  const signer = [...law.validators.values()].find((validator) => validator.key_id === key);
  if (signer === undefined || signer.suite !== suite || keyId(suite, signer.public) !== key)
    throw new Fault('verify_failed', 'the header is signed by a key that the genesis does not name');
  if (!verify(suite, signer.public, signature, 'header', law.network, headerHash(header)))
    throw new Fault('verify_failed', 'the signature of the header does not verify');
  return signer.name;
}

/** P-1: the receipt of a kind that asks no verdict. @throws Fault verify_failed */
function checkUnjudged(receipt: Receipt): void {
  const { verdict, enforced, reasons, obligations, constitution, gas, inputs_hash, trace, permit, approval } = receipt;
  const plain = verdict === 'none' && enforced && reasons.length === 0 && obligations.length === 0 && constitution === 0 && gas === 0;
  if (!plain || inputs_hash !== null || trace !== null || permit !== null || approval !== null)
    throw new Fault('verify_failed', 'the receipt gives a verdict where none was asked');
}

/** Compiled laws, by the hash of their genesis: who verifies one bundle of a network verifies many. */
const laws = new Map<Octets, Law>();
const LAWS_MAX = 8;

function lawFor(network: Octets, genesis: Uint8Array): Law {
  let law = laws.get(network);
  if (law === undefined) {
    law = lawOf(genesis);
    if (laws.size >= LAWS_MAX) laws.clear();
    laws.set(network, law);
  }
  return law;
}

/**
 * V-2 to V-5: verifies a bundle without any server. `expected` pins the network.
 * @throws Fault bundle_malformed, verify_failed with the first check that fails
 */
export function verifyBundle(bytes: Uint8Array, expected?: Octets): Verified {
  if (bytes.length > BUNDLE_BYTES_MAX) throw new Fault('bundle_malformed', `a bundle has at most ${BUNDLE_BYTES_MAX} bytes`);
  let given: Bundle;
  try {
    given = decodeWith(bundle, bytes);
  } catch (error) {
    throw error instanceof Fault ? new Fault('bundle_malformed', error.message) : error;
  }
  const checks: Check[] = [];
  const network = networkOf(given.genesis);
  if (expected !== undefined && network !== expected) throw new Fault('verify_failed', `the bundle is of network ${hex(network)}, not ${hex(expected)}`);
  const header = decodeHeader(given.header);
  if (header.network !== network) throw new Fault('verify_failed', 'the header is of another network');
  const law = lawFor(network, given.genesis);
  checks.push({ name: 'genesis', ok: true, detail: `network ${hex(network).slice(0, 16)}…, constitution ${law.genesis.constitution.name} v${law.version}` });

  const signer = checkSignature(law, given.header, given.suite, given.key_id, given.signature);
  checks.push({ name: 'signature', ok: true, detail: `block ${header.height} signed by ${signer}` });

  // K-6: a proof alone fits trees of several sizes.
  if (given.size !== header.verdicts[0] + header.verdicts[1] + header.verdicts[2] + header.verdicts[3])
    throw new Fault('verify_failed', `the block does not hold ${given.size} entries`);
  // V-3
  verifyInclusion(hashLeaf(given.entry), given.index, given.size, given.proof, header.entries_root);
  const entry = decodeEntry(given.entry, network, given.sidecar);
  const { receipt } = entry;
  if (receipt.height !== header.height || receipt.index !== given.index) throw new Fault('verify_failed', 'the receipt names another place');
  checks.push({ name: 'inclusion', ok: true, detail: `entry ${given.index + 1} of ${given.size}` });

  // V-4
  if (header.rules_root !== law.rules_root || header.state_root !== law.state_root || header.validators_root !== law.validators_root)
    throw new Fault('verify_failed', 'the header stands under other rules than the genesis');
  if (header.schedule !== law.schedule) throw new Fault('verify_failed', 'the header stands under a schedule that this version does not know');
  checks.push({ name: 'rules', ok: true, detail: `${law.rules.length} rules, enacted by the genesis` });

  const witness = given.witness === null ? null : (decode(given.witness) as CborMap | null);
  if (given.witness !== null && witness === null) throw new Fault('verify_failed', 'a witness that holds nothing is null');
  const decision = isDecision(entry.transaction);
  if ((!decision || given.sidecar === null) && given.witness !== null) throw new Fault('verify_failed', 'a witness where nothing is judged');
  if (!decision) checkUnjudged(receipt);
  if (!decision || given.sidecar === null) {
    checks.push({ name: 'recomputed', ok: null, detail: decision ? 'the inputs are erased' : 'the entry is not a decision' });
    return { network, law, header, entry, recomputed: null, checks, complete: !decision };
  }
  if (receipt.constitution !== law.version) throw new Fault('verify_failed', 'the receipt names another constitution');
  const recomputed = recompute(law, entry, witness, header.time_ms);
  compareReceipt(recomputed, entry);
  checks.push({ name: 'recomputed', ok: true, detail: `${receipt.verdict}, gas ${receipt.gas}, same trace` });
  return { network, law, header, entry, recomputed, checks, complete: true };
}
