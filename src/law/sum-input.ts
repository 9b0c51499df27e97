/** Which inputs of rules are sums (spec/state.md Y-6). */

/** A sum that some rule reads, by the path of its input: `agent.sum(money.amount,86400000)`, `session.sum(calls,60000)`. */
export interface SumInput {
  readonly whose: 'agent' | 'session';
  /** The key under `whose` in a rule's source. */
  readonly key: string;
  readonly path: readonly string[];
  readonly window_ms: number;
}

const PATTERN = /^(agent|session)\.sum\(([a-z_.]+),([0-9]+)\)$/;

/** The sum that an input path names, or undefined for another path. */
export function sumOfPath(path: string): SumInput | undefined {
  const match = PATTERN.exec(path);
  if (match === null) return undefined;
  const whose = match[1] as 'agent' | 'session';
  return { whose, key: path.slice(whose.length + 1), path: match[2].split('.'), window_ms: Number(match[3]) };
}

/** Sums that the rules of one constitution may read: a permit reserves in each. */
export const SUMS_MAX = 32;
