/**
 * From bytes to a Module (VM-2, VM-3): the sections, strictly, but for the instructions of bodies (validate.ts). Takes time
 * linear in the bytes and never recurses; every count is held to its limit before anything of that size is made.
 */
import type { Limits } from './limits.ts';
import {
  type Body,
  type Bounds,
  type ConstExpression,
  type DataSegment,
  type ElementSegment,
  type Export,
  type ExternKind,
  F32,
  F64,
  FUNCREF,
  type FunctionType,
  type GlobalDefinition,
  type GlobalType,
  I32,
  I64,
  type Import,
  type Module,
  type ValueType,
} from './module.ts';
import { OP, refusedFeature } from './opcode.ts';
import { Reader } from './reader.ts';

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Section ids in the order that they must stand in; 0, custom, may stand anywhere. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];
const CUSTOM = 0;
const EXTERN_KINDS: readonly ExternKind[] = ['function', 'table', 'memory', 'global'];
const LOCALS_MAX = 0xffff_ffff;

/** @throws Fault wasm_malformed, wasm_refused for what belongs to later versions, wasm_bound, wasm_invalid for a constant expression that is none */
export function decode(bytes: Uint8Array, limits: Limits): Module {
  return new Decoder(bytes, limits).module();
}

class Decoder {
  private readonly r: Reader;
  private readonly limits: Limits;
  private nameBytes = 0;
  private paramsTotal = 0;
  private localsTotal = 0;
  private elementsTotal = 0;
  private dataTotal = 0;

  private readonly types: FunctionType[] = [];
  private readonly imports: Import[] = [];
  private readonly functions: number[] = [];
  private importedFunctions = 0;
  private readonly tables: Bounds[] = [];
  private readonly memories: Bounds[] = [];
  private readonly globals: GlobalType[] = [];
  private importedGlobals = 0;
  private readonly definitions: GlobalDefinition[] = [];
  private readonly exports: Export[] = [];
  private start: number | null = null;
  private readonly elements: ElementSegment[] = [];
  private readonly bodies: Body[] = [];
  private readonly data: DataSegment[] = [];
  private dataCount: number | null = null;

  constructor(bytes: Uint8Array, limits: Limits) {
    this.r = new Reader(bytes);
    this.limits = limits;
  }

  module(): Module {
    const { r } = this;
    r.bound('bytes of the module', r.end, this.limits.module_bytes);
    for (const byte of MAGIC) if (r.byte() !== byte) r.malformed('this is not version 1 of the binary format', r.at - 1);
    let place = -1;
    let customs = 0;
    const fileEnd = r.end;
    while (r.at < fileEnd) {
      const idAt = r.at;
      const id = r.byte();
      const size = r.u32();
      if (size > fileEnd - r.at) r.malformed(`section ${id} goes past the end`, idAt);
      r.end = r.at + size;
      if (id === CUSTOM) {
        r.bound('custom sections', ++customs, this.limits.custom_sections);
        r.name(size);
        r.at = r.end;
      } else {
        const next = ORDER.indexOf(id);
        if (id === 13) r.fail('wasm_refused', 'exceptions (a tag section) are refused: build without them', idAt);
        if (next < 0) r.malformed(`there is no section ${id}`, idAt);
        if (next <= place) r.malformed(`section ${id} is out of order or there twice`, idAt);
        place = next;
        this.section(id);
        if (r.at !== r.end) r.malformed(`section ${id} is longer than its content`);
      }
      r.end = fileEnd;
    }
    const defined = this.functions.length - this.importedFunctions;
    if (this.bodies.length !== defined) r.malformed(`${defined} functions are declared, but ${this.bodies.length} bodies are there`);
    if (this.dataCount !== null && this.dataCount !== this.data.length)
      r.malformed(`${this.dataCount} data segments are declared, but ${this.data.length} are there`);
    const { types, imports, functions, importedFunctions, tables, memories, globals, importedGlobals, definitions, exports, start, elements, bodies, data } =
      this;
    return {
      bytes: r.bytes,
      types,
      imports,
      functions,
      importedFunctions,
      tables,
      memories,
      globals,
      importedGlobals,
      definitions,
      exports,
      start,
      elements,
      bodies,
      data,
    };
  }

