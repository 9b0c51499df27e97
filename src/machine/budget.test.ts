/** Budgets: calls, tokens, time and money reserve when a call is allowed and settle when it is done; repeats of a call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, HOUR_MS, MINUTE_MS, permitOf, ruleText, said } from '../../sim/small-law.ts';
import { PERMIT_MS } from './permit.ts';

test('Y-6: a rate limit counts calls, whatever becomes of them', () => {
  const desk = new Desk({ rules: [ruleText('rate', 'agent.sum("calls", "1m") < 3')] });
  const session = desk.open();
  const call = (): string => said(desk.decide(session, 'balance'));
  const first = desk.decide(session, 'balance');
  desk.outcome(permitOf(first), false);
  assert.deepEqual([call(), call(), call()], ['allow', 'allow', 'deny'], 'what failed was a call too');
  assert.equal(said(desk.decide(session, 'balance', {}, { permit: false })), 'deny');
  assert.equal(said(desk.decide(desk.open('agent'), 'balance')), 'deny', 'another session of the agent');
  assert.equal(said(desk.decide(desk.open('other'), 'balance')), 'allow');
  desk.now_ms += MINUTE_MS + 1_000;
  assert.equal(call(), 'allow', 'the window has moved on');
  desk.pass(PERMIT_MS);
  assert.equal(call(), 'allow', 'an expired permit was a call, long ago');
});

test('Y-6: a sum of the session is its own', () => {
  const desk = new Desk({ rules: [ruleText('task', 'session.sum("calls", "24h") < 2 && agent.sum("calls", "24h") < 5')] });
  const [one, two, three] = [desk.open(), desk.open(), desk.open()];
  const calls = [one, one, one, two, two, three, three].map((session) => said(desk.decide(session, 'balance')));
  assert.deepEqual(calls, ['allow', 'allow', 'deny', 'allow', 'allow', 'allow', 'deny']);
});

test('Y-6: tokens are reserved as the caller expects, and settled at what they came to', () => {
  const rule = ruleText('tokens', 'agent.sum("tokens", "24h") + context.tokens <= 1000', 'inputs: { context.tokens: int }');
  const desk = new Desk({ rules: [rule] });
  const session = desk.open();
  const call = (tokens: number): ReturnType<Desk['decide']> => desk.decide(session, 'balance', {}, { context: { tokens } });
  const first = permitOf(call(600));
  assert.equal(said(call(600)), 'deny', 'reserved');
  assert.equal(said(desk.settled(first, { tokens: 100, 'money.amount': 5 })), 'none', 'a path that nothing sums is of no account');
  const second = permitOf(call(900));
  assert.equal(said(call(1)), 'deny');
  assert.equal(said(desk.settled(second, { tokens: -1 })), 'request_shape');
  desk.settled(second, { tokens: 300 }, false);
  const third = permitOf(call(600));
  desk.settled(third, { tokens: 5_000 });
  assert.equal(said(call(0)), 'deny', 'what came to more counts in full');
  assert.equal(said(desk.settled(third, { tokens: 0 })), 'permit_used', 'once');
});

test('Y-6: time settles at what passed between the blocks, also of a call that failed', () => {
  const desk = new Desk({ rules: [ruleText('time', 'agent.sum("time_ms", "24h") < 60000')] });
  const session = desk.open();
  const spend = (ms: number, ok: boolean): string => {
    const got = desk.decide(session, 'balance');
    if (said(got) !== 'allow') return said(got);
    desk.now_ms += ms;
    return said(desk.outcome(permitOf(got), ok));
  };
  assert.deepEqual([spend(30_000, true), spend(29_999, false), spend(10_000, true), spend(1, true)], ['none', 'none', 'none', 'deny']);
  desk.now_ms += 25 * HOUR_MS;
  const renewed = new Desk({ rules: [ruleText('time', 'agent.sum("time_ms", "24h") < 60000')] });
  const other = renewed.open();
  for (let i = 0; i < 3; i++) permitOf(renewed.decide(other, 'balance', {}, { context: { time_ms: 20_000 } }));
  assert.equal(said(renewed.decide(other, 'balance')), 'deny', 'what callers expect of their time is reserved');
  renewed.pass(PERMIT_MS);
  assert.equal(said(renewed.decide(other, 'balance')), 'allow', 'expired: given back');
});

test('Y-6: money settles at what was paid', () => {
  const desk = new Desk({ rules: [ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 1000', 'scope: facet.money')] });
  const session = desk.open();
  const pay = (amount: number): ReturnType<Desk['decide']> => desk.decide(session, 'pay', { to: 'a', amount });
  const first = permitOf(pay(10));
  assert.equal(said(pay(1)), 'deny');
  desk.settled(first, { 'money.amount': 250 });
  assert.equal(said(pay(7.5)), 'allow');
  assert.equal(said(pay(0.01)), 'deny');
});

test('D-2: repeats of the same call among the last 16', () => {
  const desk = new Desk({ rules: [ruleText('loops', 'session.repeats < 2', 'otherwise: escalate')] });
  const session = desk.open();
  const call = (n: number, permit = true): string => said(desk.decide(session, 'balance', { n }, { permit }));
  assert.deepEqual(
    [call(1), call(2), call(1), call(1, false), call(2), call(2), call(3)],
    ['allow', 'allow', 'allow', 'escalate', 'allow', 'escalate', 'allow'],
  );
  for (let n = 10; n < 24; n++) assert.equal(call(n), 'allow');
  assert.equal(call(1), 'allow', 'forgotten after 16 others');
  assert.equal(said(desk.decide(desk.open(), 'balance', { n: 2 })), 'allow', 'of this session');
  const plain = new Desk({ rules: [] });
  const quiet = plain.open();
  plain.decide(quiet, 'balance');
  const [fact] = [...plain.state.facts.values()].filter(({ is }) => is === 'session');
  assert.equal('recent' in fact && fact.recent, '', 'nobody asks: nothing is kept');
});
