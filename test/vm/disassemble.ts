/** Modules taken apart into instructions: own code, for what the profiles take and instrumentation adds. Valid modules only. */
import { HEADER, moduleOf, name, SECTION, section, u, VALUE_TYPE } from './binary.ts';
import { hasFloat, LOAD_OPERATIONS, NUMBER_OPERATIONS, STORE_OPERATIONS } from './operation.ts';

export interface Token {
  /** From 256 on: behind the prefix 0xfc. */
  readonly op: number;
  /** Index, label, offset or type; of a constant its value as a signed number (of i32 and i64). */
  readonly value: number;
  /** Of a br_table, the default last. */
  readonly labels: readonly number[];
}
export interface Body {
  /** Types of the declared locals. */
  readonly locals: readonly number[];
  readonly tokens: readonly Token[];
}
export interface Disassembled {
  readonly types: readonly { readonly params: readonly number[]; readonly results: readonly number[] }[];
  /** Type of every function, imported ones first. */
  readonly functions: readonly number[];
  readonly importedFunctions: number;
  readonly globals: number;
  readonly exports: readonly { readonly name: string; readonly kind: number; readonly index: number }[];
  readonly elements: readonly number[];
  readonly bodies: readonly Body[];
  /** A float type or an instruction on floats; a memory or table without a maximum. */
  readonly floats: boolean;
  readonly unbounded: boolean;
}

const NO_LABELS: readonly number[] = [];
const INDEXED = new Set([0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40]);
const FLOAT_TYPES: readonly number[] = [VALUE_TYPE.f32, VALUE_TYPE.f64];
const FLOATS = new Set([0x43, 0x44, ...[...NUMBER_OPERATIONS, ...LOAD_OPERATIONS, ...STORE_OPERATIONS].filter(hasFloat).map(({ code }) => code)]);
const PLAIN = new Set([0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, ...NUMBER_OPERATIONS.map(({ code }) => code)]);

class Cursor {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  byte(): number {
    return this.bytes[this.at++];
  }
  private leb(): { readonly value: bigint; readonly bits: bigint; readonly last: number } {
    let [value, bits] = [0n, 0n];
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << bits;
      bits += 7n;
      if (byte < 128) return { value, bits, last: byte };
    }
  }
  u(): number {
    return Number(this.leb().value);
  }
  s(): number {
    const { value, bits, last } = this.leb();
    return Number((last & 64) === 0 ? value : value - (1n << bits));
  }
  name(): string {
    const length = this.u();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
  list<T>(make: () => T): T[] {
    return Array.from({ length: this.u() }, make);
  }
}

function token(c: Cursor): Token {
  const plain = (op: number, value = 0, labels = NO_LABELS): Token => ({ op, value, labels });
  let op = c.byte();
  if (op === 0xfc) op = 256 + c.u();
  if (PLAIN.has(op)) return plain(op);
  if (INDEXED.has(op)) return plain(op, c.u());
  if (op >= 0x02 && op <= 0x04) return plain(op, c.byte());
  if (op >= 0x28 && op <= 0x3e) {
    c.u();
    return plain(op, c.u());
  }
  switch (op) {
    case 0x0e: {
      const labels = c.list(() => c.u());
      return plain(op, labels.length, [...labels, c.u()]);
    }
    case 0x11: {
      const type = c.u();
      c.u();
      return plain(op, type);
    }
    case 0x41:
    case 0x42:
      return plain(op, c.s());
    case 0x43:
    case 0x44: {
      c.at += op === 0x43 ? 4 : 8;
      return plain(op);
    }
    case 266:
      c.at += 2;
      return plain(op);
    case 267:
      c.at += 1;
      return plain(op);
    default:
      throw new Error(`an unknown instruction ${op}`);
  }
}

function body(c: Cursor): Body {
  const end = c.u() + c.at;
  const locals = c.list(() => ({ count: c.u(), type: c.byte() })).flatMap(({ count, type }) => Array.from({ length: count }, () => type));
  const tokens: Token[] = [];
  while (c.at < end) tokens.push(token(c));
  return { locals, tokens };
}

