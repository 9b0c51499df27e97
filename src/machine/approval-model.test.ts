/** Approvals against a model of a few lines: seeded commands, the same answers, and never two uses of one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pass } from '../../sim/pass.ts';
import { Desk, HOUR_MS, MINUTE_MS, ruleText, SMALL_START_MS, said, smallGenesis } from '../../sim/small-law.ts';
import type { Octets } from '../base/bytes.ts';
import { type Law, lawOf } from '../law/law.ts';
import type { Receipt } from './receipt.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 29);
const RUNS = Number(process.env['AVA_RUNS'] ?? 150);
console.log(`seed ${SEED}, ${RUNS} runs`);

const WAIT_MS = 10 * MINUTE_MS;
const KEPT_MS = HOUR_MS;
const STANDING_MAX = 16;
const law: Law = lawOf(smallGenesis({ rules: [ruleText('ask', 'money.amount < 0', 'scope: facet.money', 'otherwise: escalate')] }));

type Status = 'waiting' | 'allowed' | 'denied' | 'used' | 'expired' | 'unknown';
interface Asked {
  readonly id: Octets;
  readonly session: number;
  readonly amount: number;
  status: Status;
  due_ms: number;
}

class Model {
  now_ms = SMALL_START_MS;
  readonly asked: Asked[] = [];
  /** Forgotten though they were denied: a session stands with sixteen at most. */
  readonly dropped = new Set<Asked>();

  settle(): void {
    for (const one of this.asked) {
      if (one.due_ms > this.now_ms || one.status === 'unknown') continue;
      one.status = one.status === 'waiting' || one.status === 'allowed' ? 'expired' : 'unknown';
      one.due_ms = this.now_ms + KEPT_MS;
    }
  }

  standing(session: number): Asked[] {
    return this.asked.filter((one) => one.session === session && /^(?:waiting|allowed|denied)$/.test(one.status) && !this.dropped.has(one));
  }
}

interface Real {
  readonly desk: Desk;
  readonly sessions: readonly Octets[];
}

class Ask implements fc.Command<Model, Real> {
  readonly session: number;
  readonly amount: number;
  constructor(session: number, amount: number) {
    this.session = session;
    this.amount = amount;
  }
  check = (): boolean => true;
  run(model: Model, { desk, sessions }: Real): void {
    model.settle();
    const receipt = desk.decide(sessions[this.session], 'pay', { to: 'a', amount: this.amount }) as Receipt;
    assert.equal(receipt.verdict, 'escalate');
    const standing = model.standing(this.session);
    const same = standing.find(({ amount }) => amount === this.amount);
    if (same !== undefined) return assert.equal(receipt.approval, same.id, 'the same call waits for the same answer');
    if (standing.length >= STANDING_MAX) {
      const denied = standing.find(({ status }) => status === 'denied');
      if (denied === undefined) return assert.equal(receipt.approval, null);
      model.dropped.add(denied);
    }
    assert.equal(receipt.approval, receipt.tx_id.slice(0, 16));
    model.asked.push({ id: receipt.approval, session: this.session, amount: this.amount, status: 'waiting', due_ms: model.now_ms + WAIT_MS });
  }
  toString = (): string => `ask(${this.session}, ${this.amount})`;
}

class Answer implements fc.Command<Model, Real> {
  readonly which: number;
  readonly allow: boolean;
  constructor(which: number, allow: boolean) {
    this.which = which;
    this.allow = allow;
  }
  check = ({ asked }: Readonly<Model>): boolean => asked.length > 0;
  run(model: Model, { desk }: Real): void {
    model.settle();
    const one = model.asked[this.which % model.asked.length];
    const result = said(desk.answer(one.id, this.allow));
    if (one.status !== 'waiting') {
      const told = one.status === 'allowed' || one.status === 'denied' ? 'answered' : one.status;
      return assert.equal(result, `approval_${told}`);
    }
    assert.equal(result, 'none');
    one.status = this.allow ? 'allowed' : 'denied';
    one.due_ms = model.now_ms + (this.allow ? WAIT_MS : KEPT_MS);
  }
  toString = (): string => `answer(${this.which}, ${this.allow})`;
}

class Use implements fc.Command<Model, Real> {
  readonly which: number;
  readonly other: 'same' | 'amount' | 'session' | 'verdict';
  constructor(which: number, other: 'same' | 'amount' | 'session' | 'verdict') {
    this.which = which;
    this.other = other;
  }
  check = ({ asked }: Readonly<Model>): boolean => asked.length > 0;
  run(model: Model, { desk, sessions }: Real): void {
    model.settle();
    const one = model.asked[this.which % model.asked.length];
    const session = sessions[this.other === 'session' ? 1 - one.session : one.session];
    const amount = one.amount + (this.other === 'amount' ? 1 : 0);
    const result = desk.decideAgain(session, one.id, 'pay', { to: 'a', amount }, { permit: this.other !== 'verdict' });
    const expected =
      one.status === 'unknown'
        ? 'approval_unknown'
        : this.other === 'session'
          ? 'approval_foreign'
          : this.other === 'amount'
            ? 'approval_differs'
            : one.status === 'allowed'
              ? 'allow'
              : `approval_${one.status}`;
    assert.equal(said(result), expected);
    if (expected !== 'allow' || this.other === 'verdict') return;
    one.status = 'used';
    one.due_ms = model.now_ms + KEPT_MS;
  }
  toString = (): string => `use(${this.which}, ${this.other})`;
}

test('any run of calls, answers, uses and time', () => {
  const commands = fc.commands(
    [
      fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 24 })).map(([session, amount]) => new Ask(session, amount)),
      fc.tuple(fc.nat(60), fc.boolean()).map(([which, allow]) => new Answer(which, allow)),
      fc.tuple(fc.nat(60), fc.constantFrom('same', 'same', 'amount', 'session', 'verdict')).map(([which, other]) => new Use(which, other as 'same')),
      fc.oneof(fc.integer({ min: 0, max: 3 * MINUTE_MS }), fc.constantFrom(WAIT_MS - 1, WAIT_MS, KEPT_MS)).map((ms) => new Pass(ms)),
    ],
    { maxCommands: 120, size: 'max' },
  );
  fc.assert(
    fc.property(commands, (run) => {
      const desk = new Desk(law);
      const sessions = [desk.open('a'), desk.open('b')];
      for (const [key, fact] of desk.state.facts) if (fact.is === 'session') desk.state.facts.set(key, { ...fact, due_ms: SMALL_START_MS * 2 });
      fc.modelRun(() => ({ model: new Model(), real: { desk, sessions } }), run);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});
