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

/**
 * @param goal what must hold
 * @param holds the same, asked of the interpreter
 * @param shown whether people will read what is found: then it is looked for among small numbers and plain letters first
 * @throws Fault internal when the interpreter does not agree with the solver
 */
export async function find(solver: Solver, world: World, goal: Term, holds: (source: Source) => boolean, shown = true): Promise<Found> {
  if (goal === FALSE) return { kind: 'none' };
  const asked = world.asked();
  const values = asked.length === 0 ? '' : `(get-value (${asked.join(' ')}))`;
  let answer = '';
  for (const wish of shown ? world.wishes() : [TRUE]) {
    answer = (await solver.run(world.script, `(push)\n(assert ${world.script.and(goal, wish)})\n(check-sat)`)).trim();
    const model = answer === 'sat' ? await solver.run(world.script, values) : '';
    await solver.run(world.script, '(pop)');
    if (answer === 'sat') {
      const of = new Map([...model.matchAll(/\(([vt]\d+) ([^\s()]+)\)/g)].map(([, name, value]) => [name, value]));
      const source = world.read((variable) => of.get(variable));
      if (!holds(source)) throw new Fault('internal', 'the solver and the interpreter differ; please report the rule');
      return { kind: 'found', source };
    }
    // What takes too long among small values takes longer among all.
    if (answer === 'unknown') break;
    if (answer !== 'unsat') throw new Fault('internal', `the solver did not understand: ${answer.slice(0, 200)}`);
  }
  return { kind: answer === 'unsat' ? 'none' : 'unknown' };
}
