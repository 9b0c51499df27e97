/** The requests that come often: decisions, batches, outcomes, sessions and inputs (spec/http.md N-21 to N-26). */
import { hex, type Octets, octetsFromHex } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { DEPTH_MAX } from '../base/limit.ts';
import type { Receipt } from '../machine/receipt.ts';
import type { Transaction } from '../machine/transaction.ts';
import type { Edge } from '../sequencer/edge.ts';
import type { Sequencer } from '../sequencer/port.ts';
import { decisionJson, placedJson } from './answer.ts';
import { checkBatch, checkDecision, checkInput, checkOutcome, checkSession } from './check.ts';
import type { HotHandler, HotHandlers, Respond } from './connection.ts';
import type { HotRoute } from './head.ts';
import { parseJson, textOf } from './json.ts';
import { type Json, jsonAscii, pathTooDeep } from './json-value.ts';
import type { Metrics } from './metrics.ts';
import { faultOf, problemOf } from './problem.ts';
import type { DecisionRequest } from './schema.ts';

export interface HotParts {
  readonly sequencer: Sequencer;
  readonly edge: Edge;
  readonly metrics: Metrics;
  /** N-71: the session that an announcement names for this call, once. */
  readonly claim: (server: string, name: string, args: CborMap) => string | null;
  /** of sessions that are opened here. */
  readonly assurance: number;
  /** Told of what is no Fault. */
  readonly report: (error: unknown) => void;
}

/** Called once with the text of an answer or of a problem document. */
export type Answered = (fault: Fault | null, json: string) => void;

export class Hot {
  readonly handlers: HotHandlers;
  private readonly parts: HotParts;

  constructor(parts: HotParts) {
    this.parts = parts;
    this.handlers = {
      decide: this.guarded('decide', (body, _id, respond) => {
        const begin = performance.now();
        this.decide(parseJson(textOf(body)), '$', (fault, json) => {
          parts.metrics.decision(performance.now() - begin);
          this.answer('decide', respond, fault, json);
        });
      }),
      batch: this.guarded('batch', (body, _id, respond) => this.batch(body, respond)),
      outcome: this.guarded('outcome', (body, _id, respond) => this.outcome(body, respond)),
      session: this.guarded('session', (body, _id, respond) => this.session(body, respond)),
      input: this.guarded('input', (body, id, respond) => this.input(body, id, respond)),
    };
  }

  /** The fault and its document; what is no Fault is reported and stays here. */
  fail(error: unknown, answered: Answered): void {
    const fault = faultOf(error);
    if (fault.slug === 'internal') this.parts.report(error);
    this.parts.metrics.fault(fault.slug);
    answered(fault, problemOf(fault));
  }

  private answer(route: HotRoute, respond: Respond, fault: Fault | null, json: string): void {
    const status = fault === null ? 200 : fault.status;
    this.parts.metrics.request(route, status);
    respond(status, json);
  }

  private guarded(route: HotRoute, handle: HotHandler): HotHandler {
    return (body, id, respond) => {
      try {
        handle(body, id, respond);
      } catch (error) {
        this.fail(error, (fault, json) => this.answer(route, respond, fault, json));
      }
    };
  }

  /** N-23: one decision; never throws. `at` is the path of the request in its body. */
  decide(value: Json, at: string, answered: Answered): void {
    let transaction: Transaction;
    let session: string | null = null;
    try {
      const request = checkDecision(value, at);
      session = this.announced(request);
      transaction = this.compose(session === null ? request : { ...request, session }, at);
    } catch (error) {
      return this.fail(error, answered);
    }
    this.parts.sequencer.submit(transaction, (fault, receipt) => {
      if (receipt === null) return this.fail(fault, answered);
      const json = decisionJson(receipt, this.parts.sequencer.state.law, transaction);
      answered(null, session === null ? json : `${json.slice(0, -1)},"session":"${session}"}`);
    });
  }

  /** N-76: the session of an announcement, claimed by the decision itself: a gateway need not ask twice. */
  private announced({ announced, action: { server, name, args } }: DecisionRequest): string | null {
    return announced === true && server !== undefined ? this.parts.claim(server, name, args as CborMap) : null;
  }

