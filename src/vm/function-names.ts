/** The names of a module's functions, for people: its name section, or what it exports. */
import { Fault } from '../base/fault.ts';
import { SECTION, sections } from './call-trace.ts';
import { Reader } from './reader.ts';

/** Part of the name section. */
const FUNCTION_NAMES = 1;
const NAME_BYTES_MAX = 4_096;

/** Names of functions as a module's name section has them, which nothing else reads; none where it is malformed. */
export function functionNames(module: Uint8Array): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  try {
    for (const { id, start, end } of sections(module)) {
      if (id !== SECTION.custom) continue;
      const reader = new Reader(module, start, end);
      if (reader.name(NAME_BYTES_MAX) !== 'name') continue;
      while (reader.at < reader.end) {
        const kind = reader.byte();
        const size = reader.u32();
        const next = reader.at + size;
        if (kind === FUNCTION_NAMES) for (let left = reader.u32(); left > 0; left--) names.set(reader.u32(), reader.name(NAME_BYTES_MAX));
        reader.at = next;
      }
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return names;
}
