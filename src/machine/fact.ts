/**
 * Facts (spec/state.md Y-1): what the machine remembers and forgets again. Each has a key of one letter and an id, a record,
 * and the moment at which it falls due. Nobody needs a proof of a fact: receipts commit to the inputs that were read.
 */
import { type Octets, octets, utf8 } from '../base/bytes.ts';
import { Reader, Writer } from '../base/cbor.ts';
import { RULES_MAX } from '../base/limit.ts';
import { bool, choice, type Field, hash32, i64, id16, label, list, name, nullable, octetsOf, record, text, u53 } from '../base/record.ts';
import { tagged } from '../crypto/hash.ts';
import { PUBLIC_BYTES_MAX } from '../crypto/suite.ts';
import { LEADS, type Lead } from '../facet/flow.ts';
import { VALIDATORS_MAX } from '../law/genesis.ts';
import { SUMS_MAX } from '../law/sum-input.ts';
import { BREAKER_BOUNDS, MODES, type Mode } from '../rule/manifest.ts';
import { REASON_BYTES_MAX } from './transaction.ts';

export interface Session {
  readonly is: 'session';
  readonly agent: string;
  readonly assurance: number;
  readonly opened_ms: number;
  readonly due_ms: number;
  readonly calls: number;
  readonly denied: number;
  readonly escalated: number;
  /** An untrusted prose result was read. */
  readonly gate: boolean;
  /** The highest passage level read so far: 0, 1 or 2. */
  readonly passage: number;
  /** Labels attached so far, sorted. */
  readonly labels: readonly string[];
  /** Pages of its memory. */
  readonly pages: number;
  /** D-2: digests of the last calls, 8 octets each, the oldest first; empty where no rule asks for repeats. */
  readonly recent: Octets;
  /** Approvals that it asked for and that may still stand. */
  readonly approvals: readonly Octets[];
}

/** Keyed hashes of what a session remembers, 8 octets each, sorted (memory.ts). */
export interface Page {
  readonly is: 'page';
  readonly due_ms: number;
  /** The transaction that brought it: an input, a decision; of a result the decision that asked for it. */
  readonly height: number;
  readonly index: number;
  /** One behind the other. */
  readonly keys: Octets;
}

export const PERMIT_STATES = ['open', 'done', 'failed', 'expired'] as const;

export interface Reservation {
  /** Key of the sum fact. */
  readonly sum: Octets;
  readonly bucket_ms: number;
  readonly amount: bigint;
  /** What is summed: `money.amount`, `calls`. */
  readonly path: string;
}

export interface Permit {
  readonly is: 'permit';
  readonly session: Octets;
  /** The decision that gave it. */
  readonly tx_id: Octets;
  readonly height: number;
  readonly index: number;
  readonly due_ms: number;
  readonly status: (typeof PERMIT_STATES)[number];
  readonly server: string | null;
  readonly name: string;
  /** T-24: how the user led to what the call selects; what it returns is learned from accordingly. */
  readonly lead: Lead;
  readonly reserved: readonly Reservation[];
}

export interface Bucket {
  readonly start_ms: number;
  readonly amount: bigint;
}

/** A sum over a moving window in at most 66 buckets. */
export interface Sum {
  readonly is: 'sum';
  readonly due_ms: number;
  readonly width_ms: number;
  readonly buckets: readonly Bucket[];
}

/** The last sequence number of a sender. */
export interface Sequence {
  readonly is: 'sequence';
  readonly due_ms: number;
  readonly last: number;
}

/** A tripped rule: its breaker is open until `due_ms`; the rule then gives its `on_fault` without running. */
export interface Breaker {
  readonly is: 'breaker';
  readonly due_ms: number;
  readonly trips: number;
}

/** D-11: when a rule with a closed breaker was faulty, oldest first. */
export interface Faults {
  readonly is: 'faults';
  readonly due_ms: number;
  readonly times_ms: readonly number[];
}

/** D-11: a half-open breaker. */
export interface Probing {
  readonly is: 'probing';
  readonly due_ms: number;
  /** How often it opened since it was last closed. */
  readonly trips: number;
  /** Decisions in a row without a fault. */
  readonly good: number;
}

