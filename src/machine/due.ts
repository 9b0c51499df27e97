/** The due queue: facts by the moment they fall due, then by key. Derived from the facts, never stored. */
import type { Octets } from '../base/bytes.ts';

interface Item {
  readonly due_ms: number;
  readonly key: Octets;
}

const before = (a: Item, b: Item): boolean => a.due_ms < b.due_ms || (a.due_ms === b.due_ms && a.key < b.key);

/** A binary heap. An item whose fact has gone is stale, one whose fact moved on follows it: who takes it compares it with the fact. */
export class DueQueue {
  private readonly heap: Item[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** Items with due_ms 0 never fall due. */
  push(due_ms: number, key: Octets): void {
    if (due_ms === 0) return;
    const heap = this.heap;
    const item = { due_ms, key };
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(item, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = item;
  }

  /** When the first item falls due, or undefined when there is none. */
  next(): number | undefined {
    return this.heap[0]?.due_ms;
  }

  /** Takes the first item that is due at `time_ms`. */
  pop(time_ms: number): Item | undefined {
    const heap = this.heap;
    const first = heap[0];
    if (first === undefined || first.due_ms > time_ms) return undefined;
    const last = heap.pop() as Item;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  private sink(item: Item): void {
    const heap = this.heap;
    const length = heap.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], item)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = item;
  }
}
