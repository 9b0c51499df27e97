/** Tables of D-3 to D-10: scopes, modes, joins, what a receipt says, what a verdict alone leaves untouched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, Desk, MINUTE_MS, permitOf, ruleText, SMALL_START_MS, type SmallLaw, said } from '../../sim/small-law.ts';
import { hex } from '../base/bytes.ts';
import { decode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import type { Receipt } from './receipt.ts';

const PASS = 'session.calls >= 0';
const FAIL = 'session.calls < 0';
/** Ends in error: a declared argument of another type. */
const ERROR = 'args.x > 0';
const X = 'inputs: { args.x: int }';
const LATER = 'until: 2026-01-02';

const receiptOf = (result: Receipt | Fault): Receipt => {
  if (result instanceof Fault) throw result;
  return result;
};

function once(law: SmallLaw, passed_ms = 0): Receipt {
  const desk = new Desk(law);
  desk.pass(passed_ms);
  return receiptOf(desk.decide(desk.open(), 'balance', { x: 'no number' }));
}

test('answers join: deny > escalate > allow > default; observe does not bind', () => {
  const deny = ruleText('deny', FAIL);
  const ask = ruleText('ask', FAIL, 'otherwise: escalate');
  const pass = ruleText('pass', PASS);
  const grant = ruleText('grant', PASS, 'grants: true');
  const broken = ruleText('broken', ERROR, X);
  const asks = ruleText('asks', ERROR, X, 'on_fault: escalate');
  const floor = ruleText('floor', FAIL, 'mode: floor');
  const watch = ruleText('watch', FAIL, 'mode: observe');
  const watchAsk = ruleText('watch/ask', FAIL, 'mode: observe', 'otherwise: escalate');
  const watchGrant = ruleText('watch/grant', PASS, 'mode: observe', 'grants: true');
  const table: readonly [string, readonly string[], 'allow' | 'deny', string, boolean, string][] = [
    ['no rule', [], 'allow', 'allow', true, ''],
    ['no rule, default deny', [], 'deny', 'deny', true, ''],
    ['a passing rule says nothing', [pass], 'deny', 'deny', true, ''],
    ['a granting rule says allow', [grant], 'deny', 'allow', true, ''],
    ['deny', [deny], 'allow', 'deny', true, 'deny deny failed enforce'],
    ['escalate', [ask], 'allow', 'escalate', true, 'ask escalate failed enforce'],
    ['escalate over the default deny', [ask], 'deny', 'escalate', true, 'ask escalate failed enforce'],
    ['escalate over allow', [grant, ask], 'deny', 'escalate', true, 'ask escalate failed enforce'],
    ['deny over escalate over allow', [grant, ask, deny], 'allow', 'deny', true, 'ask escalate failed enforce, deny deny failed enforce'],
    ['deny first, the same', [deny, ask, grant], 'allow', 'deny', true, 'deny deny failed enforce, ask escalate failed enforce'],
    ['an error denies', [broken], 'allow', 'deny', true, 'broken deny fault enforce'],
    ['an error escalates where the rule says so', [asks], 'allow', 'escalate', true, 'asks escalate fault enforce'],
    ['floor binds', [floor], 'allow', 'deny', true, 'floor deny failed floor'],
    ['observe does not bind, and shows', [watch], 'allow', 'allow', false, 'watch deny failed observe'],
    ['observe less strict than the verdict', [deny, watchAsk], 'allow', 'deny', true, 'deny deny failed enforce, watch/ask escalate failed observe'],
    ['observe stricter than the verdict', [ask, watch], 'allow', 'escalate', false, 'ask escalate failed enforce, watch deny failed observe'],
    ['an observed grant does not allow', [watchGrant], 'deny', 'deny', true, ''],
  ];
  for (const [name, rules, byDefault, verdict, enforced, reasons] of table) {
    const got = once({ rules, default: byDefault });
    const said = got.reasons.map((reason) => `${reason.rule} ${reason.answer} ${reason.cause} ${reason.mode}`).join(', ');
    assert.deepEqual([got.verdict, got.enforced, said], [verdict, enforced, reasons], name);
    assert.equal(got.permit === null, verdict !== 'allow', name);
  }
});

