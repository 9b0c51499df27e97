/** A session of an agent: what the user said, what is asked, and what became of it. Nothing is done without a permit. */
import { awaitApproval } from './approval.ts';
import type { Client } from './client.ts';
import { localError } from './error.ts';
import { honour } from './obligation.ts';
import { argumentsOf, type Plain, type PlainObject, told, toldError } from './plain.ts';
import { Refusal } from './refusal.ts';
import type { DecisionAnswer, DecisionRequest } from './shape.gen.ts';
import { pause } from './transport.ts';

export interface Action {
  /** Default: `tool.call`. */
  readonly kind?: string;
  /** The server that has the tool, where there is one. */
  readonly server?: string;
  readonly name: string;
  /** Plain JSON; what is no object is judged as `{input: …}`. */
  readonly args: unknown;
  /** The model's id of the call: for watchers only. */
  readonly call_id?: string;
}

/** Told of each call: for traces and logs. What it throws is not caught. */
export interface Watcher {
  /** Called before AVA is asked. */
  begin(action: Action, session: string): Watched;
}
export interface Watched {
  /** AVA's answer; `waited` when it came after an approval. */
  judged(answer: DecisionAnswer, waited: boolean): void;
  /** Carries the call out; for who wants it within a context. */
  run?<R>(work: () => R): R;
  /** The end of a call that was carried out, with its outcome, or of one that threw. */
  end(ended: { readonly outcome: Outcome } | { readonly error: unknown }): void;
}

export interface CallOptions {
  /** Facts that the caller vouches for. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** What to do when the verdict is escalate. Default `throw`; `wait` waits for the approval, then asks again with it. */
  readonly onEscalate?: 'throw' | 'wait';
  /** How long an approval is waited for; default 10 minutes, which is as long as one stays open. */
  readonly wait_ms?: number;
  /** Told of each approval that is waited for: its id, and the decision. */
  readonly onWaiting?: (approval: string, answer: DecisionAnswer) => void;
  /** Told of each `notify` obligation, and of the arguments that obligations changed. */
  readonly onObligations?: (obligations: readonly unknown[], answer: DecisionAnswer) => void;
  /** What a call came to, from its result: whole numbers by the path of a sum (`tokens`, `money.amount`). A budget counts them in place of what it had reserved. */
  readonly amounts?: (result: unknown) => Readonly<Record<string, number>>;
  readonly watcher?: Watcher;
  readonly signal?: AbortSignal;
}

/** What became of a call that was carried out. */
export interface Outcome<R = unknown> {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: string;
  /** The same result with other content, for obligations that change results; without it such a result is kept back. */
  readonly replaced?: (content: Plain) => R;
}

/** A result that is itself what it holds. */
const plainly = <R>(result: R): Outcome<R> => ({ ok: true, result, replaced: (content) => content as R });

/** A call that may be carried out, once, with these arguments. */
export interface Permitted {
  readonly permit: string;
  readonly args: PlainObject;
  readonly answer: DecisionAnswer;
}

const WAIT_MS = 600_000;
/** Characters of an input; it holds 64 KiB. */
const PIECE_MAX = 16_000;

/** A text in pieces, cut where a word ends if that is possible: a name in two halves is no name. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + PIECE_MAX;
    const space = end < text.length ? Math.max(text.lastIndexOf(' ', end), text.lastIndexOf('\n', end)) : -1;
    const cut = space > at ? space : end;
    pieces.push(text.slice(at, cut).toWellFormed());
    at = cut;
  }
  return pieces;
}

/** A call whose approval uncovers another escalation: how often. */
const APPROVALS_MAX = 4;

export class Session {
  readonly client: Client;
  readonly id: string;
  private scopes: Promise<ReadonlySet<string>> | null = null;

  /** A session that is open already. */
  constructor(client: Client, id: string) {
    this.client = client;
    this.id = id;
  }

  /** Opens one. `user`: what the user asked for. @throws AvaError */
  static async open(
    client: Client,
    { agent, user, signal }: { readonly agent: string; readonly user?: string; readonly signal?: AbortSignal },
  ): Promise<Session> {
    const { session } = await client.openSession(agent, user, signal === undefined ? {} : { signal });
    return new Session(client, session);
  }

  /** Tells what the user said: rules read what the user named. A long text is told in pieces. @throws AvaError */
  async say(text: string, signal?: AbortSignal): Promise<void> {
    for (const piece of piecesOf(text)) await this.client.input(this.id, piece, signal === undefined ? {} : { signal });
  }

  /**
   * Whether a rule in force is asked about this kind of action: moments other than calls are judged only where there is
   * one. Asked of the node once. @throws AvaError
   */
  async judges(kind: string): Promise<boolean> {
    this.scopes ??= this.client.rules().then(({ rules }) => new Set(rules.flatMap(({ scope }) => scope)));
    this.scopes.catch(() => {
      this.scopes = null;
    });
    const scopes = await this.scopes;
    return scopes.has(`kind.${kind}`) || scopes.has('all');
  }

  /** A verdict alone: nothing is reserved, nothing permitted. @throws AvaError */
  verdict(action: Action, { context, signal }: CallOptions = {}): Promise<DecisionAnswer> {
    return this.client.decide({ ...this.request(action, argumentsOf(action.args), context), permit: false }, signal === undefined ? {} : { signal });
  }

