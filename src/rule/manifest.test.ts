import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { decodeManifest, encodeManifest, LIMITS_DEFAULT, parseManifest } from './manifest.ts';

const FULL = `# a comment
rule: payments/daily-limit
title: An agent may move at most 5,000 a day
advice: Ask for less, or wait until tomorrow.
scope: [facet.money, tool.send_money, all]
mode: observe
until: 2027-03-01T12:00:00Z
grants: true
params:
  limit: { type: int, value: 5000, min: 0, max: 20000, step: 100 }
  floor: { value: -9223372036854775808 }
inputs:
  args.subject: string(256)
  args.cc: list(string(64), 8)
judge: >-
  agent.sum("money.amount", "24h") + money.amount <= params.limit
  && size(args.cc) < 4
otherwise: escalate
on_fault: escalate
level: EMERGENCY
limits: { gas: 5000, memory_pages: 2 }
tests:
  - name: small
    given:
      money.amount: 5
      agent.sum("money.amount", "24h"): 4995
      args: { cc: [] }
      args.subject: hello
    expect: pass
  - given: { money: { amount: 9007199254740993 }, args.cc: null }
    expect: error
`;

test('a manifest with every field', () => {
  const { manifest } = parseManifest(FULL);
  assert.deepEqual(manifest, {
    name: 'payments/daily-limit',
    title: 'An agent may move at most 5,000 a day',
    advice: 'Ask for less, or wait until tomorrow.',
    scope: ['all', 'facet.money', 'tool.send_money'],
    mode: 'observe',
    until_ms: Date.parse('2027-03-01T12:00:00Z'),
    grants: true,
    params: [
      { name: 'floor', value: -(2n ** 63n), min: -(2n ** 63n), max: -(2n ** 63n), step: 1n },
      { name: 'limit', value: 5000n, min: 0n, max: 20000n, step: 100n },
    ],
    inputs: [
      { path: 'args.cc', type: 'list(string(64), 8)' },
      { path: 'args.subject', type: 'string(256)' },
    ],
    judge: 'agent.sum("money.amount", "24h") + money.amount <= params.limit && size(args.cc) < 4',
    otherwise: 'escalate',
    on_fault: 'escalate',
    level: 'EMERGENCY',
    limits: { ...LIMITS_DEFAULT, gas: 5000, memory_pages: 2 },
    tests: [
      { name: 'small', given: { money: { amount: 5 }, agent: { 'sum(money.amount,86400000)': 4995 }, args: { cc: [], subject: 'hello' } }, expect: 'pass' },
      { name: 'test 2', given: { money: { amount: 9007199254740993n }, args: { cc: null } }, expect: 'error' },
    ],
  });
  assert.deepEqual(decodeManifest(encodeManifest(manifest)), manifest);
});

test('what a short manifest leaves out', () => {
  const { manifest } = parseManifest('rule: a\ntitle: t\nscope: all\njudge: "true"\n');
  const { advice, mode, until_ms, grants, params, inputs, otherwise, on_fault, level, limits, tests } = manifest;
  assert.deepEqual(
    { advice, mode, until_ms, grants, params, inputs, otherwise, on_fault, level, limits, tests },
    {
      advice: '',
      mode: 'enforce',
      until_ms: null,
      grants: false,
      params: [],
      inputs: [],
      otherwise: 'deny',
      on_fault: 'deny',
      level: 'CONSTITUTIONAL',
      limits: LIMITS_DEFAULT,
      tests: [],
    },
  );
});

test('the order of fields, parameters and inputs makes no difference', () => {
  const a = 'rule: a\ntitle: t\nscope: [tool.x, all]\njudge: "true"\nparams: { p: { value: 1 }, q: { value: 2 } }\n';
  const b = 'params: { q: { value: 2 }, p: { value: 1, type: int } }\njudge: "true"\nscope: [all, tool.x, all]\ntitle: t\nrule: a\n';
  assert.deepEqual(encodeManifest(parseManifest(a).manifest), encodeManifest(parseManifest(b).manifest));
});

