/**
 * Hooks of client programs, answered by the node (spec/http.md N-73 to N-75): an event becomes requests of the API in the
 * session of the program's conversation, their answer becomes the answer that the program reads.
 */
import { callDigest } from '../api/announcement.ts';
import type { HookNode, Interpreter } from '../api/routes.ts';
import type { DecisionAnswer, DecisionRequest } from '../api/schema.ts';
import { Fault } from '../base/fault.ts';
import { refusalOf } from '../mcp/denial.ts';
import { claudeTongue } from './claude-hook.ts';
import { cursorTongue } from './cursor-hook.ts';
import type { Args, Moment, Tongue } from './moment.ts';
import { isTable } from './settings.ts';
import { type Thread, Threads } from './thread.ts';
import { WrappedServers } from './tool-name.ts';

/** Faults of a call that the program's model can do something about; others are the node's, and the hook itself fails. */
const ABOUT_CALL: ReadonlySet<string> = new Set([
  'request_shape',
  'request_too_large',
  'integer_too_large',
  'not_finite',
  'too_deep',
  'key_forbidden',
  'text_malformed',
]);

/** Obligations that a hook can meet: the node has changed the arguments, the program takes them. */
const CHANGING: ReadonlySet<string> = new Set(['redact', 'cap', 'transform']);

/** The interpreter of a node: threads are kept in its data folder. */
export function interpreter(data: string): Interpreter {
  const servers = new WrappedServers(data);
  const threads = new Threads(data);
  const tongues: Readonly<Record<string, Tongue>> = {
    'claude-code': claudeTongue('claude-code', servers),
    codex: claudeTongue('codex', servers),
    cursor: cursorTongue(servers),
  };
  return async (client, event, query, node) => {
    const tongue = Object.hasOwn(tongues, client) ? tongues[client] : undefined;
    if (tongue === undefined) throw new Fault('route_unknown', `there are no hooks of ${client.slice(0, 64)}; of ${Object.keys(tongues).join(', ')} there are`);
    if (!isTable(event)) throw new Fault('request_shape', 'the event is no object', { path: '$' });
    const moment = tongue.moment(event);
    if (moment.kind === 'other') return tongue.pass(event);
    const id = tongue.thread(event);
    const begin = async (): Promise<string> => (await node.openSession(tongue.agent)).session;
    for (let again = false; ; again = true) {
      const thread = await threads.of(client, id, begin);
      try {
        return await answer({ tongue, event, node, thread, ask: query.has('ask') }, moment);
      } catch (error) {
        // the session has ended since: once more in a new one
        if (again || !(error instanceof Fault) || error.slug !== 'session_unknown') throw error;
        threads.forget(thread);
      }
    }
  };
}

interface Hooked {
  readonly tongue: Tongue;
  readonly event: Args;
  readonly node: HookNode;
  readonly thread: Thread;
  readonly ask: boolean;
}

async function answer(hooked: Hooked, moment: Exclude<Moment, { kind: 'other' }>): Promise<unknown> {
  const { tongue, event, node, thread } = hooked;
  try {
    switch (moment.kind) {
      case 'input':
        return await submitted(hooked, moment.text);
      case 'announced':
        node.announcements.announce({ session: thread.session, server: moment.server, name: moment.name, digest: callDigest(moment.name, moment.args) });
        return tongue.pass(event);
      case 'call':
        return await before(hooked, moment);
      case 'result':
        return await after(hooked, moment);
    }
  } catch (error) {
    if (error instanceof Fault && ABOUT_CALL.has(error.slug)) return tongue.refuse(event, refusalOf({ verdict: 'fault', fault: error, about_call: true }).text);
    throw error;
  }
}

/** What the user submits: judged where a rule is about it, then told. */
async function submitted(hooked: Hooked, text: string): Promise<unknown> {
  const { tongue, event, node, thread } = hooked;
  if (node.judges('user.input')) {
    const action = { kind: 'user.input', name: 'prompt', args: { text } };
    const decision = await node.decide({ session: thread.session, action, permit: false });
    if (decision.verdict !== 'allow') return tongue.refuse(event, reasonText(hooked, action, decision));
  }
  await node.input(thread.session, text);
  return tongue.pass(event);
}

