/**
 * Hooks of agents' own programs (spec/http.md N-73 to N-75): a program posts what it is about to do in its own words and is
 * answered in them. Which words those are is not known here: an `Interpreter` turns them into requests of this API.
 */
import { Fault } from '../base/fault.ts';
import type { Sequencer } from '../sequencer/port.ts';
import type { Announcements } from './announcement.ts';
import { approvalView } from './approvals.ts';
import type { HttpLimits } from './fast.ts';
import type { HotRoute } from './head.ts';
import type { Hot } from './hot.ts';
import { JSON_TYPE } from './operation.ts';
import { faultFrom } from './problem.ts';
import type { BlockReader } from './reads.ts';
import { type Handler, readBody, send } from './router.ts';
import type { ApprovalView, DecisionAnswer, DecisionRequest, OutcomeRequest, Placed, SessionAnswer } from './schema.ts';

/** N-73: bytes of what a hook posts; what a tool returned is in it, pictures too. */
export const HOOK_BYTES_MAX = 33_554_432;

/** The node as an interpreter sees it: the API's own requests, without a socket between. */
export interface HookNode {
  openSession(agent: string): Promise<SessionAnswer>;
  input(session: string, text: string): Promise<Placed>;
  /** @throws Fault */
  decide(request: DecisionRequest): Promise<DecisionAnswer>;
  outcome(request: OutcomeRequest): Promise<Placed>;
  /** @throws Fault approval_unknown */
  approval(id: string): ApprovalView;
  readonly announcements: Announcements;
  /** Whether some rule in force is about actions of this kind. */
  judges(kind: string): boolean;
}

/** The answer to an event of `client`, to be sent as JSON. A refusal is an answer too. @throws Fault route_unknown, request_shape, and what the node throws */
export type Interpreter = (client: string, event: unknown, query: URLSearchParams, node: HookNode) => Promise<unknown>;

export function hookNode(hot: Hot, sequencer: Sequencer, blocks: BlockReader, announcements: Announcements): HookNode {
  const ask = <T>(route: HotRoute, id: string, body: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      hot.handlers[route](Buffer.from(JSON.stringify(body)), id, (status, json) => {
        const value = JSON.parse(json) as unknown;
        if (status < 400) resolve(value as T);
        else reject(faultFrom(value) ?? new Fault('internal'));
      });
    });
  return {
    openSession: (agent) => ask('session', '', { agent }),
    input: (session, text) => ask('input', session, { text }),
    decide: (request) => ask('decide', '', request),
    outcome: (request) => ask('outcome', '', request),
    approval: (id) => approvalView(sequencer.state, blocks, id),
    announcements,
    judges: (kind) => sequencer.state.law.rules.some(({ scope }) => scope.all || scope.kinds.has(kind)),
  };
}

/** What a hook posted. No stricter than JSON: what a tool returned is data, and what reaches a rule is checked like any request. @throws Fault request_json */
function eventOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new Fault('request_json', `the event is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

/** N-73. `report` is told of what is no Fault. */
export function hookHandler(hooks: Interpreter | undefined, node: HookNode, limits: HttpLimits, report: (error: unknown) => void): Handler {
  return (exchange) => {
    if (hooks === undefined) throw new Fault('route_unknown', 'this node knows no hooks');
    readBody(exchange, HOOK_BYTES_MAX, limits.request_timeout_ms, (body) => {
      hooks(exchange.params[0], eventOf(body), exchange.query, node).then(
        (answer) => send(exchange.response, 200, JSON_TYPE, JSON.stringify(answer)),
        (error: unknown) => {
          if (!(error instanceof Fault)) report(error);
          exchange.fail(error);
        },
      );
    });
  };
}
