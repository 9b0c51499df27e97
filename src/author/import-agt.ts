/**
 * Policy documents of Microsoft's agent-governance-toolkit as rules: the first match by priority decides, so what an earlier
 * rule allows, a later one does not stop. Both forms are read: conditions of field, operator and value, and expressions.
 */
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { Fault } from '../base/fault.ts';
import type { Source, SourceValue } from '../rule/input.ts';
import type { Imported, Part } from './imported.ts';
import { type FieldType, isCertain, PolicyInputs } from './policy-inputs.ts';
import { literal, type RuleText, ruleName } from './rule-text.ts';

type Outcome = 'allow' | 'deny' | 'escalate';

interface Condition {
  readonly text: string;
  /** Values by path with which it holds. */
  readonly holds: readonly (readonly [path: string, value: SourceValue])[];
  /** Whether it holds for a call, as the source's engine has it: what the tests expect. */
  readonly meets: (source: Source) => boolean;
}

interface Clause extends Part {
  readonly outcome: Outcome;
  readonly priority: number;
  readonly condition: Condition;
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  allow: 'allow',
  audit: 'allow',
  log: 'allow',
  warn: 'allow',
  deny: 'deny',
  block: 'deny',
  require_approval: 'escalate',
  require_human_approval: 'escalate',
  escalate: 'escalate',
  review: 'escalate',
};

class Refusal extends Error {}

/** @throws Fault usage when it is no policy document */
export function importAgt(source: string): Imported {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const root: unknown = document.contents;
  if (document.errors.length > 0 || !isMap(root)) throw new Fault('usage', `not a policy document: ${document.errors[0]?.message.split('\n')[0] ?? 'no map'}`);
  const plain = document.toJS() as Readonly<Record<string, unknown>>;
  const inputs = new PolicyInputs();
  const translated: Part[] = [];
  const changed: (Part & { why: string })[] = [];
  const refused: (Part & { why: string })[] = [];
  const clauses: Clause[] = [];
  const nodes: unknown = root.get('rules', true);
  const rules = Array.isArray(plain['rules']) ? (plain['rules'] as readonly Readonly<Record<string, unknown>>[]) : [];
  rules.forEach((rule, i) => {
    const node = isSeq(nodes) ? (nodes.items[i] as Node) : null;
    const part: Part = { text: String(rule['name'] ?? `rule ${i + 1}`), line: lines.linePos(node?.range?.[0] ?? 0).line };
    if (rule['enabled'] === false) return;
    try {
      const said = String(rule['ruleAction'] ?? rule['action'] ?? rule['effect'] ?? '');
      const outcome = Object.hasOwn(OUTCOMES, said) ? OUTCOMES[said] : undefined;
      if (outcome === undefined) throw new Refusal(`the action \`${said}\` is not known here`);
      const priority = typeof rule['priority'] === 'number' ? rule['priority'] : 0;
      clauses.push({ ...part, outcome, priority, condition: conditionOf(rule['condition'] ?? rule['conditions'], inputs) });
      if (rule['limit'] !== undefined)
        refused.push({ ...part, text: `${part.text}: limit ${String(rule['limit'])}`, why: 'a rate; count with session.calls or agent.sum' });
      if (['audit', 'log', 'warn'].includes(said)) changed.push({ ...part, why: `\`${said}\` is allow: AVA records every call anyway` });
      else translated.push(part);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push({ ...part, why: error.message });
    }
  });
  for (const name of Object.keys(plain)) {
    if (!KNOWN_FIELDS.has(name)) refused.push({ text: name, line: null, why: 'not a rule about a call' });
  }
  const defaults = (plain['defaults'] ?? {}) as Readonly<Record<string, unknown>>;
  const form = typeof plain['default_action'] === 'string' || plain['apiVersion'] !== undefined;
  const fallback = OUTCOMES[String(form ? (plain['default_action'] ?? 'deny') : (defaults['action'] ?? 'allow'))] ?? 'deny';
  const most = defaults['max_tool_calls'];
  if (typeof most === 'number')
    refused.push({ text: `max_tool_calls: ${most}`, line: null, why: 'counted a request, which AVA does not see; session.calls counts a session' });
  // A stable sort keeps the order of the document among equals.
  const sorted = [...clauses].sort((a, b) => b.priority - a.priority);
  const name = ruleName('agt', String(plain['name'] ?? 'policy'));
  const made = (['deny', 'escalate'] as const).flatMap((outcome) => ruleFor(outcome, name, sorted, fallback, inputs) ?? []);
  const vouched = inputs.vouched();
  if (made.length > 0 && vouched.length > 0)
    changed.push({
      text: vouched.join(', '),
      line: null,
      why: 'the caller gives them in the context and vouches for them; a call without any context is stopped',
    });
  return { rules: made, translated, changed, refused };
}

