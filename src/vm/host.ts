/**
 * Host functions (spec/guest.md GU-7 to GU-13): what a guest may ask beside its input buffer. Each is charged before it
 * does anything, refused unless the manifest names it, and, where its answer is not a function of the guest's own bytes,
 * recorded.
 */
import { EMPTY, fromUtf8, octets, putOctets, utf8 } from '../base/bytes.ts';
import { sha256, tagged } from '../crypto/hash.ts';
import { ED25519, verifyRaw } from '../crypto/suite.ts';
import type { EngineGlobal, EngineMemory } from './engine.ts';
import { type FunctionType, I32, I64 } from './module.ts';
import { decodeCall, encodeCall, encodeOracle, type HostFunction, type Recorded, RecordReader, RecordWriter } from './record.ts';
import type { Costs } from './schedule.ts';
import { type TrapName, trapResult } from './trap.ts';

export { eventText, HOST_FUNCTIONS, type HostEvent, type HostFunction, RECORD_BYTES_MAX, readRecord } from './record.ts';

/** Rules that are judged inside one another, the outermost counted (GU-9). */
export const CALL_DEPTH_MAX = 8;
export const LOG_BYTES_MAX = 1_024;

/** What one judgement may use, and inside of which rules it happens, outermost first. */
export interface Budget {
  readonly gas: number;
  readonly stack_words: number;
  readonly callers: readonly string[];
}

/** What judging came to. */
export interface Judged {
  /** D-5: 0 false, 1 error, 2 true, 16 + a trap's number. */
  readonly result: number;
  readonly gas: number;
  /** GU-12; valid until the guest is judged again. Empty where it asked nothing. */
  readonly record: Uint8Array;
  /** It ended for want of what the budget gave, and not of what its own limits give. */
  readonly short: boolean;
}

/** Who answers a guest: the machine when it judges, a record when it judges again. */
export interface Answers {
  /** The value at a path as an input buffer of one slot. */
  read(path: string): Uint8Array;
  /** The same of a feed's last value that is no older. */
  oracle(feed: string, max_age_ms: bigint): Uint8Array;
  /** Judges another rule on this action. */
  call(rule: string, budget: Budget): Judged;
}

/** Thrown by a host function through the guest's frames. */
export class HostTrap {
  readonly trap: TrapName;
  /** Of an exit. */
  readonly code: number;

  constructor(trap: TrapName, code = 1) {
    this.trap = trap;
    this.code = code;
  }
}

const type = (params: string, results = ''): FunctionType => {
  const types = (letters: string) => [...letters].map((letter) => (letter === 'l' ? I64 : I32));
  return { params: types(params), results: types(results) };
};

/** GU-7, by name; i is i32, l is i64. */
export const HOST_TYPES: Readonly<Record<HostFunction, FunctionType>> = {
  hash: type('iii'),
  verify: type('iiiiiii', 'i'),
  read: type('iiii', 'i'),
  oracle: type('iilii', 'i'),
  call: type('ii', 'i'),
  log: type('ii'),
};

/** A rule's own name, and what its manifest lets it ask. */
export interface Permissions {
  readonly name: string;
  readonly hosts: readonly HostFunction[];
  readonly calls: readonly string[];
  readonly reads: readonly string[];
}

const hashLog = tagged('log');

/** The host's side of one instance: its memory and balances as host functions see them, and who answers. */
export class Host {
  readonly permissions: Permissions;
  readonly costs: Costs;
  private readonly recorder = new RecordWriter();
  private bytes: Uint8Array = EMPTY;
  private memory: EngineMemory | undefined;
  private gas: EngineGlobal | undefined;
  private stack: EngineGlobal | undefined;
  private answers: Answers | null = null;
  private callers: readonly string[] = [];

  constructor(permissions: Permissions, costs: Costs) {
    this.permissions = permissions;
    this.costs = costs;
  }

  /** Given when the instance is made, before anything of it runs. */
  bind(memory: EngineMemory, gas: EngineGlobal, stack: EngineGlobal): void {
    this.memory = memory;
    this.gas = gas;
    this.stack = stack;
  }

  /** Who answers from now on; null while the guest is made ready (GU-2). */
  begin(answers: Answers | null, callers: readonly string[]): void {
    this.answers = answers;
    this.callers = callers;
    this.recorder.clear();
  }

  get record(): Uint8Array {
    return this.recorder.record;
  }

  /** GU-11. @throws HostTrap gas */
  charge(units: number): void {
    const gas = this.gas as EngineGlobal;
    const left = (gas.value as bigint) - BigInt(units);
    gas.value = left;
    if (left < 0n) throw new HostTrap('gas');
  }

  /** Memory from `at`, both unsigned; the guest's own bytes, not a copy. @throws HostTrap host */
  slice(at: number, length: number): Uint8Array {
    const memory = this.view();
    const start = at >>> 0;
    const end = start + (length >>> 0);
    if (end > memory.length) throw new HostTrap('host');
    return memory.subarray(start, end);
  }

