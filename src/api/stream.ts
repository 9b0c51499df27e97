/** Decisions as a stream: one request a line in, one answer a line out, in order (spec/http.md N-25). */
import { Fault } from '../base/fault.ts';
import type { Hot } from './hot.ts';
import { parseJson, textOf } from './json.ts';
import type { Json } from './json-value.ts';
import { NDJSON_TYPE } from './operation.ts';
import type { Exchange } from './router.ts';

/** Decisions of one stream that may be at work at once; past it nothing more is read. */
export const STREAM_OPEN_MAX = 1_024;
const LINE_FEED = 10;

export interface StreamLimits {
  readonly line_bytes_max: number;
  /** A stream on which nothing moves for so long is ended. */
  readonly idle_timeout_ms: number;
}

export class DecisionStream {
  private readonly hot: Hot;
  private readonly exchange: Exchange;
  private readonly limits: StreamLimits;
  /** Bytes after the last line feed. */
  private rest: Buffer[] = [];
  private restBytes = 0;
  private lines: Buffer[] = [];
  private nextLine = 0;
  /** Answers in order from the first that is not written; null where one is awaited. */
  private answers: (string | null)[] = [];
  /** The number of the first of `answers`. */
  private first = 0;
  private flushing = false;
  private complete = false;
  private paused = false;

  constructor(hot: Hot, exchange: Exchange, limits: StreamLimits) {
    this.hot = hot;
    this.exchange = exchange;
    this.limits = limits;
    const { request, response } = exchange;
    response.writeHead(200, { 'Content-Type': NDJSON_TYPE });
    response.flushHeaders();
    request.on('data', (chunk: Buffer) => this.take(chunk));
    request.on('end', () => {
      if (this.restBytes > 0) this.line(this.joined());
      this.complete = true;
      this.pump();
    });
    request.on('error', () => response.destroy());
    response.on('drain', () => this.pump());
    request.setTimeout(limits.idle_timeout_ms, () => request.destroy());
  }

  private joined(): Buffer {
    const bytes = this.rest.length === 1 ? this.rest[0] : Buffer.concat(this.rest);
    this.rest = [];
    this.restBytes = 0;
    return bytes;
  }

  private take(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      const part = chunk.subarray(from, at);
      from = at + 1;
      if (this.restBytes === 0) this.line(part);
      else {
        this.rest.push(part);
        this.line(this.joined());
      }
    }
    if (from < chunk.length) {
      this.rest.push(chunk.subarray(from));
      this.restBytes += chunk.length - from;
      if (this.restBytes > this.limits.line_bytes_max) return this.give_up();
    }
    this.pump();
  }

  private line(bytes: Buffer): void {
    if (bytes.length > 0 && !(bytes.length === 1 && bytes[0] === 13)) this.lines.push(bytes);
  }

  /** A line without end: no later one could be told from it. */
  private give_up(): void {
    this.exchange.request.pause();
    this.exchange.request.removeAllListeners('data');
    this.rest = [];
    this.restBytes = 0;
    const number = this.first + this.answers.length;
    this.answers.push(null);
    this.hot.fail(new Fault('request_too_large', `a line has at most ${this.limits.line_bytes_max} bytes`), (_fault, json) =>
      this.answered(number, `{"error":${json}}\n`),
    );
    this.complete = true;
    this.exchange.response.on('finish', () => this.exchange.request.destroy());
  }

  /** Judges the lines at hand as far as there is room. */
  private pump(): void {
    const { request, response } = this.exchange;
    if (response.destroyed) return;
    while (this.nextLine < this.lines.length && this.answers.length < STREAM_OPEN_MAX && !response.writableNeedDrain) this.judge(this.lines[this.nextLine++]);
    if (this.nextLine === this.lines.length) {
      this.lines = [];
      this.nextLine = 0;
    }
    const full = this.lines.length > 0;
    if (full !== this.paused && !this.complete) {
      this.paused = full;
      if (full) request.pause();
      else request.resume();
    }
    if (this.complete && this.lines.length === 0 && this.answers.length === 0) response.end();
  }

  private judge(line: Buffer): void {
    const number = this.first + this.answers.length;
    this.answers.push(null);
    let value: Json;
    try {
      if (line.length > this.limits.line_bytes_max) throw new Fault('request_too_large', `a line has at most ${this.limits.line_bytes_max} bytes`);
      value = parseJson(textOf(line));
    } catch (error) {
      return this.hot.fail(error, (_fault, json) => this.answered(number, `{"error":${json}}\n`));
    }
    this.hot.decide(value, '$', (fault, json) => this.answered(number, fault === null ? `${json}\n` : `{"error":${json}}\n`));
  }

  private answered(number: number, line: string): void {
    this.answers[number - this.first] = line;
    if (number !== this.first || this.flushing) return;
    this.flushing = true;
    process.nextTick(this.flush);
  }

  /** One write for all answers of a turn. */
  private readonly flush = (): void => {
    this.flushing = false;
    let text = '';
    let count = 0;
    for (; count < this.answers.length; count++) {
      const line = this.answers[count];
      if (line === null) break;
      text += line;
    }
    this.answers.splice(0, count);
    this.first += count;
    if (this.exchange.response.destroyed) return;
    if (text !== '') this.exchange.response.write(text, 'latin1');
    this.pump();
  };
}
