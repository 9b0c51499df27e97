/** Rego policies (GU-14 to GU-17) and Kubewarden's (GU-18 to GU-21), as their own compilers make them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EMPTY } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { encodeInputs, type Found } from '../rule/input.ts';
import { dataText, Guest, type GuestPlan } from './guest.ts';
import { type Answers, HostTrap } from './host.ts';
import { sprintf } from './opa-builtin.ts';
import { trapResult } from './trap.ts';

const moduleOf = (name: string): Uint8Array => new Uint8Array(readFileSync(`${import.meta.dirname}/../../test/guest/${name}.wasm`));
const nobody = (): never => assert.fail('a policy asks nobody');
const NOBODY: Answers = { read: nobody, oracle: nobody, call: nobody };

const policy = (name: string, abi: GuestPlan['abi'], inputs: readonly string[], data: string | null = null): Guest =>
  new Guest({
    name,
    module: moduleOf(name),
    abi,
    limits: { gas: 10_000_000, memory_pages: 16, stack_words: 65_536 },
    inputs,
    hosts: [],
    calls: [],
    reads: [],
    data,
  });

const RECIPIENTS = ['a@example.org', 'b'];
const PATHS = ['args.amount', 'args.recipients', 'args.to', 'now_ms', 'params.limit'];
/** 2027-01-15 and after: too late. */
const LATE_MS = 1_800_000_000_000n;

const transfer = ({ amount = 50n, recipients = RECIPIENTS, to = 'known', now_ms = 1n }): Uint8Array =>
  encodeInputs([{ value: amount }, { value: recipients }, { value: to }, { value: now_ms }, { value: 100n }]);

const TRANSFERS: readonly (readonly [title: string, input: Parameters<typeof transfer>[0], passes: boolean])[] = [
  ['within the limit', {}, true],
  ['at the limit', { amount: 100n }, true],
  ['over the limit', { amount: 101n }, false],
  ['an integer past 2^53', { amount: 9_223_372_036_854_775_807n }, false],
  ['too late, by the time of its input', { now_ms: LATE_MS }, false],
  ['in time by a millisecond', { now_ms: LATE_MS - 1n }, true],
  ['to someone evil, said with %q, %s and %v', { to: 'evil' }, false],
];

test('GU-14: a policy reads the document of its rule, and another rule another one', () => {
  const text = dataText({ known: ['Mira "the" Holt', 'Größe'], prefixes: ['desk@'], n: 1, deep: { a: [null, true, 1.5, 2n ** 60n] } });
  assert.deepEqual(JSON.parse(text.replace('1152921504606846976', '0')), {
    known: ['Mira "the" Holt', 'Größe'],
    prefixes: ['desk@'],
    n: 1,
    deep: { a: [null, true, 1.5, 0] },
  });
  const listed = policy('opa-listed', 'opa', ['args.to'], text);
  const none = policy('opa-listed', 'opa', ['args.to']);
  const verdict = (guest: Guest, to: string): number => guest.judge(encodeInputs([{ value: to }]), NOBODY).result;
  for (const [to, result] of [
    ['Mira "the" Holt', 2],
    ['Größe', 2],
    ['desk@example.org', 2],
    ['Mira', 0],
  ] as const)
    assert.deepEqual([verdict(listed, to), verdict(none, to)], [result, 0], to);
});

test('GU-18: settings are the document of the rule, where it has one', () => {
  const settings = (limit: number | null): number =>
    policy('wapc', 'wapc', ['args.x', 'params.limit'], limit === null ? null : dataText({ limit, more: ['a'] })).judge(
      encodeInputs([{ value: 'y' }, { value: 9n }]),
      NOBODY,
    ).result;
  assert.deepEqual([settings(null), settings(9), settings(1)], [2, 2, 1], 'a limit of 1 is an error of this guest');
});

test('GU-17: a bool, a set of denials, an admission review: each decides', () => {
  const [allow, deny, main] = ['opa-allow', 'opa-deny', 'opa-main'].map((name) => policy(name, 'opa', PATHS));
  for (const [title, input, passes] of TRANSFERS)
    for (const guest of [allow, deny, main]) {
      const first = guest.judge(transfer(input), NOBODY);
      assert.equal(first.result, passes ? 2 : 0, `${guest.plan.name}: ${title}`);
      assert.ok(first.gas > 10_000 && first.gas < 200_000);
      assert.deepEqual(guest.judge(transfer(input), NOBODY), first);
    }
  // What only `allow` asks for.
  assert.equal(allow.judge(transfer({ recipients: ['b'] }), NOBODY).result, 0);
  assert.equal(deny.judge(transfer({ recipients: ['b'] }), NOBODY).result, 2);
});

