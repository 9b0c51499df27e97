/** Exit codes: what a script may rely on. 2 is given by `avactl hook` alone: it means "block". */

import type { DecisionAnswer } from '../api/schema.ts';
import type { Fault } from '../base/fault.ts';

export const EXIT = {
  ok: 0,
  fault: 1,
  block: 2,
  deny: 3,
  escalate: 4,
  unreachable: 5,
  unauthorised: 6,
  failed: 7,
  incomplete: 8,
  conflict: 9,
  usage: 64,
  rule: 65,
  config: 78,
} as const;

export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done, or the verdict is allow'],
  [EXIT.fault, 'a fault'],
  [EXIT.block, 'only of `hook`: the call is blocked'],
  [EXIT.deny, 'the verdict is deny'],
  [EXIT.escalate, 'the verdict is escalate'],
  [EXIT.unreachable, 'no node answers'],
  [EXIT.unauthorised, 'the node refused the caller'],
  [EXIT.failed, 'verification FAILED'],
  [EXIT.incomplete, 'verified, but not everything could be checked'],
  [EXIT.conflict, 'a conflict: used, expired, overtaken'],
  [EXIT.usage, 'the command line or its data was not understood'],
  [EXIT.rule, 'a rule or tool map that does not compile'],
  [EXIT.config, 'the set-up: Node, port, data folder, constitution'],
];

/** Codes of the ledger group that do not say that something failed to verify. */
const NOT_PROOF: ReadonlySet<string> = new Set(['disk_failed', 'genesis_malformed', 'frame_too_large']);

export function exitOf(fault: Fault): number {
  const { slug, status } = fault;
  const number = Number(fault.code.slice(4));
  if (slug === 'unreachable') return EXIT.unreachable;
  if (slug === 'usage') return EXIT.usage;
  if (number < 1030) return EXIT.config;
  if (number >= 2000 && number < 3000 && slug !== 'rule_unknown') return EXIT.rule;
  if (slug === 'genesis_malformed' || slug === 'client_too_old' || slug === 'settings_malformed' || slug === 'client_unknown') return EXIT.config;
  if (number >= 5000 && number < 6000 && !NOT_PROOF.has(slug)) return EXIT.failed;
  if (status === 401 || status === 403) return EXIT.unauthorised;
  if (status === 409) return EXIT.conflict;
  if (status === 400 || status === 413) return EXIT.usage;
  return EXIT.fault;
}

export const exitOfVerdict = (verdict: DecisionAnswer['verdict']): number => EXIT[verdict === 'allow' ? 'ok' : verdict];
