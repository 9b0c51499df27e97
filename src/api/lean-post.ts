/**
 * POSTs of JSON to a node over kept-alive sockets, with less between caller and socket than node:http has: a gateway asks
 * twice a call, and half of what that cost was spent there. It reads the plain form in which a node answers
 * (spec/http.md N-40); from anything else it turns away.
 */
import { connect, type Socket } from 'node:net';
import { Fault } from '../base/fault.ts';

export interface HotAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** How the requests that come with every call of a tool reach a node. */
export interface HotPosts {
  /** `json`: the body. @throws Fault unreachable, timed_out */
  post(path: string, json: string): Promise<HotAnswer>;
  close(): void;
}

export interface LeanOptions {
  readonly timeout_ms: number;
  readonly connections_max: number;
}

/** Below the node's own idle timeout, so that no request meets a connection that is being closed. */
const IDLE_MS = 60_000;
const HEAD_BYTES_MAX = 16_384;
const BODY_BYTES_MAX = 67_108_864;
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const EMPTY = Buffer.alloc(0);

interface Asking {
  readonly text: string;
  settle(answer: HotAnswer | Fault): void;
}

export class LeanPosts implements HotPosts {
  private readonly url: URL;
  private readonly options: LeanOptions;
  private readonly idle: Line[] = [];
  private readonly lines = new Set<Line>();
  private readonly waiting: Asking[] = [];
  private closed = false;

  constructor(url: URL, options: LeanOptions) {
    this.url = url;
    this.options = options;
  }

  post(path: string, json: string): Promise<HotAnswer> {
    const text = `POST ${path} HTTP/1.1\r\nHost: ${this.url.host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Fault('unreachable', 'the client was closed'));
      const asking: Asking = { text, settle: (answer) => (answer instanceof Fault ? reject(answer) : resolve(answer)) };
      const line = this.idle.pop();
      if (line !== undefined) line.ask(asking);
      else if (this.lines.size < this.options.connections_max) this.open().ask(asking);
      else this.waiting.push(asking);
    });
  }

  close(): void {
    this.closed = true;
    for (const line of this.lines) line.end(new Fault('unreachable', 'the client was closed'));
    for (const { settle } of this.waiting.splice(0)) settle(new Fault('unreachable', 'the client was closed'));
  }

  private open(): Line {
    const line = new Line(this.url, this.options.timeout_ms, {
      free: () => {
        const next = this.waiting.shift();
        if (next === undefined) this.idle.push(line);
        else line.ask(next);
      },
      gone: () => {
        this.lines.delete(line);
        const at = this.idle.indexOf(line);
        if (at >= 0) this.idle.splice(at, 1);
        const next = this.closed ? undefined : this.waiting.shift();
        if (next !== undefined) this.open().ask(next);
      },
    });
    this.lines.add(line);
    return line;
  }
}

/** One connection, one request at a time. */
class Line {
  private readonly socket: Socket;
  private readonly origin: string;
  private readonly timeout_ms: number;
  private readonly told: { free(): void; gone(): void };
  private asking: Asking | null = null;
  private held: Buffer = EMPTY;
  /** Where the body begins, and ends; 0: the head is not whole. */
  private begin = 0;
  private stop = 0;
  private status = 0;
  private closes = false;
  private ended = false;

  constructor(url: URL, timeout_ms: number, told: { free(): void; gone(): void }) {
    this.origin = url.origin;
    this.timeout_ms = timeout_ms;
    this.told = told;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    this.socket = connect({ host, port: url.port === '' ? 80 : Number(url.port), noDelay: true, keepAlive: true });
    this.socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.socket.on('timeout', () => this.end(new Fault('timed_out', `no answer within ${timeout_ms} ms`)));
    this.socket.on('error', (error: NodeJS.ErrnoException) =>
      this.end(new Fault('unreachable', `no node answers at ${this.origin} (${error.code ?? error.message})`)),
    );
    this.socket.on('close', () => this.end(new Fault('unreachable', 'the connection broke within an answer')));
  }

  ask(asking: Asking): void {
    this.asking = asking;
    this.socket.ref();
    this.socket.setTimeout(this.timeout_ms);
    this.socket.write(asking.text);
  }

  /** Ends the connection; who waits gets the fault. */
  end(fault: Fault): void {
    if (this.ended) return;
    this.ended = true;
    const { asking } = this;
    this.asking = null;
    this.socket.destroy();
    this.told.gone();
    asking?.settle(fault);
  }

  private read(chunk: Buffer): void {
    if (this.asking === null) return this.end(new Fault('unreachable'));
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    if (this.begin === 0 && !this.readHead()) return;
    if (this.held.length < this.stop) return;
    const answer: HotAnswer = { status: this.status, body: this.held.subarray(this.begin, this.stop) };
    const { asking } = this;
    const rest = this.held.length - this.stop;
    this.asking = null;
    this.held = EMPTY;
    this.begin = 0;
    // Bytes that nobody asked for: what they answer is not known.
    if (rest > 0 || this.closes) this.end(new Fault('unreachable'));
    else {
      this.socket.setTimeout(IDLE_MS);
      this.socket.unref();
      this.told.free();
    }
    asking.settle(answer);
  }

  /** False: not whole yet, or not of the plain form. */
  private readHead(): boolean {
    const at = this.held.indexOf(HEAD_END);
    if (at < 0) {
      if (this.held.length > HEAD_BYTES_MAX) this.end(this.foreign());
      return false;
    }
    const head = this.held.toString('latin1', 0, at);
    const status = /^HTTP\/1\.1 ([2-5]\d\d) /.exec(head)?.[1];
    const length = /\r\ncontent-length: *(\d{1,9})(?:\r\n|$)/i.exec(head)?.[1];
    if (status === undefined || length === undefined || Number(length) > BODY_BYTES_MAX || /\r\ntransfer-encoding:/i.test(head)) {
      this.end(this.foreign());
      return false;
    }
    this.status = Number(status);
    this.closes = /\r\nconnection: *close/i.test(head);
    this.begin = at + HEAD_END.length;
    this.stop = this.begin + Number(length);
    return true;
  }

  private foreign(): Fault {
    return new Fault('unreachable', `what answers at ${this.origin} is no node`);
  }
}
