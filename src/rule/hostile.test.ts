/** Hostile rule files, expressions and law bytes: whatever comes, the answer is a rule or a fault with its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { compileRule, compileText, runTests } from './compile.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';
import { parseManifest } from './manifest-source.ts';
import { Random } from './program-generator.ts';

const SEED = Number(process.env.AVA_SEED ?? 5);
const ROUNDS = Number(process.env.AVA_ROUNDS ?? 1_500);

const ENVIRONMENT = new Map([
  ['money.amount', 'int'],
  ['mail.to', 'list(string(32), 4)'],
  ['effect', 'string(16)'],
]);

const RULE = `rule: a/b
title: A title
scope: [facet.money, all]
params: { limit: { type: int, value: 5, min: 0, max: 9 } }
inputs: { args.m: "map(string(4), list(int, 3), 2)" }
judge: >-
  money.amount + 1 <= params.limit && mail.to.all(t, t.endsWith("@x") || t in ["a", "b"])
  && (has(args.m.k) ? args.m["k"].filter(x, x > 1 && args.m.k.exists(y, y < x)) == [1] : effect != "é")
limits: { gas: 100000 }
tests:
  - given: { money.amount: 1, mail.to: [], args.m: { k: [1] }, effect: read }
    expect: fail
`;
/** The same with what the full profile has. */
const FULL_RULE = RULE.replace(
  /judge: >-[\s\S]*?limits:/,
  `judge: >-
  double(money.amount) * 1.5 < math.sqrt(params.limit) && mail.to.join(",").matches("^[a-z@,]*$")
  && timestamp("2026-01-01T00:00:00Z").getHours("+01:00") > 5 && args.m.transformMap(k, v, size(v) > 1, "%s|%.2f".format([v, 1u]))
  .exists(k, v, dyn(k) == b"a" || v.split("|")[0].replace("1", effect) == string(duration("1h")))
limits:`,
).replace('gas: 100000', 'gas: 1000000');
const PIECES = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '.matches("',
  '.format([',
  'math.',
  '.transformMapEntry(i, v,',
  'timestamp(',
  'duration("1h',
  '5u',
  'dyn(',
  '.`a b`',
  '(?i)[',
  '{1,1000}',
  '%.99f',
  '"',
  "'",
  '.',
  ',',
  ':',
  '?',
  '&&',
  '||',
  '!',
  '-',
  '+',
  '*',
  '/',
  '%',
  '<',
  '==',
  ' in ',
  'has',
  '.all(x,',
  '.map(x,',
  'cel.bind(a,',
  'null',
  '0x',
  '1e9',
  '9223372036854775808',
  '\\',
  '\n',
  '\t',
  '\ud800',
  '😀',
  '__proto__',
  '&a ',
  '*a',
  '!!binary ',
  '|',
  '>',
  '#',
  '- ',
  '---\n',
  'x'.repeat(300),
  '(('.repeat(80),
  'b"\\xff"',
  '\u0000',
];

function mangled(text: string, random: Random): string {
  let out = text;
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(out.length);
    const end = at + random.below(random.chance(70) ? 4 : 60);
    out = out.slice(0, at) + (random.chance(60) ? random.pick(PIECES) : random.chance(50) ? out.slice(at, end).repeat(2) : '') + out.slice(end);
  }
  return out;
}

test(`mangled rule files (seed ${SEED})`, () => {
  runTests(compileText(FULL_RULE, ENVIRONMENT));
  const random = new Random(SEED);
  let compiled = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const text = mangled(i % 2 === 0 ? RULE : FULL_RULE, random);
    try {
      runTests(compileText(text, ENVIRONMENT));
      compiled += 1;
    } catch (fault) {
      assert.ok(fault instanceof Fault, `${String(fault)}\n${text}`);
      assert.match(fault.slug, /^rule_/);
      assert.match(fault.message, /^\d+:\d+ ./, text);
      const { line } = fault.context;
      assert.ok(typeof line === 'number' && line >= 1 && line <= text.split('\n').length, text);
    }
  }
  assert.ok(compiled > ROUNDS / 50 && compiled < ROUNDS / 2, `${compiled} compiled`);
});

test(`mangled law bytes (seed ${SEED})`, () => {
  const random = new Random(SEED + 1);
  const bytes = encodeManifest(parseManifest(RULE).manifest);
  for (let i = 0; i < ROUNDS; i++) {
    const changed = bytes.slice(0, random.chance(20) ? random.below(bytes.length) : undefined);
    for (let j = random.below(3); j >= 0 && changed.length > 0; j--) changed[random.below(changed.length)] = random.below(256);
    try {
      const manifest = decodeManifest(changed);
      assert.deepEqual(encodeManifest(manifest), changed);
      runTests(compileRule(manifest, ENVIRONMENT));
    } catch (fault) {
      assert.ok(fault instanceof Fault && /^(cbor|rule)_/.test(fault.slug), String(fault));
    }
  }
});
