/** POSTs of JSON to the node of this very process: the handlers that stand behind its port, without a socket in between. */
import { Fault } from '../base/fault.ts';
import type { HotHandlers } from './connection.ts';
import { bodyMaxOf, type HttpLimits } from './fast.ts';
import { type HotRoute, TARGETS } from './head.ts';
import type { HotAnswer, HotPosts } from './lean-post.ts';
import { problemOf } from './problem.ts';

const SWEEP_MS = 1_000;

interface Waiting {
  readonly since_ms: number;
  reject(fault: Fault): void;
}

export class LocalPosts implements HotPosts {
  private readonly handlers: HotHandlers;
  private readonly limits: HttpLimits;
  /** Who waits, oldest first; bounded by the sequencer's queue. */
  private readonly waiting = new Set<Waiting>();
  private readonly sweep: NodeJS.Timeout;

  constructor(handlers: HotHandlers, limits: HttpLimits) {
    this.handlers = handlers;
    this.limits = limits;
    this.sweep = setInterval(() => this.late(), SWEEP_MS).unref();
  }

  post(path: string, json: string): Promise<HotAnswer> {
    const route: HotRoute | undefined = TARGETS[path];
    if (route === undefined) return Promise.reject(new Fault('route_unknown', path));
    const body = Buffer.from(json);
    const max = bodyMaxOf(this.limits, route);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { since_ms: performance.now(), reject };
      this.waiting.add(waiting);
      const respond = (status: number, text: string): void => {
        this.waiting.delete(waiting);
        resolve({ status, body: Buffer.from(text, 'latin1') });
      };
      if (body.length <= max) return this.handlers[route](body, '', respond);
      const fault = new Fault('request_too_large', `the body has more than ${max} bytes`, { max });
      respond(fault.status, problemOf(fault));
    });
  }

  close(): void {
    clearInterval(this.sweep);
    for (const { reject } of this.waiting) reject(new Fault('unreachable', 'the client was closed'));
    this.waiting.clear();
  }

  private late(): void {
    const { request_timeout_ms } = this.limits;
    for (const waiting of this.waiting) {
      if (performance.now() - waiting.since_ms < request_timeout_ms) break;
      this.waiting.delete(waiting);
      waiting.reject(new Fault('timed_out', `no answer within ${request_timeout_ms} ms`));
    }
  }
}
