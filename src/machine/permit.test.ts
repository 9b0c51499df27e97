/** Tables of permits (Y-4) and sums (Y-6): used once, expiry, reserve, settle, release, the edges of a window. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, Desk, HOUR_MS, MINUTE_MS, permitOf, ruleText, SMALL_START_MS, said } from '../../sim/small-law.ts';
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { SumInput } from '../law/sum-input.ts';
import { Overlay } from './overlay.ts';
import { readSum, reserve, widthOf } from './sum.ts';

const limit = (window: string, most: number): string =>
  ruleText(`limit-${window}`, `agent.sum("money.amount", "${window}") + money.amount <= ${most}`, 'scope: facet.money');
const PERMIT_MS = 10 * MINUTE_MS;

test('a permit is used once, within ten minutes, remembered until then, and an hour once expired', () => {
  const table: readonly [string, number, readonly (readonly [number, string])[]][] = [
    [
      'at once, then again',
      0,
      [
        [0, 'none'],
        [0, 'permit_used'],
        [PERMIT_MS - 1, 'permit_used'],
        [1, 'permit_unknown'],
      ],
    ],
    [
      'in the last millisecond',
      0,
      [
        [PERMIT_MS - 1, 'none'],
        [0, 'permit_used'],
      ],
    ],
    [
      'at its end',
      0,
      [
        [PERMIT_MS, 'permit_expired'],
        [HOUR_MS - 1, 'permit_expired'],
        [1, 'permit_unknown'],
      ],
    ],
  ];
  for (const [name, start_ms, steps] of table) {
    const desk = new Desk({});
    desk.pass(start_ms);
    const permit = permitOf(desk.decide(desk.open(), 'balance'));
    for (const [passed_ms, expected] of steps) {
      desk.now_ms += passed_ms;
      assert.equal(said(desk.outcome(permit)), expected, `${name}, after ${passed_ms} more`);
    }
  }
  assert.equal(said(new Desk({}).outcome('x'.repeat(16))), 'permit_unknown');
});

test('an expired permit is refused even where the drain has not come to it', () => {
  const desk = new Desk({});
  const session = desk.open();
  const permits: Octets[] = [];
  desk.block(() => {
    for (let i = 0; i < 512; i++) permits.push(permitOf(desk.decide(session, 'balance')));
  });
  desk.block(() => {
    for (let i = 0; i < 512; i++) permits.push(permitOf(desk.decide(session, 'balance')));
  });
  desk.now_ms += PERMIT_MS;
  let refused = 0;
  const { events } = desk.block(() => {
    for (const permit of permits) if (said(desk.outcome(permit)) === 'permit_expired') refused += 1;
  });
  assert.deepEqual([events.length, refused], [1_000, 1_024], 'a block drains 1,000');
  assert.equal(desk.pass(0).events.length, 24);
  assert.equal(desk.pass(0).events.length, 0);
});

test('reserve at allow, settle by an outcome, release by failure and by expiry', () => {
  const desk = new Desk({ rules: [limit('24h', 1_000)] });
  const session = desk.open();
  const pay = (amount: number): ReturnType<Desk['decide']> => desk.decide(session, 'pay', { to: 'a', amount });
  const failed = permitOf(pay(6));
  assert.equal(said(pay(5)), 'deny', 'reserved');
  const kept = permitOf(pay(4));
  desk.outcome(failed, false);
  const expired = permitOf(pay(6));
  desk.outcome(kept, true);
  assert.equal(said(pay(0.01)), 'deny', 'settled counts');
  desk.now_ms += PERMIT_MS - 1;
  assert.equal(said(pay(6)), 'deny');
  desk.now_ms += 1;
  const again = permitOf(pay(6));
  assert.equal(said(desk.outcome(expired)), 'permit_expired');
  desk.outcome(again, true);
  assert.equal(said(pay(0.01)), 'deny', 'an expired permit releases once');
});

test('100 parallel calls cannot pass one limit', () => {
  const desk = new Desk({ rules: [limit('24h', 1_000)] });
  const sessions = Array.from({ length: 4 }, () => desk.open());
  let allowed = 0;
  desk.block(() => {
    for (let i = 0; i < 100; i++) if (said(desk.decide(sessions[i % 4], 'pay', { to: 'a', amount: 3 })) === 'allow') allowed += 1;
  });
  assert.equal(allowed, 3, '3 × 300 of 1,000');
  const other = desk.open('other');
  assert.equal(said(desk.decide(other, 'pay', { to: 'a', amount: 3 })), 'allow', "another agent's sum is another");
});

test('an amount counts until all of its part is older than the window', () => {
  const window_ms = HOUR_MS;
  const width_ms = widthOf(window_ms);
  const desk = new Desk({ rules: [limit('1h', 100)] });
  const session = desk.open();
  const first_ms = SMALL_START_MS;
  const start_ms = first_ms - (first_ms % width_ms);
  desk.outcome(permitOf(desk.decide(session, 'pay', { to: 'a', amount: 1 })), true);
  for (const [at_ms, verdict] of [
    [first_ms + window_ms - 1, 'deny'],
    [start_ms + width_ms + window_ms - 1, 'deny'],
    [start_ms + width_ms + window_ms, 'allow'],
  ] as const) {
    desk.now_ms = at_ms;
    assert.equal(said(desk.decide(session, 'pay', { to: 'a', amount: 1 }, { permit: false })), verdict, `${at_ms - first_ms} ms later`);
  }
});

test('windows of one, sixty-three, sixty-four and more milliseconds', () => {
  for (const [window_ms, width_ms] of [
    [1, 1],
    [63, 1],
    [64, 1],
    [65, 2],
    [DAY_MS, 1_350_000],
    [366 * DAY_MS, 494_100_000],
  ])
    assert.equal(widthOf(window_ms), width_ms);
});

test('a sum keeps at most 66 parts, and never counts too little', () => {
  const input: SumInput = { whose: 'agent', key: 'sum(money.amount,6400)', path: ['money', 'amount'], window_ms: 6_400 };
  const payer = { agent: 'a', session: 's'.repeat(16) };
  const overlay = new Overlay(new Map());
  for (let now_ms = 1_000_000; now_ms < 1_020_000; now_ms += 37) {
    reserve(overlay, payer, input, now_ms, 1n);
    overlay.keep();
    const exact = BigInt(Math.min(Math.floor((now_ms - 1_000_000) / 37) + 1, Math.floor(6_400 / 37) + 1));
    const counted = readSum(overlay, payer, input, now_ms);
    assert.ok(counted >= exact && counted <= exact + 4n, `${counted} of ${exact}`);
    for (const fact of overlay.block.values()) assert.ok(fact?.is === 'sum' && fact.buckets.length <= 66);
  }
});

test('a sum that cannot count more refuses the call, and the machine goes on', () => {
  const desk = new Desk({ rules: [ruleText('read', 'agent.sum("money.amount", "24h") >= 0', 'scope: facet.money')] });
  const session = desk.open();
  const got: string[] = [];
  desk.block(() => {
    for (let i = 0; i < 10; i++) got.push(said(desk.decide(session, 'pay', { to: 'a', amount: '90071992547409.91' })));
  });
  assert.deepEqual(got, [...Array.from({ length: 8 }, () => 'allow'), 'sum_full', 'sum_full']);
  assert.equal(said(desk.decide(session, 'pay', { to: 'a', amount: 0 })), 'allow');
});

test('several windows of one amount reserve each their own', () => {
  const desk = new Desk({ rules: [limit('1h', 500), limit('24h', 800)] });
  let session = desk.open();
  const pay = (amount: number): string => {
    const result = desk.decide(session, 'pay', { to: 'a', amount });
    if (!(result instanceof Fault) && result.permit !== null) desk.outcome(result.permit, true);
    return said(result);
  };
  assert.deepEqual([pay(5), pay(1)], ['allow', 'deny']);
  desk.now_ms += 2 * HOUR_MS;
  assert.deepEqual([pay(3), pay(1)], ['allow', 'deny']);
  desk.now_ms += 25 * HOUR_MS;
  session = desk.open();
  assert.equal(pay(5), 'allow');
});
