/** What the user says, as keys of the session (spec/facet.md T-16). */
import type { Tools } from './map.ts';
import { chunks, hostOf, isCompound, isWeb, normal } from './value.ts';
import { words } from './words.ts';

/** Keys that one user text adds at most. */
export const USER_KEYS_MAX = 4_096;

/** T-16: the keys that a text of the user adds to the session. */
export function userKeys(tools: Tools | null, text: string): string[] {
  const keys = new Set<string>();
  const add = (key: string): void => {
    if (keys.size < USER_KEYS_MAX) keys.add(key);
  };
  for (const word of words(text)) {
    add(`u:${word}`);
    if (tools !== null) for (const meaning of tools.meanings(word)) add(meaning);
  }
  for (const piece of new Set(chunks(text))) {
    if (keys.size >= USER_KEYS_MAX) break;
    if (!isCompound(piece)) continue;
    // "see www.example.org.They …": a sentence may begin without a space.
    for (const part of [piece, piece.replace(/\.\p{Lu}\p{Ll}*$/u, '')]) {
      const whole = normal(part);
      // A piece of marks alone ("&") names nothing.
      if (whole !== '') add(`u:${whole}`);
      const host = isWeb(part) ? hostOf(part) : '';
      if (host !== '') add(`u:${host}`);
    }
  }
  if (delegates(text)) add('d:');
  return [...keys];
}

const DELEGATION = /\b(?:follow|do|perform|complete|execute|carry out|adjust|handle|act on)\b/i;
const DELEGATED = /\b(?:instructions?|tasks?|to-?do|steps|accordingly|requests?)\b/i;
const SPELLED_OUT = /\b(?:following|these|below)\s+(?:tasks?|instructions?|steps)\b/i;

/** T-16: does the user tell the agent to do what a document says? "The following tasks" are his own words. */
function delegates(text: string): boolean {
  for (const sentence of text.split(/(?<=[.!?;])\s+|\n+/)) {
    if (DELEGATION.test(sentence) && DELEGATED.test(sentence) && !SPELLED_OUT.test(sentence)) return true;
  }
  return false;
}
