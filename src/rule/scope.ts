/** The names that an expression may read: paths with their types, by dots in groups. */
import { prefixes } from './admit.ts';
import type { Type } from './type.ts';

export interface Scope {
  readonly paths: ReadonlyMap<string, Type>;
  /** Paths above those: `args`, `money`. */
  readonly groups: ReadonlySet<string>;
  /** Paths that may be summed over a window. */
  readonly sums: ReadonlySet<string>;
}

/** What every call has an amount of, beside its facets (Y-6): the call itself, tokens and time. */
export const SUM_UNITS: readonly string[] = ['calls', 'tokens', 'time_ms'];

export function scopeOf(paths: ReadonlyMap<string, Type>, sums: ReadonlySet<string> = new Set()): Scope {
  return { paths, groups: new Set([...paths.keys()].flatMap(prefixes)), sums };
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);
const WINDOW = /^(?:\d{1,9}(?:ms|[smhdw]))+$/;
/** The longest window of a sum. */
export const WINDOW_MS_MAX = 366 * 86_400_000;

/** Milliseconds of `24h` or `1d12h`, or undefined when it is no such text or longer than WINDOW_MS_MAX. */
export function windowMs(text: string): number | undefined {
  if (!WINDOW.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) sum += Number(count) * (UNITS.get(unit) ?? 0);
  return sum > 0 && sum <= WINDOW_MS_MAX ? sum : undefined;
}

/** The shortest text of a window: `1d`, `90m`. */
export function windowText(span_ms: number): string {
  const fitting = [...UNITS].filter(([unit, ms]) => unit !== 'w' && span_ms % ms === 0);
  const [unit, ms] = fitting[fitting.length - 1];
  return `${BigInt(span_ms) / BigInt(ms)}${unit}`;
}