  /**
   * One decision that asks for a permit, whatever its verdict, and the arguments that it was about. Who carries the call
   * out honours its obligations and tells the outcome. @throws AvaError
   */
  async ask(
    action: Action,
    approval?: string,
    { context, signal }: CallOptions = {},
  ): Promise<{ readonly answer: DecisionAnswer; readonly args: PlainObject }> {
    const args = argumentsOf(action.args);
    const request = { ...this.request(action, args, context), ...(approval !== undefined && { approval }) };
    return { answer: await this.client.decide(request, signal === undefined ? {} : { signal }), args };
  }

  /** Asks for a permit; waits for an approval where the options say so. @throws Refusal, AvaError */
  async permit(action: Action, options: CallOptions = {}, watched?: Watched): Promise<Permitted> {
    const { signal, onEscalate = 'throw', wait_ms = WAIT_MS } = options;
    const asking = signal === undefined ? {} : { signal };
    const args = argumentsOf(action.args);
    const request = this.request(action, args, options.context);
    const until = performance.now() + wait_ms;
    let answer = await this.client.decide(request, asking);
    watched?.judged(answer, false);
    for (let waits = 0; answer.verdict === 'escalate' && answer.approval !== undefined && onEscalate === 'wait'; waits++) {
      const { approval } = answer;
      if (waits === APPROVALS_MAX) break;
      options.onWaiting?.(approval, answer);
      const status = await awaitApproval(this.client, approval, until - performance.now(), signal);
      if (status !== 'allowed') throw new Refusal(answer, `The approval that was asked for is ${status === 'waiting' ? 'not answered yet' : status}`);
      answer = await this.client.decide({ ...request, approval }, asking);
      watched?.judged(answer, true);
    }
    if (answer.verdict !== 'allow') throw new Refusal(answer);
    if (answer.permit === undefined) throw localError('unreachable', 'the node allowed the call without a permit');
    const { args: changed, delay_ms } = honour(answer);
    if (answer.obligations.length > 0) options.onObligations?.(answer.obligations, answer);
    if (delay_ms > 0) await pause(delay_ms, signal);
    return { permit: answer.permit, args: changed ?? args, answer };
  }

  /**
   * Asks, carries the call out when it is allowed, and tells the outcome. `run` is given the arguments that were
   * judged; `read` says what its result means, where that is not that it went well. @throws Refusal, AvaError, what `run` throws; Untold when it was carried out and AVA cannot be told
   */
  async carryOut<R>(
    action: Action,
    run: (args: PlainObject) => R | Promise<R>,
    options: CallOptions = {},
    read: (result: R) => Outcome<R> = plainly,
  ): Promise<R> {
    const watched = options.watcher?.begin(action, this.id);
    try {
      const { permit, args } = await this.permit(action, options, watched);
      options.signal?.throwIfAborted();
      const work = (): Promise<R> => this.outcomeOf(action, permit, () => run(args), read, options.amounts);
      const result = await (watched?.run === undefined ? work() : watched.run(work));
      watched?.end({ outcome: read(result) });
      return result;
    } catch (error) {
      watched?.end({ error });
      throw error;
    }
  }

  private async outcomeOf<R>(
    action: Action,
    permit: string,
    run: () => R | Promise<R>,
    read: (result: R) => Outcome<R>,
    amountsOf: CallOptions['amounts'],
  ): Promise<R> {
    let result: R;
    try {
      result = await run();
    } catch (error) {
      // the tool's own failure is what the caller must see, whether or not AVA hears of it: the permit expires
      await this.client.outcome({ permit, ok: false, error: toldError(error) }).catch(() => undefined);
      throw error;
    }
    let refusal: Refusal | null = null;
    try {
      const { ok, result: value, error, replaced } = read(result);
      let content: Plain = told(value);
      const answer = ok ? await this.resultAnswer(action, content) : null;
      const changed = answer?.verdict === 'allow' ? honour(answer).args?.['content'] : undefined;
      if (answer !== null && (answer.verdict !== 'allow' || (changed !== undefined && replaced === undefined)))
        refusal = new Refusal(answer, 'The call was carried out; its result is kept back');
      const amounts = ok ? amountsOf?.(result) : undefined;
      if (changed !== undefined && replaced !== undefined) {
        content = changed;
        result = replaced(changed);
      }
      await this.client.outcome({
        permit,
        ok,
        // what is kept from the model is not in what the session has read
        result: refusal === null ? content : null,
        ...(error !== undefined && { error: toldError(error) }),
        ...(amounts !== undefined && { amounts }),
      });
    } catch (error) {
      throw new Untold(result, error);
    }
    if (refusal !== null) throw refusal;
    return result;
  }

  /** Judges a result where a rule is made for results. */
  private async resultAnswer({ server, name }: Action, content: Plain): Promise<DecisionAnswer | null> {
    if (!(await this.judges('tool.result'))) return null;
    return this.verdict({ kind: 'tool.result', name, args: { content }, ...(server !== undefined && { server }) });
  }

  private request({ kind = 'tool.call', server, name }: Action, args: PlainObject, context?: CallOptions['context']): DecisionRequest {
    return {
      session: this.id,
      action: { kind, name, args, ...(server !== undefined && { server }) },
      ...(context !== undefined && { context }),
    };
  }
}

/**
 * The call was carried out, but AVA could not be told: what it returned has not been seen by the rules, so it is kept
 * from whoever called. `result` has it, for who knows better.
 */
export class Untold extends Error {
  readonly result: unknown;

  constructor(result: unknown, cause: unknown) {
    super('the call was carried out, but its outcome could not be told to AVA: do not repeat it', { cause });
    this.name = 'Untold';
    this.result = result;
  }
}
