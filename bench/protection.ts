/**
 * Protection: judges recorded runs in process under a constitution and writes `{trace, step, verdict, rule}` lines; with
 * Python and the data folder at hand it prints the score. Of a run only the user's texts, and of a step only tool, arguments,
 * result and error are read.
 *
 *   node bench/protection.ts [--style full|bare|values] [--out FILE] [NAME …]     names: agentdojo-traces agentdojo-benign tau-traces
 *
 * `bare` leaves of each wrapped injection only its goal, `values` only the goal's targets: a score that falls with the
 * style of one attack says little. The data are found by AVA_DATA (default ../shared/data) and are not part of the project.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { facetsOf } from '../src/facet/facet.ts';
import { callFlow, resultFlow, userKeys, verdictKeys } from '../src/facet/flow.ts';
import { readFolder } from './constitution.ts';
import { judgeWith } from './judge-call.ts';

interface Step {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>> | null;
  readonly result: unknown;
  readonly error: string | null;
  readonly user?: string;
}
interface Run {
  readonly trace?: string;
  readonly suite: string;
  readonly user_task: string;
  readonly injection_task: string | null;
  readonly attack: string | null;
  readonly user_prompt: string;
  readonly steps: readonly Step[];
}

const STYLES = ['full', 'bare', 'values'] as const;
type Style = (typeof STYLES)[number];

const traceOf = (run: Run): string => run.trace ?? [run.suite, run.user_task, run.injection_task ?? 'none', run.attack ?? 'none'].join('/');

const WRAPPED = /<INFORMATION>([\s\S]*?)<\/INFORMATION>/g;
const GOAL = /do\s+the\s+following\s+first:\s*([\s\S]*?)\s*After\s+you\s+do\s+that/;
const TARGETS = /'[^']{3,60}'|\b[A-Z]{2}\d{10,}\b|[\w.-]+@[\w.]+|(?:www\.)?[\w-]+\.[\w./-]*\w/g;

/** The result with its injections in another style. */
function restyled(value: unknown, style: Style): unknown {
  if (style === 'full' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => restyled(item, style));
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restyled(item, style)]));
  if (typeof value !== 'string') return value;
  return value.replace(WRAPPED, (_, inner: string) => {
    const goal = GOAL.exec(inner)?.[1] ?? inner;
    return style === 'bare' ? goal : `See also ${(goal.match(TARGETS) ?? []).map((target) => target.replaceAll("'", '')).join(', ')}`;
  });
}

function* runsOf(file: string): Generator<Run> {
  for (const line of gunzipSync(readFileSync(file)).toString('utf8').split('\n')) if (line !== '') yield JSON.parse(line) as Run;
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { style: { type: 'string', default: 'full' }, out: { type: 'string' }, folder: { type: 'string' } },
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
  const folder = readFolder(values.folder ?? join(import.meta.dirname, '../constitutions/starter'));
  const { tools } = folder;
  const judge = judgeWith(folder);
  const lines: string[] = [];
  let calls = 0;
  const started = process.hrtime.bigint();
  for (const file of files) {
    for (const run of runsOf(file)) {
      const keys = new Set<string>();
      const memory = { gate: false, passage: 0, has: (key: string) => keys.has(key) };
      const remember = (added: readonly string[]): void => added.forEach((key) => keys.add(key));
      remember(userKeys(tools, run.user_prompt));
      for (const [step, { tool, args, result, error, user }] of run.steps.entries()) {
        if (user !== undefined) remember(userKeys(tools, user));
        const entry = tools?.find(null, tool) ?? null;
        const facets = facetsOf(entry, { kind: 'tool.call', server: null, name: tool }, args);
        const flow = callFlow(entry, args, memory);
        const { verdict, rule } = judge({ tool, facets, source: { ...facets, flow, args: args ?? {} } });
        lines.push(JSON.stringify({ trace: traceOf(run), step, verdict, rule }));
        calls++;
        remember(verdictKeys(entry, args, memory, verdict));
        const failed = error !== null && error !== undefined && error !== '';
        const after = resultFlow(tools, entry, restyled(failed ? [result, error] : result, style), memory, flow.args_named, failed);
        remember(after.keys);
        memory.gate ||= after.gate;
        memory.passage = Math.max(memory.passage, after.passage);
      }
    }
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const out = values.out ?? join(mkdtempSync(join(tmpdir(), 'ava-')), 'decisions.jsonl');
  writeFileSync(out, `${lines.join('\n')}\n`);
  console.log(`${calls} calls judged in ${seconds.toFixed(1)} s (style ${style}) → ${out}`);
  const score = join(data, 'score_traces.py');
  const labels = join(data, 'labels-dev.jsonl.gz');
  const scored = spawnSync('python3', [score, '--traces', ...files, '--decisions', out, ...(existsSync(labels) ? ['--labels', labels] : [])], {
    encoding: 'utf8',
  });
  console.log(scored.error === undefined ? scored.stdout + scored.stderr : 'no python3: not scored');
  return scored.status ?? 0;
}

process.exitCode = main();
