/**
 * The wasm backend of the rule IR (spec/rule-wasm.md): one module a program, deterministic bytes, nothing imported,
 * nothing kept between calls. Whatever a program does, it agrees with the interpreter, which is the specification.
 */
import { analyse, type Analysis } from './analysis.ts';
import { ENTRY_BYTES, SLOT_BYTES } from './input.ts';
import { isFold, NO_PREDICATE, type Node, type Program } from './ir.ts';
import { assemble, brIf, type Code, either, get, I32, i32, i64, Locals, select, seq, set, tee, until, when } from './wasm-assembler.ts';
import { type Layout, layOut } from './wasm-layout.ts';
import {
  type Context, ERROR, FALSE, fill, header, input, isError, isTrue, NOWHERE, operation, type Place, place, present, target, TRUE, unpack,
} from './wasm-node.ts';
import { type Link, lengthOf, linked, offsetOf } from './wasm-runtime.ts';

/** A fold while the nodes that it owns are written. */
interface Round {
  /** Local: the slot of the item, or of the entry's key. */
  readonly at: number;
  /** Local: where the first one is. */
  readonly first: number;
  readonly overMap: boolean;
}

/**
 * W-1: the module of an analysed program. Exports `memory` and `judge() → i32` (0 false, 1 error, 2 true).
 * The same program gives the same bytes.
 */
export function emitWasm(program: Program, analysis: Analysis = analyse(program)): Uint8Array<ArrayBuffer> {
  const layout = layOut(program, analysis);
  const functions = linked((link) => {
    const locals = new Locals();
    const body = judge(program, analysis, layout, locals, link);
    return { locals, result: I32, body, exported: 'judge' };
  });
  return assemble({ functions, memoryPages: layout.memoryPages, data: layout.data.bytes.length === 0 ? [] : [layout.data] });
}