test('observe binds from its end date on, for denials and for grants (D-4)', () => {
  const watch = ruleText('watch', FAIL, 'mode: observe', LATER);
  const grant = ruleText('grant', PASS, 'mode: observe', 'grants: true', LATER);
  for (const [passed_ms, denied, granted] of [
    [0, 'allow', 'deny'],
    [DAY_MS - 1, 'allow', 'deny'],
    [DAY_MS, 'deny', 'allow'],
    [2 * DAY_MS, 'deny', 'allow'],
  ] as const) {
    assert.equal(once({ rules: [watch] }, passed_ms).verdict, denied, `a denial after ${passed_ms}`);
    assert.equal(once({ rules: [grant], default: 'deny' }, passed_ms).verdict, granted, `a grant after ${passed_ms}`);
  }
});

test('a rule is asked when any item of its scope holds (D-3)', () => {
  const calls: readonly [string, string, Record<string, unknown>][] = [
    ['pay', 'tool.call', { to: 'a', amount: 1 }],
    ['read', 'tool.call', { path: 'a.txt' }],
    ['mail', 'tool.call', { to: 'a@example.org', body: 'x' }],
    ['balance', 'tool.call', {}],
    ['unlisted', 'tool.call', {}],
    ['pay', 'tool.list', {}],
  ];
  const table: readonly [string, readonly boolean[]][] = [
    ['all', [true, true, true, true, true, true]],
    ['facet.money', [true, false, false, false, false, false]],
    ['facet.fs', [false, true, false, false, false, false]],
    ['facet.mail', [false, false, true, false, false, false]],
    ['facet.http', [false, false, false, false, false, false]],
    ['effect.irreversible', [true, false, true, false, false, false]],
    ['effect.read', [false, true, false, true, false, true]],
    ['effect.opaque', [false, false, false, false, true, false]],
    ['tool.pay', [true, false, false, false, false, true]],
    ['kind.tool.list', [false, false, false, false, false, true]],
    ['[facet.mail, tool.balance]', [false, false, true, true, false, false]],
  ];
  for (const [scope, expected] of table) {
    const desk = new Desk({ rules: [ruleText('r', FAIL, `scope: ${scope}`)] });
    const session = desk.open();
    const got = calls.map(([name, kind, args]) => said(desk.decide(session, name, args as never, { kind })) === 'deny');
    assert.deepEqual(got, expected, scope);
  }
});

test('gas is that of the rules that ran; a tripped rule gives its on_fault without running', () => {
  const desk = new Desk({ rules: [ruleText('one', PASS, 'on_fault: escalate'), ruleText('two', `${PASS} && now_ms > 0`)] });
  const session = desk.open();
  const [one, two] = desk.law.rules;
  const before = receiptOf(desk.decide(session, 'balance'));
  assert.deepEqual([before.verdict, before.gas], ['allow', one.gas + two.gas]);
  assert.equal(said(desk.trip('one')), 'none');
  const during = receiptOf(desk.decide(session, 'balance'));
  assert.deepEqual(
    [during.verdict, during.gas, during.reasons],
    ['escalate', two.gas, [{ rule: 'one', answer: 'escalate', cause: 'breaker', mode: 'enforce', values: [] }]],
  );
  assert.notEqual(during.trace, before.trace);
  assert.deepEqual(decode(desk.last?.witnesses[0] as Uint8Array), { 'breaker.one': true, 'session.calls': 1 });
  desk.pass(MINUTE_MS);
  assert.equal(desk.last?.events[0].type, 'breaker.closed');
  assert.equal(said(desk.decide(session, 'balance')), 'allow');
  assert.equal(desk.state.stopped, 0);
  assert.equal(said(desk.trip('nobody')), 'rule_unknown');
});

test('a breaker that trips opens within its block', () => {
  const desk = new Desk({ rules: [ruleText('one', PASS)] });
  const session = desk.open();
  const verdicts: string[] = [];
  desk.block(() => {
    verdicts.push(said(desk.decide(session, 'balance')));
    desk.trip('one');
    verdicts.push(said(desk.decide(session, 'balance')));
  });
  assert.deepEqual(verdicts, ['allow', 'deny']);
  desk.trip('one');
  assert.equal(desk.state.stopped, 1, 'a second trip opens no second breaker');
  desk.pass(MINUTE_MS);
  assert.equal(desk.state.stopped, 0);
});

