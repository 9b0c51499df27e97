/** Reads a .tar.gz in memory: what OPA writes its bundles as. */
import { gunzipSync } from 'node:zlib';
import { Fault } from '../base/fault.ts';

const BLOCK = 512;

/**
 * The files of an archive by their names, as they stand in it.
 * @throws Fault rule_source when it is none, or has more than `bytes_max` bytes
 */
export function unpack(packed: Uint8Array, bytes_max: number): ReadonlyMap<string, Uint8Array> {
  const bytes = gunzip(packed, bytes_max);
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const text = (from: number, length: number): string => {
      const field = bytes.subarray(at + from, at + from + length);
      const end = field.indexOf(0);
      return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
    };
    const size = Number.parseInt(/^[0-7]{1,11}(?= ?$)/.exec(text(124, 12))?.[0] ?? '', 8);
    const kind = text(156, 1);
    const from = at + BLOCK;
    if (!(size >= 0) || from + size > bytes.length) throw new Fault('rule_source', 'the archive of the compiler is cut short');
    if (kind === '0' || kind === '') files.set(text(0, 100), bytes.slice(from, from + size));
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function gunzip(packed: Uint8Array, bytes_max: number): Uint8Array {
  try {
    return new Uint8Array(gunzipSync(packed, { maxOutputLength: bytes_max }));
  } catch (error) {
    throw new Fault('rule_source', `the archive of the compiler cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