  private section(id: number): void {
    const { r, limits } = this;
    switch (id) {
      case 1:
        return this.items('types', limits.types, () => this.types.push(this.type()));
      case 2:
        return this.items('imports', limits.imports, () => this.imports.push(this.import()));
      case 3:
        return this.items('functions', limits.functions, () => this.functions.push(r.u32()));
      case 4:
        return this.items('tables', 1, () => this.tables.push(this.table()), 'several tables');
      case 5:
        return this.items('memories', 1, () => this.memories.push(this.bounds()), 'several memories');
      case 6:
        return this.items('globals', limits.globals, () => this.global());
      case 7:
        return this.items('exports', limits.exports, () => this.exports.push(this.export()));
      case 8:
        this.start = r.u32();
        return;
      case 9:
        return this.items('element segments', limits.element_segments, () => this.elements.push(this.element()));
      case 10:
        return this.items('bodies', limits.functions, () => this.bodies.push(this.body()));
      case 11:
        return this.items('data segments', limits.data_segments, () => this.data.push(this.segment()));
      default:
        this.dataCount = r.u32();
    }
  }

  /** A vector. `refused` names what more than `limit` belong to. */
  private items(what: string, limit: number, item: () => void, refused?: string): void {
    const { r } = this;
    const at = r.at;
    const count = r.count(what, refused === undefined ? limit : LOCALS_MAX);
    if (refused !== undefined && count > limit) r.fail('wasm_refused', `${refused} are refused: build with one`, at);
    for (let i = 0; i < count; i++) item();
  }

  private valueType(): ValueType {
    const { r } = this;
    const type = r.byte();
    if (type === I32 || type === I64 || type === F32 || type === F64) return type;
    if (type === 0x7b) return r.fail('wasm_refused', 'SIMD (the type v128) is refused: build without it', r.at - 1);
    if (type >= 0x63 && type <= 0x75) return r.fail('wasm_refused', 'reference types are refused: build without them', r.at - 1);
    return r.malformed(`there is no value type ${type}`, r.at - 1);
  }

  private type(): FunctionType {
    const { r } = this;
    const at = r.at;
    const form = r.byte();
    if (form >= 0x4d && form <= 0x5f) r.fail('wasm_refused', 'garbage-collected types are refused: build without them', at);
    if (form !== 0x60) r.malformed(`there is no form of type ${form}`, at);
    const params = this.valueTypes('parameters', this.limits.params);
    this.paramsTotal += params.length;
    r.bound('parameters of all types', this.paramsTotal, this.limits.params_total);
    const results = this.valueTypes('results', this.limits.params);
    if (results.length > 1) r.fail('wasm_refused', 'several results (multi-value) are refused: build without them', at);
    return { params, results };
  }

  private valueTypes(what: string, limit: number): ValueType[] {
    const count = this.r.count(what, limit);
    const types: ValueType[] = [];
    for (let i = 0; i < count; i++) types.push(this.valueType());
    return types;
  }

  private name(): string {
    const from = this.r.at;
    const name = this.r.name(this.limits.name_bytes);
    this.nameBytes += this.r.at - from;
    this.r.bound('bytes of names', this.nameBytes, this.limits.names_bytes);
    return name;
  }

  private import(): Import {
    const { r, limits } = this;
    const module = this.name();
    const name = this.name();
    const kind = EXTERN_KINDS[r.byte()];
    if (kind === 'function') {
      const type = r.u32();
      this.functions.push(type);
      this.importedFunctions++;
      return { module, name, kind, type };
    }
    if (kind === 'table') {
      const bounds = this.table();
      r.bound('imported tables', this.tables.push(bounds), limits.imported_tables);
      return { module, name, kind, bounds };
    }
    if (kind === 'memory') {
      const bounds = this.bounds();
      this.memories.push(bounds);
      return { module, name, kind, bounds };
    }
    if (kind === 'global') {
      const global = this.globalType();
      this.importedGlobals = this.globals.push(global);
      r.bound('imported globals', this.importedGlobals, limits.imported_globals);
      return { module, name, kind, global };
    }
    return r.malformed('there is no such kind of import', r.at - 1);
  }

  private table(): Bounds {
    const { r } = this;
    const type = r.byte();
    if (type !== FUNCREF) {
      if (type >= 0x40 && type < 0x75) r.fail('wasm_refused', 'tables of anything but functions are refused: build without reference types', r.at - 1);
      r.malformed(`there is no element type ${type}`, r.at - 1);
    }
    return this.bounds();
  }

