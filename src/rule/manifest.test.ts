import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { Fault } from '../base/fault.ts';
import { sha256 } from '../crypto/hash.ts';
import { BREAKER_DEFAULT, decodeManifest, encodeManifest, LIMITS_DEFAULT } from './manifest.ts';
import { parseManifest } from './manifest-source.ts';

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
    program: null,
    calls: [],
    reads: [],
    breaker: null,
    obligations: [],
    data: null,
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

const REFUSED: readonly (readonly [text: string, slug: string, message: string | RegExp])[] = [
  [
    '',
    'rule_field',
    '1:1 a rule is a map with rule, title, advice, scope, mode, until, grants, params, inputs, judge, program, abi, uses, hosts, calls, reads, otherwise, on_fault, level, limits, breaker, obligations, data, tests',
  ],
  [
    '- a',
    'rule_field',
    '1:1 a rule is a map with rule, title, advice, scope, mode, until, grants, params, inputs, judge, program, abi, uses, hosts, calls, reads, otherwise, on_fault, level, limits, breaker, obligations, data, tests',
  ],
  ['rule: a\ntitle: t\nscope: all\n', 'rule_field', '1:1 `judge` is missing: an expression, or `program` with the file of a wasm module'],
  [`${SHORT}mdoe: floor\n`, 'rule_field', '5:1 `mdoe` is not a field of a rule; `mode`?'],
  [`${SHORT}mode: florr\n`, 'rule_field', '5:7 `mode` is one of floor, enforce, observe; `floor`?'],
  [`${SHORT}title: again\n`, 'rule_yaml', '5:1 Map keys must be unique'],
  ['rule: a\n  title: [\n', 'rule_yaml', /^1:7 Nested mappings are not allowed in compact mappings; mind the indentation/],
  ['rule: a\ntitle: a: b\n', 'rule_yaml', /^2:8 Nested .* on a line of its own after `NAME: \|`$/],
  ['rule: a\njudge: !has(x)\n', 'rule_yaml', /^2:8 Unresolved tag: !has\(x\); .* on a line of its own after `NAME: \|`$/],
  ['rule: a\njudge: "x" == y\n', 'rule_yaml', /^2:12 Unexpected scalar at node end; .* on a line of its own after `NAME: \|`$/],
  ['rule: a\ntitle: t\nscope: facets.money\njudge: "true"\n', 'rule_field', '3:8 a scope is all, facet.NAME, effect.NAME, tool.NAME or kind.NAME; `facet`?'],
  ['rule: Upper\ntitle: t\nscope: all\njudge: "true"\n', 'rule_field', '1:7 `Upper` is not a name; use a-z, 0-9 and . _ / - after a letter, at most 64'],
  ['rule: a\ntitle: 5\nscope: all\njudge: "true"\n', 'rule_field', '2:8 `title` is a text; quote it'],
  ['rule: a\ntitle: t\nscope: all\njudge: true\n', 'rule_field', '4:8 `judge` is a text; quote it'],
  ['rule: a\ntitle: &x t\nscope: all\njudge: *x\n', 'rule_field', '2:11 anchors are not available'],
  ['rule: a\ntitle: !x t\nscope: all\njudge: "true"\n', 'rule_yaml', /^2:8 Unresolved tag: !x; mind/],
  [
    'rule: a\ntitle: t\nscope: [all, facets.money]\njudge: "true"\n',
    'rule_field',
    '3:14 a scope is all, facet.NAME, effect.NAME, tool.NAME or kind.NAME; `facet`?',
  ],
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
    '6:12 type `strin(5)`: `strin` is not a type; `string`?; a type is bool, int, uint, double, timestamp, duration, string(BYTES), bytes(BYTES), dyn(BYTES), list(TYPE, LENGTH) or map(string(BYTES), TYPE, LENGTH)',
  ],
  [
    `${SHORT}inputs:\n  args.to: string\n`,
    'rule_type',
    '6:12 type `string`: `string` needs its largest size in bytes, for example string(256); a type is bool, int, uint, double, timestamp, duration, string(BYTES), bytes(BYTES), dyn(BYTES), list(TYPE, LENGTH) or map(string(BYTES), TYPE, LENGTH)',
  ],
  [`${SHORT}inputs:\n  money.amount: int\n`, 'rule_field', '6:17 `money.amount`: inputs are declared under `args` or `context`; all others are known'],
  [`${SHORT}inputs:\n  args.a b: int\n`, 'rule_field', '6:13 `args.a b` is not a path'],
  [`${SHORT}limits: { gas: 0 }\n`, 'rule_field', '5:16 `limits.gas` is from 1 to 1000000000'],
  [`${SHORT}limits: { gaz: 1 }\n`, 'rule_field', '5:11 `gaz` is not a field of `limits`; `gas`?'],
  [`${SHORT}tests:\n  - given: { money.amount: 1 }\n`, 'rule_field', '6:5 `expect` is missing: pass, fail or error'],
  [`${SHORT}tests:\n  - given: { money.amount: 1, money: { amount: 2 } }\n    expect: pass\n`, 'rule_field', '6:38 `amount` is given twice'],
  [`${SHORT}tests:\n  - given: { ${'a.'.repeat(16)}a: 1 }\n    expect: pass\n`, 'rule_field', '6:49 more than 16 levels'],
  [`${SHORT}tests:\n  - given: { 5: 1 }\n    expect: pass\n`, 'rule_field', '6:14 `5` is not a name; quote it'],
  [`${SHORT}program: a.wasm\n`, 'rule_field', '5:10 `a.wasm` is a file, and none can be read here'],
  [`${SHORT}calls: [b]\n`, 'rule_field', '5:8 `calls` is for rules with a `program`'],
  [`${SHORT}abi: opa\n`, 'rule_field', '5:6 `abi` is for rules with a `program`'],
  [`${SHORT}breaker: { faults: 65 }\n`, 'rule_field', '5:20 `breaker.faults` is from 1 to 64'],
  [`${SHORT}breaker: { window: 60 }\n`, 'rule_field', '5:20 `breaker.window` is a text; quote it'],
  [`${SHORT}breaker: { open: 2d }\n`, 'rule_field', '5:18 `breaker.open` is a time from 1s to 1d, such as 90s or 5m'],
  [`${SHORT}breaker: { fault: 5 }\n`, 'rule_field', '5:12 `fault` is not a field of `breaker`; `faults`?'],
  [`${SHORT}tests:\n  - given: { __proto__: 1 }\n    expect: pass\n`, 'rule_field', '6:14 `__proto__` is refused'],
];

