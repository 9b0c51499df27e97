/**
 * One connection of the fast path: cuts requests out of the bytes that arrive, answers them in order, and leaves when
 * something comes that is not of the plain form (spec/http.md N-40 to N-47).
 */
import type { Socket } from 'node:net';
import { Fault } from '../base/fault.ts';
import { FAST_HEAD_MAX, type Head, type HeadMemo, type HotRoute, mayBecomeHead } from './head.ts';
import { problemOf } from './problem.ts';

/** Called once, now or later. `body` is ASCII JSON; from status 400 on it is a problem document. */
export type Respond = (status: number, body: string) => void;

/** `body` is a view: it is read before the handler returns. `id`: the session in the path of an input. Never throws. */
export type HotHandler = (body: Buffer, id: string, respond: Respond) => void;
export type HotHandlers = Readonly<Record<HotRoute, HotHandler>>;

/** What connections share. */
export interface Fleet {
  readonly handlers: HotHandlers;
  readonly memo: HeadMemo;
  /** Coarse time: rises with each sweep. */
  readonly tick: number;
  /** Bytes of a body on this route; longer ones are handed over. */
  bodyMax(route: HotRoute): number;
  /** The head of a reply, with its empty line. */
  replyHead(status: number, length: number): string;
  /** Gives the socket to node:http, its unread bytes put back. */
  handOver(connection: Connection, socket: Socket, rest: Buffer | null): void;
  /** Calls `flush` once this turn's callbacks are done. */
  flushLater(connection: Connection): void;
  closed(connection: Connection): void;
}

interface Slot {
  reply: string | null;
}

/** N-44: requests of one connection that may be at work at once. */
const PIPELINE_MAX = 64;
/** Bytes of replies that a client may leave unread before nothing more is read from it. */
const UNREAD_BYTES_MAX = 262_144;
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const EMPTY = Buffer.alloc(0);

export class Connection {
  /** When the wait that is going on began, in ticks. */
  since: number;
  flushing = false;
  private readonly fleet: Fleet;
  private readonly socket: Socket;
  private readonly slots: Slot[] = [];
  /** Bytes that arrived and are not served: `held` of `hold`. */
  private hold: Buffer = EMPTY;
  private held = 0;
  /** Nothing can be served before so many bytes are held. */
  private need = 0;
  private serving = false;
  private paused = false;
  private leaving = false;
  private ended = false;
  private gone = false;

  constructor(fleet: Fleet, socket: Socket) {
    this.fleet = fleet;
    this.socket = socket;
    this.since = fleet.tick;
    socket.on('data', this.onData);
    socket.on('drain', this.onDrain);
    socket.on('end', this.onEnd);
    socket.on('error', this.onError);
    socket.on('close', this.onClose);
  }

