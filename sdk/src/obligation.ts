/** Obligations of an allowed call: those that change arguments were carried out by the node, which judged the result again. */
import { localError } from './error.ts';
import { argumentsOf, type PlainObject } from './plain.ts';
import type { DecisionAnswer } from './shape.gen.ts';

const CHANGES = new Set(['redact', 'cap', 'transform']);
/** An hour: the longest that a rule may ask for. */
const DELAY_MS_MAX = 3_600_000;

export interface Honoured {
  /** The arguments to use in place of those that were asked about; undefined where nothing changes. */
  readonly args: PlainObject | undefined;
  readonly delay_ms: number;
}

/**
 * What to do before an allowed call is carried out (spec/decision.md D-18). Whom `notify` names is the caller's to tell:
 * `onObligations` has it. @throws AvaError for an obligation that is not known here: who cannot honour it may not act
 */
export function honour({ obligations, args }: DecisionAnswer): Honoured {
  let delay_ms = 0;
  for (const { do: kind, value } of obligations) {
    if (CHANGES.has(kind) || kind === 'notify') continue;
    if (kind !== 'delay' || typeof value !== 'number' || !(value >= 0 && value <= DELAY_MS_MAX))
      throw localError('request_shape', `the node asks for something that is not known here: ${kind}`);
    delay_ms = Math.max(delay_ms, value);
  }
  return { args: args === undefined ? undefined : argumentsOf(args), delay_ms };
}