test('a program whose module is not there, with its place', () => {
  assert.throws(
    () => parseManifest('rule: a\ntitle: t\nscope: all\nprogram: a.wasm\n', () => undefined),
    (fault) => fault instanceof Fault && fault.slug === 'rule_field' && fault.message.startsWith('4:10 there is no file `a.wasm` beside the rule'),
  );
});

test('what is refused, with its place', () => {
  for (const [text, slug, message] of REFUSED) {
    assert.throws(
      () => parseManifest(text),
      (fault) => {
        assert.ok(fault instanceof Fault, String(fault));
        assert.equal(fault.slug, slug, text);
        if (typeof message === 'string') assert.equal(fault.message, message, text);
        else assert.match(fault.message, message, text);
        return true;
      },
      text,
    );
  }
});

const SEED = Number(process.env['AVA_SEED'] ?? 43);
console.log(`seed ${SEED}`);
const MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const GUEST = `rule: graph/no-cycle
title: No cycle of approvals
scope: tool.approve
program: build/no-cycle.wasm
abi: buffer
inputs:
  args.edges: list(string(64), 32)
uses: [params.depth, 'agent.sum("money.amount", "24h")', now_ms, params.depth]
hosts: [log, call, hash]
calls: [graph/reach, a]
params: { depth: { value: 4 } }
limits: { gas: 200000 }
breaker: { faults: 3, window: 90s, open: 5m, probes: 2 }
`;
const files = (file: string): Uint8Array => {
  assert.equal(file, 'build/no-cycle.wasm');
  return MODULE;
};

test('R-13: a guest is a manifest of version 2', () => {
  const { manifest, module } = parseManifest(GUEST, files);
  assert.equal(module, MODULE);
  assert.deepEqual(manifest.program, {
    abi: 'buffer',
    module: sha256(MODULE),
    uses: ['agent.sum(money.amount,86400000)', 'now_ms', 'params.depth'],
    hosts: ['hash', 'call', 'log'],
  });
  assert.deepEqual([manifest.judge, manifest.calls, manifest.reads], ['', ['a', 'graph/reach'], []]);
  assert.deepEqual(manifest.breaker, { faults: 3, window_ms: 90_000, open_ms: 300_000, probes: 2 });
  const bytes = encodeManifest(manifest);
  assert.deepEqual([bytes[0], bytes[1]], [0x96, 2]);
  assert.deepEqual(decodeManifest(bytes), manifest);
});

