/** Permits and sums against a model of a few lines: seeded commands, the same answers, and no limit passed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pass } from '../../sim/pass.ts';
import { Desk, HOUR_MS, MINUTE_MS, ruleText, SMALL_START_MS, said, smallGenesis } from '../../sim/small-law.ts';
import { Fault } from '../base/fault.ts';
import { type Law, lawOf } from '../law/law.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 15);
const RUNS = Number(process.env['AVA_RUNS'] ?? 300);
console.log(`seed ${SEED}, ${RUNS} runs`);

const WINDOW_MS = HOUR_MS;
const WIDTH_MS = Math.ceil(WINDOW_MS / 64);
const LIMIT = 1_000;
const PERMIT_MS = 10 * MINUTE_MS;
const KEPT_MS = HOUR_MS;
const law: Law = lawOf(smallGenesis({ rules: [ruleText('hour', `agent.sum("money.amount", "1h") + money.amount <= ${LIMIT}`, 'scope: facet.money')] }));

type Status = 'open' | 'done' | 'failed' | 'expired' | 'gone';
interface ModelPermit {
  readonly id: string;
  readonly agent: string;
  amount: number;
  readonly at_ms: number;
  status: Status;
  /** When it expires, or when it is forgotten. */
  due_ms: number;
}

class Model {
  now_ms = SMALL_START_MS;
  readonly permits: ModelPermit[] = [];

  /** What a new block does first. */
  settle(): void {
    for (const permit of this.permits) {
      if (permit.due_ms > this.now_ms || permit.status === 'gone') continue;
      permit.status = permit.status === 'open' ? 'expired' : 'gone';
      permit.due_ms = this.now_ms + KEPT_MS;
    }
  }

  /** Reserved and settled, by parts. */
  counted(agent: string): number {
    let sum = 0;
    for (const { agent: whose, amount, at_ms, status, id } of this.permits) {
      const part_ms = at_ms - (at_ms % WIDTH_MS);
      if (whose === agent && part_ms + WIDTH_MS + WINDOW_MS > this.now_ms && (status === 'open' || status === 'done' || this.settled.has(id))) sum += amount;
    }
    return sum;
  }

  readonly settled = new Set<string>();
}

interface Real {
  readonly desk: Desk;
  readonly sessions: string[];
}

const RESULT: Readonly<Record<Status, string>> = {
  open: 'none',
  done: 'permit_used',
  failed: 'permit_used',
  expired: 'permit_expired',
  gone: 'permit_unknown',
};

class Pay implements fc.Command<Model, Real> {
  readonly agent: number;
  readonly amount: number;
  constructor(agent: number, amount: number) {
    this.agent = agent;
    this.amount = amount;
  }
  check = (): boolean => true;
  run(model: Model, { desk, sessions }: Real): void {
    model.settle();
    const agent = `agent-${this.agent}`;
    const before = model.counted(agent);
    const result = desk.decide(sessions[this.agent], 'pay', { to: 'a', amount: String(this.amount / 100) });
    assert.equal(said(result), before + this.amount <= LIMIT ? 'allow' : 'deny');
    if (result instanceof Fault || result.permit === null) return;
    model.permits.push({ id: result.permit, agent, amount: this.amount, at_ms: model.now_ms, status: 'open', due_ms: model.now_ms + PERMIT_MS });
    assert.ok(model.counted(agent) <= LIMIT, 'reserved and settled stay within the limit');
  }
  toString = (): string => `pay(${this.agent}, ${this.amount})`;
}

class Outcome implements fc.Command<Model, Real> {
  readonly which: number;
  readonly ok: boolean;
  constructor(which: number, ok: boolean) {
    this.which = which;
    this.ok = ok;
  }
  check = (model: Readonly<Model>): boolean => model.permits.length > 0;
  run(model: Model, { desk }: Real): void {
    model.settle();
    const permit = model.permits[this.which % model.permits.length];
    assert.equal(said(desk.outcome(permit.id, this.ok)), RESULT[permit.status]);
    if (permit.status !== 'open') return;
    permit.status = this.ok ? 'done' : 'failed';
    if (this.ok) model.settled.add(permit.id);
  }
  toString = (): string => `outcome(${this.which}, ${this.ok})`;
}

/** An outcome that says what was paid: more or less than was reserved. */
class Settled implements fc.Command<Model, Real> {
  readonly which: number;
  readonly amount: number;
  constructor(which: number, amount: number) {
    this.which = which;
    this.amount = amount;
  }
  check = (model: Readonly<Model>): boolean => model.permits.length > 0;
  run(model: Model, { desk }: Real): void {
    model.settle();
    const permit = model.permits[this.which % model.permits.length];
    assert.equal(said(desk.settled(permit.id, { 'money.amount': this.amount })), RESULT[permit.status]);
    if (permit.status !== 'open') return;
    permit.status = 'done';
    permit.amount = this.amount;
    model.settled.add(permit.id);
  }
  toString = (): string => `settled(${this.which}, ${this.amount})`;
}

test('any run of payments, outcomes and time', () => {
  const commands = fc.commands(
    [
      fc.tuple(fc.nat(1), fc.integer({ min: 0, max: 700 })).map(([agent, amount]) => new Pay(agent, amount)),
      fc.tuple(fc.nat(50), fc.boolean()).map(([which, ok]) => new Outcome(which, ok)),
      fc.tuple(fc.nat(50), fc.nat(900)).map(([which, amount]) => new Settled(which, amount)),
      fc
        .oneof(fc.integer({ min: 0, max: 2 * MINUTE_MS }), fc.constantFrom(PERMIT_MS - 1, PERMIT_MS, WIDTH_MS, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + WIDTH_MS))
        .map((ms) => new Pass(ms)),
    ],
    { maxCommands: 60, size: 'max' },
  );
  fc.assert(
    fc.property(commands, (cmds) => {
      const desk = new Desk(law);
      const sessions = [desk.open('agent-0'), desk.open('agent-1')];
      // sessions are not under test: they do not end
      for (const [key, fact] of desk.state.facts) if (fact.is === 'session') desk.state.facts.set(key, { ...fact, due_ms: SMALL_START_MS * 2 });
      fc.modelRun(() => ({ model: new Model(), real: { desk, sessions } }), cmds);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});
