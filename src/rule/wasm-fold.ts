/** The code of a fold (spec/rule-wasm.md W-7, W-8, W-12): a loop over the slots of its range, with the nodes that it owns inside. */
import { ENTRY_BYTES, SLOT_BYTES } from './input.ts';
import type { Op } from './ir.ts';
import { type Kind, tagOf as kindTag } from './type.ts';
import { brIf, type Code, either, get, I32, i32, i64, type Locals, select, seq, set, tee, until, when } from './wasm-assembler.ts';
import { type Context, ERROR, FALSE, fill, header, isError, isTrue, NOWHERE, type Place, type Target, TRUE, unpack } from './wasm-node.ts';
import { lengthOf, offsetOf, tagOf } from './wasm-runtime.ts';

/** A fold while its rounds run. */
export interface Round {
  readonly over: 'list' | 'map' | 'dyn';
  /** Local: the slot of the item, or of the entry's key. */
  readonly at: number;
  /** Local: the slot of the first one. */
  readonly first: number;
  /** Local: where the last one ends. */
  readonly end: number;
  /** Bytes from one to the next: known when the code runs where the range is a dyn. */
  readonly size: Code;
}

export function newRound(locals: Locals, over: Round['over']): Round {
  const round = { over, at: locals.local(I32), first: locals.local(I32), end: locals.local(I32) };
  return { ...round, size: over === 'dyn' ? get(locals.local(I32)) : i32.const(over === 'map' ? ENTRY_BYTES : SLOT_BYTES) };
}

/** The index of the item. */
const indexOf = ({ at, first }: Round): Code => i64.extendU(i32.shrU(i32.sub(get(at), get(first)), i32.const(4)));
const isEntry = ({ size }: Round): Code => i32.eq(size, i32.const(ENTRY_BYTES));

/** Code that sets `to` to the item of a fold: `iter` is the item of a list, the key of a map. */
export function itemCode({ box }: Context, op: 'elem' | 'key' | 'iter', kind: Kind, to: Target, round: Round): Code {
  const { over, at, size } = round;
  if (op === 'iter') return unpack(kind, to, get(at), null);
  if (op === 'elem') {
    const slot = over === 'list' ? get(at) : over === 'map' ? i32.add(get(at), i32.const(SLOT_BYTES)) : i32.sub(i32.add(get(at), size), i32.const(SLOT_BYTES));
    return unpack(kind, to, slot, null);
  }
  if (over === 'list') return set(to.value, indexOf(round));
  if (over === 'map') return unpack(kind, to, get(at), null);
  const slot = i32.const(box());
  return seq(fill(slot, 0, { kind: 'int', value: indexOf(round), fails: null }), set(to.value, select(isEntry(round), get(at), slot)));
}

export interface FoldParts {
  readonly round: Round;
  readonly range: Place;
  /** The code of the nodes that the fold owns. */
  readonly owned: Code;
  readonly predicate: Place | null;
  readonly body: Place;
}

/** Code that sets `to` to a fold's value. */
export function foldCode(context: Context, op: Op, to: Target, parts: FoldParts): Code {
  const { range } = parts;
  const collects = op === 'collect' || op === 'collectmap';
  const whole = collects ? collect(context, op, to, parts) : op === 'one' ? exactlyOne(context, to, parts) : extreme(op as 'all' | 'any', to, parts);
  return range.fails === null ? whole : either(range.fails, set(to.value, collects ? NOWHERE : ERROR), whole);
}

/** Runs the owned nodes and then `accumulate` once an item; there `br(0)` would skip the step, `br(1)` ends the loop. */
function each({ round, range, owned }: FoldParts, ...accumulate: readonly Code[]): Code {
  const { at, first, end, size, over } = round;
  const isMap = i32.eq(tagOf(range.value), i32.const(kindTag('map')));
  return seq(
    over === 'dyn' ? set(size[1], select(isMap, i32.const(ENTRY_BYTES), i32.const(SLOT_BYTES))) : [],
    set(first, tee(at, offsetOf(range.value))),
    set(end, i32.add(get(at), i32.mul(lengthOf(range.value), size))),
    until(i32.eq(get(at), get(end)), owned, ...accumulate, set(at, i32.add(get(at), size))),
  );
}

/** all, any: the least or the greatest of the rounds; past the last value that there is, the loop ends. */
function extreme(op: 'all' | 'any', to: Target, parts: FoldParts): Code {
  const [start, last, better] = op === 'all' ? [TRUE, FALSE, i32.ltS] : [FALSE, TRUE, i32.gtS];
  const { value } = parts.body;
  const best = get(to.value);
  return seq(set(to.value, start), each(parts, set(to.value, select(better(value, best), value, best)), brIf(1, i32.eq(best, last))));
}

/** one: how many rounds are true, unless one is the error. */
function exactlyOne({ locals }: Context, to: Target, parts: FoldParts): Code {
  const count = locals.local(I32);
  const bad = locals.local(I32);
  const { value } = parts.body;
  return seq(
    set(count, i32.const(0)),
    set(bad, i32.const(0)),
    each(parts, brIf(1, tee(bad, isError(value))), set(count, i32.add(get(count), isTrue(value)))),
    set(to.value, select(get(bad), ERROR, select(i32.eq(get(count), i32.const(1)), TRUE, FALSE))),
  );
}

/** collect, collectmap: reserves a slot or an entry an item, fills those whose predicate is true and writes the length last. */
function collect({ locals, top }: Context, op: 'collect' | 'collectmap', { value }: Target, parts: FoldParts): Code {
  const { range, predicate, body, round } = parts;
  const [kind, bytes, shift] = op === 'collect' ? (['list', SLOT_BYTES, 4] as const) : (['map', ENTRY_BYTES, 5] as const);
  const next = locals.local(I32);
  const bad = locals.local(I32);
  /** `depth` blocks stand between this code and the loop's. */
  const append = (depth: number): Code =>
    seq(
      body.fails === null ? [] : brIf(1 + depth, tee(bad, body.fails)),
      op === 'collect' ? [] : keyInto(get(next), round),
      fill(get(next), bytes - SLOT_BYTES, body),
      set(next, i32.add(get(next), i32.const(bytes))),
    );
  const accumulate =
    predicate === null ? append(0) : seq(predicate.fails === null ? [] : brIf(1, tee(bad, predicate.fails)), when(isTrue(predicate.value), append(1)));
  const length = i32.shrU(i32.sub(i32.sub(get(next), get(value)), i32.const(SLOT_BYTES)), i32.const(shift));
  return seq(
    set(value, get(top)),
    set(next, i32.add(get(top), i32.const(SLOT_BYTES))),
    set(top, i32.add(get(next), i32.shl(lengthOf(range.value), i32.const(shift)))),
    set(bad, i32.const(0)),
    each(parts, accumulate),
    header(value, kind, length),
    set(value, select(get(bad), NOWHERE, get(value))),
  );
}

/** The key of the item, in the slot of an entry. */
function keyInto(slot: Code, round: Round): Code {
  const index = fill(slot, 0, { kind: 'int', value: indexOf(round), fails: null });
  const key = fill(slot, 0, { kind: 'dyn', value: get(round.at), fails: null });
  return round.over === 'list' ? index : round.over === 'map' ? key : either(isEntry(round), key, index);
}
