/**
 * What is known of a program before it runs, in one pass over its nodes (spec/rule-ir.md ): regions, types with
 * bounds, which nodes can fail, gas, memory.
 */
import { Fault } from '../base/fault.ts';
import { bounded, constBytes, foldGas, GAS_MAX, lengthOf, nodeArena, nodeGas } from './cost.ts';
import { foldType, itemType, typeOf } from './infer.ts';
import { inputBytesMax } from './input.ts';
import { isFold, NO_PREDICATE, type Node, type Program, TREE_DEPTH_MAX } from './ir.ts';
import { BOOL, heapBytes, INT, str, type Type, VALUE_BYTES_MAX } from './type.ts';
import { textBytes } from './value.ts';

export interface Analysis {
  /** Of each node: its type with bounds. */
  readonly types: readonly Type[];
  /** Of each node: whether its value can be the error, as far as the operations tell. */
  readonly canFail: readonly boolean[];
  /** Of each node: the innermost fold that owns it, or −1. */
  readonly owner: readonly number[];
  /** Of each node: how many folds own it. A fold at level d binds item level d + 1. */
  readonly level: readonly number[];
  /** Of the whole program: R-7. */
  readonly gas: number;
  /** Most bytes of the input buffer. */
  readonly input_bytes: number;
  /** Bytes of the constants in memory. */
  readonly const_bytes: number;
  /** Most bytes that a run allocates. */
  readonly arena_bytes: number;
}

/** A fold whose owned nodes are being read: what they have summed up to. */
interface Open {
  readonly at: number;
  readonly end: number;
  gas: number;
  arena: number;
}

/**
 * @throws Fault rule_program when regions do not nest or an operand is out of sight, rule_type when operands do not fit,
 *   rule_bound when a bound or the depth grows past what any limit allows
 */
export function analyse(program: Program): Analysis {
  const { nodes, inputs } = program;
  const types: Type[] = [];
  const canFail: boolean[] = [];
  const owner: number[] = [];
  const level: number[] = [];
  const depth: number[] = [];
  const whole: Open = { at: -1, end: nodes.length - 1, gas: 0, arena: 0 };
  const open: Open[] = [whole];

  const fail: (i: number, problem: string) => never = (i, problem) => {
    throw new Fault('rule_program', `node ${i}: ${problem}`, { node: i });
  };
  /** Every fold that owns j owns i, and j is complete at i. */
  const visible = (j: number, i: number): boolean =>
    (owner[j] < 0 || owner[j] + nodes[owner[j]].count >= i) && (!isFold(nodes[j].op) || j + nodes[j].count < i);
  const settle = (i: number, type: Type, fails: boolean): void => {
    if (type.kind === 'none') throw new Fault('rule_type', `node ${i}: an item of a list or map that is always empty`, { node: i });
    heapBytes(type);
    types[i] = type;
    canFail[i] = fails;
    const operands = nodes[i].operands.filter((j) => j !== NO_PREDICATE);
    depth[i] = operands.reduce((most, j) => Math.max(most, depth[j] + 1), 1);
    if (depth[i] > TREE_DEPTH_MAX) throw new Fault('rule_bound', `node ${i}: more than ${TREE_DEPTH_MAX} levels`, { node: i });
  };
  const charge = (to: Open, gas: number, arena: number): void => {
    to.gas = bounded(to.gas + gas, GAS_MAX, 'gas');
    to.arena = bounded(to.arena + arena, VALUE_BYTES_MAX, 'bytes of memory');
  };
  const close = (fold: Open): void => {
    const i = fold.at;
    const { op, operands } = nodes[i];
    const [range, predicate, body] = operands;
    for (const j of [predicate, body]) {
      if (j !== NO_PREDICATE && !(j < i ? visible(j, i) : owner[j] === i)) fail(i, `operand ${j} is out of sight`);
    }
    const rangeType = types[range];
    const type = foldType(op, rangeType, predicate === NO_PREDICATE ? undefined : types[predicate], types[body]);
    settle(i, type, canFail[range] || canFail[body] || (predicate !== NO_PREDICATE && canFail[predicate]));
    charge(open[open.length - 1], foldGas(op, rangeType, fold.gas), nodeArena(op, [rangeType], type) + lengthOf(rangeType) * fold.arena);
  };

  for (let i = 0; i <= nodes.length; i++) {
    while (open.length > 1 && open[open.length - 1].end < i) close(open.pop() as Open);
    if (i === nodes.length) break;
    const node = nodes[i];
    const inside = open[open.length - 1];
    owner[i] = inside.at;
    level[i] = open.length - 1;
    if (isFold(node.op)) {
      const range = node.operands[0];
      if (range >= i || !visible(range, i)) fail(i, `operand ${range} is out of sight`);
      if (i + node.count > inside.end) fail(i, "a fold owns nodes that are not its region's");
      open.push({ at: i, end: i + node.count, gas: 0, arena: 0 });
      continue;
    }
    for (const j of node.operands) if (!visible(j, i)) fail(i, `operand ${j} is out of sight`);
    const operands = node.operands.map((j) => types[j]);
    const type =
      leafType(program, node, (l) => types[nodes[(l > 0 ? open[l]?.at : undefined) ?? fail(i, `level ${l} is not open`)].operands[0]]) ??
      typeOf(node.op, operands);
    settle(i, type, fallible(node, type) || node.operands.some((j) => canFail[j]));
    charge(inside, nodeGas(node.op, operands, type), nodeArena(node.op, operands, type));
  }
  if (owner[program.out] !== -1) fail(program.out, 'the answer is a node of a fold');

  const const_bytes = program.consts.reduce<number>((sum, value) => sum + constBytes(typeof value === 'string' ? textBytes(value) : 0), 0);
  return { types, canFail, owner, level, gas: whole.gas, input_bytes: inputBytesMax(inputs), const_bytes, arena_bytes: whole.arena };
}

/** The type of a node without operands; `range` gives that of the fold which binds a level. */
function leafType(program: Program, node: Node, range: (level: number) => Type): Type | undefined {
  switch (node.op) {
    case 'const': {
      const value = program.consts[node.imm];
      return typeof value === 'boolean' ? BOOL : typeof value === 'bigint' ? INT : str(textBytes(value));
    }
    case 'in':
      return program.inputs[node.imm].type;
    case 'present':
      return BOOL;
    case 'elem':
    case 'key':
      return itemType(node.op, range(node.imm));
    default:
      return undefined;
  }
}

/** Whether an operation can fail on operands that did not. */
function fallible(node: Node, type: Type): boolean {
  switch (node.op) {
    case 'in':
    case 'present':
    case 'get':
    case 'div':
    case 'rem':
    case 'sub':
    case 'mul':
    case 'neg':
      return true;
    case 'add':
      return type.kind === 'int';
    case 'map':
      return node.operands.length > 2;
    default:
      return false;
  }
}
