/**
 * Modules that were admitted and compiled, by everything that decides what they are: the module's bytes, the profile, the
 * limits, the instrumenter's version and the gas schedule. So a changed schedule or instrumenter never meets old code.
 * Who holds a guest holds its code; the cache only spares doing the same twice.
 */
import type { Octets } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { sha256, tagged } from '../crypto/hash.ts';
import { admitModule, type Facts } from './admit.ts';
import { compileModule } from './instance.ts';
import { LIMITS, type Limits } from './limits.ts';
import type { Profile } from './module.ts';
import { type Costs, INSTRUMENTER_VERSION, SCHEDULE, type Schedule, scheduleHash } from './schedule.ts';

/** A module ready to be instantiated. */
export interface Compiled {
  readonly module: object;
  readonly facts: Facts;
  readonly memory: { readonly min: number; readonly max: number };
  readonly costs: Costs;
  /** Bytes of the instrumented module. */
  readonly bytes: number;
}

const MODULES_MAX = 64;
/** Of instrumented code; compiled it takes a few times as much. */
const BYTES_MAX = 67_108_864;
const hashCode = tagged('code');

/** Least recently used first. */
const modules = new Map<Octets, Compiled>();
let held = 0;

export const codeKey = (bytes: Uint8Array, profile: Profile, limits: Limits, schedule: Schedule): Octets =>
  hashCode(encode([profile, { ...limits }, INSTRUMENTER_VERSION]), scheduleHash(schedule), sha256(bytes));

/** @throws Fault wasm_* where the module is refused, engine_failed */
export function compiled(bytes: Uint8Array, profile: Profile, memory_pages: number, schedule: Schedule = SCHEDULE): Compiled {
  const key = codeKey(bytes, profile, { ...LIMITS, memory_pages }, schedule);
  let found = modules.get(key);
  if (found === undefined) {
    const { wasm, facts } = admitModule(bytes, profile, { memory_pages }, schedule);
    found = { module: compileModule(wasm), facts, memory: facts.memory ?? { min: 0, max: 0 }, costs: schedule.costs, bytes: wasm.length };
    held += wasm.length;
  }
  modules.delete(key);
  modules.set(key, found);
  for (const [oldest, { bytes: size }] of modules) {
    if (modules.size <= MODULES_MAX && held <= BYTES_MAX) break;
    modules.delete(oldest);
    held -= size;
  }
  return found;
}