const SHORT = 'rule: a\ntitle: t\nscope: all\njudge: "true"\n';

const REFUSED: readonly (readonly [text: string, slug: string, message: string])[] = [
  [
    '',
    'rule_field',
    '1:1 a rule is a map with rule, title, advice, scope, mode, until, grants, params, inputs, judge, otherwise, on_fault, level, limits, tests',
  ],
  [
    '- a',
    'rule_field',
    '1:1 a rule is a map with rule, title, advice, scope, mode, until, grants, params, inputs, judge, otherwise, on_fault, level, limits, tests',
  ],
  ['rule: a\ntitle: t\nscope: all\n', 'rule_field', '1:1 `judge` is missing'],
  [`${SHORT}mdoe: floor\n`, 'rule_field', '5:1 `mdoe` is not a field of a rule; `mode`?'],
  [`${SHORT}mode: florr\n`, 'rule_field', '5:7 `mode` is one of floor, enforce, observe; `floor`?'],
  [`${SHORT}title: again\n`, 'rule_yaml', '5:1 Map keys must be unique'],
  ['rule: a\n  title: [\n', 'rule_yaml', '1:7 Nested mappings are not allowed in compact mappings'],
  ['rule: Upper\ntitle: t\nscope: all\njudge: "true"\n', 'rule_field', '1:7 `Upper` is not a name; use a-z, 0-9 and . _ / - after a letter, at most 64'],
  ['rule: a\ntitle: 5\nscope: all\njudge: "true"\n', 'rule_field', '2:8 `title` is a text; quote it'],
  ['rule: a\ntitle: t\nscope: all\njudge: true\n', 'rule_field', '4:8 `judge` is a text; quote it'],
  ['rule: a\ntitle: &x t\nscope: all\njudge: *x\n', 'rule_field', '2:11 anchors are not available'],
  ['rule: a\ntitle: !x t\nscope: all\njudge: "true"\n', 'rule_yaml', '2:8 Unresolved tag: !x'],
  ['rule: a\ntitle: t\nscope: [all, facets.money]\njudge: "true"\n', 'rule_field', '3:14 a scope is all, facet.NAME, effect.NAME, tool.NAME or kind.NAME'],
  ['rule: a\ntitle: t\nscope: effect.writes\njudge: "true"\n', 'rule_field', '3:8 an effect is one of read, write, irreversible, opaque'],
  ['rule: a\ntitle: t\nscope: []\njudge: "true"\n', 'rule_field', '3:8 from 1 to 128 scopes; a scope is all, facet.NAME, effect.NAME, tool.NAME or kind.NAME'],
  [`${SHORT}until: 2027-02-30\nmode: observe\n`, 'rule_field', '5:8 a date such as 2027-01-31 or 2027-01-31T12:00:00Z is expected'],
  [`${SHORT}until: 2027-02-20\n`, 'rule_field', '5:8 `until` is for `mode: observe`'],
  [`${SHORT}grants: yes\n`, 'rule_field', '5:9 `grants` is true or false'],
  [`${SHORT}params:\n  limit: { value: 5, min: 6 }\n`, 'rule_field', '6:10 `params.limit`: min is over max'],
  [`${SHORT}params:\n  limit: { value: 5, max: 4 }\n`, 'rule_field', '6:10 `params.limit`: min is over max'],
  [`${SHORT}params:\n  limit: { value: 5, min: 0, max: 4 }\n`, 'rule_field', '6:10 `params.limit`: value is from 0 to 4'],
  [`${SHORT}params:\n  limit: { value: 1.5 }\n`, 'rule_field', '6:19 `params.limit.value` is an integer'],
  [`${SHORT}params:\n  limit: { vlue: 1 }\n`, 'rule_field', '6:12 `vlue` is not a field of a parameter; `value`?'],
  [`${SHORT}params:\n  limit: { type: string, value: 1 }\n`, 'rule_field', '6:18 `params.limit.type` is one of int'],
  [`${SHORT}params:\n  limit: { value: 9223372036854775808 }\n`, 'rule_field', '6:10 an integer past 64 bits'],
  [
    `${SHORT}inputs:\n  args.to: strin(5)\n`,
    'rule_type',
    '6:12 type `strin(5)`: `strin` is not a type; a type is bool, int, string(BYTES), list(TYPE, LENGTH) or map(string(BYTES), TYPE, LENGTH)',
  ],
  [
    `${SHORT}inputs:\n  args.to: string\n`,
    'rule_type',
    '6:12 type `string`: `string` needs its largest size in bytes, for example string(256); a type is bool, int, string(BYTES), list(TYPE, LENGTH) or map(string(BYTES), TYPE, LENGTH)',
  ],
  [`${SHORT}inputs:\n  money.amount: int\n`, 'rule_field', '6:17 `money.amount`: inputs are declared under `args` or `context`; all others are known'],
  [`${SHORT}inputs:\n  args.a b: int\n`, 'rule_field', '6:13 `args.a b` is not a path'],
  [`${SHORT}limits: { gas: 0 }\n`, 'rule_field', '5:16 `limits.gas` is from 1 to 1000000000'],
  [`${SHORT}limits: { gaz: 1 }\n`, 'rule_field', '5:11 `gaz` is not a field of `limits`; `gas`?'],
  [`${SHORT}tests:\n  - given: { money.amount: 1 }\n`, 'rule_field', '6:5 `expect` is missing: pass, fail or error'],
  [`${SHORT}tests:\n  - given: { money.amount: 1, money: { amount: 2 } }\n    expect: pass\n`, 'rule_field', '6:38 `amount` is given twice'],
  [`${SHORT}tests:\n  - given: { ${'a.'.repeat(16)}a: 1 }\n    expect: pass\n`, 'rule_field', '6:49 more than 16 levels'],
  [`${SHORT}tests:\n  - given: { 5: 1 }\n    expect: pass\n`, 'rule_field', '6:14 `5` is not a name; quote it'],
  [`${SHORT}tests:\n  - given: { __proto__: 1 }\n    expect: pass\n`, 'rule_field', '6:14 `__proto__` is refused'],
];

