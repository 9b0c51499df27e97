/** `lint`: what is wrong with rules, each by itself and together, with an example for each claim. */
import type { Environment } from '../rule/compile.ts';
import { type Finding, SEVERITIES } from './finding.ts';
import { lintLaw } from './lint-law.ts';
import { lintRule } from './lint-rule.ts';
import { readAuthored } from './load.ts';
import type { Solver } from './solver.ts';

export type { Example, Finding, Severity } from './finding.ts';
export { type Authored, type AuthoredRule, readAuthored, readOneRule } from './load.ts';

export interface LintReport {
  readonly rules: number;
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** Whether a solver took part: without one nothing is claimed of what rules mean. */
  readonly solved: boolean;
}

/**
 * Reads and looks through a rule file, or a constitution's folder.
 * @param progress hears what is being looked at
 * @throws Fault usage, config, map_*
 */
export async function lint(path: string, environment: Environment, solver: Solver | null, progress: (what: string) => void = () => {}): Promise<LintReport> {
  const law = readAuthored(path, environment);
  const around = { tools: law.tools, environment, solver };
  const findings: Finding[] = [...law.findings];
  for (const rule of law.rules) {
    progress(rule.manifest.name);
    findings.push(...(await lintRule(rule, around)));
  }
  if (law.whole) findings.push(...(await lintLaw(law, around, (name) => progress(`${name} beside the others`))));
  const rank = (finding: Finding): number => SEVERITIES.indexOf(finding.severity);
  return { rules: law.rules.length, findings: findings.sort((a, b) => rank(a) - rank(b)), solved: solver !== null };
}
