/** Circuit breakers as state (D-11, D-12), by tables: what happens, what the rule says to it, how its breaker stands then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, Desk, HOUR_MS, MINUTE_MS, ruleText, SMALL_KEY, said, smallConstitution, smallGenesis } from '../../sim/small-law.ts';
import { type Octets, octets } from '../base/bytes.ts';
import { decode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { lawOf } from '../law/law.ts';
import type { Receipt } from './receipt.ts';
import { standingOf } from './state.ts';

const SECOND_MS = 1_000;
/** Divided by 0 it is an error, below 1 it is false. */
const rule = (...more: readonly string[]): string =>
  ruleText('r', 'args.n / args.d > 0', 'inputs: { args.n: int, args.d: int }', 'otherwise: escalate', ...more);
const LIMITED = rule('breaker: { faults: 3, window: 10s, open: 30s, probes: 2 }');
const CALLS = { good: { n: 1, d: 1 }, no: { n: 0, d: 1 }, bad: { n: 1, d: 0 } } as const;

type Step = readonly [pass_ms: number, what: keyof typeof CALLS | 'trip' | 'look' | 'ask', said: string, breaker: string];

/** Plays the steps in blocks of their own; what each came to. */
function play(desk: Desk, steps: readonly Step[]): Step[] {
  return steps.map(([pass_ms, what]) => {
    if (pass_ms > 0) desk.pass(pass_ms);
    let answer = '';
    if (what === 'trip') answer = said(desk.trip('r'));
    else if (what !== 'look') {
      const result = desk.decide(desk.open(), 'balance', CALLS[what === 'ask' ? 'bad' : what], { permit: what !== 'ask' }) as Receipt;
      answer = result.reasons[0]?.cause ?? 'passed';
    }
    return [pass_ms, what, answer, standingOf(desk.state, 'r').breaker];
  });
}

const TABLES: Readonly<Record<string, readonly Step[]>> = {
  'faults within the window open it, answers do not count': [
    [0, 'bad', 'fault', 'closed'],
    [1_000, 'no', 'failed', 'closed'],
    [1_000, 'good', 'passed', 'closed'],
    [1_000, 'bad', 'fault', 'closed'],
    [1_000, 'bad', 'fault', 'open'],
    [1_000, 'bad', 'breaker', 'open'],
    [1_000, 'good', 'breaker', 'open'],
  ],
  'the window moves': [
    [0, 'bad', 'fault', 'closed'],
    [6_000, 'bad', 'fault', 'closed'],
    [4_000, 'bad', 'fault', 'closed'],
    [6_000, 'bad', 'fault', 'closed'],
    [3_999, 'bad', 'fault', 'open'],
  ],
  'good probes close it': [
    [0, 'bad', 'fault', 'closed'],
    [0, 'bad', 'fault', 'closed'],
    [0, 'bad', 'fault', 'open'],
    [30 * SECOND_MS, 'look', '', 'half_open'],
    [0, 'good', 'passed', 'half_open'],
    [HOUR_MS, 'no', 'failed', 'closed'],
    [0, 'bad', 'fault', 'closed'],
    [0, 'bad', 'fault', 'closed'],
    [0, 'bad', 'fault', 'open'],
    [30 * SECOND_MS, 'look', '', 'half_open'],
  ],
  'a bad probe opens it for twice as long, at most a day': [
    [0, 'bad', 'fault', 'closed'],
    [0, 'bad', 'fault', 'closed'],
    [0, 'bad', 'fault', 'open'],
    [30 * SECOND_MS, 'good', 'passed', 'half_open'],
    [0, 'bad', 'fault', 'open'],
    [60 * SECOND_MS - 1, 'look', '', 'open'],
    [1, 'bad', 'fault', 'open'],
    [120 * SECOND_MS - 1, 'look', '', 'open'],
    [1, 'bad', 'fault', 'open'],
    ...[4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048].map((times): Step => [times * 60 * SECOND_MS, 'bad', 'fault', 'open']),
    [DAY_MS - 1, 'look', '', 'open'],
    [1, 'bad', 'fault', 'open'],
    [DAY_MS, 'look', '', 'half_open'],
  ],
  'a half-open one that nothing asks closes': [
    [0, 'trip', 'none', 'open'],
    [30 * SECOND_MS, 'look', '', 'half_open'],
    [DAY_MS - 1, 'look', '', 'half_open'],
    [1, 'look', '', 'closed'],
  ],
  'a trip opens it, again when half-open, and starts the time again when open': [
    [0, 'trip', 'none', 'open'],
    [29 * SECOND_MS, 'trip', 'none', 'open'],
    [29 * SECOND_MS, 'look', '', 'open'],
    [1_000, 'look', '', 'half_open'],
    [0, 'trip', 'none', 'open'],
    [59 * SECOND_MS, 'look', '', 'open'],
    [1_000, 'look', '', 'half_open'],
  ],
  'a verdict alone is judged and counts nothing (D-10)': [
    [0, 'ask', 'fault', 'closed'],
    [0, 'ask', 'fault', 'closed'],
    [0, 'ask', 'fault', 'closed'],
    [0, 'trip', 'none', 'open'],
    [0, 'ask', 'breaker', 'open'],
    [30 * SECOND_MS, 'ask', 'fault', 'half_open'],
    [0, 'good', 'passed', 'half_open'],
    [0, 'ask', 'fault', 'half_open'],
    [0, 'good', 'passed', 'closed'],
  ],
};

