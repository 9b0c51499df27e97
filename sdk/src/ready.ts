/** Takes what an iterator has ready, without waiting for the rest. */

/** One turn of the event loop: what was ready before it is ready now. */
const turn = (): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), 0));

/**
 * Pieces of at most `max` items: the first is waited for, more are taken only as they are ready. So a source that makes
 * its next item from an answer to its last one is not held up.
 */
export async function* readyPieces<T>(source: Iterable<T> | AsyncIterable<T>, max: number): AsyncGenerator<T[], void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let next: Promise<IteratorResult<T>> | null = null;
  const ask = (): Promise<IteratorResult<T>> => {
    next ??= Promise.resolve(iterator.next());
    return next;
  };
  let ended = false;
  try {
    while (!ended) {
      const piece: T[] = [];
      let item: IteratorResult<T> | null = await ask();
      while (item !== null) {
        next = null;
        if (item.done === true) {
          ended = true;
          break;
        }
        piece.push(item.value);
        if (piece.length === max) break;
        item = await Promise.race([ask(), turn()]);
      }
      if (piece.length > 0) yield piece;
    }
  } finally {
    if (!ended) {
      (next as Promise<unknown> | null)?.catch(() => undefined);
      // an iterator that is at work ends when it is done with that: nobody waits for it here
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    }
  }
}
