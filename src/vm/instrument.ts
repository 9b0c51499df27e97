/** Writes the instrumented module (VM-8 to VM-16, VM-18) of a validated one. Indices stay; what is added comes after. */
import { Fault } from '../base/fault.ts';
import { Guards } from './guard.ts';
import { frameWords, writeBody } from './instrument-body.ts';
import type { Limits } from './limits.ts';
import { type Bounds, type ExternKind, FUNCREF, type FunctionType, I32, I64, type Module, type ValueType, WASM_PAGES_MAX } from './module.ts';
import { OP } from './opcode.ts';
import { Output } from './output.ts';
import type { Plan } from './pieces.ts';
import { addFees, Planner } from './plan.ts';
import type { Costs } from './schedule.ts';
import type { BodyFacts } from './validate-body.ts';

export const MEMORY_MODULE = 'ava:';
export const MEMORY_NAME = 'ava:memory';

const KINDS: Readonly<Record<ExternKind, number>> = { function: 0, table: 1, memory: 2, global: 3 };

export interface Instrumented {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly frameWords: number;
}

/** The memory of the instrumented module: no larger than declared, nor than the cap. */
export const memoryBounds = ({ min, max }: Bounds, { memory_pages }: Limits): { readonly min: number; readonly max: number } => ({
  min,
  max: Math.min(max ?? WASM_PAGES_MAX, memory_pages),
});

