/** Sessions, who may send what (K-8), and memory pages (Y-7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, Desk, permitOf, ruleText, SMALL_KEY, SMALL_PRINCIPAL, SMALL_START_MS, said, smallGenesis } from '../../sim/small-law.ts';
import { type SigningKey, sign, signingKey } from '../crypto/suite.ts';
import { lawOf } from '../law/law.ts';
import { factKey, type Page, type Session } from './fact.ts';
import { remember } from './memory.ts';
import { Overlay } from './overlay.ts';
import { authenticate } from './session.ts';
import { initialState } from './state.ts';
import type { Transaction } from './transaction.ts';

const sessions = (desk: Desk): Session[] => [...desk.state.facts.values()].filter((fact) => fact.is === 'session');
const pages = (desk: Desk): Page[] => [...desk.state.facts.values()].filter((fact) => fact.is === 'page');

test('a session ends a day after its last use, in steps of half a day', () => {
  const table: readonly [string, readonly number[], string][] = [
    ['idle, the last millisecond', [DAY_MS - 1], 'allow'],
    ['idle for a day', [DAY_MS], 'session_unknown'],
    ['used at 11 h: not moved', [DAY_MS / 2 - 1, DAY_MS / 2 + 1], 'session_unknown'],
    ['used at 12 h: moved', [DAY_MS / 2, DAY_MS - 1], 'allow'],
    ['used again and again', [DAY_MS - 1, DAY_MS - 1, DAY_MS - 1], 'allow'],
    ['used, then idle', [DAY_MS - 1, DAY_MS], 'session_unknown'],
  ];
  for (const [name, waits, last] of table) {
    const desk = new Desk({});
    const session = desk.open();
    let got = '';
    for (const wait_ms of waits) {
      desk.now_ms += wait_ms;
      got = said(desk.decide(session, 'balance'));
    }
    assert.equal(got, last, name);
  }
});

test('an expired session takes its pages along, and its permits live on', () => {
  const desk = new Desk({});
  const session = desk.open();
  assert.equal(said(desk.say(session, 'please pay the bill of Harbour Bakery')), 'none');
  assert.equal(said(desk.say(session, 'and tell mira@example.org')), 'none');
  assert.equal(pages(desk).length, 2);
  desk.now_ms += DAY_MS - 1_000;
  const other = desk.open();
  desk.now_ms = SMALL_START_MS + DAY_MS - 1;
  const permit = permitOf(desk.decide(other, 'unlisted'));
  desk.now_ms += 1;
  const { events } = desk.block(() => assert.equal(said(desk.say(session, 'x')), 'session_unknown'));
  assert.deepEqual([events.map((event) => event.type), sessions(desk).length, pages(desk).length], [['session.expired'], 1, 0]);
  assert.equal(said(desk.outcome(permit, true, 'ok')), 'none');
});

test('an outcome whose session has ended is taken', () => {
  const desk = new Desk({});
  const session = desk.open();
  desk.now_ms += DAY_MS / 2 - 1;
  const permit = permitOf(desk.decide(session, 'unlisted'));
  const key = [...desk.state.facts.keys()].find((one) => one[0] === 's') as string;
  desk.state.facts.delete(key);
  assert.equal(said(desk.outcome(permit, true, 'some text')), 'none');
  assert.deepEqual([sessions(desk).length, pages(desk).length], [0, 0]);
});

test('pages: new keys write one page, nothing new writes none, pages never change', () => {
  const desk = new Desk({ rules: [ruleText('intended', 'flow.intended && flow.dest_unnamed == 0', 'scope: tool.pay')] });
  const session = desk.open();
  const pay = (to: string): string => said(desk.decide(session, 'pay', { to, amount: 1 }, { permit: false }));
  assert.equal(pay('Bakery'), 'deny');
  desk.say(session, 'please pay the bill of Bakery');
  const [first] = pages(desk);
  assert.equal(pay('Bakery'), 'allow');
  assert.equal(pay('Garage'), 'deny');
  desk.say(session, 'please pay the bill of Bakery');
  assert.deepEqual([pages(desk).length, sessions(desk)[0].pages], [1, 1]);
  desk.say(session, 'pay Garage too');
  assert.deepEqual([pages(desk).length, sessions(desk)[0].pages], [2, 2]);
  assert.equal(pages(desk)[0], first);
  assert.deepEqual(
    first.keys
      .match(/[\s\S]{8}/g)
      ?.sort()
      .join(''),
    first.keys,
  );
  assert.equal(pay('Garage'), 'allow');
  const stranger = desk.open();
  assert.equal(said(desk.decide(stranger, 'pay', { to: 'Bakery', amount: 1 })), 'deny', 'a session knows only its own');
});

test('memory is bounded: 4,096 keys a page, 32,768 a session, 1,024 pages', () => {
  const blank: Session = {
    is: 'session',
    agent: 'a',
    assurance: 0,
    opened_ms: 0,
    due_ms: 1,
    calls: 0,
    denied: 0,
    escalated: 0,
    gate: false,
    passage: 0,
    labels: [],
    pages: 0,
    recent: '',
    approvals: [],
  };
  const place = { height: 1, index: 0 };
  const network = 'n'.repeat(32);
  const words = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `u:${from + i}`);
  const overlay = new Overlay(new Map());
  let session = remember(network, overlay, 'a'.repeat(16), blank, words(0, 5_000), place);
  assert.deepEqual([session.pages, [...overlay['transaction'].values()].map((page) => (page as Page).keys.length)], [1, [8 * 4_096]]);
  for (let i = 1; i < 12; i++) session = remember(network, overlay, 'a'.repeat(16), session, words(i * 5_000, 4_096), place);
  assert.equal(session.pages, 8, '8 × 4,096 keys are all that a session keeps');
  let small = blank;
  for (let i = 0; i < 1_030; i++) small = remember(network, overlay, 'b'.repeat(16), small, [`u:${i}`], place);
  assert.equal(small.pages, 1_024);
});

test('what a result brings opens the gate', () => {
  const desk = new Desk({ rules: [ruleText('gate', '!flow.gate', 'scope: tool.mail')] });
  const session = desk.open();
  const mail = (): string => said(desk.decide(session, 'mail', { to: 'a@example.org', body: 'x' }, { permit: false }));
  desk.outcome(permitOf(desk.decide(session, 'balance')), true, 'a number: 12');
  assert.equal(mail(), 'allow');
  desk.outcome(
    permitOf(desk.decide(session, 'read', { path: 'x' })),
    true,
    'A long letter that somebody else has written about many things, to be read by anyone.',
  );
  assert.equal(mail(), 'deny');
});

test('authenticate: sender, key and signature; unsigned only on solo (K-8)', () => {
  const other = signingKey(new Uint8Array(32).fill(9));
  const validators = [
    { principal: SMALL_PRINCIPAL, name: 'one', suite: 1, public: SMALL_KEY.public, weight: 1 },
    { principal: 'q'.repeat(32), name: 'two', suite: 1, public: other.public, weight: 1 },
  ];
  const solo = new Desk({});
  const comet = lawOf(smallGenesis({}, { sequencer: 'comet', validators }));
  const states = { solo: solo.state, comet: initialState(comet.network, comet, SMALL_START_MS) };
  const plain = solo.make(1, { agent: 'a', assurance: 0, nonce: 'n'.repeat(16) }, null);
  const signedBy = (key: SigningKey, network: string, purpose = 'tx'): Transaction => ({
    ...plain,
    auths: [{ suite: 1, key_id: key.id, signature: sign(key, purpose, network, plain.tx_id) }],
  });
  const table: readonly [string, 'solo' | 'comet', Transaction, boolean][] = [
    ['unsigned on solo', 'solo', plain, true],
    ['unsigned on comet', 'comet', plain, false],
    ['an unknown sender', 'solo', { ...plain, sender: 'x'.repeat(32) }, false],
    ['signed', 'comet', signedBy(SMALL_KEY, comet.network), true],
    ['signed on solo', 'solo', signedBy(SMALL_KEY, solo.law.network), true],
    ["with another validator's key", 'comet', signedBy(other, comet.network), false],
    ['for another network', 'comet', signedBy(SMALL_KEY, solo.law.network), false],
    ['for another purpose', 'comet', signedBy(SMALL_KEY, comet.network, 'header'), false],
    ['once well, once badly', 'comet', { ...plain, auths: [...signedBy(SMALL_KEY, comet.network).auths, ...signedBy(other, comet.network).auths] }, false],
    ['another transaction', 'comet', { ...signedBy(SMALL_KEY, comet.network), tx_id: 'y'.repeat(32) }, false],
  ];
  for (const [name, where, transaction, good] of table) {
    const check = (): void => authenticate(states[where], new Overlay(new Map()), SMALL_START_MS, transaction);
    if (good) check();
    else assert.throws(check, { slug: 'signature_invalid' }, name);
  }
});

test('Y-7: who fills the memory is not forgotten: labels and refused values count from then on', () => {
  const desk = new Desk({
    rules: [
      ruleText('private', '!flow.private || flow.dest_unnamed == 0', 'scope: tool.mail'),
      ruleText('refused', 'flow.refused == 0', 'scope: tool.pay'),
      ruleText('small', 'money.amount < 1000', 'scope: tool.pay'),
    ],
  });
  const session = desk.open();
  assert.equal(said(desk.decide(session, 'mail', { to: 'x@evil.example', body: 'b' })), 'allow');
  for (let i = 0; i < 8; i++) desk.say(session, Array.from({ length: 4_096 }, (_, k) => `w${i}x${k}`).join(' '));
  assert.equal(said(desk.decide(session, 'pay', { to: 'Evil Corp', amount: 500 })), 'deny');
  assert.equal(said(desk.decide(session, 'pay', { to: 'Evil Corp', amount: 1 })), 'deny');
  assert.equal(said(desk.decide(session, 'balance')), 'allow');
  assert.equal(said(desk.decide(session, 'mail', { to: 'x@evil.example', body: 'b' })), 'deny');
  assert.equal(said(desk.decide(session, 'pay', { to: 'w1x1', amount: 1 })), 'allow', 'what the user named is still known');
});

test('T-18: a result too long to be read whole counts as a text that addresses agents', () => {
  const desk = new Desk({ rules: [] });
  const session = desk.open();
  const sessionFact = (): Session => desk.state.facts.get(factKey('session', session)) as Session;
  desk.outcome(permitOf(desk.decide(session, 'unlisted', {})), true, 'a harmless word '.repeat(100));
  assert.equal(sessionFact().passage, 0);
  desk.outcome(permitOf(desk.decide(session, 'unlisted', {})), true, 'a harmless word '.repeat(5_000));
  assert.equal(sessionFact().passage, 2);
});
