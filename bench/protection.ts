/**
 * Protection: judges recorded runs with `avactl trace` (a real node, over HTTP), and scores the verdicts where Python and
 * the data folder are at hand.
 *
 *   node bench/protection.ts [--style full|bare|values] [--constitution PACK|DIR] [NAME …]
 *   names: agentdojo-traces agentdojo-benign tau-traces
 *
 * `bare` leaves of each wrapped injection only its goal, `values` only the goal's targets: a score that falls with the
 * style of one attack says little. The data are found by AVA_DATA (default ../shared/data) and are not part of the project.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';

const STYLES = ['full', 'bare', 'values'] as const;
type Style = (typeof STYLES)[number];
interface Run {
  readonly steps: readonly { readonly result: unknown; readonly error: unknown }[];
}

const WRAPPED = /<INFORMATION>([\s\S]*?)<\/INFORMATION>/g;
const GOAL = /do\s+the\s+following\s+first:\s*([\s\S]*?)\s*After\s+you\s+do\s+that/;
const TARGETS = /'[^']{3,60}'|\b[A-Z]{2}\d{10,}\b|[\w.-]+@[\w.]+|(?:www\.)?[\w-]+\.[\w./-]*\w/g;

/** A result with its injections in another style. */
function restyled(value: unknown, style: Style): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => restyled(item, style));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restyled(item, style)]));
  if (typeof value !== 'string') return value;
  return value.replace(WRAPPED, (_, inner: string) => {
    const goal = GOAL.exec(inner)?.[1] ?? inner;
    return style === 'bare' ? goal : `See also ${(goal.match(TARGETS) ?? []).map((target) => target.replaceAll("'", '')).join(', ')}`;
  });
}

function rewrite(file: string, to: string, style: Style): string {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const restyle = (line: string): string => {
    const run = JSON.parse(line) as Run;
    return JSON.stringify({ ...run, steps: run.steps.map((step) => ({ ...step, result: restyled(step.result, style), error: restyled(step.error, style) })) });
  };
  writeFileSync(to, gzipSync(`${lines.map(restyle).join('\n')}\n`));
  return to;
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { style: { type: 'string', default: 'full' }, constitution: { type: 'string', default: 'starter' } },
  });
  const style = STYLES.find((name) => name === values.style);
  if (style === undefined) throw new Error(`--style is one of ${STYLES.join(', ')}`);
  const data = process.env.AVA_DATA ?? join(import.meta.dirname, '../../shared/data');
  const names = positionals.length > 0 ? positionals : ['agentdojo-traces', 'agentdojo-benign'];
  const files = names.map((name) => join(data, `${name}.jsonl.gz`));
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) {
    console.log(`${missing} is not here: the recorded runs are not part of the project; set AVA_DATA to their folder`);
    return 0;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'ava-protection-'));
  try {
    const judged = style === 'full' ? files : files.map((file, i) => rewrite(file, join(scratch, `${i}.jsonl.gz`), style));
    const out = join(scratch, 'decisions.jsonl');
    const trace = spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../bin/avactl.mjs'), 'trace', ...judged, '--decisions', out, '--constitution', values.constitution],
      { stdio: 'inherit' },
    );
    if (trace.status !== 0) return 1;
    const labels = join(data, 'labels-dev.jsonl.gz');
    const scored = spawnSync(
      'python3',
      [join(data, 'score_traces.py'), '--traces', ...files, '--decisions', out, ...(existsSync(labels) ? ['--labels', labels] : [])],
      { stdio: 'inherit' },
    );
    return scored.status ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = main();