const KNOWN_FIELDS = new Set([
  'version',
  'apiVersion',
  'name',
  'description',
  'disclaimer',
  'rules',
  'defaults',
  'default_action',
  'scope',
  'agents',
  'agent',
  'inherit',
]);

/** A rule that stops what comes out as `outcome`; nothing where that never is. */
function ruleFor(outcome: 'deny' | 'escalate', name: string, clauses: readonly Clause[], fallback: Outcome, inputs: PolicyInputs): RuleText | undefined {
  if (fallback !== outcome && !clauses.some((clause) => clause.outcome === outcome)) return undefined;
  /** Neighbours with the same side of the question. */
  const groups: { stops: boolean; conditions: string[] }[] = [];
  for (const clause of clauses) {
    const stops = clause.outcome === outcome;
    const last = groups[groups.length - 1];
    if (last !== undefined && last.stops === stops) last.conditions.push(clause.condition.text);
    else groups.push({ stops, conditions: [clause.condition.text] });
  }
  // From the last to the first: passes = !(stops…) && (passes… || rest).
  let judge: string[] = [fallback === outcome ? 'false' : 'true'];
  for (const { stops, conditions } of groups.reverse()) {
    const any = [`(${conditions[0]}`, ...conditions.slice(1).map((one) => `  || ${one}`)];
    any[any.length - 1] += ')';
    const rest = judge.length === 1 && (judge[0] === 'true' || judge[0] === 'false') ? judge[0] : null;
    if (stops)
      judge =
        rest === 'true'
          ? [`!${any[0]}`, ...any.slice(1)]
          : rest === 'false'
            ? ['false']
            : [`!${any[0]}`, ...any.slice(1), '&& (', ...judge.map((line) => `  ${line}`), ')'];
    else judge = rest === 'false' ? any : rest === 'true' ? ['true'] : [...any, '|| (', ...judge.map((line) => `  ${line}`), ')'];
  }
  if (judge.length === 1 && judge[0] === 'true') return undefined;
  return {
    name: `${name}${outcome === 'deny' ? '' : '-ask'}`.slice(0, 64),
    title: outcome === 'deny' ? 'Calls that the policy does not allow' : 'Calls that the policy wants approved',
    advice: 'See the policy that this was made from.',
    scope: ['kind.tool.call'],
    comments: ['Made from a policy document of the agent-governance-toolkit: the first match by priority decides.'],
    inputs: inputs.declared(),
    judge,
    otherwise: outcome,
    on_fault: outcome,
    tests: testsOf(outcome, clauses, fallback, inputs),
  };
}

const BASE: Source = { action: { name: 'tool' }, agent: { name: 'agent' }, session: { calls: 0 } };

