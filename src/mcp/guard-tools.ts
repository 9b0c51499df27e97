/** tools/list and tools/call (spec/gateway.md MG-20 to MG-25): listed is what may be asked for, called is what was judged. */
import { Fault } from '../base/fault.ts';
import { held } from './approval-input.ts';
import type { Called, Conversation, Guard } from './conversation.ts';
import { faultRefusal, nodeDown, type Refusal, refusalOf, toolRefusal } from './denial.ts';
import { judgedError } from './guard-client.ts';
import type { Action, Allowed, Ruling } from './judge.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';
import { meet } from './obligation.ts';
import type { Asked } from './peer.ts';
import { close, faultless, judged } from './result.ts';
import { callOrRun, startedTask } from './task.ts';
import type { Tool, ToolTable } from './tool-table.ts';

/** MG-21: what may be asked for, of all servers, on one page. */
export const listTools: Guard = async (talk, params) => {
  if (params.cursor !== undefined) return failure(RPC.params, 'no such cursor: all tools stand on one page');
  const tools: Params[] = [];
  let rest: Params = {};
  for (const table of talk.tables.values()) {
    if (table.server.capabilities.tools === undefined && talk.only === null) continue;
    const listed = await faultless(() => table.list());
    if ('error' in listed) {
      if (talk.only !== null) return listed.error;
      talk.report(`server ${table.server.name} is left out of the list of tools: ${errorText(listed.error)}`);
      continue;
    }
    const { server } = table;
    try {
      const names = await talk.judge.list(
        'tool.list',
        server.name,
        listed.tools.map(({ name }) => name),
      );
      for (const { name, given } of listed.tools)
        if (names.has(name)) tools.push(talk.only === null ? { ...given, name: talk.names.shown(server, name) } : given);
    } catch (error) {
      return nodeDown(error instanceof Fault ? error : new Fault('internal', String(error)));
    }
    if (talk.only !== null) rest = listed.rest;
  }
  return { result: { ...rest, tools } };
};

/** MG-20: whatever was listed, each call is judged. */
export const callTool: Guard = async (talk, params, asked) => {
  const { name, arguments: given = {} } = params;
  if (typeof name !== 'string' || !isObject(given)) return failure(RPC.params, 'tools/call needs a name and its arguments as an object');
  const place = talk.names.find(name);
  const table = place === null ? undefined : talk.tables.get(place.server.name);
  if (place === null || table === undefined) return failure(RPC.params, `Unknown tool: ${name}`);
  const tool = await faultless(() => table.find(place.name));
  // MG-24: what a server does not own up to is not called
  if (tool === null) return unlisted(talk, { kind: 'tool.call', server: place.server.name, name: place.name, args: given });
  if ('error' in tool) return tool.error;
  const changed = await faultless(async () => table.state(tool) === 'changed');
  if (typeof changed !== 'boolean') return changed.error;
  const action = { kind: 'tool.call', server: place.server.name, name: tool.name, args: given };
  const options = { ...(changed && { context: { pin: 'changed' } }), ...(asked.approval !== undefined && { approval: asked.approval.id }) };
  let session: string | undefined;
  const ask = async (): Promise<Ruling> => {
    // an announcement is claimed once: what is judged again is judged in the same session
    const ruling = await talk.judge.ask(action, { ...options, ...(session === undefined ? { announced: true } : { session }) });
    if (ruling.verdict !== 'fault') session = ruling.session;
    return ruling;
  };
  const first = await ask();
  const structured = tool.definition.outputSchema === undefined;
  if (changed && (first.verdict !== 'fault' || first.about_call)) {
    // MG-41: whatever the law says, and the law may say it too
    if (first.verdict === 'allow') await close(talk, first, false, 'the tool is not as it was pinned');
    return toolRefusal(pinRefusal(table, tool), structured);
  }
  const waited = await held(talk, name, first, asked, ask);
  if ('answer' in waited) return waited.answer;
  const { ruling } = waited;
  if (ruling.verdict === 'fault' && !ruling.about_call) return nodeDown(ruling.fault);
  if (ruling.verdict !== 'allow') return toolRefusal(refusalOf(ruling), structured);
  return run(talk, table, tool, params, given, ruling, asked);
};

/** MG-24: the law may forbid what no server has; then the attempt is refused and stands in the ledger. It is never carried out. */
async function unlisted(talk: Conversation, action: Action): Promise<Answer> {
  const ruling = await talk.judge.ask(action, { permit: false });
  if (ruling.verdict === 'fault' && !ruling.about_call) return nodeDown(ruling.fault);
  return ruling.verdict === 'deny' ? toolRefusal(refusalOf(ruling), true) : failure(RPC.params, `Unknown tool: ${action.name}`);
}

/** Carries out what was allowed, and tells what came of it before the client may act on it. */
async function run(talk: Conversation, table: ToolTable, tool: Tool, params: Params, given: Params, ruling: Allowed, asked: Asked): Promise<Answer | null> {
  const { server } = table;
  const args = await meet(ruling.answer, given, asked.signal, talk.report);
  if (args === null) {
    await close(talk, ruling, false, 'an obligation was not met');
    return asked.signal.aborted
      ? null
      : toolRefusal(faultRefusal(new Fault('call_denied', 'the law obliges this call to what this gateway does not know')), true);
  }
  const answer = await callOrRun(talk, server, tool.given, { ...params, name: tool.name, arguments: args }, asked);
  if (answer === null || ('error' in answer && isObject(answer.error.data) && answer.error.data.retryable === true)) {
    // MG-25: cancelled, or the server died over it: it may have happened, so it counts
    await close(talk, ruling, true, null);
    return answer;
  }
  if ('error' in answer) {
    await close(talk, ruling, false, answer.error.message);
    return judgedError(talk, server, answer);
  }
  const { result } = answer;
  const called: Called = { server, tool: tool.name, structured: tool.definition.outputSchema === undefined, ruling };
  return startedTask(talk, params, result, called) ? answer : judged(talk, called, result);
}

const pinRefusal = ({ server }: ToolTable, { name }: Tool): Refusal =>
  faultRefusal(new Fault('pin_changed', `${name} of ${server.name} is not as it was pinned; \`avactl tools diff ${server.name}\` shows what changed`));

const errorText = (answer: Answer): string => ('error' in answer ? answer.error.message : '');
