/** Obligations of an allowed call: those that change arguments were carried out by the node, which judged the result again. */

import { localError } from './error.ts';
import { argumentsOf, type PlainObject } from './plain.ts';
import type { DecisionAnswer } from './shape.gen.ts';

const CHANGES = new Set(['redact', 'cap', 'transform']);
const DELAY_MS_MAX = 60_000;

export interface Honoured {
  /** The arguments to use in place of those that were asked about. */
  readonly args: PlainObject | undefined;
  readonly delay_ms: number;
}

/**
 * What to do before an allowed call is carried out. @throws AvaError for an obligation that is not known here: who
 * cannot honour it may not act
 */
export function honour({ obligations, args }: DecisionAnswer & { readonly args?: unknown }): Honoured {
  let delay_ms = 0;
  for (const obligation of obligations) {
    const [[kind, value] = ['', null], ...more] = typeof obligation === 'object' && obligation !== null ? Object.entries(obligation) : [];
    if (CHANGES.has(kind) && args === undefined) throw localError('request_shape', `the obligation ${kind} came without the arguments that it gives`);
    if (kind === 'delay' && typeof value === 'number' && value >= 0 && value <= DELAY_MS_MAX) delay_ms = Math.max(delay_ms, value);
    else if (!CHANGES.has(kind) && kind !== 'notify') throw localError('request_shape', `the node asks for something that is not known here: ${kind}`);
    if (more.length > 0) throw localError('request_shape', 'an obligation of another form');
  }
  return { args: args === undefined ? undefined : argumentsOf(args), delay_ms };
}
