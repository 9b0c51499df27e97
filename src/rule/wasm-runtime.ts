/**
 * The internal functions of an emitted module: no imports, no state. An address is that of a 16-byte slot
 * (spec/input.md); texts compare as UTF-8 bytes, which is code point order.
 */
import { ENTRY_BYTES, LENGTH_AT, PAYLOAD_AT, SLOT_BYTES } from './input.ts';
import type { RoutineName } from './routines.gen.ts';
import { tagOf as kindTag } from './type.ts';
import {
  block,
  br,
  brIf,
  type Code,
  either,
  get,
  I32,
  I64,
  i32,
  i64,
  Locals,
  loop,
  ret,
  select,
  seq,
  set,
  tee,
  until,
  type ValueType,
  type WasmFunction,
  when,
} from './wasm-assembler.ts';

/** Fields of a slot, given the code of its address. */
export const lengthOf = (slot: Code): Code => i32.load(slot, LENGTH_AT);
export const offsetOf = (slot: Code): Code => i32.load(slot, PAYLOAD_AT);
export const tagOf = (slot: Code): Code => i32.load8(slot);
export const payloadOf = (slot: Code): Code => i64.load(slot, PAYLOAD_AT);

/** Calls a function of this file or a routine of the library, adding it to the module on first use. */
export type Link = (name: RuntimeName | RoutineName, ...operands: readonly Code[]) => Code;

const one = i32.const(1);
const zero = i32.const(0);
const eight = i32.const(8);
const bump = (local: number, by: Code): Code => set(local, i32.add(get(local), by));

/** bytesEqual(a, b, bytes) of two places: 1 or 0. */
function bytesEqual(): WasmFunction {
  const locals = new Locals(I32, I32, I32);
  const [a, b, n] = [0, 1, 2];
  const body = seq(
    until(i32.ltU(get(n), eight), when(i64.ne(i64.load(get(a)), i64.load(get(b))), ret(zero)), bump(a, eight), bump(b, eight), bump(n, i32.const(-8))),
    until(i32.eqz(get(n)), when(i32.ne(i32.load8(get(a)), i32.load8(get(b))), ret(zero)), bump(a, one), bump(b, one), bump(n, i32.const(-1))),
    one,
  );
  return { locals, result: I32, body };
}

/** equalText(a, b) of two text slots: 1 or 0. */
function equalText(link: Link): WasmFunction {
  const body = seq(when(i32.ne(lengthOf(get(0)), lengthOf(get(1))), ret(zero)), link('bytesEqual', offsetOf(get(0)), offsetOf(get(1)), lengthOf(get(0))));
  return { locals: new Locals(I32, I32), result: I32, body };
}

/** compareText(a, b) of two text slots: negative, zero, positive. */
function compareText(): WasmFunction {
  const locals = new Locals(I32, I32);
  const [p, q, n, d] = [locals.local(I32), locals.local(I32), locals.local(I32), locals.local(I32)];
  const body = seq(
    set(p, offsetOf(get(0))),
    set(q, offsetOf(get(1))),
    set(d, i32.sub(lengthOf(get(0)), lengthOf(get(1)))),
    set(n, select(i32.ltS(get(d), zero), lengthOf(get(0)), lengthOf(get(1)))),
    until(i32.ltU(get(n), eight), brIf(1, i64.ne(i64.load(get(p)), i64.load(get(q)))), bump(p, eight), bump(q, eight), bump(n, i32.const(-8))),
    block(
      loop(
        brIf(1, i32.eqz(get(n))),
        when(i32.ne(i32.load8(get(p)), i32.load8(get(q))), ret(i32.sub(i32.load8(get(p)), i32.load8(get(q))))),
        bump(p, one),
        bump(q, one),
        bump(n, i32.const(-1)),
        br(0),
      ),
    ),
    get(d),
  );
  return { locals, result: I32, body };
}

