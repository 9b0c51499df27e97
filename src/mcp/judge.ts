/**
 * What the node says about one conversation (spec/gateway.md MG-20 to MG-26): a session, decisions in it, outcomes. Total:
 * whatever goes wrong, nothing is allowed.
 */
import type { Client } from '../api/client.ts';
import { type ApprovalView, BATCH_MAX, type DecisionAnswer, type DecisionRequest, type Reason, type RulesAnswer } from '../api/schema.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import type { Params } from './message.ts';
import { digestOf } from './value-digest.ts';

export interface Action {
  /** `tool.call`, `tool.list`, `tool.result`, `resource.read`, `prompt.get`, … */
  readonly kind: string;
  readonly server: string;
  readonly name: string;
  readonly args: Params;
}

export interface Allowed {
  readonly verdict: 'allow';
  readonly answer: DecisionAnswer;
  readonly session: string;
}
export type Refused =
  /** `waits`: the approval that an escalation waits for. */
  | { readonly verdict: 'deny' | 'escalate'; readonly answer: DecisionAnswer; readonly action: Action; readonly session: string; readonly waits?: ApprovalView }
  /** `about_call`: the call itself is at fault (too large, malformed); else the node is, and the same may pass later. */
  | { readonly verdict: 'fault'; readonly fault: Fault; readonly about_call: boolean };
export type Ruling = Allowed | Refused;

export interface AskOptions {
  /** Facts that the gateway vouches for. */
  readonly context?: Params;
  /** An approval that the caller brings; one that an earlier escalation of the same call opened is found by itself. */
  readonly approval?: string;
  /** The session of an announced call, in place of this conversation's. */
  readonly session?: string;
  /** MG-27: a hook may have seen this very call coming; then it is judged in the hook's session, in which the user's words stand. */
  readonly announced?: boolean;
  /** false: a verdict alone, for what is not carried out here; nothing is reserved and no approval is opened. */
  readonly permit?: boolean;
}

/** What the node refuses because of the call itself. */
const CALL_FAULTS: ReadonlySet<FaultName> = new Set([
  'request_shape',
  'request_too_large',
  'integer_too_large',
  'not_finite',
  'too_deep',
  'key_duplicate',
  'key_forbidden',
  'text_malformed',
]);
/** An approval that says nothing yet, or no more: the call is judged as if there were none, which names the one that waits. */
const SPENT: ReadonlySet<string> = new Set([
  'approval_unknown',
  'approval_waiting',
  'approval_used',
  'approval_expired',
  'approval_foreign',
  'approval_differs',
]);
/** An approval that says no. */
const ANSWERED: ReadonlySet<string> = new Set(['approval_denied']);
/** Approvals of a conversation that are remembered. */
const APPROVALS_MAX = 64;
/** Bytes of a result that are told; past 64 KiB the machine takes the rest for text that may hold anything (T-18). */
const RESULT_LENGTH_MAX = 90_000;
const LAW_MS = 30_000;

/** What the gateway needs to know of the rules in force. */
interface LawView {
  readonly scopes: ReadonlySet<string>;
  /** Rules that can refuse a tool before it is called: they read nothing of a call, or are about listing. */
  readonly hiding: ReadonlySet<string>;
}

/** Inputs that are there before there is a call. */
const BEFORE_CALL = /^(?:action\.|agent\.|session\.|now_ms$|effect$)/;

const viewOf = ({ rules }: RulesAnswer): LawView => ({
  scopes: new Set(rules.flatMap(({ scope }) => scope)),
  hiding: new Set(
    rules.filter(({ scope, inputs }) => scope.includes('kind.tool.list') || inputs.every(({ path }) => BEFORE_CALL.test(path))).map(({ rule }) => rule),
  ),
});

export class Judge {
  private readonly client: Client;
  private readonly agent: string;
  private opening: Promise<string> | null = null;
  /** By the digest of session and call. */
  private readonly approvals = new Map<string, string>();
  private law: Promise<LawView> | null = null;
  private law_ms = 0;

  constructor(client: Client, agent: string) {
    this.client = client;
    this.agent = agent;
  }

  /** This conversation's session, opened when first needed. @throws Fault */
  session(): Promise<string> {
    this.opening ??= this.client.openSession(this.agent).then(
      ({ session }) => session,
      (error: unknown) => {
        this.opening = null;
        throw error;
      },
    );
    return this.opening;
  }

  /** MG-20: a decision that may be acted on. */
  async ask(action: Action, { context, approval, session: given, announced, permit }: AskOptions = {}): Promise<Ruling> {
    try {
      const session = given ?? (await this.session());
      const keyIn = (session: string): string => digestOf([session, action.kind, action.server, action.name, action.args, context ?? null]);
      const known = approval ?? (this.approvals.size === 0 ? undefined : this.approvals.get(keyIn(session)));
      const request: DecisionRequest = {
        session,
        action,
        ...(context !== undefined && { context }),
        ...(announced === true && { announced }),
        ...(permit === false && { permit }),
      };
      const answer = await this.decide(request, known).catch((error: unknown) => {
        if (given !== undefined || !(error instanceof Fault) || error.slug !== 'session_unknown') throw error;
        return null;
      });
      if (answer === null) return await this.anew(request);
      const judged = answer.session ?? session;
      if (this.approvals.size > 0 || answer.verdict === 'escalate') this.remember(keyIn(judged), answer);
      return await this.ruled(action, answer, judged);
    } catch (error) {
      return faultRuling(error);
    }
  }

