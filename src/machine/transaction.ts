/**
 * Transactions (spec/transaction.md): everything that changes AVA. A body is what is hashed and signed; a wire is what
 * travels: body, signatures, and the sidecar that the judge reads and no leaf contains.
 */
import type { Octets } from '../base/bytes.ts';
import { type Cbor, Reader, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { SIDECAR_BYTES_MAX } from '../base/limit.ts';
import { blob, bool, choice, type Field, hash32, i64, id16, label, list, name, nullable, record, type Shape, text, u53 } from '../base/record.ts';
import { tagged } from '../crypto/hash.ts';
import { PUBLIC_BYTES_MAX, SIGNATURE_BYTES_MAX } from '../crypto/suite.ts';
import { SUMS_MAX } from '../law/sum-input.ts';
import { MODES, type Mode } from '../rule/manifest.ts';

/** kinds and their numbers; append-only. */
export const KIND = {
  bundle: 0,
  session_open: 1,
  session_input: 2,
  decide: 3,
  outcome: 4,
  breaker_trip: 5,
  rule_halt: 6,
  rule_resume: 7,
  decide_again: 8,
  approval_answer: 9,
  approver_set: 10,
  rule_mode: 11,
  outcome_settled: 12,
} as const;

export interface Action {
  readonly kind: string;
  readonly server: string | null;
  readonly name: string;
}

/** X-4 `assurance`: 0 claimed, 1 local peer, 2 key, 3 attested. */
export interface SessionOpen {
  readonly agent: string;
  readonly assurance: number;
  /** Random, so that nobody can guess a session's id. */
  readonly nonce: Octets;
}
export interface SessionInput {
  readonly session: Octets;
  readonly commitment: Octets;
}
export interface Decide {
  readonly session: Octets;
  readonly kind: string;
  readonly server: string | null;
  readonly name: string;
  readonly args_commitment: Octets;
  /** false asks for a verdict alone: nothing is reserved and no fact changes. */
  readonly permit: boolean;
}
export interface Outcome {
  readonly permit: Octets;
  readonly ok: boolean;
  readonly commitment: Octets;
}
export interface BreakerTrip {
  readonly rule: string;
}
export interface RuleHalt {
  readonly rule: string;
  /** When it ends by itself. */
  readonly until_ms: number;
  readonly reason: string;
}
export interface RuleResume {
  readonly rule: string;
}
/** A decision that an approval answers (D-16). */
export interface DecideAgain extends Decide {
  readonly approval: Octets;
}
export interface ApprovalAnswer {
  readonly approval: Octets;
  readonly allow: boolean;
  readonly note: string;
}
/** Who may answer approvals (Y-9). */
export interface ApproverSet {
  readonly name: string;
  readonly suite: number;
  /** Empty: the approver is removed. */
  readonly public: Uint8Array;
  /** Of a passkey: where its web page is, and its relying party (S-8); else empty. */
  readonly origin: string;
  readonly rp_id: string;
  /** 0: no end. */
  readonly until_ms: number;
}
/** D-17 */
export interface RuleMode {
  readonly rule: string;
  readonly mode: Mode;
  readonly until_ms: number;
  readonly reason: string;
}
/** What a sum turned out to be: its path and the amount. */
export interface Settled {
  readonly path: string;
  readonly amount: bigint;
}
/** An outcome that says what the call came to (Y-6). */
export interface OutcomeSettled extends Outcome {
  readonly amounts: readonly Settled[];
}
export interface Bundle {
  readonly transactions: readonly Octets[];
}

export interface Auth {
  readonly suite: number;
  readonly key_id: Octets;
  readonly signature: Uint8Array;
}

export interface PayloadOf {
  0: Bundle;
  1: SessionOpen;
  2: SessionInput;
  3: Decide;
  4: Outcome;
  5: BreakerTrip;
  6: RuleHalt;
  7: RuleResume;
  8: DecideAgain;
  9: ApprovalAnswer;
  10: ApproverSet;
  11: RuleMode;
  12: OutcomeSettled;
}
export type Kind = keyof PayloadOf;

/** A body decoded once; `sidecar` is decoded too, its bytes kept for the archive. */
export interface Transaction<K extends Kind = Kind> {
  readonly kind: K;
  readonly sender: Octets;
  readonly seq: number;
  /** 0: no end. */
  readonly valid_until_ms: number;
  readonly payload: PayloadOf[K];
  readonly body: Uint8Array;
  readonly tx_id: Octets;
  readonly auths: readonly Auth[];
  readonly sidecar: readonly Cbor[] | null;
  readonly sidecar_bytes: Uint8Array | null;
}

export const BODY_VERSION = 1;
const BUNDLE_MAX = 256;
/** Bytes of the reason of a halt or a mode, and of the note of an answer. */
export const REASON_BYTES_MAX = 512;
const ASSURANCE_MAX = 3;
const AUTHS_MAX = 64;

/** 0 to 3. */
const assurance: Field<number> = {
  write(w, v) {
    if (v > ASSURANCE_MAX) throw new Fault('cbor_range', `an assurance is 0 to ${ASSURANCE_MAX}`);
    w.uint(v);
  },
  read(r) {
    const value = r.uint();
    if (value > ASSURANCE_MAX) r.fail('cbor_range', `an assurance is 0 to ${ASSURANCE_MAX}`);
    return value;
  },
};

const DECIDE: Shape<Decide> = { session: id16, kind: name, server: nullable(label), name: label, args_commitment: hash32, permit: bool };
const OUTCOME: Shape<Outcome> = { permit: id16, ok: bool, commitment: hash32 };

const PAYLOADS: { readonly [K in Kind]: Field<PayloadOf[K]> } = {
  0: record<Bundle>('Bundle', { transactions: list(hash32, BUNDLE_MAX) }),
  1: record<SessionOpen>('SessionOpen', { agent: label, assurance, nonce: id16 }),
  2: record<SessionInput>('SessionInput', { session: id16, commitment: hash32 }),
  3: record<Decide>('Decide', DECIDE),
  4: record<Outcome>('Outcome', OUTCOME),
  5: record<BreakerTrip>('BreakerTrip', { rule: name }),
  6: record<RuleHalt>('RuleHalt', { rule: name, until_ms: u53, reason: text(REASON_BYTES_MAX) }),
  7: record<RuleResume>('RuleResume', { rule: name }),
  8: record<DecideAgain>('DecideAgain', { ...DECIDE, approval: id16 }),
  9: record<ApprovalAnswer>('ApprovalAnswer', { approval: id16, allow: bool, note: text(REASON_BYTES_MAX) }),
  10: record<ApproverSet>('ApproverSet', { name: label, suite: u53, public: blob(PUBLIC_BYTES_MAX), origin: label, rp_id: label, until_ms: u53 }),
  11: record<RuleMode>('RuleMode', { rule: name, mode: choice(MODES), until_ms: u53, reason: text(REASON_BYTES_MAX) }),
  12: record<OutcomeSettled>('OutcomeSettled', { ...OUTCOME, amounts: list(record<Settled>('Settled', { path: label, amount: i64 }), SUMS_MAX) }),
};

const isMap = (item: Cbor): boolean => typeof item === 'object' && item !== null && !Array.isArray(item) && !(item instanceof Uint8Array);
const isText = (item: Cbor): boolean => typeof item === 'string';
const orNull =
  (test: (item: Cbor) => boolean) =>
  (item: Cbor): boolean =>
    item === null || test(item);

/** what stands in a sidecar after its salt, by kind: [text], [args, context], [result, error]. */
const CALL_ITEMS = [isMap, orNull(isMap)];
const RESULT_ITEMS = [() => true, orNull(isText)];
const SIDECAR_ITEMS: Readonly<Partial<Record<Kind, readonly ((item: Cbor) => boolean)[]>>> = {
  2: [isText],
  3: CALL_ITEMS,
  4: RESULT_ITEMS,
  8: CALL_ITEMS,
  12: RESULT_ITEMS,
};
const SALT_BYTES = 16;

/** */
const bodyHash = tagged('tx');
/** `commitment = H("args", sidecar)`; the salt is the sidecar's first item, so one hash hides and binds all of it. */
export const sidecarCommitment: (sidecar: Uint8Array) => Octets = tagged('args');

export const auths: Field<readonly Auth[]> = list(record<Auth>('Auth', { suite: u53, key_id: hash32, signature: blob(SIGNATURE_BYTES_MAX) }), AUTHS_MAX);

const shared = new Writer(8_192);

/** the canonical bytes of a body. */
function encodeBody<K extends Kind>(network: Octets, kind: K, sender: Octets, seq: number, valid_until_ms: number, payload: PayloadOf[K]): Uint8Array {
  const w = shared.reset();
  w.array(7);
  w.uint(BODY_VERSION);
  w.octets(network);
  w.uint(kind);
  w.octets(sender);
  w.uint(seq);
  w.uint(valid_until_ms);
  PAYLOADS[kind].write(w, payload);
  return w.done();
}

/**
 * A sidecar and its commitment. @throws Fault request_too_large, too_deep, integer_too_large, not_finite, key_forbidden,
 * text_malformed
 */
export function makeSidecar(salt: Octets, items: readonly Cbor[]): { sidecar: readonly Cbor[]; bytes: Uint8Array; commitment: Octets } {
  const w = shared.reset();
  w.array(items.length + 1);
  w.octets(salt);
  for (const item of items) w.value(item);
  if (w.at > SIDECAR_BYTES_MAX) throw new Fault('request_too_large', `a sidecar has at most ${SIDECAR_BYTES_MAX} bytes`);
  const bytes = w.done();
  return { sidecar: [salt, ...items], bytes, commitment: sidecarCommitment(bytes) };
}

/** A transaction made here, unsigned. */
export function compose<K extends Kind>(
  network: Octets,
  kind: K,
  sender: Octets,
  seq: number,
  valid_until_ms: number,
  payload: PayloadOf[K],
  side: { sidecar: readonly Cbor[]; bytes: Uint8Array } | null,
): Transaction<K> {
  const body = encodeBody(network, kind, sender, seq, valid_until_ms, payload);
  return {
    kind,
    sender,
    seq,
    valid_until_ms,
    payload,
    body,
    tx_id: bodyHash(body),
    auths: [],
    sidecar: side === null ? null : side.sidecar,
    sidecar_bytes: side === null ? null : side.bytes,
  };
}

/** Reads a body from `r`. @throws Fault cbor_*, network_other, kind_unknown */
function readBody(r: Reader, network: Octets): Pick<Transaction, 'kind' | 'sender' | 'seq' | 'valid_until_ms' | 'payload' | 'body' | 'tx_id'> {
  const start = r.at;
  r.fields(7, 'Body');
  if (r.uint() !== BODY_VERSION) r.fail('cbor_range', 'Body version 1 expected');
  if (r.octets(32) !== network) throw new Fault('network_other', 'the body names another network');
  const kind = r.uint();
  if (!(kind in PAYLOADS)) throw new Fault('kind_unknown', `no kind ${kind}`);
  const sender = r.octets(32);
  const seq = r.uint();
  const valid_until_ms = r.uint();
  const payload = PAYLOADS[kind as Kind].read(r);
  const body = r.bytes.slice(start, r.at);
  return { kind: kind as Kind, sender, seq, valid_until_ms, payload, body, tx_id: bodyHash(body) };
}

/** The commitment that a payload makes to its sidecar, or null where the kind has none. */
function commitmentOf(kind: Kind, payload: PayloadOf[Kind]): Octets | null {
  switch (kind) {
    case KIND.decide:
    case KIND.decide_again:
      return (payload as Decide).args_commitment;
    case KIND.session_input:
    case KIND.outcome:
    case KIND.outcome_settled:
      return (payload as SessionInput | Outcome).commitment;
    default:
      return null;
  }
}

/** decodes a sidecar and checks it against the payload. @throws Fault cbor_*, verify_failed */
export function openSidecar(kind: Kind, payload: PayloadOf[Kind], bytes: Uint8Array): readonly Cbor[] {
  const items = SIDECAR_ITEMS[kind];
  const commitment = commitmentOf(kind, payload);
  if (items === undefined || commitment === null) throw new Fault('cbor_range', 'this kind has no sidecar');
  if (bytes.length > SIDECAR_BYTES_MAX) throw new Fault('cbor_range', 'a sidecar too large');
  if (sidecarCommitment(bytes) !== commitment) throw new Fault('verify_failed', 'the sidecar does not match its commitment');
  const r = new Reader(bytes);
  r.fields(items.length + 1, 'Sidecar');
  const sidecar: Cbor[] = [r.octets(SALT_BYTES)];
  for (let i = 0; i < items.length; i++) {
    const item = r.value();
    if (!items[i](item)) r.fail('cbor_type', `another type was expected as item ${i + 1} of the sidecar`);
    sidecar.push(item);
  }
  r.end();
  return sidecar;
}

/** The transaction of an entry: body and signatures as bytes, and its sidecar unless it was erased. */
export function readTransaction(r: Reader, network: Octets, sidecar_bytes: Uint8Array | null): Transaction {
  const body = readBody(r, network);
  const signatures = auths.read(r);
  return { ...body, auths: signatures, sidecar_bytes, sidecar: sidecar_bytes === null ? null : openSidecar(body.kind, body.payload, sidecar_bytes) };
}

/** `Wire = [Body, [*Auth], sidecar | null]`. */
export function encodeWire(transaction: Transaction): Uint8Array {
  const w = new Writer(transaction.body.length + 256 + (transaction.sidecar_bytes?.length ?? 0));
  w.array(3);
  w.raw(transaction.body);
  auths.write(w, transaction.auths);
  if (transaction.sidecar_bytes === null) w.null();
  else w.bytes(transaction.sidecar_bytes);
  return w.done();
}

/** @throws Fault cbor_*, network_other, kind_unknown, verify_failed */
export function decodeWire(bytes: Uint8Array, network: Octets): Transaction {
  const r = new Reader(bytes);
  r.fields(3, 'Wire');
  const body = readBody(r, network);
  const signatures = auths.read(r);
  const sidecar_bytes = r.null() ? null : r.bytesOf(SIDECAR_BYTES_MAX);
  r.end();
  if (sidecar_bytes === null && SIDECAR_ITEMS[body.kind] !== undefined) throw new Fault('cbor_range', 'this kind needs its sidecar');
  return { ...body, auths: signatures, sidecar_bytes, sidecar: sidecar_bytes === null ? null : openSidecar(body.kind, body.payload, sidecar_bytes) };
}

/** A decision, with an approval or without. */
export const isDecision = (transaction: Transaction): transaction is Transaction<3> | Transaction<8> =>
  transaction.kind === KIND.decide || transaction.kind === KIND.decide_again;

/** the id of what a transaction opens, a session, a permit or an approval: the first 16 octets of its tx_id. */
export const idOf = (tx_id: Octets): Octets => tx_id.slice(0, 16);
