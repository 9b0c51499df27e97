/**
 * What is known of a program before it runs, in one pass over its nodes (spec/rule-ir.md ): regions,
 * types with bounds, which nodes can fail, gas, memory, and the least profile that has it.
 */
import { Fault } from '../base/fault.ts';
import { automatonBytes, automatonOf } from './automaton.ts';
import { type Const, constHeap, constType } from './constant.ts';
import { bounded, constBytes, foldGas, fullArena, GAS_MAX, nodeArena, nodeGas, WORKSPACE_BYTES } from './cost.ts';
import { foldType, isCore, isCoreFold, itemType, typeOf } from './infer.ts';
import { inputBytesMax } from './input.ts';
import { isFold, NO_PREDICATE, type Node, type Op, PROFILE_CORE, PROFILE_FULL, type Program, TREE_DEPTH_MAX } from './ir.ts';
import { BOOL, heapBytes, isCoreType, kindText, lengthOf, type Type, VALUE_BYTES_MAX } from './type.ts';

export interface Analysis {
  /** Of each node: its type with bounds. */
  readonly types: readonly Type[];
  /** Of each node: whether its value can be the error, as far as the operations tell. */
  readonly canFail: readonly boolean[];
  /** Of each node: the innermost fold that owns it, or −1. */
  readonly owner: readonly number[];
  /** Of each node: how many folds own it. A fold at level d binds item level d + 1. */
  readonly level: readonly number[];
  /** Of each node: whether the core profile has it: its operation, and the kinds of its operands and of itself. */
  readonly core: readonly boolean[];
  /** The least profile that the nodes need. */
  readonly profile: number;
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
 *   (in the core profile alone), rule_bound when a bound or the depth grows past what any limit allows
 */
export function analyse(program: Program): Analysis {
  const { nodes, inputs, consts } = program;
  const types: Type[] = [];
  const canFail: boolean[] = [];
  const owner: number[] = [];
  const level: number[] = [];
  const core: boolean[] = [];
  const depth: number[] = [];
  const whole: Open = { at: -1, end: nodes.length - 1, gas: 0, arena: 0 };
  const open: Open[] = [whole];

  const fail: (i: number, problem: string) => never = (i, problem) => {
    throw new Fault('rule_program', `node ${i}: ${problem}`, { node: i });
  };
  /** Every fold that owns j owns i, and j is complete at i. */
  const visible = (j: number, i: number): boolean =>
    (owner[j] < 0 || owner[j] + nodes[owner[j]].count >= i) && (!isFold(nodes[j].op) || j + nodes[j].count < i);
  const settle = (i: number, type: Type, isCoreNode: boolean, fails: boolean): void => {
    core[i] = isCoreNode && isCoreType(type) && type.kind !== 'none';
    if (!core[i] && program.profile === PROFILE_CORE)
      mismatch(
        i,
        nodes[i].op,
        nodes[i].operands.map((j) => types[j]),
        type,
      );
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
    const over = types[range];
    const isCoreNode = isCoreFold(op, over, predicate === NO_PREDICATE ? undefined : types[predicate], types[body]);
    if (predicate !== NO_PREDICATE && op !== 'collect' && op !== 'collectmap')
      throw new Fault('rule_type', `node ${i}: \`${op}\` has no predicate`, { node: i });
    const type = foldType(op, over, types[body]);
    settle(i, type, isCoreNode, !isCoreNode || canFail[range] || canFail[body] || (predicate !== NO_PREDICATE && canFail[predicate]));
    const own = core[i] ? nodeArena(op, [over], type) : fullArena(op, [over], type, 0);
    charge(open[open.length - 1], foldGas(op, over, fold.gas), own + lengthOf(over) * fold.arena);
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
    const leaf = leafType(program, node, (l) => types[nodes[(l > 0 ? open[l]?.at : undefined) ?? fail(i, `level ${l} is not open`)].operands[0]]);
    const type = leaf ?? typeOf(node.op, operands, node.imm);
    const isCoreNode = leaf !== undefined ? node.op !== 'iter' : isCore(node.op, operands);
    settle(i, type, isCoreNode, fallible(node, type, isCoreNode) || node.operands.some((j) => canFail[j]));
    const arena = core[i] ? nodeArena(node.op, operands, type) : fullArena(node.op, operands, type, node.imm);
    charge(inside, nodeGas(node.op, operands, type, node.imm), arena);
  }
  if (owner[program.out] !== -1) fail(program.out, 'the answer is a node of a fold');

  const profile =
    core.every(Boolean) && inputs.every((one) => isCoreType(one.type)) && consts.every((one) => isCoreType(constType(one))) ? PROFILE_CORE : PROFILE_FULL;
  const const_bytes = constantBytes(program) + (profile === PROFILE_CORE ? 0 : WORKSPACE_BYTES);
  return { types, canFail, owner, level, core, profile, gas: whole.gas, input_bytes: inputBytesMax(inputs), const_bytes, arena_bytes: whole.arena };
}

/** constants, and the automata of regular expressions. */
function constantBytes({ consts, nodes }: Program): number {
  const expressions = new Set(nodes.filter(({ op }) => op === 'match').map(({ imm }) => imm));
  const sum = consts.reduce<number>((all, value: Const) => all + constBytes(constHeap(value)), 0);
  return [...expressions].reduce((all, k) => all + automatonBytes(automatonOf(consts[k] as string)), sum);
}

/** Refuses what the core profile has no row for. */
function mismatch(i: number, op: Op, types: readonly (Type | undefined)[], type: Type): never {
  if (type.kind === 'none' && types.length === 0) throw new Fault('rule_type', `node ${i}: an item of a list or map that is always empty`, { node: i });
  const texts = types.map((one) => (one === undefined ? 'nothing' : kindText(one)));
  throw new Fault('rule_type', `\`${op}\` does not take (${texts.join(', ')})`, { node: i });
}

/** The type of a node without operands; `range` gives that of the fold which binds a level. */
function leafType(program: Program, node: Node, range: (level: number) => Type): Type | undefined {
  switch (node.op) {
    case 'const':
      return constType(program.consts[node.imm]);
    case 'in':
      return program.inputs[node.imm].type;
    case 'present':
      return BOOL;
    case 'elem':
    case 'key':
    case 'iter':
      return itemType(node.op, range(node.imm));
    default:
      return undefined;
  }
}

/** Operations of the full profile that give an error only where an operand is one. */
const SAFE: ReadonlySet<Op> = new Set<Op>(['const', 'elem', 'key', 'iter', 'eq', 'list', 'typeof']);

/** Whether an operation can fail on operands that did not. */
function fallible(node: Node, type: Type, isCoreNode: boolean): boolean {
  if (!isCoreNode && !SAFE.has(node.op)) return true;
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