export interface Trip {
  readonly validator: Octets;
  readonly time_ms: number;
}

/** D-12: trips that do not suffice yet. */
export interface Trips {
  readonly is: 'trips';
  readonly due_ms: number;
  readonly trips: readonly Trip[];
}

/** D-13: a rule that is halted until `due_ms`. */
export interface Halt {
  readonly is: 'halt';
  readonly due_ms: number;
  readonly since_ms: number;
  readonly by: Octets;
  readonly reason: string;
}

export const APPROVAL_STATES = ['waiting', 'allowed', 'denied', 'used', 'expired'] as const;

/** What was said to an approval. */
export interface Answered {
  readonly allow: boolean;
  readonly note: string;
  /** The principal of a validator or an approver. */
  readonly by: Octets;
  readonly at_ms: number;
}

/** D-15: a call that waits for a person's answer, or had it. */
export interface Approval {
  readonly is: 'approval';
  readonly due_ms: number;
  readonly status: (typeof APPROVAL_STATES)[number];
  readonly session: Octets;
  readonly opened_ms: number;
  /** The decision that asked. */
  readonly tx_id: Octets;
  readonly height: number;
  readonly index: number;
  /** `H("call", …)`: what it is bound to. */
  readonly call: Octets;
  /** Whose escalation it answers. */
  readonly rules: readonly string[];
  /** Keys that a denial adds to the session's memory. */
  readonly refusal: Octets;
  readonly answer: Answered | null;
}

/** Y-9: a person who may answer approvals; the key's id is that of its principal. */
export interface Approver {
  readonly is: 'approver';
  readonly due_ms: number;
  readonly name: string;
  readonly suite: number;
  readonly public: Octets;
  readonly origin: string;
  readonly rp_id: string;
}

/** D-17: the mode of a rule until `due_ms`. */
export interface ModeOverride {
  readonly is: 'mode';
  readonly due_ms: number;
  readonly since_ms: number;
  readonly by: Octets;
  readonly mode: Mode;
  readonly reason: string;
}

export type Fact = Session | Page | Permit | Sum | Sequence | Breaker | Faults | Probing | Trips | Halt | Approval | Approver | ModeOverride;

/** Facts that change what a rule does: they keep it from running, or give it another mode. */
export const stops = (fact: Fact | null | undefined): boolean => fact?.is === 'breaker' || fact?.is === 'halt' || fact?.is === 'mode';

const LABELS_MAX = 16;
/** Approvals of one session that are not used or expired. */
export const APPROVALS_MAX = 16;
/** Keys of one page, and octets of a key. */
export const PAGE_KEYS_MAX = 4_096;
export const KEY_OCTETS = 8;
export const BUCKETS_MAX = 66;

/** One byte string for all keys of a page, and one flat string in memory: thousands of small ones would weigh six times as much. */
const keys: Field<Octets> = {
  write(w, v) {
    w.octets(v);
  },
  read(r) {
    const all = r.bytesOf(PAGE_KEYS_MAX * KEY_OCTETS);
    if (all.length % KEY_OCTETS !== 0) r.fail('cbor_range', 'keys of 8 bytes expected');
    const parts: Octets[] = [];
    for (let at = 0; at < all.length; at += KEY_OCTETS) parts.push(octets(all.subarray(at, at + KEY_OCTETS)));
    return parts.join('');
  },
};

const publicKey: Field<Octets> = {
  write: (w, v) => w.octets(v),
  read: (r) => octets(r.bytesOf(PUBLIC_BYTES_MAX)),
};

const is = <T extends string>(kind: T): Field<T> => choice([kind]);

