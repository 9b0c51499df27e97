/** The part of the WebAssembly API that tests and suites use; the ES library types leave it out. */

export type Exports = Readonly<Record<string, unknown>>;
export type Imports = Record<string, Record<string, unknown>>;

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
export interface Global {
  value: number | bigint;
}
export interface Table {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value?: unknown): void;
}
export interface Instance {
  readonly exports: Exports;
}
export interface ImportOf {
  readonly module: string;
  readonly name: string;
  readonly kind: 'function' | 'global' | 'memory' | 'table';
}
/** A compiled module; opaque. */
export type Module = object;

interface Api {
  readonly Module: { new (bytes: Uint8Array): Module; imports(module: Module): ImportOf[] };
  readonly Instance: new (module: Module, imports?: Imports) => Instance;
  readonly Memory: new (limits: { initial: number; maximum?: number }) => Memory;
  readonly Global: new (type: { value: 'i32' | 'i64' | 'f32' | 'f64'; mutable?: boolean }, value?: number | bigint) => Global;
  readonly Table: new (type: { element: 'anyfunc'; initial: number; maximum?: number }) => Table;
  readonly RuntimeError: new (...args: never[]) => Error;
  readonly LinkError: new (...args: never[]) => Error;
  readonly CompileError: new (...args: never[]) => Error;
  validate(bytes: Uint8Array): boolean;
}
declare const WebAssembly: Api;
export const wasm: Api = WebAssembly;
