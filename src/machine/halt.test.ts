/** Halts of a rule (D-13): they stop it, fail closed, and end by themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, Desk, HOUR_MS, MINUTE_MS, ruleText, SMALL_KEY, said, smallConstitution, smallGenesis } from '../../sim/small-law.ts';
import { decode } from '../base/cbor.ts';
import { lawOf } from '../law/law.ts';
import type { Receipt } from './receipt.ts';
import { standingOf } from './state.ts';
import { KIND } from './transaction.ts';

const PASS = 'now_ms > 0';

test('D-13: a halted rule denies without running, whatever its on_fault, until the halt ends', () => {
  const desk = new Desk({ rules: [ruleText('r', PASS, 'on_fault: escalate'), ruleText('other', `${PASS} && now_ms > 1`)] });
  const session = desk.open();
  assert.equal(said(desk.decide(session, 'balance')), 'allow');
  assert.equal(said(desk.halt('r', HOUR_MS, 'it lets everything pass')), 'none');
  const receipt = desk.decide(session, 'balance') as Receipt;
  assert.deepEqual(
    [receipt.verdict, receipt.gas, receipt.reasons],
    ['deny', desk.law.rules[1].gas, [{ rule: 'r', answer: 'deny', cause: 'halt', mode: 'enforce', values: [] }]],
  );
  assert.deepEqual(decode(desk.last?.witnesses[0] as Uint8Array), { 'halt.r': true });
  assert.equal(standingOf(desk.state, 'r').halt?.reason, 'it lets everything pass');
  desk.pass(HOUR_MS - 1);
  assert.equal(said(desk.decide(session, 'balance')), 'deny');
  assert.deepEqual(desk.pass(1).events, [{ type: 'halt.ended', id: 'r' }]);
  assert.equal(said(desk.decide(session, 'balance')), 'allow');
  assert.equal(desk.state.stopped, 0);
});

test('D-13: a rule that only observes is halted without binding', () => {
  const desk = new Desk({ rules: [ruleText('r', PASS, 'mode: observe')] });
  const session = desk.open();
  desk.halt('r', HOUR_MS);
  const receipt = desk.decide(session, 'balance') as Receipt;
  assert.deepEqual([receipt.verdict, receipt.enforced, receipt.reasons[0].cause], ['allow', false, 'halt']);
});

test('D-13: a halt comes before an open breaker and leaves it alone', () => {
  const desk = new Desk({ rules: [ruleText('r', PASS, 'on_fault: escalate')] });
  const session = desk.open();
  const cause = (): string => (desk.decide(session, 'balance') as Receipt).reasons[0]?.cause ?? 'passed';
  desk.trip('r');
  desk.halt('r', HOUR_MS);
  assert.equal(cause(), 'halt');
  assert.equal(said(desk.resume('r')), 'none');
  assert.equal(cause(), 'breaker');
  desk.pass(MINUTE_MS);
  assert.equal(cause(), 'passed');
});

test('D-13: what is refused', () => {
  const rules = [ruleText('r', PASS)];
  const solo = new Desk({ rules });
  const table: readonly (readonly [string, () => unknown, string])[] = [
    ['an hour', () => solo.halt('r', HOUR_MS), 'none'],
    ['another end in its place', () => solo.halt('r', MINUTE_MS), 'none'],
    ['thirty days', () => solo.halt('r', 30 * DAY_MS), 'none'],
    ['more than thirty days', () => solo.halt('r', 30 * DAY_MS + 1), 'halt_span'],
    ['an end that has passed', () => solo.halt('r', 0), 'halt_span'],
    ['a rule that is not in force', () => solo.halt('nobody', HOUR_MS), 'rule_unknown'],
    ['unsigned', () => solo.apply(solo.make(KIND.rule_halt, { rule: 'r', until_ms: solo.now_ms + 1, reason: '' }, null)), 'signature_invalid'],
    ['an unsigned end', () => solo.apply(solo.make(KIND.rule_resume, { rule: 'r' }, null)), 'signature_invalid'],
    ['its end', () => solo.resume('r'), 'none'],
    ['a second end', () => solo.resume('r'), 'halt_unknown'],
    ['the end of nothing', () => solo.resume('nobody'), 'rule_unknown'],
  ];
  for (const [name, run, expected] of table) assert.equal(said(run() as Receipt), expected, name);
  const validators = [1, 2].map((weight) => ({ principal: `${weight}`.repeat(32), name: `p${weight}`, suite: 1, public: SMALL_KEY.public, weight }));
  const two = new Desk(lawOf(smallGenesis({}, { sequencer: 'comet', validators, constitution: smallConstitution({ rules }) })));
  const halt = { rule: 'r', until_ms: two.now_ms + HOUR_MS, reason: '' };
  assert.equal(said(two.signed(KIND.rule_halt, halt, '1'.repeat(32))), 'weight_short', 'one of three');
  assert.equal(said(two.signed(KIND.rule_halt, halt, '2'.repeat(32))), 'none', 'two of three');
  assert.equal(said(two.signed(KIND.rule_resume, { rule: 'r' }, '1'.repeat(32))), 'weight_short');
  assert.equal(standingOf(two.state, 'r').halt?.by, '2'.repeat(32));
});

test('D-13: a halt that is refused changes nothing', () => {
  const desk = new Desk({ rules: [ruleText('r', PASS)] });
  const before = desk.state.facts.size;
  desk.halt('r', 0);
  desk.halt('nobody', HOUR_MS);
  assert.deepEqual([desk.state.facts.size, desk.last?.events, desk.last?.entries], [before, [], []]);
});
