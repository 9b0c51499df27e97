/** Virtual time: tasks run by their moment, those of one moment in a seeded order. Nothing else decides an order. */
import type { Random } from './random.ts';

interface Task {
  readonly at_ms: number;
  readonly run: () => void;
}

/** Lets everything run that promises and microtasks have ready. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Steps of one simulation; past them something turns in a circle. */
const STEPS_MAX = 50_000;

export class Scheduler {
  now_ms: number;
  private steps = 0;
  private readonly random: Random;
  private readonly tasks = new Set<Task>();

  constructor(random: Random, now_ms: number) {
    this.random = random;
    this.now_ms = now_ms;
  }

  /** Runs `run` after `wait_ms`; the result calls it off. */
  after(wait_ms: number, run: () => void): () => void {
    const task = { at_ms: this.now_ms + wait_ms, run };
    this.tasks.add(task);
    return () => this.tasks.delete(task);
  }

  /** The moment of the next task, or undefined when there is none. */
  next(): number | undefined {
    let least: number | undefined;
    for (const { at_ms } of this.tasks) if (least === undefined || at_ms < least) least = at_ms;
    return least;
  }

  /** Moves to the next task and runs it, then lets promises settle; false when there is none. */
  async step(): Promise<boolean> {
    const least = this.next();
    if (least === undefined) return false;
    if (++this.steps > STEPS_MAX) throw new RangeError(`more than ${STEPS_MAX} steps`);
    this.now_ms = Math.max(this.now_ms, least);
    const due = [...this.tasks].filter(({ at_ms }) => at_ms <= this.now_ms);
    const task = this.random.pick(due);
    this.tasks.delete(task);
    task.run();
    await settle();
    return true;
  }

  /** The process has ended: nothing of it runs any more. */
  clear(): void {
    this.tasks.clear();
  }
}
