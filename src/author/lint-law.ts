/** What rules are to each other: one that changes nothing, grants that another takes back, calls that nothing lets through. */

import type { Source } from '../rule/input.ts';
import { shrink } from './example.ts';
import type { Finding } from './finding.ts';
import { adder, exampleOf, type Surroundings } from './lint-rule.ts';
import type { Authored, AuthoredRule } from './load.ts';
import { Model } from './model.ts';
import { find } from './question.ts';
import { NotLowered, type Term } from './script.ts';
import type { Solver } from './solver.ts';
import { answerOf, binds, isAsked, RANK, says, VERDICTS, verdictOf } from './stance.ts';

export async function lintLaw(law: Authored, around: Surroundings, progress: (rule: string) => void): Promise<readonly Finding[]> {
  const { solver } = around;
  const findings: Finding[] = [];
  if (solver === null || law.rules.length < 2) return findings;
  const model = modelOf(law, around);
  if (model === null) return findings;
  /** Rules that a solver can be asked about; the others stand aside, which is said where they are linted. */
  const rules = law.rules.filter((rule) => isKnown(model, rule));
  for (const rule of rules) {
    progress(rule.manifest.name);
    await lintEffect(rule, rules, law, model, solver, findings);
    if (rule.manifest.grants) await lintGrant(rule, rules, model, solver, findings);
  }
  return findings;
}

function modelOf(law: Authored, { tools, environment }: Surroundings): Model | null {
  try {
    return new Model(
      law.rules.filter(({ compiled }) => compiled !== null),
      tools,
      environment,
    );
  } catch (error) {
    if (error instanceof NotLowered) return null;
    throw error;
  }
}

function isKnown(model: Model, rule: AuthoredRule): boolean {
  if (rule.compiled === null) return false;
  try {
    model.says(rule);
    return true;
  } catch (error) {
    if (error instanceof NotLowered) return false;
    throw error;
  }
}

/** Whether the verdict of any call is another without this rule; and which rule stands before it where none is. */
async function lintEffect(rule: AuthoredRule, rules: readonly AuthoredRule[], law: Authored, model: Model, solver: Solver, findings: Finding[]): Promise<void> {
  const { script, world } = model;
  const add = adder(rule, findings);
  /** A rule that observes is asked as if it were bound: what would it change? */
  const counted = (one: AuthoredRule): boolean => one === rule || binds(one);
  const others = rules.filter((one) => one !== rule);
  const differ = script.or(
    ...VERDICTS.map((verdict) =>
      script.not(script.equal(model.verdictAtLeast(rules, law.default, verdict, counted), model.verdictAtLeast(others, law.default, verdict, counted))),
    ),
  );
  const verdicts = (source: Source): readonly [string, string] => [
    verdictOf(rules, law.default, source, counted),
    verdictOf(others, law.default, source, counted),
  ];
  const found = await find(solver, world, differ, (source) => verdicts(source)[0] !== verdicts(source)[1], false);
  if (found.kind !== 'none') return;
  // A rule that never says anything is found by itself.
  const stops = model.atLeast(rule, rule.manifest.grants ? 'allow' : 'escalate');
  const said = (source: Source): boolean => isAsked(rule, source) && says(rule, answerOf(rule, source)) !== null;
  const example = await find(solver, world, stops, said);
  if (example.kind !== 'found') return;
  const before = await coverOf(rule, others.filter(binds), model, solver);
  const limits = world.cut.size === 0 ? '' : `, looking at ${[...world.cut].join(' and ')}`;
  const same = (source: Source): boolean => said(source) && verdicts(source)[0] === verdicts(source)[1];
  const small = shrink(example.source, same);
  add(
    world.cut.size === 0 ? 'warning' : 'note',
    'shadowed',
    ['rule'],
    before === null
      ? `the rule changes no verdict${limits}: whatever it stops, ${law.default === 'deny' ? 'the default or other rules stop' : 'other rules together stop'} too`
      : `the rule changes no verdict${limits}: whatever it stops, \`${before.manifest.name}\` stops too`,
    { example: exampleOf(small, `${verdicts(small)[0]} with and without it`), advice: 'take it away, or make it stricter than the other' },
  );
}

/** The one rule that says at least as much whenever this one says anything. */
async function coverOf(rule: AuthoredRule, others: readonly AuthoredRule[], model: Model, solver: Solver): Promise<AuthoredRule | null> {
  const { script, world } = model;
  for (const other of others) {
    const more: Term = script.or(...VERDICTS.map((verdict) => script.and(model.atLeast(rule, verdict), script.not(model.atLeast(other, verdict)))));
    const rank = (one: AuthoredRule, source: Source): number => {
      const said = isAsked(one, source) ? says(one, answerOf(one, source)) : null;
      return said === null ? 0 : RANK[said];
    };
    const found = await find(solver, world, more, (source) => rank(rule, source) > rank(other, source), false);
    if (found.kind === 'none') return other;
  }
  return null;
}

/** Calls that a rule grants and another stops: the stricter one wins. */
async function lintGrant(rule: AuthoredRule, rules: readonly AuthoredRule[], model: Model, solver: Solver, findings: Finding[]): Promise<void> {
  const { script, world } = model;
  const add = adder(rule, findings);
  const { asked, answer } = model.says(rule);
  const granted = script.and(asked, answer.t);
  const passes = (one: AuthoredRule, source: Source): boolean => isAsked(one, source) && answerOf(one, source) === 'pass';
  const stops = (one: AuthoredRule, source: Source): boolean => isAsked(one, source) && answerOf(one, source) !== 'pass';
  const against: string[] = [];
  let example: Finding['example'];
  for (const other of rules) {
    if (other === rule || !binds(other)) continue;
    const holds = (source: Source): boolean => passes(rule, source) && stops(other, source);
    const found = await find(solver, world, script.and(granted, model.atLeast(other, 'escalate')), holds, example === undefined);
    if (found.kind !== 'found') continue;
    against.push(`\`${other.manifest.name}\``);
    const small = shrink(found.source, holds);
    example ??= exampleOf(small, `${says(other, answerOf(other, small))} by ${other.manifest.name}`);
  }
  if (example === undefined) return;
  add('note', 'conflict', ['grants'], `the rule grants calls that ${against.join(', ')} ${against.length === 1 ? 'stops' : 'stop'}: the stricter answer wins`, {
    example,
  });
}
