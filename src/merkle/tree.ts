/**
 * Merkle trees of RFC 6962 §2.1 (RFC 9162 §2.1), spec/merkle.md M-1 to M-3. Leaves are given as leaf hashes
 * (`hashLeaf` of crypto/hash); a tree of none has the root SHA256("").
 */
import type { Octets } from '../base/bytes.ts';
import { Reader, Writer } from '../base/cbor.ts';
import { EMPTY_ROOT, hashNode } from '../crypto/hash.ts';

/** M-2: the root over leaf hashes; n − 1 node hashes. The list is not changed. */
export function rootOf(leaves: readonly Octets[]): Octets {
  let count = leaves.length;
  if (count === 0) return EMPTY_ROOT;
  if (count === 1) return leaves[0];
  const row: Octets[] = [];
  for (let i = 0; i + 1 < count; i += 2) row.push(hashNode(leaves[i], leaves[i + 1]));
  if (count % 2 === 1) row.push(leaves[count - 1]);
  count = row.length;
  while (count > 1) {
    let to = 0;
    for (let i = 0; i + 1 < count; i += 2) row[to++] = hashNode(row[i], row[i + 1]);
    if (count % 2 === 1) row[to++] = row[count - 1];
    count = to;
  }
  return row[0];
}

/**
 * M-3: the roots of the complete subtrees that a growing tree consists of ("compact range"). Appending costs one
 * node hash amortised, the root at most log2(size).
 */
export class Frontier {
  /** By level: the complete subtree of 2^level leaves, or '' where the size has no such bit. */
  private readonly peaks: Octets[];
  private count: number;

  private constructor(peaks: Octets[], count: number) {
    this.peaks = peaks;
    this.count = count;
  }

  static empty(): Frontier {
    return new Frontier([], 0);
  }

  /** Leaves appended so far. */
  get size(): number {
    return this.count;
  }

  /** Appends one leaf hash. */
  append(leaf: Octets): void {
    const peaks = this.peaks;
    let node = leaf;
    let level = 0;
    for (; level < peaks.length && peaks[level] !== ''; level++) {
      node = hashNode(peaks[level], node);
      peaks[level] = '';
    }
    if (level === peaks.length) peaks.push(node);
    else peaks[level] = node;
    this.count += 1;
  }

  root(): Octets {
    const peaks = this.peaks;
    let node: Octets = '';
    for (let level = 0; level < peaks.length; level++) {
      const peak = peaks[level];
      if (peak !== '') node = node === '' ? peak : hashNode(peak, node);
    }
    return node === '' ? EMPTY_ROOT : node;
  }

  clone(): Frontier {
    return new Frontier(this.peaks.slice(), this.count);
  }

  /** M-4: `[size, [*peak]]`, the largest subtree first. */
  encode(): Uint8Array {
    const present = this.peaks.filter((peak) => peak !== '').reverse();
    const writer = new Writer(16 + 34 * present.length);
    writer.array(2);
    writer.uint(this.count);
    writer.array(present.length);
    for (const peak of present) writer.octets(peak);
    return writer.done();
  }

  /** M-4. @throws Fault cbor_* when it is not exactly what `encode` writes */
  static decode(bytes: Uint8Array): Frontier {
    const reader = new Reader(bytes);
    reader.fields(2, 'a frontier');
    const count = reader.uint();
    const bits = count.toString(2);
    const peaks: Octets[] = count === 0 ? [] : Array.from({ length: bits.length }, () => '');
    const present = reader.array();
    if (present !== bits.replaceAll('0', '').length) reader.fail('cbor_range', 'a subtree for each bit of the size expected');
    for (let i = 0; i < peaks.length; i++) if (bits[i] === '1') peaks[peaks.length - 1 - i] = reader.octets(32);
    reader.end();
    return new Frontier(peaks, count);
  }
}