test('what is refused, with its place', () => {
  for (const [text, slug, message] of REFUSED) {
    assert.throws(
      () => parseManifest(text),
      (fault) => {
        assert.ok(fault instanceof Fault, String(fault));
        assert.deepEqual([fault.slug, fault.message], [slug, message], text);
        return true;
      },
      text,
    );
  }
});

test('what is nested without end is refused', () => {
  for (const text of ['['.repeat(60_000), '{a: '.repeat(15_000), '- '.repeat(30_000), '? '.repeat(30_000), `a: ${'[1, '.repeat(15_000)}`]) {
    assert.throws(() => parseManifest(text), { slug: 'rule_yaml' }, text.slice(0, 9));
  }
  assert.throws(() => parseManifest('a'.repeat(70_000)), { slug: 'rule_bound' });
});

test('law bytes that no manifest has are refused', () => {
  const { manifest } = parseManifest(FULL);
  const changes = [
    { scope: [] },
    { scope: ['tool.b', 'tool.a'] },
    { scope: ['nothing'] },
    { params: [...manifest.params].reverse() },
    { params: [{ name: 'p', value: 1n, min: 2n, max: 3n, step: 1n }] },
    { inputs: [{ path: 'money.amount', type: 'int' }] },
    { limits: { ...LIMITS_DEFAULT, gas: 2 ** 40 } },
  ];
  for (const change of changes) assert.throws(() => decodeManifest(encodeManifest({ ...manifest, ...change })), { slug: 'rule_field' }, Object.keys(change)[0]);
});
