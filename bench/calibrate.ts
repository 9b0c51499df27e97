/**
 * The calibration loop: a fixed piece of the work that AVA does (SHA-256 of 256 bytes, a Map, small objects), so that a
 * figure from a busy or slow machine can be compared with one from another. Scaled = measured × reference / loop.
 */
import { hash } from 'node:crypto';

/** The loop on the machine where the committed figures were taken, when it was quiet: µs a round. */
export const REFERENCE_US = 0.65;
const ROUNDS = 40_000;

/** µs a round, best of five. */
export function calibrate(): number {
  const bytes = new Uint8Array(256).fill(7);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const map = new Map<string, { readonly n: number; readonly h: string }>();
    const begin = performance.now();
    for (let n = 0; n < ROUNDS; n++) {
      bytes[n & 255] = n;
      const h = hash('sha256', bytes, 'latin1');
      map.set(h.slice(0, 2), { n, h });
    }
    best = Math.min(best, ((performance.now() - begin) * 1000) / ROUNDS);
  }
  return best;
}
