/**
 * Passages of a text that tell an agent what to do (spec/facet.md T-19). A sentence may carry four signals: it begins
 * with an imperative, it addresses an AI, it talks of the agent's work (tasks, prompts, tools), or it is a delimiter.
 */
import { chunks, hostOf, isCompound, isWeb, normal } from './value.ts';
import { words } from './words.ts';

export interface Passage {
  /** 1: an imperative; 2: text that addresses agents. */
  readonly level: 1 | 2;
  readonly text: string;
}

/** Keys of a result for its passages. */
const PASSAGE_KEYS_MAX = 256;
/** Sentences without a signal that a passage may hold in a row. */
const GAP_MAX = 2;
export const SENTENCES_MAX = 2_048;
/** Of each level. */
export const PASSAGES_MAX = 64;

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const IMPERATIVES = set(
  'add append apply approve ask attach authorise authorize block book buy call cancel change charge check click close collect complete concatenate confirm connect contact copy create deduct delete deliver deposit disable disclose disregard download drop edit email enable enter erase execute export fetch fill find finish follow forget forward gather get give go grant hide ignore include insert install invite issue join list load log lookup mail make message modify move notify open order output override pay perform pick place post print proceed provide publish purchase put read reboot record redirect refund register release remember remove rename rent repeat replace reply report reschedule reserve reset respond restart retrieve return reveal revoke run save say schedule search select send set share show shut sign skip start stop submit subscribe substitute summarise summarize switch sync tell transfer translate trigger turn unsubscribe update upgrade upload use verify visit wipe wire withdraw write',
);
/** Words that may stand before the imperative. */
const OPENERS = set(
  'please now then first firstly second secondly third next also and but finally lastly kindly just simply instead immediately after that before so you must should need have to shall will can could would always only never do not dont todo note important urgent step then be sure',
);
const OPENERS_MAX = 6;
const AGENT_WORDS = set('ai assistant assistants chatbot llm gpt chatgpt claude gemini copilot agent agents bot');
const AGENT_PAIRS = set('language_model ai_model ai_agent virtual_assistant');
const WORK_WORDS = set('task tasks instruction instructions tool tools');
/** Talk of what an agent was told before. */
const ORDER_WORDS = set('prompt prompts override jailbreak');
const ORDER_PAIRS = set(
  'system_message system_prompt previous_instructions original_task without_asking do_first following_first function_call developer_message',
);
const DELIMITER = /\[\/?(?:INST|SYSTEM|INFO|INFORMATION|ADMIN)\b|^#{2,}|={5,}|<\||\|>|^\s*(?:system|assistant|user|admin(?:istrator)?)\s*:/i;
const ROLE = /<\/?\|?(?:system|developer|assistant|instructions?|im_start|sys)\b|\[\/?(?:INST|SYSTEM)\b|<<SYS/i;
const CLOSING = /<\/([A-Za-z][\w -]{1,40})>|\[\/[A-Za-z]+\]/;
/** The elements of HTML: a page is full of them, and they say nothing. */
const HTML = set(
  'a abbr address article aside b blockquote body br button caption cite code dd del details div dl dt em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd label legend li link main mark menu meta nav ol optgroup option p pre q section select small span strong style sub summary sup table tbody td textarea tfoot th thead time title tr u ul video',
);
const TAG = /<\/?([A-Za-z][\w -]{1,40})>/g;

/** T-19: the passages of a text; where the user told the agent to follow it, talk of tasks and steps is no sign. */
export function passagesOf(text: string, followed = false): Passage[] {
  const sentences = sentencesOf(text);
  const out: Passage[] = [];
  const rest: string[] = [];
  const counts = [0, 0, 0];
  let from = -1;
  let last = -1;
  let total = { imperative: 0, address: 0, work: 0, delimiter: 0 };
  const close = (): void => {
    if (from < 0) return;
    const kinds = Number(total.address > 0) + Number(total.work > 0) + Number(total.delimiter > 0);
    const level = (total.imperative > 0 && total.address + total.work > 0) || kinds >= 2 ? 2 : total.imperative > 0 ? 1 : 0;
    if (level !== 0) {
      const passage = { level, text: sentences.slice(from, last + 1).join('\n') } as const;
      // Harmless ones must not take the room of those that matter; past the room these are read as one.
      if (counts[level]++ < PASSAGES_MAX) out.push(passage);
      else if (level === 2) rest.push(passage.text);
    }
    from = -1;
    total = { imperative: 0, address: 0, work: 0, delimiter: 0 };
  };
  for (let i = 0; i < sentences.length; i++) {
    const found = signals(sentences[i], followed);
    if (found === 0) {
      if (from >= 0 && i - last > GAP_MAX) close();
      continue;
    }
    if (from < 0) from = i;
    last = i;
    total.imperative += found & 1;
    total.address += (found >> 1) & 1;
    total.work += (found >> 2) & 1;
    total.delimiter += (found >> 3) & 1;
    if (closes(sentences[i])) close();
  }
  close();
  if (rest.length > 0) out.push({ level: 2, text: rest.join('\n') });
  return out;
}

/** Sentences: up to a mark followed by a space, a line break, or an opening tag. A dot inside an address is none. */
function sentencesOf(text: string): string[] {
  const out: string[] = [];
  // What is left past the bound is one sentence more, so that nothing hides behind many short ones.
  let rest = '';
  for (const part of text.split(/(?<=[.!?;:])["')\]]?\s+|\n+|(?=<\/?[A-Za-z])|(?<=[A-Za-z]>)/)) {
    if (part === undefined || part.trim() === '') continue;
    if (out.length < SENTENCES_MAX) out.push(part.trim());
    else rest += `${part} `;
  }
  if (rest !== '') out.push(rest.trim());
  return out;
}

/** Bits: 1 imperative, 2 address, 4 talk of work, 8 delimiter. */
function signals(sentence: string, followed: boolean): number {
  let found = DELIMITER.test(sentence) || marked(sentence) ? 8 : 0;
  // Whoever writes in the voice of the system speaks to an agent.
  if (found !== 0 && ROLE.test(sentence)) found |= 2;
  const parts = words(sentence);
  if (startsWithImperative(parts)) found |= 1;
  for (let i = 0; i < parts.length; i++) {
    const word = parts[i];
    const pair = i + 1 < parts.length ? `${word}_${parts[i + 1]}` : '';
    if (AGENT_WORDS.has(word) || AGENT_PAIRS.has(pair)) found |= 2;
    if ((!followed && WORK_WORDS.has(word)) || ORDER_WORDS.has(word) || ORDER_PAIRS.has(pair)) found |= 4;
  }
  return found;
}

/** A tag that is none of HTML's. */
function marked(sentence: string): boolean {
  if (!sentence.includes('<')) return false;
  for (const found of sentence.matchAll(TAG)) if (!HTML.has(found[1].toLowerCase())) return true;
  return false;
}

function closes(sentence: string): boolean {
  const found = CLOSING.exec(sentence);
  return found !== null && (found[1] === undefined || !HTML.has(found[1].toLowerCase()));
}

function startsWithImperative(parts: readonly string[]): boolean {
  for (let i = 0; i < parts.length && i <= OPENERS_MAX; i++) {
    if (IMPERATIVES.has(parts[i])) return true;
    if (!OPENERS.has(parts[i]) && !/^\d{1,2}$/.test(parts[i])) return false;
  }
  return false;
}

/**
 * Keys of a passage that addresses agents: half of the room at most; first what may be a target (marks or digits inside),
 * so that plain words cannot crowd it out.
 */
export function passageKeys(text: string, keys: Set<string>): void {
  for (const [, single, double] of text.matchAll(/(?<![\p{L}\p{N}])(?:'([^'\n]{3,80})'|"([^"\n]{3,80})")/gu)) {
    if (keys.size >= PASSAGE_KEYS_MAX) return;
    const quoted = words(single ?? double);
    if (quoted.length >= 2) keys.add(`p:${quoted.join(' ')}`);
  }
  const pieces = new Set(chunks(text));
  for (const piece of pieces) {
    if (keys.size >= PASSAGE_KEYS_MAX) return;
    const whole = normal(piece);
    if (isCompound(piece)) {
      keys.add(`p:${whole}`);
      if (isWeb(piece)) keys.add(`p:${hostOf(piece)}`);
    } else if (/\d/.test(whole)) keys.add(`p:${whole}`);
  }
  for (const piece of pieces) {
    for (const word of words(piece)) {
      if (keys.size >= PASSAGE_KEYS_MAX) return;
      keys.add(`p:${word}`);
    }
  }
}