/** points(text): how many code points, that is bytes that do not continue one; eight at a time. */
function points(): WasmFunction {
  const locals = new Locals(I32);
  const [p, n, word] = [locals.local(I32), locals.local(I32), locals.local(I64)];
  const count = locals.local(I32);
  const body = seq(
    set(p, offsetOf(get(0))),
    set(n, tee(count, lengthOf(get(0)))),
    until(
      i32.ltU(get(n), eight),
      set(word, i64.load(get(p))),
      // a byte continues when its top bits are 10
      set(
        count,
        i32.sub(
          get(count),
          i32.wrap(
            i64.popcnt(
              i64.and(i64.and(i64.shrU(get(word), i64.const(7n)), i64.xor(i64.shrU(get(word), i64.const(6n)), i64.const(-1n))), i64.const(0x0101010101010101n)),
            ),
          ),
        ),
      ),
      bump(p, eight),
      bump(n, i32.const(-8)),
    ),
    until(
      i32.eqz(get(n)),
      set(count, i32.sub(get(count), i32.eq(i32.and(i32.load8(get(p)), i32.const(0xc0)), i32.const(0x80)))),
      bump(p, one),
      bump(n, i32.const(-1)),
    ),
    get(count),
  );
  return { locals, result: I32, body };
}

/** starts(text, prefix): 1 or 0. */
function starts(link: Link): WasmFunction {
  const body = seq(when(i32.ltU(lengthOf(get(0)), lengthOf(get(1))), ret(zero)), link('bytesEqual', offsetOf(get(0)), offsetOf(get(1)), lengthOf(get(1))));
  return { locals: new Locals(I32, I32), result: I32, body };
}

/** ends(text, suffix): 1 or 0. */
function ends(link: Link): WasmFunction {
  const body = seq(
    when(i32.ltU(lengthOf(get(0)), lengthOf(get(1))), ret(zero)),
    link('bytesEqual', i32.sub(i32.add(offsetOf(get(0)), lengthOf(get(0))), lengthOf(get(1))), offsetOf(get(1)), lengthOf(get(1))),
  );
  return { locals: new Locals(I32, I32), result: I32, body };
}

/**
 * W-9, contains(text, needle, scratch): 1 or 0, by Knuth, Morris and Pratt: linear for every input. The table of 4 B a
 * needle byte stands at `scratch`: table[i] = length of the longest border of needle[0..i].
 */
function contains(): WasmFunction {
  const locals = new Locals(I32, I32, I32);
  const [text, needle, scratch] = [0, 1, 2];
  const local = () => locals.local(I32);
  const [m, end, i, k, byte] = [local(), local(), local(), local(), local()];
  const entry = (index: Code): Code => i32.add(get(scratch), i32.shl(index, i32.const(2)));
  const at = (index: Code): Code => i32.load8(i32.add(get(needle), index));
  /** While needle[k] is not `byte`, falls back to the next border; ends with k advanced when it is. */
  const advance = seq(
    until(i32.or(i32.eqz(get(k)), i32.eq(at(get(k)), get(byte))), set(k, i32.load(entry(i32.sub(get(k), one))))),
    bump(k, i32.eq(at(get(k)), get(byte))),
  );
  const body = seq(
    set(m, lengthOf(get(needle))),
    when(i32.eqz(get(m)), ret(one)),
    set(i, lengthOf(get(text))),
    when(i32.ltU(get(i), get(m)), ret(zero)),
    set(text, offsetOf(get(text))),
    set(end, i32.add(get(text), get(i))),
    set(needle, offsetOf(get(needle))),
    i32.store(get(scratch), zero),
    set(i, one),
    until(i32.geU(get(i), get(m)), set(byte, at(get(i))), advance, i32.store(entry(get(i)), get(k)), bump(i, one)),
    set(k, zero),
    until(i32.geU(get(text), get(end)), set(byte, i32.load8(get(text))), advance, when(i32.eq(get(k), get(m)), ret(one)), bump(text, one)),
    zero,
  );
  return { locals, result: I32, body };
}

