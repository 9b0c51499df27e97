/** A judgement step by step: each run of each node with its text and its value, in order. What `explain --trace` shows. */
import { liftAll } from './admit.ts';
import type { Found } from './input.ts';
import { trace } from './interpret.ts';
import { isFold, type Op, type Program } from './ir.ts';
import { printTerm } from './print.ts';
import type { Result } from './value.ts';

export interface Step {
  readonly node: number;
  readonly op: Op;
  readonly text: string;
  readonly result: Result;
  /** The rounds of the folds around it, outermost first, from 1. */
  readonly rounds: readonly number[];
}

export interface Steps {
  /** At most the number asked for. */
  readonly steps: readonly Step[];
  /** How many there were. */
  readonly count: number;
}

/** A fold whose rounds are run. */
interface Running {
  readonly node: number;
  round: number;
  /** The last node of this round that came to its end; nodes come in rising order. */
  last: number;
}

/**
 * What the interpreter does, in its order: operands before the node, the rounds of a fold before the fold. `max` bounds
 * the steps, `rounds_max` those of one fold that are kept.
 */
export function stepsOf(program: Program, found: readonly Found[], max: number, rounds_max: number): Steps {
  const { nodes } = program;
  const terms = liftAll(program);
  const texts: string[] = [];
  const textOf = (node: number): string => (texts[node] ??= printTerm(terms[node]));
  const folds = nodes.flatMap(({ op, count }, node) => (isFold(op) && count > 0 ? [{ node, end: node + count }] : []));
  const steps: Step[] = [];
  const running: Running[] = [];
  let count = 0;
  trace(program, found, (node, results) => {
    // The folds that own it, outermost first.
    const around = folds.filter((fold) => fold.node < node && node <= fold.end);
    running.length = Math.min(running.length, around.length);
    for (const [level, fold] of around.entries()) {
      const inner = around[level + 1]?.node ?? node;
      if (running[level]?.node !== fold.node) {
        running.length = level;
        running.push({ node: fold.node, round: 1, last: fold.node });
      } else if (inner <= running[level].last) {
        running.length = level + 1;
        running[level].round += 1;
        running[level].last = fold.node;
      }
    }
    if (around.length > 0) running[around.length - 1].last = node;
    count += 1;
    if (steps.length >= max || running.some(({ round }) => round > rounds_max)) return;
    steps.push({ node, op: nodes[node].op, text: textOf(node), result: results[node], rounds: running.map(({ round }) => round) });
  });
  return { steps, count };
}