const FIELDS: { readonly [K in Fact['is']]: Field<Extract<Fact, { is: K }>> } = {
  session: record<Session>('Session', {
    is: is('session'),
    agent: label,
    assurance: u53,
    opened_ms: u53,
    due_ms: u53,
    calls: u53,
    denied: u53,
    escalated: u53,
    gate: bool,
    passage: u53,
    labels: list(label, LABELS_MAX),
    pages: u53,
    recent: keys,
    approvals: list(id16, APPROVALS_MAX),
  }),
  page: record<Page>('Page', { is: is('page'), due_ms: u53, height: u53, index: u53, keys }),
  permit: record<Permit>('Permit', {
    is: is('permit'),
    session: id16,
    tx_id: hash32,
    height: u53,
    index: u53,
    due_ms: u53,
    status: choice(PERMIT_STATES),
    server: nullable(label),
    name: label,
    lead: choice(LEADS),
    reserved: list(record<Reservation>('Reservation', { sum: octetsOf(33), bucket_ms: u53, amount: i64, path: label }), SUMS_MAX),
  }),
  sum: record<Sum>('Sum', {
    is: is('sum'),
    due_ms: u53,
    width_ms: u53,
    buckets: list(record<Bucket>('Bucket', { start_ms: u53, amount: i64 }), BUCKETS_MAX),
  }),
  sequence: record<Sequence>('Sequence', { is: is('sequence'), due_ms: u53, last: u53 }),
  breaker: record<Breaker>('Breaker', { is: is('breaker'), due_ms: u53, trips: u53 }),
  faults: record<Faults>('Faults', { is: is('faults'), due_ms: u53, times_ms: list(u53, BREAKER_BOUNDS.faults[1]) }),
  probing: record<Probing>('Probing', { is: is('probing'), due_ms: u53, trips: u53, good: u53 }),
  trips: record<Trips>('Trips', {
    is: is('trips'),
    due_ms: u53,
    trips: list(record<Trip>('Trip', { validator: hash32, time_ms: u53 }), VALIDATORS_MAX),
  }),
  halt: record<Halt>('Halt', { is: is('halt'), due_ms: u53, since_ms: u53, by: hash32, reason: text(REASON_BYTES_MAX) }),
  approval: record<Approval>('Approval', {
    is: is('approval'),
    due_ms: u53,
    status: choice(APPROVAL_STATES),
    session: id16,
    opened_ms: u53,
    tx_id: hash32,
    height: u53,
    index: u53,
    call: hash32,
    rules: list(name, RULES_MAX),
    refusal: keys,
    answer: nullable(record<Answered>('Answered', { allow: bool, note: text(REASON_BYTES_MAX), by: hash32, at_ms: u53 })),
  }),
  approver: record<Approver>('Approver', { is: is('approver'), due_ms: u53, name: label, suite: u53, public: publicKey, origin: label, rp_id: label }),
  mode: record<ModeOverride>('Mode', { is: is('mode'), due_ms: u53, since_ms: u53, by: hash32, mode: choice(MODES), reason: text(REASON_BYTES_MAX) }),
};

const LETTERS: { readonly [K in Fact['is']]: string } = {
  session: 's',
  page: 'w',
  permit: 'p',
  sum: 'u',
  sequence: 'q',
  breaker: 'b',
  faults: 'f',
  probing: 'o',
  trips: 't',
  halt: 'h',
  approval: 'a',
  approver: 'v',
  mode: 'm',
};
const KIND_OF: ReadonlyMap<string, Fact['is']> = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as Fact['is']]));

/** Y-2: a fact's key: its letter, then its id. */
export const factKey = (kind: Fact['is'], id: Octets): Octets => LETTERS[kind] + id;

const hashApprover = tagged('approver');
/** Y-9: an approver's principal stays when the key changes. */
export const approverPrincipal = (name: string): Octets => hashApprover(utf8(name));

const shared = new Writer(4_096);

/** Y-3: the canonical bytes of a fact; the array's first item is always 0, the letter of the key names the record. */
export function encodeFact(fact: Fact): Uint8Array {
  shared.reset();
  (FIELDS[fact.is] as Field<Fact>).write(shared, fact);
  return shared.done();
}

/** @throws Fault cbor_* */
export function decodeFact(key: Octets, bytes: Uint8Array): Fact {
  const r = new Reader(bytes);
  const kind = KIND_OF.get(key[0] ?? '');
  if (kind === undefined) return r.fail('cbor_range', 'no fact has this key');
  const fact = FIELDS[kind].read(r);
  r.end();
  return fact;
}
