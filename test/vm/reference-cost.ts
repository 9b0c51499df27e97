/** What instructions cost (VM-9), by the page's table. */
import type { Costs } from '../../src/vm/schedule.ts';
import { makesNan, type Operation } from './operation.ts';
import type { Instruction, Program } from './program.ts';

export function operationCost(operation: Operation, costs: Costs): number {
  const name = operation.name.split('.')[1];
  if (operation.bytes > 0) return costs.memory;
  const { params, result } = operation;
  const floats = [...params, result].some((type) => type === 'f32' || type === 'f64');
  if (floats) {
    if ((params[0] === 'f32' || params[0] === 'f64') && (name === 'div' || name === 'sqrt')) return costs.float_divide;
    return makesNan(operation) ? costs.float_nan : costs.float;
  }
  if (name === 'mul') return costs.multiply;
  if (/^(?:div|rem)_/.test(name)) return result === 'i32' ? costs.divide32 : costs.divide64;
  return costs.simple;
}

/** A loop's cost is charged at each turn, and not where it stands. */
export function instructionCost(instruction: Instruction, { types, imports, functions }: Program, costs: Costs): number {
  switch (instruction.kind) {
    case 'block':
      return costs.free;
    case 'loop':
      return 0;
    case 'if':
    case 'br':
    case 'br_if':
      return costs.branch;
    case 'br_table':
      return costs.branch + costs.table_bit * (instruction.labels.length === 0 ? 0 : instruction.labels.length.toString(2).length);
    case 'call':
    case 'call_indirect': {
      const { index } = instruction.kind === 'call' ? instruction : { index: -1 };
      const type = instruction.kind === 'call_indirect' ? instruction.type : index < imports.length ? imports[index] : functions[index - imports.length].type;
      return costs[instruction.kind] + costs.argument * (types[type].params.length + types[type].results.length);
    }
    case 'operation':
      return operationCost(instruction.operation, costs);
    case 'memory.grow':
    case 'memory.fill':
    case 'memory.copy':
      return costs.call;
    case 'memory.size':
    case 'global.get':
    case 'global.set':
      return costs.global;
    default:
      return costs.simple;
  }
}