  /** What it waits for: a reply, its reader, the rest of a head or of a body, or a next request. */
  get waits(): 'reply' | 'reader' | 'head' | 'body' | 'next' {
    if (this.slots.length > 0) return 'reply';
    if (this.socket.writableLength > 0) return 'reader';
    if (this.held === 0) return 'next';
    return this.need > 0 ? 'body' : 'head';
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.held === 0) {
      this.since = this.fleet.tick;
      this.hold = chunk;
      this.held = chunk.length;
    } else this.append(chunk);
    if (this.held >= this.need && !this.paused) this.serve();
  };

  private append(chunk: Buffer): void {
    const total = this.held + chunk.length;
    if (total > this.hold.length) {
      const larger = Buffer.allocUnsafe(Math.max(total, 2 * this.held, 1_024));
      this.hold.copy(larger, 0, 0, this.held);
      this.hold = larger;
    }
    chunk.copy(this.hold, this.held);
    this.held = total;
  }

  /** Serves the requests that are whole. */
  private serve(): void {
    if (this.serving || this.gone) return;
    this.serving = true;
    const end = this.held;
    const bytes = this.hold.length === end ? this.hold : this.hold.subarray(0, end);
    let at = 0;
    this.need = 0;
    while (at < end && !this.leaving) {
      if (this.slots.length >= PIPELINE_MAX || this.socket.writableLength > UNREAD_BYTES_MAX) {
        this.pause();
        break;
      }
      const next = this.request(bytes, at, end);
      if (next === at) break;
      at = next;
    }
    this.serving = false;
    if (this.gone) return;
    this.held = end - at;
    if (this.held === 0) this.hold = EMPTY;
    else if (at > 0) {
      this.hold = bytes.subarray(at, end);
      this.since = this.fleet.tick;
    }
    this.settle();
  }

  /** Serves the request at `at`; returns where the next one starts, or `at` when it is not whole or not ours. */
  private request(bytes: Buffer, at: number, end: number): number {
    const stop = bytes.indexOf(HEAD_END, at) + 4;
    if (stop < 4 || stop - at > FAST_HEAD_MAX) {
      if (stop >= 4 || !mayBecomeHead(bytes.toString('latin1', at, Math.min(end, at + FAST_HEAD_MAX)))) this.leaving = true;
      return at;
    }
    const head = this.fleet.memo.read(bytes.toString('latin1', at, stop));
    if (head === null || head.body_bytes > this.fleet.bodyMax(head.route)) {
      this.leaving = true;
      return at;
    }
    const total = stop + head.body_bytes;
    if (total > end) {
      this.need = total - at;
      return at;
    }
    this.handle(head, bytes.subarray(stop, total));
    return total;
  }

  private handle(head: Head, body: Buffer): void {
    const slot: Slot = { reply: null };
    this.slots.push(slot);
    this.fleet.handlers[head.route](body, head.id, (status, text) => {
      if (slot.reply !== null) return;
      slot.reply = this.fleet.replyHead(status, text.length) + text;
      if (this.gone) return;
      if (this.slots.length === 1) this.flush();
      else if (this.slots[0].reply !== null) this.fleet.flushLater(this);
    });
  }

  /** Writes the replies that are next in order, in one piece. */
  flush(): void {
    this.flushing = false;
    if (this.gone) return;
    let text = '';
    let count = 0;
    for (; count < this.slots.length; count++) {
      const { reply } = this.slots[count];
      if (reply === null) break;
      text += reply;
    }
    if (count === 0) return;
    if (count === this.slots.length) this.slots.length = 0;
    else this.slots.splice(0, count);
    this.since = this.fleet.tick;
    this.socket.write(text, 'latin1');
    if (!this.serving) this.resume();
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  /** Goes on where there is room again. */
  private resume(): void {
    if (this.paused && this.slots.length <= PIPELINE_MAX >> 1 && this.socket.writableLength <= UNREAD_BYTES_MAX) {
      this.paused = false;
      this.socket.resume();
      this.serve();
      return;
    }
    this.settle();
  }

  /** Leaves, or ends, once all that was asked is answered. */
  private settle(): void {
    if (this.gone) return;
    if (this.slots.length > 0) {
      // what is not ours yet stays with the kernel until all before it is answered
      if (this.leaving) this.socket.pause();
      return;
    }
    if (this.leaving) this.leave();
    else if (this.ended && !this.paused) this.finish();
  }

  private leave(): void {
    const rest = this.held === 0 ? null : this.hold.subarray(0, this.held);
    this.detach();
    this.fleet.handOver(this, this.socket, rest);
  }

  /** The client will send no more. */
  private finish(): void {
    if (this.held === 0) this.socket.end();
    else this.refuse(new Fault('http_malformed', 'the connection ended within a request'));
  }

  /** Answers what no request stands for, and closes. */
  refuse(fault: Fault): void {
    if (this.gone) return;
    const body = problemOf(fault);
    const head = this.fleet.replyHead(fault.status, body.length).replace(/\r\n$/, 'Connection: close\r\n\r\n');
    this.socket.end(head + body, 'latin1');
    this.drop();
  }

  /** N-47: closes a connection that waits for its next request. */
  close(): void {
    this.ended = true;
    if (this.waits !== 'reply') this.drop();
  }

  private drop(): void {
    this.detach();
    this.socket.on('error', ignore);
    this.socket.resume();
    this.socket.destroySoon();
    this.fleet.closed(this);
  }

  /** Ends it at once. */
  destroy(): void {
    this.socket.destroy();
  }

  private detach(): void {
    this.gone = true;
    const { socket } = this;
    socket.off('data', this.onData);
    socket.off('drain', this.onDrain);
    socket.off('end', this.onEnd);
    socket.off('error', this.onError);
    socket.off('close', this.onClose);
  }

  private readonly onDrain = (): void => this.resume();

  private readonly onEnd = (): void => {
    this.ended = true;
    this.settle();
  };

  private readonly onError = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.gone = true;
    this.fleet.closed(this);
  };
}

function ignore(): void {
  // the peer went first: nothing is left to tell it
}
