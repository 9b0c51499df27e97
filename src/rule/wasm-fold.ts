/** The code of a fold (spec/rule-wasm.md W-7, W-8): a loop over the slots of its range, with the nodes that it owns inside. */
import { ENTRY_BYTES, SLOT_BYTES } from './input.ts';
import type { Op } from './ir.ts';
import { brIf, type Code, either, get, I32, i32, type Locals, select, seq, set, tee, until, when } from './wasm-assembler.ts';
import { type Context, ERROR, FALSE, fill, header, isError, isTrue, NOWHERE, type Place, type Target, TRUE } from './wasm-node.ts';
import { lengthOf, offsetOf } from './wasm-runtime.ts';

/** A fold while its rounds run. */
export interface Round {
  /** Local: the slot of the item, or of the entry's key. */
  readonly at: number;
  /** Local: the slot of the first one. */
  readonly first: number;
  /** Local: where the last one ends. */
  readonly end: number;
  readonly overMap: boolean;
}

export const newRound = (locals: Locals, overMap: boolean): Round => ({ at: locals.local(I32), first: locals.local(I32), end: locals.local(I32), overMap });

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
  const whole = op === 'all' || op === 'any' ? extreme(op, to, parts) : op === 'one' ? exactlyOne(context, to, parts) : collect(context, to, parts);
  return range.fails === null ? whole : either(range.fails, set(to.value, op === 'collect' ? NOWHERE : ERROR), whole);
}

/** Runs the owned nodes and then `accumulate` once an item; there `br(0)` would skip the step, `br(1)` ends the loop. */
function each({ round, range, owned }: FoldParts, ...accumulate: readonly Code[]): Code {
  const { at, first, end, overMap } = round;
  const size = i32.const(overMap ? ENTRY_BYTES : SLOT_BYTES);
  return seq(
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

/** collect: reserves a slot an item, fills those whose predicate is true and writes the length last. */
function collect({ locals, top }: Context, { value }: Target, parts: FoldParts): Code {
  const { range, predicate, body } = parts;
  const next = locals.local(I32);
  const bad = locals.local(I32);
  /** `depth` blocks stand between this code and the loop's. */
  const append = (depth: number): Code =>
    seq(body.fails === null ? [] : brIf(1 + depth, tee(bad, body.fails)), fill(next, 0, body), set(next, i32.add(get(next), i32.const(SLOT_BYTES))));
  const accumulate =
    predicate === null ? append(0) : seq(predicate.fails === null ? [] : brIf(1, tee(bad, predicate.fails)), when(isTrue(predicate.value), append(1)));
  const length = i32.shrU(i32.sub(i32.sub(get(next), get(value)), i32.const(SLOT_BYTES)), i32.const(4));
  return seq(
    set(value, get(top)),
    set(next, i32.add(get(top), i32.const(SLOT_BYTES))),
    set(top, i32.add(get(next), i32.shl(lengthOf(range.value), i32.const(4)))),
    set(bad, i32.const(0)),
    each(parts, accumulate),
    header(value, 'list', length),
    set(value, select(get(bad), NOWHERE, get(value))),
  );
}
