/**
 * The wasm backend of the rule IR (spec/rule-wasm.md): one module a program, deterministic bytes, nothing imported,
 * nothing kept between calls. Whatever a program does, it agrees with the interpreter, which is the specification.
 */
import { type Analysis, analyse } from './analysis.ts';
import { SLOT_BYTES } from './input.ts';
import { isFold, NO_PREDICATE, type Node, type Program } from './ir.ts';
import { assemble, type Code, f64, I32, i32, i64, Locals, seq, set, WASM_PAGE_BYTES } from './wasm-assembler.ts';
import { foldCode, itemCode, newRound, type Round } from './wasm-fold.ts';
import { booled, fullFold, fullOperation } from './wasm-full.ts';
import { inMemory, type Layout, layOut } from './wasm-layout.ts';
import { linked } from './wasm-link.ts';
import { type Context, FALSE, failed, input, operation, type Place, place, present, type Target, TRUE, target } from './wasm-node.ts';
import type { Link } from './wasm-runtime.ts';

/**
 * W-1: the module of an analysed program. Exports `memory` and `judge() → i32` (0 false, 1 error, 2 true).
 * The same program gives the same bytes.
 */
export function emitWasm(program: Program, analysis: Analysis = analyse(program)): Uint8Array<ArrayBuffer> {
  const layout = layOut(program, analysis);
  const boxes = new Boxes(layout.end);
  const functions = linked((link) => new Judge(program, analysis, layout, boxes, link).written());
  const memoryPages = Math.max(1, (boxes.end + WASM_PAGE_BYTES - 1) >>> 16);
  return assemble({ functions, memoryPages, data: layout.data.bytes.length === 0 ? [] : [layout.data] });
}

/** W-14: slots past the arena, each for one value. */
class Boxes {
  end: number;

  constructor(start: number) {
    this.end = start;
  }

  readonly box = (): number => {
    this.end += SLOT_BYTES;
    return this.end - SLOT_BYTES;
  };
}

/** The function `judge` while it is written. */
class Judge {
  private readonly program: Program;
  private readonly analysis: Analysis;
  private readonly layout: Layout;
  private readonly context: Context;
  /** Where each node's value is, once its code is written. */
  private readonly places: Place[] = [];
  /** The folds around, the outermost first. */
  private readonly rounds: Round[] = [];

  constructor(program: Program, analysis: Analysis, layout: Layout, { box }: Boxes, link: Link) {
    const locals = new Locals();
    this.program = program;
    this.analysis = analysis;
    this.layout = layout;
    this.context = { locals, link, top: locals.local(I32), scratch: locals.local(I32), box };
  }

  written() {
    const { locals, top } = this.context;
    const code = this.region(0, this.program.nodes.length);
    const answer = booled(this.context, this.places[this.program.out]);
    const body = seq(set(top, i32.const(this.layout.arena)), code, answer.code, answer.place.value);
    return { locals, result: I32, body, exported: 'judge' } as const;
  }

  /** W-7: the nodes from `start` to before `end`, those that folds among them own included. */
  private region(start: number, end: number): Code {
    const { nodes } = this.program;
    const codes: Code[] = [];
    for (let i = start; i < end; i += 1 + nodes[i].count) codes.push(this.node(i, nodes[i]));
    return seq(...codes);
  }

  private node(i: number, node: Node): Code {
    const { op, imm, operands } = node;
    const { kind } = this.analysis.types[i];
    const ready = this.layout.lists.get(i);
    if (ready !== undefined) return this.given(i, i32.const(ready));
    if (isFold(op)) return this.fold(i, node);
    switch (op) {
      case 'const':
        return this.given(i, this.constant(imm));
      case 'in':
        return this.computed(i, (to) => input(kind, to, imm));
      case 'present':
        return this.computed(i, (to) => set(to.value, present(imm)));
      case 'elem':
      case 'key':
      case 'iter':
        return this.computed(i, (to) => itemCode(this.context, op, kind, to, this.rounds[imm - 1]));
      default: {
        const places = operands.map((j) => this.places[j]);
        // what never has a value stands nowhere
        const core = this.analysis.core[i] && places.every((one) => one.kind !== 'none');
        return this.computed(i, (to) =>
          core
            ? operation(this.context, node, kind, to, places)
            : fullOperation(this.context, node, kind, to, places, this.layout.automata.get(op === 'match' ? imm : -1)),
        );
      }
    }
  }

  /** A node whose value its code puts into locals. */
  private computed(i: number, code: (to: Target) => Code): Code {
    const { kind } = this.analysis.types[i];
    const canFail = this.analysis.canFail[i];
    const to = target(this.context.locals, kind, canFail);
    this.places[i] = place(kind, to, canFail);
    return code(to);
  }

  /** A node whose value is at hand without any code. */
  private given(i: number, value: Code): Code {
    this.places[i] = { kind: this.analysis.types[i].kind, value, fails: null };
    return [];
  }

  private constant(index: number): Code {
    const value = this.program.consts[index];
    if (typeof value === 'boolean') return value ? TRUE : FALSE;
    if (typeof value === 'bigint') return i64.const(value);
    if (typeof value === 'number') return f64.const(value);
    if (!inMemory(value)) return i64.const(BigInt.asIntN(64, value.value));
    // what only lists of constants hold has no slot of its own, and no code reads it
    return i32.const(this.layout.consts[index] ?? 0);
  }

  private fold(i: number, { op, operands, count }: Node): Code {
    const [range, predicate, body] = operands;
    const { places } = this;
    const { kind } = this.analysis.types[range];
    if (kind !== 'list' && kind !== 'map' && kind !== 'dyn') return this.computed(i, (to) => failed(this.analysis.types[i].kind, to));
    const round = newRound(this.context.locals, kind);
    this.rounds.push(round);
    const owned = this.region(i + 1, i + 1 + count);
    this.rounds.pop();
    const parts = { round, range: places[range], owned, predicate: predicate === NO_PREDICATE ? null : places[predicate], body: places[body] };
    return this.computed(i, (to) => (this.analysis.core[i] ? foldCode : fullFold)(this.context, op, to, parts));
  }
}
