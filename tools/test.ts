/**
 * `npm test`: types, format and lint, then every suite of tools/suites.ts. `npm test -- WORD…` runs only the
 * files whose path holds one of the words, and no checks. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve, sep } from 'node:path';
import { check } from './check.ts';
import { SUITES, type Suite, TOOLS, type Tool, type ToolName } from './suites.ts';
import { runFile } from './test-file.ts';

interface Row {
  readonly name: string;
  passed: number;
  failed: number;
  left_out: number;
  seconds: number;
  /** Files with a failure. */
  readonly broken: string[];
  /** Tools that are missing, where the suite was not run. */
  readonly missing: readonly ToolName[];
}

process.chdir(resolve(import.meta.dirname, '..'));
const ci = process.env['CI'] === 'true';
const words = process.argv.slice(2);

/** Compiled code is kept between runs: each test file starts in a third of the time. */
const cache = resolve('node_modules/.cache/compile');
mkdirSync(cache, { recursive: true });
process.env['NODE_COMPILE_CACHE'] ??= cache;

const present = (tool: Tool): boolean => spawnSync(tool.probe[0], tool.probe.slice(1), { stdio: 'ignore' }).status === 0;

function bring(tool: Tool): string {
  const commands: string[] = [];
  if (tool.apt !== undefined) commands.push(`apt-get install -y --no-install-recommends ${tool.apt.join(' ')}`);
  if (tool.pip !== undefined) commands.push(`python3 -m pip install ${tool.pip.join(' ')}`);
  if (tool.go !== undefined) commands.push(`GOBIN=$PWD/node_modules/.bin go install ${tool.go}`);
  return commands.join(' && ');
}

let updated = false;
/** CI only: installs by package name. Returns whether the tool is there afterwards. */
function install(tool: Tool): boolean {
  const root = process.getuid?.() === 0 ? '' : 'sudo ';
  const update = updated || tool.apt === undefined ? '' : `${root}apt-get update && `;
  updated = true;
  console.log(`\ninstalling: ${bring(tool)}`);
  const command = `${update}${bring(tool).replaceAll('apt-get', `${root}apt-get`)}`;
  spawnSync('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  return present(tool);
}

async function runSuite(suite: Suite, files: readonly string[]): Promise<Row> {
  const row: Row = { name: suite.name, passed: 0, failed: 0, left_out: 0, seconds: 0, broken: [], missing: [] };
  const start = performance.now();
  const waiting = [...files];
  const width = Math.max(...files.map((file) => file.length));
  console.log(`\n${suite.name}`);
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(resolve(file), suite.minutes ?? 5);
      row.passed += result.passed;
      row.failed += result.failed;
      row.left_out += result.skipped;
      if (result.failed > 0) row.broken.push(file);
      const marks = [`${result.passed} passed`];
      if (result.failed > 0) marks.push(`${result.failed} FAILED`);
      if (result.skipped > 0) marks.push(`${result.skipped} left out`);
      console.log(`${result.failed > 0 ? 'FAIL' : 'ok  '}  ${result.seconds.toFixed(1).padStart(6)} s  ${file.padEnd(width)}  ${marks.join(', ')}`);
      if (result.report !== '') console.log(result.report);
    }
  };
  await Promise.all(Array.from({ length: suite.parallel ?? availableParallelism() }, work));
  row.seconds = (performance.now() - start) / 1000;
  return row;
}

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map((row) => row.name.length), 'suite'.length);
  const line = (...[name, ...cells]: string[]): string => `${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  console.log(`\n${line('suite', 'passed', 'failed', 'left out', 'seconds')}`);
  for (const row of rows) {
    const left = row.missing.length > 0 ? 'all' : String(row.left_out);
    console.log(line(row.name, String(row.passed), String(row.failed), left, row.seconds.toFixed(1)));
  }
  const broken = rows.flatMap((row) => row.broken);
  if (broken.length > 0) console.log(`\nfailed: ${broken.join(', ')}`);
  const absent = [...new Set(rows.flatMap((row) => row.missing))];
  if (absent.length > 0) console.log(`\nleft out for want of a tool; this brings it${ci ? '' : ' (CI=true npm test does so itself)'}:`);
  for (const tool of absent) {
    const names = rows.filter((row) => row.missing.includes(tool)).map((row) => row.name);
    console.log(`  ${tool.padEnd(10)} ${bring(TOOLS[tool])}   # ${names.join('; ')}`);
  }
}

const rows: Row[] = [];
if (words.length === 0) {
  const start = performance.now();
  const failed = check();
  rows.push({
    name: 'checks',
    passed: 3 - failed,
    failed,
    left_out: 0,
    seconds: (performance.now() - start) / 1000,
    broken: failed > 0 ? ['npm run check'] : [],
    missing: [],
  });
}

const taken = new Set<string>();
for (const suite of SUITES) {
  const all = globSync([...suite.files]).map((file) => file.split(sep).join('/'));
  const mine = all.filter((file) => !taken.has(file) && !file.includes('node_modules/')).sort();
  for (const file of mine) taken.add(file);
  const files = words.length === 0 ? mine : mine.filter((file) => words.some((word) => file.includes(word)));
  if (files.length === 0) continue;
  const missing = (suite.needs ?? []).filter((name) => !present(TOOLS[name]) && !(ci && install(TOOLS[name])));
  rows.push(
    missing.length > 0 ? { name: suite.name, passed: 0, failed: 0, left_out: files.length, seconds: 0, broken: [], missing } : await runSuite(suite, files),
  );
}

const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0);
const tests = sum((row) => (row.name === 'checks' ? 0 : row.passed + row.failed));
const leftOut = sum((row) => row.left_out);
if (rows.length > 0) print(rows);
if (tests === 0) console.log('\nno test ran: that is a failure');
if (ci && leftOut > 0) console.log('\na suite or test was left out: with CI=true that is a failure');
process.exitCode = sum((row) => row.failed) > 0 || tests === 0 || (ci && leftOut > 0) ? 1 : 0;
console.log(`\n${sum((row) => row.passed)} passed, ${sum((row) => row.failed)} failed`);
