/**
 * `diff`: what becomes looser and what stricter between two rules or two constitutions, in words, with an example of each
 * that the interpreter confirms, or the statement that there is none.
 */
import { equal } from '../base/bytes.ts';
import { encodeToolMap } from '../facet/map.ts';
import type { Environment } from '../rule/compile.ts';
import type { Source } from '../rule/input.ts';
import { changesOf, type Word } from './diff-words.ts';
import { shrink } from './example.ts';
import { type Example, type Finding, givenText } from './finding.ts';
import { type Authored, type AuthoredRule, readAuthored } from './load.ts';
import { Model } from './model.ts';
import { find } from './question.ts';
import { NotLowered, type Term } from './script.ts';
import type { Solver } from './solver.ts';
import { binds, RANK, VERDICTS, type Verdict, verdictOf } from './stance.ts';

export type { Word } from './diff-words.ts';

/** One direction: an example, or that there is none (for values of any size, or of the sizes in `within`), or why nobody knows. */
export type Direction =
  | { readonly kind: 'example'; readonly example: Example }
  | { readonly kind: 'none'; readonly within: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

export interface Compared {
  readonly looser: Direction;
  readonly stricter: Direction;
}

export interface RuleChange {
  readonly rule: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly words: readonly Word[];
  /** Of the rule by itself; null where its meaning did not change. */
  readonly meaning: Compared | null;
}

export interface DiffReport {
  readonly before: string;
  readonly after: string;
  readonly words: readonly Word[];
  /** Those that changed, in the order of the new constitution. */
  readonly rules: readonly RuleChange[];
  /** Of all rules together; null where two single rules are compared, or nothing changed. */
  readonly verdict: Compared | null;
  /** Rules that no verdict here counts, and why. */
  readonly left_out: readonly string[];
  /** What could not be read, on either side. */
  readonly findings: readonly Finding[];
}

/** Both sides of a comparison: rules, and the verdict where none of them says anything. */
interface Side {
  readonly rules: readonly AuthoredRule[];
  readonly otherwise: Verdict;
}

/**
 * Compares two rule files or two constitutions' folders.
 * @throws Fault usage, config, map_*
 */
export async function diff(
  before: string,
  after: string,
  environment: Environment,
  solver: Solver | null,
  progress: (what: string) => void = () => {},
): Promise<DiffReport> {
  const [a, b] = [readAuthored(before, environment), readAuthored(after, environment)];
  const comparison = new Comparison(a, b, environment, solver);
  const rules: RuleChange[] = [];
  for (const { old, now } of pairs(a, b)) {
    progress((now ?? old)?.manifest.name ?? '');
    const change = await comparison.rule(old, now);
    if (change !== null) rules.push(change);
  }
  const words = a.whole && b.whole ? lawWords(a, b) : [];
  const whole = a.whole && b.whole && (rules.length > 0 || words.length > 0);
  if (whole) progress('all rules together');
  return {
    before,
    after,
    words,
    rules,
    verdict: whole ? await comparison.law() : null,
    left_out: comparison.leftOut(),
    findings: [...a.findings, ...b.findings],
  };
}

/** Rules of one name; two single files are one pair, whatever they are called. */
function pairs(a: Authored, b: Authored): readonly { readonly old: AuthoredRule | null; readonly now: AuthoredRule | null }[] {
  if (!a.whole && !b.whole) return a.rules.length + b.rules.length === 0 ? [] : [{ old: a.rules[0] ?? null, now: b.rules[0] ?? null }];
  const named = (rules: readonly AuthoredRule[], name: string): AuthoredRule | null => rules.find(({ manifest }) => manifest.name === name) ?? null;
  return [
    ...b.rules.map((now) => ({ old: named(a.rules, now.manifest.name), now })),
    ...a.rules.filter(({ manifest }) => named(b.rules, manifest.name) === null).map((old) => ({ old, now: null })),
  ];
}

function lawWords(a: Authored, b: Authored): readonly Word[] {
  const words: Word[] = [];
  if (a.default !== b.default)
    words.push({ text: `where no rule says anything, the answer is ${b.default}, not ${a.default}`, effect: b.default === 'allow' ? 'looser' : 'stricter' });
  const [old, now] = [a.tools?.map.entries ?? [], b.tools?.map.entries ?? []];
  const key = ({ server, tool }: { readonly server: string | null; readonly tool: string }): string => (server === null ? tool : `${server}/${tool}`);
  const before = new Map(old.map((entry) => [key(entry), entry]));
  const after = new Map(now.map((entry) => [key(entry), entry]));
  for (const [name, { effect }] of after) {
    const entry = before.get(name);
    if (entry === undefined) words.push({ text: `the tool map knows \`${name}\` (${effect}), which was opaque`, effect: null });
    else if (entry.effect !== effect) words.push({ text: `the tool map says ${effect} of \`${name}\`, not ${entry.effect}`, effect: null });
  }
  for (const name of before.keys()) if (!after.has(name)) words.push({ text: `the tool map does not know \`${name}\` any more: it is opaque`, effect: null });
  const order = (law: Authored): string => law.rules.map(({ manifest }) => manifest.name).join();
  if (
    order(a) !== order(b) &&
    [...a.rules].length === [...b.rules].length &&
    a.rules.every(({ manifest }) => b.rules.some((one) => one.manifest.name === manifest.name))
  )
    words.push({ text: 'the rules stand in another order, which changes no verdict', effect: null });
  return words;
}

class Comparison {
  private readonly a: Authored;
  private readonly b: Authored;
  private readonly environment: Environment;
  private readonly solver: Solver | null;
  private readonly skipped = new Map<string, string>();

  constructor(a: Authored, b: Authored, environment: Environment, solver: Solver | null) {
    this.a = a;
    this.b = b;
    this.environment = environment;
    this.solver = solver;
  }

  leftOut(): readonly string[] {
    return [...this.skipped].map(([rule, why]) => `${rule}: ${why}`);
  }

  async rule(old: AuthoredRule | null, now: AuthoredRule | null): Promise<RuleChange | null> {
    const name = (now ?? old)?.manifest.name ?? '';
    if (old === null || now === null) {
      const kind = old === null ? 'added' : 'removed';
      return { rule: name, kind, words: [], meaning: await this.alone(old, now) };
    }
    const words = changesOf(old.manifest, now.manifest);
    if (words.length === 0) return null;
    return { rule: name, kind: 'changed', words, meaning: sameMeaning(old, now) ? null : await this.alone(old, now) };
  }

  /** One rule before and after, as if there were no others. One that observes on both sides is taken as if it were bound. */
  private alone(old: AuthoredRule | null, now: AuthoredRule | null): Promise<Compared> {
    const grants = old?.manifest.grants === true || now?.manifest.grants === true;
    const otherwise: Verdict = grants ? 'deny' : 'allow';
    const both = [old, now].every((rule) => rule === null || !binds(rule));
    const side = (rule: AuthoredRule | null): Side => ({ rules: rule === null ? [] : [rule], otherwise });
    return this.compare(side(old), side(now), both ? () => true : binds);
  }

  /** All rules together. */
  law(): Promise<Compared> {
    return this.compare({ rules: this.a.rules, otherwise: this.a.default }, { rules: this.b.rules, otherwise: this.b.default }, binds);
  }

  private async compare(before: Side, after: Side, counted: (rule: AuthoredRule) => boolean): Promise<Compared> {
    if (this.solver === null) return unknown('the solver is not installed');
    try {
      return await this.prove(this.solver, this.known(before), this.known(after), counted);
    } catch (error) {
      if (error instanceof NotLowered) return unknown(error.message);
      throw error;
    }
  }

  /** Without the guests that are the same on both sides: whatever they say, they say it twice. */
  private known({ rules, otherwise }: Side): Side {
    const same = rules.filter((rule) => rule.guest !== null && this.twin(rule));
    for (const { manifest } of same) this.skipped.set(manifest.name, 'a guest program, the same on both sides; it may stop what is shown here as let through');
    return { rules: rules.filter((rule) => !same.includes(rule)), otherwise };
  }

  private twin({ guest, manifest }: AuthoredRule): boolean {
    const alike = (law: Authored): boolean =>
      law.rules.some((one) => one.manifest.name === manifest.name && one.guest !== null && one.guest.id === guest?.id && one.manifest.mode === manifest.mode);
    return alike(this.a) && alike(this.b);
  }

  private async prove(solver: Solver, before: Side, after: Side, counted: (rule: AuthoredRule) => boolean): Promise<Compared> {
    const { a, b } = this;
    const oneMap = a.tools !== null && b.tools !== null && equal(encodeToolMap(a.tools.map), encodeToolMap(b.tools.map));
    const model = new Model([...before.rules, ...after.rules], oneMap ? b.tools : null, this.environment);
    const { script, world } = model;
    const term = ({ rules, otherwise }: Side, verdict: Verdict): Term => model.verdictAtLeast(rules, otherwise, verdict, counted);
    const verdict = ({ rules, otherwise }: Side, source: Source): Verdict => verdictOf(rules, otherwise, source, counted);
    const direction = async (more: Side, less: Side): Promise<Direction> => {
      const goal = script.or(...VERDICTS.map((one) => script.and(term(more, one), script.not(term(less, one)))));
      const holds = (source: Source): boolean => RANK[verdict(more, source)] > RANK[verdict(less, source)];
      const found = await find(solver, world, goal, holds);
      if (found.kind === 'none') return { kind: 'none', within: [...world.cut] };
      if (found.kind === 'unknown') return { kind: 'unknown', why: 'the solver did not end in time' };
      const small = shrink(
        found.source,
        (source) => verdict(before, source) === verdict(before, found.source) && verdict(after, source) === verdict(after, found.source),
      );
      return { kind: 'example', example: { given: givenText(small), outcome: `was ${verdict(before, small)}, becomes ${verdict(after, small)}` } };
    };
    return { looser: await direction(before, after), stricter: await direction(after, before) };
  }
}

const unknown = (why: string): Compared => ({ looser: { kind: 'unknown', why }, stricter: { kind: 'unknown', why } });

/** Whether nothing differs that a verdict could tell. */
function sameMeaning(old: AuthoredRule, now: AuthoredRule): boolean {
  const bytes = (rule: AuthoredRule): Uint8Array | null => rule.compiled?.bytes ?? rule.guest?.module ?? null;
  const [x, y] = [bytes(old), bytes(now)];
  if (x === null || y === null || !equal(x, y)) return false;
  const told = ({ manifest: { scope, mode, otherwise, on_fault, grants, params } }: AuthoredRule): string =>
    [scope.join(), mode, otherwise, on_fault, grants, ...params.map(({ name, value }) => `${name}=${value}`)].join('\n');
  return told(old) === told(now);
}
