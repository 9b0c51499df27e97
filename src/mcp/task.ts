/**
 * Calls that go on as tasks (spec/gateway.md MG-144 to MG-149; revision 2025-11-25, and the extension of 2026-07-28): the call
 * was judged like any other, its result is judged when it is fetched, and what a task asks for on the way is judged too.
 */
import { type Called, type Conversation, type Guard, own } from './conversation.ts';
import { askableOf } from './guard-client.ts';
import { joined } from './guard-shared.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';
import { isModernRevision, TASKS_EXTENSION } from './modern.ts';
import type { Asked } from './peer.ts';
import { close, judged } from './result.ts';
import type { Upstream } from './upstream.ts';

const TASK_ID_LENGTH_MAX = 512;
/** A task that this side runs for a client: how often it is looked at, and for how long. */
const POLL_MS_MIN = 50;
const POLL_MS_MAX = 5_000;
const POLL_MS = 500;
const RUN_MS_MAX = 3_600_000;
const OVER: ReadonlySet<unknown> = new Set(['completed', 'failed', 'cancelled']);

const pass = (server: Upstream, method: string, params: Params, asked: Asked): Promise<Answer | null> =>
  server.request(method, params, { about: asked.id, signal: asked.signal });

const idOf = (task: unknown): string | null =>
  isObject(task) && typeof task.taskId === 'string' && task.taskId !== '' && task.taskId.length <= TASK_ID_LENGTH_MAX ? task.taskId : null;

/**
 * MG-144: whether the result says that a task was started, as the client asked or allowed; then it is remembered. What is no
 * such thing is a result, and judged as one: a server cannot send content past the judge by calling it a task.
 */
export function startedTask(talk: Conversation, params: Params, result: Params, called: Called): boolean {
  const asked = isObject(params.task) ? idOf(result.task) : null;
  const offered = result.resultType === 'task' && takesTasks(talk) ? idOf(result) : null;
  const id = asked ?? offered;
  if (id === null || result.content !== undefined || result.structuredContent !== undefined) return false;
  const key = keyOf(called.server, id);
  if (talk.tasks.has(key)) return false;
  own(talk.owners, id, called.server);
  own(talk.tasks, key, called);
  return true;
}

/** MG-149: a tool that runs as a task only, called by a client whose revision has no word for it, is run here to its end. */
export async function callOrRun(talk: Conversation, server: Upstream, given: Params, params: Params, asked: Asked): Promise<Answer | null> {
  const { execution } = given;
  const taskOnly = isObject(execution) && execution.taskSupport === 'required';
  if (!taskOnly || !isModernRevision(talk.hello.protocolVersion)) return pass(server, 'tools/call', params, asked);
  const started = await pass(server, 'tools/call', { ...params, task: { ttl: RUN_MS_MAX } }, asked);
  const id = started !== null && 'result' in started ? idOf(started.result.task) : null;
  if (id === null) return started;
  const end_ms = Date.now() + RUN_MS_MAX;
  while (Date.now() < end_ms) {
    if (asked.signal.aborted) {
      server.request('tasks/cancel', { taskId: id }).catch(() => undefined);
      return null;
    }
    const seen = await pass(server, 'tasks/get', { taskId: id }, asked);
    if (seen === null || 'error' in seen) return seen;
    // the questions of a task come in the course of waiting for its result
    if (OVER.has(seen.result.status) || seen.result.status === 'input_required') return pass(server, 'tasks/result', { taskId: id }, asked);
    const { pollInterval } = seen.result;
    const pause_ms = typeof pollInterval === 'number' ? Math.min(Math.max(pollInterval, POLL_MS_MIN), POLL_MS_MAX) : POLL_MS;
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
  }
  server.request('tasks/cancel', { taskId: id }).catch(() => undefined);
  return failure(RPC.internal, 'the task did not end in time');
}

