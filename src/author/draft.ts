/**
 * Drafts of rules: a template in each language, which builds and passes its tests as it stands, and a rule made from a
 * recorded call, whose arguments become its inputs and its tests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { isName } from '../base/record.ts';
import type { Source, SourceValue } from '../rule/input.ts';
import { printValue } from '../rule/print.ts';
import { givenText } from './finding.ts';

/** Where the templates lie, run from source or from the package. */
const TEMPLATES = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'guest', 'templates');

export const TEMPLATE_LANGUAGES = ['cel', 'assemblyscript', 'rust', 'rego'] as const;
export type TemplateLanguage = (typeof TEMPLATE_LANGUAGES)[number];

/** One file of a draft, to be written into the rule's folder. */
export interface DraftFile {
  readonly name: string;
  readonly text: string;
}

/** @throws Fault usage when it is no name of a rule */
function checkName(name: string): void {
  if (!isName(name)) throw new Fault('usage', `\`${name}\` is not a name; use a-z, 0-9 and . _ / - after a letter, at most 64`, { name });
}

/** The files of a language's template under a name. @throws Fault usage */
export function draftRule(name: string, language: string): readonly DraftFile[] {
  checkName(name);
  if (!(TEMPLATE_LANGUAGES as readonly string[]).includes(language))
    throw new Fault(
      'usage',
      `no template is written in \`${language}\`${suggestion(language, TEMPLATE_LANGUAGES)}; there are ${TEMPLATE_LANGUAGES.join(', ')}`,
    );
  const folder = join(TEMPLATES, language);
  return readdirSync(folder)
    .filter((file) => file.startsWith('rule.') && !file.endsWith('.wasm'))
    .map((file) => ({ name: file, text: readFileSync(join(folder, file), 'utf8').replaceAll('RULE_NAME', name) }));
}

/** A decision of the ledger, as a draft needs it. */
export interface RecordedCall {
  readonly receipt: string;
  readonly kind: string;
  readonly tool: string;
  readonly verdict: string;
  readonly args: Source;
  readonly context: Source | null;
}

interface Declared {
  readonly path: string;
  readonly type: string;
  readonly value: SourceValue;
}

const SEGMENT = /^[A-Za-z0-9_$-]+$/;
const INPUTS_MAX = 24;
const TEXT_BYTES_MIN = 64;
const TEXT_BYTES_MAX = 4_096;
const LENGTH_MIN = 8;
const LENGTH_MAX = 64;
/** Texts longer than this are declared and not compared with. */
const COMPARED_BYTES_MAX = 200;

/**
 * A rule in the expression language about the recorded tool: it lets pass what the recorded call was when that was allowed,
 * and stops it when it was not. Its tests are that call and one that differs in each argument.
 * @throws Fault usage when there is nothing that a rule could read
 */
export function draftFrom(name: string, call: RecordedCall): DraftFile {
  checkName(name);
  const left: string[] = [];
  const inputs: Declared[] = [];
  declare(inputs, left, 'args', call.args);
  if (call.context !== null) declare(inputs, left, 'context', call.context);
  if (inputs.length > INPUTS_MAX) for (const { path } of inputs.splice(INPUTS_MAX)) left.push(`${path}: more than ${INPUTS_MAX} inputs`);
  const compared = inputs.flatMap((input) => conditionOf(input) ?? []);
  if (compared.length === 0) throw new Fault('usage', `the call of ${call.receipt} has no argument that a rule can compare`, { receipt: call.receipt });
  const passes = call.verdict === 'allow';
  const judge = passes ? compared.map(({ text }) => text).join('\n  && ') : `!(${compared.map(({ text }) => text).join('\n  && ')})`;
  const given = sourceOf(inputs);
  const tests = [
    { name: 'the recorded call', given, expect: passes ? 'pass' : 'fail' },
    ...compared.map(({ path, other }) => ({
      name: `another ${path}`,
      given: sourceOf(inputs.map((input) => (input.path === path ? { ...input, value: other } : input))),
      expect: passes ? 'fail' : 'pass',
    })),
    ...compared.map(({ path }) => ({
      name: `without ${path}`,
      given: sourceOf(inputs.filter((input) => input.path !== path)),
      expect: 'error',
    })),
  ];
  const lines = [
    `# Drafted from ${call.receipt}: a call of ${call.tool} that was answered with ${call.verdict}.`,
    '# Change `judge` to what you mean; then: avactl rules test, avactl rules lint.',
    `rule: ${name}`,
    `title: ${passes ? 'Calls of' : 'No calls of'} ${call.tool} like the recorded one`,
    'advice: Say here what would pass.',
    `scope: tool.${call.tool}`,
    'mode: enforce',
    '# What the call brings, with the types and bounds of what was recorded. A larger value is an error.',
    'inputs:',
    ...inputs.map(({ path, type }) => `  ${path}: ${JSON.stringify(type)}`),
    ...left.map((problem) => `  # left out: ${problem}`),
    'judge: >-',
    `  ${judge}`,
    'otherwise: escalate',
    'on_fault: escalate',
    'tests:',
    ...tests.map((test) => `  - { name: ${JSON.stringify(test.name)}, given: ${givenText(test.given)}, expect: ${test.expect} }`),
  ];
  return { name: 'rule.yaml', text: `${lines.join('\n')}\n` };
}

