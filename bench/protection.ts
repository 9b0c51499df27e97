/**
 * Protection: recorded runs judged in process under the default constitution, and scored.
 *
 *   node bench/protection.ts                     the whole table, beside the committed one
 *   node bench/protection.ts --write             … and bench/protection.json anew
 *   node bench/protection.ts --style bare --map guessed [--without RULE] [--constitution NAME|DIR] [--show] [NAME …]
 *                                                one row; NAME is a file of the data folder without its ending
 *   … --other 'NAME=RUNS.jsonl.gz,LABELS.jsonl.gz'       other runs in the same shape, several times if need be
 *
 * `--show` lists the runs that were not silent, and the attacks that passed. The same through a node: `avactl trace`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConstitution } from '../src/node/constitution.ts';
import { DATA, type Recorded, recorded } from './protection-data.ts';
import { type Change, judgeRun, lawFor, type Verdict } from './protection-judge.ts';
import { scoreOf } from './protection-score.ts';
import { inStyle, STYLES, type Style } from './protection-style.ts';
import { mainTable, type Row, ruleTable, suiteTable } from './protection-table.ts';

const FIGURES = join(import.meta.dirname, 'protection.json');
const FLOW_RULES = [
  'floor/planted-target',
  'flow/irreversible-unasked',
  'flow/refused-again',
  'flow/new-destination',
  'flow/new-address',
  'flow/unasked',
  'flow/pointed-at',
  'flow/untold',
  'flow/dictated',
  'flow/pending',
];

interface Set {
  readonly name: string;
  readonly runs: readonly Recorded[];
}

const constitution = (name: string): ReturnType<typeof loadConstitution> => loadConstitution(name);

/** The row, and the verdicts. */
function judged(set: Set, style: Style, change: Change, law: string): { row: Row; verdicts: Map<string, Verdict[]> } {
  const made = lawFor(constitution(law), change);
  const verdicts = new Map(set.runs.map(({ run }) => [run.trace, judgeRun(made, inStyle(run, style))]));
  const score = scoreOf(
    set.runs.map(({ scored }) => scored),
    ({ trace }) => verdicts.get(trace) ?? [],
  );
  const [without] = change.without ?? [];
  return { row: { data: set.name, map: change.guessed === true ? 'guessed' : 'listed', style, ...(without !== undefined && { without }), ...score }, verdicts };
}

function load(name: string, files: readonly string[], labels: string | null): Set | null {
  const runs = recorded(files, labels);
  if (runs === null) console.log(`${name}: the recorded runs are not here and not part of the project; AVA_DATA is the folder that has them`);
  return runs === null ? null : { name, runs };
}

const agentdojo = (): Set | null =>
  load(
    'agentdojo',
    ['agentdojo-traces', 'agentdojo-benign'].map((file) => join(DATA, `${file}.jsonl.gz`)),
    join(DATA, 'labels-dev.jsonl.gz'),
  );
const tau = (): Set | null => load('tau', [join(DATA, 'tau-traces.jsonl.gz')], null);

/** All rows of docs/protection.md that the given runs make. */
function allRows(others: readonly Set[]): Row[] {
  const rows: Row[] = [];
  const add = (set: Set, style: Style, change: Change): void => {
    rows.push(judged(set, style, change, 'starter').row);
    console.log(JSON.stringify(rows.at(-1)));
  };
  const dojo = agentdojo();
  if (dojo !== null) {
    for (const style of STYLES) add(dojo, style, {});
    for (const style of ['full', 'bare', 'values'] as const) add(dojo, style, { guessed: true });
  }
  const clerks = tau();
  if (clerks !== null) for (const guessed of [false, true]) add(clerks, 'full', { guessed });
  for (const set of others) for (const style of ['full', 'bare'] as const) add(set, style, {});
  if (dojo === null) return rows;
  for (const suite of new Set(dojo.runs.map(({ scored }) => scored.suite)).values()) {
    const part = { name: 'agentdojo', runs: dojo.runs.filter(({ scored }) => scored.suite === suite) };
    rows.push({ ...judged(part, 'full', {}, 'starter').row, suite });
  }
  for (const rule of FLOW_RULES) for (const style of ['full', 'bare', 'values'] as const) add(dojo, style, { without: [rule] });
  return rows;
}

/** Runs that were not silent, and attacks that passed. */
function show(set: Set, verdicts: ReadonlyMap<string, readonly Verdict[]>): void {
  for (const { run, scored } of set.runs) {
    const steps = verdicts.get(run.trace) ?? [];
    const told =
      scored.attack === null
        ? steps.filter(({ verdict, step }) => verdict !== 'allow' && scored.steps[step].needed !== false)
        : steps.filter(({ verdict, step }) => verdict === 'allow' && scored.steps[step].attack);
    if (told.length === 0 || (scored.attack === null ? scored.utility !== true : scored.attack_succeeded !== true)) continue;
    console.log(`\n${run.trace}\n  ${run.user_prompt?.slice(0, 200) ?? ''}`);
    for (const { step, verdict, rules } of told)
      console.log(`  ${step} ${run.steps[step].tool} ${JSON.stringify(run.steps[step].args).slice(0, 160)} ${verdict} ${rules.join(' ')}`);
  }
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      style: { type: 'string' },
      map: { type: 'string' },
      without: { type: 'string' },
      constitution: { type: 'string', default: 'starter' },
      other: { type: 'string', multiple: true, default: [] },
      show: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const others = values.other.flatMap((given) => {
    const [name, files] = given.split('=');
    const [runs, labels] = files.split(',');
    return load(name, [runs], labels ?? null) ?? [];
  });
  const [other] = others;
  const one = positionals.length > 0 || values.style !== undefined || values.map !== undefined || values.without !== undefined || values.show;
  if (!one) {
    const rows = allRows(others);
    console.log(`\n${mainTable(rows)}\n\n${suiteTable(rows)}\n\n${ruleTable(rows)}`);
    if (values.write && rows.length > 0) writeFileSync(FIGURES, `${JSON.stringify(withOthers(rows), null, 1)}\n`);
    return;
  }
  const style = STYLES.find((name) => name === (values.style ?? 'full'));
  if (style === undefined) throw new Error(`--style is one of ${STYLES.join(', ')}`);
  const names = positionals.length > 0 ? positionals : ['agentdojo-traces', 'agentdojo-benign'];
  const labels = join(DATA, 'labels-dev.jsonl.gz');
  const set =
    other ??
    load(
      names.join(' '),
      names.map((name) => join(DATA, `${name}.jsonl.gz`)),
      names.some((name) => name.startsWith('agentdojo')) ? labels : null,
    );
  if (set === null) return;
  const { row, verdicts } = judged(
    set,
    style,
    { guessed: values.map === 'guessed', ...(values.without !== undefined && { without: [values.without] }) },
    values.constitution,
  );
  if (values.show) show(set, verdicts);
  console.log(mainTable([{ ...row, data: set.name }]));
}

/** The rows, with those of the committed figures whose runs were not at hand. */
function withOthers(rows: readonly Row[]): Row[] {
  const known = new Set(rows.map(({ data }) => data));
  const before = (JSON.parse(readFileSync(FIGURES, 'utf8')) as Row[]).filter(({ data }) => !known.has(data));
  const cut = rows.findIndex(({ suite, without }) => suite !== undefined || without !== undefined);
  return cut < 0 ? [...rows, ...before] : [...rows.slice(0, cut), ...before, ...rows.slice(cut)];
}

main();
