/** Where things stand in a rule's memory (spec/rule-wasm.md W-2): input buffer, constants, arena. */

import { utf8 } from '../base/bytes.ts';
import type { Analysis } from './analysis.ts';
import { type Automaton, automatonOf } from './automaton.ts';
import { doubleBits } from './double.ts';
import { LENGTH_AT, PAYLOAD_AT, SLOT_BYTES } from './input.ts';
import type { Const, Program } from './ir.ts';
import { align8, type Kind, tagOf } from './type.ts';
import type { TypeValue } from './value.ts';

/** The tables of an automaton: 256 classes of bytes, then the states that follow, then which accept. */
export interface Tables {
  readonly classes: number;
  readonly next: number;
  readonly accepts: number;
  readonly classCount: number;
}

export interface Layout {
  /** Address of a constant's slot, by index; undefined for constants that live in the code or only in a list. */
  readonly consts: readonly (number | undefined)[];
  /** W-13: of each regular expression, by the index of its constant. */
  readonly automata: ReadonlyMap<number, Tables>;
  /** W-3: address of the slot of each list of constants outside folds, by node. */
  readonly lists: ReadonlyMap<number, number>;
  /** The bytes of the constants, and where they start. */
  readonly data: { readonly at: number; readonly bytes: Uint8Array };
  readonly arena: number;
  /** Where the arena and what routines may use past its top end: a multiple of 8. */
  readonly end: number;
}

/** Constants that no instruction holds. */
export const inMemory = (value: Const): value is null | string | Uint8Array | TypeValue =>
  value === null || typeof value === 'string' || value instanceof Uint8Array || (typeof value === 'object' && value.kind === 'type');

/** The nodes outside folds that list constants. */
function constantLists({ nodes }: Program, { level }: Analysis): number[] {
  const found: number[] = [];
  nodes.forEach(({ op, operands }, i) => {
    if (op === 'list' && level[i] === 0 && operands.every((j) => nodes[j].op === 'const')) found.push(i);
  });
  return found;
}

/** The constants that some other node than a list of constants uses. */
function usedAlone({ nodes, out }: Program, lists: readonly number[]): ReadonlySet<number> {
  const used = new Set<number>();
  const inLists = new Set(lists);
  const use = (j: number): void => {
    if (j >= 0 && nodes[j].op === 'const') used.add(nodes[j].imm);
  };
  use(out);
  nodes.forEach(({ operands }, i) => {
    if (!inLists.has(i)) operands.forEach(use);
  });
  return used;
}

/** W-2: the same for every module of a program. */
export function layOut(program: Program, analysis: Analysis): Layout {
  const start = align8(analysis.input_bytes);
  const inLists = constantLists(program, analysis);
  const listBytes = inLists.reduce((sum, i) => sum + SLOT_BYTES * (1 + program.nodes[i].operands.length), 0);
  const bytes = new Uint8Array(analysis.const_bytes + listBytes);
  const view = new DataView(bytes.buffer);
  let end = 0;

  const slot = (at: number, kind: Kind, length: number, payload: bigint): void => {
    view.setUint8(at, tagOf(kind));
    view.setUint32(at + LENGTH_AT, length, true);
    view.setBigInt64(at + PAYLOAD_AT, payload, true);
  };
  const take = (size: number): number => {
    const at = end;
    end = align8(end + size);
    return at;
  };
  /** Puts bytes where there is room: their address. */
  const place = (content: Uint8Array): number => {
    const at = take(content.length);
    bytes.set(content, at);
    return start + at;
  };
  const texts = new Map<string, { readonly offset: bigint; readonly length: number }>();
  const put = (at: number, value: Const): void => {
    if (typeof value === 'boolean') slot(at, 'bool', 0, value ? 1n : 0n);
    else if (typeof value === 'bigint') slot(at, 'int', 0, value);
    else if (typeof value === 'number') slot(at, 'dbl', 0, BigInt.asIntN(64, doubleBits(value)));
    else if (typeof value === 'string') {
      let text = texts.get(value);
      if (text === undefined) {
        const encoded = utf8(value);
        text = { offset: BigInt(place(encoded)), length: encoded.length };
        texts.set(value, text);
      }
      slot(at, 'str', text.length, text.offset);
    } else if (value === null) slot(at, 'null', 0, 0n);
    else if (value instanceof Uint8Array) slot(at, 'bytes', value.length, BigInt(place(value)));
    else if (value.kind === 'uint') slot(at, 'uint', 0, BigInt.asIntN(64, value.value));
    else slot(at, 'type', 0, BigInt(tagOf(value.of)));
  };

  const alone = usedAlone(program, inLists);
  const consts = program.consts.map((value, k) => {
    if (!inMemory(value) || !alone.has(k)) return undefined;
    const at = take(SLOT_BYTES);
    put(at, value);
    return start + at;
  });
  const lists = new Map<number, number>();
  for (const i of inLists) {
    const { operands } = program.nodes[i];
    const at = take(SLOT_BYTES * (1 + operands.length));
    slot(at, 'list', operands.length, BigInt(start + at + SLOT_BYTES));
    operands.forEach((j, n) => put(at + SLOT_BYTES * (1 + n), program.consts[program.nodes[j].imm]));
    lists.set(i, start + at);
  }
  const automata = new Map<number, Tables>();
  for (const { op, imm } of program.nodes) {
    if (op === 'match' && !automata.has(imm)) automata.set(imm, tables(automatonOf(program.consts[imm] as string), place));
  }
  return {
    consts,
    automata,
    lists,
    data: { at: start, bytes: bytes.subarray(0, end) },
    arena: start + end,
    // a list of constants has left the arena, so the sum is that of the analysis
    end: align8(start + analysis.const_bytes + analysis.arena_bytes),
  };
}

function tables({ classes, next, accepts, classCount }: Automaton, place: (content: Uint8Array) => number): Tables {
  const wide = new Uint8Array(2 * next.length);
  const view = new DataView(wide.buffer);
  next.forEach((state, i) => view.setUint16(2 * i, state, true));
  return { classes: place(classes), next: place(wide), accepts: place(accepts), classCount };
}
