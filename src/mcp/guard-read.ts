/**
 * Resources and prompts (spec/gateway.md MG-138, MG-139): what a model reads is judged before it is read, and told
 * afterwards, as with tools; what the server wrote is not trusted either way.
 */

import { Fault } from '../base/fault.ts';
import { held } from './approval-input.ts';
import type { Conversation, Guard } from './conversation.ts';
import { faultRefusal, nodeDown, refusalOf, rpcRefusal } from './denial.ts';
import { resourceServer } from './guard-shared.ts';
import type { Action } from './judge.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';
import { binds, meet } from './obligation.ts';
import type { Asked } from './peer.ts';
import type { Upstream } from './upstream.ts';

/** MG-138 */
export const readResource: Guard = async (talk, params, asked, method) => {
  const { uri } = params;
  if (typeof uri !== 'string') return failure(RPC.params, 'resources/read needs a uri');
  const server = await resourceServer(talk, uri, asked);
  if (server === null) return failure(RPC.resource, 'Resource not found', { uri });
  const action = { kind: 'resource.read', server: server.name, name: method, args: { uri } };
  return judged(talk, action, asked, (args) => pass(server, method, { ...params, uri: args.uri }, asked), toldContents);
};

/** MG-139 */
export const getPrompt: Guard = async (talk, params, asked, method) => {
  const place = typeof params.name === 'string' ? talk.names.find(params.name) : null;
  if (place === null) return failure(RPC.params, `Unknown prompt: ${String(params.name).slice(0, 128)}`);
  const { server, name } = place;
  const action = { kind: 'prompt.get', server: server.name, name: method, args: { name, ...(isObject(params.arguments) && { arguments: params.arguments }) } };
  return judged(talk, action, asked, (args) => pass(server, method, { ...params, ...args }, asked), toldMessages);
};

const pass = (server: Upstream, method: string, params: Params, asked: Asked): Promise<Answer | null> =>
  server.request(method, params, { about: asked.id, signal: asked.signal });

/** Judges, does, and tells what came of it; a refusal is an error, since these results have no form for one. */
async function judged(
  talk: Conversation,
  action: Action,
  asked: Asked,
  work: (args: Params) => Promise<Answer | null>,
  told: (result: Params) => unknown,
): Promise<Answer | null> {
  const approval = asked.approval === undefined ? {} : { approval: asked.approval.id };
  const ask = (): ReturnType<Conversation['judge']['ask']> => talk.judge.ask(action, approval);
  const waited = await held(talk, action.name, await ask(), asked, ask);
  if ('answer' in waited) return waited.answer;
  const { ruling } = waited;
  if (ruling.verdict === 'fault' && !ruling.about_call) return nodeDown(ruling.fault);
  if (ruling.verdict !== 'allow') return rpcRefusal(refusalOf(ruling));
  const { permit } = ruling.answer;
  const close = async (ok: boolean, returned: unknown): Promise<boolean> => permit === undefined || talk.judge.outcome(permit, ok, returned);
  const args = await meet(ruling.answer, action.args, asked.signal, talk.report);
  if (args === null) {
    await close(false, 'an obligation was not met');
    return asked.signal.aborted ? null : rpcRefusal(faultRefusal(new Fault('call_denied', 'the law obliges this to what this gateway does not know')));
  }
  const answer = await work(args);
  if (answer === null || 'error' in answer) {
    await close(false, answer === null ? null : answer.error.message);
    return answer;
  }
  const returned = told(answer.result);
  const refused = await judgedResult(talk, action, returned, ruling.session);
  if (refused !== null) {
    await close(true, null);
    return refused;
  }
  if (await close(true, returned)) return answer;
  return failure(RPC.gateway, 'AVA could not take in what was read, so it is withheld.', { retryable: true });
}

/** MG-25 for what was read: where the law has rules about results they judge it. null: it may pass. */
async function judgedResult(talk: Conversation, { server, name }: Action, content: unknown, session: string): Promise<Answer | null> {
  try {
    if (!(await talk.judge.judges('tool.result'))) return null;
  } catch (error) {
    return nodeDown(error instanceof Fault ? error : new Fault('internal', String(error)));
  }
  const about = await talk.judge.ask({ kind: 'tool.result', server, name, args: { content } }, { session, permit: false });
  if (about.verdict === 'allow') {
    // what was read is given as it is, or not at all
    if (!about.answer.obligations.some(binds)) return null;
    return rpcRefusal(faultRefusal(new Fault('call_denied', 'the law obliges this result to what is not done with it')));
  }
  return about.verdict === 'fault' && !about.about_call ? nodeDown(about.fault) : rpcRefusal(refusalOf(about));
}

/** The texts of a resource; what is no text is named by its type. */
function toldContents({ contents }: Params): unknown {
  const list: unknown[] = Array.isArray(contents) ? contents : [];
  const parts = list.map((item) =>
    isObject(item) ? (typeof item.text === 'string' ? item.text : { uri: item.uri ?? null, type: item.mimeType ?? null }) : null,
  );
  return parts.length === 1 ? parts[0] : parts;
}

/** The texts of a prompt's messages. */
function toldMessages({ messages }: Params): unknown {
  const list: unknown[] = Array.isArray(messages) ? messages : [];
  const parts = list.map((message) => {
    const content = isObject(message) ? message.content : null;
    if (!isObject(content)) return null;
    if (typeof content.text === 'string') return content.text;
    const { resource } = content;
    return isObject(resource) && typeof resource.text === 'string' ? resource.text : { type: content.type ?? null };
  });
  return parts.length === 1 ? parts[0] : parts;
}
