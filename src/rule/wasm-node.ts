/**
 * The code of one node of the core profile that is no fold (spec/rule-wasm.md W-5). A node's value stands in locals: int,
 * uint and duration an i64, double an f64, each with an i32 that is not 0 for the error where it can fail; bool an i32 of
 * 0, 1 (error), 2; anything else an i32, the address of its slot, negative for the error.
 */
import { LENGTH_AT, PAYLOAD_AT, SLOT_BYTES } from './input.ts';
import { I64_MIN, type Node } from './ir.ts';
import { type Kind, tagOf as kindTag } from './type.ts';
import { type Code, choose, either, F64, f64, get, I32, I64, i32, i64, type Locals, select, seq, set, tee, type ValueType, when } from './wasm-assembler.ts';
import { type Link, lengthOf, offsetOf, payloadOf, tagOf } from './wasm-runtime.ts';

/** Where a node's value is. `value` costs one instruction. */
export interface Place {
  readonly kind: Kind;
  readonly value: Code;
  /** i32, not 0 when the value is the error; null when it cannot be. */
  readonly fails: Code | null;
}

/** The locals of a node, to be set by its code. `fails` is used by numbers only, −1 where it cannot fail. */
export interface Target {
  readonly value: number;
  readonly fails: number;
}

export interface Context {
  readonly locals: Locals;
  readonly link: Link;
  /** The local that holds the end of the arena. */
  readonly top: number;
  readonly scratch: number;
  /** A slot of its own for a value that no content belongs to (W-14): its address. */
  readonly box: () => number;
}

export const FALSE = i32.const(0);
export const ERROR = i32.const(1);
export const TRUE = i32.const(2);
export const NOWHERE = i32.const(-1);
export const ZERO64 = i64.const(0n);
const ZERO_DOUBLE = f64.const(0);
/** W-5: the one NaN that a slot may hold. */
const NAN_BITS = 0x7ff8000000000000n;

export const twice = (bit: Code): Code => i32.shl(bit, i32.const(1));
export const negative = (value: Code): Code => i32.ltS(value, i32.const(0));
export const isError = (bool: Code): Code => i32.eq(bool, ERROR);
export const isTrue = (bool: Code): Code => i32.eq(bool, TRUE);

/** Kinds whose 64 bits of payload stand in an i64. */
const isWide = (kind: Kind): boolean => kind === 'int' || kind === 'uint' || kind === 'dur';
/** Kinds that have a local of their own for the error. */
const isNumber = (kind: Kind): boolean => isWide(kind) || kind === 'dbl';
const typeOfKind = (kind: Kind): ValueType => (isWide(kind) ? I64 : kind === 'dbl' ? F64 : I32);
/** Kinds whose value is the address of a slot. */
export const isSlot = (kind: Kind): boolean => !isNumber(kind) && kind !== 'bool';

export function target(locals: Locals, kind: Kind, canFail: boolean): Target {
  const value = locals.local(typeOfKind(kind));
  return { value, fails: isNumber(kind) && canFail ? locals.local(I32) : -1 };
}

export function place(kind: Kind, { value, fails }: Target, canFail: boolean): Place {
  const code = get(value);
  if (!canFail) return { kind, value: code, fails: null };
  return { kind, value: code, fails: isNumber(kind) ? get(fails) : kind === 'bool' ? isError(code) : negative(code) };
}

/** Not 0 when one of the places holds the error; null when none can. */
export function anyFails(places: readonly Place[]): Code | null {
  let all: Code | null = null;
  for (const { fails } of places) if (fails !== null) all = all === null ? fails : i32.or(all, fails);
  return all;
}

/** The value of a strict bool or address: `error` when an operand is the error. */
export function strict(operands: readonly Place[], error: Code, value: Code): Code {
  const fails = anyFails(operands);
  return fails === null ? value : choose(I32, fails, error, value);
}

const strictBool = (operands: readonly Place[], bit: Code): Code => strict(operands, ERROR, twice(bit));

