/** What changed in a rule's manifest, in words: who is asked, what counts, what the answers are, what a parameter may be. */
import type { Manifest, Param } from '../rule/manifest.ts';

/** Of a change in words: what it alone does, where that is certain. */
export interface Word {
  readonly text: string;
  readonly effect: 'looser' | 'stricter' | null;
}

const word = (text: string, effect: Word['effect'] = null): Word => ({ text, effect });
const list = (items: readonly string[]): string => items.map((item) => `\`${item}\``).join(', ');
const MODE_SAYS = { floor: 'part of the floor', enforce: 'enforced', observe: 'only observed' } as const;
const ANSWER_SAYS = { deny: 'denied', escalate: 'escalated' } as const;
const STRICTNESS = { escalate: 0, deny: 1 } as const;

export function changesOf(before: Manifest, after: Manifest): readonly Word[] {
  const words: Word[] = [];
  const added = after.scope.filter((item) => !before.scope.includes(item));
  const gone = before.scope.filter((item) => !after.scope.includes(item));
  if (added.length > 0) words.push(word(`is asked about ${list(added)} too`));
  if (gone.length > 0) words.push(word(`is no longer asked about ${list(gone)}`));
  if (before.mode !== after.mode) {
    const binding = after.mode === 'observe' ? 'looser' : before.mode === 'observe' ? 'stricter' : null;
    words.push(word(`was ${MODE_SAYS[before.mode]}, is ${MODE_SAYS[after.mode]}`, binding));
  }
  if (before.until_ms !== after.until_ms && before.mode === 'observe' && after.mode === 'observe')
    words.push(
      word(
        `is observed until ${dateOf(after.until_ms)}, not ${dateOf(before.until_ms)}`,
        (after.until_ms ?? Infinity) > (before.until_ms ?? Infinity) ? 'looser' : 'stricter',
      ),
    );
  if (before.grants !== after.grants)
    words.push(after.grants ? word('allows what passes, where nothing said so before', 'looser') : word('no longer allows what passes', 'stricter'));
  for (const [field, when] of [
    ['otherwise', 'where the expression is false'],
    ['on_fault', 'where the expression is an error'],
  ] as const) {
    if (before[field] === after[field]) continue;
    words.push(
      word(
        `${when}, a call is ${ANSWER_SAYS[after[field]]}, not ${ANSWER_SAYS[before[field]]}`,
        STRICTNESS[after[field]] < STRICTNESS[before[field]] ? 'looser' : 'stricter',
      ),
    );
  }
  words.push(...paramChanges(before.params, after.params));
  words.push(...inputChanges(before, after));
  if (before.level !== after.level) words.push(word(`a change of it needs ${after.level}, not ${before.level}`));
  if (before.judge.replaceAll(/\s+/g, ' ').trim() !== after.judge.replaceAll(/\s+/g, ' ').trim()) words.push(word('has another expression'));
  if (before.program?.module !== after.program?.module) words.push(word('has another program'));
  for (const name of ['gas', 'memory_pages', 'stack_words', 'timeout_ms'] as const)
    if (before.limits[name] !== after.limits[name]) words.push(word(`its limit ${name} is ${after.limits[name]}, not ${before.limits[name]}`));
  if (before.title !== after.title) words.push(word(`is called "${after.title}"`));
  if (before.advice !== after.advice) words.push(word('gives other advice'));
  const tests = after.tests.length - before.tests.length;
  if (tests !== 0) words.push(word(`has ${Math.abs(tests)} test${Math.abs(tests) === 1 ? '' : 's'} ${tests > 0 ? 'more' : 'fewer'}`));
  return words;
}

const dateOf = (until_ms: number | null): string => (until_ms === null ? 'further notice' : new Date(until_ms).toISOString().slice(0, 10));

function paramChanges(before: readonly Param[], after: readonly Param[]): readonly Word[] {
  const words: Word[] = [];
  for (const param of after) {
    const old = before.find(({ name }) => name === param.name);
    if (old === undefined) {
      words.push(word(`has a new parameter \`${param.name}\` = ${param.value}`));
      continue;
    }
    if (old.value !== param.value) words.push(word(`\`${param.name}\` is ${param.value}, was ${old.value}`));
    if (old.min !== param.min || old.max !== param.max || old.step !== param.step)
      words.push(word(`\`${param.name}\` may go from ${param.min} to ${param.max} by ${param.step}, was ${old.min} to ${old.max} by ${old.step}`));
  }
  for (const { name } of before) if (!after.some((param) => param.name === name)) words.push(word(`has no parameter \`${name}\` any more`));
  return words;
}

function inputChanges(before: Manifest, after: Manifest): readonly Word[] {
  const words: Word[] = [];
  for (const { path, type } of after.inputs) {
    const old = before.inputs.find((input) => input.path === path);
    if (old === undefined) words.push(word(`reads \`${path}\` (${type})`));
    else if (old.type !== type) words.push(word(`reads \`${path}\` as ${type}, not ${old.type}`));
  }
  for (const { path } of before.inputs) if (!after.inputs.some((input) => input.path === path)) words.push(word(`no longer reads \`${path}\``));
  return words;
}