/** Whether a maximum is declared. */
function limits(c: Cursor): boolean {
  const more = c.byte() === 1;
  c.u();
  if (more) c.u();
  return more;
}
function constant(c: Cursor): void {
  while (token(c).op !== 0x0b);
}

export function disassemble(bytes: Uint8Array): Disassembled {
  const c = new Cursor(bytes);
  c.at = 8;
  const out = {
    types: [] as { params: number[]; results: number[] }[],
    functions: [] as number[],
    importedFunctions: 0,
    globals: 0,
    exports: [] as { name: string; kind: number; index: number }[],
    elements: [] as number[],
    bodies: [] as Body[],
    floats: false,
    unbounded: false,
  };
  const value = (type: number): number => {
    if (FLOAT_TYPES.includes(type)) out.floats = true;
    return type;
  };
  const bounded = (): void => {
    if (!limits(c)) out.unbounded = true;
  };
  while (c.at < bytes.length) {
    const id = c.byte();
    const end = c.u() + c.at;
    switch (id) {
      case 1:
        out.types = c.list(() => {
          c.byte();
          return { params: c.list(() => value(c.byte())), results: c.list(() => value(c.byte())) };
        });
        break;
      case 2:
        c.list(() => {
          c.name();
          c.name();
          const kind = c.byte();
          if (kind === 0) {
            out.functions.push(c.u());
            out.importedFunctions++;
          } else if (kind === 3) {
            value(c.byte());
            c.byte();
            out.globals++;
          } else {
            if (kind === 1) c.byte();
            bounded();
          }
        });
        break;
      case 3:
        out.functions.push(...c.list(() => c.u()));
        break;
      case 4:
        c.list(() => {
          c.byte();
          bounded();
        });
        break;
      case 5:
        c.list(bounded);
        break;
      case 6:
        c.list(() => {
          value(c.byte());
          c.byte();
          out.globals++;
          constant(c);
        });
        break;
      case 7:
        out.exports = c.list(() => ({ name: c.name(), kind: c.byte(), index: c.u() }));
        break;
      case 9:
        c.list(() => {
          c.u();
          constant(c);
          out.elements.push(...c.list(() => c.u()));
        });
        break;
      case 10:
        out.bodies = c.list(() => body(c));
        break;
      default:
    }
    c.at = end;
  }
  if (out.bodies.some(({ locals, tokens }) => locals.some((type) => FLOAT_TYPES.includes(type)) || tokens.some(({ op }) => FLOATS.has(op)))) out.floats = true;
  return out;
}

/** Instructions read one by one, as they are expected. */
export class TokenReader {
  protected at = 0;
  protected readonly tokens: readonly Token[];
  private readonly place: string;

  constructor(tokens: readonly Token[], place: string) {
    this.tokens = tokens;
    this.place = place;
  }

  protected fail(what: string): never {
    throw new Error(`${this.place}, instruction ${this.at} of the instrumented body: ${what}`);
  }
  protected get token(): Token {
    return this.tokens[this.at];
  }
  protected next(op: number, value?: number): void {
    const { token } = this;
    if (token?.op !== op || (value !== undefined && token.value !== value)) this.fail(`${token?.op} ${token?.value} instead of ${op} ${value ?? ''}`);
    this.at++;
  }
  protected is(op: number, value?: number, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead] as Token | undefined;
    return token !== undefined && token.op === op && (value === undefined || token.value === value);
  }
}

/** The same module with every function exported under its number, and nothing else. */
export function exposed(bytes: Uint8Array): Uint8Array {
  const { functions } = disassemble(bytes);
  const exports = section(
    SECTION.export,
    functions.map((_, index) => [...name(String(index)), 0, ...u(index)]),
  );
  const parts: (readonly number[])[] = [];
  const c = new Cursor(bytes);
  c.at = HEADER.length;
  let placed = false;
  while (c.at < bytes.length) {
    const begin = c.at;
    const id = c.byte();
    const end = c.u() + c.at;
    c.at = end;
    if (!placed && id > SECTION.export) {
      parts.push(exports);
      placed = true;
    }
    if (id !== SECTION.export) parts.push([...bytes.subarray(begin, end)]);
  }
  return moduleOf(...parts, placed ? [] : exports);
}