/** A scalar as the 64 bits of its slot's payload. */
function bits({ kind, value }: Place): Code {
  if (kind === 'dbl') return select(f64.ne(value, value), i64.const(NAN_BITS), i64.ofBits(value));
  return kind === 'bool' ? i64.extendU(i32.shrU(value, i32.const(1))) : value;
}

/** The code that fills the slot `offset` past `slot` with a value that is not the error. */
export function fill(slot: Code, offset: number, item: Place): Code {
  const { kind, value } = item;
  if (!isSlot(kind)) {
    return seq(
      // tag and length are one word
      i64.store(slot, i64.const(BigInt(kindTag(kind))), offset),
      i64.store(slot, bits(item), offset + PAYLOAD_AT),
    );
  }
  return seq(i64.store(slot, i64.load(value), offset), i64.store(slot, i64.load(value, PAYLOAD_AT), offset + PAYLOAD_AT));
}

/** The code that makes the slot of a new list or map, whose slots follow it. */
export function header(slot: number, kind: Kind, length: Code): Code {
  return seq(
    i32.store(get(slot), i32.const(kindTag(kind))),
    i32.store(get(slot), length, LENGTH_AT),
    i64.store(get(slot), i64.extendU(i32.add(get(slot), i32.const(SLOT_BYTES))), PAYLOAD_AT),
  );
}

/** What the slot at an address holds, as its kind stands in a local. */
function unpacked(kind: Kind, slot: Code): Code {
  if (isWide(kind)) return payloadOf(slot);
  if (kind === 'dbl') return f64.load(slot, PAYLOAD_AT);
  return kind === 'bool' ? twice(i32.load(slot, PAYLOAD_AT)) : slot;
}

/** What stands in the local in place of the error, which nothing reads. */
const nothing = (kind: Kind): Code => (isWide(kind) ? ZERO64 : kind === 'dbl' ? ZERO_DOUBLE : kind === 'bool' ? ERROR : NOWHERE);

/** Sets a target from the slot at an address; `missing` is not 0 when there is none, null when there always is one. */
export function unpack(kind: Kind, { value, fails }: Target, slot: Code, missing: Code | null): Code {
  if (missing === null) return set(value, unpacked(kind, slot));
  return seq(set(value, choose(typeOfKind(kind), missing, nothing(kind), unpacked(kind, slot))), fails < 0 ? [] : set(fails, missing));
}

/** Sets a target to the error. */
export const failed = (kind: Kind, { value, fails }: Target): Code => seq(set(value, nothing(kind)), fails < 0 ? [] : set(fails, i32.const(1)));

/** Sets an input's target (W-6). */
export function input(kind: Kind, to: Target, index: number): Code {
  const slot = i32.const(index * SLOT_BYTES);
  const missing = i32.eqz(tagOf(slot));
  // the slot is there in any case: no branch is needed
  if (isNumber(kind)) return seq(set(to.value, unpacked(kind, slot)), set(to.fails, missing));
  return set(to.value, select(missing, nothing(kind), unpacked(kind, slot)));
}

/** W-6, has(path): true when a value is there, false when only it is missing, else the error. */
export function present(index: number): Code {
  const slot = i32.const(index * SLOT_BYTES);
  return select(tagOf(slot), TRUE, i32.ne(i32.load(slot, PAYLOAD_AT), i32.const(0)));
}

/** The address of a key's value in a map, negative when it is not there. */
const findKey = (link: Link, map: Place, key: Place): Code =>
  key.kind === 'str' ? link('findText', key.value, map.value) : link('findInt', bits(key), map.value);

function equal(link: Link, a: Place, b: Place): Code {
  if (a.kind === 'int') return i64.eq(a.value, b.value);
  if (a.kind === 'bool') return i32.eq(a.value, b.value);
  return link(a.kind === 'str' ? 'equalText' : 'equal', a.value, b.value);
}