/** A call that meets each condition, and one that meets none; what comes out is the first match of the source's own rules. */
function testsOf(outcome: Outcome, clauses: readonly Clause[], fallback: Outcome, inputs: PolicyInputs): RuleText['tests'] {
  const test = (name: string, holds: Condition['holds']): RuleText['tests'][number] => {
    const given = inputs.source(holds, BASE);
    const decided = clauses.find(({ condition }) => condition.meets(given))?.outcome ?? fallback;
    return { name, given, expect: decided === outcome ? 'fail' : 'pass' };
  };
  return [...clauses.map(({ text, condition }) => test(text, condition.holds)), test('a call of which nothing is said', [])];
}

function valueAt(source: Source, path: string): SourceValue {
  let at: SourceValue = source;
  for (const part of path.split('.')) at = typeof at === 'object' && at !== null ? (at as Source)[part] : undefined;
  return at;
}

function conditionOf(condition: unknown, inputs: PolicyInputs): Condition {
  if (condition === undefined || condition === null) return { text: 'true', holds: [], meets: () => true };
  if (typeof condition === 'string') return expression(condition, inputs);
  if (Array.isArray(condition))
    return both(
      condition.map((one: unknown) => conditionOf(one, inputs)),
      ' && ',
    );
  if (typeof condition !== 'object') throw new Refusal('a condition is a map or a text');
  const { field, operator, value, all, any } = condition as Readonly<Record<string, unknown>>;
  if (Array.isArray(all))
    return both(
      all.map((one: unknown) => conditionOf(one, inputs)),
      ' && ',
    );
  if (Array.isArray(any))
    return both(
      any.map((one: unknown) => conditionOf(one, inputs)),
      ' || ',
    );
  if (typeof field !== 'string' || typeof operator !== 'string') throw new Refusal('a condition has field, operator and value');
  return compare(field, operator, value, inputs);
}

function both(conditions: readonly Condition[], mark: string): Condition {
  if (conditions.length === 0) throw new Refusal('a condition of no parts');
  if (conditions.length === 1) return conditions[0];
  return {
    text: `(${conditions.map(({ text }) => text).join(mark)})`,
    holds: mark === ' || ' ? conditions[0].holds : conditions.flatMap(({ holds }) => holds),
    meets: (source) => (mark === ' || ' ? conditions.some((one) => one.meets(source)) : conditions.every((one) => one.meets(source))),
  };
}

const ORDER: Readonly<Record<string, readonly [mark: string, step: number]>> = { gt: ['>', 1], lt: ['<', -1], gte: ['>=', 0], lte: ['<=', 0] };

function orders(found: SourceValue, value: number, operator: string): boolean {
  if (typeof found !== 'number') return false;
  return operator === 'gt' ? found > value : operator === 'lt' ? found < value : operator === 'gte' ? found >= value : found <= value;
}

/** A missing field makes a condition false, so each asks first whether it is there. */
function compare(field: string, operator: string, value: unknown, inputs: PolicyInputs): Condition {
  const at = (type: FieldType): string => {
    const found = inputs.path(field, type);
    if ('why' in found) throw new Refusal(found.why);
    return found.path;
  };
  const guard = (path: string, text: string): string => (isCertain(path) ? text : `(has(${path}) && ${text})`);
  if (operator === 'in' && Array.isArray(value) && value.length > 0) {
    const path = at(scalar(value[0]).type);
    return {
      text: guard(path, `${path} in [${value.map((one: unknown) => scalar(one).text).join(', ')}]`),
      holds: [[path, value[0] as SourceValue]],
      meets: (source) => value.includes(valueAt(source, path)),
    };
  }
  if (operator === 'contains' && typeof value === 'string') {
    const path = at('string');
    return {
      text: guard(path, `${path}.contains(${literal(value)})`),
      holds: [[path, value]],
      meets: (source) => String(valueAt(source, path) ?? '').includes(value),
    };
  }
  if (operator === 'matches') throw new Refusal('regular expressions of another engine: write the rule with matches() and look at it');
  if (Object.hasOwn(ORDER, operator)) {
    if (!Number.isSafeInteger(value)) throw new Refusal(`\`${operator}\` of ${String(value)}: rules count in whole numbers`);
    const [mark, step] = ORDER[operator];
    const path = at('int');
    return {
      text: guard(path, `${path} ${mark} ${String(value)}`),
      holds: [[path, (value as number) + step]],
      meets: (source) => orders(valueAt(source, path), value as number, operator),
    };
  }
  if (operator !== 'eq' && operator !== 'ne') throw new Refusal(`the operator \`${operator}\` is not known here`);
  const { type, text, other } = scalar(value);
  const path = at(type);
  if (operator === 'eq')
    return {
      text: guard(path, type === 'bool' ? (value === true ? path : `!${path}`) : `${path} == ${text}`),
      holds: [[path, value as SourceValue]],
      meets: (source) => valueAt(source, path) === value,
    };
  return { text: guard(path, `${path} != ${text}`), holds: [[path, other]], meets: (source) => ![undefined, value].includes(valueAt(source, path)) };
}

