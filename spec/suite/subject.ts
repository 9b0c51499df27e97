/** What the suite's scripts run on: V8 as it stands (to check the harness itself), or the VM's admission and instrumented code. */
import { Fault } from '../../src/base/fault.ts';
import { admitModule, type Facts } from '../../src/vm/admit.ts';
import type { Limits } from '../../src/vm/limits.ts';
import type { Profile } from '../../src/vm/module.ts';
import { ENGINE_FAULT, type TrapName, trapOf } from '../../src/vm/trap.ts';
import { type Exports, type Global, type Imports, type Instance, wasm } from '../../test/vm/web-assembly.ts';

/** Why a module is not run: `outside` the profile or a limit, or `refused` as none at all. */
export class Refusal extends Error {
  readonly outside: boolean;
  readonly slug: string;
  constructor(outside: boolean, slug: string, reason: string) {
    super(reason);
    this.outside = outside;
    this.slug = slug;
  }
}

export interface Live {
  readonly exports: Exports;
  /** Makes the next call possible, whatever happened before: full balances, no trap. */
  ready(): void;
  /** The trap of the call that threw `error`; `foreign` when this instance knows of none. */
  trapped(): TrapName | undefined;
  /** The engine gave no memory that the program's own declaration allows. */
  starved(): boolean;
}

export interface Ready {
  /** What the original imports: to be found before it is linked. */
  readonly imports: readonly { readonly module: string; readonly name: string }[];
  /** Links, and runs the start function. @throws what V8 throws when it cannot link; a trap */
  instantiate(imports: Imports, announce: (live: Live) => void): Live;
}

export interface Subject {
  readonly name: string;
  /** @throws Refusal */
  compile(bytes: Uint8Array): Ready;
}

const GAS = 1n << 62n;
export const STACK_WORDS = 65_536;
/** The specification's modules import what a guest may not, ask for memory without a bound, and have names as long as they like. */
export const SUITE_LIMITS: Partial<Limits> = { imported_tables: 16, imported_globals: 64, memory_pages: 65_536, name_bytes: 4_096, branch_labels: 65_536 };

function instrumented(wasmBytes: Uint8Array, facts: Facts): Ready {
  const module = new wasm.Module(wasmBytes);
  return {
    imports: facts.imports,
    instantiate(imports, announce) {
      const given: Imports = { ...imports };
      if (facts.memory !== null) {
        const { min, max, imported } = facts.memory;
        const from = facts.imports.find(({ kind }) => kind === 'memory');
        const memory = imported && from !== undefined ? imports[from.module][from.name] : new wasm.Memory({ initial: min, maximum: max });
        given['ava:'] = { 'ava:memory': memory };
      }
      const { exports } = new wasm.Instance(module, given);
      const [gas, stack, trap] = ['ava:gas', 'ava:stack', 'ava:trap'].map((name) => exports[name] as Global);
      const live: Live = {
        exports,
        ready() {
          gas.value = GAS;
          stack.value = STACK_WORDS;
          trap.value = 0;
        },
        starved: () => trap.value === ENGINE_FAULT,
        trapped: () => ((gas.value as bigint) < 0n ? 'gas' : trapOf(Number(trap.value))),
      };
      announce(live);
      live.ready();
      (exports['ava:start'] as (() => void) | undefined)?.();
      return live;
    },
  };
}

export const vm = (profile: Profile): Subject => ({
  name: profile,
  compile(bytes) {
    try {
      const { wasm: code, facts } = admitModule(bytes, profile, SUITE_LIMITS);
      return instrumented(code, facts);
    } catch (error) {
      if (error instanceof Fault && error.slug.startsWith('wasm_'))
        throw new Refusal(error.slug === 'wasm_refused' || error.slug === 'wasm_bound', error.slug, error.message);
      throw error;
    }
  },
});

export const PLAIN: Subject = {
  name: 'V8 alone',
  compile(bytes) {
    try {
      const module = new wasm.Module(bytes);
      return {
        imports: wasm.Module.imports(module),
        instantiate(imports) {
          const { exports }: Instance = new wasm.Instance(module, imports);
          return { exports, ready: () => undefined, trapped: () => undefined, starved: () => false };
        },
      };
    } catch (error) {
      throw new Refusal(false, 'compile', String(error));
    }
  },
};