function before(link: Link, a: Place, b: Place, orEqual: boolean): Code {
  if (a.kind === 'str') return (orEqual ? i32.leS : i32.ltS)(link('compareText', a.value, b.value), i32.const(0));
  if (a.kind === 'bool') return (orEqual ? i32.leS : i32.ltS)(a.value, b.value);
  return (orEqual ? i64.leS : i64.ltS)(a.value, b.value);
}

function member(link: Link, a: Place, within: Place): Code {
  if (within.kind === 'map') return i32.geS(findKey(link, within, a), i32.const(0));
  if (a.kind === 'str') return link('memberText', a.value, within.value);
  if (a.kind === 'int' || a.kind === 'bool') return link('memberInt', bits(a), within.value);
  return link('memberSlot', a.value, within.value);
}

/** Whichever the condition chooses; both are of one kind and computed already. */
export function selection(to: Target, c: Place, t: Place, f: Place): Code {
  const chosen = (a: Code, b: Code): Code => select(isTrue(c.value), a, b);
  const none = i32.const(0);
  if (isNumber(t.kind)) {
    const fails = chosen(t.fails ?? none, f.fails ?? none);
    return seq(set(to.value, chosen(t.value, f.value)), to.fails < 0 ? [] : set(to.fails, c.fails === null ? fails : i32.or(c.fails, fails)));
  }
  const value = chosen(t.value, f.value);
  return set(to.value, c.fails === null ? value : select(c.fails, nothing(t.kind), value));
}

/** int from ints: the value, and when it is the error. */
export function arithmetic({ link }: Context, op: Node['op'], to: Target, operands: readonly Place[]): Code {
  const [a, b] = operands;
  const strictly = (fails: Code): Code => {
    const before = anyFails(operands);
    return set(to.fails, before === null ? fails : i32.or(before, fails));
  };
  const least = i64.const(I64_MIN);
  const result = get(to.value);
  switch (op) {
    case 'add':
      return seq(set(to.value, i64.add(a.value, b.value)), strictly(i64.ltS(i64.and(i64.xor(a.value, result), i64.xor(b.value, result)), ZERO64)));
    case 'sub':
      return seq(set(to.value, i64.sub(a.value, b.value)), strictly(i64.ltS(i64.and(i64.xor(a.value, b.value), i64.xor(a.value, result)), ZERO64)));
    case 'mul':
      return seq(set(to.value, i64.mul(a.value, b.value)), strictly(link('overflows', a.value, b.value)));
    case 'neg':
      return seq(set(to.value, i64.sub(ZERO64, a.value)), strictly(i64.eq(a.value, least)));
    default: {
      const impossible = i32.or(i64.eqz(b.value), i32.and(i64.eq(a.value, least), i64.eq(b.value, i64.const(-1n))));
      // WebAssembly traps on these: divide by 1 when the result is the error anyway
      const divisor = select(get(to.fails), i64.const(1n), b.value);
      return seq(strictly(impossible), set(to.value, op === 'div' ? i64.divS(a.value, divisor) : i64.remS(a.value, divisor)));
    }
  }
}

/** W-8: a new list of these items. */
export function newList({ top }: Context, to: Target, items: readonly Place[]): Code {
  const fails = anyFails(items);
  const made = seq(
    header(top, 'list', i32.const(items.length)),
    ...items.map((item, n) => fill(get(top), SLOT_BYTES * (1 + n), item)),
    set(to.value, get(top)),
    set(top, i32.add(get(top), i32.const(SLOT_BYTES * (1 + items.length)))),
  );
  return fails === null ? made : either(fails, set(to.value, NOWHERE), made);
}