for (const [name, steps] of Object.entries(TABLES)) {
  test(`D-11: ${name}`, () => {
    const desk = new Desk({ rules: [LIMITED] });
    assert.deepEqual(play(desk, steps), steps);
  });
}

test('D-11: without limits faults open nothing, and what a trip opened closes after a minute', () => {
  const desk = new Desk({ rules: [rule()] });
  const steps: readonly Step[] = [
    ...Array.from({ length: 70 }, (): Step => [0, 'bad', 'fault', 'closed']),
    [0, 'trip', 'none', 'open'],
    [MINUTE_MS - 1, 'bad', 'breaker', 'open'],
    [1, 'bad', 'fault', 'closed'],
  ];
  assert.deepEqual(play(desk, steps), steps);
  assert.deepEqual(
    [...desk.state.facts.keys()].filter((key) => 'bfot'.includes(key[0])),
    [],
  );
});

test('D-11: it opens within its block, between two decisions', () => {
  const desk = new Desk({ rules: [LIMITED] });
  const session = desk.open();
  const causes: string[] = [];
  const output = desk.block(() => {
    for (let i = 0; i < 5; i++) causes.push((desk.decide(session, 'balance', CALLS.bad) as Receipt).reasons[0].cause);
  });
  assert.deepEqual(causes, ['fault', 'fault', 'fault', 'breaker', 'breaker']);
  assert.deepEqual(output.events, [{ type: 'breaker.opened', id: 'r' }]);
  assert.deepEqual(decode(output.witnesses[4] as Uint8Array), { 'breaker.r': true });
  assert.deepEqual(desk.pass(30 * SECOND_MS).events, [{ type: 'breaker.half_open', id: 'r' }]);
  desk.decide(session, 'balance', CALLS.good);
  desk.decide(session, 'balance', CALLS.good);
  assert.deepEqual(desk.last?.events, [{ type: 'breaker.closed', id: 'r' }]);
  assert.equal(desk.state.stopped, 0);
});

test('D-11: a decision that is refused counts nothing', () => {
  const desk = new Desk({ rules: [LIMITED, ruleText('sum', 'agent.sum("money.amount", "1h") < 100', 'scope: all', 'on_fault: escalate')], default: 'allow' });
  const session = desk.open();
  for (let i = 0; i < 10; i++) {
    const result = desk.decide(session, 'balance', CALLS.bad, { valid_until_ms: desk.now_ms - 1 });
    assert.equal(said(result), 'transaction_expired');
  }
  assert.equal(standingOf(desk.state, 'r').breaker, 'closed');
});