/** @throws Fault wasm_bound when what is made is too large */
export function instrument(module: Module, facts: readonly BodyFacts[], limits: Limits, costs: Costs): Instrumented {
  const { bytes, globals } = module;
  const meters = { gas: globals.length, stack: globals.length + 1, trap: globals.length + 2 };
  const memory = module.memories[0] as Bounds | undefined;
  const declared = memory?.max ?? WASM_PAGES_MAX;
  const planner = new Planner(module, costs);
  const plans = module.bodies.map((body, i) => planner.plan(module.importedFunctions + i, body));
  const fees = feesOf(module, plans);
  const guards = new Guards({ module, meters, costs, fees, declared, cap: memory === undefined ? declared : memoryBounds(memory, limits).max });

  // Code first: it decides which guards there are.
  const code = new Output(bytes.length * 2);
  const one = new Output(4096);
  let greatest = 0;
  let merges = 0;
  for (const [i, body] of module.bodies.entries()) {
    const index = module.importedFunctions + i;
    const type = module.types[module.functions[index]];
    const values = (type.params.length + body.localCount + facts[i].operands) * plans[i].points;
    bound(`values of function ${index} times its pieces and calls`, values, limits.merges);
    bound('values times pieces and calls', (merges += values), limits.merges_total);
    addFees(plans[i], fees, index);
    one.reset();
    writeBody(one, { bytes, type, body, facts: facts[i], plan: plans[i], entry: plans[i].value[0] - fees[index], meters, guards });
    bound(`bytes of the instrumented function ${index}`, one.length, limits.instrumented_body_bytes);
    code.sized(one);
    bound('bytes of the instrumented module', code.length, limits.instrumented_bytes);
    greatest = Math.max(greatest, frameWords(type, body, facts[i]));
  }
  const elements = elementItems(module, guards);
  const exports = exportItems(module, guards, meters);
  for (const body of guards.bodies) code.sized(body);

  const out = new Output(code.length + bytes.length);
  out.bytes(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const types = [...module.types, ...guards.addedTypes];
  out.section(1, types.length, typeItems(types));
  const { count, items } = importItems(module, limits);
  out.section(2, count, items);
  const declaredTypes = [...module.functions.slice(module.importedFunctions), ...guards.types];
  const functions = new Output();
  for (const type of declaredTypes) functions.u32(type);
  out.section(3, declaredTypes.length, functions);
  const tables = tableItems(module);
  out.section(4, tables.count, tables.items);
  out.section(6, module.definitions.length + 3, globalItems(module));
  out.section(7, exports.count, exports.items);
  out.section(9, module.elements.length, elements);
  out.section(10, declaredTypes.length, code);
  out.section(11, module.data.length, dataItems(module));
  bound('bytes of the instrumented module', out.length, limits.instrumented_bytes);
  return { wasm: out.done(), frameWords: greatest };
}

/** VM-10: what a caller pays for entering a function. One that can be called through the table pays for itself, so does an imported one. */
function feesOf(module: Module, plans: readonly Plan[]): Int32Array {
  const fees = new Int32Array(module.functions.length);
  for (const [i, { value }] of plans.entries()) fees[module.importedFunctions + i] = value[0];
  for (const { functions } of module.elements) for (const index of functions) fees[index] = 0;
  return fees;
}

function bound(what: string, count: number, limit: number): void {
  if (count > limit) throw new Fault('wasm_bound', `${count} ${what}, the limit is ${limit}`);
}

function typeItems(types: readonly FunctionType[]): Output {
  const out = new Output();
  const vector = (values: readonly ValueType[]): void => {
    out.u32(values.length);
    out.bytes(...values);
  };
  for (const { params, results } of types) {
    out.byte(0x60);
    vector(params);
    vector(results);
  }
  return out;
}

function bounds(out: Output, { min, max }: Bounds): void {
  out.byte(max === null ? 0 : 1);
  out.u32(min);
  if (max !== null) out.u32(max);
}

function importItems(module: Module, limits: Limits): { readonly count: number; readonly items: Output } {
  const out = new Output();
  let count = 0;
  for (const item of module.imports) {
    if (item.kind === 'memory') continue;
    count++;
    out.name(item.module);
    out.name(item.name);
    out.byte(KINDS[item.kind]);
    if (item.kind === 'function') out.u32(item.type);
    else if (item.kind === 'global') out.bytes(item.global.type, item.global.mutable ? 1 : 0);
    else {
      out.byte(FUNCREF);
      bounds(out, item.bounds);
    }
  }
  const memory = module.memories[0] as Bounds | undefined;
  if (memory !== undefined) {
    count++;
    out.name(MEMORY_MODULE);
    out.name(MEMORY_NAME);
    out.byte(KINDS.memory);
    bounds(out, memoryBounds(memory, limits));
  }
  return { count, items: out };
}

/** Tables that the module defines. Nothing in the profiles grows one. */
function tableItems(module: Module): { readonly count: number; readonly items: Output } {
  const out = new Output();
  const imported = module.imports.filter(({ kind }) => kind === 'table').length;
  const defined = module.tables.slice(imported);
  for (const own of defined) {
    out.byte(FUNCREF);
    bounds(out, own);
  }
  return { count: defined.length, items: out };
}

function globalItems(module: Module): Output {
  const out = new Output();
  for (const { type, mutable, init } of module.definitions) {
    out.bytes(type, mutable ? 1 : 0);
    out.raw(module.bytes, init.start, init.end);
  }
  out.bytes(I64, 1, OP.i64_const, 0, OP.end);
  for (let i = 0; i < 2; i++) out.bytes(I32, 1, OP.i32_const, 0, OP.end);
  return out;
}

function exportItems(module: Module, guards: Guards, meters: { gas: number; stack: number; trap: number }): { readonly count: number; readonly items: Output } {
  const out = new Output();
  let count = 0;
  const add = (name: string, kind: ExternKind, index: number): void => {
    count++;
    out.name(name);
    out.byte(KINDS[kind]);
    out.u32(kind === 'function' ? guards.door(index) : index);
  };
  for (const { name, kind, index } of module.exports) add(name, kind, index);
  add('ava:gas', 'global', meters.gas);
  add('ava:stack', 'global', meters.stack);
  add('ava:trap', 'global', meters.trap);
  if (module.start !== null) add('ava:start', 'function', module.start);
  for (const global of mutableGlobals(module)) add(`ava:global:${global}`, 'global', global);
  for (let i = 0; i < module.tables.length; i++) add(`ava:table:${i}`, 'table', i);
  return { count, items: out };
}

/** Indices of the mutable globals that the module itself defines: its state beside its memory. */
export function mutableGlobals(module: Module): number[] {
  const indices: number[] = [];
  for (let i = module.importedGlobals; i < module.globals.length; i++) if (module.globals[i].mutable) indices.push(i);
  return indices;
}

function elementItems(module: Module, guards: Guards): Output {
  const out = new Output();
  for (const { offset, functions } of module.elements) {
    out.u32(0);
    out.raw(module.bytes, offset.start, offset.end);
    out.u32(functions.length);
    for (const index of functions) out.u32(guards.called(index));
  }
  return out;
}

function dataItems(module: Module): Output {
  const out = new Output(module.data.reduce((sum, { start, end }) => sum + end - start + 16, 0));
  for (const { offset, start, end } of module.data) {
    out.u32(0);
    out.raw(module.bytes, offset.start, offset.end);
    out.u32(end - start);
    out.raw(module.bytes, start, end);
  }
  return out;
}