test('GU-17: what the input does not have is undefined to the policy', () => {
  const guest = policy('opa-allow', 'opa', PATHS);
  const missing: Found = { missing: 0 };
  assert.equal(guest.judge(encodeInputs([missing, missing, missing, missing, missing]), NOBODY).result, 0);
  assert.equal(policy('opa-deny', 'opa', []).judge(EMPTY, NOBODY).result, 2);
});

test('GU-14: a policy is held to its gas, and is as good as before', () => {
  const guest = policy('opa-deny', 'opa', PATHS);
  const alone = guest.judge(transfer({}), NOBODY).gas;
  const within = (limit: number) => guest.judge(transfer({}), NOBODY, { gas: limit, stack_words: 65_536, callers: [] });
  const { gas } = within(1e7);
  assert.ok(gas > alone);
  assert.deepEqual([within(gas).result, within(gas).gas, within(gas).short], [2, gas, false]);
  for (const limit of [alone, alone >> 1, 500, 0])
    assert.deepEqual([within(limit).result, within(limit).gas, within(limit).short], [trapResult('gas'), limit, true]);
  assert.equal(guest.judge(transfer({}), NOBODY).gas, alone);
  const shallow = guest.judge(transfer({}), NOBODY, { gas: 1e7, stack_words: 100, callers: [] });
  assert.deepEqual([shallow.result, shallow.short], [trapResult('stack'), true]);
});

test('GU-15: a builtin that no rule can have is refused by its name', () => {
  assert.throws(
    () => policy('opa-asking-outside', 'opa', []),
    (error) => error instanceof Fault && error.slug === 'wasm_refused' && error.context['place'] === 'http.send',
  );
});

test('GU-15: sprintf writes as Go does', () => {
  const int = (text: string) => ({ kind: 'int', text }) as const;
  const string = (text: string) => ({ kind: 'string', text }) as const;
  const float = (text: string) => ({ kind: 'float64', text }) as const;
  const table: readonly (readonly [string, Parameters<typeof sprintf>[1], string])[] = [
    ['%d of %v', [int('3'), int('18446744073709551616')], '3 of 18446744073709551616'],
    ['%s%%', [string('a')], 'a%'],
    ['%q', [string('a"\\b\n\u0001')], '"a\\"\\\\b\\n\\x01"'],
    ['%x', [int('-255')], '-ff'],
    ['%x %x', [int('255'), string('é')], 'ff c3a9'],
    ['%.2f %f', [float('1.5'), float('0.1')], '1.50 0.100000'],
    ['%v', [string('["a", {"b": 1}]')], '["a", {"b": 1}]'],
    ['%d', [string('a')], '%!d(string=a)'],
    ['%s', [int('1')], '%!s(int=1)'],
    ['%t', [string('true')], '%!t(string=true)'],
    ['%d', [], '%!d(MISSING)'],
    ['none', [int('1'), string('a')], 'none%!(EXTRA int=1, string=a)'],
  ];
  for (const [format, args, text] of table) assert.equal(sprintf(format, args), text);
  for (const [format, arg] of [
    ['%5d', int('1')],
    ['%-5s', string('a')],
    ['%05d', int('1')],
    ['%.2d', int('1')],
    ['%q', int('1')],
    ['%x', float('1.5')],
    ['%z', string('a')],
  ] as const)
    assert.throws(() => sprintf(format, [arg]), HostTrap, format);
});

test('GU-18 to GU-21: a waPC guest, its host and its libraries', () => {
  const guest = policy('wapc', 'wapc', ['args.object', 'now_ms', 'params.limit']);
  const judge = (privileged: boolean, limit: bigint): number =>
    guest.judge(encodeInputs([{ value: { keys: ['privileged'], values: [privileged] } }, { value: 3n }, { value: limit }]), NOBODY).result;
  assert.equal(judge(false, 9n), 2);
  assert.equal(judge(true, 9n), 0);
  assert.equal(judge(false, 1n), 1, 'the error of the guest');
  assert.equal(judge(false, 2n), trapResult('unauthorised'), '__host_call');
  assert.equal(judge(false, 3n), trapResult('exit'), 'proc_exit');
  assert.equal(judge(false, 4n), 1, 'another object');
  assert.equal(judge(false, 9n), 2);
});