/** equal(a, b) of two slots at any depth: 1 or 0. Values of unequal kinds are not equal. */
function equal(link: Link): WasmFunction {
  const locals = new Locals(I32, I32);
  const local = () => locals.local(I32);
  const [tag, p, q, end] = [local(), local(), local(), local()];
  const isText = i32.eq(get(tag), i32.const(kindTag('str')));
  const isList = i32.eq(get(tag), i32.const(kindTag('list')));
  const isMap = i32.eq(get(tag), i32.const(kindTag('map')));
  const body = seq(
    when(i32.ne(tee(tag, tagOf(get(0))), tagOf(get(1))), ret(zero)),
    when(isText, ret(link('equalText', get(0), get(1)))),
    when(i32.eqz(i32.or(isList, isMap)), ret(i64.eq(payloadOf(get(0)), payloadOf(get(1))))),
    when(i32.ne(lengthOf(get(0)), lengthOf(get(1))), ret(zero)),
    set(p, offsetOf(get(0))),
    set(q, offsetOf(get(1))),
    // a map is a sequence of key and value slots in the order of its keys
    set(end, i32.add(get(p), i32.shl(lengthOf(get(0)), select(isMap, i32.const(5), i32.const(4))))),
    until(i32.eq(get(p), get(end)), when(i32.eqz(link('equal', get(p), get(q))), ret(zero)), bump(p, i32.const(SLOT_BYTES)), bump(q, i32.const(SLOT_BYTES))),
    one,
  );
  return { locals, result: I32, body };
}

/** A search of a list: 1 or 0. `found` tests the slot in the local against parameter 0. */
function search(item: ValueType, found: (slot: Code) => Code): WasmFunction {
  const locals = new Locals(item, I32);
  const [p, end] = [locals.local(I32), locals.local(I32)];
  const body = seq(
    set(end, i32.add(tee(p, offsetOf(get(1))), i32.shl(lengthOf(get(1)), i32.const(4)))),
    until(i32.eq(get(p), get(end)), when(found(get(p)), ret(one)), bump(p, i32.const(SLOT_BYTES))),
    zero,
  );
  return { locals, result: I32, body };
}

/**
 * The value slot of a key in a map, or -1: a binary search over pairs of slots. `order` compares parameter 0 with the
 * key slot of the pair in the local: negative, zero, positive.
 */
function find(key: ValueType, order: (pair: Code) => Code): WasmFunction {
  const locals = new Locals(key, I32);
  const [base, low, high, middle, d] = [locals.local(I32), locals.local(I32), locals.local(I32), locals.local(I32), locals.local(I32)];
  const pair = i32.add(get(base), i32.shl(get(middle), i32.const(5)));
  const body = seq(
    set(base, offsetOf(get(1))),
    set(high, lengthOf(get(1))),
    until(
      i32.geU(get(low), get(high)),
      set(middle, i32.shrU(i32.add(get(low), get(high)), one)),
      set(d, order(pair)),
      when(i32.eqz(get(d)), ret(i32.add(pair, i32.const(SLOT_BYTES)))),
      either(i32.ltS(get(d), zero), set(high, get(middle)), set(low, i32.add(get(middle), one))),
    ),
    i32.const(-1),
  );
  return { locals, result: I32, body };
}

/** multiplies(a, b): 1 when the product leaves 64 bits, else 0. */
function overflows(): WasmFunction {
  const small = (local: number): Code => i64.eq(i64.extendS(i32.wrap(get(local))), get(local));
  const body = seq(
    when(i32.and(small(0), small(1)), ret(zero)),
    when(i64.eqz(get(0)), ret(zero)),
    // -1 apart: MIN / -1 would trap
    when(i64.eq(get(0), i64.const(-1n)), ret(i64.eq(get(1), i64.const(-(1n << 63n))))),
    i64.ne(i64.divS(i64.mul(get(0), get(1)), get(0)), get(1)),
  );
  return { locals: new Locals(I64, I64), result: I32, body };
}

/** copy(to, from, bytes): the place after the copy. */
function copy(): WasmFunction {
  const [to, from, n] = [0, 1, 2];
  const body = seq(
    until(i32.ltU(get(n), eight), i64.store(get(to), i64.load(get(from))), bump(to, eight), bump(from, eight), bump(n, i32.const(-8))),
    until(i32.eqz(get(n)), i32.store8(get(to), i32.load8(get(from))), bump(to, one), bump(from, one), bump(n, i32.const(-1))),
    get(to),
  );
  return { locals: new Locals(I32, I32, I32), result: I32, body };
}