test('D-11: another rule goes on while one is open', () => {
  const desk = new Desk({ rules: [LIMITED, ruleText('other', 'args.n == 1', 'inputs: { args.n: int }', 'grants: true')] });
  const session = desk.open();
  for (let i = 0; i < 3; i++) desk.decide(session, 'balance', CALLS.bad);
  const receipt = desk.decide(session, 'balance', CALLS.good) as Receipt;
  assert.deepEqual(
    [receipt.verdict, receipt.gas, receipt.reasons],
    ['deny', desk.law.rules[1].gas, [{ rule: 'r', answer: 'deny', cause: 'breaker', mode: 'enforce', values: [] }]],
  );
});

/** A network of validators with these weights and one key; p0, p1, … */
function council(weights: readonly number[]): { desk: Desk; validator: (i: number) => Octets } {
  const validator = (i: number): Octets => octets(new Uint8Array(32).fill(i + 1));
  const validators = weights.map((weight, i) => ({ principal: validator(i), name: `p${i}`, suite: 1, public: SMALL_KEY.public, weight }));
  const genesis = smallGenesis({}, { sequencer: 'comet', validators, constitution: smallConstitution({ rules: [LIMITED] }) });
  return { desk: new Desk(lawOf(genesis)), validator };
}

test('D-12: trips of more than a third of the weight together open the breaker', () => {
  const table: readonly (readonly [weights: readonly number[], trips: readonly (readonly [pass_ms: number, validator: number])[], breaker: string])[] = [
    [[1, 1, 1], [[0, 0]], 'closed'],
    [[2, 1, 1], [[0, 0]], 'open'],
    [
      [1, 1, 1],
      [
        [0, 0],
        [0, 1],
      ],
      'open',
    ],
    [
      [1, 1, 1],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      'closed',
    ],
    [
      [1, 1, 1],
      [
        [0, 0],
        [MINUTE_MS - 1, 1],
      ],
      'open',
    ],
    [
      [1, 1, 1],
      [
        [0, 0],
        [MINUTE_MS, 1],
      ],
      'closed',
    ],
    [
      [1, 1, 1],
      [
        [0, 0],
        [40_000, 0],
        [40_000, 1],
      ],
      'open',
    ],
    [
      [1, 1, 1, 1, 1, 1, 1],
      [
        [0, 0],
        [0, 1],
      ],
      'closed',
    ],
    [
      [1, 1, 1, 1, 1, 1, 1],
      [
        [0, 6],
        [0, 3],
        [0, 5],
      ],
      'open',
    ],
    [
      [1, 1, 1, 1, 1, 1, 1],
      [
        [0, 0],
        [30_000, 1],
        [30_000, 2],
      ],
      'closed',
    ],
  ];
  for (const [weights, trips, breaker] of table) {
    const { desk, validator } = council(weights);
    for (const [pass_ms, i] of trips) {
      desk.pass(pass_ms);
      assert.equal(said(desk.signed(5, { rule: 'r' }, validator(i))), 'none');
    }
    assert.equal(standingOf(desk.state, 'r').breaker, breaker, JSON.stringify([weights, trips]));
    desk.pass(2 * DAY_MS);
    desk.pass(2 * DAY_MS);
    assert.deepEqual(
      [...desk.state.facts.keys()].filter((key) => key[0] !== 'q'),
      [],
      'all of it is forgotten',
    );
  }
});

test('D-12: what tripped it is used up, and what follows while it is open does not make it longer', () => {
  const { desk, validator } = council([1, 1, 1, 1, 1, 1]);
  for (const i of [0, 1, 2, 3, 4, 5]) desk.signed(5, { rule: 'r' }, validator(i));
  assert.equal(standingOf(desk.state, 'r').until_ms, desk.now_ms + 30 * SECOND_MS);
  desk.pass(30 * SECOND_MS);
  for (const i of [0, 2]) desk.signed(5, { rule: 'r' }, validator(i));
  assert.equal(standingOf(desk.state, 'r').breaker, 'half_open', 'two of six are no more than a third');
});

test('D-12: a rule that is not in force cannot be tripped', () => {
  const result = new Desk({ rules: [LIMITED] }).trip('nobody');
  assert.ok(result instanceof Fault && result.slug === 'rule_unknown');
});
