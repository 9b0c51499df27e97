/** Receipts and entries (spec/receipt.md): what the machine answered, and the leaf that keeps it. */
import type { Octets } from '../base/bytes.ts';
import { type Cbor, Reader, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { ENTRY_BYTES_MAX, RULES_MAX } from '../base/limit.ts';
import { bool, choice, type Field, hash32, id16, list, name, nullable, record, type Shape, text, u53, value } from '../base/record.ts';
import { ORIGINS, type Origin } from '../facet/flow.ts';
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

/** Where a transaction stands: its block, and its place in it. */
export interface Place {
  readonly height: number;
  readonly index: number;
}

/** P-5: a value of the call that a flow fact counts, and where it comes from. Its text is in no leaf. */
export interface ReasonValue {
  /** Of the argument: `recipient`, `edits.newText`. */
  readonly path: string;
  /** A flow fact that the rule reads: `dest_unknown`. */
  readonly fact: string;
  readonly origin: Origin;
  /** The transaction that brought it into the session: the call that returned it, an input, an earlier call; null where none did. */
  readonly place: Place | null;
}

export interface Reason {
  readonly rule: string;
  readonly answer: Verdict;
  readonly cause: Cause;
  readonly mode: Mode;
  /** At most `VALUES_MAX`. */
  readonly values: readonly ReasonValue[];
}

export interface Receipt {
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
  /** The approval that an escalation waits for. */
  readonly approval: Octets | null;
  readonly height: number;
  readonly index: number;
}

export const OBLIGATIONS_MAX = 16;
/** P-5 */
export const VALUES_MAX = 4;
/** Bytes of the path of a value; one with a longer path is not told. */
export const VALUE_PATH_BYTES_MAX = 128;
const FACT_BYTES_MAX = 64;

type FirstReason = Omit<Reason, 'values'>;
type FirstReceipt = Omit<Receipt, 'approval' | 'reasons'> & { readonly reasons: readonly FirstReason[] };

const REASON: Shape<FirstReason> = { rule: name, answer: choice(VERDICTS), cause: choice(CAUSES), mode: choice(MODES) };
const place = record<Place>('Place', { height: u53, index: u53 });
const reasonValue = record<ReasonValue>('ReasonValue', {
  path: text(VALUE_PATH_BYTES_MAX),
  fact: text(FACT_BYTES_MAX),
  origin: choice(ORIGINS),
  place: nullable(place),
});

const HEAD = { tx_id: hash32, verdict: choice(VERDICTS), enforced: bool };
const BODY = {
  obligations: list(value, OBLIGATIONS_MAX),
  constitution: u53,
  gas: u53,
  inputs_hash: nullable(hash32),
  trace: nullable(hash32),
  permit: nullable(id16),
};

/** P-1: the fields after the version. */
const FIRST: Shape<FirstReceipt> = { ...HEAD, reasons: list(record<FirstReason>('Reason', REASON), RULES_MAX), ...BODY, height: u53, index: u53 };
/** P-5 */
const SECOND: Shape<Receipt> = {
  ...HEAD,
  reasons: list(record<Reason>('Reason', { ...REASON, values: list(reasonValue, VALUES_MAX) }), RULES_MAX),
  ...BODY,
  approval: nullable(id16),
  height: u53,
  index: u53,
};
const NO_VALUES: readonly ReasonValue[] = [];

/** P-5: the lowest version that holds the receipt. */
const versionOf = ({ approval, reasons }: Receipt): 1 | 2 => (approval === null && reasons.every(({ values }) => values.length === 0) ? 1 : 2);

const writerOf = <R extends object>(shape: Shape<R>, version: number): ((w: Writer, given: R) => void) => {
  const keys = Object.keys(shape) as (keyof R)[];
  const fields = keys.map((key) => shape[key]);
  return (w, given) => {
    w.array(1 + keys.length);
    w.uint(version);
    for (let i = 0; i < keys.length; i++) fields[i].write(w, given[keys[i]]);
  };
};
const writeFirst = writerOf(FIRST, 1);
const writeSecond = writerOf(SECOND, 2);
const readFields = <R extends object>(r: Reader, shape: Shape<R>): R => {
  const out = {} as R;
  for (const key of Object.keys(shape) as (keyof R)[]) out[key] = shape[key].read(r);
  return out;
};

/** P-1, P-5: two versions, and one encoding of each receipt. */
export const receipt: Field<Receipt> = {
  write(w, given) {
    if (versionOf(given) === 1) writeFirst(w, given);
    else writeSecond(w, given);
  },
  read(r) {
    const length = r.array();
    const version = r.uint();
    if (version !== 1 && version !== 2) r.fail('cbor_range', 'Receipt version 1 or 2 expected');
    if (length !== 1 + Object.keys(version === 1 ? FIRST : SECOND).length)
      r.fail('cbor_range', `another number of fields is expected of Receipt version ${version}`);
    if (version === 1) {
      const first = readFields(r, FIRST);
      return { ...first, reasons: first.reasons.map((reason) => ({ ...reason, values: NO_VALUES })), approval: null };
    }
    const given = readFields(r, SECOND);
    if (versionOf(given) !== 2) r.fail('cbor_range', 'a receipt of version 2 that version 1 holds');
    return given;
  },
};

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

const IN_WORDS: Readonly<Record<Origin, (source: string) => string>> = {
  unseen: () => "is the agent's own: neither the user nor anything that was read names it",
  text: (source) => `occurs only in text that ${source} returned, not in what the user asked`,
  passage: (source) => `occurs only in a passage that ${source} returned and that tells agents what to do`,
  record: (source) => `stands in a record that ${source} returned; the user did not name it`,
  directory: (source) => `stands in a list that ${source} returned; the user did not name it`,
  named: () => 'is named by the user',
  partly: (source) => `is named by the user in part, or labelled in a document that ${source} returned`,
  asked: () => 'stands in an earlier call that waits for an answer',
  refused: () => 'stands in an earlier call that was refused',
  unread: () => 'has more values than are looked at',
  document: (source) => `stands in what ${source} returned, to which the user led; he did not name it`,
};

/** P-5 for people. `source`: the tool that returned it, where it is known. */
export const originText = ({ path, origin }: Pick<ReasonValue, 'path' | 'origin'>, source = 'a tool'): string => `${path} ${IN_WORDS[origin](source)}`;

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
