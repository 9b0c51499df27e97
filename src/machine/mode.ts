/** Mode overrides (spec/decision.md D-17): a rule binds earlier, or only observes for a while, until an end that is named. */
import { Fault } from '../base/fault.ts';
import { type Answer, NO_ANSWER } from './answer.ts';
import { isOwner } from './approver.ts';
import { factKey } from './fact.ts';
import { modeAt } from './judge.ts';
import type { Overlay } from './overlay.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

/** How far the end of a stricter mode may lie ahead, and of a looser one. */
const STRICTER_MS_MAX = 31_622_400_000;
const LOOSER_MS_MAX = 2_592_000_000;

/** Kind 11. @throws Fault signature_invalid, weight_short, rule_unknown, mode_floor, mode_span */
export function setMode(state: State, overlay: Overlay, time_ms: number, { payload, sender, auths }: Transaction<11>): Answer {
  const { rule: name, mode, until_ms, reason } = payload;
  if (auths.length === 0) throw new Fault('signature_invalid', "a rule's mode is signed by the validator who wants it");
  if (!isOwner(state, sender)) throw new Fault('weight_short', 'the sender weighs a third or less');
  const rule = state.law.ruleNamed.get(name);
  if (rule === undefined) throw new Fault('rule_unknown', `no rule \`${name}\` is in force`);
  if (rule.mode === 'floor' || mode === 'floor') throw new Fault('mode_floor', `rule \`${name}\`: nobody moves a rule from the floor or to it`);
  const key = factKey('mode', name);
  if (mode === modeAt(rule, time_ms)) {
    // what the law itself says needs no override
    if (overlay.get(key) !== undefined) overlay.set(key, null);
    return NO_ANSWER;
  }
  const span_ms = mode === 'observe' ? LOOSER_MS_MAX : STRICTER_MS_MAX;
  if (until_ms <= time_ms || until_ms > time_ms + span_ms) throw new Fault('mode_span');
  overlay.set(key, { is: 'mode', due_ms: until_ms, since_ms: time_ms, by: sender, mode, reason });
  return NO_ANSWER;
}
