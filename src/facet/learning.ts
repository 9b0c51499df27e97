/** What is at hand where a result is learned from (spec/facet.md T-17), and the keys that come of it. */
import type { Leaf } from './leaves.ts';
import type { Tools } from './map.ts';
import type { Lead, Memory } from './value.ts';

export interface Learning {
  readonly tools: Tools | null;
  readonly leaves: readonly Leaf[];
  /** The leaf's text, empty where it has a passage that addresses agents. */
  readonly rest: readonly string[];
  /** The pieces of `rest`, each once. */
  readonly pieces: (leaf: number) => ReadonlySet<string>;
  readonly lead: Lead;
  readonly memory: Memory;
  readonly keys: Keys;
}

/** Keys of one result; past the bound nothing is added. */
export class Keys {
  readonly all = new Set<string>();
  private readonly max: number;
  constructor(max: number) {
    this.max = max;
  }
  get full(): boolean {
    return this.all.size >= this.max;
  }
  add(key: string): void {
    if (this.all.size < this.max) this.all.add(key);
  }
}
