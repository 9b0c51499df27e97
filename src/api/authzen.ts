/**
 * AVA as a policy decision point (OpenID AuthZEN 1.0; spec/http.md N-60 to N-64): the subject is an agent or a session,
 * the action a tool, the resource's properties its arguments. What is answered is a verdict alone, unless a permit is asked for.
 */
import type { Octets } from '../base/bytes.ts';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Edge } from '../sequencer/edge.ts';
import type { Sequencer } from '../sequencer/port.ts';
import { type Evaluation, type EvaluationAnswer, Evaluation as EvaluationShape, Evaluations as EvaluationsShape } from './authzen-shape.ts';
import { checker } from './check.ts';
import type { Hot } from './hot.ts';
import { parseJson, textOf } from './json.ts';
import type { Json, JsonObject } from './json-value.ts';
import { problemOf } from './problem.ts';
import type { DecisionAnswer } from './schema.ts';

const checkEvaluation = checker(EvaluationShape);
const checkEvaluations = checker(EvaluationsShape);

/** Agents whose sessions are kept at hand. */
const AGENTS_MAX = 1_024;
const SUBJECT_SESSION = 'session';

export interface AuthzenParts {
  readonly hot: Hot;
  readonly sequencer: Sequencer;
  readonly edge: Edge;
  /** X-4: of the sessions that are opened here. */
  readonly assurance: number;
}

export class Authzen {
  private readonly parts: AuthzenParts;
  /** N-61: one session an agent, the last used at the end. */
  private readonly sessions = new Map<string, Promise<Octets>>();

  constructor(parts: AuthzenParts) {
    this.parts = parts;
  }

  /** N-60: one evaluation. @throws Fault */
  async evaluation(body: Buffer): Promise<EvaluationAnswer> {
    return this.evaluate(checkEvaluation(parseJson(textOf(body))) as Evaluation & JsonObject, '$');
  }

  /** N-63: several, in order. @throws Fault for the request as a whole */
  async evaluations(body: Buffer): Promise<EvaluationAnswer | { evaluations: EvaluationAnswer[] }> {
    const value = parseJson(textOf(body));
    const { evaluations = [], options, ...all } = checkEvaluations(value) as JsonObject & { evaluations?: readonly JsonObject[]; options?: JsonObject };
    if (evaluations.length === 0) return this.evaluate(checkEvaluation(value) as Evaluation & JsonObject, '$');
    const semantic = options?.['evaluations_semantic'] ?? 'execute_all';
    const answers: EvaluationAnswer[] = [];
    for (const [i, one] of evaluations.entries()) {
      const answer = await this.item({ ...all, ...one }, `$.evaluations[${i}]`);
      answers.push(answer);
      if ((semantic === 'deny_on_first_deny' && !answer.decision) || (semantic === 'permit_on_first_permit' && answer.decision)) break;
    }
    return { evaluations: answers };
  }

  /** N-63: what goes wrong with one is its own denial. */
  private async item(value: JsonObject, at: string): Promise<EvaluationAnswer> {
    try {
      return await this.evaluate(checkEvaluation(value, at) as Evaluation & JsonObject, at);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { decision: false, context: { error: { status: error.status, message: error.message }, problem: JSON.parse(problemOf(error)) as JsonObject } };
    }
  }

  private async evaluate(request: Evaluation & JsonObject, at: string): Promise<EvaluationAnswer> {
    const { subject } = request;
    if (subject.type === SUBJECT_SESSION) return answerTo(request, await this.decide(decisionOf(request, subject.id), at));
    const session = await this.sessionOf(subject.id);
    try {
      return answerTo(request, await this.decide(decisionOf(request, hex(session)), at));
    } catch (error) {
      if (!(error instanceof Fault) || error.slug !== 'session_unknown') throw error;
      // it had ended: another one
      this.sessions.delete(subject.id);
      return answerTo(request, await this.decide(decisionOf(request, hex(await this.sessionOf(subject.id))), at));
    }
  }

  private sessionOf(agent: string): Promise<Octets> {
    const known = this.sessions.get(agent);
    this.sessions.delete(agent);
    const session = known ?? this.open(agent);
    this.sessions.set(agent, session);
    session.catch(() => this.sessions.delete(agent));
    const [oldest] = this.sessions.keys();
    if (this.sessions.size > AGENTS_MAX) this.sessions.delete(oldest);
    return session;
  }

  private open(agent: string): Promise<Octets> {
    const opened = this.parts.edge.openSession(agent, this.parts.assurance);
    return new Promise((resolve, reject) =>
      this.parts.sequencer.submit(opened, (fault, receipt) => (receipt === null ? reject(fault ?? new Fault('internal')) : resolve(opened.tx_id.slice(0, 16)))),
    );
  }

  private decide(request: JsonObject, at: string): Promise<DecisionAnswer> {
    return new Promise((resolve, reject) =>
      this.parts.hot.decide(request, at, (fault, json) => (fault === null ? resolve(JSON.parse(json) as DecisionAnswer) : reject(fault))),
    );
  }
}

/** N-62 */
function decisionOf({ subject, action, resource, context }: Evaluation & JsonObject, session: string): JsonObject {
  const { kind = 'tool.call', server, permit = false } = (action.properties ?? {}) as JsonObject;
  return {
    session,
    action: { kind, name: action.name, args: (resource.properties as JsonObject | undefined) ?? { id: resource.id }, ...(server !== undefined && { server }) },
    context: { ...(context as JsonObject | undefined), subject: { type: subject.type, id: subject.id }, resource: { type: resource.type, id: resource.id } },
    permit: permit as Json,
  };
}

/** N-64: an obligation that the caller has not said it honours is not permitted. */
function answerTo({ context }: Evaluation & JsonObject, decision: DecisionAnswer): EvaluationAnswer {
  const { verdict, reasons, obligations } = decision;
  const owed = obligations.length > 0 && (context as JsonObject | undefined)?.['obligations'] !== true;
  const said = reasons
    .filter(({ mode }) => mode !== 'observe')
    .map(({ title, rule, advice }) => `${title === '' ? rule : title}${advice === undefined ? '' : ` (what would pass: ${advice})`}`);
  const reason = owed && verdict === 'allow' ? ['permitted only with obligations, which the caller does not say it honours'] : said;
  return { decision: verdict === 'allow' && !owed, context: { ...(reason.length > 0 && { reason: reason.join('; ') }), ...decision } };
}
