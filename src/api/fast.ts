/**
 * The HTTP/1.1 fast path over node:net (spec/http.md N-40 to N-48): the hot routes with plain requests are served
 * here, everything else by node:http on the same port, without the client seeing a difference.
 */
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener, STATUS_CODES } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Fault } from '../base/fault.ts';
import { answerClientErrors } from './client-error.ts';
import { Connection, type Fleet, type HotHandlers } from './connection.ts';
import { HeadMemo, type HotRoute } from './head.ts';
import { PROBLEM_TYPE, problemOf, RETRY_AFTER_S } from './problem.ts';

/** N-46. Bounds of what clients may hold open. */
export interface HttpLimits {
  readonly body_bytes_max: number;
  readonly batch_bytes_max: number;
  readonly head_timeout_ms: number;
  readonly request_timeout_ms: number;
  readonly idle_timeout_ms: number;
  readonly connections_max: number;
}

export const HTTP_LIMITS: HttpLimits = {
  body_bytes_max: 262_144,
  batch_bytes_max: 4_194_304,
  head_timeout_ms: 10_000,
  request_timeout_ms: 30_000,
  idle_timeout_ms: 75_000,
  connections_max: 4_096,
};
/** Bytes of a request head, whichever path reads it. */
export const HEAD_BYTES_MAX = 8_192;

export const bodyMaxOf = (limits: HttpLimits, route: HotRoute): number => (route === 'batch' ? limits.batch_bytes_max : limits.body_bytes_max);

const CLOSE_LOOK_MS = 20;
/** How long a refused client has to read why. */
const LINGER_MS = 1_000;
/** Refused clients that are told why at one moment; past it they are cut off. */
const REFUSED_MAX = 256;

const sweepOf = (limits: HttpLimits): number =>
  Math.max(20, Math.min(500, limits.head_timeout_ms / 4, limits.request_timeout_ms / 4, limits.idle_timeout_ms / 4));

/** The node:http server behind the fast path, under the same limits. Alone it is what the fast path is compared with. */
export function nodeHttp(limits: HttpLimits, listener: RequestListener): HttpServer {
  const server = createHttpServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      // the router answers a missing Host, as a problem document
      requireHostHeader: false,
      headersTimeout: limits.head_timeout_ms,
      // streams last as long as their client wants: bodies are timed where they are read
      requestTimeout: 0,
      keepAliveTimeout: limits.idle_timeout_ms,
      connectionsCheckingInterval: sweepOf(limits),
    },
    listener,
  );
  // a client may end its side and wait for the answers, as on the fast path (not in the types, but as old as node:http)
  Object.assign(server, { httpAllowHalfOpen: true });
  // RFC 9110 10.1.1: an expectation that we do not know may be ignored
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  answerClientErrors(server);
  return server;
}

/** A client that has already sent its last byte: nothing can be put back into its socket, so a stream stands for it. */
function afterEnd(socket: Socket, rest: Buffer | null): Duplex {
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk, done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (_error, done) => {
      socket.destroy();
      done(null);
    },
  });
  socket.on('error', () => stream.destroy());
  socket.on('close', () => stream.destroy());
  if (rest !== null) stream.push(rest);
  stream.push(null);
  return stream;
}

export class FastServer implements Fleet {
  readonly handlers: HotHandlers;
  readonly memo: HeadMemo;
  tick = 0;
  /** Connections that are open, those of node:http among them. */
  open = 0;
  private readonly limits: HttpLimits;
  private readonly http: HttpServer;
  private readonly net: Server;
  private readonly tick_ms: number;
  private readonly fast = new Set<Connection>();
  private readonly sockets = new Set<Socket>();
  private refusing = 0;
  private toFlush: Connection[] = [];
  private date = '';
  private readonly heads = new Map<number, string>();
  private sweeper: NodeJS.Timeout | null = null;

  /** `listener` answers what node:http reads. */
  constructor(limits: HttpLimits, handlers: HotHandlers, listener: RequestListener, isOwnHost: (host: string) => boolean) {
    this.limits = limits;
    this.handlers = handlers;
    this.http = nodeHttp(limits, listener);
    this.memo = new HeadMemo(isOwnHost);
    this.tick_ms = sweepOf(limits);
    this.net = createServer({ allowHalfOpen: true, noDelay: true }, this.accept);
  }

