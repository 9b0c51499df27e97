/** The HTTP API of a node (spec/http.md): every route with its parts, on one port. */
import { readFileSync } from 'node:fs';
import { hex } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { decodeWire } from '../machine/transaction.ts';
import type { Edge } from '../sequencer/edge.ts';
import type { Sequencer } from '../sequencer/port.ts';
import { Announcements, announcementHandlers } from './announcement.ts';
import { placedJson } from './answer.ts';
import { approvalsView, approvalView } from './approvals.ts';
import { Authzen } from './authzen.ts';
import { bodyMaxOf, FastServer, HTTP_LIMITS, type HttpLimits } from './fast.ts';
import { Feed } from './feed.ts';
import type { HotRoute } from './head.ts';
import { hookHandler, hookNode, type Interpreter } from './hook.ts';
import { Hot } from './hot.ts';
import type { HotPosts } from './lean-post.ts';
import { LocalPosts } from './local-post.ts';
import { Metrics } from './metrics.ts';
import { openApi } from './openapi.ts';
import { CBOR_TYPE, JSON_TYPE, METRICS_TYPE, OCTETS_TYPE, type OperationId, TEXT_TYPE } from './operation.ts';
import { showPage } from './pages.ts';
import { portHolder } from './port-holder.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { type BlockReader, blockOf, constitutionView, findReceipt, receiptView, rulesView } from './reads.ts';
import { type Exchange, type Handler, type Handlers, ownHosts, readBody, router, send, sendFault } from './router.ts';
import { DecisionStream } from './stream.ts';
import { toolsView } from './tool-view.ts';

export type { HookNode, Interpreter } from './hook.ts';

export interface ServeOptions {
  /** Loopback unless someone says otherwise: there is no authentication yet. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Further names that a Host header may have. */
  readonly hosts?: readonly string[];
  /** N-65: origins of pages that may call, besides the node's own. Default: none. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  /** N-1, X-4: of sessions that are opened here. Default: 1 on loopback, where only local peers come; 0 elsewhere. */
  readonly assurance?: number;
}

export interface ServeParts {
  readonly sequencer: Sequencer;
  readonly edge: Edge;
  readonly log: BlockReader;
  /** What an outsider needs to verify this receipt. @throws Fault receipt_unknown */
  readonly bundle: (height: number, index: number) => Uint8Array;
  /** The signed note, or null when none is published. */
  readonly checkpoint?: () => string | Uint8Array | null;
  /** The bytes of a tile by its path after `/log/`, or null when the tree has no such tile. @throws Fault tile_malformed */
  readonly tile?: (path: string) => Promise<Uint8Array | null>;
  /** N-73: what hooks of agents' programs mean. Default: none is known. */
  readonly hooks?: Interpreter;
  /** Whether the node has warmed up. Default: yes. */
  readonly ready?: () => boolean;
  /** Told of what went wrong inside: a fault of this node, not of a request. */
  readonly report?: (message: string) => void;
}

export interface Server {
  readonly port: number;
  /** For one client in this process, which closes it. */
  posts(): HotPosts;
  /** Takes no more requests, answers those at work, and ends. */
  close(): Promise<void>;
}

const LOOPBACK = /^(?:127\.[0-9.]+|::1|localhost)$/;
const CLOSE_GRACE_MS = 2_000;
const FOREVER = { 'Cache-Control': 'public, max-age=31536000, immutable' };
const version = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** N-65: origins as browsers write them. @throws Fault config for one of another form: no pattern, no `null` */
export function admittedOrigins(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    const url = URL.parse(origin);
    if (url === null || !/^https?:$/.test(url.protocol) || url.origin !== origin || origin.includes('*'))
      throw new Fault('config', `\`${origin}\` is no origin: write it as a browser does, such as https://app.example or http://localhost:3000`);
  }
  return new Set(origins);
}

