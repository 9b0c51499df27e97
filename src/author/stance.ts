/**
 * What rules say of a call, for one source on the interpreter: whether it is asked, its answer, and how answers join
 * (spec/decision.md D-3 to D-6). The solver's findings must hold here.
 */
import { encodeInputs, find, type Source, type SourceValue } from '../rule/input.ts';
import { interpretRule } from '../rule/judge.ts';
import type { AuthoredRule } from './load.ts';

export type Verdict = 'allow' | 'escalate' | 'deny';
/** D-6 */
export const RANK: Readonly<Record<Verdict, number>> = { allow: 1, escalate: 2, deny: 3 };
export const VERDICTS: readonly Verdict[] = ['allow', 'escalate', 'deny'];

export type Answer = 'pass' | 'fail' | 'error';

const group = (source: Source, name: string): { readonly [key: string]: SourceValue } | undefined => {
  const value = source[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [key: string]: SourceValue }) : undefined;
};

/** D-3 */
export function isAsked({ manifest }: AuthoredRule, source: Source): boolean {
  return manifest.scope.some((item) => {
    const dot = item.indexOf('.');
    const name = item.slice(dot + 1);
    switch (item.slice(0, Math.max(dot, 0))) {
      case 'tool':
        return group(source, 'action')?.['name'] === name;
      case 'kind':
        return group(source, 'action')?.['kind'] === name;
      case 'effect':
        return source['effect'] === name;
      case 'facet':
        return group(source, name) !== undefined;
      default:
        return true;
    }
  });
}

/** What the interpreter gives for a rule that is no guest, with its own parameters where the source has none. */
export function answerOf(rule: AuthoredRule, source: Source): Answer {
  const { compiled, manifest } = rule;
  if (compiled === null) return 'error';
  const params = Object.fromEntries(manifest.params.map((param) => [param.name, param.value]));
  const whole: Source = { ...source, params: { ...params, ...group(source, 'params') } };
  const answer = interpretRule(compiled.program, encodeInputs(compiled.inputs.map((input) => find(input, whole))));
  return answer === 2 ? 'pass' : answer === 0 ? 'fail' : 'error';
}

/** D-5: what an answer says; null where it says nothing. */
export function says({ manifest }: AuthoredRule, answer: Answer): Verdict | null {
  if (answer === 'pass') return manifest.grants ? 'allow' : null;
  return answer === 'fail' ? manifest.otherwise : manifest.on_fault;
}

/** Whether a rule's answer counts in the verdict. */
export const binds = ({ manifest }: AuthoredRule): boolean => manifest.mode !== 'observe';

/** D-6: the verdict of these rules; those that observe count only where `counted` says so. */
export function verdictOf(rules: readonly AuthoredRule[], otherwise: Verdict, source: Source, counted: (rule: AuthoredRule) => boolean = binds): Verdict {
  let verdict: Verdict | null = null;
  for (const rule of rules) {
    if (!counted(rule) || !isAsked(rule, source)) continue;
    const said = says(rule, answerOf(rule, source));
    if (said !== null && (verdict === null || RANK[said] > RANK[verdict])) verdict = said;
  }
  return verdict ?? otherwise;
}
