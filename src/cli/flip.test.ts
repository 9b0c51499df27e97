import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACET_PATHS } from '../facet/version.ts';
import { compileText } from '../rule/compile.ts';
import { encodeInputs, find, type Source } from '../rule/input.ts';
import { interpretRule } from '../rule/judge.ts';
import { printValue } from '../rule/print.ts';
import { type Flip, flipsOf } from './flip.ts';

const ENVIRONMENT = new Map([...FACET_PATHS, ['now_ms', 'int'], ['session.calls', 'int'], ['agent.name', 'string(64)']]);
const yaml = (judge: string, more = ''): string => `rule: a/b\ntitle: t\nscope: all\n${more}judge: ${JSON.stringify(judge)}\n`;

function flips(judge: string, source: Source, more = ''): { flips: readonly Flip[]; shown: string[] } {
  const { program } = compileText(yaml(judge, more), ENVIRONMENT);
  const found = program.inputs.map((input) => find(input, source));
  assert.notEqual(interpretRule(program, encodeInputs(found)), 2, 'the rule must not pass as it is');
  const made = flipsOf(program, found);
  // Each flip, put in, lets the rule pass.
  for (const { path, value } of made) {
    const at = program.inputs.findIndex((input) => input.path === path || (path.startsWith(input.path.split('.sum(')[0]) && path.includes('.sum(')));
    const changed = found.map((one, i) => (i === at ? (value === null ? ({ missing: 0 } as const) : { value }) : one));
    assert.equal(interpretRule(program, encodeInputs(changed)), 2, path);
  }
  return { flips: made, shown: made.map(({ path, value }) => `${path}=${value === null ? 'left out' : printValue(value)}`) };
}

test('one input, changed alone, that lets the rule pass', () => {
  const params = 'params: { limit: { type: int, value: 500, min: 0, max: 1000, step: 1 } }\n';
  const table: readonly (readonly [judge: string, source: Source, expected: readonly string[], more?: string])[] = [
    ['!flow.gate || flow.dest_unknown == 0', { flow: { gate: true, dest_unknown: 3 } }, ['flow.dest_unknown=0', 'flow.gate=false']],
    ['money.amount <= params.limit', { money: { amount: 700 }, params: { limit: 500 } }, ['money.amount=500', 'params.limit=700'], params],
    [
      'money.amount + session.calls * 10 < params.limit',
      { money: { amount: 700 }, session: { calls: 2 }, params: { limit: 500 } },
      ['money.amount=479', 'params.limit=721'],
      params,
    ],
    ['flow.dest_passage + flow.link_passage == 0', { flow: { dest_passage: 0, link_passage: 2 } }, ['flow.link_passage=0']],
    ['flow.dest_passage + flow.link_passage == 0', { flow: { dest_passage: 1, link_passage: 2 } }, []],
    ['size(mail.to) <= 2', { mail: { to: ['a', 'b', 'c'] } }, ['mail.to=["b", "c"]']],
    ['size(mail.to) <= 1', { mail: { to: ['a', 'b', 'c'] } }, ['mail.to=["a"]']],
    ['mail.to.all(t, t.endsWith("@x.org"))', { mail: { to: ['a@x.org', 'b@y.org'] } }, ['mail.to=["a@x.org"]']],
    ['agent.name == "clerk"', { agent: { name: 'other' } }, ['agent.name="clerk"']],
    ['!has(money.payee) || money.payee == "me"', { money: { payee: 'you' } }, ['money.payee="me"']],
    ['effect != "opaque"', { effect: 'opaque' }, ['effect=""']],
    ['now_ms > 100', { now_ms: 5 }, []],
    ['false', {}, []],
  ];
  for (const [judge, source, expected, more] of table) assert.deepEqual([...flips(judge, source, more).shown].sort(), [...expected].sort(), judge);
});

test('an absent input that an error comes from is a candidate, too', () => {
  assert.deepEqual(flips('money.amount <= 5', { money: {} }).shown, ['money.amount=0']);
  assert.deepEqual(flips('!flow.gate', { flow: {} }).shown, ['flow.gate=false']);
});

test('numbers: the nearest that passes', () => {
  assert.deepEqual(flips('money.amount >= 9007199254740993', { money: { amount: 1 } }).shown, ['money.amount=9007199254740993']);
  assert.deepEqual(flips('money.amount != 7', { money: { amount: 7 } }).shown, ['money.amount=6']);
  assert.deepEqual(flips('money.amount < -5', { money: { amount: 0 } }).shown, []);
});
