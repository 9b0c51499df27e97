/**
 * A call that needs a person: the client is asked to show that person the page of the approval, and comes back
 * (spec/gateway.md MG-134 to MG-136). What waits is a handle, on this side and on the client's; a connection only for moments.
 */
import type { ApprovalView, DecisionAnswer } from '../api/schema.ts';
import type { Conversation } from './conversation.ts';
import type { Ruling } from './judge.ts';
import { type Answer, isObject, type Params } from './message.ts';
import { isModernRevision } from './modern.ts';
import { canBeAsked } from './modern-client.ts';
import type { Asked } from './peer.ts';

/** How long a round may wait for the person, below the time after which clients give up. */
const HOLD_MS = 20_000;
const LOOK_MS = 250;
const TITLES_MAX = 3;

/** Either the ruling to go on with, or the answer of this round. */
export type Held = { readonly ruling: Ruling } | { readonly answer: Answer | null };

/** MG-134: `again` judges the same call once more. Where the client cannot be asked, the ruling stands and is told in words. */
export async function held(talk: Conversation, name: string, ruling: Ruling, asked: Asked, again: () => Promise<Ruling>): Promise<Held> {
  if (ruling.verdict !== 'escalate' || ruling.answer.approval === undefined || asked.approval?.declined === true) return { ruling };
  const id = ruling.answer.approval;
  const approval = ruling.waits ?? null;
  if (approval === null) return { ruling };
  if (approval.status === 'allowed') return { ruling: await again() };
  const modern = isModernRevision(talk.hello.protocolVersion);
  const mode = modeOf(talk.hello.capabilities);
  if (modern && asked.approval?.id === id) {
    // MG-136: it came back; the person may need a moment more
    const { status, due_ms } = await settled(talk, approval, asked.signal);
    return status === 'waiting' ? { answer: inputRequired({}, id, due_ms) } : { ruling: await again() };
  }
  if (mode === null || (!modern && mode !== 'url')) return { ruling };
  const question = questionOf(talk, name, ruling.answer, approval, mode);
  if (modern) return { answer: inputRequired({ approval: { method: 'elicitation/create', params: question } }, id, approval.due_ms) };
  const reply = await talk.client.request('elicitation/create', { ...question, elicitationId: id }, { about: asked.id, signal: asked.signal });
  if (reply === null || 'error' in reply || reply.result.action !== 'accept') return { ruling };
  const { status } = await settled(talk, approval, asked.signal);
  if (status === 'waiting') return { ruling };
  talk.client.notify('notifications/elicitation/complete', { elicitationId: id }, asked.id);
  return { ruling: await again() };
}

/** MG-135: a page where the client can open one; else words that say where the answer is given. No secret is asked for. */
function questionOf({ node }: Conversation, name: string, { reasons }: DecisionAnswer, { code }: ApprovalView, mode: 'url' | 'form'): Params {
  const titles = reasons.filter(({ answer: said, mode: rule }) => said === 'escalate' && rule !== 'observe').slice(0, TITLES_MAX);
  const why = titles.map(({ title }) => title).join('; ');
  const held = `AVA holds the call of ${name}${why === '' ? '' : `: ${why}`}.`;
  if (mode === 'url') return { mode, message: `${held} Approve or deny it on this page (code ${code}).`, url: `${node.url.origin}/approvals#${code}` };
  return {
    message: `${held} Approve it with \`avactl approvals approve ${code}\`, or on ${node.url.origin}/approvals#${code}, then confirm here. Confirming alone approves nothing.`,
    requestedSchema: { type: 'object', properties: {} },
  };
}

function modeOf(capabilities: unknown): 'url' | 'form' | null {
  if (!isObject(capabilities)) return null;
  if (canBeAsked(capabilities, 'elicitation/create', { mode: 'url' })) return 'url';
  return canBeAsked(capabilities, 'elicitation/create', {}) ? 'form' : null;
}

/** What the conversation with the client makes a signed `requestState` of (MG-113). */
const inputRequired = (inputRequests: Params, approval: string, until_ms: number): Answer => ({
  result: { resultType: 'input_required', ...(Object.keys(inputRequests).length > 0 && { inputRequests }), approval, until_ms },
});

/** The approval once it is answered, or as it stands when the time of this round is over. */
async function settled({ node }: Conversation, approval: ApprovalView, signal: AbortSignal): Promise<ApprovalView> {
  let last = approval;
  const end_ms = Date.now() + HOLD_MS;
  while (last.status === 'waiting' && Date.now() < end_ms && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    last = await node.approval(approval.id).catch(() => last);
  }
  return last;
}
