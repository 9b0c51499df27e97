import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { compileRule, compileText, type Environment, guestRule, readRule, runTests } from './compile.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';

const ENVIRONMENT: Environment = new Map([
  ['money.amount', 'int'],
  ['money.payee', 'string(64)'],
  ['mail.to', 'list(string(64), 16)'],
  ['session.calls', 'int'],
  ['effect', 'string(16)'],
]);

const DAILY = `rule: payments/daily-limit
title: An agent may move at most 5,000 a day
scope: facet.money
params: { limit: { type: int, value: 5000, min: 0, max: 20000, step: 100 } }
judge: agent.sum("money.amount", "24h") + money.amount <= params.limit
otherwise: escalate
tests:
  - given: { money.amount: 5, 'agent.sum("money.amount", "24h")': 4995 }
    expect: pass
  - given: { money: { amount: 6 }, 'agent.sum(money.amount,86400000)': 4995 }
    expect: fail
  - given: { money: { amount: 6 }, 'agent.sum("money.amount", "1d")': 4995, params.limit: 6000 }
    expect: pass
  - given: { money: { amount: 6 } }
    expect: error
`;

test('a rule from its text to its tests', () => {
  const compiled = compileText(DAILY, ENVIRONMENT);
  assert.deepEqual(
    compiled.inputs.map((input) => input.path),
    ['agent.sum(money.amount,86400000)', 'money.amount', 'params.limit'],
  );
  assert.equal(compiled.gas, 5);
  assert.equal(compiled.arena_bytes, 0);
  assert.deepEqual(
    runTests(compiled).map((result) => [result.got, result.passed]),
    [
      ['pass', true],
      ['fail', true],
      ['pass', true],
      ['error', true],
    ],
  );
});

test('the law bytes of a manifest give the same program', () => {
  const compiled = compileText(DAILY, ENVIRONMENT);
  const again = compileRule(decodeManifest(encodeManifest(compiled.manifest)), ENVIRONMENT);
  assert.equal(compare(again.bytes, compiled.bytes), 0);
  assert.equal(hex(again.id), hex(compiled.id));
});

/** Writings of one rule: all of a row are one program. */
const ALIKE: readonly (readonly string[])[] = [
  ['money.amount > 5', '5 < money.amount'],
  ['money.amount >= 5', '5 <= money.amount'],
  ['money.amount != 5', '!(5 == money.amount)', '5 != money.amount'],
  ['money.amount > 1 && has(money.payee) && money.amount < 9', 'has(money.payee) && (9 > money.amount && money.amount > 1) && has(money.payee)'],
  ['money.amount > 1 || money.amount > 1', 'money.amount > 1'],
  ['mail.to.filter(m, m != "a") == []', '[] == mail.to.map(x, "a" != x, x)', 'mail.to.map(m, !(m == "a"), m) == []'],
  ['cel.bind(d, money.amount * 2, d > 1 && d < 9)', 'money.amount * 2 > 1 && money.amount * 2 < 9'],
  ['mail.to.exists(m, m == money.payee || mail.to.all(n, n == "a"))', 'cel.bind(q, mail.to.all(x, x == "a"), mail.to.exists(y, q || money.payee == y))'],
  ['agent.sum("money.amount", "24h") > 1', 'agent.sum("money.amount", "1d") > 1', 'agent.sum("money.amount", "23h60m") > 1'],
  ['mail["to"] == []', 'mail.to == []', '.mail.to == []'],
];

const rule = (judge: string): string => `rule: a\ntitle: t\nscope: all\nparams: { limit: { value: 1 } }\njudge: |\n  ${judge}\n`;

test('one program for all ways of writing it', () => {
  for (const row of ALIKE) {
    const [first, ...others] = row.map((judge) => hex(compileText(rule(judge), ENVIRONMENT).id));
    for (const other of others) assert.equal(other, first, row[0]);
  }
});

test('what does not depend on an item leaves its fold', () => {
  const { program } = compileText(rule('mail.to.exists(m, m == money.payee + "x")'), ENVIRONMENT);
  const fold = program.nodes.findIndex((node) => node.op === 'any');
  assert.deepEqual(
    program.nodes.slice(fold + 1).map((node) => node.op),
    ['elem', 'eq'],
  );
  assert.equal(program.nodes[fold].count, 2);
});

