/**
 * Gas schedules (VM-9): what running costs. One unit is about what one simple instruction takes in the baseline tier of
 * a present engine. A published schedule never changes and never goes: what was judged under it is replayed under it.
 */

import type { Octets } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';

/** The version of the rules by which code is instrumented (VM-8 to VM-16, VM-19). */
export const INSTRUMENTER_VERSION = 1;

/** Units for one of each; classes of instructions first (VM-10 says which is which). */
export interface Costs {
  /** block, else, end: 0 in every schedule, or charges would not come out even (VM-10). */
  readonly free: number;
  readonly simple: number;
  readonly multiply: number;
  readonly divide32: number;
  readonly divide64: number;
  readonly memory: number;
  readonly global: number;
  readonly loop: number;
  readonly branch: number;
  /** br_table besides `branch`: so much for each bit of its number of labels. */
  readonly table_bit: number;
  readonly call: number;
  readonly call_indirect: number;
  /** Each parameter of a call, each result too. */
  readonly argument: number;
  /** Each declared local of a function, when it is entered. */
  readonly local: number;
  /** A float instruction that cannot make a NaN of its own. */
  readonly float: number;
  /** One that can, its rewriting included. */
  readonly float_nan: number;
  readonly float_divide: number;
  /** memory.fill and memory.copy: so much, and one unit for each 8 bytes begun. */
  readonly bulk: number;
  /** memory.grow: so much, and `page` for each page asked for. */
  readonly grow: number;
  readonly page: number;
  /** Each call of a host function, besides `call`. */
  readonly host: number;
  /** What a host function does itself (spec/guest.md GU-11): bytes in or out, a hash, each 64 bytes hashed, a signature. */
  readonly byte: number;
  readonly hash: number;
  readonly hash_block: number;
  readonly verify: number;
  /** Asking the machine: read, oracle, call. */
  readonly state: number;
  readonly log: number;
}

export interface Schedule {
  readonly version: number;
  readonly costs: Costs;
}

const FIRST: Schedule = {
  version: 1,
  costs: {
    free: 0,
    simple: 1,
    multiply: 2,
    divide32: 5,
    divide64: 6,
    memory: 2,
    global: 2,
    loop: 1,
    branch: 2,
    table_bit: 1,
    call: 32,
    call_indirect: 48,
    argument: 1,
    local: 1,
    float: 2,
    float_nan: 5,
    float_divide: 12,
    bulk: 32,
    grow: 4096,
    page: 8192,
    host: 128,
    byte: 1,
    hash: 1_000,
    hash_block: 200,
    verify: 250_000,
    state: 4_000,
    log: 1_000,
  },
};

/** By version, from 1; append-only. */
const SCHEDULES: readonly Schedule[] = [FIRST];

/** The schedule that new modules are admitted under. */
export const SCHEDULE: Schedule = SCHEDULES[SCHEDULES.length - 1];

/** @throws Fault internal when no such schedule was published */
export function scheduleOf(version: number): Schedule {
  const schedule = SCHEDULES[version - 1];
  if (schedule === undefined) throw new Fault('internal', `there is no gas schedule ${version}`);
  return schedule;
}

const gasHash = tagged('gas');

/** VM-9: `H("gas", [version, costs])`, costs a map by name. */
export const scheduleHash = ({ version, costs }: Schedule): Octets => gasHash(encode([version, { ...costs }]));