  private bounds(): Bounds {
    const { r } = this;
    const flags = r.byte();
    if (flags === 0) return { min: r.u32(), max: null };
    if (flags === 1) return { min: r.u32(), max: r.u32() };
    if (flags === 2 || flags === 3) return r.fail('wasm_refused', 'threads (a shared memory) are refused: build without them', r.at - 1);
    if (flags >= 4 && flags <= 7) return r.fail('wasm_refused', 'memory64 is refused: build for 32 bits', r.at - 1);
    return r.malformed(`there are no limits of the form ${flags}`, r.at - 1);
  }

  private globalType(): GlobalType {
    const { r } = this;
    const type = this.valueType();
    const mutability = r.byte();
    if (mutability > 1) r.malformed('mutability is 0 or 1', r.at - 1);
    return { type, mutable: mutability === 1 };
  }

  private global(): void {
    const global = this.globalType();
    const init = this.constant();
    this.globals.push(global);
    this.definitions.push({ ...global, init });
  }

  private export(): Export {
    const { r } = this;
    const name = this.name();
    const kind = EXTERN_KINDS[r.byte()];
    if (kind === undefined) return r.malformed('there is no such kind of export', r.at - 1);
    return { name, kind, index: r.u32() };
  }

  /** The flags before a segment: only 0, active in the first table or memory, is taken. */
  private active(what: string): void {
    const { r } = this;
    const at = r.at;
    const flags = r.u32();
    if (flags === 0) return;
    if ((flags & 1) === 1 && flags < 8)
      r.fail('wasm_refused', `passive and declarative ${what} segments are refused: build without bulk memory's segments`, at);
    if (flags < 8) r.fail('wasm_refused', `${what} segments that name their ${what === 'data' ? 'memory' : 'table'} are refused: build with one, unnamed`, at);
    r.malformed(`there is no ${what} segment of the form ${flags}`, at);
  }

  private element(): ElementSegment {
    const { r, limits } = this;
    this.active('element');
    const offset = this.constant();
    const count = r.count('elements', limits.elements);
    this.elementsTotal += count;
    r.bound('elements', this.elementsTotal, limits.elements);
    const functions: number[] = [];
    for (let i = 0; i < count; i++) functions.push(r.u32());
    return { offset, functions };
  }

  private segment(): DataSegment {
    const { r } = this;
    this.active('data');
    const offset = this.constant();
    const length = r.u32();
    const start = r.at;
    r.skip(length);
    this.dataTotal += length;
    r.bound('bytes of data', this.dataTotal, this.limits.data_bytes);
    return { offset, start, end: r.at };
  }

  /** A constant or an imported global, then `end`. Another instruction that exists is not constant; any other code is malformed. */
  private constant(): ConstExpression {
    const { r } = this;
    const start = r.at;
    const code = r.byte();
    let type = 0;
    let value: number | null = null;
    let global: number | null = null;
    if (code === OP.i32_const) {
      type = I32;
      value = r.s32();
    } else if (code === OP.i64_const) {
      type = I64;
      r.skipS64();
    } else if (code === OP.f32_const) {
      type = F32;
      r.skip(4);
    } else if (code === OP.f64_const) {
      type = F64;
      r.skip(8);
    } else if (code === OP.global_get) global = r.u32();
    else if (refusedFeature(code) !== undefined) r.fail('wasm_refused', `${refusedFeature(code)}: refused`, start);
    else r.fail('wasm_invalid', 'a constant expression is one constant or one imported global', start);
    if (r.byte() !== OP.end) r.fail('wasm_invalid', 'a constant expression has one instruction', r.at - 1);
    return { start, end: r.at, type, value, global };
  }

  private body(): Body {
    const { r, limits } = this;
    const sectionEnd = r.end;
    const size = r.u32();
    const start = r.at;
    r.func = this.importedFunctions + this.bodies.length;
    if (size > sectionEnd - start) r.malformed('a body goes past its section');
    r.bound('bytes of a body', size, limits.body_bytes);
    r.end = start + size;
    const locals: { count: number; type: ValueType }[] = [];
    const runs = r.count('runs of locals', LOCALS_MAX);
    let localCount = 0;
    for (let i = 0; i < runs; i++) {
      const count = r.u32();
      localCount += count;
      if (localCount > LOCALS_MAX) r.malformed('a function has 2^32 locals or more');
      locals.push({ count, type: this.valueType() });
    }
    r.bound('locals of a function', localCount, limits.locals);
    this.localsTotal += localCount;
    r.bound('locals of all functions', this.localsTotal, limits.locals_total);
    const code = r.at;
    r.at = r.end;
    r.end = sectionEnd;
    r.func = -1;
    return { start, code, end: r.at, locals, localCount };
  }
}