/** tasks/get, tasks/result, tasks/update and tasks/cancel go to the server that made the task; tasks/list joins what all have. */
export const task: Guard = async (talk, params, asked, method) => {
  if (method === 'tasks/list') return talk.only === null ? listed(talk, asked, method) : pass(talk.only, method, params, asked);
  const { taskId } = params;
  if (typeof taskId !== 'string') return failure(RPC.params, `${method} needs a taskId`);
  const server = talk.only ?? talk.owners.get(taskId);
  if (server === undefined) return failure(RPC.params, 'no server has this task');
  const called = talk.tasks.get(keyOf(server, taskId));
  // MG-145: a task that no judged call of this conversation started is nobody's here
  if (called === undefined) return failure(RPC.params, 'no call of this conversation started this task');
  const answer = await pass(server, method, params, asked);
  if (answer === null || 'error' in answer) return answer;
  if (method === 'tasks/result') return settled(talk, taskId, called, answer.result);
  if (method === 'tasks/get' || method === 'tasks/update') return looked(talk, taskId, called, answer.result);
  return answer;
};

/** MG-147: what a task shows of itself: its result is judged, and what it asks of the client. */
async function looked(talk: Conversation, taskId: string, called: Called, result: Params): Promise<Answer> {
  const { inputRequests, result: inner } = result;
  if (isObject(inner)) {
    const answer = await settled(talk, taskId, called, inner);
    return 'error' in answer ? answer : { result: { ...result, result: answer.result } };
  }
  if (!isObject(inputRequests)) {
    if (result.status === 'failed' || result.status === 'cancelled') await finish(talk, taskId, called, result.statusMessage);
    return { result };
  }
  const asks = await Promise.all(Object.entries(inputRequests).map(async ([key, ask]) => [key, await askableOf(talk, called.server, ask)] as const));
  if (asks.every(([, ask]) => ask !== null)) return { result };
  // MG-148: a question that is refused ends the task: it cannot go on as if it had been asked
  await called.server.request('tasks/cancel', { taskId });
  return failure(RPC.gateway, 'the task asked for something that is refused, so it was cancelled', { retryable: false });
}

/** MG-146: the first result closes the permit of the call; one that is fetched later is judged by itself. */
async function settled(talk: Conversation, taskId: string, called: Called, result: Params): Promise<Answer> {
  const key = keyOf(called.server, taskId);
  const { permit: _, ...rest } = called.ruling.answer;
  const first = called.ruling.answer.permit !== undefined;
  if (first) own(talk.tasks, key, { ...called, ruling: { ...called.ruling, answer: rest } });
  if (first) {
    const answer = await judged(talk, called, result);
    if (!('error' in answer) || !isObject(answer.error.data) || answer.error.data.retryable !== false) return answer;
  }
  // its permit was used, or is over: the result is a matter of its own
  const about = await talk.judge.ask({ kind: 'tool.result', server: called.server.name, name: called.tool, args: {} }, { session: called.ruling.session });
  if (about.verdict !== 'allow') return failure(RPC.gateway, 'the result of the task is refused', { retryable: false });
  return judged(talk, { ...called, ruling: about }, result);
}

/** A task that ended without a result. */
async function finish(talk: Conversation, taskId: string, called: Called, why: unknown): Promise<void> {
  const { permit, ...rest } = called.ruling.answer;
  if (permit === undefined) return;
  own(talk.tasks, keyOf(called.server, taskId), { ...called, ruling: { ...called.ruling, answer: rest } });
  await close(talk, called.ruling, false, typeof why === 'string' ? why : 'the task ended without a result');
}

function listed(talk: Conversation, asked: Asked, method: string): Promise<Answer> {
  return joined(talk, 'tasks', method, 'tasks', asked, (server, item) => {
    const id = idOf(item);
    return id !== null && talk.tasks.has(keyOf(server, id)) ? item : null;
  });
}

function takesTasks({ hello: { capabilities } }: Conversation): boolean {
  return isObject(capabilities) && isObject(capabilities.extensions) && Object.hasOwn(capabilities.extensions, TASKS_EXTENSION);
}

const keyOf = (server: Upstream, id: string): string => `${server.name} ${id}`;
