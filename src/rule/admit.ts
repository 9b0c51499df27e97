/** Admission of a program's bytes: the machine takes no rule that it would have written otherwise. */
import { equal, type Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { INPUT_BYTES_MAX } from '../base/limit.ts';
import { type Analysis, analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import { bounded, GAS_MAX, MEMORY_PAGES_MAX, PAGE_BYTES } from './cost.ts';
import { segments } from './input.ts';
import { decodeProgram, encodeProgram, type Input, isFold, NO_PREDICATE, type Program, programId } from './ir.ts';
import { apply, applyMarked, type Binder, constant, type FoldOp, fold, input, item, type PlainOp, present, type Term } from './term.ts';

export interface ProgramLimits {
  readonly gas: number;
  /** 64 KiB pages for inputs, constants and arena. */
  readonly memory_pages: number;
}

export interface Admitted {
  readonly program: Program;
  readonly analysis: Analysis;
  readonly bytes: Uint8Array;
  readonly id: Octets;
}

const PATH = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_$-]+)*(?:\.[a-z_]+\([A-Za-z0-9_.$-]+,[1-9]\d{0,15}\))?$/;
export const isPath = (text: string): boolean => PATH.test(text);

/**
 * decodes, checks regions, types and bounds, lifts to terms, writes the canonical form and compares bytes.
 * @throws Fault cbor_*, rule_program, rule_type, rule_bound, rule_not_canonical
 */
export function admit(bytes: Uint8Array, limits: ProgramLimits): Admitted {
  const program = decodeProgram(bytes);
  checkInputs(program.inputs);
  const analysis = checkBounds(program, limits);
  //
  if (analysis.profile !== program.profile) throw new Fault('rule_program', `profile ${analysis.profile} is all that the program needs`);
  const { kind } = analysis.types[program.out];
  if (kind !== 'bool' && kind !== 'dyn') throw new Fault('rule_type', 'the answer of a rule is a bool');
  const again = encodeProgram(canonical(lift(program)));
  if (!equal(bytes, again)) throw new Fault('rule_not_canonical');
  return { program, analysis, bytes, id: programId(bytes) };
}

/** paths are well-formed and different, and none lies within another. */
export function checkInputs(inputs: readonly Input[]): void {
  const paths = new Set<string>();
  for (const { path } of inputs) {
    if (!isPath(path)) throw new Fault('rule_program', `\`${path}\` is not a path`);
    if (paths.has(path)) throw new Fault('rule_program', `input \`${path}\` stands twice`);
    paths.add(path);
  }
  for (const path of paths) {
    const outer = prefixes(path).find((prefix) => paths.has(prefix));
    if (outer !== undefined) throw new Fault('rule_program', `input \`${path}\` lies within \`${outer}\``);
  }
}

/** `a.b.c` → `a`, `a.b`. */
export function prefixes(path: string): readonly string[] {
  const parts = segments(path);
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
}

/** gas and memory within the limits. */
export function checkBounds(program: Program, limits: ProgramLimits): Analysis {
  const analysis = analyse(program);
  bounded(analysis.input_bytes, INPUT_BYTES_MAX, 'bytes of inputs');
  bounded(analysis.gas, Math.min(limits.gas, GAS_MAX), 'gas');
  const pages = Math.min(limits.memory_pages, MEMORY_PAGES_MAX);
  bounded(analysis.input_bytes + analysis.const_bytes + analysis.arena_bytes, pages * PAGE_BYTES, 'bytes of memory');
  return analysis;
}

/** The term of a program's answer; `analyse` has passed the program. */
export const lift = (program: Program): Term => liftAll(program)[program.out];

/** The terms of all its nodes. */
export function liftAll(program: Program): readonly Term[] {
  const { nodes, inputs, consts } = program;
  const terms: Term[] = [];
  const open: { at: number; binder: Binder }[] = [];
  const close = (): void => {
    const { at, binder } = open.pop() as { at: number; binder: Binder };
    const [range, predicate, body] = nodes[at].operands;
    terms[at] = fold(nodes[at].op as FoldOp, binder, terms[range], predicate === NO_PREDICATE ? undefined : terms[predicate], terms[body]);
  };
  for (let i = 0; i <= nodes.length; i++) {
    while (open.length > 0 && open[open.length - 1].at + nodes[open[open.length - 1].at].count < i) close();
    if (i === nodes.length) break;
    const { op, imm, operands } = nodes[i];
    if (isFold(op)) open.push({ at: i, binder: { name: `x${open.length + 1}`, range: terms[operands[0]].type } });
    else if (op === 'const') terms[i] = constant(consts[imm]);
    else if (op === 'in') terms[i] = input(inputs[imm]);
    else if (op === 'present') terms[i] = present(inputs[imm]);
    else if (op === 'elem' || op === 'key' || op === 'iter') terms[i] = item(op, open[imm - 1].binder);
    else if (op === 'match') terms[i] = applyMarked(op, consts[imm] as string, ...operands.map((j) => terms[j]));
    else if (op === 'tsget' || op === 'call') terms[i] = applyMarked(op, imm, ...operands.map((j) => terms[j]));
    else terms[i] = apply(op as PlainOp, ...operands.map((j) => terms[j]));
  }
  return terms;
}
