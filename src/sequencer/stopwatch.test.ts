/** Rules by the clock: an overrun never changes a verdict, and trips the breaker of the rule whose it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleText, SMALL_KEY, SMALL_PRINCIPAL, SMALL_START_MS, smallGenesis } from '../../sim/small-law.ts';
import type { Octets } from '../base/bytes.ts';
import { sign } from '../crypto/suite.ts';
import { type Law, lawOf } from '../law/law.ts';
import type { BlockOutput } from '../machine/apply.ts';
import type { Receipt } from '../machine/receipt.ts';
import { initialState, standingOf } from '../machine/state.ts';
import { compose, KIND } from '../machine/transaction.ts';
import { Edge } from './edge.ts';
import { Solo } from './solo.ts';

/** A solo that works at once, and a clock that each rule moves by what `slow` says. */
class Bench {
  readonly law: Law;
  readonly solo: Solo;
  readonly edge: Edge;
  readonly slow: Record<string, number> = {};
  /** Instead, for the next runs. */
  readonly paused: number[] = [];
  readonly overruns: string[] = [];
  clock_ms = 0;
  private turns: (() => void)[] = [];

  constructor(rules: readonly string[]) {
    this.law = lawOf(smallGenesis({ rules }));
    for (const rule of this.law.rules as unknown as { name: string; instance: { judge: () => number } }[]) {
      const { instance } = rule;
      rule.instance = {
        ...instance,
        judge: () => {
          this.clock_ms += this.paused.shift() ?? this.slow[rule.name] ?? 1;
          return instance.judge();
        },
      };
    }
    this.edge = new Edge(this.law.network, SMALL_PRINCIPAL, 0);
    this.solo = new Solo({
      state: initialState(this.law.network, this.law, SMALL_START_MS),
      log: { append: (_block: BlockOutput, _signature, done) => done(null) },
      key: SMALL_KEY,
      now: () => SMALL_START_MS,
      writeBehind: () => {},
      schedule: (turn) => this.turns.push(turn),
      after: () => () => {},
      clock: () => this.clock_ms,
      overran: (rule, took_ms) => {
        this.overruns.push(`${rule} ${took_ms}`);
        const trip = compose(this.law.network, KIND.breaker_trip, SMALL_PRINCIPAL, this.overruns.length, 0, { rule }, null);
        const signature = sign(SMALL_KEY, 'tx', this.law.network, trip.tx_id);
        this.solo.submit({ ...trip, auths: [{ suite: SMALL_KEY.suite, key_id: SMALL_KEY.id, signature }] }, (fault) => assert.equal(fault, null));
      },
    });
  }

  private submit(transaction: Parameters<Solo['submit']>[0]): Receipt {
    let receipt: Receipt | null = null;
    this.solo.submit(transaction, (fault, given) => {
      assert.equal(fault, null);
      receipt = given;
    });
    while (this.turns.length > 0) this.turns.shift()?.();
    return receipt as unknown as Receipt;
  }

  open(): Octets {
    return this.submit(this.edge.openSession('a', 1)).tx_id.slice(0, 16);
  }

  decide(session: Octets): string {
    const { verdict, reasons } = this.submit(this.edge.decide(session, { kind: 'tool.call', server: null, name: 'balance' }, {}, null, true));
    return [verdict, ...reasons.map(({ rule, cause }) => `${rule} ${cause}`)].join(' ');
  }
}

const RULES = [ruleText('quick', 'now_ms > 0'), ruleText('other', 'now_ms > 1', 'limits: { timeout_ms: 100 }', 'on_fault: escalate')];

test('D-14: one overrun is the pause of a node; a second is the rule, whose breaker trips; verdicts stand', () => {
  const bench = new Bench(RULES);
  const session = bench.open();
  assert.equal(bench.decide(session), 'allow');
  bench.slow['other'] = 101;
  assert.equal(bench.decide(session), 'allow');
  assert.deepEqual(bench.overruns, []);
  assert.equal(bench.decide(session), 'allow', 'its own verdict stands');
  assert.deepEqual(bench.overruns, ['other 101']);
  assert.equal(standingOf(bench.solo.state, 'other').breaker, 'open');
  assert.equal(bench.decide(session), 'escalate other breaker');
});

test('D-14: each rule has its own limit', () => {
  const bench = new Bench(RULES);
  const session = bench.open();
  bench.slow['other'] = 99;
  bench.slow['quick'] = 50;
  for (let i = 0; i < 5; i++) assert.equal(bench.decide(session), 'allow');
  assert.deepEqual(bench.overruns, []);
  bench.slow['quick'] = 51;
  bench.decide(session);
  assert.deepEqual(bench.overruns, ['quick 51']);
});

test('D-14: a machine with other work makes no rule slow: what was slow runs once more', () => {
  const bench = new Bench([ruleText('r', 'now_ms > 0')]);
  const session = bench.open();
  for (let i = 0; i < 5; i++) {
    bench.paused.push(500);
    assert.equal(bench.decide(session), 'allow');
  }
  assert.deepEqual(bench.overruns, []);
  bench.paused.push(500, 51);
  bench.decide(session);
  assert.deepEqual(bench.overruns, ['r 51']);
});

test('D-14: a rule is reported once a minute', () => {
  const bench = new Bench([ruleText('r', 'now_ms > 0')]);
  const session = bench.open();
  bench.slow['r'] = 60;
  const { state } = bench.solo;
  const closeAgain = (): void => {
    for (const key of [...state.facts.keys()]) if (key === 'br') state.facts.delete(key);
    state.stopped = 0;
  };
  for (let i = 0; i < 4; i++) {
    bench.decide(session);
    closeAgain();
  }
  assert.equal(bench.overruns.length, 1);
  bench.clock_ms += 60_000;
  bench.decide(session);
  assert.equal(bench.overruns.length, 2);
});

test('D-14: no rule is timed where nobody is told', () => {
  const law = lawOf(smallGenesis({ rules: RULES }));
  let asked = 0;
  const solo = new Solo({
    state: initialState(law.network, law, SMALL_START_MS),
    log: { append: (_block, _signature, done) => done(null) },
    key: SMALL_KEY,
    now: () => SMALL_START_MS,
    writeBehind: () => {},
    schedule: (turn) => turn(),
    after: () => () => {},
    clock: () => asked++,
  });
  solo.submit(new Edge(law.network, SMALL_PRINCIPAL, 0).openSession('a', 1), () => {});
  assert.equal(asked, 2, 'a turn and a block');
});
