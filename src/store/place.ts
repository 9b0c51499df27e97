/** Where each block of a segment stands: eight bytes a block. */

const GROWTH_START = 256;

export class Segment {
  readonly number: number;
  /** Height of its first block. */
  readonly first: number;
  /** Entries of all segments before it. */
  readonly before: number;
  /** Bytes of the file when it was opened or made. */
  readonly bytes: number;
  /** Blocks in it. */
  count = 0;
  /** By block: where it ends, and the entries of this segment up to its end. */
  private ends = new Uint32Array(GROWTH_START);
  private totals = new Uint32Array(GROWTH_START);

  constructor(number: number, first: number, before: number, bytes: number) {
    this.number = number;
    this.first = first;
    this.before = before;
    this.bytes = bytes;
  }

  /** Adds a block that ends at `end` and has `entries`. */
  push(end: number, entries: number): void {
    if (this.count === this.ends.length) {
      this.ends = grown(this.ends);
      this.totals = grown(this.totals);
    }
    this.totals[this.count] = this.entries + entries;
    this.ends[this.count] = end;
    this.count += 1;
  }

  /** Entries in it. */
  get entries(): number {
    return this.count === 0 ? 0 : this.totals[this.count - 1];
  }

  /** Where the next block goes; `head` when there is none yet. */
  end(head: number): number {
    return this.count === 0 ? head : this.ends[this.count - 1];
  }

  /** The bytes of the block `height`. */
  range(height: number, head: number): { from: number; to: number } {
    const at = height - this.first;
    return { from: at === 0 ? head : this.ends[at - 1], to: this.ends[at] };
  }

  /** Entries of all blocks before `height`. */
  entriesBefore(height: number): number {
    const at = height - this.first;
    return this.before + (at === 0 ? 0 : this.totals[at - 1]);
  }

  /** The block that holds entry `index` of the log, which is in this segment. */
  heightOf(index: number): number {
    const wanted = index - this.before;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.totals[middle] > wanted) high = middle;
      else low = middle + 1;
    }
    return this.first + low;
  }
}

function grown(old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(old.length * 2);
  larger.set(old);
  return larger;
}