/** @throws Fault port_in_use, config */
export async function serve(options: ServeOptions, parts: ServeParts): Promise<Server> {
  const limits: HttpLimits = { ...HTTP_LIMITS, ...options.limits };
  const { sequencer } = parts;
  const metrics = new Metrics(sequencer);
  const report = (error: unknown): void => parts.report?.(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const assurance = options.assurance ?? (LOOPBACK.test(options.host) ? 1 : 0);
  const announcements = new Announcements(Date.now);
  const claim = (server: string, name: string, args: CborMap): string | null => announcements.claimCall(server, name, args);
  const hot = new Hot({ sequencer, edge: parts.edge, metrics, report, claim, assurance });
  const authzen = new Authzen({ hot, sequencer, edge: parts.edge, assurance });
  const feed = new Feed(sequencer, parts.log);
  const stopCounting = sequencer.follow(metrics.block);
  const isOwnHost = ownHosts(options.hosts ?? []);
  const origins = admittedOrigins(options.origins ?? []);
  const url = { base: '' };

  const handlers: Handlers = {
    ...hotPosts(hot, limits),
    stream: (exchange) => void new DecisionStream(hot, exchange, { line_bytes_max: limits.body_bytes_max, idle_timeout_ms: limits.idle_timeout_ms }),
    ...ledgerReads(parts),
    transaction: (exchange) => placeSigned(exchange, limits, sequencer, hot),
    events: (exchange) => feed.open(exchange),
    checkpoint({ response }) {
      const note = parts.checkpoint?.() ?? null;
      if (note === null) throw new Fault('route_unknown', 'no checkpoint is published yet');
      send(response, 200, TEXT_TYPE, note, { 'Cache-Control': 'no-cache' });
    },
    tile({ response, params }) {
      const made = parts.tile?.(`tile/${params[0]}`) ?? Promise.resolve(null);
      made.then(
        (bytes) =>
          bytes === null ? sendFault(response, new Fault('route_unknown', 'the log has no such tile yet')) : send(response, 200, OCTETS_TYPE, bytes, FOREVER),
        (error: unknown) => {
          if (!(error instanceof Fault)) report(error);
          sendFault(response, error);
        },
      );
    },
    health({ response }) {
      const { fault, height, waiting, state } = sequencer;
      const health = {
        status: fault === null ? 'ok' : 'failed',
        version,
        network: hex(sequencer.network),
        height,
        waiting,
        constitution: state.law.version,
        uptime_ms: metrics.uptime_ms,
      };
      const problem = fault === null ? {} : { fault: JSON.parse(problemOf(fault)) as unknown };
      send(response, fault === null ? 200 : 503, JSON_TYPE, JSON.stringify({ ...health, ...problem }));
    },
    ready({ response }) {
      const ready = sequencer.fault === null && (parts.ready?.() ?? true);
      send(response, ready ? 200 : 503, JSON_TYPE, JSON.stringify({ ready }), ready ? {} : { 'Retry-After': '1' });
    },
    evaluation: (exchange) => evaluate(exchange, limits, (body) => authzen.evaluation(body)),
    evaluations: (exchange) => evaluate(exchange, limits, (body) => authzen.evaluations(body)),
    approvals_page: (exchange) => showPage(exchange, 'approvals.html'),
    page: (exchange) => showPage(exchange, exchange.params[0]),
    authzen: ({ response }) =>
      send(
        response,
        200,
        JSON_TYPE,
        JSON.stringify({
          policy_decision_point: url.base,
          access_evaluation_endpoint: `${url.base}/access/v1/evaluation`,
          access_evaluations_endpoint: `${url.base}/access/v1/evaluations`,
        }),
      ),
    ...announcementHandlers(announcements, limits),
    hook: hookHandler(parts.hooks, hookNode(hot, sequencer, parts.log, announcements), limits, report),
    metrics: ({ response }) => send(response, 200, METRICS_TYPE, metrics.text({ connections: server.open, subscribers: feed.size })),
    openapi: ({ response }) => send(response, 200, JSON_TYPE, JSON.stringify(openApi(version, url.base))),
  };
  const observer = {
    answered(id: OperationId | '', status: number) {
      if (!isHot(id)) metrics.request(id, status);
    },
    failed: (error: unknown) => hot.fail(error, () => undefined),
  };
  const listener = router(handlers, isOwnHost, observer, origins);
  const server: FastServer = new FastServer(limits, hot.handlers, listener, isOwnHost);
  const stop = (): void => {
    feed.close();
    stopCounting();
  };
  try {
    const port = await server.listen(options.host, options.port);
    url.base = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
    return {
      port,
      posts: () => new LocalPosts(hot.handlers, limits),
      async close() {
        stop();
        await server.close(CLOSE_GRACE_MS);
      },
    };
  } catch (error) {
    stop();
    throw listenFault(error, options);
  }
}

const HOT: readonly HotRoute[] = ['decide', 'batch', 'outcome', 'session', 'input'];
const isHot = (id: string): boolean => (HOT as readonly string[]).includes(id);

/** The hot routes for requests that node:http has read. */
function hotPosts(hot: Hot, limits: HttpLimits): Readonly<Record<HotRoute, Handler>> {
  const post =
    (route: HotRoute): Handler =>
    (exchange) =>
      readBody(exchange, bodyMaxOf(limits, route), limits.request_timeout_ms, (body) =>
        hot.handlers[route](body, exchange.params[0] ?? '', (status, json) =>
          send(exchange.response, status, status < 400 ? JSON_TYPE : PROBLEM_TYPE, json, status === 503 ? { 'Retry-After': '1' } : {}),
        ),
      );
  return { decide: post('decide'), batch: post('batch'), outcome: post('outcome'), session: post('session'), input: post('input') };
}

function ledgerReads({
  sequencer,
  log,
  bundle,
}: ServeParts): Readonly<Record<'receipt' | 'bundle' | 'rules' | 'constitution' | 'tools' | 'block' | 'approvals' | 'approval', Handler>> {
  const json = ({ response }: Exchange, value: unknown): void => send(response, 200, JSON_TYPE, JSON.stringify(value));
  return {
    receipt: (exchange) => json(exchange, receiptView(findReceipt(exchange.params[0], log, sequencer.network), sequencer.state.law)),
    bundle({ response, params }) {
      const { height, index } = findReceipt(params[0], log, sequencer.network);
      send(response, 200, CBOR_TYPE, bundle(height, index), { 'Content-Disposition': `attachment; filename="${params[0]}.ava"` });
    },
    rules: (exchange) => json(exchange, rulesView(sequencer.state)),
    constitution: (exchange) => json(exchange, constitutionView(sequencer.state.law)),
    tools: (exchange) => json(exchange, toolsView(sequencer.state.law)),
    approvals: (exchange) => json(exchange, approvalsView(sequencer.state, log, exchange.query.get('status'))),
    approval: (exchange) => json(exchange, approvalView(sequencer.state, log, exchange.params[0])),
    block: (exchange) => json(exchange, blockOf(exchange.params[0], log, sequencer.network)),
  };
}

/** N-60: the answer, or the fault; the request's `X-Request-ID` comes back. */
function evaluate(exchange: Exchange, limits: HttpLimits, judge: (body: Buffer) => Promise<unknown>): void {
  const id = exchange.request.headers['x-request-id'];
  const headers: Record<string, string> = typeof id === 'string' ? { 'X-Request-ID': id.slice(0, 256) } : {};
  readBody(exchange, bodyMaxOf(limits, 'batch'), limits.request_timeout_ms, (body) => {
    judge(body).then(
      (answer) => send(exchange.response, 200, JSON_TYPE, JSON.stringify(answer), headers),
      (error: unknown) => exchange.fail(error, headers),
    );
  });
}

/** N-31: unsigned transactions are made by the edge alone. */
function placeSigned(exchange: Exchange, limits: HttpLimits, sequencer: Sequencer, hot: Hot): void {
  const { response } = exchange;
  readBody(exchange, limits.body_bytes_max, limits.request_timeout_ms, (body) => {
    const transaction = decodeWire(body, sequencer.network);
    if (transaction.auths.length === 0) throw new Fault('signature_invalid', 'the transaction is not signed');
    sequencer.submit(transaction, (fault, receipt) => {
      if (receipt !== null) return send(response, 200, JSON_TYPE, placedJson(receipt));
      hot.fail(fault, (failed, problem) => send(response, failed?.status ?? 500, PROBLEM_TYPE, problem, failed?.status === 503 ? { 'Retry-After': '1' } : {}));
    });
  });
}

function listenFault(error: unknown, { host, port }: ServeOptions): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') {
    const pid = portHolder(port);
    return new Fault('port_in_use', `port ${port} on ${host} is in use${pid === null ? '' : ` by process ${pid}`}`, { port, ...(pid !== null && { pid }) });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Fault('config', `cannot listen on ${host}:${port}: ${String(code)}`, { host, port });
  return error;
}
