/** Two servers with the same trivial routes: node:http alone, and the fast path before it. */
import { createHash } from 'node:crypto';
import type { HotHandler, HotHandlers } from './connection.ts';
import { FastServer, type HttpLimits, nodeHttp } from './fast.ts';
import type { HotRoute } from './head.ts';
import { parseJson, textOf } from './json.ts';
import { faultOf, problemOf } from './problem.ts';
import { type Exchange, type Handlers, ownHosts, readBody, router, send } from './router.ts';

/** Answers with what it was given; `late` answers after a turn of the loop, the later ones first. */
export function echo(late: boolean): HotHandlers {
  const handler =
    (route: HotRoute): HotHandler =>
    (body, id, respond) => {
      let status = 200;
      let text = `{"route":"${route}","id":"${id}","bytes":${body.length},"hash":"${createHash('sha256').update(body).digest('hex')}"}`;
      try {
        parseJson(textOf(body));
      } catch (error) {
        status = faultOf(error).status;
        text = problemOf(faultOf(error));
      }
      if (!late) respond(status, text);
      else if (body.length % 2 === 0) setImmediate(() => setImmediate(() => respond(status, text)));
      else setImmediate(() => respond(status, text));
    };
  return { decide: handler('decide'), batch: handler('batch'), outcome: handler('outcome'), session: handler('session'), input: handler('input') };
}

export function httpHandlers(hot: HotHandlers, limits: HttpLimits): Handlers {
  const post = (route: HotRoute) => (exchange: Exchange) =>
    readBody(exchange, route === 'batch' ? limits.batch_bytes_max : limits.body_bytes_max, limits.request_timeout_ms, (body) =>
      hot[route](body, exchange.params[0] ?? '', (status, text) =>
        send(exchange.response, status, status < 400 ? 'application/json' : 'application/problem+json', text),
      ),
    );
  const get = ({ response }: Exchange): void => send(response, 200, 'application/json', '{}');
  return {
    decide: post('decide'),
    batch: post('batch'),
    outcome: post('outcome'),
    session: post('session'),
    input: post('input'),
    stream: get,
    receipt: get,
    approvals: get,
    approval: get,
    bundle: get,
    rules: get,
    constitution: get,
    tools: get,
    transaction: get,
    block: get,
    events: get,
    checkpoint: get,
    tile: get,
    health: get,
    ready: get,
    metrics: get,
    evaluation: get,
    evaluations: get,
    authzen: get,
    announcement: get,
    claim: get,
    hook: get,
    approvals_page: get,
    page: get,
    openapi: get,
  };
}

const listener = (hot: HotHandlers, limits: HttpLimits) =>
  router(httpHandlers(hot, limits), ownHosts([]), { answered: () => undefined, failed: () => undefined });

export interface Running {
  readonly port: number;
  readonly fast: FastServer | null;
  close(): Promise<void>;
}

export async function startPlain(late: boolean, limits: HttpLimits): Promise<Running> {
  const http = nodeHttp(limits, listener(echo(late), limits));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    fast: null,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

export async function startFast(late: boolean, limits: HttpLimits): Promise<Running> {
  const hot = echo(late);
  const fast = new FastServer(limits, hot, listener(hot, limits), ownHosts([]));
  const port = await fast.listen('127.0.0.1', 0);
  return { port, fast, close: () => fast.close(10) };
}
