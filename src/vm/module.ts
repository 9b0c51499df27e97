/** A decoded module (VM-1): plain data, in the order of the binary. Offsets count from the module's first byte. */

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const FUNCREF = 0x70;
export type ValueType = typeof I32 | typeof I64 | typeof F32 | typeof F64;

export const WASM_PAGE_BITS = 16;
export const WASM_PAGE_BYTES = 1 << WASM_PAGE_BITS;
/** Pages that a 32-bit memory may have at all. */
export const WASM_PAGES_MAX = 65_536;

const TYPE_NAMES: Readonly<Record<ValueType, string>> = { [I32]: 'i32', [I64]: 'i64', [F32]: 'f32', [F64]: 'f64' };
export const typeName = (type: number): string => TYPE_NAMES[type as ValueType] ?? 'unknown';
export const isFloat = (type: number): boolean => type === F32 || type === F64;

/** `integer`: no float type or instruction. `canonical-nan`: floats, each NaN that an instruction makes is the canonical one. */
export type Profile = 'integer' | 'canonical-nan';

/** The profiles take at most one result. */
export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** `max` null: none declared. Pages for a memory, entries for a table. */
export interface Bounds {
  readonly min: number;
  readonly max: number | null;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: 'function'; readonly type: number }
  | { readonly kind: 'table' | 'memory'; readonly bounds: Bounds }
  | { readonly kind: 'global'; readonly global: GlobalType }
);

export type ExternKind = 'function' | 'table' | 'memory' | 'global';
export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** A constant expression's bytes, `end` included, and what it is: a constant, or the value of an imported global. */
export interface ConstExpression {
  readonly start: number;
  readonly end: number;
  readonly type: number;
  /** Of an i32.const; else null. */
  readonly value: number | null;
  /** Of a global.get; else null. */
  readonly global: number | null;
}

export interface GlobalDefinition extends GlobalType {
  readonly init: ConstExpression;
}

export interface ElementSegment {
  readonly offset: ConstExpression;
  readonly functions: readonly number[];
}

export interface DataSegment {
  readonly offset: ConstExpression;
  /** The bytes in the module. */
  readonly start: number;
  readonly end: number;
}

/** A function body: `start` is where its locals are declared, `code` its first instruction, `end` is past its last byte. */
export interface Body {
  readonly start: number;
  readonly code: number;
  readonly end: number;
  /** Runs of declared locals. */
  readonly locals: readonly { readonly count: number; readonly type: ValueType }[];
  readonly localCount: number;
}

export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type index of every function, imported ones first. */
  readonly functions: readonly number[];
  readonly importedFunctions: number;
  /** Imported ones first. */
  readonly tables: readonly Bounds[];
  readonly memories: readonly Bounds[];
  readonly globals: readonly GlobalType[];
  readonly importedGlobals: number;
  readonly definitions: readonly GlobalDefinition[];
  readonly exports: readonly Export[];
  readonly start: number | null;
  readonly elements: readonly ElementSegment[];
  readonly bodies: readonly Body[];
  readonly data: readonly DataSegment[];
}
