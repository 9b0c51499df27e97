/**
 * A guest's call function by function: the instrumented module once more, in which each function of the guest tells when
 * it begins and ends and how much gas is left. Gas, results and traps stay what they are (VM-8): what is added is not
 * metered, and keeps its log in a memory of its own.
 *
 * Each function keeps its index and becomes a shell: it notes, calls what was its body, now at an index after all others,
 * and notes again. So no instruction of the module changes, and what calls it, by index or by table, meets the shell.
 */
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Facts } from './admit.ts';
import { I32, I64 } from './module.ts';
import { OP } from './opcode.ts';
import { Output } from './output.ts';
import { Reader } from './reader.ts';

const LOG_PAGES = 16;
const PAGE_BYTES = 65_536;
/** u32 what, 4 bytes of nothing, i64 gas that is left. */
export const EVENT_BYTES_BITS = 4;
const EVENT_BYTES = 1 << EVENT_BYTES_BITS;
/** Events that are kept: beginnings and ends of functions. */
export const EVENTS_MAX = (LOG_PAGES * PAGE_BYTES) >>> EVENT_BYTES_BITS;

/** What a traceable module exports beside all others: its log, the bytes of it that are written, and how many events there were. */
export const LOG_NAME = 'ava:log';
export const CURSOR_NAME = 'ava:log:cursor';
export const COUNT_NAME = 'ava:log:count';

export const SECTION = { custom: 0, type: 1, function: 3, memory: 5, global: 6, export: 7, code: 10 } as const;
/** Where a section stands among the others. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];
const KIND = { memory: 2, global: 3 } as const;
/** Bit of an alignment that says that the memory's index follows. */
const OTHER_MEMORY = 0x40;
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const LOCAL_GET = 0x20;
const CALL = 0x10;
const VOID = 0x40;

export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** @throws Fault wasm_malformed */
export function sections(wasm: Uint8Array): readonly Section[] {
  const reader = new Reader(wasm, 8);
  const found: Section[] = [];
  while (reader.at < reader.end) {
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.at;
    reader.skip(size);
    found.push({ id, start, end: reader.at });
  }
  return found;
}

