import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { Fault } from '../base/fault.ts';
import { checkBatch, checkDecision, checkInput, checkOutcome, checkSession, isDecision } from './check.ts';
import type { Json } from './json-value.ts';
import { random } from './random.fixture.ts';
import { DecisionRequest } from './schema.ts';

const SESSION = '0123456789abcdef0123456789abcdef';
const action = { kind: 'tool.call', name: 'send_money', args: { amount: 50 } };
const decision = { session: SESSION, action };

test('N-20: what has a wrong shape is refused with its path', () => {
  const long = 'é'.repeat(129);
  const table: readonly (readonly [check: (value: Json) => unknown, value: unknown, path: string])[] = [
    [checkDecision, null, '$'],
    [checkDecision, [], '$'],
    [checkDecision, {}, '$.session'],
    [checkDecision, { session: 1, action }, '$.session'],
    [checkDecision, { session: SESSION }, '$.action'],
    [checkDecision, { ...decision, permits: true }, '$.permits'],
    [checkDecision, { ...decision, 'odd name': true }, "$['odd name']"],
    [checkDecision, { ...decision, permit: 'no' }, '$.permit'],
    [checkDecision, { ...decision, context: [1] }, '$.context'],
    [checkDecision, { ...decision, context: null }, '$.context'],
    [checkDecision, { session: SESSION, action: { ...action, args: [] } }, '$.action.args'],
    [checkDecision, { session: SESSION, action: { ...action, kind: 'Tool' } }, '$.action.kind'],
    [checkDecision, { session: SESSION, action: { ...action, name: '' } }, '$.action.name'],
    [checkDecision, { session: SESSION, action: { ...action, name: long } }, '$.action.name'],
    [checkDecision, { session: SESSION, action: { ...action, server: 7 } }, '$.action.server'],
    [checkDecision, { session: SESSION, action: { ...action, tool: 'x' } }, '$.action.tool'],
    [checkDecision, { session: SESSION, action: { kind: 'tool.call', name: 'x' } }, '$.action.args'],
    [checkSession, { agent: '' }, '$.agent'],
    [checkSession, { agent: long }, '$.agent'],
    [checkSession, { agent: 'a', user: 1 }, '$.user'],
    [checkSession, { agent: 'a', assurance: 3 }, '$.assurance'],
    [checkInput, { text: null }, '$.text'],
    [checkBatch, { decisions: {} }, '$.decisions'],
    [checkBatch, { decisions: Array.from({ length: 257 }, () => decision) }, '$.decisions'],
    [checkOutcome, { permit: 'x' }, '$.ok'],
    [checkOutcome, { permit: 'x', ok: 'yes' }, '$.ok'],
    [checkOutcome, { permit: 'x', ok: true, output: 1 }, '$.output'],
  ];
  for (const [check, value, path] of table) {
    assert.throws(
      () => check(value as Json),
      (error) => error instanceof Fault && error.slug === 'request_shape' && error.context.path === path && error.message.includes(path),
      `${JSON.stringify(value)?.slice(0, 80)} at ${path}`,
    );
  }
  assert.throws(
    () => checkDecision({ session: 1 }, '$.decisions[3]'),
    (error) => error instanceof Fault && error.context.path === '$.decisions[3].action',
  );
  for (const value of [decision, { ...decision, context: {}, permit: false }, { session: '', action: { ...action, server: 'bank' } }])
    assert.equal(checkDecision(value), value);
  for (const result of [null, 1, 'x', {}, []]) checkOutcome({ permit: 'x', ok: true, result });
});

const seed = Number(process.env.AVA_SEED ?? Date.now() % 1_000_000);

test(`the check by hand and the schema agree on random values (seed ${seed})`, () => {
  const validator = Compile(DecisionRequest);
  const { below, pick } = random(seed);
  const atoms: readonly Json[] = [
    null,
    true,
    false,
    0,
    1.5,
    '',
    'x',
    'tool.call',
    'Tool',
    SESSION,
    'a'.repeat(256),
    'a'.repeat(257),
    '😀'.repeat(256),
    '😀'.repeat(257),
    [],
    {},
    [1],
    { a: 1 },
  ];
  const keys = ['session', 'action', 'context', 'permit', 'kind', 'server', 'name', 'args', 'constructor', 'x'];
  const change = (value: Record<string, Json>): Record<string, Json> => {
    const next = { ...value };
    const key = pick(below(4) === 0 ? keys : Object.keys(value).length > 0 ? Object.keys(value) : keys);
    if (below(4) === 0) delete next[key];
    else next[key] = pick(atoms);
    return next;
  };
  let good = 0;
  const rounds = 60_000;
  for (let i = 0; i < rounds; i++) {
    let inner: Record<string, Json> = { kind: pick(['tool.call', 'user.input']), name: pick(['x', '😀'.repeat(256)]), args: {} };
    if (below(2) === 0) inner.server = 'bank';
    if (below(2) === 0) inner = change(inner);
    let outer: Record<string, Json> = { session: SESSION, action: inner };
    if (below(2) === 0) outer.context = {};
    if (below(2) === 0) outer.permit = below(2) === 0;
    if (below(3) === 0) outer = change(outer);
    const value = below(20) === 0 ? pick(atoms) : outer;
    const expected = validator.Check(value);
    assert.equal(isDecision(value), expected, JSON.stringify(value));
    if (expected) good += 1;
  }
  assert.ok(good > rounds / 10 && good < rounds);
});
