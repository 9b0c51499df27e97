/** What a tool returned: judged, told, and only then the client's (spec/gateway.md MG-25). */
import { Fault } from '../base/fault.ts';
import type { Called, Conversation } from './conversation.ts';
import { faultRefusal, nodeDown, refusalOf, toolRefusal } from './denial.ts';
import type { Allowed } from './judge.ts';
import { type Answer, failure, type Params, RPC } from './message.ts';
import { meet, resultOf } from './obligation.ts';
import { told } from './told.ts';

const NEVER = new AbortController().signal;

/** MG-25: the result is judged where the law has rules about results; then it is told. */
export async function judged(talk: Conversation, { server, tool, structured, ruling }: Called, result: Params): Promise<Answer> {
  const returned = told(result);
  const asked = await faultless(() => talk.judge.judges('tool.result'));
  if (typeof asked !== 'boolean') return asked.error;
  if (asked) {
    const action = { kind: 'tool.result', server: server.name, name: tool, args: { content: returned } };
    const about = await talk.judge.ask(action, { session: ruling.session });
    if (about.verdict !== 'allow') {
      await close(talk, ruling, true, null);
      if (about.verdict === 'fault' && !about.about_call) return nodeDown(about.fault);
      return toolRefusal(refusalOf(about), structured);
    }
    if (about.answer.permit !== undefined) await talk.judge.outcome(about.answer.permit, true, null);
    const met = await meet(about.answer, action.args, NEVER, talk.report);
    if (met === null) {
      await close(talk, ruling, true, null);
      return toolRefusal(faultRefusal(new Fault('call_denied', 'the law obliges this result to what this gateway does not know')), structured);
    }
    if (met !== action.args) {
      const changed = resultOf(met.content, result);
      return (await close(talk, ruling, result.isError !== true, met.content)) ? { result: changed } : withheld();
    }
  }
  return (await close(talk, ruling, result.isError !== true, returned)) ? { result } : withheld();
}

/** MG-26: what AVA does not know of, the client shall not act on. */
const withheld = (): Answer => failure(RPC.gateway, 'AVA could not take in what the tool returned, so it is withheld. The tool did run.', { retryable: false });

/** MG-25: tells the node what came of the call; false: it did not take it. */
export async function close(talk: Conversation, { answer }: Allowed, ok: boolean, returned: unknown): Promise<boolean> {
  return answer.permit === undefined || (await talk.judge.outcome(answer.permit, ok, returned));
}

/** What goes wrong on this side is an answer too. */
export async function faultless<T>(work: () => Promise<T>): Promise<T | { readonly error: Answer }> {
  try {
    return await work();
  } catch (error) {
    return { error: nodeDown(error instanceof Fault ? error : new Fault('internal', String(error))) };
  }
}
