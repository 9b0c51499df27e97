/** A set of rules as one question to a solver: who is asked, what each answers, what the verdict is. */

import { Fault } from '../base/fault.ts';
import type { Tools } from '../facet/map.ts';
import { type Environment, scopeFor } from '../rule/compile.ts';
import type { Input, Program } from '../rule/ir.ts';
import type { AuthoredRule } from './load.ts';
import { assertOrdinary, scopeTerm } from './ordinary.ts';
import { FALSE, NotLowered, Script, type Term, TRUE } from './script.ts';
import { binds, RANK, type Verdict } from './stance.ts';
import { type BoolSymbol, intTerm } from './symbol.ts';
import { type InputSymbol, symbolic } from './symbolic.ts';
import { type Room, World } from './world.ts';

const TEXT_MIN = 8;
const TEXT_MAX = 96;
const ITEMS = 3;
const ITEMS_MAX = 12;
/** What scopes ask for, whether or not a rule reads it. */
const SCOPED: Readonly<Record<string, string>> = { tool: 'action.name', kind: 'action.kind', effect: 'effect' };

/** What a rule may say, as conditions that exclude each other. */
export interface Says {
  readonly asked: Term;
  readonly answer: BoolSymbol;
}

export class Model {
  readonly script = new Script();
  readonly world: World;
  private readonly said = new Map<AuthoredRule, Says | NotLowered>();

  /** @param rules all that any question will be about @throws NotLowered when no world holds what they read */
  constructor(rules: readonly AuthoredRule[], tools: Tools | null, environment: Environment) {
    const inputs = new Map<string, Input>();
    const all: Input[] = [];
    const names = new Set<string>();
    const known = rules.length === 0 ? undefined : scopeFor(rules[0].manifest, environment).paths;
    for (const { manifest, inputs: own } of rules) {
      for (const input of own) if (!input.path.startsWith('params.')) all.push(input);
      for (const item of manifest.scope) {
        const [group, path] = [item.slice(0, item.indexOf('.')), SCOPED[item.slice(0, item.indexOf('.'))]];
        const type = path === undefined ? undefined : known?.get(path);
        if (path !== undefined && type !== undefined) inputs.set(path, { path, type });
        if (group === 'tool') names.add(item.slice(5));
      }
    }
    const programs = rules.flatMap(({ compiled }) => (compiled === null ? [] : [compiled.program]));
    this.world = new World(this.script, [...all, ...inputs.values()], roomsFor(rules, [...names]), sizesOnly(programs));
    assertOrdinary(this.world, tools, [...names]);
  }

  /** Whether a rule is asked and what it answers. `params` stand for its parameters. @throws NotLowered */
  says(rule: AuthoredRule, params?: ReadonlyMap<string, Term>): Says {
    const known = params === undefined ? this.said.get(rule) : undefined;
    if (known instanceof NotLowered) throw known;
    if (known !== undefined) return known;
    try {
      const made = { asked: scopeTerm(this.world, this.script, rule.manifest.scope), answer: this.answer(rule, params) };
      if (params === undefined) this.said.set(rule, made);
      return made;
    } catch (error) {
      if (error instanceof NotLowered && params === undefined) this.said.set(rule, error);
      throw error;
    }
  }

  private answer({ compiled, manifest }: AuthoredRule, params?: ReadonlyMap<string, Term>): BoolSymbol {
    if (compiled === null) throw new NotLowered('it is a guest program');
    const values = new Map(manifest.params.map(({ name, value }) => [`params.${name}`, params?.get(name) ?? intTerm(value)]));
    const inputs = compiled.inputs.map((input): InputSymbol => {
      const bits = values.get(input.path);
      return bits === undefined ? this.world.input(input) : { value: { kind: 'int', ok: TRUE, bits }, present: { kind: 'bool', t: TRUE, f: FALSE } };
    });
    return symbolic(this.world.symbols, compiled.program, inputs);
  }

  /** A rule is asked and says this or something stricter. @throws NotLowered */
  atLeast(rule: AuthoredRule, verdict: Verdict): Term {
    const { script } = this;
    const { asked, answer } = this.says(rule);
    const { otherwise, on_fault, grants } = rule.manifest;
    const least = RANK[verdict];
    const cases: Term[] = [];
    if (grants && RANK.allow >= least) cases.push(answer.t);
    if (RANK[otherwise] >= least) cases.push(answer.f);
    if (RANK[on_fault] >= least) cases.push(script.not(script.or(answer.t, answer.f)));
    return script.and(asked, script.or(...cases));
  }

