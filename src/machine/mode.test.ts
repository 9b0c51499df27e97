/** Mode overrides: stricter for up to a year, looser for up to a month, never of the floor, and over by themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, Desk, HOUR_MS, ruleText, SMALL_START_MS, said } from '../../sim/small-law.ts';
import { compareReceipt, recompute } from '../audit/recompute.ts';
import type { CborMap } from '../base/cbor.ts';
import { decode } from '../base/cbor.ts';
import type { Mode } from '../rule/manifest.ts';
import { encodeFact } from './fact.ts';
import { decodeEntry, type Receipt } from './receipt.ts';
import { restoreFacts, standingOf } from './state.ts';
import { KIND } from './transaction.ts';

const NO = 'session.calls < 0';
const law = {
  rules: [
    ruleText('floor', NO, 'scope: tool.balance', 'mode: floor'),
    ruleText('enforced', NO, 'scope: tool.read'),
    ruleText('observed', NO, 'scope: tool.mail', 'mode: observe'),
    ruleText('ending', NO, 'scope: tool.pay', 'mode: observe', 'until: 2026-02-01'),
  ],
};
const ASK: Readonly<Record<string, string>> = { floor: 'balance', enforced: 'read', observed: 'mail', ending: 'pay' };

/** Verdict, enforced and mode of what the rule is about; recomputed from its witness too. */
function asked(desk: Desk, rule: string): string {
  const receipt = desk.decide(desk.open(), ASK[rule]) as Receipt;
  const { entries, sidecars, witnesses, header } = desk.last as NonNullable<Desk['last']>;
  const entry = decodeEntry(entries[0], desk.law.network, sidecars[0]);
  compareReceipt(recompute(desk.law, entry, witnesses[0] === null ? null : (decode(witnesses[0]) as CborMap), header.time_ms), entry);
  return `${receipt.verdict} ${receipt.enforced} ${receipt.reasons[0].mode}`;
}

test('D-17: what may be set, for how long', () => {
  const table: readonly [string, Mode, number, string, string][] = [
    ['floor', 'observe', HOUR_MS, 'mode_floor', 'deny true floor'],
    ['floor', 'enforce', HOUR_MS, 'mode_floor', 'deny true floor'],
    ['enforced', 'floor', HOUR_MS, 'mode_floor', 'deny true enforce'],
    ['enforced', 'observe', HOUR_MS, 'none', 'allow false observe'],
    ['enforced', 'observe', 30 * DAY_MS, 'none', 'allow false observe'],
    ['enforced', 'observe', 30 * DAY_MS + 1, 'mode_span', 'deny true enforce'],
    ['enforced', 'observe', 0, 'mode_span', 'deny true enforce'],
    ['enforced', 'enforce', HOUR_MS, 'none', 'deny true enforce'],
    ['observed', 'enforce', HOUR_MS, 'none', 'deny true enforce'],
    ['observed', 'enforce', 366 * DAY_MS, 'none', 'deny true enforce'],
    ['observed', 'enforce', 366 * DAY_MS + 1, 'mode_span', 'allow false observe'],
    ['ending', 'enforce', HOUR_MS, 'none', 'deny true enforce'],
    ['unknown', 'enforce', HOUR_MS, 'rule_unknown', ''],
  ];
  for (const [rule, mode, span_ms, slug, after] of table) {
    const desk = new Desk(law);
    assert.equal(said(desk.mode(rule, mode, span_ms)), slug, `${rule} ${mode} ${span_ms}`);
    if (after !== '') assert.equal(asked(desk, rule), after, `${rule} ${mode} ${span_ms}`);
  }
});

test('D-17: an override ends by itself, is replaced, and ends when the law says the same', () => {
  const desk = new Desk(law);
  desk.mode('enforced', 'observe', HOUR_MS);
  desk.mode('enforced', 'observe', 2 * HOUR_MS);
  assert.equal(desk.state.stopped, 1);
  const restored = new Desk(law);
  restoreFacts(
    restored.state,
    [...desk.state.facts].map(([key, fact]) => [key, encodeFact(fact)] as const),
  );
  assert.equal(restored.state.stopped, 1, 'kept by the state store');
  desk.now_ms += 2 * HOUR_MS - 1;
  assert.equal(asked(desk, 'enforced'), 'allow false observe');
  desk.now_ms += 1;
  desk.pass(0);
  assert.deepEqual(
    desk.last?.events.map(({ type, id }) => [type, id]),
    [['mode.ended', 'enforced']],
  );
  assert.equal(asked(desk, 'enforced'), 'deny true enforce');
  assert.equal(desk.state.stopped, 0);
  desk.mode('enforced', 'observe', HOUR_MS);
  assert.equal(standingOf(desk.state, 'enforced').mode?.mode, 'observe');
  desk.mode('enforced', 'enforce', HOUR_MS);
  assert.deepEqual([asked(desk, 'enforced'), standingOf(desk.state, 'enforced').mode, desk.state.stopped], ['deny true enforce', null, 0]);
  desk.now_ms = Date.parse('2026-02-01');
  assert.equal(asked(desk, 'ending'), 'deny true enforce', 'D-4: the law itself enforces now');
  assert.equal(said(desk.mode('ending', 'observe', DAY_MS)), 'none');
  assert.equal(asked(desk, 'ending'), 'allow false observe');
  assert.ok(desk.now_ms > SMALL_START_MS);
});

test('D-17: who may say so', () => {
  const desk = new Desk(law);
  const payload = { rule: 'observed', mode: 'enforce', until_ms: desk.now_ms + HOUR_MS, reason: '' } as const;
  assert.equal(said(desk.apply(desk.make(KIND.rule_mode, payload, null))), 'signature_invalid', 'the edge alone does not');
  assert.equal(said(desk.signed(KIND.rule_mode, payload, 'x'.repeat(32))), 'signature_invalid', 'nobody unknown');
  const several = new Desk(law);
  Object.defineProperty(several.law, 'weight', { value: 3 });
  assert.equal(said(several.mode('observed', 'enforce', HOUR_MS)), 'weight_short', 'a third is not enough');
});

test('a granting rule grants while it is enforced', () => {
  const desk = new Desk({ rules: [ruleText('grant', 'session.calls >= 0', 'scope: all', 'grants: true', 'mode: observe')], default: 'deny' });
  const session = desk.open();
  assert.equal(said(desk.decide(session, 'balance')), 'deny');
  desk.mode('grant', 'enforce', HOUR_MS);
  assert.equal(said(desk.decide(session, 'balance')), 'allow');
});
