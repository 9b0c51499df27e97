/** The routes, once: the router serves this table and OpenAPI prints it (spec/http.md N-3). */
import { type TSchema, Type } from 'typebox';
import { AnnouncementAnswer, AnnouncementRequest, ClaimAnswer, ClaimRequest } from './announcement-shape.ts';
import { AuthzenConfiguration, Evaluation, EvaluationAnswer, Evaluations, EvaluationsAnswer } from './authzen-shape.ts';
import {
  ApprovalsAnswer,
  ApprovalView,
  BatchAnswer,
  BatchRequest,
  BlockAnswer,
  ConstitutionAnswer,
  DecisionAnswer,
  DecisionRequest,
  HealthAnswer,
  InputRequest,
  OutcomeRequest,
  Placed,
  ReadyAnswer,
  ReceiptAnswer,
  RulesAnswer,
  SessionAnswer,
  SessionRequest,
} from './schema.ts';
import { ToolsAnswer } from './tool-view.ts';

export const JSON_TYPE = 'application/json';
export const CBOR_TYPE = 'application/cbor';
export const NDJSON_TYPE = 'application/x-ndjson';
export const SSE_TYPE = 'text/event-stream';
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';
export const HTML_TYPE = 'text/html; charset=utf-8';
export const OCTETS_TYPE = 'application/octet-stream';

export type OperationId =
  | 'session'
  | 'input'
  | 'decide'
  | 'batch'
  | 'stream'
  | 'outcome'
  | 'approvals'
  | 'approval'
  | 'receipt'
  | 'bundle'
  | 'rules'
  | 'constitution'
  | 'tools'
  | 'transaction'
  | 'block'
  | 'events'
  | 'checkpoint'
  | 'tile'
  | 'health'
  | 'ready'
  | 'metrics'
  | 'evaluation'
  | 'evaluations'
  | 'authzen'
  | 'announcement'
  | 'claim'
  | 'hook'
  | 'approvals_page'
  | 'page'
  | 'openapi';

export interface Operation {
  readonly id: OperationId;
  readonly method: 'GET' | 'POST';
  /** With `{name}` for one segment, `{name+}` for the rest. */
  readonly path: string;
  readonly summary: string;
  readonly request?: { readonly type: string; readonly shape?: TSchema };
  readonly answer: { readonly type: string; readonly shape?: TSchema };
  /** Statuses of its faults, beyond those that every route has. */
  readonly faults: readonly number[];
  readonly headers?: readonly { readonly name: string; readonly description: string }[];
  readonly query?: readonly { readonly name: string; readonly description: string }[];
}

