/**
 * The interpreter: the meaning of the IR (spec/rule-ir.md ). Every backend agrees with it on value and
 * error; where they differ, this file and those of the kinds of operations are right. It is written to be read, not to be
 * fast.
 */
import { utf8 } from '../base/bytes.ts';
import { add, divide, mathFunction, multiply, negate, remainder, subtract } from './arithmetic.ts';
import { automatonOf, matches } from './automaton.ts';
import { get, has, type Item, itemsOf, mapOf, member, merge, size } from './container.ts';
import { toBool, toBytes, toDouble, toDuration, toInt, toText, toTimestamp, toType, toUint } from './conversion.ts';
import { format } from './format.ts';
import { FUNCTIONS } from './function.ts';
import { ABSENT, type Found } from './input.ts';
import { isFold, NO_PREDICATE, type Node, type Program } from './ir.ts';
import { decodeBase64, encodeBase64, join, textFunction } from './text-function.ts';
import { durationPart, timestampPart } from './time.ts';
import { compareValues, ERROR, equalValues, isDuration, isTimestamp, type Result, type Value } from './value.ts';

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
      case 'key':
      case 'iter':
        return items[node.imm - 1][node.op];
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
        return strict(program, node, operands);
      }
    }
  };

  const fold = (node: Node, at: number): Result => {
    const [range, predicate, body] = node.operands;
    const over = results[range];
    const rounds = over === ERROR ? undefined : itemsOf(over);
    if (rounds === undefined) return ERROR;
    let least = TRUE as number;
    let most = FALSE as number;
    let failed = false;
    let count = 0;
    const keys: Value[] = [];
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
      if (keep === TRUE && result !== ERROR) {
        keys.push(item.key);
        collected.push(result);
      }
    }
    switch (node.op) {
      case 'all':
        return resultOf(least);
      case 'any':
        return resultOf(most);
      case 'one':
        return failed ? ERROR : count === 1;
      case 'collectmap':
        return failed ? ERROR : { keys, values: collected };
      default:
        return failed ? ERROR : collected;
    }
  };

  run(0, nodes.length);
  return results;
}

/** Operations whose operands are all values. */
function strict({ consts }: Program, { op, imm }: Node, operands: readonly Value[]): Result {
  const [a, b] = operands;
  switch (op) {
    case 'eq':
      return equalValues(a, b);
    case 'lt':
    case 'le': {
      const order = compareValues(a, b);
      return order === undefined ? ERROR : order < 0 || (op === 'le' && order === 0);
    }
    case 'add':
      return add(a, b);
    case 'sub':
      return subtract(a, b);
    case 'mul':
      return multiply(a, b);
    case 'div':
      return divide(a, b);
    case 'rem':
      return remainder(a, b);
    case 'neg':
      return negate(a);
    case 'size':
      return size(a);
    case 'get':
      return get(a, b);
    case 'has':
      return has(a, b);
    case 'member':
      return member(a, b);
    case 'list':
      return operands;
    case 'map':
      return mapOf(operands);
    case 'starts':
    case 'ends':
    case 'contains':
      return typeof a === 'string' && typeof b === 'string' ? TEXT_TESTS[op](a, b) : ERROR;
    case 'match':
      return typeof a === 'string' ? matches(automatonOf(consts[imm] as string), utf8(a)) : ERROR;
    case 'toint':
      return toInt(a);
    case 'touint':
      return toUint(a);
    case 'todbl':
      return toDouble(a);
    case 'tostr':
      return toText(a);
    case 'tobytes':
      return toBytes(a);
    case 'tobool':
      return toBool(a);
    case 'tots':
      return toTimestamp(a);
    case 'todur':
      return toDuration(a);
    case 'tsget':
      return isTimestamp(a) ? timestampPart(a, imm) : isDuration(a) ? (durationPart(a, imm) ?? ERROR) : ERROR;
    case 'typeof':
      return toType(a);
    case 'call':
      return called(FUNCTIONS[imm].name, operands);
    default:
      return ERROR;
  }
}

const TEXT_TESTS = {
  starts: (text: string, part: string): boolean => text.startsWith(part),
  ends: (text: string, part: string): boolean => text.endsWith(part),
  contains: (text: string, part: string): boolean => text.includes(part),
};

/** */
function called(name: string, operands: readonly Value[]): Result {
  const [a, b] = operands;
  if (name.startsWith('math.')) return mathFunction(name, a, b);
  switch (name) {
    case 'join':
      return join(a, operands[1]);
    case 'format':
      return format(a, b);
    case 'merge':
      return merge(a);
    case 'base64.encode':
      return encodeBase64(a);
    case 'base64.decode':
      return typeof a === 'string' ? (decodeBase64(a) ?? ERROR) : ERROR;
    default:
      return textFunction(name, operands);
  }
}