/** `wasm` is what admission made of a module with these facts. @throws Fault internal when it is not */
export function traceable(wasm: Uint8Array, facts: Facts): Uint8Array<ArrayBuffer> {
  const found = new Map(sections(wasm).map((section) => [section.id, section]));
  const at = (id: number): Reader => {
    const section = found.get(id);
    if (section === undefined) throw new Fault('internal', `an instrumented module has no section ${id}`);
    return new Reader(wasm, section.start, section.end);
  };
  const imported = facts.imports.filter(({ kind }) => kind === 'function').length;
  const own = facts.functions - imported;

  const types = at(SECTION.type);
  const typeCount = types.u32();
  const typeFrom = types.at;
  const params = paramCounts(types, typeCount);

  const functions = at(SECTION.function);
  const declared = Array.from({ length: functions.u32() }, () => functions.u32());

  const globals = at(SECTION.global);
  const globalCount = globals.u32();
  const cursor = globalCount;
  const count = globalCount + 1;

  const exports = at(SECTION.export);
  const exportCount = exports.u32();
  const gas = indexOf(exports, exportCount, 'ava:gas');

  const code = at(SECTION.code);
  const bodies = Array.from({ length: code.u32() }, () => {
    const size = code.u32();
    const start = code.at;
    code.skip(size);
    return { start, end: code.at };
  });

  const inner = imported + declared.length;
  const log = inner + own;
  const made = new Map<number, Uint8Array>();
  const section = (id: number, items: number, write: (out: Output) => void): void => {
    const out = new Output();
    write(out);
    const whole = new Output(out.length + 16);
    whole.section(id, items, out);
    made.set(id, whole.done());
  };
  const copied = (out: Output, reader: Reader, from: number): void => out.raw(wasm, from, reader.end);

  section(SECTION.type, typeCount + 1, (out) => {
    out.raw(wasm, typeFrom, types.end);
    out.bytes(0x60, 1, I32, 0);
  });
  section(SECTION.function, declared.length + own + 1, (out) => {
    for (const type of declared) out.u32(type);
    for (let i = 0; i < own; i++) out.u32(declared[i]);
    out.u32(typeCount);
  });
  section(SECTION.memory, 1, (out) => out.bytes(1, LOG_PAGES, LOG_PAGES));
  section(SECTION.global, globalCount + 2, (out) => {
    copied(out, globals, globals.at);
    out.bytes(I32, 1, OP.i32_const, 0, OP.end, I64, 1, OP.i64_const, 0, OP.end);
  });
  section(SECTION.export, exportCount + 3, (out) => {
    const first = at(SECTION.export);
    first.u32();
    copied(out, first, first.at);
    const add = (name: string, kind: number, index: number): void => {
      out.name(name);
      out.byte(kind);
      out.u32(index);
    };
    // Memory 0 is the guest's, which is imported.
    add(LOG_NAME, KIND.memory, 1);
    add(CURSOR_NAME, KIND.global, cursor);
    add(COUNT_NAME, KIND.global, count);
  });
  section(SECTION.code, bodies.length + own + 1, (out) => {
    const one = new Output();
    for (let i = 0; i < own; i++) {
      one.reset();
      one.byte(0);
      note(one, 2 * (imported + i), log);
      for (let local = 0; local < params[declared[i]]; local++) one.op(LOCAL_GET, local);
      one.op(CALL, inner + i);
      note(one, 2 * (imported + i) + 1, log);
      one.byte(OP.end);
      out.sized(one);
    }
    const raw = ({ start, end }: { readonly start: number; readonly end: number }): void => {
      out.u32(end - start);
      out.raw(wasm, start, end);
    };
    for (const body of bodies.slice(own)) raw(body);
    for (const body of bodies.slice(0, own)) raw(body);
    one.reset();
    logBody(one, gas, cursor, count);
    out.sized(one);
  });

  const whole = new Output(wasm.length * 2);
  whole.raw(wasm, 0, 8);
  for (const id of ORDER) {
    const changed = made.get(id);
    const kept = found.get(id);
    if (changed !== undefined) whole.raw(changed, 0, changed.length);
    else if (kept !== undefined) {
      whole.byte(id);
      whole.u32(kept.end - kept.start);
      whole.raw(wasm, kept.start, kept.end);
    }
  }
  return whole.done();
}

function note(out: Output, value: number, log: number): void {
  out.byte(OP.i32_const);
  out.s32(value);
  out.op(CALL, log);
}

/** (what i32): writes what and the gas that is left, while there is room; counts always. */
function logBody(out: Output, gas: number, cursor: number, count: number): void {
  out.byte(0);
  out.op(GLOBAL_GET, cursor);
  out.byte(OP.i32_const);
  out.s32(LOG_PAGES * PAGE_BYTES);
  out.bytes(0x49, 0x04, VOID);
  out.op(GLOBAL_GET, cursor);
  out.op(LOCAL_GET, 0);
  out.bytes(0x36, 2 | OTHER_MEMORY, 1, 0);
  out.op(GLOBAL_GET, cursor);
  out.op(GLOBAL_GET, gas);
  out.bytes(0x37, 3 | OTHER_MEMORY, 1, 8);
  out.op(GLOBAL_GET, cursor);
  out.bytes(OP.i32_const, EVENT_BYTES, 0x6a);
  out.op(GLOBAL_SET, cursor);
  out.byte(OP.end);
  out.op(GLOBAL_GET, count);
  out.bytes(OP.i64_const, 1, 0x7c);
  out.op(GLOBAL_SET, count);
  out.byte(OP.end);
}

/** Parameters of each type. */
function paramCounts(reader: Reader, count: number): readonly number[] {
  return Array.from({ length: count }, () => {
    reader.byte();
    const params = reader.u32();
    reader.skip(params);
    reader.skip(reader.u32());
    return params;
  });
}

/** The index that is exported under a name. @throws Fault internal */
function indexOf(reader: Reader, count: number, name: string): number {
  const wanted = utf8(name);
  for (let i = 0; i < count; i++) {
    const size = reader.u32();
    const start = reader.at;
    reader.skip(size);
    reader.byte();
    const index = reader.u32();
    if (size === wanted.length && wanted.every((byte, j) => reader.bytes[start + j] === byte)) return index;
  }
  throw new Fault('internal', `an instrumented module does not export ${name}`);
}