const json = (shape: TSchema) => ({ type: JSON_TYPE, shape });
const bytes = (type: string) => ({ type });

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'session',
    method: 'POST',
    path: '/v1/sessions',
    summary: 'Opens a session of an agent',
    request: json(SessionRequest),
    answer: json(SessionAnswer),
    faults: [400, 413, 415, 503],
  },
  {
    id: 'input',
    method: 'POST',
    path: '/v1/sessions/{session}/inputs',
    summary: 'Tells what the user said',
    request: json(InputRequest),
    answer: json(Placed),
    faults: [400, 404, 413, 415, 503],
  },
  {
    id: 'decide',
    method: 'POST',
    path: '/v1/decisions',
    summary: 'Judges one action; the answer is durable',
    request: json(DecisionRequest),
    answer: json(DecisionAnswer),
    faults: [400, 404, 409, 413, 415, 503],
  },
  {
    id: 'batch',
    method: 'POST',
    path: '/v1/decisions/batch',
    summary: 'Judges up to 256 actions in order',
    request: json(BatchRequest),
    answer: json(BatchAnswer),
    faults: [400, 413, 415, 503],
  },
  {
    id: 'stream',
    method: 'POST',
    path: '/v1/decisions/stream',
    summary: 'Judges one action a line; answers one a line, in order',
    request: { type: NDJSON_TYPE, shape: DecisionRequest },
    answer: { type: NDJSON_TYPE, shape: DecisionAnswer },
    faults: [415],
  },
  {
    id: 'outcome',
    method: 'POST',
    path: '/v1/outcomes',
    summary: 'Tells what became of an allowed action, and closes its permit',
    request: json(OutcomeRequest),
    answer: json(Placed),
    faults: [400, 404, 409, 413, 415, 503],
  },
  {
    id: 'approvals',
    method: 'GET',
    path: '/v1/approvals',
    summary: 'The approvals that are remembered, oldest first',
    answer: json(ApprovalsAnswer),
    faults: [400],
    query: [{ name: 'status', description: 'waiting, allowed, denied, used or expired' }],
  },
  { id: 'approval', method: 'GET', path: '/v1/approvals/{approval}', summary: 'An approval, by its id or its code', answer: json(ApprovalView), faults: [404] },
  {
    id: 'receipt',
    method: 'GET',
    path: '/v1/receipts/{receipt}',
    summary: 'A receipt with its transaction, block and place',
    answer: json(ReceiptAnswer),
    faults: [404],
  },
  {
    id: 'bundle',
    method: 'GET',
    path: '/v1/receipts/{receipt}/bundle',
    summary: 'What an outsider needs to verify a receipt',
    answer: bytes(CBOR_TYPE),
    faults: [404],
  },
  { id: 'rules', method: 'GET', path: '/v1/rules', summary: 'The rules in force', answer: json(RulesAnswer), faults: [] },
  { id: 'constitution', method: 'GET', path: '/v1/constitution', summary: 'The constitution in force', answer: json(ConstitutionAnswer), faults: [] },
  { id: 'tools', method: 'GET', path: '/v1/tools', summary: 'The tool map in force', answer: json(ToolsAnswer), faults: [] },
  {
    id: 'transaction',
    method: 'POST',
    path: '/v1/transactions',
    summary: 'Places a signed transaction: the answer to an approval, an approver, the mode or the halt of a rule, its end, a trip',
    request: bytes(CBOR_TYPE),
    answer: json(Placed),
    faults: [400, 404, 409, 413, 415, 503],
  },
  { id: 'block', method: 'GET', path: '/v1/blocks/{height}', summary: "A block's header, signature and receipts", answer: json(BlockAnswer), faults: [404] },
  {
    id: 'events',
    method: 'GET',
    path: '/v1/events',
    summary: 'Durable events as they happen',
    answer: bytes(SSE_TYPE),
    faults: [400, 503],
    headers: [{ name: 'Last-Event-ID', description: 'goes on after this event' }],
    query: [{ name: 'from', description: 'starts with this block' }],
  },
  {
    id: 'checkpoint',
    method: 'GET',
    path: '/log/checkpoint',
    summary: 'The signed checkpoint of the log (c2sp.org/tlog-tiles)',
    answer: bytes(TEXT_TYPE),
    faults: [404],
  },
  {
    id: 'tile',
    method: 'GET',
    path: '/log/tile/{tile+}',
    summary: 'A tile or entry bundle of the log (c2sp.org/tlog-tiles)',
    answer: bytes(OCTETS_TYPE),
    faults: [400, 404],
  },
  { id: 'health', method: 'GET', path: '/health', summary: 'Whether the node works', answer: json(HealthAnswer), faults: [503] },
  { id: 'ready', method: 'GET', path: '/ready', summary: 'Whether the node takes decisions', answer: json(ReadyAnswer), faults: [503] },
  { id: 'metrics', method: 'GET', path: '/metrics', summary: 'Figures for Prometheus', answer: bytes(METRICS_TYPE), faults: [] },
  {
    id: 'evaluation',
    method: 'POST',
    path: '/access/v1/evaluation',
    summary: 'OpenID AuthZEN: judges one access',
    request: json(Evaluation),
    answer: json(EvaluationAnswer),
    faults: [400, 404, 413, 415, 503],
  },
  {
    id: 'evaluations',
    method: 'POST',
    path: '/access/v1/evaluations',
    summary: 'OpenID AuthZEN: judges up to 256 accesses in order',
    request: json(Evaluations),
    answer: json(EvaluationsAnswer),
    faults: [400, 404, 413, 415, 503],
  },
  {
    id: 'authzen',
    method: 'GET',
    path: '/.well-known/authzen-configuration',
    summary: 'OpenID AuthZEN: where the endpoints are',
    answer: json(AuthzenConfiguration),
    faults: [],
  },
  {
    id: 'announcement',
    method: 'POST',
    path: '/v1/announcements',
    summary: 'Says that a gateway will soon judge a call of this session',
    request: json(AnnouncementRequest),
    answer: json(AnnouncementAnswer),
    faults: [400, 413, 415],
  },
  {
    id: 'claim',
    method: 'POST',
    path: '/v1/announcements/claims',
    summary: 'The session for which a call was announced, once',
    request: json(ClaimRequest),
    answer: json(ClaimAnswer),
    faults: [400, 413, 415],
  },
  {
    id: 'hook',
    method: 'POST',
    path: '/v1/hooks/{client}',
    summary: "An event of an agent's program, in its own form; answered in that form",
    request: json(Type.Object({})),
    answer: json(Type.Object({})),
    faults: [400, 404, 413, 415, 503],
    query: [{ name: 'ask', description: 'an escalation is left to the dialog of the program itself' }],
  },
  { id: 'approvals_page', method: 'GET', path: '/approvals', summary: 'What waits for a person, in a browser', answer: bytes(HTML_TYPE), faults: [] },
  { id: 'page', method: 'GET', path: '/pages/{file}', summary: 'The parts of a page', answer: bytes(HTML_TYPE), faults: [404] },
  { id: 'openapi', method: 'GET', path: '/openapi.json', summary: 'This description', answer: json(Type.Object({})), faults: [] },
];