  /** Resolves with the port. @throws the error of `listen` */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.net.once('error', reject);
      this.net.listen(port, host, () => {
        this.net.off('error', reject);
        // a connection that could not be taken: its client comes again
        this.net.on('error', () => undefined);
        this.sweep();
        this.sweeper = setInterval(this.sweep, this.tick_ms);
        this.sweeper.unref();
        // node:http times its connections from this event on
        this.http.emit('listening');
        const address = this.net.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Takes no more, lets what is at work finish for `grace_ms`, then cuts. */
  async close(grace_ms: number): Promise<void> {
    if (this.sweeper !== null) clearInterval(this.sweeper);
    const closed = new Promise<void>((resolve) => this.net.close(() => resolve()));
    for (const connection of this.fast) connection.close();
    this.http.closeIdleConnections();
    // node:http keeps a connection alive after the answer that was at work
    const idle = setInterval(() => this.http.closeIdleConnections(), CLOSE_LOOK_MS);
    const cut = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, grace_ms);
    await closed;
    clearInterval(idle);
    clearTimeout(cut);
    this.http.close();
  }

  private readonly accept = (socket: Socket): void => {
    if (this.open >= this.limits.connections_max) return this.refuse(socket);
    this.open += 1;
    this.sockets.add(socket);
    socket.on('close', () => {
      this.open -= 1;
      this.sockets.delete(socket);
    });
    this.fast.add(new Connection(this, socket));
  };

  /** N-46: past the bound a client is told so at once. */
  private refuse(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.refusing >= REFUSED_MAX) {
      socket.destroy();
      return;
    }
    this.refusing += 1;
    const body = problemOf(new Fault('overloaded', `${this.limits.connections_max} connections are open`));
    socket.end(`${this.replyHead(503, body.length).slice(0, -2)}Connection: close\r\n\r\n${body}`, 'latin1');
    socket.resume();
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.on('close', () => {
      this.refusing -= 1;
      clearTimeout(cut);
    });
  }

  bodyMax(route: HotRoute): number {
    return bodyMaxOf(this.limits, route);
  }

  replyHead(status: number, length: number): string {
    let head = this.heads.get(status);
    if (head === undefined) {
      const type = status < 400 ? 'application/json' : PROBLEM_TYPE;
      const retry = status === 503 ? `Retry-After: ${RETRY_AFTER_S}\r\n` : '';
      head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nContent-Type: ${type}\r\n${retry}Date: ${this.date}\r\nContent-Length: `;
      this.heads.set(status, head);
    }
    return `${head}${length}\r\n\r\n`;
  }

  /** N-43: the documented way into node:http: the bytes go back, the socket is its own from here on. */
  handOver(connection: Connection, socket: Socket, rest: Buffer | null): void {
    this.fast.delete(connection);
    if (socket.readableEnded) {
      this.http.emit('connection', afterEnd(socket, rest));
      return;
    }
    socket.pause();
    if (rest !== null) socket.unshift(rest);
    this.http.emit('connection', socket);
    socket.resume();
  }

  flushLater(connection: Connection): void {
    if (connection.flushing) return;
    connection.flushing = true;
    if (this.toFlush.length === 0) process.nextTick(this.flushAll);
    this.toFlush.push(connection);
  }

  private readonly flushAll = (): void => {
    const all = this.toFlush;
    this.toFlush = [];
    for (const connection of all) connection.flush();
  };

  closed(connection: Connection): void {
    this.fast.delete(connection);
  }

  /** Ends what waits too long, and sets the date. */
  private readonly sweep = (): void => {
    this.tick += 1;
    const date = new Date().toUTCString();
    if (date !== this.date) {
      this.date = date;
      this.heads.clear();
    }
    const { head_timeout_ms, request_timeout_ms, idle_timeout_ms } = this.limits;
    for (const connection of this.fast) {
      const waited_ms = (this.tick - connection.since) * this.tick_ms;
      switch (connection.waits) {
        case 'head':
          if (waited_ms > head_timeout_ms) connection.refuse(new Fault('timed_out', `the head did not arrive within ${head_timeout_ms} ms`));
          break;
        case 'body':
          if (waited_ms > request_timeout_ms) connection.refuse(new Fault('timed_out', `the request did not arrive within ${request_timeout_ms} ms`));
          break;
        case 'next':
          if (waited_ms > idle_timeout_ms) connection.close();
          break;
        case 'reader':
          if (waited_ms > request_timeout_ms) connection.destroy();
          break;
        default:
      }
    }
  };
}
