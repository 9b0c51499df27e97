/**
 * What servers ask of a client (spec/gateway.md MG-130 to MG-133): its model, its person, its folders. A tool server is not
 * trusted: what it wants said to a model or a person is judged like a call, and a form never asks for a secret.
 */
import type { Conversation, ServerGuard } from './conversation.ts';
import { refusalOf } from './denial.ts';
import { asksForSecret } from './elicited-secret.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';
import { binds } from './obligation.ts';
import type { Upstream } from './upstream.ts';

/** What MCP's clients answer when a person refuses. */
const REFUSED = failure(-1, 'the client refused');
const DECLINED: Answer = { result: { action: 'decline' } };
/** Text of a question that is judged; past it the question is refused. */
const TEXT_LENGTH_MAX = 49_152;

/** What says nothing to a model or a person: folders, and how far the client's own tasks are. */
const PASSED: ReadonlySet<string> = new Set(['ping', 'roots/list', 'tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/list']);

/** sampling/createMessage, elicitation/create and the like. */
export const askClient: ServerGuard = async (talk, server, params, asked, method) => {
  if (!PASSED.has(method)) {
    const refused = await refusedQuestion(talk, server, method, params);
    if (refused !== null) return refused;
  }
  return talk.client.request(method, params, asked.about === undefined ? { signal: asked.signal } : { signal: asked.signal, about: asked.about });
};

/** MG-147: a question that stands in a result; null: it may not be asked. */
export async function askableOf(talk: Conversation, server: Upstream, ask: unknown): Promise<Params | null> {
  if (!isObject(ask) || typeof ask.method !== 'string') return null;
  if (ask.method === 'roots/list') return ask;
  return (await refusedQuestion(talk, server, ask.method, isObject(ask.params) ? ask.params : {})) === null ? ask : null;
}

/** What the server is answered in the client's place; null: the client may be asked. */
async function refusedQuestion(talk: Conversation, server: Upstream, method: string, params: Params): Promise<Answer | null> {
  const isForm = method === 'elicitation/create';
  if (!isForm && method !== 'sampling/createMessage') return failure(RPC.method, 'Method not found');
  const [kind, args] = isForm ? (['elicitation.create', elicited(params)] as const) : (['sampling.create', sampled(params)] as const);
  const refuse = (why: string): Answer => {
    talk.report(`server ${server.name}: its ${method} is refused: ${why}`);
    return isForm ? DECLINED : REFUSED;
  };
  if (args === null) return refuse('it is malformed or too large');
  // MG-131
  if (isForm && params.mode !== 'url' && asksForSecret(params)) return refuse('a form may not ask for a secret');
  // MG-132
  if (isForm && params.mode === 'url' && !isPage(params.url)) return refuse('a person is sent to https pages only');
  const ruling = await talk.judge.ask({ kind, server: server.name, name: method, args }, { permit: false });
  if (ruling.verdict === 'allow') return ruling.answer.obligations.some(binds) ? refuse('the law obliges it to what is not done with it') : null;
  return refuse(refusalOf(ruling).text.split('\n', 2).join(' '));
}

/** MG-130: what a person is shown. */
function elicited({ mode, message, url, requestedSchema }: Params): Params | null {
  if (typeof message !== 'string' || message.length > TEXT_LENGTH_MAX || !message.isWellFormed()) return null;
  if (mode === 'url') return typeof url === 'string' && url.length <= TEXT_LENGTH_MAX ? { mode, message, url } : null;
  if (mode !== undefined && mode !== 'form') return null;
  const fields = isObject(requestedSchema) && isObject(requestedSchema.properties) ? Object.keys(requestedSchema.properties) : [];
  return fields.length <= 256 && fields.join('').length <= TEXT_LENGTH_MAX ? { mode: 'form', message, fields } : null;
}

/** MG-130: what a model is asked. */
function sampled({ systemPrompt, messages, tools, maxTokens, includeContext }: Params): Params | null {
  if (!Array.isArray(messages)) return null;
  const texts: string[] = [];
  for (const message of messages as unknown[]) {
    if (!isObject(message)) return null;
    const blocks: unknown[] = Array.isArray(message.content) ? message.content : [message.content];
    for (const block of blocks) if (isObject(block) && typeof block.text === 'string') texts.push(block.text);
  }
  const text = texts.join('\n');
  const system = typeof systemPrompt === 'string' ? systemPrompt : null;
  if (text.length + (system?.length ?? 0) > TEXT_LENGTH_MAX || !text.isWellFormed()) return null;
  const names = Array.isArray(tools)
    ? (tools as unknown[]).map((tool) => (isObject(tool) && typeof tool.name === 'string' ? tool.name.slice(0, 128) : '')).slice(0, 256)
    : null;
  return {
    text,
    ...(system !== null && { system }),
    ...(names !== null && { tools: names }),
    ...(Number.isSafeInteger(maxTokens) && { maxTokens }),
    ...(typeof includeContext === 'string' && { includeContext: includeContext.slice(0, 64) }),
  };
}

/** MG-132: an address that a browser opens as what it looks like: https, or this machine; no name and password in it. */
export function isPage(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, username, password, hostname } = new URL(url);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]'));
}

/** MG-133: the pages that an error of a server sends a person to (revision 2025-11-25) are judged as if they were asked for. */
export async function judgedError(talk: Conversation, server: Upstream, answer: Answer): Promise<Answer> {
  if (!('error' in answer) || answer.error.code !== RPC.url_required || !isObject(answer.error.data)) return answer;
  const { elicitations } = answer.error.data;
  const list: unknown[] = Array.isArray(elicitations) ? elicitations : [];
  for (const one of list) {
    const args = isObject(one) && one.mode === 'url' && isPage(one.url) ? elicited(one) : null;
    const ruling =
      args === null ? null : await talk.judge.ask({ kind: 'elicitation.create', server: server.name, name: 'elicitation/create', args }, { permit: false });
    if (ruling?.verdict !== 'allow' || ruling.answer.obligations.some(binds))
      return failure(RPC.internal, 'the server sends a person to a page that is refused');
  }
  return answer;
}
