/** How a rule is judged: planned inputs, the module that runs, and the interpreter that anybody can recompute with. */
import type { Analysis } from './analysis.ts';
import { readInputs } from './input.ts';
import { type Answer, judge } from './interpret.ts';
import type { Program } from './ir.ts';
import { emitWasm } from './wasm.ts';

export { type Automaton, automatonOf } from './automaton.ts';
export { FUNCTIONS } from './function.ts';
export type { Answer } from './interpret.ts';
export { type Step, type Steps, stepsOf } from './steps.ts';
export { type InputWriter, planWriter } from './writer.ts';

/** W-1: the module of a program: the same bytes wherever and whenever it is made. `analysis` saves a second pass. */
export const wasmOf = (program: Program, analysis?: Analysis): Uint8Array<ArrayBuffer> => emitWasm(program, analysis);

/**
 * The answer that the interpreter, which is the specification, gives for an input buffer: 0 false, 1 error, 2 true.
 * @throws Fault rule_inputs when no writer would have made these bytes for this program
 */
export const interpretRule = (program: Program, buffer: Uint8Array): Answer => judge(program, readInputs(program.inputs, buffer));
