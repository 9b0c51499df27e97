/**
 * Cedar's policies as two rules: one stops what a policy forbids, one what no policy permits. The principal is the agent, the
 * action the tool, the resource and the context what the caller vouches for. What needs entities, groups or types is refused.
 */
import type { Source, SourceValue } from '../rule/input.ts';
import { type CedarExpression, type CedarPlace, type CedarPolicy, type Constraint, parseCedar } from './cedar-syntax.ts';
import { wildcard } from './glob.ts';
import type { Imported, Part } from './imported.ts';
import { type FieldType, PolicyInputs } from './policy-inputs.ts';
import { literal, type RuleText } from './rule-text.ts';

class Refusal extends Error {
  readonly place: CedarPlace;

  constructor(place: CedarPlace, problem: string) {
    super(`${place.line}:${place.column} ${problem}`);
    this.place = place;
  }
}

type Holds = readonly (readonly [path: string, value: SourceValue])[];
const BASE: Source = { action: { name: 'tool' }, agent: { name: 'agent' } };

interface Translated extends Part {
  readonly condition: string;
  /** A call that meets it; null where none could be made up. */
  readonly holds: Holds | null;
  /** A call by another agent of another tool that brings nothing does not meet it. */
  readonly narrow: boolean;
}

/** @throws Fault usage with line and column where it is not Cedar */
export function importCedar(source: string): Imported {
  const inputs = new PolicyInputs();
  const translated: Part[] = [];
  const refused: (Part & { why: string })[] = [];
  const by: Record<CedarPolicy['effect'], Translated[]> = { permit: [], forbid: [] };
  parseCedar(source).forEach((policy, i) => {
    const part: Part = { text: `${policy.effect} ${policy.id ?? i}`, line: policy.place.line };
    try {
      by[policy.effect].push({ ...part, ...new Translation(inputs).policy(policy) });
      translated.push(part);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push({ ...part, why: `${error.message}${policy.effect === 'forbid' ? '; nothing else stops what it forbids' : ''}` });
    }
  });
  const declared = inputs.declared();
  const changed: (Part & { why: string })[] = [];
  const vouched = inputs.vouched();
  if (vouched.length > 0)
    changed.push({
      text: vouched.join(', '),
      line: null,
      why: 'the caller gives them in the context and vouches for them; a call without any context is stopped',
    });
  const rules: RuleText[] = [];
  const rule = (effect: CedarPolicy['effect'], judge: readonly string[], tests: RuleText['tests']): void => {
    rules.push({
      name: `cedar/${effect}`,
      title: effect === 'forbid' ? 'Calls that a policy forbids' : 'Calls that no policy permits',
      advice: 'See the policies that this was made from.',
      scope: ['kind.tool.call'],
      comments: ['Made from Cedar policies. A policy whose attributes are missing does not apply.'],
      inputs: new Map([...declared].filter(([path]) => judge.some((line) => line.includes(path)))),
      judge,
      otherwise: 'deny',
      on_fault: 'deny',
      tests,
    });
  };
  const lines = (policies: readonly Translated[]): readonly string[] => policies.map(({ condition }, i) => `  ${i === 0 ? '' : '|| '}${condition}`);
  const samples = (policies: readonly Translated[], expect: 'pass' | 'fail'): RuleText['tests'] =>
    policies.flatMap(({ text, holds }) => (holds === null ? [] : [{ name: text, given: inputs.source(holds, BASE), expect }]));
  const other = inputs.source([], { action: { name: 'another_tool' }, agent: { name: 'another agent' } });
  // A policy about everything would take the other call too.
  const about = (policies: readonly Translated[]): boolean => policies.every(({ narrow }) => narrow);
  if (by.forbid.length > 0)
    rule(
      'forbid',
      ['!(', ...lines(by.forbid), ')'],
      [...samples(by.forbid, 'fail'), ...(about(by.forbid) ? [{ name: 'another call', given: other, expect: 'pass' as const }] : [])],
    );
  if (by.permit.length > 0 || by.forbid.length > 0 || refused.length > 0) {
    const judge = by.permit.length === 0 ? ['false'] : ['(', ...lines(by.permit), ')'];
    rule('permit', judge, [...samples(by.permit, 'pass'), ...(about(by.permit) ? [{ name: 'another call', given: other, expect: 'fail' as const }] : [])]);
  }
  return { rules, translated, changed, refused };
}

const MARKS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);
const STEP: Readonly<Record<string, bigint>> = { '<': -1n, '<=': 0n, '>': 1n, '>=': 0n };

