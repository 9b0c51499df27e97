/**
 * A question to the solver: is there anything for which a term holds? What it finds is read back as a source and must hold
 * on the interpreter too, or it is not told.
 */
import { Fault } from '../base/fault.ts';
import type { Source } from '../rule/input.ts';
import { FALSE, type Term, TRUE } from './script.ts';
import type { Solver } from './solver.ts';
import type { World } from './world.ts';

/** `none`: nothing within the model's room; `unknown`: the solver gave up. */
export type Found = { readonly kind: 'found'; readonly source: Source } | { readonly kind: 'none' } | { readonly kind: 'unknown' };

export const SOLVER_MS = 5_000;

/**
 * @param goal what must hold
 * @param holds the same, asked of the interpreter
 */
export async function find(solver: Solver, world: World, goal: Term, holds: (source: Source) => boolean): Promise<Found> {
  if (goal === FALSE) return { kind: 'none' };
  const wishes = world.wishes();
  const asked = world.asked();
  const head = `(set-option :timeout ${SOLVER_MS})\n${world.script.text()}\n(assert ${goal})`;
  const values = asked.length === 0 ? '' : `(get-value (${asked.join(' ')}))`;
  // One script for all wishes: what was learnt for one serves the next.
  for (const [i, wish] of wishes.entries()) {
    const output = await solver.run(`${head}\n${wish === TRUE ? '' : `(assert ${wish})`}\n(check-sat)\n${i < 0 ? '' : values}`);
    const answer = output.trimStart();
    if (answer.startsWith('sat')) {
      const model = new Map([...answer.matchAll(/\(([vt]\d+) ([^\s()]+)\)/g)].map(([, name, value]) => [name, value]));
      const source = world.read((variable) => model.get(variable));
      if (!holds(source)) throw new Fault('internal', 'the solver and the interpreter differ; please report the rule');
      return { kind: 'found', source };
    }
    if (answer.startsWith('unsat') && wish === TRUE) return { kind: 'none' };
    if (answer.startsWith('unknown') && wish === TRUE) return { kind: 'unknown' };
    if (!/^(?:unsat|unknown)/.test(answer)) throw new Fault('internal', `the solver did not understand: ${answer.slice(0, 200)}`);
  }
  return { kind: 'unknown' };
}
