/** What an allowed action must meet before it is carried out, and what its result must (spec/gateway.md MG-28; D-18). */
import type { DecisionAnswer } from '../api/schema.ts';
import { isObject, type Params } from './message.ts';

/** Those whose effect on the arguments the node has worked out and judged: its answer has the arguments. */
const CHANGING: ReadonlySet<unknown> = new Set(['redact', 'cap', 'transform']);
/** The longest delay that a rule may ask for. */
const DELAY_MS_MAX = 3_600_000;

/** Whether an obligation asks for more than that somebody is told. */
export const binds = (one: unknown): boolean => !isObject(one) || one.do !== 'notify';

/** The arguments to carry it out with; null where an obligation is unknown or the asker has gone: then it is not carried out. */
export async function meet(answer: DecisionAnswer, args: Params, signal: AbortSignal, tell: (message: string) => void): Promise<Params | null> {
  let delay_ms = 0;
  for (const one of answer.obligations) {
    if (!isObject(one)) return null;
    const { do: name, value } = one;
    if (name === 'delay' && typeof value === 'number' && value >= 0) delay_ms = Math.min(DELAY_MS_MAX, Math.max(delay_ms, value));
    else if (name === 'notify' && typeof value === 'string') tell(`for ${value}: decision ${answer.receipt} was allowed, and is to be known`);
    else if (!CHANGING.has(name)) return null;
  }
  if (delay_ms > 0) await pause(delay_ms, signal);
  return signal.aborted ? null : ((answer.args as Params | undefined) ?? args);
}

/** A result as the judged content has it: texts in place of what the server gave. */
export function resultOf(content: unknown, given: Params): Params {
  const { structuredContent: _, ...rest } = given;
  const parts = Array.isArray(content) ? (content as readonly unknown[]) : [content];
  return { ...rest, content: parts.map((part) => ({ type: 'text', text: typeof part === 'string' ? part : (JSON.stringify(part) ?? '') })) };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