/** join(to, a, b) of two texts, or of two lists: makes the slot `to` and its content after it, returns the 8-aligned place after both. */
function join(link: Link, tag: number, shift: number): WasmFunction {
  const [to, a, b] = [0, 1, 2];
  const bytes = (slot: number): Code => i32.shl(lengthOf(get(slot)), i32.const(shift));
  const body = seq(
    i32.store(get(to), i32.const(tag)),
    i32.store(get(to), i32.add(lengthOf(get(a)), lengthOf(get(b))), LENGTH_AT),
    i64.store(get(to), i64.extendU(i32.add(get(to), i32.const(SLOT_BYTES))), PAYLOAD_AT),
    set(to, i32.add(get(to), i32.const(SLOT_BYTES))),
    set(to, link('copy', get(to), offsetOf(get(a)), bytes(a))),
    set(to, link('copy', get(to), offsetOf(get(b)), bytes(b))),
    i32.and(i32.add(get(to), i32.const(7)), i32.const(-8)),
  );
  return { locals: new Locals(I32, I32, I32), result: I32, body };
}

/**
 * settle(pairs, count): moves the pair at `count` to its place among the `count` sorted ones before it.
 * 1 when its key is there already, else 0. `order` compares two key slots.
 */
function settle(order: (a: Code, b: Code) => Code): WasmFunction {
  const locals = new Locals(I32, I32);
  const [base, low] = [0, locals.local(I32)];
  const [high, middle, d, fresh] = [locals.local(I32), locals.local(I32), locals.local(I32), locals.local(I32)];
  const words = [0, 8, 16, 24].map((offset) => ({ offset, local: locals.local(I64) }));
  const pair = (index: number): Code => i32.add(get(base), i32.shl(get(index), i32.const(5)));
  const body = seq(
    set(high, get(1)),
    set(fresh, pair(high)),
    until(
      i32.geU(get(low), get(high)),
      // most keys come in order: the first look is at the last pair
      set(middle, select(i32.eq(get(high), get(1)), i32.sub(get(high), one), i32.shrU(i32.add(get(low), get(high)), one))),
      set(d, order(get(fresh), pair(middle))),
      when(i32.eqz(get(d)), ret(one)),
      either(i32.ltS(get(d), zero), set(high, get(middle)), set(low, i32.add(get(middle), one))),
    ),
    ...words.map(({ offset, local }) => set(local, i64.load(get(fresh), offset))),
    set(low, pair(low)),
    until(
      i32.eq(get(fresh), get(low)),
      bump(fresh, i32.const(-ENTRY_BYTES)),
      ...words.map(({ offset }) => i64.store(get(fresh), i64.load(get(fresh), offset), offset + ENTRY_BYTES)),
    ),
    ...words.map(({ offset, local }) => i64.store(get(fresh), get(local), offset)),
    zero,
  );
  return { locals, result: I32, body };
}

const orderOfPayloads = (a: Code, b: Code): Code => i32.sub(i64.gtS(payloadOf(a), payloadOf(b)), i64.ltS(payloadOf(a), payloadOf(b)));
const orderOfInts = (pair: Code): Code => i32.sub(i64.gtS(get(0), payloadOf(pair)), i64.ltS(get(0), payloadOf(pair)));

export type RuntimeName =
  | 'bytesEqual'
  | 'equalText'
  | 'compareText'
  | 'points'
  | 'starts'
  | 'ends'
  | 'contains'
  | 'equal'
  | 'overflows'
  | 'copy'
  | 'memberInt'
  | 'memberText'
  | 'memberSlot'
  | 'findInt'
  | 'findText'
  | 'settleScalar'
  | 'settleText'
  | 'joinText'
  | 'joinList';

export const isRuntime = (name: string): name is RuntimeName => Object.hasOwn(RUNTIME, name);

export const RUNTIME: Readonly<Record<RuntimeName, (link: Link) => WasmFunction>> = {
  bytesEqual,
  equalText,
  compareText,
  points,
  starts,
  ends,
  contains,
  equal,
  overflows,
  copy,
  memberInt: () => search(I64, (slot) => i64.eq(payloadOf(slot), get(0))),
  memberText: (link: Link) => search(I32, (slot) => link('equalText', slot, get(0))),
  memberSlot: (link: Link) => search(I32, (slot) => link('equal', slot, get(0))),
  findInt: () => find(I64, orderOfInts),
  findText: (link: Link) => find(I32, (pair) => link('compareText', get(0), pair)),
  settleScalar: () => settle(orderOfPayloads),
  settleText: (link: Link) => settle((a, b) => link('compareText', a, b)),
  joinText: (link: Link) => join(link, kindTag('str'), 0),
  joinList: (link: Link) => join(link, kindTag('list'), 4),
};
