/** `avactl rules import`: rules from what other tools have, with all that they do not say. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ImportReport, importRules } from '../author/import.ts';
import { type LintReport, lint } from '../author/lint.ts';
import { Fault } from '../base/fault.ts';
import { ENVIRONMENT } from '../law/rule.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { withSolver } from './solving.ts';
import { clip, plain, plural } from './text.ts';

const SOURCE_BYTES_MAX = 1_048_576;
const TEXT_MAX = 120;

export async function importFile(call: Call): Promise<number> {
  const { out } = call;
  const [path] = call.operands;
  const report = importRules(path, read(path), call.text('kind') ?? null, ENVIRONMENT);
  const folder = call.text('output') ?? `imported-${report.kind}`;
  write(folder, report);
  // A guest has no module before it is built: there is nothing to lint yet.
  const linted = report.kind === 'rego' || report.files.length === 0 ? null : await withSolver(call, (solver) => lint(folder, ENVIRONMENT, solver));
  out.value({ ...report, folder, files: report.files.map(({ name }) => join(folder, name)), findings: linted?.findings ?? [] });
  print(out, report, folder, linted);
  return linted?.findings.some(({ severity }) => severity === 'error') === true ? EXIT.rule : EXIT.ok;
}

function read(path: string): string {
  if (!existsSync(path) || !statSync(path).isFile()) throw new Fault('usage', `there is no file ${path}`, { path });
  if (statSync(path).size > SOURCE_BYTES_MAX) throw new Fault('usage', `${path} has more than ${SOURCE_BYTES_MAX} bytes`, { path });
  return readFileSync(path, 'utf8');
}

/** Nothing that is there is written over. */
function write(folder: string, { files }: ImportReport): void {
  const there = files.map(({ name }) => join(folder, name)).find((path) => existsSync(path));
  if (there !== undefined) throw new Fault('usage', `${there} is there already; name another folder with --output`, { path: there });
  for (const { name, text } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function print(out: Output, { kind, files, translated, changed, refused }: ImportReport, folder: string, linted: LintReport | null): void {
  const place = ({ text, line }: { readonly text: string; readonly line: number | null }): string =>
    `${clip(plain(text), TEXT_MAX)}${line === null ? '' : ` (line ${line})`}`;
  for (const part of translated) out.line(`${out.paint('green', 'translated')}  ${place(part)}`);
  for (const part of changed) out.line(`${out.paint('yellow', 'changed')}     ${place(part)}: ${plain(part.why)}`);
  for (const part of refused) out.line(`${out.paint('red', 'left out')}    ${place(part)}: ${plain(part.why)}`);
  out.line();
  for (const { severity, code, file, line, column, message } of linted?.findings ?? [])
    if (severity !== 'note') out.line(`${plain(file)}:${line}:${column} ${severity} ${code}: ${plain(message)}`);
  out.line(
    `${plain(folder)}: ${plural(files.length, 'file')}. Next: ${kind === 'rego' ? `avactl rules build ${plain(join(folder, dirname(files[1].name)))}` : `avactl rules test ${plain(folder)}`}`,
  );
}
