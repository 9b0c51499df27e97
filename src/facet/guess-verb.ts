/** The act that the words of a tool's name say (spec/facet.md T-25). */
import { type Act, FILLERS, LAST_THINGS, PAIRS, VERBS, type Verb } from './lexicon.ts';
import { NOUNS, VAGUE } from './things.ts';

const set = (words: string): ReadonlySet<string> => new Set(words.split(' ').filter((word) => word !== ''));

export const READERS: readonly Act[] = ['read', 'compute', 'fetch'];
export const CLASS_OF: ReadonlyMap<string, Verb> = new Map(VERBS.map((verb) => [verb.class, verb]));

interface Named {
  readonly verb: Verb;
  readonly strong: boolean;
}
const VERB_OF = new Map<string, Named>();
for (const verb of VERBS) {
  for (const word of set(verb.strong)) if (!VERB_OF.has(word)) VERB_OF.set(word, { verb, strong: true });
}
for (const verb of VERBS) {
  for (const word of set(verb.weak)) if (!VERB_OF.has(word)) VERB_OF.set(word, { verb, strong: false });
}
const UNDO: Named = { verb: CLASS_OF.get('update') as Verb, strong: true };
const NOUN_WORDS: ReadonlySet<string> = new Set(NOUNS.flatMap((noun) => [...set(noun.words)]));
const EMPTY_WORDS: ReadonlySet<string> = new Set([...set(FILLERS), ...set(VAGUE)]);
export const JOINS = set('and or then');
/** What is put there is written, whatever else is done: `extract_to_disk`. */
const KEPT_AT = set('disk file drive');
const LAST_THING_WORDS = set(LAST_THINGS);

/** The act of a word; `unstar` and `resend` are acts as their words without the prefix are. */
function named(word: string): Named | undefined {
  const found = VERB_OF.get(word);
  if (found !== undefined || word.length < 5) return found;
  if (word.startsWith('un') && VERB_OF.has(word.slice(2))) return UNDO;
  const again = /^re-?(?=[a-z]{3})/.test(word) ? VERB_OF.get(word.slice(2)) : undefined;
  return again === undefined || READERS.includes(again.verb.act) ? undefined : again;
}

const STRENGTH: readonly Act[] = ['read', 'compute', 'fetch', 'tell', 'write', 'run', 'irreversible'];
const worse = (a: Verb, b: Verb): Verb => (STRENGTH.indexOf(b.act) > STRENGTH.indexOf(a.act) ? b : a);

interface Found {
  readonly verb: Verb;
  /** Where the words of the act stand. */
  readonly at: readonly number[];
}

/** T-25: the act of a name; null where it has none. */
export function verbOf(words: readonly string[]): Found | null {
  const found = pairOf(words) ?? firstOf(words);
  return found === null ? null : joinedTo(found, words);
}

function pairOf(words: readonly string[]): Found | null {
  for (let i = 0; i + 1 < words.length; i++) {
    const pair = `${words[i]} ${words[i + 1]}`;
    const verb = Object.hasOwn(PAIRS, pair) ? CLASS_OF.get(PAIRS[pair]) : undefined;
    if (verb !== undefined) return { verb, at: [i, i + 1] };
  }
  return null;
}

/**
 * The first word that is hardly ever a noun decides, unless a stricter one follows that is not an attribute of what is
 * read; without one, a word that is an act too, at the begin or the end.
 */
function firstOf(words: readonly string[]): Found | null {
  const strong: number[] = [];
  words.forEach((word, i) => {
    if (named(word)?.strong === true) strong.push(i);
  });
  const verbAt = (i: number): Verb => (named(words[i]) as Named).verb;
  if (strong.length > 0) {
    const [first] = strong;
    const bare = words.every((word, i) => EMPTY_WORDS.has(word) || JOINS.has(word) || (strong.includes(i) && (i === first || !NOUN_WORDS.has(word))));
    let verb = verbAt(first);
    const at = [first];
    for (const i of strong.slice(1)) {
      // "search and replace", "search replace", "health check delete", "read2delete", "get delete all"; but "get delete policy" reads.
      const digit = /^\d$/.test(words[i - 1]) && i - 2 === at.at(-1);
      if (first > 0 || JOINS.has(words[i - 1]) || digit || bare || (i === 1 && words.length === 2)) {
        verb = worse(verb, verbAt(i));
        at.push(i);
      }
    }
    return { verb, at };
  }
  // At the begin, behind the name of a product, or at the end, where readers go first: `calendar_event_history`.
  const last = words.length - 1;
  const ends = last > 0 && !LAST_THING_WORDS.has(words[last]) ? [last] : [];
  const reads = ends.filter((i) => named(words[i])?.verb.act === 'read');
  for (const i of [0, ...reads, ...(last > 1 ? [1] : []), ...ends]) if (named(words[i] ?? '') !== undefined) return { verb: verbAt(i), at: [i] };
  return null;
}

/** What a word such as `and` joins to an act is an act, too: any word of an act, and one that nobody knows. */
function joinedTo(found: Found, words: readonly string[]): Found {
  let { verb } = found;
  const at = [...found.at];
  for (let i = 2; i < words.length; i++) {
    if (words[i - 1] === 'to' && KEPT_AT.has(words[i])) verb = worse(verb, CLASS_OF.get('save') as Verb);
    if (!JOINS.has(words[i - 1]) || at.includes(i)) continue;
    const act = named(words[i]);
    const beside = at.includes(i - 2);
    const unknown = act === undefined && beside && !NOUN_WORDS.has(words[i]) && !EMPTY_WORDS.has(words[i]) && !words[i].endsWith('s');
    // Behind a thing only what is no thing itself: `get_name_and_address`.
    if (unknown) verb = worse(verb, UNDO.verb);
    else if (act !== undefined && (beside || !NOUN_WORDS.has(words[i]))) verb = worse(verb, act.verb);
    else continue;
    at.push(i);
  }
  return { verb, at };
}
