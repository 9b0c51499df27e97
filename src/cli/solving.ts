/** The solver for a command: loaded when it begins, ended when it ends, whatever happens. */
import { openSolver, type Solver } from '../author/solver.ts';
import type { Call } from './command.ts';

/** Without the optional package `work` gets null, and a note says what is missing. */
export async function withSolver<T>(call: Call, work: (solver: Solver | null) => Promise<T>): Promise<T> {
  const { out } = call;
  out.progress(() => 'loading the solver');
  const solver = await openSolver();
  if (solver === null) out.note('The solver is not installed, so nothing is proved: npm install z3-solver');
  try {
    return await work(solver);
  } finally {
    out.wipe();
    await solver?.close();
  }
}