class Translation {
  private readonly inputs: PolicyInputs;
  /** Attributes that the policy reads, and those for which it asks itself whether they are there. */
  private readonly read = new Set<string>();
  private readonly asked = new Set<string>();
  private readonly holds: (readonly [string, SourceValue])[] = [];
  /** False once a condition is more than a list of comparisons. */
  private simple = true;

  constructor(inputs: PolicyInputs) {
    this.inputs = inputs;
  }

  policy(policy: CedarPolicy): { readonly condition: string; readonly holds: Holds | null; readonly narrow: boolean } {
    const parts = [
      ...this.constraint(policy.principal, 'agent.name', 'principal', policy.place),
      ...this.constraint(policy.action, 'action.name', 'action', policy.place),
      ...this.constraint(policy.resource, 'resource', 'resource', policy.place),
    ];
    for (const { unless, expression } of policy.conditions) {
      if (unless) this.simple = false;
      const text = this.bool(expression, !unless);
      parts.push(unless ? `!(${text})` : text);
    }
    const guards = [...this.read].filter((path) => !this.asked.has(path)).map((path) => `has(${path})`);
    const all = [...guards, ...parts];
    return {
      condition: all.length === 0 ? 'true' : `(${all.join(' && ')})`,
      holds: this.simple ? this.holds : null,
      narrow: guards.length > 0 || policy.principal.operator !== null || policy.action.operator !== null,
    };
  }

  private constraint({ operator, entities, type }: Constraint, path: string, name: string, place: CedarPlace): readonly string[] {
    if (operator === null) return [];
    if (operator === 'is') throw new Refusal(place, `\`${name} is ${type}\`: rules know no types of entities`);
    if (operator === 'in' && name !== 'action') throw new Refusal(place, `\`${name} in\`: rules know no groups of entities`);
    const at = path === 'resource' ? this.attribute('resource', 'string', place) : path;
    this.holds.push([at, entities[0].id]);
    return [entities.length === 1 ? `${at} == ${literal(entities[0].id)}` : `${at} in [${entities.map(({ id }) => literal(id)).join(', ')}]`];
  }

  private attribute(name: string, type: FieldType, place: CedarPlace): string {
    const found = this.inputs.path(`context.${name}`, type);
    if ('why' in found) throw new Refusal(place, found.why);
    this.read.add(found.path);
    return found.path;
  }

  /** `context.a.b` as `a.b`; undefined for anything else. */
  private field(expression: CedarExpression): string | undefined {
    if (expression.kind !== 'get') return undefined;
    if (expression.target.kind === 'variable') {
      if (expression.target.name === 'context') return expression.field;
      throw new Refusal(expression.place, `attributes of \`${expression.target.name}\`: rules know no entities; pass it as context`);
    }
    const before = this.field(expression.target);
    return before === undefined ? undefined : `${before}.${expression.field}`;
  }

  /** What is known of a type without asking how it is used. */
  private typeOf(expression: CedarExpression): FieldType | undefined {
    switch (expression.kind) {
      case 'literal':
        return typeof expression.value === 'bigint' ? 'int' : typeof expression.value === 'string' ? 'string' : 'bool';
      case 'neg':
        return 'int';
      case 'entity':
        return 'string';
      case 'set':
        return 'list';
      case 'variable':
        return 'string';
      case 'binary':
        return ['+', '-', '*'].includes(expression.operator) ? 'int' : 'bool';
      case 'get':
        return undefined;
      case 'if':
        return this.typeOf(expression.then) ?? this.typeOf(expression.otherwise);
      default:
        return 'bool';
    }
  }

  private bool(expression: CedarExpression, conjunct = false): string {
    return this.value(expression, 'bool', conjunct);
  }