/** A new map: each pair is put behind the sorted ones and settles among them. `alike`: all keys are texts, or all scalars of one kind. */
export function newMap({ top, link }: Context, to: Target, pairs: readonly Place[], alike: boolean): Code {
  const fails = anyFails(pairs);
  const settle = !alike ? 'settleAny' : pairs[0]?.kind === 'str' ? 'settleText' : 'settleScalar';
  const steps: Code[] = [];
  pairs.forEach((part, n) => {
    steps.push(fill(get(top), SLOT_BYTES * (1 + n), part));
    if (n % 2 === 1 && (n > 1 || !alike)) {
      steps.push(when(link(settle, i32.add(get(top), i32.const(SLOT_BYTES)), i32.const((n - 1) / 2)), set(to.value, NOWHERE)));
    }
  });
  const made = seq(
    header(top, 'map', i32.const(pairs.length / 2)),
    set(to.value, get(top)),
    ...steps,
    set(top, i32.add(get(top), i32.const(SLOT_BYTES * (1 + pairs.length)))),
  );
  return fails === null ? made : either(fails, set(to.value, NOWHERE), made);
}

/** Two texts or two lists as one, at the end of the arena. */
function joined({ top, scratch, link }: Context, operands: readonly Place[]): Code {
  const [a, b] = operands;
  return strict(
    operands,
    NOWHERE,
    seq(set(scratch, get(top)), set(top, link(a.kind === 'str' ? 'joinText' : 'joinList', get(top), a.value, b.value)), get(scratch)),
  );
}

function item(context: Context, kind: Kind, to: Target, operands: readonly Place[]): Code {
  const [container, key] = operands;
  const { link, scratch } = context;
  const address =
    container.kind === 'map'
      ? findKey(link, container, key)
      : choose(
          I32,
          i64.ltU(key.value, i64.extendU(lengthOf(container.value))), // unsigned: a negative index is large
          i32.add(offsetOf(container.value), i32.shl(i32.wrap(key.value), i32.const(4))),
          NOWHERE,
        );
  return seq(set(scratch, strict(operands, NOWHERE, address)), unpack(kind, to, get(scratch), negative(get(scratch))));
}

/** 2 − x, the least, the greatest. */
export function threeValued(op: 'not' | 'and' | 'or', to: Target, operands: readonly Place[]): Code {
  const [a] = operands;
  if (op === 'not') return set(to.value, i32.sub(TRUE, a.value));
  const better = op === 'and' ? i32.ltS : i32.gtS;
  return seq(set(to.value, a.value), ...operands.slice(1).map((next) => set(to.value, select(better(next.value, get(to.value)), next.value, get(to.value)))));
}

/** Code that sets `to` to the value of a node with operands. `kind` is that of the node. */
export function operation(context: Context, { op }: Node, kind: Kind, to: Target, operands: readonly Place[]): Code {
  const { link, top } = context;
  const [a, b, c] = operands;
  const bool = (bit: Code): Code => set(to.value, strictBool(operands, bit));
  switch (op) {
    case 'not':
    case 'and':
    case 'or':
      return threeValued(op, to, operands);
    case 'sel':
      return selection(to, a, b, c);
    case 'eq':
      return bool(equal(link, a, b));
    case 'lt':
    case 'le':
      return bool(before(link, a, b, op === 'le'));
    case 'add':
      return kind === 'int' ? arithmetic(context, op, to, operands) : set(to.value, joined(context, operands));
    case 'sub':
    case 'mul':
    case 'div':
    case 'rem':
    case 'neg':
      return arithmetic(context, op, to, operands);
    case 'size': {
      const length = i64.extendU(a.kind === 'str' ? link('points', a.value) : lengthOf(a.value));
      if (a.fails === null) return set(to.value, length);
      return seq(set(to.value, choose(I64, tee(to.fails, a.fails), ZERO64, length)));
    }
    case 'get':
      return item(context, kind, to, operands);
    case 'has':
      return bool(i32.geS(findKey(link, a, b), i32.const(0)));
    case 'member':
      return bool(member(link, a, b));
    case 'list':
      return newList(context, to, operands);
    case 'map':
      return newMap(context, to, operands, true);
    case 'starts':
    case 'ends':
      return bool(link(op, a.value, b.value));
    default:
      return bool(link('contains', a.value, b.value, get(top)));
  }
}