test('R-13: the lowest version that holds a manifest', () => {
  const { manifest } = parseManifest(SHORT);
  const bytes = encodeManifest(manifest);
  assert.deepEqual([bytes[0], bytes[1]], [0x90, 1]);
  const needless = new Uint8Array([...bytes, 0xf6, 0x80, 0x80, 0xf6, 0x80, 0xf6]);
  needless.set([0x96, 2]);
  assert.throws(() => decodeManifest(needless), { slug: 'rule_field', message: 'a manifest of version 2 that version 1 holds' });
  const third = bytes.slice();
  third[1] = 3;
  assert.throws(() => decodeManifest(third), { slug: 'cbor_range' });
  const broken = parseManifest(`${SHORT}breaker: {}\n`).manifest;
  assert.deepEqual(broken.breaker, BREAKER_DEFAULT);
  assert.deepEqual(decodeManifest(encodeManifest(broken)), broken);
});

const GUESTS_REFUSED: readonly (readonly [from: string, to: string, message: string])[] = [
  ['abi: buffer', 'abi: opaa', '5:6 `abi` is one of buffer, opa, wapc; `opa`?'],
  ['abi: buffer', 'judge: "true"', '5:8 a rule has `judge` or `program`, not both'],
  ['now_ms,', 'now ms,', '8:58 `now ms` is not a path'],
  ['[log, call, hash]', '[log, hash]', '9:8 `calls` names the rules that the host function `call` may call; one needs the other'],
  ['[log, call, hash]', '[read, call]', '9:8 `reads` names the paths that the host function `read` may read; one needs the other'],
  ['[log, call, hash]', '[clock]', '9:9 `hosts.1` is one of hash, verify, read, oracle, call, log'],
  ['[graph/reach, a]', '[A]', '10:9 `A` is not the name of a rule'],
  ['[graph/reach, a]', '[graph/no-cycle]', '9:8 a rule cannot call itself'],
];

test('what a guest is refused for', () => {
  for (const [from, to, message] of GUESTS_REFUSED) assert.throws(() => parseManifest(GUEST.replace(from, to), files), { slug: 'rule_field', message });
});

test('law bytes that no guest has are refused', () => {
  const { manifest } = parseManifest(GUEST, files);
  const program = manifest.program as NonNullable<typeof manifest.program>;
  const changes = [
    { judge: 'true' },
    { program: null },
    { program: { ...program, uses: [...program.uses].reverse() } },
    { program: { ...program, uses: ['a b'] } },
    { program: { ...program, hosts: [...program.hosts].reverse() } },
    { calls: [] },
    { calls: [...manifest.calls].reverse() },
    { reads: ['agent.name'] },
    { breaker: { ...BREAKER_DEFAULT, probes: 0 } },
  ];
  for (const change of changes) assert.throws(() => decodeManifest(encodeManifest({ ...manifest, ...change })), { slug: 'rule_field' }, JSON.stringify(change));
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

test(`law bytes of a guest with some bytes changed: another manifest that is written alike, or a fault (seed ${SEED})`, () => {
  const random = new Random(SEED);
  const bytes = encodeManifest(parseManifest(GUEST, files).manifest);
  let other = 0;
  for (let i = 0; i < 4_000; i++) {
    const changed = bytes.slice(0, random.chance(0.1) ? random.below(bytes.length) : undefined);
    for (let j = random.below(3); j >= 0 && changed.length > 0; j--) changed[random.below(changed.length)] = random.below(256);
    try {
      const manifest = decodeManifest(changed);
      assert.deepEqual(encodeManifest(manifest), changed);
      other += 1;
    } catch (fault) {
      assert.ok(fault instanceof Fault, String(fault));
      assert.match(fault.slug, /^(cbor|rule)_/);
    }
  }
  assert.ok(other > 100, `${other} are manifests`);
});

test(`mangled files of a guest: a manifest, or a fault with its place (seed ${SEED})`, () => {
  const random = new Random(SEED + 1);
  const pieces = ['[', ']', '{', '}', ': ', '"', '- a', 'hosts', 'calls: []', 'judge: "true"', '60s', '-1', 'ü', '\n', '  '];
  let read = 0;
  for (let i = 0; i < 2_000; i++) {
    let text = GUEST;
    for (let j = random.below(3); j >= 0; j--) {
      const at = random.below(text.length);
      text = text.slice(0, at) + (random.chance(0.7) ? random.pick(pieces) : '') + text.slice(at + random.below(6));
    }
    try {
      const { manifest } = parseManifest(text, () => MODULE);
      assert.deepEqual(decodeManifest(encodeManifest(manifest)), manifest, text);
      read += 1;
    } catch (fault) {
      assert.ok(fault instanceof Fault, `${String(fault)}\n${text}`);
      assert.match(fault.message, /^\d+:\d+ ./, text);
    }
  }
  assert.ok(read > 50, `${read} are read`);
});