test('a verdict alone changes no fact but the sequence (D-10)', () => {
  const desk = new Desk({ rules: [ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 500', 'scope: facet.money')] });
  const session = desk.open();
  const before = [...desk.state.facts].filter(([key]) => key[0] !== 'q');
  const got = receiptOf(desk.decide(session, 'pay', { to: 'a', amount: 5 }, { permit: false }));
  assert.deepEqual([got.verdict, got.permit], ['allow', null]);
  assert.deepEqual(
    [...desk.state.facts].filter(([key]) => key[0] !== 'q'),
    before,
  );
  assert.equal(said(desk.decide(session, 'pay', { to: 'a', amount: 6 }, { permit: false })), 'deny');
});

test('the session counts what was asked for, denied, escalated', () => {
  const desk = new Desk({
    rules: [
      ruleText('no', FAIL, 'scope: tool.no'),
      ruleText('ask', FAIL, 'scope: tool.ask', 'otherwise: escalate'),
      ruleText(
        'c',
        'session.calls == 5 && session.denied == 2 && session.escalated == 1 && session.age_ms == 7 && session.labels == ["private"]',
        'scope: tool.count',
      ),
    ],
  });
  const session = desk.open();
  for (const name of ['no', 'ask', 'balance', 'no', 'balance']) desk.decide(session, name);
  desk.now_ms += 7;
  assert.equal(said(desk.decide(session, 'count', {}, { permit: false })), 'allow');
});

test('labels attach at allow, and are never lost', () => {
  const desk = new Desk({ rules: [ruleText('no', FAIL, 'scope: kind.tool.result')] });
  const session = desk.open();
  const labels = (): unknown => [...desk.state.facts.values()].flatMap((fact) => (fact.is === 'session' ? fact.labels : []));
  desk.decide(session, 'read', { path: 'x' }, { permit: false });
  assert.deepEqual(labels(), []);
  desk.decide(session, 'read', { path: 'x' }, { kind: 'tool.result' });
  assert.deepEqual(labels(), [], 'a denial reads nothing');
  permitOf(desk.decide(session, 'balance'));
  assert.deepEqual(labels(), ['private']);
  permitOf(desk.decide(session, 'page'));
  assert.deepEqual(labels(), ['private', 'untrusted']);
  permitOf(desk.decide(session, 'balance'));
  assert.deepEqual(labels(), ['private', 'untrusted']);
});

test('refusals leave no entry and no trace', () => {
  const desk = new Desk({});
  const session = desk.open();
  const digest = desk.state.facts_digest;
  const before = [...desk.state.facts];
  assert.equal(said(desk.decide('x'.repeat(16), 'balance')), 'session_unknown');
  assert.equal(said(desk.decide(session, 'balance', {}, { valid_until_ms: SMALL_START_MS - 1 })), 'transaction_expired');
  assert.deepEqual([...desk.state.facts], before, 'not even the sequence');
  assert.equal(desk.last?.entries.length, 0);
  assert.notEqual(desk.state.facts_digest, digest, 'H("facts", previous) all the same');
  assert.equal(said(desk.decide(session, 'balance', {}, { valid_until_ms: SMALL_START_MS })), 'allow');
  const again = desk.make(1, { agent: 'a', assurance: 0, nonce: 'n'.repeat(16) }, null);
  assert.equal(said(desk.apply(again)), 'none');
  assert.equal(said(desk.apply(again)), 'sequence_used');
});

test('the same calls give the same hashes; another argument, another', () => {
  const law = { rules: [ruleText('r', 'args.x > 1', 'inputs: { args.x: int }')] };
  const run = (x: number): string[] => {
    const desk = new Desk(law);
    const got = receiptOf(desk.decide(desk.open(), 'balance', { x }));
    return [got.inputs_hash, got.trace, desk.state.prev_hash].map((value) => hex(value as string));
  };
  assert.deepEqual(run(5), run(5));
  const [inputs, trace] = run(6);
  assert.notEqual(inputs, run(5)[0]);
  assert.equal(trace, run(5)[1], 'the trace tells results, not inputs');
});
