/** Clients that keep a node busy over HTTP, and remember every promise that they were given. */

import assert from 'node:assert/strict';
import { Random } from '../../sim/random.ts';
import type { Client } from '../../src/api/client.ts';
import type { DecisionAnswer, DecisionRequest } from '../../src/api/schema.ts';
import { Fault } from '../../src/base/fault.ts';

/** A receipt that a client holds. `permit`: hex, where one was given. */
export interface Held {
  readonly receipt: string;
  readonly verdict: string;
  readonly height: number;
  readonly index: number;
  readonly permit: string | null;
}

const WORDS = ['pay', 'the', 'bill', 'of', 'money', 'to', 'alice', 'bob', 'and', 'tell'];

/** All that clients were promised, over all lives of a node. */
export class Promises {
  /** Answers since they were last taken. */
  held: Held[] = [];
  sessions: string[] = [];
  /** Sessions since they were last taken: hex ids. */
  opened: string[] = [];
  /** Permits whose outcome nobody has sent. */
  readonly open = new Set<string>();
  /** Permits whose outcome was acknowledged. */
  readonly used = new Set<string>();
  /** Refusals that this load may not meet. */
  readonly unexpected: string[] = [];
  answers = 0;

  decision({ receipt, verdict, height, index, permit }: DecisionAnswer): void {
    this.held.push({ receipt, verdict, height, index, permit: permit ?? null });
    if (permit !== undefined) this.open.add(permit);
    this.answers += 1;
  }

  /** Sends an outcome; from then on the permit counts as neither open nor used until it is acknowledged. */
  async outcome(client: Client, permit: string, ok: boolean): Promise<void> {
    this.open.delete(permit);
    const { receipt, height, index } = await client.outcome(ok ? { permit, ok, result: { done: true, to: 'mallory' } } : { permit, ok, error: 'no' });
    this.used.add(permit);
    this.held.push({ receipt, verdict: 'none', height, index, permit: null });
    this.answers += 1;
  }

  take(): { readonly held: readonly Held[]; readonly opened: readonly string[] } {
    const { held, opened } = this;
    this.held = [];
    this.opened = [];
    return { held, opened };
  }
}

export interface LoadOptions {
  readonly client: Client;
  readonly random: Random;
  readonly promises: Promises;
  readonly clients: number;
  /** Names agents apart, so that sums start anew. */
  readonly name: string;
  /** Faults that end a client quietly, `unreachable` among them. */
  readonly ends?: readonly string[];
}

export interface Load {
  /** No new request is sent; resolves when all clients have ended. */
  stop(): Promise<void>;
  readonly done: Promise<void>;
}

function action(random: Random, session: string): DecisionRequest {
  const permit = random.chance(0.7);
  const name = random.pick(['pay', 'pay', 'read', 'balance']);
  const args =
    name === 'pay'
      ? { to: random.pick(['alice', 'bob', 'mallory']), amount: 1 + random.below(50) }
      : name === 'read'
        ? { path: `/notes/${random.below(9)}`, fill: 'x'.repeat(random.below(random.chance(0.05) ? 20_000 : 200)) }
        : {};
  return { session, action: { kind: 'tool.call', name, args }, permit };
}

/** Starts the clients. */
export function startLoad({ client, random, promises, clients, name, ends = ['unreachable'] }: LoadOptions): Load {
  let stopping = false;
  const one = async (at: number): Promise<void> => {
    const open = async (): Promise<string> => {
      const user = Array.from({ length: 6 }, () => random.pick(WORDS)).join(' ');
      const { session } = await client.openSession(`${name}-${at}`, user);
      promises.opened.push(session);
      promises.sessions.push(session);
      return session;
    };
    const keep = async (answer: DecisionAnswer | Fault): Promise<void> => {
      if (answer instanceof Fault) throw answer;
      promises.decision(answer);
      if (answer.permit !== undefined && random.chance(0.5)) await promises.outcome(client, answer.permit, random.chance(0.8));
    };
    for (let session = await open(); !stopping; ) {
      const choice = random.below(10);
      const several = (most: number): DecisionRequest[] => Array.from({ length: 1 + random.below(most) }, () => action(random, session));
      if (choice === 0) session = promises.sessions.length > 4 && random.chance(0.5) ? random.pick(promises.sessions) : await open();
      else if (choice === 1) {
        const { receipt, height, index } = await client.input(session, `please ${random.pick(WORDS)}`);
        promises.held.push({ receipt, verdict: 'none', height, index, permit: null });
        promises.answers += 1;
      } else if (choice === 2) for (const answer of await client.batch(several(24))) await keep(answer);
      else if (choice === 3) {
        for await (const answer of client.stream(several(24)))
          if (answer instanceof Fault) throw answer;
          else promises.decision(answer);
      } else await keep(await client.decide(action(random, session)));
    }
  };
  const done = Promise.all(
    Array.from({ length: clients }, (_, at) =>
      one(at).catch((error: unknown) => {
        if (!(error instanceof Fault && ends.includes(error.slug)))
          promises.unexpected.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      }),
    ),
  ).then(() => undefined);
  return {
    done,
    stop() {
      stopping = true;
      return done;
    },
  };
}

/** Some blocks, durable and acknowledged. */
export async function work(node: { readonly client: Client }, promises: Promises, seed: number, ms = 150): Promise<void> {
  const load = startLoad({ client: node.client, random: new Random(seed), promises, clients: 4, name: `seed-${seed}` });
  await new Promise((resolve) => setTimeout(resolve, ms));
  await load.stop();
  assert.deepEqual(promises.unexpected, []);
}
