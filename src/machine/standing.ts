/** How the rules stand at a decision: what stops them (D-11, D-13), what mode overrides give (D-17), what was answered (D-16). */
import type { Mode } from '../rule/manifest.ts';
import { factKey, type ModeOverride } from './fact.ts';
import type { Overlay } from './overlay.ts';
import type { State } from './state.ts';

/** Why a rule does not run, or null when it does. */
export type Held = 'breaker' | 'halt' | null;
/** By a rule's name. */
export type HeldOf = (rule: string) => Held;

export interface Standings {
  readonly held: HeldOf;
  /** The mode that stands instead of the rule's own; null where none does. */
  readonly mode: (rule: string) => Mode | null;
  /** Whether an approval answers what the rule escalates. */
  readonly answered: (rule: string) => boolean;
}

const never = (): null => null;
const no = (): boolean => false;

/** Nothing stops a rule, and nothing changes what it says. */
export const UNTOUCHED: Standings = { held: never, mode: never, answered: no };

/** `rules`: those whose escalation an approval answers. Most of the time no rule need ask. */
export function standingsOf(state: State, overlay: Overlay, rules: readonly string[] = []): Standings {
  const quiet = state.stopped === 0 && !overlay.stopped;
  if (quiet && rules.length === 0) return UNTOUCHED;
  return {
    held: quiet
      ? never
      : (rule) => {
          if (overlay.get(factKey('halt', rule)) !== undefined) return 'halt';
          return overlay.get(factKey('breaker', rule)) === undefined ? null : 'breaker';
        },
    mode: quiet ? never : (rule) => (overlay.get(factKey('mode', rule)) as ModeOverride | undefined)?.mode ?? null,
    answered: rules.length === 0 ? no : (rule) => rules.includes(rule),
  };
}
