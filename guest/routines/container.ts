/** Maps put together from maps (spec/rule-ir.md R-23, merge). */
import { orderOfKeys } from './order';
import { contentOf, ENTRY, lengthOf, LIST, MAP, NOWHERE, put, SLOT, tagOf } from './slot';
import { copyBytes } from './text';

/** Exchanges two entries. */
function exchange(a: u32, b: u32): void {
  for (let i: u32 = 0; i < ENTRY; i += 8) {
    const word = load<u64>(a + i);
    store<u64>(a + i, load<u64>(b + i));
    store<u64>(b + i, word);
  }
}

/** Moves the entry at `root` down among the first `count`, until none below it is greater. */
function sink(entries: u32, root: u32, count: u32): void {
  for (;;) {
    let child: u32 = 2 * root + 1;
    if (child >= count) return;
    if (child + 1 < count && orderOfKeys(entries + child * ENTRY, entries + (child + 1) * ENTRY) < 0) child += 1;
    if (orderOfKeys(entries + root * ENTRY, entries + child * ENTRY) >= 0) return;
    exchange(entries + root * ENTRY, entries + child * ENTRY);
    root = child;
  }
}

/** Heapsort: n · log n whatever the order. */
function sortEntries(entries: u32, count: u32): void {
  for (let root = count >>> 1; root > 0; ) {
    root -= 1;
    sink(entries, root, count);
  }
  for (let left = count; left > 1; ) {
    left -= 1;
    exchange(entries, entries + left * ENTRY);
    sink(entries, 0, left);
  }
}

/** One map of a list of maps; a key in two of them is the error. */
export function merge(out: u32, top: u32, maps: u32): u32 {
  if (tagOf(maps) != LIST) return NOWHERE;
  let end = top;
  const last = contentOf(maps) + lengthOf(maps) * SLOT;
  for (let map = contentOf(maps); map < last; map += SLOT) {
    if (tagOf(map) != MAP) return NOWHERE;
    end = copyBytes(end, contentOf(map), lengthOf(map) * ENTRY);
  }
  const count = (end - top) / ENTRY;
  sortEntries(top, count);
  for (let entry = top + ENTRY; entry < end; entry += ENTRY) if (orderOfKeys(entry - ENTRY, entry) == 0) return NOWHERE;
  put(out, MAP, count, top);
  return end;
}
