/**
 * The record of a guest's call (spec/guest.md GU-12): what its host functions were asked and what they answered, in order.
 * With the input buffer it is all that the guest knew, so that judging again from both comes out the same.
 */
import { EMPTY, equal, fromUtf8, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';

/** Host functions in the order of their numbers, from 1; append-only. A manifest's `hosts` has the same names. */
export const HOST_FUNCTIONS = ['hash', 'verify', 'read', 'oracle', 'call', 'log'] as const;
export type HostFunction = (typeof HOST_FUNCTIONS)[number];
export type Recorded = Exclude<HostFunction, 'hash' | 'verify'>;

const numberOf = (name: Recorded): number => HOST_FUNCTIONS.indexOf(name) + 1;

export const RECORD_BYTES_MAX = 65_536;
/** Number and two lengths. */
const HEAD_BYTES = 9;

/** Takes down one call after another; its memory is used again for the next judgement. */
export class RecordWriter {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  private used = 0;

  clear(): void {
    this.used = 0;
  }

  /** False, and nothing is added, where the record would pass its bound. */
  add(name: Recorded, asked: Uint8Array, answered: Uint8Array): boolean {
    const end = this.used + HEAD_BYTES + asked.length + answered.length;
    if (end > RECORD_BYTES_MAX) return false;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.bytes[this.used] = numberOf(name);
    this.view.setUint32(this.used + 1, asked.length);
    this.bytes.set(asked, this.used + 5);
    this.view.setUint32(this.used + 5 + asked.length, answered.length);
    this.bytes.set(answered, this.used + HEAD_BYTES + asked.length);
    this.used = end;
    return true;
  }

  /** What was taken down, valid until the next `add` or `clear`. */
  get record(): Uint8Array {
    return this.used === 0 ? EMPTY : this.bytes.subarray(0, this.used);
  }
}

export interface HostEvent {
  readonly name: Recorded;
  readonly asked: Uint8Array;
  readonly answered: Uint8Array;
}

const malformed: () => never = () => {
  throw new Fault('rule_inputs', 'the record of a guest is malformed');
};

/** @throws Fault rule_inputs when the bytes are no record */
export function readRecord(record: Uint8Array): HostEvent[] {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const events: HostEvent[] = [];
  let at = 0;
  const block = (): Uint8Array => {
    if (at + 4 > record.length) malformed();
    const start = at + 4;
    at = start + view.getUint32(at);
    return at > record.length ? malformed() : record.subarray(start, at);
  };
  while (at < record.length) {
    const name = HOST_FUNCTIONS[record[at] - 1] as HostFunction | undefined;
    if (name === undefined || name === 'hash' || name === 'verify') return malformed();
    at += 1;
    const asked = block();
    events.push({ name, asked, answered: block() });
  }
  return events;
}

/** What another rule said, as its caller's record has it: 0, 1 or 2, or, where it was cut short, its trap (D-5). */
export interface CallAnswer {
  readonly result: number;
  readonly gas: number;
  /** It ended for want of what its caller had left. */
  readonly short: boolean;
}

export function encodeCall({ result, gas }: CallAnswer): Uint8Array {
  const answer = new Uint8Array(9);
  answer[0] = result;
  new DataView(answer.buffer).setBigUint64(1, BigInt(gas));
  return answer;
}

/** @throws Fault rule_inputs when the bytes are no such answer */
export function decodeCall(answer: Uint8Array): CallAnswer {
  if (answer.length !== 9) return malformed();
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  return { result: answer[0], gas: Number(view.getBigUint64(1)), short: answer[0] > 2 };
}

export function encodeOracle(feed: string, max_age_ms: bigint): Uint8Array {
  const name = utf8(feed);
  const asked = new Uint8Array(8 + name.length);
  new DataView(asked.buffer).setBigUint64(0, BigInt.asUintN(64, max_age_ms));
  asked.set(name, 8);
  return asked;
}

/** The event as one line for people: `read session.calls`. */
export function eventText({ name, asked, answered }: HostEvent): string {
  if (name === 'call') {
    const { result, gas } = decodeCall(answered);
    return `call ${fromUtf8(asked)}: ${['false', 'error', 'true'][result] ?? 'cut short'}, gas ${gas}`;
  }
  if (name === 'oracle') return `oracle ${fromUtf8(asked.subarray(8))}`;
  return name === 'log' ? 'log' : `read ${fromUtf8(asked)}`;
}

/** Gives a record's answers again, in order. @throws Fault engine_failed where something else is asked */
export class RecordReader {
  private readonly events: readonly HostEvent[];
  private next = 0;

  constructor(record: Uint8Array) {
    this.events = readRecord(record.slice());
  }

  take(name: Recorded, asked: Uint8Array): Uint8Array {
    const event = this.events[this.next++];
    if (event === undefined || event.name !== name || !equal(event.asked, asked))
      throw new Fault('engine_failed', `a guest asked otherwise when it was judged again: ${name}`);
    return event.answered;
  }
}
