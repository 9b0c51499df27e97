/** The part of the WebAssembly API that runs guests; the ES library types leave it out. */

export interface EngineMemory {
  /** Another one after the memory has grown; the old one then has no bytes. */
  readonly buffer: ArrayBuffer;
}

export interface EngineGlobal {
  value: number | bigint;
}

export type EngineFunction = (...args: readonly never[]) => unknown;

export interface EngineInstance {
  readonly exports: Readonly<Record<string, EngineFunction | EngineGlobal | EngineMemory | object>>;
}

export type Imports = Readonly<Record<string, Readonly<Record<string, object>>>>;

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: Imports) => EngineInstance;
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => EngineMemory;
  readonly RuntimeError: new () => Error;
}

declare const WebAssembly: Engine;
export const ENGINE: Engine = WebAssembly;
