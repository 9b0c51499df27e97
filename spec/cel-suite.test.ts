/** CEL's conformance suite on both backends, and the numbers that docs/cel.md gives of it. `AVA_WRITE=1` writes them anew. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FUNCTIONS } from '../src/rule/function.ts';
import { TIME_PARTS } from '../src/rule/time.ts';
import { cases, type Report, report } from './suite/cel.ts';

const PAGE = new URL('../docs/cel.md', import.meta.url);

/** What to write instead of what is refused. */
const INSTEAD: Readonly<Record<string, string>> = {
  'messages and enums': 'protocol buffers are not of this world: a map such as `{"name": value}`, an int or a text for an enum',
  'optional values': '`has(x) ? x : y`',
  'functions that only a test declares': 'rules have no functions of their own: `cel.bind(name, value, expression)`',
  'time zones by name': '`UTC`, or an offset such as `"+05:30"`: rules do not follow the changing tables of zones',
  'regular expressions that vary': '`startsWith`, `endsWith`, `contains` with a text that varies',
};

function tables({ rows, reasons, passed }: Report): { readonly suite: string; readonly reasons: string } {
  const sum = (of: 'tests' | 'interpreter' | 'wasm' | 'refused' | 'failed'): number => rows.reduce((all, row) => all + row[of], 0);
  const line = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const suite = [
    line('file', 'tests', 'interpreter', 'wasm', 'refused'),
    '|---|---|---|---|---|',
    ...rows.map((row) => line(row.file, row.tests, row.interpreter, row.wasm, row.refused)),
    line('**all**', sum('tests'), sum('interpreter'), sum('wasm'), sum('refused')),
    '',
    `${passed} pass on both, ${sum('failed')} fail.`,
  ];
  const left = [...reasons].sort(([, a], [, b]) => b - a).map(([reason, count]) => line(reason, count, INSTEAD[reason] ?? '?'));
  return { suite: suite.join('\n'), reasons: [line('reason', 'tests', 'instead'), '|---|---|---|', ...left].join('\n') };
}

const between = (page: string, mark: string): string => page.split(`<!-- ${mark} -->\n`)[1].split(`\n<!-- /${mark} -->`)[0];
const put = (page: string, mark: string, text: string): string =>
  page.replace(new RegExp(`<!-- ${mark} -->\n[\\s\\S]*?<!-- /${mark} -->`), () => `<!-- ${mark} -->\n${text}\n<!-- /${mark} -->`);

test('docs/cel.md names every function', () => {
  const page = readFileSync(PAGE, 'utf8');
  const names = [...FUNCTIONS.map(({ name }) => name), ...TIME_PARTS].filter((name) => name !== 'merge');
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('the suite passes, and docs/cel.md has its numbers', { timeout: 60_000 }, () => {
  const found = report(cases());
  assert.deepEqual(found.failures, []);
  assert.ok(found.passed >= 1_400, String(found.passed));
  for (const refused of found.refused) assert.match(refused, /: \d+:\d+ .*(?:; |; write |\?)/, 'no place or no advice');
  const { suite, reasons } = tables(found);
  const page = readFileSync(PAGE, 'utf8');
  if (process.env.AVA_WRITE === '1') writeFileSync(PAGE, put(put(page, 'suite', suite), 'reasons', reasons));
  else {
    assert.equal(between(page, 'suite'), suite);
    assert.equal(between(page, 'reasons'), reasons);
  }
});
