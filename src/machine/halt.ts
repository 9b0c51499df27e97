/** Emergency halts of a rule (spec/decision.md D-13): a halt only halts, and expires. */
import { Fault } from '../base/fault.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { isOwner } from './approver.ts';
import { factKey } from './fact.ts';
import type { Overlay } from './overlay.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

const HALT_MS_MAX = 2_592_000_000;

/** D-13: who may halt and resume, and that the rule exists. @throws Fault signature_invalid, weight_short, rule_unknown */
function demand(state: State, { auths, sender }: Transaction, rule: string): void {
  const { law } = state;
  if (auths.length === 0) throw new Fault('signature_invalid', 'a halt or its end is signed by the validator who wants it');
  if (!isOwner(state, sender)) throw new Fault('weight_short', 'the sender weighs a third or less');
  if (!law.ruleNamed.has(rule)) throw new Fault('rule_unknown', `no rule \`${rule}\` is in force`);
}

/** @throws Fault signature_invalid, weight_short, rule_unknown, halt_span */
export function haltRule(state: State, overlay: Overlay, time_ms: number, transaction: Transaction<6>): Answer {
  const { rule, until_ms, reason } = transaction.payload;
  demand(state, transaction, rule);
  if (until_ms <= time_ms || until_ms > time_ms + HALT_MS_MAX) throw new Fault('halt_span');
  overlay.set(factKey('halt', rule), { is: 'halt', due_ms: until_ms, since_ms: time_ms, by: transaction.sender, reason });
  return NO_ANSWER;
}

/** @throws Fault signature_invalid, weight_short, rule_unknown, halt_unknown */
export function resumeRule(state: State, overlay: Overlay, transaction: Transaction<7>): Answer {
  const { rule } = transaction.payload;
  demand(state, transaction, rule);
  const key = factKey('halt', rule);
  if (overlay.get(key) === undefined) throw new Fault('halt_unknown', `rule \`${rule}\` is not halted`);
  overlay.set(key, null);
  return NO_ANSWER;
}
