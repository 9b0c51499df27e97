/**
 * The interpreter: the meaning of the IR (spec/rule-ir.md R-5). Every backend agrees with it on value and error; where
 * they differ, this file is right. It is written to be read, not to be fast.
 */
import { ABSENT, type Found } from './input.ts';
import { fitsI64, isFold, NO_PREDICATE, type Node, type Program } from './ir.ts';
import { codePoints, compareScalars, ERROR, equalValues, findKey, isList, isMap, type MapValue, type Result, type Value } from './value.ts';

/** A rule's answer: 0 false, 1 error, 2 true. */
export type Answer = 0 | 1 | 2;
export const FALSE: Answer = 0;
export const FAILED: Answer = 1;
export const TRUE: Answer = 2;

/** The answer of a rule for these inputs. */
export const judge = (program: Program, found: readonly Found[]): Answer => answerOf(evaluate(program, found));

/** The value of the program's answer, of any type. */
export const evaluate = (program: Program, found: readonly Found[]): Result => trace(program, found)[program.out];

/** three-valued: whatever is not a bool counts as error. */
export const answerOf = (result: Result): Answer => (result === true ? TRUE : result === false ? FALSE : FAILED);
const resultOf = (answer: number): Result => (answer === TRUE ? true : answer === FALSE ? false : ERROR);

interface Item {
  readonly key: Value;
  readonly elem: Value;
}

/**
 * The values of all nodes; of a node in a fold, that of the last round, undefined if there was none. `watch` hears of each
 * run of a node, in order.
 */
export function trace(program: Program, found: readonly Found[], watch?: (node: number, results: readonly Result[]) => void): readonly Result[] {
  const { nodes, consts } = program;
  const results: Result[] = [];
  /** The items of the folds that are being run, by level from 1. */
  const items: Item[] = [];

  const run = (from: number, to: number): void => {
    for (let i = from; i < to; i += 1 + nodes[i].count) {
      results[i] = isFold(nodes[i].op) ? fold(nodes[i], i) : step(nodes[i]);
      watch?.(i, results);
    }
  };

  const step = (node: Node): Result => {
    switch (node.op) {
      case 'const':
        return consts[node.imm];
      case 'in': {
        const input = found[node.imm];
        return 'value' in input ? input.value : ERROR;
      }
      case 'present': {
        const input = found[node.imm];
        return 'value' in input ? true : input.missing === ABSENT ? false : ERROR;
      }
      case 'elem':
        return items[node.imm - 1].elem;
      case 'key':
        return items[node.imm - 1].key;
      case 'not':
        return resultOf(2 - answerOf(results[node.operands[0]]));
      case 'and':
        return resultOf(node.operands.reduce((least, j) => Math.min(least, answerOf(results[j])), TRUE as number));
      case 'or':
        return resultOf(node.operands.reduce((most, j) => Math.max(most, answerOf(results[j])), FALSE as number));
      case 'sel': {
        const [condition, then, otherwise] = node.operands;
        const answer = answerOf(results[condition]);
        return answer === FAILED ? ERROR : results[answer === TRUE ? then : otherwise];
      }
      default: {
        const operands: Value[] = [];
        for (const j of node.operands) {
          const result = results[j];
          if (result === ERROR) return ERROR;
          operands.push(result);
        }
        return strict(node.op, operands);
      }
    }
  };

  const fold = (node: Node, at: number): Result => {
    const [range, predicate, body] = node.operands;
    const over = results[range];
    if (over === ERROR) return ERROR;
    const rounds = itemsOf(over);
    let least = TRUE as number;
    let most = FALSE as number;
    let failed = false;
    let count = 0;
    const collected: Value[] = [];
    for (const item of rounds) {
      items.push(item);
      run(at + 1, at + 1 + node.count);
      items.pop();
      const keep = predicate === NO_PREDICATE ? TRUE : answerOf(results[predicate]);
      const result = results[body];
      const answer = answerOf(result);
      least = Math.min(least, answer);
      most = Math.max(most, answer);
      if (node.op === 'one') failed ||= answer === FAILED;
      else failed ||= keep === FAILED || (keep === TRUE && result === ERROR);
      if (answer === TRUE) count += 1;
      if (keep === TRUE && result !== ERROR) collected.push(result);
    }
    switch (node.op) {
      case 'all':
        return resultOf(least);
      case 'any':
        return resultOf(most);
      case 'one':
        return failed ? ERROR : count === 1;
      default:
        return failed ? ERROR : collected;
    }
  };

  run(0, nodes.length);
  return results;
}

function itemsOf(range: Value): readonly Item[] {
  if (isList(range)) return range.map((elem, i) => ({ key: BigInt(i), elem }));
  if (isMap(range)) return range.keys.map((key, i) => ({ key, elem: range.values[i] }));
  return [];
}

const int = (value: bigint): Result => (fitsI64(value) ? value : ERROR);

/** Operations whose operands are all values. Types are those that `analyse` has passed. */
function strict(op: Node['op'], operands: readonly Value[]): Result {
  const [a, b] = operands;
  switch (op) {
    case 'eq':
      return equalValues(a, b);
    case 'lt':
      return compareScalars(a, b) < 0;
    case 'le':
      return compareScalars(a, b) <= 0;
    case 'add':
      if (typeof a === 'string') return a + (b as string);
      if (typeof a === 'bigint') return int(a + (b as bigint));
      return [...(a as readonly Value[]), ...(b as readonly Value[])];
    case 'sub':
      return int((a as bigint) - (b as bigint));
    case 'mul':
      return int((a as bigint) * (b as bigint));
    case 'div':
      return b === 0n ? ERROR : int((a as bigint) / (b as bigint));
    case 'rem':
      // MIN rem −1 is an error because MIN div −1 is.
      return b === 0n || int((a as bigint) / (b as bigint)) === ERROR ? ERROR : (a as bigint) % (b as bigint);
    case 'neg':
      return int(-(a as bigint));
    case 'size':
      return BigInt(typeof a === 'string' ? codePoints(a) : isList(a) ? a.length : (a as MapValue).keys.length);
    case 'get':
      return get(a, b);
    case 'has':
      return findKey((a as MapValue).keys, b) >= 0;
    case 'member':
      return isList(b) ? b.some((item) => equalValues(item, a)) : findKey((b as MapValue).keys, a) >= 0;
    case 'list':
      return operands;
    case 'map':
      return mapOf(operands);
    case 'starts':
      return (a as string).startsWith(b as string);
    case 'ends':
      return (a as string).endsWith(b as string);
    case 'contains':
      return (a as string).includes(b as string);
    default:
      return ERROR;
  }
}

function get(container: Value, key: Value): Result {
  if (isList(container)) {
    const index = key as bigint;
    return index >= 0n && index < BigInt(container.length) ? container[Number(index)] : ERROR;
  }
  const { keys, values } = container as MapValue;
  const at = findKey(keys, key);
  return at >= 0 ? values[at] : ERROR;
}

/** A key given twice is an error. */
function mapOf(operands: readonly Value[]): Result {
  const keys: Value[] = [];
  const values: Value[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const at = findKey(keys, operands[i]);
    if (at >= 0) return ERROR;
    keys.splice(-1 - at, 0, operands[i]);
    values.splice(-1 - at, 0, operands[i + 1]);
  }
  return { keys, values };
}