function judge(program: Program, { types, canFail }: Analysis, layout: Layout, locals: Locals, link: Link): Code {
  const { nodes } = program;
  const context: Context = { locals, link, top: locals.local(I32), scratch: locals.local(I32) };
  const places: Place[] = [];
  const rounds: Round[] = [];

  /** A node whose value its code puts into locals. */
  const computed = (i: number, code: (to: ReturnType<typeof target>) => Code): Code => {
    const { kind } = types[i];
    const to = target(locals, kind, canFail[i]);
    places[i] = place(kind, to, canFail[i]);
    return code(to);
  };
  /** A node whose value is at hand without any code. */
  const given = (i: number, value: Code): Code => {
    places[i] = { kind: types[i].kind, value, fails: null };
    return [];
  };

  const leaf = (i: number, { op, imm }: Node): Code => {
    const { kind } = types[i];
    switch (op) {
      case 'const': {
        const value = program.consts[imm];
        if (typeof value === 'bigint') return given(i, i64.const(value));
        return given(i, typeof value === 'boolean' ? (value ? TRUE : FALSE) : i32.const(layout.consts[imm] ?? 0));
      }
      case 'in':
        return computed(i, (to) => input(kind, to, imm));
      case 'present':
        return computed(i, (to) => set(to.value, present(imm)));
      default: {
        const { at, first, overMap } = rounds[imm - 1];
        if (op === 'key' && !overMap) return computed(i, (to) => set(to.value, i64.extendU(i32.shrU(i32.sub(get(at), get(first)), i32.const(4)))));
        const slot = op === 'elem' && overMap ? i32.add(get(at), i32.const(SLOT_BYTES)) : get(at);
        return computed(i, (to) => unpack(kind, to, slot, null));
      }
    }
  };

  const fold = (i: number, node: Node): Code => {
    const [range, predicate, body] = node.operands;
    const { op } = node;
    const overMap = types[range].kind === 'map';
    const round: Round = { at: locals.local(I32), first: locals.local(I32), overMap };
    rounds.push(round);
    const owned = region(i + 1, i + 1 + node.count);
    rounds.pop();
    const end = locals.local(I32);
    const source = places[range];
    const size = overMap ? ENTRY_BYTES : SLOT_BYTES;
    const each = (...accumulate: readonly Code[]): Code =>
      seq(
        set(round.first, tee(round.at, offsetOf(source.value))),
        set(end, i32.add(get(round.at), i32.mul(lengthOf(source.value), i32.const(size)))),
        until(i32.eq(get(round.at), get(end)), owned, ...accumulate, set(round.at, i32.add(get(round.at), i32.const(size)))),
      );
    const guarded = (error: Code, whole: Code): Code => (source.fails === null ? whole : either(source.fails, error, whole));

    return computed(i, (to) => {
      const each_ = places[body];
      const result = get(to.value);
      switch (op) {
        case 'all':
        case 'any': {
          const [start, done, better] = op === 'all' ? [TRUE, FALSE, i32.ltS] : [FALSE, TRUE, i32.gtS];
          const loop = each(
            set(to.value, select(better(each_.value, result), each_.value, result)),
            // nothing can change the answer any more
            brIf(1, i32.eq(result, done)),
          );
          return guarded(set(to.value, ERROR), seq(set(to.value, start), loop));
        }
        case 'one': {
          const count = locals.local(I32);
          const loop = each(
            when(isError(each_.value), seq(set(to.value, ERROR), set(count, i32.const(0)), set(round.at, get(end)))),
            brIf(1, i32.eq(get(round.at), get(end))),
            set(count, i32.add(get(count), isTrue(each_.value))),
          );
          const answer = set(to.value, select(i32.eq(get(count), i32.const(1)), TRUE, result));
          return guarded(set(to.value, ERROR), seq(set(to.value, FALSE), set(count, i32.const(0)), loop, answer));
        }
        default:
          return collect(to.value, source, each, guarded, predicate === NO_PREDICATE ? null : places[predicate], each_);
      }
    });
  };

  /** W-8: reserves a slot an item, fills those whose predicate is true and writes the length last. */
  const collect = (
    value: number,
    source: Place,
    each: (...accumulate: readonly Code[]) => Code,
    guarded: (error: Code, whole: Code) => Code,
    predicate: Place | null,
    body: Place,
  ): Code => {
    const { top } = context;
    const to = locals.local(I32);
    const bad = locals.local(I32);
    const append = seq(fill(to, 0, body), set(to, i32.add(get(to), i32.const(SLOT_BYTES))));
    /** `depth` blocks stand between here and the loop. */
    const checked = (depth: number): Code => seq(body.fails === null ? [] : brIf(1 + depth, tee(bad, body.fails)), append);
    const accumulate =
      predicate === null
        ? checked(0)
        : seq(
            predicate.fails === null ? [] : brIf(1, tee(bad, predicate.fails)),
            when(isTrue(predicate.value), checked(1)),
          );
    return guarded(
      set(value, NOWHERE),
      seq(
        set(value, get(top)),
        set(to, i32.add(get(top), i32.const(SLOT_BYTES))),
        set(top, i32.add(get(to), i32.shl(lengthOf(source.value), i32.const(4)))),
        set(bad, i32.const(0)),
        each(accumulate),
        header(value, 'list', i32.shrU(i32.sub(i32.sub(get(to), get(value)), i32.const(SLOT_BYTES)), i32.const(4))),
        set(value, select(get(bad), NOWHERE, get(value))),
      ),
    );
  };

  /** W-7: the nodes from `start` to before `end`, those that folds among them own included. */
  const region = (start: number, end: number): Code => {
    const codes: Code[] = [];
    for (let i = start; i < end; i += 1 + nodes[i].count) {
      const node = nodes[i];
      const { op, operands } = node;
      const list = layout.lists.get(i);
      if (list !== undefined) codes.push(given(i, i32.const(list)));
      else if (isFold(op)) codes.push(fold(i, node));
      else if (operands.length === 0 && op !== 'list' && op !== 'map') codes.push(leaf(i, node));
      else codes.push(computed(i, (to) => operation(context, node, types[i].kind, to, operands.map((j) => places[j]))));
    }
    return seq(...codes);
  };

  const code = region(0, nodes.length);
  const out = places[program.out];
  return seq(set(context.top, i32.const(layout.arena)), code, out.kind === 'bool' ? out.value : ERROR);
}
