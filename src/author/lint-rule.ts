/** What is found in one rule by itself: what it never does, when it fails, what its tests leave out. */

import { suggestion } from '../base/nearest.ts';
import type { Entry, Tools } from '../facet/map.ts';
import { runGuestTests } from '../law/guest-test.ts';
import { guestOf } from '../law/rule.ts';
import type { Environment } from '../rule/compile.ts';
import type { Source } from '../rule/input.ts';
import type { Param } from '../rule/manifest.ts';
import { shrink } from './example.ts';
import { type Example, type Finding, givenText, type Severity } from './finding.ts';
import { unknownGiven } from './lint-given.ts';
import { type AuthoredRule, placeOf } from './load.ts';
import { Model } from './model.ts';
import { type Found, find } from './question.ts';
import { NotLowered, type Term } from './script.ts';
import type { Solver } from './solver.ts';
import { type Answer, answerOf, isAsked } from './stance.ts';
import { intTerm } from './symbol.ts';

/** What a look at a rule needs besides it. */
export interface Surroundings {
  readonly tools: Tools | null;
  readonly environment: Environment;
  /** null: what needs one is left out. */
  readonly solver: Solver | null;
}

type Add = (severity: Severity, code: string, field: readonly (string | number)[], message: string, more?: { example?: Example; advice?: string }) => void;

export function adder(rule: AuthoredRule, findings: Finding[]): Add {
  return (severity, code, field, message, more = {}) => {
    findings.push({ severity, code, rule: rule.manifest.name, file: rule.file, ...placeOf(rule.source, field), message, ...more });
  };
}

export async function lintRule(rule: AuthoredRule, around: Surroundings): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const add = adder(rule, findings);
  lintScope(rule, around.tools, add);
  lintUse(rule, add);
  lintTests(rule, around.environment, add);
  if (rule.guest !== null) add('note', 'not-proved', ['program'], 'not proved: what a guest program means is seen by its tests alone');
  if (around.solver !== null && rule.compiled !== null) await lintMeaning(rule, around, around.solver, add);
  return findings;
}

const FACETS = ['money', 'mail', 'http', 'net', 'fs', 'shell', 'sql', 'secret'] as const;

/** Whether anything of its scope can ever be: tools and facets that the map has. */
function lintScope({ manifest }: AuthoredRule, tools: Tools | null, add: Add): void {
  if (tools === null) return;
  const { entries } = tools.map;
  const names = [...new Set(entries.map(({ tool }) => tool))];
  const missing = manifest.scope.flatMap((item): string[] => {
    const name = item.slice(item.indexOf('.') + 1);
    if (item.startsWith('tool.') && !names.includes(name)) return [`no tool of the tool map is named \`${name}\`${suggestion(name, names)}`];
    if (item.startsWith('facet.')) {
      const facet = FACETS.find((one) => one === name);
      if (facet === undefined) return [`there is no facet \`${name}\`${suggestion(name, FACETS)}`];
      const has = (entry: Entry): boolean =>
        facet === 'secret' || (facet === 'net' ? entry.http !== null : entry[facet] !== null) || (/^(?:fs|net|sql)$/.test(facet) && entry.shell !== null);
      if (!entries.some(has)) return [`no tool of the tool map has the facet \`${name}\``];
    }
    if (item.startsWith('effect.') && name !== 'opaque' && name !== 'read' && entries.every(({ effect }) => effect !== name))
      return [`no tool of the tool map has the effect \`${name}\``];
    return [];
  });
  const all = missing.length === manifest.scope.length;
  for (const problem of missing)
    add(all ? 'error' : 'warning', all ? 'never-matches' : 'scope-unknown', ['scope'], all ? `the rule can never match: ${problem}` : problem);
}

/** Parameters and inputs that nothing reads. */
function lintUse({ manifest, inputs, compiled }: AuthoredRule, add: Add): void {
  if (compiled === null) return;
  const read = new Set(inputs.map(({ path }) => path));
  for (const { name } of manifest.params)
    if (!read.has(`params.${name}`))
      add('warning', 'unused-param', ['params', name], `nothing reads \`params.${name}\``, { advice: 'use it in the expression, or take it away' });
  for (const { path } of manifest.inputs)
    if (!read.has(path)) add('warning', 'unused-input', ['inputs', path], `nothing reads \`${path}\``, { advice: 'use it in the expression, or take it away' });
}

/** Tests that fail, and what no test shows. */
function lintTests(rule: AuthoredRule, environment: Environment, add: Add): void {
  const { tests, judge } = rule.manifest;
  const got =
    rule.guest === null ? tests.map((test) => answerOf(rule, test.given as Source)) : runGuestTests(rule.guest, guestOf(rule.guest)).map((run) => run.got);
  tests.forEach((test, i) => {
    if (got[i] !== test.expect) add('error', 'test-fails', ['tests', i], `test \`${test.name}\` expects ${test.expect}, the rule gives ${got[i]}`);
    for (const { path, meant } of unknownGiven(rule.manifest, environment, test.given as Source))
      add(
        'warning',
        'given-unknown',
        ['tests', i],
        `test \`${test.name}\` gives \`${path}\`, which no rule can read${meant === undefined ? '' : `; \`${meant}\`?`}`,
      );
  });
  if (/^\s*(?:true|false)\s*$/.test(judge)) return;
  for (const [expect, what] of [
    ['pass', 'lets pass'],
    ['fail', 'stops'],
  ] as const) {
    if (tests.some((test) => test.expect === expect)) continue;
    add('warning', 'untested', ['tests'], `no test shows a call that the rule ${what}`, { advice: `add a test with \`expect: ${expect}\`` });
  }
}