  /** The expression as this type. `conjunct`: that it holds is needed for the policy to apply. */
  private value(expression: CedarExpression, type: FieldType, conjunct = false): string {
    const { place } = expression;
    switch (expression.kind) {
      case 'literal':
        if (this.typeOf(expression) !== type) throw new Refusal(place, `${String(expression.value)} where a value of type ${type} is expected`);
        return typeof expression.value === 'string' ? literal(expression.value) : String(expression.value);
      case 'get': {
        const name = this.field(expression);
        if (name === undefined) throw new Refusal(place, 'an attribute of something that is not the context');
        const path = this.attribute(name, type, place);
        if (conjunct) this.holds.push([path, true]);
        return path;
      }
      case 'variable':
        if (expression.name === 'principal') return 'agent.name';
        if (expression.name === 'action') return 'action.name';
        if (expression.name === 'resource') return this.attribute('resource', 'string', place);
        throw new Refusal(place, `\`${expression.name}\` as a whole`);
      case 'entity':
        return literal(expression.entity.id);
      case 'not':
        this.simple = false;
        return `!(${this.bool(expression.operand)})`;
      case 'neg':
        return `-(${this.value(expression.operand, 'int')})`;
      case 'binary':
        return this.binary(expression, conjunct);
      case 'has': {
        const before = expression.target.kind === 'variable' && expression.target.name === 'context' ? '' : `${this.field(expression.target) ?? ''}.`;
        if (before === '.') throw new Refusal(place, '`has` of something that is not the context');
        const name = `${before}${expression.field}`;
        const path = this.inputs.ask(name);
        this.asked.add(path);
        return `has(${path})`;
      }
      case 'like': {
        if (expression.pattern.includes('\\*')) throw new Refusal(place, 'a pattern with a star that means itself');
        const subject = this.value(expression.target, 'string');
        if (conjunct && subject.startsWith('context.')) this.holds.push([subject, expression.pattern.replaceAll('*', 'x')]);
        return wildcard(subject, expression.pattern);
      }
      case 'if':
        this.simple = false;
        return `(${this.bool(expression.condition)} ? ${this.value(expression.then, type)} : ${this.value(expression.otherwise, type)})`;
      case 'call':
        return this.call(expression, conjunct);
      case 'set':
        return `[${expression.items.map((item) => this.value(item, 'string')).join(', ')}]`;
      case 'is':
        throw new Refusal(place, '`is`: rules know no types of entities');
      case 'record':
        throw new Refusal(place, 'a record: rules compare single values');
    }
  }

  private binary({ operator, left, right, place }: Extract<CedarExpression, { kind: 'binary' }>, conjunct: boolean): string {
    if (operator === '&&') return `(${this.bool(left, conjunct)} && ${this.bool(right, conjunct)})`;
    if (operator === '||') {
      this.simple = false;
      return `(${this.bool(left)} || ${this.bool(right)})`;
    }
    if (operator === 'in') {
      if (left.kind !== 'variable' || left.name !== 'action') throw new Refusal(place, '`in`: rules know no groups of entities');
      return right.kind === 'set' ? `action.name in ${this.value(right, 'list')}` : `action.name == ${this.value(right, 'string')}`;
    }
    const arithmetic = operator === '+' || operator === '-' || operator === '*';
    const type = MARKS.has(operator) || arithmetic ? 'int' : (this.typeOf(left) ?? this.typeOf(right));
    if (type === undefined) throw new Refusal(place, `\`${operator}\` of two attributes: say what types they have`);
    if (type === 'list') throw new Refusal(place, '`==` of sets');
    const [x, y] = [this.value(left, type), this.value(right, type)];
    if (conjunct && (x.startsWith('context.') || /^a(?:ction|gent)\.name$/.test(x)) && right.kind === 'literal') {
      const { value } = right;
      if (operator === '==') this.holds.push([x, typeof value === 'bigint' ? Number(value) : value]);
      else if (typeof value === 'bigint' && MARKS.has(operator)) this.holds.push([x, Number(value + STEP[operator])]);
      else this.simple = false;
    } else if (conjunct && right.kind === 'entity' && operator === '==') this.holds.push([x, right.entity.id]);
    else if (conjunct) this.simple = false;
    return `(${x} ${operator} ${y})`;
  }

  private call({ target, name, operands, place }: Extract<CedarExpression, { kind: 'call' }>, conjunct: boolean): string {
    if (target === null) throw new Refusal(place, `\`${name}(…)\`: rules have no such values; compare texts or whole numbers`);
    if (target.kind === 'set' && name === 'contains') return `(${this.value(operands[0], 'string')} in ${this.value(target, 'list')})`;
    if (this.field(target) === undefined) throw new Refusal(place, `\`${name}\` of something that is not the context`);
    const list = this.value(target, 'list');
    if (name === 'contains') {
      const item = this.value(operands[0], 'string');
      if (conjunct && operands[0].kind === 'literal') this.holds.push([list, [operands[0].value as string]]);
      else this.simple = false;
      return `(${item} in ${list})`;
    }
    this.simple = false;
    if (name === 'isEmpty') return `(size(${list}) == 0)`;
    if (name === 'containsAll') return `${this.value(operands[0], 'list')}.all(x, x in ${list})`;
    if (name === 'containsAny') return `${this.value(operands[0], 'list')}.exists(x, x in ${list})`;
    throw new Refusal(place, `\`${name}\` is not known here`);
  }
}