  /** The verdict of these rules is this or stricter (D-6). @throws NotLowered */
  verdictAtLeast(rules: readonly AuthoredRule[], otherwise: Verdict, verdict: Verdict, counted: (rule: AuthoredRule) => boolean = binds): Term {
    const { script } = this;
    const counting = rules.filter(counted);
    const said = (least: Verdict): Term => script.or(...counting.map((rule) => this.atLeast(rule, least)));
    // Where nobody says anything, the default decides.
    return RANK[otherwise] >= RANK[verdict] ? script.or(said(verdict), script.not(said('allow'))) : said(verdict);
  }
}

const utf8Length = (value: string): number => new TextEncoder().encode(value).length;

/** Of each path room for the longest text that a rule which reads it compares with, and for lists a little longer than it counts. */
function roomsFor(rules: readonly AuthoredRule[], names: readonly string[]): (path: string) => Room {
  const least: Room = { text_bytes: TEXT_MIN, items: ITEMS, name_bytes: names.reduce((most, name) => Math.max(most, utf8Length(name) + 2), TEXT_MIN) };
  const rooms = new Map<string, Room>();
  for (const rule of rules) {
    const own = roomOf(rule);
    for (const { path } of rule.inputs) {
      const before = rooms.get(path) ?? least;
      rooms.set(path, { ...least, text_bytes: Math.max(before.text_bytes, own.text_bytes), items: Math.max(before.items, own.items) });
    }
  }
  return (path) => rooms.get(path) ?? least;
}

function roomOf({ compiled, manifest }: AuthoredRule): Room {
  let text = TEXT_MIN;
  let items = ITEMS;
  const { consts, nodes } = compiled?.program ?? { consts: [], nodes: [] };
  for (const value of consts) if (typeof value === 'string') text = Math.max(text, utf8Length(value) + 2);
  if (nodes.some(({ op }) => op === 'size' || op === 'get')) {
    for (const value of [...consts, ...manifest.params.map((param) => param.value)]) {
      if (typeof value !== 'bigint' || value < 0n) continue;
      if (value < ITEMS_MAX) items = Math.max(items, Number(value) + 1);
      if (value < TEXT_MAX) text = Math.max(text, Number(value) + 2);
    }
  }
  return { text_bytes: Math.min(TEXT_MAX, text), items };
}

/** Paths that all programs use for nothing but their size, and whether they are there. */
function sizesOnly(programs: readonly Program[]): ReadonlySet<string> {
  const sized = new Set<string>();
  const other = new Set<string>();
  for (const { nodes, inputs, out } of programs) {
    nodes.forEach((node, at) => {
      if (node.op !== 'in') return;
      const { path } = inputs[node.imm];
      const users = nodes.filter(({ operands }) => operands.includes(at));
      (at !== out && users.length > 0 && users.every(({ op }) => op === 'size') ? sized : other).add(path);
    });
  }
  return new Set([...sized].filter((path) => !other.has(path)));
}

/**
 * A rule as SMT-LIB: what it reads as free constants, and whether it passes, fails or ends in an error.
 * @throws Fault rule_unsupported where it cannot be said in SMT-LIB
 */
export function scriptOf(rule: AuthoredRule, environment: Environment): string {
  try {
    const model = new Model([rule], null, environment);
    const { asked, answer } = model.says(rule);
    const { script, world } = model;
    const names = world.names().map(([variable, path]) => `; ${variable}  ${path}`);
    const answers = [
      ['asked', asked],
      ['pass', answer.t],
      ['fail', answer.f],
      ['error', script.not(script.or(answer.t, answer.f))],
    ].map(([name, term]) => `(define-fun ${name} () Bool ${term})`);
    const within = [...world.cut].map((bound) => `; looked at are ${bound}\n`);
    return `; ${rule.manifest.name}: ${rule.manifest.title}\n${within.join('')}${names.join('\n')}\n(set-logic ${script.logic})\n${script.text()}\n${answers.join('\n')}\n; for example: is there a call that it stops?\n(assert (and asked (not pass)))\n(check-sat)\n(get-model)\n`;
  } catch (error) {
    if (error instanceof NotLowered) throw new Fault('rule_unsupported', `the rule cannot be said in SMT-LIB: ${error.message}`);
    throw error;
  }
}
