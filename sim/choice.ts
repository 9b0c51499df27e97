/** Choices that a test can draw at random or walk through one by one. */

/** Answers 0 to `of` − 1. */
export type Choose = (of: number) => number;

/**
 * Runs `visit` once for every way its choices can go, in order. At most `most` ways; returns how many there were.
 */
export async function everyWay(most: number, visit: (choose: Choose) => Promise<void>): Promise<number> {
  let path: { taken: number; of: number }[] = [];
  for (let ways = 1; ; ways++) {
    let depth = 0;
    const walked = path;
    await visit((of) => {
      if (depth === walked.length) walked.push({ taken: 0, of });
      return walked[depth++].taken;
    });
    path = walked.slice(0, depth);
    while (path.length > 0 && path[path.length - 1].taken + 1 >= path[path.length - 1].of) path.pop();
    if (path.length === 0 || ways >= most) return ways;
    path[path.length - 1].taken += 1;
  }
}
