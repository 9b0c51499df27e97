/**
 * The course of one call of a client that cannot be asked: revision 2026-07-28 has no requests to the client. What a server
 * asks in the course of a call is the answer of this round, the call waits, and the client brings the replies with the next
 * round (spec/gateway.md MG-110 to MG-113).
 */
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';

/** What a server asks of a client, in the form in which a result holds it. */
export interface Question {
  readonly method: string;
  readonly params: Params;
}

/** How a round ends: with the answer of the call, or with what the client is asked. */
export type Turn = { readonly answer: Answer } | { readonly asks: Readonly<Record<string, Question>> };

interface Waiting {
  readonly question: Question;
  reply(answer: Answer): void;
}

/** Questions of one call that may be open at once. */
const ASKS_MAX = 16;
/** Rounds of one call. */
export const ROUNDS_MAX = 32;

export class Course {
  /** Tokens of progress and the like name the call by this, within the conversation. */
  readonly id: number;
  private readonly abortion = new AbortController();
  private readonly waiting = new Map<string, Waiting>();
  private answer: Answer | null = null;
  private asked = 0;
  private rounds = 0;
  /** Wakes the round that is open. */
  private wake: (() => void) | null = null;

  /** Starts the call. What `work` rejects with is an error of this side. */
  constructor(id: number, work: (signal: AbortSignal) => Promise<Answer | null>) {
    this.id = id;
    void Promise.resolve()
      .then(() => work(this.abortion.signal))
      .catch(() => failure(RPC.internal, 'the gateway failed on this request'))
      .then((answer) => {
        this.answer = answer ?? failure(RPC.internal, 'the call was cancelled');
        this.wake?.();
      });
  }

  get over(): boolean {
    return this.answer !== null || this.abortion.signal.aborted;
  }

  /** Ends the call: the client went away, or did not come back. */
  abort(reason: string): void {
    this.abortion.abort(reason);
    for (const { reply } of [...this.waiting.values()]) reply(failure(RPC.internal, 'the client has ended the call'));
    this.wake?.();
  }

  /** MG-110: a question of the server. Resolves with the client's reply, or an error where none will come. */
  ask(question: Question, signal?: AbortSignal): Promise<Answer | null> {
    if (this.over || this.waiting.size >= ASKS_MAX || this.rounds >= ROUNDS_MAX)
      return Promise.resolve(failure(RPC.internal, 'the client can be asked no more in the course of this call'));
    if (signal?.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.asked += 1;
      const key = `ask-${this.asked}`;
      const settle = (answer: Answer | null): void => {
        this.waiting.delete(key);
        signal?.removeEventListener('abort', withdrawn);
        resolve(answer);
      };
      const withdrawn = (): void => settle(null);
      signal?.addEventListener('abort', withdrawn, { once: true });
      this.waiting.set(key, { question, reply: settle });
      // Questions that are asked together are put together.
      setImmediate(() => this.wake?.());
    });
  }

  /** MG-111: the replies of the client to questions that wait. What is not asked, or no reply, is passed over: it is asked again. */
  reply(responses: unknown): void {
    if (!isObject(responses)) return;
    for (const [key, { reply, question }] of [...this.waiting]) {
      const response = Object.hasOwn(responses, key) ? responses[key] : undefined;
      if (isObject(response) && isReply(question.method, response)) reply({ result: response });
    }
  }

  /** Waits until there is something for the client. One round at a time. */
  async turn(): Promise<Turn> {
    this.rounds += 1;
    // A server that was just answered goes on before it is looked at.
    if (this.rounds > 1) await new Promise(setImmediate);
    while (this.answer === null && this.waiting.size === 0) {
      if (this.abortion.signal.aborted) return { answer: failure(RPC.internal, 'the call was ended') };
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
    }
    if (this.answer !== null) return { answer: this.answer };
    return { asks: Object.fromEntries([...this.waiting].map(([key, { question }]) => [key, question])) };
  }
}

const ACTIONS: ReadonlySet<unknown> = new Set(['accept', 'decline', 'cancel']);

function isReply(method: string, response: Params): boolean {
  if (method === 'elicitation/create') return ACTIONS.has(response.action) && (response.content === undefined || isObject(response.content));
  if (method === 'roots/list') return Array.isArray(response.roots);
  return typeof response.role === 'string' && typeof response.model === 'string' && (isObject(response.content) || Array.isArray(response.content));
}
