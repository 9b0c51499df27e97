/**
 * AVA as an interceptor of agent-hooks 0.1 (responsibleai/agent-hooks): any host that emits its eight points can ask
 * AVA at each, and can give AVA's approvals to its own approval seam. When AVA cannot be asked the interceptor throws,
 * and a host that conforms does not go on.
 */
import { awaitApproval } from './approval.ts';
import type { Client } from './client.ts';
import { honour } from './obligation.ts';
import { type PlainObject, told, toldError } from './plain.ts';
import { bindingReasons, refusalText } from './refusal.ts';
import { type Action, Session } from './session.ts';
import type { DecisionAnswer } from './shape.gen.ts';
import { pause } from './transport.ts';

export type Point = 'agent_startup' | 'input' | 'pre_model_call' | 'post_model_call' | 'pre_tool_call' | 'post_tool_call' | 'output' | 'agent_shutdown';

/** What a host hands over; only what is read here is named. */
export interface AgentContext {
  readonly interception_point: Point;
  readonly agent: { readonly id: string };
  readonly session: { readonly id: string };
  readonly target: unknown;
  readonly input?: { readonly content: unknown; readonly role: string };
  readonly model?: { readonly id: string };
  readonly tool_call?: { readonly id: string; readonly name: string; readonly args: unknown };
  readonly tool_result?: { readonly value: unknown; readonly is_error: boolean };
}

export interface HookVerdict {
  readonly decision: 'allow' | 'deny' | 'transform';
  readonly reason?: string;
  readonly message?: string;
  readonly warnings?: readonly { readonly reason: string; readonly message: string }[];
  /** The deny may be lifted by the host's approval seam; `id` is AVA's approval. */
  readonly approval?: { readonly id?: string };
  readonly transform?: { readonly path: string; readonly value: unknown };
  readonly evidence?: { readonly artefact: string; readonly verification_pointers: Readonly<Record<string, string>> };
}

/** What the approval seam asks and is told. */
export interface ApprovalRequest {
  readonly context_identity: string | null;
  readonly verdict: HookVerdict;
  readonly context: AgentContext;
}
export interface ApprovalResolution {
  readonly outcome: 'approve' | 'reject' | 'unresolved';
  readonly context_identity: string | null;
  readonly verdict?: HookVerdict;
}

export interface InterceptorOptions {
  /** The server that has the tools, where there is one. */
  readonly server?: string;
  /** How long the approval seam waits for a person; default one minute. */
  readonly wait_ms?: number;
}

/** Conversations, and calls under way, that are remembered. */
const KEPT_MAX = 1_024;
const WAIT_MS = 60_000;

/** A map of the last `KEPT_MAX` entries. */
class Kept<T> {
  private readonly entries = new Map<string, T>();

  get(key: string): T | undefined {
    return this.entries.get(key);
  }

