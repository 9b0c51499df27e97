/** Genesis and law (G): round trip, malformed ones, and the roots by plain hashing. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ruleText, SMALL_KEY, SMALL_PRINCIPAL, SMALL_TOOLS, smallConstitution, smallGenesis } from '../../sim/small-law.ts';
import { fromOctets, hex, octets, utf8 } from '../base/bytes.ts';
import { type Cbor, decode, encode } from '../base/cbor.ts';
import { FACET_VERSION } from '../facet/version.ts';
import { IR_VERSION } from '../rule/ir.ts';
import { decodeGenesis, encodeGenesis, GENESIS_BYTES_MAX, networkOf } from './genesis.ts';
import { lawOf, SCHEDULES } from './law.ts';

const RULES = [ruleText('first', 'session.calls < 50'), ruleText('second', 'money.amount <= 100', 'scope: facet.money')];
const GOOD = smallGenesis({ rules: RULES });

const sha = (...parts: Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const tagged = (tag: string, ...parts: Uint8Array[]): Buffer => sha(new Uint8Array([tag.length + 7]), utf8(`ava.${tag}.v1`), ...parts);
const leaf = (bytes: Uint8Array): Buffer => sha(new Uint8Array([0]), bytes);
const node = (a: Uint8Array, b: Uint8Array): Buffer => sha(new Uint8Array([1]), a, b);
function words(...items: (string | Uint8Array | number)[]): Uint8Array {
  const out = new Uint8Array(32 * items.length);
  items.forEach((item, i) => {
    if (typeof item === 'number') new DataView(out.buffer).setBigUint64(32 * i + 24, BigInt(item));
    else out.set(typeof item === 'string' ? utf8(item) : item, 32 * i);
  });
  return out;
}

test('a genesis comes back, and names its network', () => {
  assert.deepEqual(encodeGenesis(decodeGenesis(GOOD)), GOOD);
  assert.equal(hex(networkOf(GOOD)), tagged('genesis', GOOD).toString('hex'));
});

test('the roots of law, by plain hashing', () => {
  const law = lawOf(GOOD);
  const rules = law.genesis.constitution.rules.map((rule, i) =>
    words('ava.rule.v1', tagged('name', utf8(['first', 'second'][i])), tagged('rule', rule.program), tagged('manifest', rule.manifest), law.rules[i].gas, i),
  );
  assert.equal(hex(law.rules_root), node(leaf(rules[0]), leaf(rules[1])).toString('hex'));
  const key = tagged('key', new Uint8Array([0, 1]), fromOctets(SMALL_KEY.public));
  const validator = words('ava.validator.v1', fromOctets(SMALL_PRINCIPAL), key, 1);
  assert.equal(hex(law.validators_root), leaf(validator).toString('hex'));
  assert.equal(hex(SCHEDULES[0]), tagged('schedule', encode(['ir', IR_VERSION, 'facet', FACET_VERSION, 'codec', 1])).toString('hex'));
  assert.equal(law.version, 3);
});

test('G-9: the least schedule that has what the rules need', () => {
  const of = (...rules: readonly string[]): number => SCHEDULES.indexOf(lawOf(smallGenesis({ rules })).schedule);
  assert.deepEqual([of(), of(ruleText('a', 'now_ms > 0')), of(ruleText('a', 'now_ms > 0'), ruleText('b', 'double(now_ms) > 0.5'))], [0, 0, 1]);
});

test('state_root changes with every part of the law', () => {
  const roots = new Map<string, string>();
  const add = (name: string, bytes: Uint8Array): void => void roots.set(hex(lawOf(bytes).state_root), name);
  add('plain', GOOD);
  add('another rule', smallGenesis({ rules: [RULES[0]] }));
  add('another order', smallGenesis({ rules: [RULES[1], RULES[0]] }));
  add('another title', smallGenesis({ rules: [RULES[0].replace('title: first', 'title: other'), RULES[1]] }));
  add('another default', smallGenesis({ rules: RULES, default: 'deny' }));
  add('other tools', smallGenesis({ rules: RULES, tools: SMALL_TOOLS.replace('result: own', 'result: ack') }));
  add('another name', smallGenesis({}, { constitution: { ...smallConstitution({ rules: RULES }), name: 'other' } }));
  add('another version', smallGenesis({}, { constitution: { ...smallConstitution({ rules: RULES }), version: 4 } }));
  add('another validator', smallGenesis({ rules: RULES }, { validators: [{ ...decodeGenesis(GOOD).validators[0], principal: 'q'.repeat(32) }] }));
  assert.equal(roots.size, 9);
  assert.equal(lawOf(smallGenesis({ rules: RULES }, { label: 'other' })).state_root, lawOf(GOOD).state_root, 'a label is no law');
  assert.notEqual(lawOf(smallGenesis({ rules: RULES }, { label: 'other' })).network, lawOf(GOOD).network);
});

test('each malformed genesis has its own fault', () => {
  const [version, label, time_ms, home, sequencer, validators, constitution] = decode(GOOD) as Cbor[];
  const bytes = (change: Record<number, Cbor>): Uint8Array =>
    encode([version, label, time_ms, home, sequencer, validators, constitution].map((field, i) => (Object.hasOwn(change, i) ? change[i] : field)));
  const [name, number, byDefault, rules, tools] = constitution as Cbor[];
  const law = (change: Record<number, Cbor>): Uint8Array =>
    bytes({ 6: [name, number, byDefault, rules, tools].map((field, i) => (Object.hasOwn(change, i) ? change[i] : field)) });
  const [principal, who, suite, key, weight] = (validators as Cbor[][])[0];
  const [[firstManifest, firstProgram], [secondManifest, secondProgram]] = rules as Uint8Array[][];
  const other = new Uint8Array(32).fill(5);
  const table: readonly [string, Uint8Array, string | null][] = [
    ['unchanged', bytes({}), null],
    ['empty', new Uint8Array(0), 'cbor_truncated'],
    ['bytes after it', new Uint8Array([...GOOD, 0]), 'cbor_trailing'],
    ['version 2', bytes({ 0: 2 }), 'cbor_range'],
    ['home 2', bytes({ 3: 2 }), 'cbor_range'],
    ['sequencer 2', bytes({ 4: 2 }), 'cbor_range'],
    ['no validator', bytes({ 5: [] }), 'genesis_malformed'],
    [
      'two on solo',
      bytes({
        5: [
          [principal, who, suite, key, weight],
          [other, 'two', suite, key, weight],
        ],
      }),
      'genesis_malformed',
    ],
    [
      'two of comet',
      bytes({
        4: 1,
        5: [
          [principal, who, suite, key, weight],
          [other, 'two', suite, key, weight],
        ],
      }),
      null,
    ],
    [
      'a principal twice',
      bytes({
        4: 1,
        5: [
          [principal, who, suite, key, weight],
          [principal, 'two', suite, key, weight],
        ],
      }),
      'genesis_malformed',
    ],
    [
      'a name twice',
      bytes({
        4: 1,
        5: [
          [principal, who, suite, key, weight],
          [other, who, suite, key, weight],
        ],
      }),
      'genesis_malformed',
    ],
    ['weight 0', bytes({ 5: [[principal, who, suite, key, 0]] }), 'genesis_malformed'],
    ['weight past 10^15', bytes({ 5: [[principal, who, suite, key, 1_000_000_000_000_001]] }), 'genesis_malformed'],
    ['default 2', law({ 2: 2 }), 'cbor_range'],
    ['a constitution that is no name', law({ 0: 'Starter' }), 'cbor_range'],
    ['257 rules', law({ 3: Array.from({ length: 257 }, () => [firstManifest, firstProgram]) }), 'cbor_range'],
    [
      'a rule twice',
      law({
        3: [
          [firstManifest, firstProgram],
          [firstManifest, firstProgram],
        ],
      }),
      'genesis_malformed',
    ],
    [
      "another rule's program",
      law({
        3: [
          [firstManifest, secondProgram],
          [secondManifest, firstProgram],
        ],
      }),
      'rule_not_canonical',
    ],
    ['no program', law({ 3: [[firstManifest, new Uint8Array(0)]] }), 'rule_not_canonical'],
  ];
  for (const [what, given, slug] of table) {
    if (slug === null) lawOf(given);
    else assert.throws(() => lawOf(given), { slug }, what);
  }
  assert.throws(() => decodeGenesis(new Uint8Array(GENESIS_BYTES_MAX + 1)), { slug: 'genesis_malformed' });
  assert.ok(octets(other).length === 32);
});

test('a constitution reads at most 32 sums', () => {
  const rules = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => ruleText(`r${i}`, `agent.sum("money.amount", "${i + 1}m") < 100`, 'scope: facet.money'));
  assert.equal(lawOf(smallGenesis({ rules: rules(32) })).sums.length, 32);
  assert.throws(() => lawOf(smallGenesis({ rules: rules(33) })), { slug: 'genesis_malformed' });
});

test('G-4: gas and pages of all rules together', () => {
  const module = new Uint8Array(readFileSync(`${import.meta.dirname}/../../guest/examples/no-path/rule.wasm`));
  const guests = (count: number, limits: string): Uint8Array => {
    const rules = Array.from({ length: count }, (_, i) => `rule: r${i}\ntitle: t\nscope: all\nprogram: rule.wasm\nlimits: ${limits}\n`);
    return smallGenesis({ rules, module: () => module });
  };
  for (const [most, limits, message] of [
    [2, '{ gas: 1000000000 }', 'the rules may take 3000000000 gas together; at most 2000000000'],
    [16, '{ memory_pages: 256 }', 'the programs may take 4352 pages of memory together; at most 4096'],
  ] as const) {
    assert.equal(lawOf(guests(most, limits)).rules.length, most);
    assert.throws(() => lawOf(guests(most + 1, limits)), { slug: 'genesis_malformed', message });
  }
});

test('G-5: a guest is the module that its manifest names, and calls rules that are in force', () => {
  const module = new Uint8Array(readFileSync(`${import.meta.dirname}/../../test/guest/probe.wasm`));
  const guest = (calls: string): string =>
    `rule: probe\ntitle: t\nscope: all\nprogram: probe.wasm\ninputs: { args.do: int, args.say: bool }\nhosts: [hash, verify, read, oracle, call, log]\nreads: [session.calls]\ncalls: ${calls}\nlimits: { memory_pages: 4 }\n`;
  const genesis = (calls: string): Uint8Array => smallGenesis({ rules: [ruleText('a', 'session.denied < 9'), guest(calls)], module: () => module });
  const { rules, schedule } = lawOf(genesis('[a]'));
  assert.equal(schedule, SCHEDULES[1]);
  assert.deepEqual(
    [rules[1].callees, rules[1].witnessed.map(({ path }) => path), rules[1].gas],
    [['a'], ['session.calls', 'session.denied'], rules[1].manifest.limits.gas],
  );
  assert.throws(() => lawOf(genesis('[a, b]')), { slug: 'rule_unknown', message: 'rule probe may call `b`, and no rule has this name' });
  const [version, label, time_ms, home, sequencer, validators, constitution] = decode(genesis('[a]')) as Cbor[];
  const [name, number, byDefault, laws, tools] = constitution as Cbor[];
  const [first, [manifest, program]] = laws as [Cbor, [Uint8Array, Uint8Array]];
  const other = encode([version, label, time_ms, home, sequencer, validators, [name, number, byDefault, [first, [manifest, flip(program)]], tools]]);
  assert.throws(() => lawOf(other), { slug: 'rule_field', message: /not the one that the manifest names/ });
});

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
