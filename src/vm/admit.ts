/**
 * Admission (spec/vm.md): from the bytes of an untrusted module to a module that may run. It is decoded, validated, held
 * to a profile and to limits, and instrumented. Pure: the same bytes, profile, limits and schedule give the same bytes.
 *
 * The contract of an instrumented module, for whoever runs it (VM-18):
 * - Imports. `ava:` `ava:memory` when `facts.memory` is not null, a memory of `facts.memory` `min` to `max` pages, whether
 *   the original imports or defines its memory. Beside it the original's functions (and tables and globals, which the
 *   default limits refuse) under their original names. They are called with gas charged and tested.
 * - Exports. The original's, under their names. Beside them `ava:gas` (mutable i64: what is left; set it first, to at most
 *   2^62), `ava:stack` (mutable i32: words that are left; set it first; during a host call it is what is left below the
 *   caller, afterwards nothing), `ava:trap` (mutable i32: set it to 0), `ava:start` (the start function, if any: call it
 *   before any other, under gas), `ava:global:N` (each mutable global that the original defines, N its index), `ava:table:N`.
 *   Nothing runs when the module is instantiated; active data and element segments are applied by the engine then.
 * - State. Memory, the `ava:global:N` and the three above. Tables cannot change. So: snapshot memory and globals after
 *   instantiation (and `ava:start`, if it shall not run each time), write them back before the next call.
 * - End. After a return or a throw, in this order. `ava:trap` is ENGINE_FAULT, or what was thrown is a RangeError: a fault of
 *   the node. `ava:gas` is below 0, or `ava:trap` is that of gas: the trap `gas`, gas used is the limit. Else gas used is
 *   limit − `ava:gas`; after a trap that is the balance last written (VM-12), the same everywhere. It returned: no trap.
 *   `ava:trap` is not 0: that trap. A host function threw: the host's trap. Else it is a WebAssembly.RuntimeError: `trap`.
 * - Host functions may read `ava:gas` and charge by subtracting from it, to no less than −2^62; below 0 they throw.
 */
import { decode } from './decode.ts';
import { instrument, memoryBounds, mutableGlobals } from './instrument.ts';
import { LIMITS, type Limits } from './limits.ts';
import type { Bounds, ExternKind, FunctionType, GlobalType, Module, Profile } from './module.ts';
import { INSTRUMENTER_VERSION, SCHEDULE, type Schedule } from './schedule.ts';
import { validate } from './validate.ts';

export { MEMORY_MODULE, MEMORY_NAME } from './instrument.ts';
export type { Limits } from './limits.ts';
export type { FunctionType, Profile } from './module.ts';

/** What a module's function, table, memory or global is, as its importer sees it. */
export interface Extern {
  readonly name: string;
  readonly kind: ExternKind;
  /** Index among those of its kind in the original, imported ones first. */
  readonly index: number;
  /** Of a function. */
  readonly type: FunctionType | null;
  /** Of a global. */
  readonly global: GlobalType | null;
}

/** What is known of a module without running it. */
export interface Facts {
  readonly profile: Profile;
  readonly schedule: number;
  readonly instrumenter: number;
  readonly imports: readonly (Extern & { readonly module: string })[];
  readonly exports: readonly Extern[];
  /** `max` is the least of what was declared and the cap; the memory is made with just these. */
  readonly memory: { readonly min: number; readonly max: number; readonly imported: boolean } | null;
  readonly tables: number;
  /** Indices N of the exported `ava:global:N`. */
  readonly mutableGlobals: readonly number[];
  readonly start: boolean;
  readonly functions: number;
  /** Functions in element segments. */
  readonly elements: number;
  /** Bytes of code as given. */
  readonly codeBytes: number;
  /** Words of the greatest frame. */
  readonly frameWords: number;
}

export interface Admitted {
  /** The instrumented module. */
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly facts: Facts;
}

/**
 * Admits a module. `limits` may replace some of the table (a rule's `memory_pages`).
 * @throws Fault wasm_malformed, wasm_invalid, wasm_refused (valid, but outside the profile), wasm_bound; with `offset`
 * (bytes from the start of the module) and `function` (its index, imported ones counted) in the context where there is one
 */
export function admitModule(bytes: Uint8Array, profile: Profile, limits: Partial<Limits> = {}, schedule: Schedule = SCHEDULE): Admitted {
  const held = { ...LIMITS, ...limits };
  const module = decode(bytes, held);
  const bodies = validate(module, profile, held);
  const { wasm, frameWords } = instrument(module, bodies, held, schedule.costs);
  return { wasm, facts: factsOf(module, profile, held, schedule, frameWords) };
}

function factsOf(module: Module, profile: Profile, limits: Limits, schedule: Schedule, frameWords: number): Facts {
  const extern = (kind: ExternKind, index: number): Pick<Extern, 'kind' | 'index' | 'type' | 'global'> => ({
    kind,
    index,
    type: kind === 'function' ? module.types[module.functions[index]] : null,
    global: kind === 'global' ? module.globals[index] : null,
  });
  const next: Record<ExternKind, number> = { function: 0, table: 0, memory: 0, global: 0 };
  const memory = module.memories[0] as Bounds | undefined;
  return {
    profile,
    schedule: schedule.version,
    instrumenter: INSTRUMENTER_VERSION,
    imports: module.imports.map(({ module: from, name, kind }) => ({ module: from, name, ...extern(kind, next[kind]++) })),
    exports: module.exports.map(({ name, kind, index }) => ({ name, ...extern(kind, index) })),
    memory: memory === undefined ? null : { ...memoryBounds(memory, limits), imported: module.imports.some(({ kind }) => kind === 'memory') },
    tables: module.tables.length,
    mutableGlobals: mutableGlobals(module),
    start: module.start !== null,
    functions: module.functions.length,
    elements: module.elements.reduce((sum, { functions }) => sum + functions.length, 0),
    codeBytes: module.bodies.reduce((sum, { start, end }) => sum + end - start, 0),
    frameWords,
  };
}
