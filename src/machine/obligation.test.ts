/** Obligations in decisions: what an allowed call must meet, and the second judgement where its arguments change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvalOf, Desk, permitOf, ruleText, said } from '../../sim/small-law.ts';
import { compareReceipt, recompute } from '../audit/recompute.ts';
import type { CborMap } from '../base/cbor.ts';
import { decode } from '../base/cbor.ts';
import { decodeEntry, type Receipt } from './receipt.ts';

const SMALL = ruleText('small', 'args.amount <= 10', 'inputs: { args.amount: int }', 'scope: facet.money', 'obligations: [{ cap: args.amount, at: 10 }]');
const QUIET = ruleText('quiet', 'size(mail.body) < 5', 'scope: facet.mail', 'obligations: [{ redact: args.body, with: "..." }, { notify: owner }]');

/** The receipt; recomputed from its own bytes and its witness. */
function decided(desk: Desk, tool: string, args: CborMap, more: Parameters<Desk['decide']>[3] = {}, session = desk.open()): Receipt {
  const receipt = desk.decide(session, tool, args, more) as Receipt;
  const { entries, sidecars, witnesses, header } = desk.last as NonNullable<Desk['last']>;
  const entry = decodeEntry(entries[0], desk.law.network, sidecars[0]);
  compareReceipt(recompute(desk.law, entry, witnesses[0] === null ? null : (decode(witnesses[0]) as CborMap), header.time_ms), entry);
  return receipt;
}
const told = ({ verdict, obligations, reasons }: Receipt): unknown => [
  verdict,
  obligations.map((one) => (one as CborMap)['do']),
  reasons.map(({ rule, answer }) => `${rule} ${answer}`),
];

test('D-18: a rule that says no obliges; one that passes does not', () => {
  const desk = new Desk({ rules: [SMALL, QUIET] });
  assert.deepEqual(told(decided(desk, 'pay', { to: 'a', amount: 5 })), ['allow', [], []]);
  assert.deepEqual(told(decided(desk, 'pay', { to: 'a', amount: 50 })), ['allow', ['cap'], ['small allow']]);
  assert.deepEqual(told(decided(desk, 'mail', { to: 'a@example.org', body: 'a long text' })), ['allow', ['redact', 'notify'], ['quiet allow']]);
  assert.deepEqual(told(decided(desk, 'mail', { to: 'a@example.org', body: 'a long text' }, { permit: false })), [
    'allow',
    ['redact', 'notify'],
    ['quiet allow'],
  ]);
});

test('D-18: what is reserved is what is done', () => {
  const desk = new Desk({
    rules: [SMALL, ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 2500', 'scope: facet.money', 'otherwise: escalate')],
  });
  const session = desk.open();
  const verdicts = [50, 50, 50].map((amount) => decided(desk, 'pay', { to: 'a', amount }, {}, session).verdict);
  assert.deepEqual(verdicts, ['escalate', 'escalate', 'escalate'], 'the first judgement is of what was asked');
  const capped = new Desk({ rules: [SMALL, ruleText('day', 'agent.sum("money.amount", "24h") <= 2500', 'scope: facet.money')] });
  const other = capped.open();
  const four = [50, 50, 50, 50].map((amount) => decided(capped, 'pay', { to: 'a', amount }, {}, other).verdict);
  assert.deepEqual(four, ['allow', 'allow', 'allow', 'deny'], '3 × 10 were reserved');
});

test('D-18: the changed call is judged once more; a second change denies', () => {
  const strict = ruleText('strict', 'args.amount != 10', 'inputs: { args.amount: int }', 'scope: facet.money', 'otherwise: escalate');
  const asked = decided(new Desk({ rules: [SMALL, strict] }), 'pay', { to: 'a', amount: 50 });
  assert.deepEqual(told(asked), ['escalate', [], ['small allow', 'strict escalate']]);
  const up = ruleText('up', 'args.amount != 10', 'inputs: { args.amount: int }', 'scope: facet.money', 'obligations: [{ transform: args.amount, to: 11 }]');
  assert.deepEqual(
    told(decided(new Desk({ rules: [SMALL, up] }), 'pay', { to: 'a', amount: 50 })),
    ['deny', [], ['small allow', 'up allow']],
    'it would go on for ever',
  );
  const renamed = ruleText(
    'renamed',
    'args.path != "a"',
    'inputs: { args.path: string(64) }',
    'scope: tool.read',
    'obligations: [{ transform: args.path, to: "b" }]',
  );
  const scoped = ruleText('scoped', 'flow.gate', 'scope: facet.fs', 'mode: observe');
  const twice = decided(new Desk({ rules: [renamed, scoped] }), 'read', { path: 'a' });
  assert.deepEqual([told(twice), twice.enforced], [['allow', ['transform'], ['renamed allow', 'scoped deny']], false]);
  assert.equal(twice.gas, decided(new Desk({ rules: [renamed, scoped] }), 'read', { path: 'c' }).gas * 2, 'judged twice');
});

test('D-18: where an obligation cannot be met the call is denied; a denial and an escalation drop them', () => {
  const desk = new Desk({ rules: [SMALL] });
  const text = decided(desk, 'pay', { to: 'a', amount: '50' });
  assert.equal(text.verdict, 'deny', 'on_fault: the rule reads a number');
  const odd = ruleText('odd', 'args.n > 1', 'inputs: { args.n: int }', 'scope: tool.balance', 'obligations: [{ cap: args.text, at: 3 }]');
  assert.deepEqual(told(decided(new Desk({ rules: [odd] }), 'balance', { n: 1, text: 'x' })), ['deny', [], ['odd allow']]);
  const no = ruleText('no', 'session.calls < 0', 'scope: facet.money');
  assert.deepEqual(told(decided(new Desk({ rules: [SMALL, no] }), 'pay', { to: 'a', amount: 50 })), ['deny', [], ['small allow', 'no deny']]);
});

test('D-18: one that observes obliges to nothing; an approval leaves obligations standing', () => {
  const watch = SMALL.concat('\nmode: observe');
  assert.deepEqual(told(decided(new Desk({ rules: [watch] }), 'pay', { to: 'a', amount: 50 })), ['allow', [], ['small allow']]);
  const desk = new Desk({ rules: [SMALL, ruleText('ask', 'flow.dest_unnamed == 0', 'scope: facet.money', 'otherwise: escalate')] });
  const session = desk.open();
  const asked = desk.decide(session, 'pay', { to: 'Garage', amount: 50 });
  desk.answer(approvalOf(asked), true);
  const granted = desk.decideAgain(session, approvalOf(asked), 'pay', { to: 'Garage', amount: 50 }) as Receipt;
  assert.deepEqual(told(granted), ['allow', ['cap'], ['small allow', 'ask escalate']]);
  permitOf(granted);
});

test('D-18: with a default of deny, a rule that obliges allows', () => {
  const desk = new Desk({ rules: [QUIET], default: 'deny' });
  assert.equal(decided(desk, 'mail', { to: 'a@example.org', body: 'a long text' }).verdict, 'allow', 'the second judgement has nothing against it');
  const always = ruleText('always', 'size(mail.body) < 0', 'scope: facet.mail', 'obligations: [{ notify: owner }]');
  assert.equal(said(desk.decide(desk.open(), 'balance')), 'deny');
  assert.deepEqual(told(decided(new Desk({ rules: [always], default: 'deny' }), 'mail', { to: 'a@example.org', body: '' })), [
    'allow',
    ['notify'],
    ['always allow'],
  ]);
});