async function lintMeaning(rule: AuthoredRule, { tools, environment }: Surroundings, solver: Solver, add: Add): Promise<void> {
  const { manifest } = rule;
  const judge = ['judge'];
  const constant = /^\s*(?:true|false)\s*$/.test(manifest.judge);
  const unproved = (why: string): void => add('note', 'not-proved', judge, `not proved: ${why}`);
  let model: Model;
  let says: ReturnType<Model['says']>;
  try {
    model = new Model([rule], tools, environment);
    says = model.says(rule);
  } catch (error) {
    if (error instanceof NotLowered) return unproved(error.message);
    throw error;
  }
  const { script, world } = model;
  const { t, f } = says.answer;
  const fails = script.not(script.or(t, f));
  const ask = (goal: Term, answer: Answer | 'no-pass', { scoped = true, shown = false } = {}): Promise<Found> => {
    const holds = (source: Source): boolean => {
      const got = answerOf(rule, source);
      return (answer === 'no-pass' ? got !== 'pass' : got === answer) && (!scoped || isAsked(rule, source));
    };
    return find(solver, world, scoped ? script.and(says.asked, goal) : goal, holds, shown);
  };
  const limits = world.cut.size === 0 ? '' : `, looking at ${[...world.cut].join(' and ')}`;
  /** What is only true of small values is no more than a note. */
  const severity = (sure: Severity): Severity => (world.cut.size === 0 ? sure : 'note');

  const [passing, stopping] = [await ask(t, 'pass'), await ask(script.not(t), 'no-pass')];
  if (passing.kind === 'unknown' || stopping.kind === 'unknown') unproved('the solver did not end in time');
  if (passing.kind === 'none' && stopping.kind === 'none') {
    add(severity('error'), 'never-matches', ['scope'], `the rule can never match: no call is in its scope${limits}`);
    return;
  }
  if (passing.kind === 'none') {
    const anywhere = constant ? 'none' : (await ask(t, 'pass', { scoped: false })).kind;
    const error = (await ask(f, 'fail')).kind === 'none';
    if (error) add(severity('error'), 'always-error', judge, `the expression is an error for every call${limits}: ${manifest.on_fault} each time`);
    else if (anywhere === 'found')
      add('note', 'never-passes', judge, `no call in its scope passes: ${manifest.otherwise} for all of them${limits}`, {
        advice: 'nothing to do if that is meant',
      });
    else if (!constant) add(severity('error'), 'never-passes', judge, `the rule never passes${limits}: ${manifest.otherwise} for every call in its scope`);
  }
  if (stopping.kind === 'none' && !constant)
    add(
      severity(manifest.grants ? 'warning' : 'error'),
      'always-passes',
      judge,
      `the rule passes every call${limits}: it ${manifest.grants ? 'grants all of its scope' : 'changes nothing'}`,
    );
  if (stopping.kind === 'found' && passing.kind !== 'none' && !manifest.tests.some(({ expect }) => expect === 'error')) {
    const failing = await ask(fails, 'error', { shown: true });
    if (failing.kind === 'found')
      add('warning', 'may-fail', judge, `the expression can be an error: then the answer is ${manifest.on_fault}`, {
        example: exampleOf(
          shrink(failing.source, (source) => answerOf(rule, source) === 'error' && isAsked(rule, source), new Set(rule.inputs.map(({ path }) => path))),
          'error',
        ),
        advice: 'guard it with has(…), or add a test with `expect: error` to say that it is meant',
      });
  }
  if (passing.kind === 'found' && stopping.kind === 'found')
    for (const param of manifest.params) if (rule.inputs.some(({ path }) => path === `params.${param.name}`)) await lintParam(rule, param, model, solver, add);
}

/** Ends of a parameter's range where the rule says nothing, or stops everything. */
async function lintParam(rule: AuthoredRule, param: Param, model: Model, solver: Solver, add: Add): Promise<void> {
  const { script, world } = model;
  if (world.cut.size > 0) return;
  const ends = [...new Set([param.min, param.max])].filter((value) => value !== param.value);
  for (const value of ends) {
    const { asked, answer } = model.says(rule, new Map([[param.name, intTerm(value)]]));
    const at = (source: Source): Source => ({ ...source, params: { [param.name]: value } });
    const passes = await find(solver, world, script.and(asked, answer.t), (source) => answerOf(rule, at(source)) === 'pass', false);
    const stops =
      passes.kind === 'found'
        ? await find(solver, world, script.and(asked, script.not(answer.t)), (source) => answerOf(rule, at(source)) !== 'pass', false)
        : passes;
    const end = value === param.min ? 'min' : 'max';
    if (passes.kind === 'none')
      add('note', 'vacuous-param', ['params', param.name, end], `with \`params.${param.name}\` at its ${end}, ${value}, no call passes`);
    else if (stops.kind === 'none')
      add('note', 'vacuous-param', ['params', param.name, end], `with \`params.${param.name}\` at its ${end}, ${value}, every call passes`);
  }
}

export const exampleOf = (source: Source, outcome: string): Example => ({ given: givenText(source), outcome });
