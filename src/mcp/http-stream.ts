/**
 * The streams of one HTTP session: one for each POST, and number 0 for what belongs to no request. Each event has a place from
 * which a client that lost its connection goes on (spec/gateway.md MG-37, MG-38).
 */
import type { ServerResponse } from 'node:http';
import type { Id } from './message.ts';
import { eventText } from './sse.ts';

/** Events of a session that are kept, and their bytes. */
const EVENTS_MAX = 1_024;
const EVENTS_BYTES_MAX = 8_388_608;
/** Streams that ended while nobody listened are remembered so far. */
const STREAMS_MAX = 512;
const KEEP_ALIVE_MS = 15_000;
/** An answer that takes longer finds its stream open already. */
const OPEN_MS = 50;
/** Bytes that a client may leave unread before its connection is closed: it may come back for them. */
const UNREAD_BYTES_MAX = 67_108_864;

const HEADERS = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform', 'X-Accel-Buffering': 'no' } as const;

export interface Stream {
  readonly number: number;
  /** Requests whose answers it carries; none on stream 0. */
  readonly open: Set<Id>;
  response: ServerResponse | null;
  /** Events so far. */
  count: number;
  /** Of those, how many a client was sent. */
  sent: number;
}

interface Kept {
  readonly stream: number;
  readonly at: number;
  readonly text: string;
}

export class Streams {
  private readonly headers: Readonly<Record<string, string>>;
  private readonly streams = new Map<number, Stream>();
  private kept: Kept[] = [];
  private kept_bytes = 0;
  private next = 0;
  readonly alone: Stream = { number: 0, open: new Set(), response: null, count: 0, sent: 0 };

  constructor(session: string) {
    this.headers = { ...HEADERS, 'Mcp-Session-Id': session };
    this.streams.set(0, this.alone);
  }

  /** Whether a client listens to any of them. */
  get attended(): boolean {
    return [...this.streams.values()].some(({ response }) => response !== null);
  }

  /** `primes`: the client takes a place to go on from before there is anything else to say. */
  begin(requests: readonly Id[], response: ServerResponse, primes: boolean): Stream {
    const stream: Stream = { number: ++this.next, open: new Set(requests), response: null, count: 0, sent: 0 };
    this.streams.set(stream.number, stream);
    if (this.streams.size > STREAMS_MAX)
      for (const [number, old] of this.streams) if (number !== 0 && old.response === null && old.open.size === 0) this.streams.delete(number);
    // An answer that is there at once goes out in one piece, head and all.
    const opening = setTimeout(() => {
      if (stream.count > 0 || stream.response !== response) return;
      if (primes) this.write(stream, '');
      else this.open(response);
    }, OPEN_MS).unref();
    response.once('close', () => clearTimeout(opening));
    this.attend(stream, response);
    return stream;
  }

  /** MG-38: what a client gets after the event that it saw last; null where that is not known here. */
  resume(place: string): Stream | null {
    const [, number, at] = /^(\d{1,9})-(\d{1,9})$/.exec(place) ?? [];
    const stream = number === undefined ? undefined : this.streams.get(Number(number));
    if (stream === undefined || Number(at) > stream.count) return null;
    stream.sent = Number(at);
    return stream;
  }

  /** The client listens to this stream from now on; what it has not been sent comes first. */
  attach(stream: Stream, response: ServerResponse): void {
    this.attend(stream, response);
    this.open(response);
    for (const { stream: of, at, text } of this.kept) if (of === stream.number && at > stream.sent) this.deliver(stream, at, text, false);
    if (stream.number !== 0 && stream.open.size === 0 && stream.count > 0) this.pause(stream);
  }

  private attend(stream: Stream, response: ServerResponse): void {
    this.pause(stream);
    stream.response = response;
    response.once('close', () => {
      if (stream.response === response) stream.response = null;
    });
  }

  /** Sends the head: more than one piece will come, and nobody knows when. */
  private open(response: ServerResponse): void {
    if (response.headersSent) return;
    response.writeHead(200, this.headers).flushHeaders();
    const beat = setInterval(() => response.write(': keep-alive\n\n'), KEEP_ALIVE_MS).unref();
    response.once('close', () => clearInterval(beat));
  }

  /** The answer to one of its requests. */
  answer(stream: Stream, id: Id, data: string): void {
    stream.open.delete(id);
    this.write(stream, data, undefined, stream.number !== 0 && stream.open.size === 0);
    this.settle(stream, id);
  }

  /** `data`: a message, or empty for a place to go on from. `last`: nothing follows. */
  write(stream: Stream, data: string, retry_ms?: number, last = false): void {
    stream.count += 1;
    const text = eventText(data, `${stream.number}-${stream.count}`, retry_ms);
    this.kept.push({ stream: stream.number, at: stream.count, text });
    this.kept_bytes += text.length;
    while (this.kept.length > EVENTS_MAX || (this.kept_bytes > EVENTS_BYTES_MAX && this.kept.length > 1))
      this.kept_bytes -= this.kept.shift()?.text.length ?? 0;
    this.deliver(stream, stream.count, text, last);
  }

  /** One of its requests needs nothing more. */
  settle(stream: Stream, id: Id): void {
    stream.open.delete(id);
    if (stream.open.size > 0 || stream.number === 0) return;
    if (stream.response === null) return;
    // It was read to its end over a connection that stands: nobody will come back for it.
    this.pause(stream);
    this.streams.delete(stream.number);
    this.kept = this.kept.filter((one) => one.stream !== stream.number || !this.forget(one));
  }

  /** Ends the connection; the stream may be resumed. */
  pause(stream: Stream): void {
    const { response } = stream;
    stream.response = null;
    if (response === null || response.writableEnded) return;
    this.open(response);
    response.end();
  }

  close(): void {
    for (const stream of this.streams.values()) this.pause(stream);
    this.streams.clear();
    this.kept = [];
  }

  private forget({ text }: Kept): true {
    this.kept_bytes -= text.length;
    return true;
  }

  private deliver(stream: Stream, at: number, text: string, last: boolean): void {
    const { response } = stream;
    if (response === null) return;
    stream.sent = at;
    if (!last) {
      this.open(response);
      response.write(text);
    } else if (response.headersSent) response.end(text);
    else response.writeHead(200, { ...this.headers, 'Content-Length': Buffer.byteLength(text) }).end(text);
    if (response.writableLength > UNREAD_BYTES_MAX) response.destroy();
  }
}