  set(key: string, value: T): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    const [oldest] = this.entries.keys();
    if (this.entries.size > KEPT_MAX) this.entries.delete(oldest);
  }

  take(key: string): T | undefined {
    const value = this.entries.get(key);
    this.entries.delete(key);
    return value;
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
const callKey = ({ session, tool_call }: AgentContext): string => JSON.stringify([session.id, tool_call?.id]);

/** The kinds under which AVA judges what is no tool call, and the argument that holds the target. */
const MOMENTS: Readonly<Record<Exclude<Point, 'pre_tool_call'>, readonly [kind: string, argument: string]>> = {
  agent_startup: ['agent.start', 'agent'],
  input: ['user.input', 'content'],
  pre_model_call: ['model.call', 'messages'],
  post_model_call: ['model.result', 'response'],
  post_tool_call: ['tool.result', 'content'],
  output: ['agent.output', 'content'],
  agent_shutdown: ['agent.stop', 'summary'],
};

export class AvaInterceptor {
  private readonly client: Client;
  private readonly options: InterceptorOptions;
  private readonly sessions = new Kept<Promise<Session>>();
  private readonly permits = new Kept<string>();

  constructor(client: Client, options: InterceptorOptions = {}) {
    this.client = client;
    this.options = options;
  }

  /** AVA's verdict at one point. @throws AvaError when AVA cannot be asked or told */
  async intercept(context: AgentContext): Promise<HookVerdict> {
    const { interception_point: point, session: conversation } = context;
    const session = await this.sessionOf(context);
    if (point === 'pre_tool_call') return this.toolCall(session, context);
    if (point === 'input' && context.input?.role === 'user') await session.say(text(context.input.content));
    const warnings = point === 'post_tool_call' ? await this.outcome(context) : [];
    if (point === 'agent_shutdown') void this.sessions.take(conversation.id);
    const [kind, argument] = MOMENTS[point];
    // a moment that no rule is made for is no decision
    if (!(await session.judges(kind))) return { decision: 'allow', ...(warnings.length > 0 && { warnings }) };
    const name = context.tool_call?.name ?? context.model?.id ?? context.agent.id;
    const content = point === 'input' ? text(context.input?.content) : told(context.target);
    const verdict = this.verdictOf(await session.verdict({ kind, name, args: { [argument]: content }, ...this.server }), { [argument]: content }, argument);
    return warnings.length > 0 ? { ...verdict, warnings: [...warnings, ...(verdict.warnings ?? [])] } : verdict;
  }

  /**
   * The host's approval seam: waits for the person whose approval AVA asked for, and asks again with it.
   * @throws AvaError when AVA cannot be asked
   */
  async resolve({ context_identity, verdict: { approval }, context }: ApprovalRequest): Promise<ApprovalResolution> {
    if (approval?.id === undefined || context.interception_point !== 'pre_tool_call') return { outcome: 'unresolved', context_identity };
    const status = await awaitApproval(this.client, approval.id, this.options.wait_ms ?? WAIT_MS);
    if (status === 'waiting') return { outcome: 'unresolved', context_identity };
    if (status !== 'allowed')
      return { outcome: 'reject', context_identity, verdict: { decision: 'deny', reason: 'ava:approval', message: `the approval is ${status}` } };
    const verdict = await this.toolCall(await this.sessionOf(context), context, approval.id);
    return { outcome: verdict.decision === 'deny' ? 'reject' : 'approve', context_identity, verdict };
  }

  private get server(): { readonly server?: string } {
    return this.options.server === undefined ? {} : { server: this.options.server };
  }

  private sessionOf({ agent, session: { id } }: AgentContext): Promise<Session> {
    const known = this.sessions.get(id);
    if (known !== undefined) return known;
    const opened = Session.open(this.client, { agent: agent.id });
    this.sessions.set(id, opened);
    opened.catch(() => void this.sessions.take(id));
    return opened;
  }

  private async toolCall(session: Session, context: AgentContext, approval?: string): Promise<HookVerdict> {
    const { name, args } = context.tool_call ?? { name: '', args: {} };
    const action: Action = { name, args, ...this.server };
    const { answer, args: asked } = await session.ask(action, approval);
    if (answer.permit !== undefined) this.permits.set(callKey(context), answer.permit);
    if (answer.verdict === 'allow') await pause(honour(answer).delay_ms);
    return this.verdictOf(answer, asked);
  }

  /** Tells what became of a call, and warns of one that AVA did not permit. */
  private async outcome(context: AgentContext): Promise<{ reason: string; message: string }[]> {
    const permit = this.permits.take(callKey(context));
    const { value, is_error } = context.tool_result ?? { value: null, is_error: true };
    if (permit === undefined) return [{ reason: 'ava:no_permit', message: 'AVA did not permit this call: the rules have not seen its result' }];
    await this.client.outcome({ permit, ok: !is_error, ...(is_error ? { error: toldError(text(value)) } : { result: told(value) }) });
    return [];
  }

  /** `part`: the argument that is the target; without it the arguments are. */
  private verdictOf(answer: DecisionAnswer, asked: PlainObject, part?: string): HookVerdict {
    const { verdict, receipt, reasons, approval } = answer;
    const observed = reasons.filter(({ mode }) => mode === 'observe').map(({ rule, title }) => ({ reason: `ava:${rule}`, message: title }));
    const common = {
      ...(observed.length > 0 && { warnings: observed }),
      evidence: { artefact: receipt, verification_pointers: { bundle: `${this.client.url}/v1/receipts/${receipt}/bundle` } },
    };
    if (verdict === 'allow') {
      const { args } = honour(answer);
      const change = args === undefined ? null : changeOf(part === undefined ? asked : asked[part], part === undefined ? args : args[part]);
      if (change === null) return { decision: 'allow', ...common };
      if (part === 'agent' || part === 'summary')
        return { decision: 'deny', reason: 'ava:obligation', message: 'nothing can be changed at this point', ...common };
      return { decision: 'transform', transform: change, ...common };
    }
    return {
      decision: 'deny',
      reason: `ava:${bindingReasons(answer)[0]?.rule ?? 'default'}`,
      message: refusalText(answer),
      ...(verdict === 'escalate' && { approval: approval === undefined ? {} : { id: approval } }),
      ...common,
    };
  }
}

const isObject = (value: unknown): value is PlainObject => typeof value === 'object' && value !== null && !Array.isArray(value);
const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The smallest replacement that makes `to` of `from`, or null where they are equal. */
function changeOf(from: unknown, to: unknown, path = '$target'): { path: string; value: unknown } | null {
  if (equal(from, to)) return null;
  if (isObject(from) && isObject(to) && equal(Object.keys(from), Object.keys(to))) {
    const changed = Object.keys(from).filter((key) => !equal(from[key], to[key]));
    const [key] = changed;
    if (changed.length === 1 && /^[A-Za-z0-9_-]+$/.test(key)) return changeOf(from[key], to[key], `${path}.${key}`);
  }
  return { path, value: to };
}
