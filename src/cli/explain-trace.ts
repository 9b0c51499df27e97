/** `avactl explain --trace`: each rule step by step, and what of it the receipt commits to. */
import type { verifyBundle } from '../audit/bundle.ts';
import { type RuleTrace, traceVerdict } from '../audit/trace.ts';
import { hex } from '../base/bytes.ts';
import { printValue } from '../rule/print.ts';
import { trapOf, trapText } from '../vm/trap.ts';
import { receiptId } from './explanation.ts';
import type { Output } from './output.ts';
import { clip, columns, grouped, moment, plain, plural } from './text.ts';

type Verified = ReturnType<typeof verifyBundle>;

const TEXT_MAX = 96;
const VALUE_MAX = 96;
/** Lines of one rule; --json has more. */
const LINES_MAX = 200;
const RESULTS = ['false', 'error', 'true', 'not run: its breaker is open', 'not run: it is halted'];

const resultText = (result: number): string => {
  const trap = trapOf(result - 16);
  return trap === undefined ? RESULTS[result] : `trap: ${trapText(trap)}`;
};

/** A rule's trace for --json. */
interface RuleSteps {
  readonly rule: string;
  readonly called_by: string | null;
  readonly result: string;
  readonly gas: number;
  /** Of an expression. `rounds` are those of the folds around the step, outermost first. */
  readonly steps?: readonly { readonly node: number; readonly op: string; readonly rounds: readonly number[]; readonly text: string; readonly value: string }[];
  readonly steps_count?: number;
  /** Of a guest. */
  readonly calls?: NonNullable<RuleTrace['guest']>['calls'];
  readonly calls_left_out?: number;
  readonly asked?: readonly string[];
}

export interface TraceView {
  readonly rules: readonly RuleSteps[];
  /** Recomputed with these steps; the receipt has the same. */
  readonly inputs_hash: string;
  readonly trace: string;
  readonly gas: number;
  readonly same: true;
}

function stepsView({ rule, callers, result, gas, steps, guest }: RuleTrace): RuleSteps {
  return {
    rule,
    called_by: callers.at(-1) ?? null,
    result: resultText(result),
    gas,
    ...(steps !== null && {
      steps: steps.steps.map(({ node, op, rounds, text, result: value }) => ({ node, op, rounds, text, value: printValue(value) })),
      steps_count: steps.count,
    }),
    ...(guest !== null && { calls: guest.calls, calls_left_out: guest.left_out, asked: guest.asked }),
  };
}

/** @throws Fault verify_failed where the steps lead elsewhere than the receipt */
export function traceView({ entry, recomputed }: Verified): TraceView | null {
  if (recomputed === null) return null;
  const { rules, inputs_hash, trace, gas } = traceVerdict(entry, recomputed);
  return { rules: rules.map(stepsView), inputs_hash: hex(inputs_hash), trace: hex(trace), gas, same: true };
}

export function printTrace(out: Output, { rules, inputs_hash, trace, gas }: TraceView): void {
  for (const rule of rules) {
    out.line();
    const called = rule.called_by === null ? '' : `, called by ${rule.called_by}`;
    out.line(`${out.paint('bold', rule.rule)}  ${rule.result}  ${out.paint('dim', `gas ${grouped(rule.gas)}${called}`)}`);
    for (const line of rule.steps === undefined ? callLines(rule) : stepLines(rule)) out.line(line);
  }
  out.line();
  out.line('Judged again step by step, and compared with the receipt:');
  const rows = [
    ['  inputs hash', inputs_hash, 'the same'],
    ['  gas', grouped(gas), 'the same'],
    ['  trace', trace, 'the same'],
  ];
  for (const row of columns(rows)) out.line(row);
}

/** Constants and inputs are in the lines of those that use them; the inputs stand once on top. */
function stepLines({ steps = [], steps_count = 0 }: RuleSteps): string[] {
  const shown = steps.filter(({ op }) => op !== 'const');
  const rows = shown.slice(0, LINES_MAX).map(({ rounds, text, value }) => {
    const round = rounds.length === 0 ? '' : `round ${rounds.join('.')}  `;
    return [`${'  '.repeat(rounds.length + 1)}${round}${clip(plain(text), TEXT_MAX)}`, '→', clip(plain(value), VALUE_MAX)];
  });
  const lines = columns(rows);
  const more = steps_count - steps.length + shown.length - Math.min(shown.length, LINES_MAX);
  return more === 0 ? lines : [...lines, `  … ${plural(more, 'step')} more${shown.length > LINES_MAX ? '; --json has most of them' : ''}`];
}

function callLines({ calls = [], calls_left_out = 0, asked = [] }: RuleSteps): string[] {
  const rows = calls
    .slice(0, LINES_MAX)
    .map(({ name, host, depth, gas }) => [
      `${'  '.repeat(depth + 1)}${host ? 'host ' : ''}${clip(plain(name), TEXT_MAX)}`,
      gas === null ? 'did not return' : `gas ${grouped(gas)}`,
    ]);
  const lines = columns(rows);
  if (calls.length > LINES_MAX) lines.push(`  … ${plural(calls.length - LINES_MAX, 'call')} more; --json has most of them`);
  if (calls_left_out > 0) lines.push(`  … ${plural(calls_left_out, 'beginning or end', 'beginnings and ends')} of functions not kept`);
  return [...lines, ...asked.map((event) => `  asked  ${clip(plain(event), TEXT_MAX)}`)];
}

/** What stands where the inputs are erased: the receipt, without its steps. */
export function printErased(out: Output, { entry, header }: Verified): void {
  const { receipt } = entry;
  out.line(`${out.verdict(receipt.verdict)}  ${receiptId(entry)}  ${moment(header.time_ms)}  gas ${grouped(receipt.gas)}`);
  for (const { rule, answer, cause, mode } of receipt.reasons) out.line(`  ${rule}  ${answer}  ${cause}  ${mode}`);
  out.line(out.paint('yellow', 'Its inputs were erased: that it stands in the ledger is proven, its steps cannot be replayed.'));
  const rows = [
    ['  inputs hash', receipt.inputs_hash === null ? '' : hex(receipt.inputs_hash), 'not recomputed'],
    ['  trace', receipt.trace === null ? '' : hex(receipt.trace), 'not recomputed'],
  ];
  for (const row of columns(rows)) out.line(row);
}