  /** All of the memory, as it is now. */
  view(): Uint8Array {
    // A memory that grew has another buffer, and the old one no bytes.
    if (this.bytes.length === 0) this.bytes = new Uint8Array((this.memory as EngineMemory).buffer);
    return this.bytes;
  }

  /** The functions that a module may import from `ava`. */
  functions(): Record<HostFunction, (...args: never[]) => number | undefined> {
    return {
      hash: (data: number, length: number, out: number) => {
        this.charge(this.costs.hash + this.costs.hash_block * blocks(length));
        const digest = sha256(this.slice(data, length));
        putOctets(this.slice(out, 32), 0, digest);
        return undefined;
      },
      verify: (suite: number, key: number, keyLength: number, signature: number, signatureLength: number, message: number, length: number) => {
        this.charge(this.costs.verify + this.costs.hash_block * blocks(length));
        const [k, s, m] = [this.slice(key, keyLength), this.slice(signature, signatureLength), this.slice(message, length)];
        return suite === ED25519 && k.length === 32 && verifyRaw(octets(k), m, s) ? 1 : 0;
      },
      read: (path: number, length: number, out: number, room: number) => {
        this.charge(this.costs.state + this.costs.byte * (length >>> 0));
        const asked = this.slice(path, length).slice();
        const name = textOf(asked);
        if (!this.permissions.reads.includes(name)) throw new HostTrap('unauthorised');
        return this.give('read', asked, this.answering().read(name), out, room);
      },
      oracle: (feed: number, length: number, max_age_ms: bigint, out: number, room: number) => {
        this.charge(this.costs.state + this.costs.byte * (length >>> 0));
        const name = textOf(this.slice(feed, length));
        return this.give('oracle', encodeOracle(name, max_age_ms), this.answering().oracle(name, max_age_ms), out, room);
      },
      call: (name: number, length: number) => {
        this.charge(this.costs.state + this.costs.byte * (length >>> 0));
        return this.call(this.slice(name, length).slice());
      },
      log: (at: number, length: number) => {
        this.charge(this.costs.log + this.costs.byte * (length >>> 0));
        if (length >>> 0 > LOG_BYTES_MAX) throw new HostTrap('host');
        const digest = hashLog(this.slice(at, length));
        const answered = new Uint8Array(32);
        putOctets(answered, 0, digest);
        this.note('log', EMPTY, answered);
        return undefined;
      },
    };
  }

  private answering(): Answers {
    if (this.answers === null) throw new HostTrap('unauthorised');
    return this.answers;
  }

  private note(name: Recorded, asked: Uint8Array, answered: Uint8Array): void {
    if (!this.recorder.add(name, asked, answered)) throw new HostTrap('host');
  }

  /** GU-8 */
  private give(name: 'read' | 'oracle', asked: Uint8Array, answered: Uint8Array, out: number, room: number): number {
    this.charge(this.costs.byte * answered.length);
    this.note(name, asked, answered);
    if (answered.length <= room >>> 0) this.slice(out, answered.length).set(answered);
    return answered.length;
  }

  /** GU-9 */
  private call(asked: Uint8Array): number {
    const rule = textOf(asked);
    const { name, calls } = this.permissions;
    const callers = [...this.callers, name];
    if (!calls.includes(rule) || callers.includes(rule) || callers.length >= CALL_DEPTH_MAX) throw new HostTrap('unauthorised');
    const gas = this.gas as EngineGlobal;
    const stack = this.stack as EngineGlobal;
    const judged = this.answering().call(rule, { gas: Number(gas.value), stack_words: stack.value as number, callers });
    // Settled before anything else can end this call.
    gas.value = (gas.value as bigint) - BigInt(judged.gas);
    const { short } = judged;
    const result = short || judged.result === 0 || judged.result === 2 ? judged.result : 1;
    this.note('call', asked, encodeCall({ result, gas: judged.gas, short }));
    if (short) throw new HostTrap(result === trapResult('stack') ? 'stack' : 'gas');
    return result;
  }
}

/** Blocks of 64 bytes begun. */
const blocks = (length: number): number => (length >>> 6) + ((length & 63) === 0 ? 0 : 1);

/** @throws HostTrap host when the bytes are no text */
export function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    // Only what the text is to blame for: an engine out of stack must not become a verdict.
    throw error instanceof TypeError ? new HostTrap('host') : error;
  }
}

/** Answers from a record: the second judgement of the same thing. @throws Fault engine_failed where it asks otherwise */
export function answersOf(record: Uint8Array): Answers {
  const reader = new RecordReader(record);
  return {
    read: (path) => reader.take('read', utf8(path)),
    oracle: (feed, max_age_ms) => reader.take('oracle', encodeOracle(feed, max_age_ms)),
    call: (rule) => ({ ...decodeCall(reader.take('call', utf8(rule))), record: EMPTY }),
  };
}
