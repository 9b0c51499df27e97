/**
 * Runs an admitted module (spec/rule-wasm.md): compiles and instantiates at once, memory never grows. Whatever V8
 * throws is a fault of this node, never a verdict: an admitted program cannot trap.
 */
import { Fault } from '../base/fault.ts';

interface Exports {
  readonly memory?: { readonly buffer: ArrayBuffer };
  readonly judge?: () => number;
}
/** The part of the WebAssembly API that is used here; the ES library types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

/** One rule's instance. `memory` and `view` show the same bytes; the input buffer starts at 0. */
export interface Instance {
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** W-4: 0 false, 1 error, 2 true. @throws Fault engine_failed when V8 gives up (W-10) */
  judge(): number;
}

const reason = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** @throws Fault engine_failed when the module cannot be compiled or instantiated here, or lacks its exports */
export function instantiate(wasm: Uint8Array): Instance {
  let exports: Exports;
  try {
    exports = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
  } catch (error) {
    throw new Fault('engine_failed', `a rule cannot be instantiated: ${reason(error)}`);
  }
  const { memory, judge } = exports;
  if (memory === undefined || typeof judge !== 'function') throw new Fault('engine_failed', 'a module does not export memory and judge');
  return {
    memory: new Uint8Array(memory.buffer),
    view: new DataView(memory.buffer),
    judge() {
      try {
        return judge();
      } catch (error) {
        throw new Fault('engine_failed', `a rule trapped: ${reason(error)}`);
      }
    },
  };
}