function scalar(value: unknown): { readonly type: FieldType; readonly text: string; readonly other: SourceValue } {
  if (typeof value === 'string') return { type: 'string', text: literal(value), other: `other ${value}`.slice(0, 64) };
  if (typeof value === 'boolean') return { type: 'bool', text: String(value), other: !value };
  if (Number.isSafeInteger(value)) return { type: 'int', text: String(value), other: (value as number) + 1 };
  throw new Refusal(`a comparison with ${String(value)}: rules know texts, whole numbers and bools`);
}

/** `tool in ['a', 'b'] and facts.amount <= 100`: or, and, then one comparison. */
function expression(text: string, inputs: PolicyInputs): Condition {
  for (const [word, mark] of [
    [' or ', ' || '],
    [' and ', ' && '],
  ] as const) {
    const parts = outsideQuotes(text.trim(), word);
    if (parts.length > 1)
      return both(
        parts.map((part) => expression(part, inputs)),
        mark,
      );
  }
  const match = /^(\w+(?:\.\w+)*)(?:\s+(not\s+in|in)\s+\[([^\]]*)\]|\s*(==|!=|>=|<=|>|<)\s*(.+))?$/.exec(text.trim());
  if (match === null) throw new Refusal(`the expression \`${text.trim()}\` is not understood`);
  const [, field, membership, items, operator, right] = match;
  if (membership !== undefined) {
    const values = items.split(',').flatMap((item) => item.trim().replace(/^['"]|['"]$/g, '') || []);
    const found = compare(field, 'in', values, inputs);
    return membership === 'in' ? found : { text: `!(${found.text})`, holds: [[found.holds[0][0], 'something else']], meets: (source) => !found.meets(source) };
  }
  if (operator === undefined) return compare(field, 'eq', true, inputs);
  const quoted = /^(['"])(.*)\1$/.exec(right.trim())?.[2];
  const value: unknown =
    quoted ?? (right.trim() === 'true' ? true : right.trim() === 'false' ? false : /^\d+$/.test(right.trim()) ? Number(right) : Number.NaN);
  if (operator === '!=') {
    // Here a field that is missing differs from everything.
    const same = compare(field, 'eq', value, inputs);
    return {
      text: `!${same.text.startsWith('(') ? same.text : `(${same.text})`}`,
      holds: compare(field, 'ne', value, inputs).holds,
      meets: (source) => !same.meets(source),
    };
  }
  const names: Readonly<Record<string, string>> = { '==': 'eq', '!=': 'ne', '>=': 'gte', '<=': 'lte', '>': 'gt', '<': 'lt' };
  return compare(field, names[operator], value, inputs);
}

function outsideQuotes(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    if (quote !== '') quote = text[i] === quote ? '' : quote;
    else if (text[i] === "'" || text[i] === '"') quote = text[i];
    else if (text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      start = i + separator.length;
      i = start - 1;
    }
  }
  return [...parts, text.slice(start)];
}
