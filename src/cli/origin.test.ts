import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseToolMap } from '../facet/map-source.ts';
import { FACET_PATHS } from '../facet/version.ts';
import { originOf } from './origin.ts';

const { entries } = parseToolMap(`
map: t
tools:
  - tool: pay
    effect: irreversible
    args: { to.iban: dest, sum: qty }
    money: { amount: sum, payee: to.iban, currency: =EUR }
  - tool: mail
    effect: write
    args: { to: dest }
    mail: { to: [to, cc], subject: subject }
`);
const [mail, pay] = ['mail', 'pay'].map((name) => entries.find(({ tool }) => tool === name) ?? null);

test('every path of the facets and of the machine has an origin', () => {
  const machine = [
    'action.kind',
    'agent.name',
    'agent.assurance',
    'session.calls',
    'session.labels',
    'now_ms',
    'params.limit',
    'args.x.y',
    'context.x',
    'agent.sum(money.amount,86400000)',
  ];
  for (const path of [...FACET_PATHS.keys(), ...machine]) {
    const { source, text } = originOf(path, null);
    assert.ok(source.length > 0 && text.length > 3 && !/undefined|null/.test(text), path);
    if (path.startsWith('flow.')) assert.notEqual(text, 'where the values of the call come from', `${path} has an origin of its own`);
  }
});

test('a facet names the arguments that it was decoded from', () => {
  assert.match(originOf('money.amount', pay).text, /argument args\.sum,/);
  assert.match(originOf('money.payee', pay).text, /argument args\.to\.iban,/);
  assert.equal(originOf('money.currency', pay).text, 'fixed by the tool map');
  assert.match(originOf('mail.to', mail).text, /argument args\.to, args\.cc,/);
  assert.equal(originOf('effect', pay).text, "the tool map's entry `pay`");
  assert.equal(originOf('effect', null).text, 'no entry in the tool map');
  assert.match(originOf('effect', pay, true).text, /^guessed from the tool's name/);
  assert.match(originOf('money.amount', pay, true).text, /decoded by a guess/);
  assert.equal(originOf('flow.intended', pay).source, 'user');
  assert.equal(originOf('params.limit', pay).source, 'constitution');
});
