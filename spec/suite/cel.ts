/**
 * `npm run suite:cel`: the conformance tests of CEL (`@bufbuild/cel-spec`) on the interpreter and again as WebAssembly.
 * Arguments choose tests by a part of their names; `--refused` lists what is refused.
 */
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import { type Case, type Outcome, runCase } from './cel-case.ts';
import type { JsonObject } from './cel-value.ts';

const FAILURES_SHOWN = 200;

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: object }[];
}

/** Every test, in the order of the suite. */
export function cases(): readonly Case[] {
  const found: Case[] = [];
  const walk = (suite: Suite, path: readonly string[]): void => {
    for (const { original } of suite.tests ?? []) {
      const test = original as JsonObject;
      found.push({ name: [...path, test.name].join('/'), file: path[0] ?? '', test });
    }
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.name]);
  };
  walk(tests as Suite, []);
  return found;
}

export interface Row {
  readonly file: string;
  readonly tests: number;
  readonly interpreter: number;
  readonly wasm: number;
  readonly refused: number;
  readonly failed: number;
}

export interface Report {
  readonly rows: readonly Row[];
  /** Refused tests by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly refused: readonly string[];
  readonly failures: readonly string[];
  readonly passed: number;
}

/** Runs these tests on both backends. */
export function report(all: readonly Case[]): Report {
  const rows = new Map<string, { file: string; tests: number; interpreter: number; wasm: number; refused: number; failed: number }>();
  const reasons = new Map<string, number>();
  const refused: string[] = [];
  const failures: string[] = [];
  let passed = 0;
  for (const one of all) {
    const { interpreter, wasm } = runCase(one);
    const row = rows.get(one.file) ?? { file: one.file, tests: 0, interpreter: 0, wasm: 0, refused: 0, failed: 0 };
    rows.set(one.file, row);
    row.tests += 1;
    if (interpreter.kind === 'refused') {
      row.refused += 1;
      reasons.set(interpreter.reason, (reasons.get(interpreter.reason) ?? 0) + 1);
      refused.push(`${interpreter.reason}: ${one.name}: ${interpreter.message}`);
      continue;
    }
    const counted = (outcome: Outcome): number => (outcome.kind === 'passed' ? 1 : 0);
    row.interpreter += counted(interpreter);
    row.wasm += counted(wasm);
    if (counted(interpreter) + counted(wasm) === 2) passed += 1;
    else row.failed += 1;
    for (const [backend, outcome] of [
      ['interpreter', interpreter],
      ['wasm', wasm],
    ] as const) {
      if (outcome.kind === 'failed') failures.push(`${backend} ${one.name} \`${one.test.expr as string}\`: ${outcome.message}`);
    }
  }
  return { rows: [...rows.values()], reasons, refused, failures, passed };
}

// run through tools/with-node.mjs it is not the main module
if (process.argv[1] === import.meta.filename) {
  const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const all = cases().filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const { rows, reasons, refused, failures, passed } = report(all);
  const line = (file: string, ...counts: readonly (number | string)[]): void =>
    console.log(file.padEnd(20) + counts.map((count) => String(count).padStart(13)).join(''));
  line('file', 'tests', 'interpreter', 'wasm', 'refused', 'failed');
  for (const row of rows) line(row.file, row.tests, row.interpreter, row.wasm, row.refused, row.failed);
  console.log('\nrefused when compiled, each with its place and what to write instead:');
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a)) console.log(`${String(count).padStart(8)}  ${reason}`);
  if (process.argv.includes('--refused')) for (const one of refused) console.log(`REFUSED ${one}`);
  for (const failure of failures.slice(0, FAILURES_SHOWN)) console.log(`FAIL ${failure}`);
  if (failures.length > FAILURES_SHOWN) console.log(`and ${failures.length - FAILURES_SHOWN} more`);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${refused.length} skipped`);
}