const REFUSED: readonly (readonly [text: string, slug: string, message: string])[] = [
  [rule('money.amout > 1'), 'rule_name', '6:9 `money.amout` is not declared; `money.amount`?'],
  ['rule: a\ntitle: t\nscope: all\njudge: money.amount > 1 && money.amout > 1\n', 'rule_name', '4:34 `money.amout` is not declared; `money.amount`?'],
  ['rule: a\ntitle: t\nscope: all\njudge: "  money.amout > 1"\n', 'rule_name', '4:17 `money.amout` is not declared; `money.amount`?'],
  [
    'rule: a\ntitle: t\nscope: all\njudge: >\n    money.amount > 1\n    && money.amount > 2\n\n    && money.amout > 1\n',
    'rule_name',
    '8:14 `money.amout` is not declared; `money.amount`?',
  ],
  ['rule: a\ntitle: t\nscope: all\njudge: money.amount > 1\n   && money.amout > 1\n', 'rule_name', '5:13 `money.amout` is not declared; `money.amount`?'],
  [rule('money.amount'), 'rule_type', '6:3 the expression of the rule is an int, not a bool'],
  [rule('money.amount >'), 'rule_syntax', '6:17 an expression expected at the end'],
  [rule('agent.sum("session.calls", "24h") > 1'), 'rule_name', '6:13 `session.calls` cannot be summed'],
  [`${rule('true')}inputs: { args.a: int, args.a.b: int }\n`, 'rule_field', '6:3 input `args.a.b` lies within `args.a`; declare one of them'],
  [`${rule('args.s.contains(args.s)')}inputs: { args.s: string(1000) }\nlimits: { gas: 900 }\n`, 'rule_bound', '6:3 the rule may take more than 900 gas'],
  [
    `${rule('args.s == args.t')}inputs: { args.s: string(40000), args.t: string(40000) }\n`,
    'rule_bound',
    '6:3 the rule may take more than 65536 bytes of inputs',
  ],
  [
    `${rule('args.s + args.s + args.s == args.s')}inputs: { args.s: string(40000) }\nlimits: { memory_pages: 3 }\n`,
    'rule_bound',
    '6:3 the rule may take more than 196608 bytes of memory',
  ],
  [
    `${rule('[1, 2].all(a, args.l.all(b, args.l.all(c, args.l.all(d, a + b + c + d > 1))))')}inputs: { args.l: "list(int, 1024)" }\n`,
    'rule_bound',
    '6:3 the rule may take more than 1000000000 gas',
  ],
];

test('what is refused, with its place in the file', () => {
  for (const [text, slug, message] of REFUSED) {
    assert.throws(
      () => compileText(text, ENVIRONMENT),
      (fault) => {
        assert.ok(fault instanceof Fault, String(fault));
        assert.deepEqual([fault.slug, fault.message], [slug, message], text);
        return true;
      },
      text,
    );
  }
});

const MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const guest = (uses: string, inputs = '{ args.b: int, args.a: string(8) }'): string =>
  `rule: g\ntitle: t\nscope: all\nprogram: g.wasm\nuses: ${uses}\ninputs: ${inputs}\nparams: { p: { value: 1 } }\nlimits: { gas: 77 }\n`;
const readGuest = (text: string) => readRule(text, ENVIRONMENT, () => MODULE);

test("a guest's inputs are those it declares and those it uses, by path", () => {
  const rule = readGuest(guest(`[params.p, 'agent.sum("money.amount", "1h")', money.amount]`));
  assert.ok('module' in rule);
  assert.deepEqual(
    rule.inputs.map(({ path, type }) => `${path} ${type.kind}`),
    ['agent.sum(money.amount,3600000) int', 'args.a str', 'args.b int', 'money.amount int', 'params.p int'],
  );
  assert.deepEqual([rule.gas, rule.reads], [77, []]);
  const reading = readGuest(`${guest('[]', '{ args: string(8) }')}hosts: [read]\nreads: ['agent.sum("money.amount", "1h")', session.calls]\n`);
  assert.deepEqual('reads' in reading && reading.reads.map(({ path }) => path), ['agent.sum(money.amount,3600000)', 'session.calls']);
  assert.throws(() => guestRule(rule.manifest, new Uint8Array(9), ENVIRONMENT), { slug: 'rule_field' });
  assert.ok('program' in readRule(DAILY, ENVIRONMENT, () => MODULE));
});

test('what a guest cannot use', () => {
  const table: readonly (readonly [text: string, slug: string])[] = [
    [guest('[money.amont]'), 'rule_name'],
    [guest('[params.q]'), 'rule_name'],
    [guest(`['agent.sum("money.payee", "1h")']`), 'rule_name'],
    [guest('[args.a]'), 'rule_program'],
    [guest('[money.amount]', '{ money.amount: int }'), 'rule_field'],
    [guest('[money.amount]', '{ args.a: string(65536) }'), 'rule_bound'],
    [`${guest('[]', '{}')}hosts: [read]\nreads: [money.amont]\n`, 'rule_name'],
  ];
  for (const [text, slug] of table) assert.throws(() => readGuest(text), { slug }, text);
});
