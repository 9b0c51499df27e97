/** Steps: the interpreter's own, in its order, with the rounds of folds told apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, type Environment } from './compile.ts';
import { find, type Source } from './input.ts';
import { evaluate } from './interpret.ts';
import { printValue } from './print.ts';
import { stepsOf } from './steps.ts';

const ENVIRONMENT: Environment = new Map([['now_ms', 'int']]);
const INPUTS = 'inputs: { args.xs: "list(int, 64)", args.n: int, args.grid: "list(list(int, 8), 8)" }';

function played(judge: string, source: Source, max = 100, rounds_max = 100): { lines: string[]; count: number } {
  const { program, inputs } = compileText(`rule: r\ntitle: t\nscope: all\n${INPUTS}\njudge: ${JSON.stringify(judge)}\n`, ENVIRONMENT);
  const found = inputs.map((input) => find(input, source));
  const { steps, count } = stepsOf(program, found, max, rounds_max);
  const last = steps[steps.length - 1];
  if (steps.length === count) assert.deepEqual(last.result, evaluate(program, found), 'the last step is the answer');
  return { lines: steps.map(({ text, result, rounds }) => `${rounds.map((round) => `${round}|`).join('')}${text} = ${printValue(result)}`), count };
}

test('operands before their node, each once', () => {
  assert.deepEqual(played('args.n + 1 < 5 || args.n / 0 == 1', { args: { n: 3 } }).lines.sort(), [
    '0 = 0',
    '1 = 1',
    '5 = 5',
    'args.n + 1 < 5 = true',

    'args.n + 1 = 4',
    'args.n / 0 = error',
    'args.n / 0 == 1 = error',
    'args.n / 0 == 1 || args.n + 1 < 5 = true',
    'args.n = 3',
  ]);
});

test('a fold: its rounds, then itself', () => {
  assert.deepEqual(played('args.xs.all(x, x * x < 5)', { args: { xs: [1, 2, 3] } }).lines, [
    'args.xs = [1, 2, 3]',
    '5 = 5',
    '1|x1 = 1',
    '1|x1 * x1 = 1',
    '1|x1 * x1 < 5 = true',
    '2|x1 = 2',
    '2|x1 * x1 = 4',
    '2|x1 * x1 < 5 = true',
    '3|x1 = 3',
    '3|x1 * x1 = 9',
    '3|x1 * x1 < 5 = false',
    'args.xs.all(x1, x1 * x1 < 5) = false',
  ]);
});

test('a fold within a fold, with rows of different lengths', () => {
  const { lines } = played('args.grid.exists(row, row.exists(x, x == size(row)))', { args: { grid: [[5], [], [1, 2]] } });
  assert.deepEqual(
    lines.map((line) => line.replace(/[^|]*$/, '')).filter((rounds) => rounds !== ''),
    ['1|', '1|', '1|1|', '1|1|', '1|', '2|', '2|', '2|', '3|', '3|', '3|1|', '3|1|', '3|2|', '3|2|', '3|'],
  );
});

test('folds side by side begin at their first round', () => {
  const { lines } = played('args.xs.exists(x, x > 5) && args.xs.exists_one(x, x == 1)', { args: { xs: [1, 2] } });
  const rounds = lines.flatMap((line) => /^(\d)\|/.exec(line)?.[1] ?? []);
  assert.deepEqual(rounds, ['1', '1', '2', '2', '1', '1', '2', '2']);
});

test('the bounds: steps, and rounds of one fold; all are counted', () => {
  const xs = Array.from({ length: 60 }, (_, i) => i);
  const whole = played('args.xs.all(x, x >= 0) && args.n == 1', { args: { xs, n: 1 } }, 1_000);
  const rounds = played('args.xs.all(x, x >= 0) && args.n == 1', { args: { xs, n: 1 } }, 1_000, 3);
  const few = played('args.xs.all(x, x >= 0) && args.n == 1', { args: { xs, n: 1 } }, 5);
  assert.equal(whole.lines.length, whole.count);
  assert.deepEqual([rounds.count, few.count, few.lines.length], [whole.count, whole.count, 5]);
  assert.equal(rounds.lines.filter((line) => line.includes('|')).length, 6);
  assert.deepEqual(few.lines, whole.lines.slice(0, 5));
  assert.equal(rounds.lines[rounds.lines.length - 1], whole.lines[whole.lines.length - 1]);
});
