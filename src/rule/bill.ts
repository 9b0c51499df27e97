/** What a program costs, node by node (spec/rule-ir.md R-7): the terms of the sum that is its gas. */
import { analyse } from './analysis.ts';
import { foldGas, nodeGas } from './cost.ts';
import { isFold, type Program } from './ir.ts';
import { lengthOf } from './type.ts';

export interface Item {
  readonly node: number;
  /** Of one run, what it owns not counted. */
  readonly gas: number;
  /** Runs at most: the bounds of the folds around it. */
  readonly rounds: number;
}

/** The items of a program, in the order of its nodes; gas times rounds sum up to its gas. */
export function bill(program: Program): readonly Item[] {
  const { types, owner } = analyse(program);
  const rounds: number[] = [];
  return program.nodes.map(({ op, operands, imm }, node) => {
    const fold = owner[node];
    rounds[node] = fold < 0 ? 1 : rounds[fold] * lengthOf(types[program.nodes[fold].operands[0]]);
    const operandTypes = operands.map((j) => types[j]);
    const gas = isFold(op) ? foldGas(op, operandTypes[0], 0) : nodeGas(op, operandTypes, types[node], imm);
    return { node, gas, rounds: rounds[node] };
  });
}