  /** MG-21: which of these may be listed: all but what is refused whatever the arguments. Nothing is reserved. @throws Fault */
  async list(kind: string, server: string, names: readonly string[]): Promise<Set<string>> {
    const listed = new Set<string>();
    const { hiding } = await this.view();
    const hides = ({ rule, answer, mode, cause }: Reason): boolean => answer === 'deny' && mode !== 'observe' && cause !== 'fault' && hiding.has(rule);
    for (let at = 0; at < names.length; at += BATCH_MAX) {
      const part = names.slice(at, at + BATCH_MAX);
      const answers = await this.batch(kind, server, part);
      for (const [i, answer] of answers.entries()) {
        if (answer instanceof Fault) {
          if (!CALL_FAULTS.has(answer.slug)) throw answer;
        } else if (!answer.reasons.some(hides)) listed.add(part[i]);
      }
    }
    return listed;
  }

  /** MG-25: what the tool did, told before the client may act on it. Never rejects; false: the node did not take it. */
  async outcome(permit: string, ok: boolean, returned: unknown): Promise<boolean> {
    const error = ok ? {} : { error: textOf(returned).slice(0, RESULT_LENGTH_MAX).toWellFormed() };
    try {
      await this.client.outcome({ permit, ok, result: returned ?? null, ...error });
      return true;
    } catch (failed) {
      if (!(failed instanceof Fault) || !CALL_FAULTS.has(failed.slug)) return false;
    }
    try {
      await this.client.outcome({ permit, ok, result: textOf(returned).slice(0, RESULT_LENGTH_MAX).toWellFormed(), ...error });
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the law has rules about this kind of action. @throws Fault */
  async judges(kind: string): Promise<boolean> {
    const { scopes } = await this.view();
    return scopes.has(`kind.${kind}`) || scopes.has('all');
  }

  private view(): Promise<LawView> {
    if (this.law === null || Date.now() - this.law_ms > LAW_MS) {
      this.law_ms = Date.now();
      this.law = this.client.rules().then(viewOf);
      this.law.catch(() => (this.law = null));
    }
    return this.law;
  }

  /** The node no longer knows the session: what it remembered is gone with it, and a new one begins. */
  private async anew(request: DecisionRequest): Promise<Ruling> {
    this.opening = null;
    const session = await this.session();
    return this.ruled(request.action as Action, await this.client.decide({ ...request, session }), session);
  }

  private async ruled(action: Action, answer: DecisionAnswer, session: string): Promise<Ruling> {
    const { verdict, approval } = answer;
    if (verdict === 'allow') return { verdict, answer, session };
    const waits = approval === undefined ? null : await this.client.approval(approval).catch(() => null);
    return { verdict, answer, action, session, ...(waits !== null && { waits }) };
  }

  /** MG-23: with the approval where there is one; a spent one is forgotten. @throws Fault approval_waiting, approval_denied, … */
  private async decide(request: DecisionRequest, approval: string | undefined): Promise<DecisionAnswer> {
    if (approval === undefined) return this.client.decide(request);
    try {
      return await this.client.decide({ ...request, approval } as DecisionRequest);
    } catch (error) {
      if (!(error instanceof Fault) || !SPENT.has(error.slug)) throw error;
      return this.client.decide(request);
    }
  }

  private remember(key: string, { verdict, approval }: DecisionAnswer): void {
    this.approvals.delete(key);
    if (verdict !== 'escalate' || approval === undefined) return;
    const [oldest] = this.approvals.keys();
    if (this.approvals.size >= APPROVALS_MAX && oldest !== undefined) this.approvals.delete(oldest);
    this.approvals.set(key, approval);
  }

  private async batch(kind: string, server: string, names: readonly string[]): Promise<(DecisionAnswer | Fault)[]> {
    for (let attempt = 0; ; attempt++) {
      const session = await this.session();
      const answers = await this.client.batch(names.map((name) => ({ session, action: { kind, server, name, args: {} }, permit: false })));
      const lost = answers.some((answer) => answer instanceof Fault && answer.slug === 'session_unknown');
      if (!lost || attempt > 0) return answers;
      this.opening = null;
    }
  }
}

/** A fault that the constitution or the node gives in place of a verdict. */
function faultRuling(error: unknown): Refused {
  const fault = error instanceof Fault ? error : new Fault('internal', error instanceof Error ? error.message : String(error));
  return { verdict: 'fault', fault, about_call: CALL_FAULTS.has(fault.slug) || ANSWERED.has(fault.slug) };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
