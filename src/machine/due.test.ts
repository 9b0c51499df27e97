/** The due queue and what drains from it (Y-5): order, bound, stale items. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { DAY_MS, Desk, HOUR_MS, MINUTE_MS, permitOf, ruleText, said } from '../../sim/small-law.ts';
import { BLOCK_DUE_MAX } from '../base/limit.ts';
import { BlockBuilder } from './apply.ts';
import { DueQueue } from './due.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 11);
console.log(`seed ${SEED}`);

test('items come by time, then by key; those of time 0 never', () => {
  const random = new Random(SEED);
  for (let round = 0; round < 50; round++) {
    const queue = new DueQueue();
    const all: [number, string][] = [];
    for (let i = 0; i < random.below(200); i++) {
      const item: [number, string] = [random.below(20), random.octets(2)];
      queue.push(...item);
      if (item[0] !== 0) all.push(item);
    }
    all.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
    const half = 10;
    const due = all.filter(([due_ms]) => due_ms <= half);
    for (const [due_ms, key] of due) {
      assert.equal(queue.next(), due_ms);
      assert.deepEqual(queue.pop(half), { due_ms, key });
    }
    assert.equal(queue.pop(half), undefined);
    assert.equal(queue.next(), all[due.length]?.[0]);
  }
});

test('a builder that is dropped takes nothing out of the queue', () => {
  const desk = new Desk({});
  const permit = permitOf(desk.decide(desk.open(), 'balance'));
  desk.now_ms += 10 * MINUTE_MS;
  for (let i = 0; i < 3; i++) assert.equal(new BlockBuilder(desk.state, desk.now_ms).close().events.length, 1);
  assert.equal(desk.pass(0).events.length, 1);
  assert.equal(said(desk.outcome(permit)), 'permit_expired');
});

test('a block drains at most 1,000; the rest follows in order', () => {
  const desk = new Desk({});
  for (let block = 0; block < 5; block++) {
    desk.now_ms += 1;
    desk.block(() => {
      for (let i = 0; i < 500; i++) desk.open();
    });
  }
  desk.now_ms += DAY_MS;
  const seen: string[] = [];
  const counts: number[] = [];
  for (;;) {
    const builder = new BlockBuilder(desk.state, desk.now_ms);
    if (builder.empty) break;
    const { events } = desk.pass(0);
    counts.push(events.length);
    seen.push(...events.map((event) => event.id));
  }
  assert.deepEqual(counts, [BLOCK_DUE_MAX, BLOCK_DUE_MAX, 500]);
  assert.equal(new Set(seen).size, 2_500);
  for (let block = 0; block < 5; block++) {
    const part = seen.slice(500 * block, 500 * block + 500);
    assert.deepEqual([...part].sort(), part, 'one moment, by key');
  }
});

test('stale items count as nothing', () => {
  const desk = new Desk({ rules: [ruleText('s', 'agent.sum("money.amount", "1h") >= 0', 'scope: facet.money')] });
  const session = desk.open();
  // each outcome moves its permit, each payment its sum
  for (let i = 0; i < 40; i++) {
    desk.now_ms += MINUTE_MS;
    desk.outcome(permitOf(desk.decide(session, 'pay', { to: 'a', amount: 1 })), i % 2 === 0);
  }
  desk.now_ms += 30 * MINUTE_MS;
  const { events, facts } = desk.pass(0);
  assert.deepEqual(events, []);
  assert.ok(
    [...facts.values()].every((fact) => fact === null),
    'closed permits are forgotten, the sum stays',
  );
  assert.ok([...desk.state.facts.values()].some((fact) => fact.is === 'sum'));
  desk.pass(3 * HOUR_MS);
  assert.ok(![...desk.state.facts.values()].some((fact) => fact.is === 'sum' || fact.is === 'permit'));
});

test('a sum that ends in the block in which its permit expires', () => {
  const desk = new Desk({ rules: [ruleText('s', 'agent.sum("money.amount", "5m") + money.amount <= 100', 'scope: facet.money')] });
  const session = desk.open();
  permitOf(desk.decide(session, 'pay', { to: 'a', amount: 1 }));
  assert.equal(said(desk.decide(session, 'pay', { to: 'a', amount: 1 })), 'deny');
  desk.now_ms += 10 * MINUTE_MS;
  const verdicts: string[] = [];
  const { events } = desk.block(() => {
    verdicts.push(said(desk.decide(session, 'pay', { to: 'a', amount: 1 })));
    verdicts.push(said(desk.decide(session, 'pay', { to: 'a', amount: 1 })));
  });
  assert.deepEqual([events.map((event) => event.type), verdicts], [['permit.expired'], ['allow', 'deny']]);
});

test('facts that move all the time keep one item each', () => {
  const desk = new Desk({ rules: [ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 500000', 'scope: facet.money')] });
  const session = desk.open();
  for (let i = 0; i < 200; i++) {
    desk.now_ms += 1;
    desk.outcome(permitOf(desk.decide(session, 'pay', { to: 'a', amount: 1 })));
  }
  assert.ok(desk.state.due.size <= desk.state.facts.size, `${desk.state.due.size} items for ${desk.state.facts.size} facts`);
  const { time_ms } = desk.state;
  assert.equal(desk.pass(3 * 86_400_000).events.filter((event) => event.type === 'session.expired').length, 1);
  assert.deepEqual(
    [...desk.state.facts.values()].map((fact) => fact.is),
    ['sequence'],
    `all that stood at ${time_ms} has ended`,
  );
});
