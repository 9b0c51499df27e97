/** Decisions of many sessions, asked together: those that are waiting at one moment go in one request. */

import type { Client } from '../api/client.ts';
import { BATCH_MAX, type DecisionAnswer, type DecisionRequest } from '../api/schema.ts';
import { Fault } from '../base/fault.ts';

interface Waiting {
  readonly request: DecisionRequest;
  readonly settle: (answer: DecisionAnswer | Fault) => void;
}

/** Characters of one batch, well below what a node takes as one body. */
const BATCH_LENGTH_MAX = 262_144;

export class Decisions {
  private readonly client: Client;
  private waiting: Waiting[] = [];

  constructor(client: Client) {
    this.client = client;
  }

  /** @throws Fault as `Client.decide` */
  ask(request: DecisionRequest): Promise<DecisionAnswer> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(this.send);
      this.waiting.push({ request, settle: (answer) => (answer instanceof Fault ? reject(answer) : resolve(answer)) });
    });
  }

  private readonly send = (): void => {
    const all = this.waiting;
    this.waiting = [];
    let batch: Waiting[] = [];
    let length = 0;
    for (const one of all) {
      const size = JSON.stringify(one.request).length;
      if (batch.length > 0 && (batch.length === BATCH_MAX || length + size > BATCH_LENGTH_MAX)) {
        void this.place(batch);
        batch = [];
        length = 0;
      }
      batch.push(one);
      length += size;
    }
    void this.place(batch);
  };

  private async place(batch: readonly Waiting[]): Promise<void> {
    try {
      if (batch.length === 1) batch[0].settle(await this.client.decide(batch[0].request));
      else (await this.client.batch(batch.map(({ request }) => request))).forEach((answer, i) => batch[i].settle(answer));
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('internal', error instanceof Error ? error.message : String(error));
      // A fault of the request as a whole, such as one item's nesting, is told to that item only when each is asked alone.
      if (batch.length > 1 && fault.status < 500) for (const one of batch) void this.place([one]);
      else for (const { settle } of batch) settle(fault);
    }
  }
}
