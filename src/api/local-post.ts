/** POSTs of JSON to the node of this very process: the handlers that stand behind its port, without a socket in between. */
import { Fault } from '../base/fault.ts';
import type { HotHandlers } from './connection.ts';
import { bodyMaxOf, type HttpLimits } from './fast.ts';
import { type HotRoute, TARGETS } from './head.ts';
import type { HotAnswer, HotPosts } from './lean-post.ts';
import { problemOf } from './problem.ts';

export class LocalPosts implements HotPosts {
  private readonly handlers: HotHandlers;
  private readonly limits: HttpLimits;

  constructor(handlers: HotHandlers, limits: HttpLimits) {
    this.handlers = handlers;
    this.limits = limits;
  }

  post(path: string, json: string): Promise<HotAnswer> {
    const route: HotRoute | undefined = TARGETS[path];
    if (route === undefined) return Promise.reject(new Fault('route_unknown', path));
    const body = Buffer.from(json);
    const max = bodyMaxOf(this.limits, route);
    return new Promise((resolve) => {
      const respond = (status: number, text: string): void => resolve({ status, body: Buffer.from(text, 'latin1') });
      if (body.length <= max) return this.handlers[route](body, '', respond);
      const fault = new Fault('request_too_large', `the body has more than ${max} bytes`, { max });
      respond(fault.status, problemOf(fault));
    });
  }

  close(): void {
    // what is asked is answered: the node outlives who asks it
  }
}
