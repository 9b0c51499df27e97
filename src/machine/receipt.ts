/** Receipts and entries (spec/receipt.md): what the machine answered, and the leaf that keeps it. */
import type { Octets } from '../base/bytes.ts';
import { type Cbor, Reader, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { ENTRY_BYTES_MAX, RULES_MAX } from '../base/limit.ts';
import { bool, choice, constant, type Field, hash32, id16, list, name, nullable, record, u53, value } from '../base/record.ts';
import { MODES, type Mode } from '../rule/manifest.ts';
import { auths, readTransaction, type Transaction } from './transaction.ts';

/** P-2; `none` for transactions that ask no verdict. */
export const VERDICTS = ['none', 'allow', 'deny', 'escalate'] as const;
export type Verdict = (typeof VERDICTS)[number];
/**
 * P-3: why a rule did not pass: it said no, it ended in an error, its breaker was open, it was halted; of guests, which
 * limit they met, or that they trapped otherwise. Append-only.
 */
export const CAUSES = ['failed', 'fault', 'breaker', 'halt', 'gas', 'memory', 'stack', 'unauthorised', 'trap'] as const;
export type Cause = (typeof CAUSES)[number];

export interface Reason {
  readonly rule: string;
  readonly answer: Verdict;
  readonly cause: Cause;
  readonly mode: Mode;
}

export interface Receipt {
  readonly version: 1;
  readonly tx_id: Octets;
  readonly verdict: Verdict;
  /** false when a rule that only observes would have been stricter. */
  readonly enforced: boolean;
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Cbor[];
  readonly constitution: number;
  readonly gas: number;
  readonly inputs_hash: Octets | null;
  readonly trace: Octets | null;
  readonly permit: Octets | null;
  readonly height: number;
  readonly index: number;
}

const OBLIGATIONS_MAX = 16;

export const receipt: Field<Receipt> = record<Receipt>('Receipt', {
  version: constant(1) as Field<1>,
  tx_id: hash32,
  verdict: choice(VERDICTS),
  enforced: bool,
  reasons: list(record<Reason>('Reason', { rule: name, answer: choice(VERDICTS), cause: choice(CAUSES), mode: choice(MODES) }), RULES_MAX),
  obligations: list(value, OBLIGATIONS_MAX),
  constitution: u53,
  gas: u53,
  inputs_hash: nullable(hash32),
  trace: nullable(hash32),
  permit: nullable(id16),
  height: u53,
  index: u53,
});

const shared = new Writer(65_536);

/** P-4: `Entry = [Body, [*Auth], Receipt]`, at most 65,535 bytes. @throws Fault request_too_large */
export function encodeEntry(transaction: Transaction, given: Receipt): Uint8Array {
  const w = shared.reset();
  w.array(3);
  w.raw(transaction.body);
  auths.write(w, transaction.auths);
  receipt.write(w, given);
  if (w.at > ENTRY_BYTES_MAX) throw new Fault('request_too_large', `an entry has at most ${ENTRY_BYTES_MAX} bytes`);
  return w.done();
}

export interface Entry {
  readonly transaction: Transaction;
  readonly receipt: Receipt;
}

/** Decodes an entry; `sidecar` as the ledger keeps it, null once erased. @throws Fault cbor_*, verify_failed */
export function decodeEntry(bytes: Uint8Array, network: Octets, sidecar: Uint8Array | null): Entry {
  const r = new Reader(bytes);
  r.fields(3, 'Entry');
  const transaction = readTransaction(r, network, sidecar);
  const given = receipt.read(r);
  r.end();
  if (given.tx_id !== transaction.tx_id) throw new Fault('verify_failed', 'the receipt names another transaction');
  return { transaction, receipt: given };
}
