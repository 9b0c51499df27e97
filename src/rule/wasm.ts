/**
 * The wasm backend of the rule IR (spec/rule-wasm.md): one module a program, deterministic bytes, nothing imported,
 * nothing kept between calls. Whatever a program does, it agrees with the interpreter, which is the specification.
 */
import { type Analysis, analyse } from './analysis.ts';
import { SLOT_BYTES } from './input.ts';
import { isFold, NO_PREDICATE, type Node, type Program } from './ir.ts';
import { assemble, type Code, get, I32, i32, i64, Locals, seq, set } from './wasm-assembler.ts';
import { foldCode, newRound, type Round } from './wasm-fold.ts';
import { type Layout, layOut } from './wasm-layout.ts';
import { type Context, ERROR, FALSE, input, operation, type Place, place, present, type Target, TRUE, target, unpack } from './wasm-node.ts';
import { type Link, linked } from './wasm-runtime.ts';

/**
 * W-1: the module of an analysed program. Exports `memory` and `judge() → i32` (0 false, 1 error, 2 true).
 * The same program gives the same bytes.
 */
export function emitWasm(program: Program, analysis: Analysis = analyse(program)): Uint8Array<ArrayBuffer> {
  const layout = layOut(program, analysis);
  const functions = linked((link) => new Judge(program, analysis, layout, link).written());
  return assemble({ functions, memoryPages: layout.memoryPages, data: layout.data.bytes.length === 0 ? [] : [layout.data] });
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

  constructor(program: Program, analysis: Analysis, layout: Layout, link: Link) {
    const locals = new Locals();
    this.program = program;
    this.analysis = analysis;
    this.layout = layout;
    this.context = { locals, link, top: locals.local(I32), scratch: locals.local(I32) };
  }

  written() {
    const { locals, top } = this.context;
    const code = this.region(0, this.program.nodes.length);
    const out = this.places[this.program.out];
    const body = seq(set(top, i32.const(this.layout.arena)), code, out.kind === 'bool' ? out.value : ERROR);
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
        return this.computed(i, (to) => this.item(i, op, to, this.rounds[imm - 1]));
      default:
        return this.computed(i, (to) =>
          operation(
            this.context,
            node,
            kind,
            to,
            operands.map((j) => this.places[j]),
          ),
        );
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
    if (typeof value === 'bigint') return i64.const(value);
    if (typeof value === 'boolean') return value ? TRUE : FALSE;
    // a text that only lists of constants hold has no slot of its own, and no code reads it
    return i32.const(this.layout.consts[index] ?? 0);
  }

  private item(i: number, op: 'elem' | 'key', to: Target, { at, first, overMap }: Round): Code {
    if (op === 'key' && !overMap) return set(to.value, i64.extendU(i32.shrU(i32.sub(get(at), get(first)), i32.const(4))));
    return unpack(this.analysis.types[i].kind, to, op === 'elem' && overMap ? i32.add(get(at), i32.const(SLOT_BYTES)) : get(at), null);
  }

  private fold(i: number, { op, operands, count }: Node): Code {
    const [range, predicate, body] = operands;
    const { places } = this;
    const round = newRound(this.context.locals, this.analysis.types[range].kind === 'map');
    this.rounds.push(round);
    const owned = this.region(i + 1, i + 1 + count);
    this.rounds.pop();
    const parts = { round, range: places[range], owned, predicate: predicate === NO_PREDICATE ? null : places[predicate], body: places[body] };
    return this.computed(i, (to) => foldCode(this.context, op, to, parts));
  }
}
