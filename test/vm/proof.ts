/** Proves that gas of an instrumented module is exact and tested in time: body by body (body-proof.ts). */
import { type Costs, SCHEDULE } from '../../src/vm/schedule.ts';
import { BodyProof } from './body-proof.ts';
import { disassemble } from './disassemble.ts';

/**
 * Proves all bodies of an instrumented module whose functions are all exported (their guards name their fees); gives how
 * many instructions that was. @throws Error that names the place
 */
export function prove(bytes: Uint8Array, instrumented: Uint8Array, costs: Costs = SCHEDULE.costs): number {
  const [module, made] = [disassemble(bytes), disassemble(instrumented)];
  const fees = module.functions.map(() => 0);
  for (const { name, kind, index } of module.exports) {
    if (kind !== 0) continue;
    const door = made.exports.find((one) => one.kind === 0 && one.name === name)?.index ?? index;
    if (door < module.functions.length || index < module.importedFunctions) continue;
    const { tokens } = made.bodies[door - module.importedFunctions];
    const charge = tokens.slice(0, 4).map(({ op }) => op);
    if (charge.join() !== '35,66,125,36' || tokens[0].value !== module.globals) throw new Error(`the guard of function ${index} charges otherwise`);
    fees[index] = tokens[1].value;
  }
  for (const index of module.elements) if (fees[index] !== 0) throw new Error(`function ${index} stands in a table and has a fee`);
  let count = 0;
  for (const [i, original] of module.bodies.entries()) {
    new BodyProof({ original, body: made.bodies[i], module, fees, index: module.importedFunctions + i, costs }).prove();
    count += original.tokens.length;
  }
  return count;
}