/** A call that the client is about to make. */
async function before(hooked: Hooked, { call, server, name, args, cut, known }: Extract<Moment, { kind: 'call' }>): Promise<unknown> {
  const { tongue, event, node, thread } = hooked;
  const action = { kind: 'tool.call', server, name, args };
  const request: DecisionRequest = { session: thread.session, action, ...(cut > 0 && { context: { cut } }) };
  const decision = await approved(node, request, await node.decide(request));
  if (decision instanceof Fault) return tongue.refuse(event, refusalOf({ verdict: 'fault', fault: decision, about_call: true }).text);
  const { verdict, permit, obligations, receipt } = decision;
  if (verdict !== 'allow') {
    const reason = reasonText(hooked, action, decision);
    return verdict === 'escalate' && hooked.ask ? tongue.ask(event, reason) : tongue.refuse(event, reason);
  }
  const changed = decision.args === undefined ? null : cut > 0 ? null : tongue.change(event, decision.args as Args);
  if (obligations.some(({ do: what }) => !CHANGING.has(what)) || (obligations.length > 0 && changed === null)) {
    // an obligation that is not met is a denial
    if (permit !== undefined) await told(node, permit, false, 'the hook cannot meet the obligations');
    return tongue.refuse(
      event,
      `AVA allows ${name} only with obligations that a hook of this program cannot meet: ${obligations.map(({ do: what }) => what).join(', ')} (receipt ${receipt}).`,
    );
  }
  if (permit !== undefined && known !== undefined) await told(node, permit, known.ok, known.result);
  else if (permit !== undefined && call !== '') thread.permitted(call, permit);
  return changed ?? tongue.pass(event);
}

/** Why it is refused, in the words that the gateway has, with what waits for a person. */
function reasonText({ node, thread }: Hooked, action: Omit<DecisionRequest['action'], 'args'> & { args: Args }, answer: DecisionAnswer): string {
  const { verdict, approval } = answer;
  if (verdict === 'allow') return '';
  const waits = approval === undefined ? {} : { waits: node.approval(approval) };
  return refusalOf({ verdict, answer, action: { server: '', ...action }, session: thread.session, ...waits }).text;
}

/** An escalation that a person has answered by now is judged with that answer; a fault where the person said no. @throws Fault */
async function approved(node: HookNode, request: DecisionRequest, decision: DecisionAnswer): Promise<DecisionAnswer | Fault> {
  if (decision.verdict !== 'escalate' || decision.approval === undefined) return decision;
  try {
    return await node.decide({ ...request, approval: decision.approval });
  } catch (error) {
    if (!(error instanceof Fault) || !error.slug.startsWith('approval_')) throw error;
    return error.slug === 'approval_denied' ? error : decision;
  }
}

/** What came of a call. */
async function after(hooked: Hooked, { call, server, name, ok, result }: Extract<Moment, { kind: 'result' }>): Promise<unknown> {
  const { tongue, event, node, thread } = hooked;
  const permit = thread.ended(call);
  const action = { kind: 'tool.result', server, name, args: { content: result } };
  const judged = ok && node.judges('tool.result') ? await node.decide({ session: thread.session, action, permit: false }) : null;
  const refused = judged !== null && judged.verdict !== 'allow';
  if (permit !== null) await told(node, permit, ok, refused ? null : result);
  return refused ? tongue.refuse(event, reasonText(hooked, action, judged)) : tongue.pass(event);
}

/** The outcome; a result that is no value of the ledger is told as text. A permit that has ended changes nothing. @throws Fault of the node */
async function told(node: HookNode, permit: string, ok: boolean, result: unknown): Promise<void> {
  const outcome = (value: unknown) =>
    node.outcome(ok ? { permit, ok, result: value } : { permit, ok, error: typeof value === 'string' ? value : JSON.stringify(value) });
  try {
    await outcome(result).catch((error: unknown) => {
      if (error instanceof Fault && ABOUT_CALL.has(error.slug) && typeof result !== 'string') return outcome(JSON.stringify(result).toWellFormed());
      throw error;
    });
  } catch (error) {
    if (!(error instanceof Fault) || !(error.slug.startsWith('permit_') || ABOUT_CALL.has(error.slug))) throw error;
  }
}
