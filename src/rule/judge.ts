/** How a rule is judged: planned inputs, the module that runs, and the interpreter that anybody can recompute with. */
import type { Analysis } from './analysis.ts';
import type { Program } from './ir.ts';
import { emitWasm } from './wasm.ts';

export { type InputWriter, planWriter } from './writer.ts';

/** What a program answers: 0 false, 1 error, 2 true. */
export type Answer = 0 | 1 | 2;

/** W-1: the module of a program: the same bytes wherever and whenever it is made. `analysis` saves a second pass. */
export const wasmOf = (program: Program, analysis?: Analysis): Uint8Array<ArrayBuffer> => emitWasm(program, analysis);
