/** The header (spec/header.md): 18 words of 32 bytes, read alike by a contract. */
import { type Octets, octets, putOctets, utf8, ZERO32 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';

export const HEADER_BYTES = 576;

export interface Header {
  readonly network: Octets;
  readonly height: number;
  readonly time_ms: number;
  readonly prev_hash: Octets;
  readonly seal_ref: Octets;
  readonly validators_root: Octets;
  readonly rules_root: Octets;
  readonly state_root: Octets;
  readonly facts_digest: Octets;
  readonly entries_root: Octets;
  readonly log_size: number;
  readonly log_root: Octets;
  readonly outbox_root: Octets;
  /** Counts of this block: none, allow, deny, escalate. */
  readonly verdicts: readonly [number, number, number, number];
  readonly gas_used: number;
  readonly amendments_root: Octets;
  readonly schedule: Octets;
}

/** B-2: word 0. */
const MAGIC = octets(utf8('ava.header.v1')) + '\0'.repeat(19);
const hashHeader = tagged('header');

function putNumber(view: DataView, end: number, value: number): void {
  view.setUint32(end - 8, Number(BigInt(value) >> 32n));
  view.setUint32(end - 4, value >>> 0);
}

/** B-1: the 576 bytes; numbers are big-endian in the last 8 of their word. */
export function encodeHeader(h: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  putOctets(bytes, 0, MAGIC);
  putOctets(bytes, 32, h.network);
  putNumber(view, 96, h.height);
  putNumber(view, 128, h.time_ms);
  putOctets(bytes, 128, h.prev_hash);
  putOctets(bytes, 160, h.seal_ref);
  putOctets(bytes, 192, h.validators_root);
  putOctets(bytes, 224, h.rules_root);
  putOctets(bytes, 256, h.state_root);
  putOctets(bytes, 288, h.facts_digest);
  putOctets(bytes, 320, h.entries_root);
  putNumber(view, 384, h.log_size);
  putOctets(bytes, 384, h.log_root);
  putOctets(bytes, 416, h.outbox_root);
  for (let i = 0; i < 4; i++) putNumber(view, 456 + 8 * i, h.verdicts[i]);
  putNumber(view, 512, h.gas_used);
  putOctets(bytes, 512, h.amendments_root);
  putOctets(bytes, 544, h.schedule);
  return bytes;
}

/** @throws Fault ledger_corrupt for anything that `encodeHeader` would not give back */
export function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.length !== HEADER_BYTES) throw new Fault('ledger_corrupt', `a header has ${HEADER_BYTES} bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number): Octets => octets(bytes.subarray(32 * index, 32 * index + 32));
  const u64 = (end: number): number => {
    const value = view.getBigUint64(end - 8);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Fault('ledger_corrupt', 'a number of the header is past 2^53');
    return Number(value);
  };
  const number = (index: number): number => {
    for (let i = 0; i < 24; i++) if (bytes[32 * index + i] !== 0) throw new Fault('ledger_corrupt', `word ${index} of the header is not a number`);
    return u64(32 * index + 32);
  };
  if (word(0) !== MAGIC) throw new Fault('ledger_corrupt', 'not a header of version 1');
  return {
    network: word(1),
    height: number(2),
    time_ms: number(3),
    prev_hash: word(4),
    seal_ref: word(5),
    validators_root: word(6),
    rules_root: word(7),
    state_root: word(8),
    facts_digest: word(9),
    entries_root: word(10),
    log_size: number(11),
    log_root: word(12),
    outbox_root: word(13),
    verdicts: [u64(456), u64(464), u64(472), u64(480)],
    gas_used: number(15),
    amendments_root: word(16),
    schedule: word(17),
  };
}

/** B-3: `H("header", 576 bytes)`; the next header's prev_hash. */
export const headerHash = (bytes: Uint8Array): Octets => hashHeader(bytes);

/** B-4: the prev_hash of block 1. */
export const NO_PREVIOUS: Octets = ZERO32;
