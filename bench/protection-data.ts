/** The recorded runs and their labels, read for judging and for scoring. They are not part of the project: AVA_DATA says where they are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Run, readRuns } from '../src/cli/runs.ts';
import type { Scored } from './protection-score.ts';

export const DATA = process.env.AVA_DATA ?? join(import.meta.dirname, '../../shared/data');

export interface Recorded {
  readonly run: Run;
  readonly scored: Scored;
}

interface Line extends Omit<Scored, 'trace' | 'steps'> {
  readonly steps: readonly { readonly tool: string; readonly error?: unknown; readonly needed?: boolean }[];
}
interface Label {
  readonly trace: string;
  readonly attack: readonly number[];
  readonly needed: readonly number[];
}

const linesOf = (path: string): string[] => gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');

/** Null where a file is not there. */
export function recorded(files: readonly string[], labels: string | null): Recorded[] | null {
  if (![...files, ...(labels === null ? [] : [labels])].every(existsSync)) return null;
  const labelled = new Map(
    labels === null
      ? []
      : linesOf(labels)
          .map((line) => JSON.parse(line) as Label)
          .map((label) => [label.trace, label]),
  );
  return files.flatMap((file) => {
    const lines = linesOf(file);
    return readRuns(file).map((run, at): Recorded => {
      const line = JSON.parse(lines[at]) as Line;
      const label = labelled.get(run.trace);
      const { suite, user_task, attack, utility, attack_succeeded } = line;
      const steps = line.steps.map(({ tool, error, needed }, i) => ({
        tool,
        failed: error !== null && error !== undefined && error !== '',
        attack: label?.attack.includes(i) ?? false,
        needed: needed ?? label?.needed.includes(i) ?? null,
      }));
      return { run, scored: { trace: run.trace, suite, user_task, attack, utility, attack_succeeded, steps } };
    });
  });
}
