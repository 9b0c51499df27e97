/** Runs one test file in a process of its own, and counts from the runner's event stream. */
import { run } from 'node:test';
import { inspect } from 'node:util';

export interface FileResult {
  readonly passed: number;
  readonly failed: number;
  /** Tests marked skip or todo. */
  readonly skipped: number;
  readonly seconds: number;
  /** What to print of the failures, whole; empty where all passed. */
  readonly report: string;
}

/** The failure of one test, as the runner's `test:fail` event gives it. */
interface Failure {
  readonly name: string;
  readonly place: string;
  readonly error: Error & { readonly failureType?: string };
}

const OUTPUT_CHARACTERS_MAX = 200_000;

const indent = (text: string): string => text.replace(/^(?=.)/gm, '    ');

function describe({ name, place, error }: Failure): string {
  const cause = error.cause ?? error;
  const detail = cause instanceof Error ? inspect(cause, { depth: 8, breakLength: 140, maxArrayLength: 60, maxStringLength: 4_000 }) : inspect(cause);
  return `  ✖ ${name} (${place})\n${indent(detail)}\n`;
}

/** @param minutes after which the file's process is ended, and the file has failed */
export async function runFile(file: string, minutes: number): Promise<FileResult> {
  const start = performance.now();
  const watchdog = new AbortController();
  const timer = setTimeout(() => watchdog.abort(), minutes * 60_000);
  const failures: Failure[] = [];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let output = '';
  let empty = true;
  for await (const { type, data } of run({ files: [file], concurrency: 1, signal: watchdog.signal })) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      if (output.length < OUTPUT_CHARACTERS_MAX) output += data.message;
    } else if (type === 'test:fail') {
      const error = data.details.error as Failure['error'];
      if (error.failureType === 'subtestsFailed' || data.todo !== undefined) continue;
      failures.push({ name: data.name, place: `${data.file ?? file}:${data.line ?? 1}`, error });
    } else if (type === 'test:summary') {
      // The summary that names a file comes from that file's own process; the last one is the total.
      if (data.file !== undefined) empty = false;
      else {
        counts.passed = data.counts.passed;
        counts.failed = data.counts.tests - data.counts.passed - data.counts.skipped - data.counts.todo;
        counts.skipped = data.counts.skipped + data.counts.todo;
      }
    }
  }
  clearTimeout(timer);
  let report = failures.map(describe).join('');
  if (watchdog.signal.aborted) {
    counts.failed = Math.max(1, counts.failed);
    report += `  ✖ the file ran for more than ${minutes} minutes and was ended\n`;
  } else if (empty && counts.failed === 0) {
    // The runner counts a file without tests as one passed test.
    counts.passed = 0;
    counts.failed = 1;
    report += '  ✖ the file has no tests\n';
  }
  if (counts.failed > 0 && output !== '') report += `  output of the file:\n${indent(output)}\n`;
  return { ...counts, seconds: (performance.now() - start) / 1000, report };
}
