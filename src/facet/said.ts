/** What the user says, as keys of the session (spec/facet.md T-16). */
import type { Tools } from './map.ts';
import { chunks, hostOf, isAccount, isCompound, isMail, isWeb, normal } from './value.ts';
import { words } from './words.ts';

/** Keys that one user text adds at most. */
export const USER_KEYS_MAX = 4_096;

/** T-16: the keys that a text of the user adds to the session. */
export function userKeys(tools: Tools | null, text: string): string[] {
  const keys = new Set<string>(['i:']);
  const add = (key: string): void => {
    if (keys.size < USER_KEYS_MAX) keys.add(key);
  };
  for (const word of words(text)) {
    add(`u:${word}`);
    if (tools === null) continue;
    const meanings = tools.meanings(word);
    for (const meaning of meanings) {
      add(meaning);
      if (meaning.startsWith('v:') && !THINGS.has(word)) add(`w${meaning.slice(1)}`);
    }
  }
  for (const piece of new Set(chunks(text))) {
    if (keys.size >= USER_KEYS_MAX) break;
    if (isAccount(piece)) add('h:account');
    if (!isCompound(piece)) continue;
    if (isMail(piece)) add('h:mail');
    // "see www.example.org.They …": a sentence may begin without a space.
    for (const part of [piece, piece.replace(/\.\p{Lu}\p{Ll}*$/u, '')]) {
      const whole = normal(part);
      // A piece of marks alone ("&") names nothing.
      if (whole !== '') add(`u:${whole}`);
      const host = isWeb(part) ? hostOf(part) : '';
      if (host === '') continue;
      add(`u:${host}`);
      add('h:web');
    }
  }
  let before = '';
  for (const sentence of text.split(/(?<=[.!?;])\s+|\n+/)) {
    if (delegates(sentence, before)) add('d:');
    before = sentence;
    const own = OWN.exec(sentence);
    if (own === null) continue;
    for (const piece of chunks(sentence.slice(own.index + own[0].length)))
      if (isCompound(piece) && !isMail(piece) && !/^(?:https?:|www\.)/i.test(piece)) add(`o:${normal(piece)}`);
  }
  return [...keys];
}

/** Words for acts that name a thing as often: "what does the email say" asks for no mail. */
const THINGS = new Set(
  'mail mails email emails message messages text note notes call post posts report comment request requests address contact payment payments booking reservation order orders invite invited'.split(
    ' ',
  ),
);

const DELEGATION =
  /\b(?:follow|do|perform|complete|execute|carry out|adjust|handle|act on|finish|fulfil|fulfill|implement|resolve|process|proceed|accomplish|work through|go through|take care of|achieve|solve|address (?:his|her|their|its|the|this|that|all|it|them))\b/i;
const DELEGATED =
  /\b(?:instructions?|tasks?|to-?do|steps|requests?|requested|homework|assignments?|requirements?|guidelines?|procedure|checklist|issues?|what (?:he|she|they|it) (?:needs?|asks?|wants?|requests?|says?))\b/i;
const REFERRING = /\b(?:it|them|that|this|these|those)\b/i;
const ACCORDING =
  /\b(?:accordingly|according to|as (?:it|he|she|they|the \w+) (?:asks?|says?|wants?|requests?|describes?|specif(?:y|ies))|as (?:described|specified|requested|instructed|listed|stated|explained) (?:in|on|by|there))\b/i;
const SPELLED_OUT = /\b(?:following|these|below)\s+(?:tasks?|instructions?|steps)\b/i;

/** A question asks for an answer, not for acts. */
const QUESTION = /^\W*(?:\d+\W+)?(?:what|which|who|whose|when|where|why|how)\b/i;

/** T-16: does the user tell the agent to do what a document says? "The following tasks" are his own words. */
function delegates(sentence: string, before: string): boolean {
  if (QUESTION.test(sentence) || SPELLED_OUT.test(sentence)) return false;
  if (ACCORDING.test(sentence)) return true;
  // "… sent me a task. Please complete it."
  return DELEGATION.test(sentence) && (DELEGATED.test(sentence) || (REFERRING.test(sentence) && DELEGATED.test(before)));
}

/** T-16: "my account information is in …": a document that the user calls his own. */
const OWN =
  /\bmy (?:[a-z]+ ){0,4}(?:information|infos?|details|data|accounts?|credentials?|passwords?|profile|addresses|contacts?|settings|configuration)\b[^.!?]{0,160}?\b(?:in|at|from|under)\b/i;
