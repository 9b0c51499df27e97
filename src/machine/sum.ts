/**
 * Sums that reserve (spec/state.md Y-6): an allowed call adds its amount at once, its outcome keeps it, its failure or
 * expiry takes it back. So 100 parallel calls cannot pass one limit. A window is cut into 64 parts; the oldest part
 * counts whole, so a sum is never too small and at most 1/64 of the window too old.
 */
import type { Octets } from '../base/bytes.ts';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';
import type { SumInput } from '../law/sum-input.ts';
import { BUCKETS_MAX, type Bucket, factKey, type Reservation, type Sum } from './fact.ts';
import type { Overlay } from './overlay.ts';

/** A call stays one, whatever became of it: what fails again and again is still made again and again. */
const CALLS = 'calls';
const PARTS_BITS = 6;
/** What one part can hold: 66 of them stay below 2^63. */
const PART_MAX = 1n << 56n;

const hashSum = tagged('sum');

/** Whose sums a call counts in: by the name that the agent claims, and by its session. */
export interface Payer {
  readonly agent: string;
  readonly session: Octets;
}

/** A memo of a pure function: it may be dropped at any time. */
const keys = new Map<string, Octets>();
const KEYS_MAX = 8_192;

function sumKey({ agent, session }: Payer, { whose, key }: SumInput): Octets {
  const known = whose === 'agent' ? `${key}\0${agent}` : `${key}\x01${session}`;
  let found = keys.get(known);
  if (found === undefined) {
    found = factKey('sum', whose === 'agent' ? hashSum(utf8(agent), '\0', key) : hashSum(session, '\x01', key));
    if (keys.size >= KEYS_MAX) keys.clear();
    keys.set(known, found);
  }
  return found;
}

/** The width of a part: window / 64, rounded up. */
export const widthOf = (window_ms: number): number => Number((BigInt(window_ms) + 63n) >> BigInt(PARTS_BITS));

/** What counts at `now_ms`: reserved and settled together. */
export function readSum(overlay: Overlay, payer: Payer, input: SumInput, now_ms: number): bigint {
  const sum = overlay.get(sumKey(payer, input)) as Sum | undefined;
  let total = 0n;
  if (sum !== undefined) for (const bucket of sum.buckets) if (bucket.start_ms + sum.width_ms + input.window_ms > now_ms) total += bucket.amount;
  return total;
}

/** Adds an amount at `now_ms`; what is returned takes it back later. @throws Fault sum_full */
export function reserve(overlay: Overlay, payer: Payer, input: SumInput, now_ms: number, amount: bigint): Reservation {
  const key = sumKey(payer, input);
  const width_ms = widthOf(input.window_ms);
  const sum = overlay.get(key) as Sum | undefined;
  const bucket_ms = now_ms - (now_ms % width_ms);
  const kept = (sum?.buckets ?? []).filter((bucket) => bucket.start_ms + width_ms + input.window_ms > now_ms);
  const part = kept.find((bucket) => bucket.start_ms === bucket_ms)?.amount ?? 0n;
  if (part + amount > PART_MAX) throw new Fault('sum_full', `${input.whose}.${input.key} of ${payer.agent} cannot count ${amount} more`);
  overlay.set(key, { is: 'sum', due_ms: now_ms + 2 * input.window_ms, width_ms, buckets: add(kept, bucket_ms, amount) });
  return { sum: key, bucket_ms, amount, path: input.path.join('.') };
}

/** What a call's permit reserved once its permit has expired or the call failed: all but that it was a call. */
export function release(overlay: Overlay, reservation: Reservation): void {
  if (reservation.path !== CALLS) settle(overlay, reservation, 0n);
}

/** Y-6: the reservation turned out to be `amount`. @throws Fault sum_full */
export function settle(overlay: Overlay, reservation: Reservation, amount: bigint): void {
  const sum = overlay.get(reservation.sum) as Sum | undefined;
  if (sum === undefined || !sum.buckets.some((bucket) => bucket.start_ms === reservation.bucket_ms)) return;
  const change = amount - reservation.amount;
  if (change === 0n) return;
  const part = sum.buckets.find((bucket) => bucket.start_ms === reservation.bucket_ms)?.amount ?? 0n;
  if (part + change > PART_MAX) throw new Fault('sum_full', `the sum cannot count ${amount}`);
  overlay.set(reservation.sum, { ...sum, buckets: add(sum.buckets, reservation.bucket_ms, change) });
}

function add(buckets: readonly Bucket[], start_ms: number, amount: bigint): readonly Bucket[] {
  const found = buckets.some((bucket) => bucket.start_ms === start_ms);
  if (!found) return [...buckets, { start_ms, amount }].slice(-BUCKETS_MAX);
  return buckets.map((bucket) => (bucket.start_ms === start_ms ? { start_ms, amount: bucket.amount + amount } : bucket));
}
