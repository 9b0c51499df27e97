/** A rule's file, written for people: what imports make. */
import type { Source } from '../rule/input.ts';
import type { Expectation } from '../rule/manifest.ts';
import { givenText } from './finding.ts';

export interface RuleText {
  readonly name: string;
  readonly title: string;
  readonly advice: string;
  readonly scope: readonly string[];
  /** Lines before the rule, without `#`. */
  readonly comments: readonly string[];
  /** path → type */
  readonly inputs: ReadonlyMap<string, string>;
  /** Lines of the expression. */
  readonly judge: readonly string[];
  readonly otherwise: 'deny' | 'escalate';
  readonly on_fault: 'deny' | 'escalate';
  readonly tests: readonly { readonly name: string; readonly given: Source; readonly expect: Expectation }[];
}

/** A rule has at most so many tests; a source may ask for more. */
const TESTS_MAX = 64;

const quoted = (text: string): string => JSON.stringify(text);

export function ruleText(rule: RuleText): string {
  const lines = [
    ...rule.comments.map((comment) => `# ${comment}`),
    `rule: ${rule.name}`,
    `title: ${quoted(clipped(rule.title))}`,
    `advice: ${quoted(clipped(rule.advice))}`,
    `scope: [${rule.scope.map(quoted).join(', ')}]`,
    'mode: enforce',
    ...(rule.inputs.size === 0 ? [] : ['inputs:', ...[...rule.inputs].sort().map(([path, type]) => `  ${quoted(path)}: ${quoted(type)}`)]),
    'judge: |-',
    ...rule.judge.map((line) => `  ${line}`),
    `otherwise: ${rule.otherwise}`,
    `on_fault: ${rule.on_fault}`,
    'tests:',
    ...rule.tests.slice(0, TESTS_MAX).map(({ name, given, expect }) => `  - { name: ${quoted(clipped(name))}, given: ${givenText(given)}, expect: ${expect} }`),
  ];
  return `${lines.join('\n')}\n`;
}

const TEXT_MAX = 120;
const clipped = (text: string): string =>
  (text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`).replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])/g, '');

/** A text literal of the expression language. */
export function literal(text: string): string {
  return `"${[...text].map((char) => (char === '"' || char === '\\' ? `\\${char}` : char === '\n' ? '\\n' : char === '\t' ? '\\t' : char)).join('')}"`;
}

/** A name of a rule made of any text. */
export function ruleName(group: string, text: string): string {
  const word = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '');
  return `${group}/${word === '' ? 'rule' : word}`.slice(0, 64);
}
