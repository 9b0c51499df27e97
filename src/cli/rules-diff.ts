/** `avactl rules diff`: what becomes looser and what stricter, in words and by example. */
import { type Compared, type Direction, diff, type RuleChange, type Word } from '../author/diff.ts';
import { ENVIRONMENT } from '../law/rule.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { withSolver } from './solving.ts';
import { plain, plural } from './text.ts';

export async function diffRules(call: Call): Promise<number> {
  const { out } = call;
  const [before, after] = call.operands;
  const report = await withSolver(call, (solver) => diff(before, after, ENVIRONMENT, solver, (what) => out.progress(() => `comparing ${plain(what)}`)));
  out.value(report);
  for (const { file, line, column, message } of report.findings) out.line(`${plain(file)}:${line}:${column} ${out.paint('red', 'error')} ${plain(message)}`);
  for (const word of report.words) printWord(out, word, '');
  for (const change of report.rules) printRule(out, change);
  for (const text of report.left_out) out.line(`left out  ${plain(text)}`);
  if (report.rules.length === 0 && report.words.length === 0) out.line('Nothing differs.');
  if (report.verdict !== null) {
    out.line(out.paint('bold', 'All rules together'));
    printCompared(out, report.verdict, 'call');
  } else if (report.rules.length > 0) out.line(`${plural(report.rules.length, 'rule')} changed`);
  return report.findings.length > 0 ? EXIT.rule : EXIT.ok;
}

const KINDS: Readonly<Record<RuleChange['kind'], string>> = { added: 'is new', removed: 'is gone', changed: 'changed' };

function printRule(out: Output, { rule, kind, words, meaning }: RuleChange): void {
  out.line(`${out.paint('bold', plain(rule))} ${KINDS[kind]}`);
  for (const word of words) printWord(out, word, '  ');
  if (meaning !== null) printCompared(out, meaning, 'call, by this rule alone,');
  out.line();
}

function printWord(out: Output, { text, effect }: Word, indent: string): void {
  out.line(`${indent}${plain(text)}${effect === null ? '' : `: ${out.paint(effect === 'looser' ? 'yellow' : 'green', effect)}`}`);
}

function printCompared(out: Output, { looser, stricter }: Compared, what: string): void {
  printDirection(out, 'looser', looser, what);
  printDirection(out, 'stricter', stricter, what);
}

function printDirection(out: Output, name: 'looser' | 'stricter', direction: Direction, what: string): void {
  const label = out.paint(name === 'looser' ? 'yellow' : 'green', name.padEnd(8));
  if (direction.kind === 'example') out.line(`  ${label}  ${plain(direction.example.outcome)}:  given ${plain(direction.example.given)}`);
  else if (direction.kind === 'unknown') out.line(`  ${label}  not proved: ${plain(direction.why)}`);
  else {
    const within = direction.within.length === 0 ? 'proved' : `proved for ${direction.within.join(' and ')}`;
    out.line(`  ${label}  no ${what} is judged ${name === 'looser' ? 'less' : 'more'} strictly (${within})`);
  }
}
