/**
 * The engine's baseline compiler (GU-5). Its frames are what VM-15 counts; those of the optimising compiler may hold any
 * number of values that it saw twice, so that a stack within our limit can be past the engine's, once code is hot. Only
 * the process can hold the engine to its baseline compiler; `setBaseline` says how.
 */
import { admitModule } from './admit.ts';
import { type Compiled, compiled } from './cache.ts';
import { compileModule } from './instance.ts';
import type { Profile } from './module.ts';

/** Runs `work` while the baseline compiler alone compiles. */
export type Holding = <T>(work: () => T) => T;

let holding: Holding | null = null;

export function setBaseline(hold: Holding | null): void {
  holding = hold;
}

export const hasBaseline = (): boolean => holding !== null;

/** `work` on the baseline compiler, where the process can have it so. */
export const onBaseline: Holding = (work) => (holding === null ? work() : holding(work));

/** An empty custom section, `ava:baseline`: the engine keeps code by bytes, and these it has not seen. */
const OTHERWISE = [0x00, 0x0d, 0x0c, 0x61, 0x76, 0x61, 0x3a, 0x62, 0x61, 0x73, 0x65, 0x6c, 0x69, 0x6e, 0x65];

/** The same module, of which nothing is compiled yet. To be called, and run, inside `onBaseline`. */
export function recompiled(bytes: Uint8Array, profile: Profile, memory_pages: number): Compiled {
  const { wasm } = admitModule(bytes, profile, { memory_pages });
  const other = new Uint8Array(wasm.length + OTHERWISE.length);
  other.set(wasm);
  other.set(OTHERWISE, wasm.length);
  return { ...compiled(bytes, profile, memory_pages), module: compileModule(other) };
}
