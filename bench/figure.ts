/** Figures: one JSON line each, with machine and commit, and a table of them all at the end. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

export interface Figure {
  readonly bench: string;
  readonly unit: string;
  readonly value: number;
  /** What else was measured with it: percentiles, ratios, the floor. */
  readonly [more: string]: number | string | boolean | undefined;
}

function commitOf(): string {
  try {
    const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const dirty = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) !== '';
    return dirty ? `${commit}+` : commit;
  } catch {
    return 'unknown';
  }
}

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`;
let commit: string | undefined;

export function emit(figure: Figure): void {
  commit ??= commitOf();
  console.log(JSON.stringify({ ...figure, machine, commit }));
}

export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** The value below which the share `q` of the sorted times lies. */
export const quantile = (sorted: readonly number[], q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
