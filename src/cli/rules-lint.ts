/** `avactl rules lint`: what is wrong with rules, each claim with an example. */
import { type Finding, lint } from '../author/lint.ts';
import { ENVIRONMENT } from '../law/rule.ts';
import { caretIn } from './caret.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Colour, Output } from './output.ts';
import { withSolver } from './solving.ts';
import { plain, plural } from './text.ts';

const COLOURS: Readonly<Record<Finding['severity'], Colour>> = { error: 'red', warning: 'yellow', note: 'cyan' };

export async function lintRules(call: Call): Promise<number> {
  const { out } = call;
  const [path = '.'] = call.operands;
  const report = await withSolver(call, (solver) => lint(path, ENVIRONMENT, solver, (what) => out.progress(() => `looking at ${plain(what)}`)));
  out.value(report);
  const { findings } = report;
  for (const finding of findings) printFinding(out, finding);
  const count = (severity: Finding['severity']): string => plural(findings.filter((one) => one.severity === severity).length, severity);
  out.line(`${plural(report.rules, 'rule')}: ${count('error')}, ${count('warning')}, ${count('note')}${report.solved ? '' : '; nothing was proved'}`);
  return findings.some(({ severity }) => severity === 'error') ? EXIT.rule : EXIT.ok;
}

function printFinding(out: Output, { severity, code, rule, file, line, column, message, example, advice }: Finding): void {
  out.line(
    `${plain(file)}:${line}:${column} ${out.paint(COLOURS[severity], severity)} ${code}${rule === '' ? '' : ` ${out.paint('bold', rule)}`}: ${plain(message)}`,
  );
  for (const text of caretIn(file, line, column)) out.line(out.paint('dim', text));
  if (example !== undefined) out.line(`  given ${plain(example.given)}  →  ${plain(example.outcome)}`);
  if (advice !== undefined) out.line(`  ${advice}`);
  out.line();
}