  private compose({ session, action, context, permit, approval }: DecisionRequest, at: string): Transaction {
    const id = octetsFromHex(session, 16);
    if (id === undefined) throw new Fault('session_unknown', '', { path: `${at}.session` });
    const granted = approval === undefined ? null : octetsFromHex(approval, 16);
    if (granted === undefined) throw new Fault('approval_unknown', '', { path: `${at}.approval` });
    try {
      const { kind, server, name } = action;
      const { edge } = this.parts;
      const made = { kind, server: server ?? null, name };
      const args = action.args as CborMap;
      const facts = (context ?? null) as CborMap | null;
      return granted === null ? edge.decide(id, made, args, facts, permit ?? true) : edge.decideAgain(id, made, args, facts, permit ?? true, granted);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const deep =
        error.slug === 'too_deep' ? (pathTooDeep(action.args, DEPTH_MAX, `${at}.action.args`) ?? pathTooDeep(context, DEPTH_MAX, `${at}.context`)) : null;
      const path = deep ?? `${at}.action.args`;
      throw new Fault(error.slug, `${error.message}, at ${path}`, { ...error.context, path });
    }
  }

  /** N-24 */
  private batch(body: Buffer, respond: Respond): void {
    const { decisions } = checkBatch(parseJson(textOf(body)));
    const answers: string[] = [];
    let waiting = decisions.length;
    const finish = (): void => this.answer('batch', respond, null, `{"decisions":[${answers.join(',')}]}`);
    if (waiting === 0) return finish();
    decisions.forEach((decision, i) => {
      answers.push('');
      this.decide(decision as Json, `$.decisions[${i}]`, (fault, json) => {
        answers[i] = fault === null ? json : `{"error":${json}}`;
        waiting -= 1;
        if (waiting === 0) finish();
      });
    });
  }

  /** N-26 */
  private outcome(body: Buffer, respond: Respond): void {
    const request = checkOutcome(parseJson(textOf(body)));
    const permit = octetsFromHex(request.permit, 16);
    if (permit === undefined) throw new Fault('permit_unknown', '', { path: '$.permit' });
    let transaction: Transaction;
    try {
      const { ok, result, error, amounts } = request;
      const settled = Object.entries(amounts ?? {}).map(([path, amount]) => ({ path, amount: BigInt(amount) }));
      transaction = this.parts.edge.outcome(permit, ok, (result ?? null) as Json, error ?? null, settled);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const path = (error.slug === 'too_deep' ? pathTooDeep(request.result, DEPTH_MAX, '$.result') : null) ?? '$.result';
      throw new Fault(error.slug, `${error.message}, at ${path}`, { ...error.context, path });
    }
    this.place('outcome', transaction, respond);
  }

  /** N-21: both transactions are composed before either is placed, so that a bad text opens no session. */
  private session(body: Buffer, respond: Respond): void {
    const { agent, user } = checkSession(parseJson(textOf(body)));
    const opened = this.parts.edge.openSession(agent, this.parts.assurance);
    const id = opened.tx_id.slice(0, 16);
    const json = `{"session":"${hex(id)}","agent":${jsonAscii(agent)}}`;
    const said = user === undefined ? null : this.said(id, user, '$.user');
    const last = said ?? opened;
    const done = (fault: Fault | null, receipt: Receipt | null): void => {
      if (receipt === null) this.fail(fault, (failed, problem) => this.answer('session', respond, failed, problem));
      else this.answer('session', respond, null, json);
    };
    if (last !== opened) {
      // a refusal of the first one is also one of the second, whose session is then unknown
      this.parts.sequencer.submit(opened, () => undefined);
    }
    this.parts.sequencer.submit(last, done);
  }

  /** N-22 */
  private input(body: Buffer, id: string, respond: Respond): void {
    const { text } = checkInput(parseJson(textOf(body)));
    const session = octetsFromHex(id, 16);
    if (session === undefined) throw new Fault('session_unknown');
    this.place('input', this.said(session, text, '$.text'), respond);
  }

  private said(session: Octets, text: string, path: string): Transaction {
    try {
      return this.parts.edge.input(session, text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.slug, `${error.message}, at ${path}`, { ...error.context, path });
    }
  }

  private place(route: HotRoute, transaction: Transaction, respond: Respond): void {
    this.parts.sequencer.submit(transaction, (fault, receipt) => {
      if (receipt === null) this.fail(fault, (failed, problem) => this.answer(route, respond, failed, problem));
      else this.answer(route, respond, null, placedJson(receipt));
    });
  }
}