const isGroup = (value: SourceValue): value is Source => typeof value === 'object' && value !== null && !Array.isArray(value);

function declare(inputs: Declared[], left: string[], path: string, value: SourceValue): void {
  if (!isGroup(value)) {
    const type = typeOf(value);
    if (type === undefined) left.push(`${path}: ${value === null ? 'null' : 'a value that no declared type holds'}`);
    else inputs.push({ path, type, value });
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    if (SEGMENT.test(key)) declare(inputs, left, `${path}.${key}`, one);
    else left.push(`${JSON.stringify(`${path}.${key}`)}: not a name that a path can have`);
  }
}

/** The next power of two that leaves room for twice as much. */
function room(used: number, least: number, most: number): number {
  let bound = least;
  while (bound < 2 * used && bound < most) bound *= 2;
  return bound;
}

function typeOf(value: SourceValue): string | undefined {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return 'int';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'double';
  if (typeof value === 'string') {
    const bytes = utf8(value).length;
    return bytes > TEXT_BYTES_MAX ? undefined : `string(${room(bytes, TEXT_BYTES_MIN, TEXT_BYTES_MAX)})`;
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > LENGTH_MAX) return undefined;
  const longest = value.reduce<SourceValue>((most, one) => (String(one).length > String(most).length ? one : most), value[0]);
  const item = typeOf(longest);
  const kinds = new Set(value.map((one: SourceValue) => typeof one));
  return item === undefined || kinds.size > 1 || item.startsWith('list') ? undefined : `list(${item}, ${room(value.length, LENGTH_MIN, LENGTH_MAX)})`;
}

/** A condition that the recorded value meets, and a value that does not. */
function conditionOf({ path, value }: Declared): { readonly path: string; readonly text: string; readonly other: SourceValue } | undefined {
  const at = path
    .split('.')
    .map((part, i) =>
      i === 0 ? part : /^[A-Za-z_][A-Za-z0-9_]*$/.test(part) && !['true', 'false', 'null', 'in'].includes(part) ? `.${part}` : `[${JSON.stringify(part)}]`,
    )
    .join('');
  if (typeof value === 'boolean') return { path, text: value ? at : `!${at}`, other: !value };
  if (typeof value === 'number' && !Number.isInteger(value)) return { path, text: `${at} <= ${printValue(value)}`, other: value + 1 };
  if (typeof value === 'number' || typeof value === 'bigint')
    return { path, text: `${at} <= ${value}`, other: BigInt(value) < 2n ** 53n - 1n ? Number(value) + 1 : undefined };
  if (typeof value === 'string' && utf8(value).length <= COMPARED_BYTES_MAX)
    return { path, text: `${at} == ${printValue(value)}`, other: `other ${value}`.slice(0, 24) };
  return undefined;
}

function sourceOf(inputs: readonly Declared[]): Source {
  const source: Record<string, SourceValue> = { args: {} };
  for (const { path, value } of inputs) {
    const parts = path.split('.');
    let at = source;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Record<string, SourceValue>;
    at[parts[parts.length - 1]] = value;
  }
  return source;
}
