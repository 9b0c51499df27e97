/** What the ways of calling a guest (spec/guest.md) have in common. */
import { Fault } from '../base/fault.ts';
import type { Facts } from './admit.ts';
import type { Host } from './host.ts';
import type { Instance } from './instance.ts';
import { type FunctionType, I32, type Profile } from './module.ts';

/** What the host learnt while a module was made ready: the same for every instance at the snapshot. */
export type Learnt = object;

/** One instance with the host's side of it, ready to be judged. */
export interface Guest {
  /** GU-2: what the ABI asks for once the module's own initialisers have run. */
  ready?(): Learnt;
  /** Judges the input in the gas that the instance has. @throws HostTrap, and what the engine throws */
  judge(input: Uint8Array): number;
}

export interface Abi {
  readonly profile: Profile;
  /** Imports that a module may have, by module and name. */
  readonly imports: Readonly<Record<string, Readonly<Record<string, FunctionType>>>>;
  /** Exports that it must have. */
  readonly exports: Readonly<Record<string, FunctionType>>;
  /** The functions behind `imports`, before there is an instance. `paths` are those of the inputs, `data` the rule's document as JSON text. */
  link(host: Host, paths: readonly string[], data: string | null): Link;
}

export interface Link {
  readonly functions: Readonly<Record<string, Readonly<Record<string, (...args: never[]) => unknown>>>>;
  /** `learnt` by an instance before it, when this one is put to the snapshot instead of being made ready. */
  attach(instance: Instance, learnt: Learnt | null): Guest;
}

/** A function type of i32 alone. */
export const i32s = (params: number, results = 0): FunctionType => ({
  params: Array.from({ length: params }, () => I32),
  results: Array.from({ length: results }, () => I32),
});

const sameType = (a: FunctionType | null, b: FunctionType): boolean =>
  a !== null && String(a.params) === String(b.params) && String(a.results) === String(b.results);

/** GU-1. @throws Fault wasm_refused */
export function checkAbi(abi: Abi, facts: Facts): void {
  for (const { module, name, kind, type } of facts.imports) {
    const place = `${module}.${name}`;
    if (kind === 'memory') continue;
    const known = Object.hasOwn(abi.imports, module) ? abi.imports[module] : {};
    if (kind !== 'function' || !Object.hasOwn(known, name))
      throw new Fault('wasm_refused', `the module imports ${place}, which its ABI does not have`, { place });
    if (!sameType(type, known[name])) throw new Fault('wasm_refused', `the module imports ${place} with another type`, { place });
  }
  if (facts.memory === null) throw new Fault('wasm_refused', 'the module has no memory');
  for (const [name, type] of Object.entries(abi.exports)) {
    const found = facts.exports.find((one) => one.name === name);
    if (found?.kind !== 'function') throw new Fault('wasm_refused', `the module does not export the function ${name}, which its ABI needs`, { place: name });
    if (!sameType(found.type, type)) throw new Fault('wasm_refused', `the module exports ${name} with another type`, { place: name });
  }
}
