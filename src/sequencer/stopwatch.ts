/**
 * A stopwatch around rules: past its `timeout_ms` a rule is reported, and its verdict stands (spec/decision.md D-14). An
 * expression is bounded and nearly always fast, so one is timed by itself only after a decision that took too long; what
 * is then too long for a second time is the rule's, and not a pause of the node. A guest is always timed. Before a rule is
 * reported it runs once more on the same inputs, which gives the same: only what is slow twice is slow by itself, and not
 * because the machine had other work.
 */
import type { ActiveRule } from '../law/rule.ts';
import { type Run, runRule } from '../machine/judge.ts';

export interface StopwatchParts {
  /** Milliseconds that only go on. */
  readonly clock: () => number;
  /** The least time that any rule may take; 0 for none. */
  readonly timeout_ms: number;
  /** Told of a rule that took longer than it may, at most once in QUIET_MS for each. */
  readonly overran: (rule: string, took_ms: number) => void;
}

/** Rules that are timed by themselves after a decision that took too long. */
const CLOSE_RUNS = 4_096;
/** As long as a trip stands and a breaker without limits stays open. */
const QUIET_MS = 60_000;

export class Stopwatch {
  private readonly parts: StopwatchParts;
  /** Rules that are still timed by themselves. */
  private close = 0;
  private began_ms = 0;
  private readonly reported = new Map<string, number>();

  constructor(parts: StopwatchParts) {
    this.parts = parts;
  }

  /** How a block that is timed runs its rules. */
  readonly run: Run = (rule, judging, budget) => {
    if (this.close === 0 && rule.module === null) return runRule(rule, judging, budget);
    if (this.close > 0) this.close -= 1;
    const from_ms = this.parts.clock();
    const ran = runRule(rule, judging, budget);
    const took_ms = this.parts.clock() - from_ms;
    if (took_ms <= rule.manifest.limits.timeout_ms || this.isReported(rule)) return ran;
    const again_ms = this.parts.clock();
    const same = runRule(rule, judging, budget);
    this.check(rule, Math.min(took_ms, this.parts.clock() - again_ms));
    return same;
  };

  /** Before a transaction is applied. */
  begin(): void {
    this.began_ms = this.parts.clock();
  }

  /** After it. */
  end(): void {
    const { clock, timeout_ms } = this.parts;
    if (timeout_ms > 0 && clock() - this.began_ms > timeout_ms) this.close = CLOSE_RUNS;
  }

  private isReported({ name }: ActiveRule): boolean {
    const last_ms = this.reported.get(name);
    return last_ms !== undefined && this.parts.clock() - last_ms < QUIET_MS;
  }

  private check({ name, manifest }: ActiveRule, took_ms: number): void {
    if (took_ms <= manifest.limits.timeout_ms) return;
    this.reported.set(name, this.parts.clock());
    this.parts.overran(name, took_ms);
  }
}
