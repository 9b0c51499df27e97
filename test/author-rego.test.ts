/** Policies in Rego: what their sources give with OPA is what is committed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildRule } from '../src/author/build.ts';
import { Fault } from '../src/base/fault.ts';
import { ENVIRONMENT, guestOf } from '../src/law/rule.ts';
import { type GuestRule, readRule } from '../src/rule/compile.ts';
import { encodeInputs, find, type Source, type SourceValue } from '../src/rule/input.ts';
import type { Answers } from '../src/vm/host.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'ava-rego-'));
after(() => rmSync(scratch, { recursive: true }));

const NO_ANSWERS: Answers = { read: () => assert.fail('read'), oracle: () => assert.fail('oracle'), call: () => assert.fail('call') };

test('each policy of the packs gives its committed module', () => {
  const sources = globSync('constitutions/**/rule.rego', { cwd: root });
  assert.ok(sources.length >= 8);
  for (const source of sources) {
    const { changed, tests, compiler } = buildRule(join(root, dirname(source)), { check: true });
    assert.deepEqual([compiler, changed], ['opa 1.22.2', []], `${source}: \`node guest/build.mjs rego\` builds it anew`);
    assert.ok(tests.every(({ passed }) => passed));
  }
});

/** What is given, as far as the rule takes it: its inputs nested by their paths. */
function taken(rule: GuestRule, given: Source): Record<string, SourceValue> {
  const input: Record<string, Record<string, SourceValue>> = {};
  for (const { path } of rule.inputs) {
    const [group, name] = path.split('.');
    const value = (given[group] as Source | undefined)?.[name];
    if (value === undefined || value === null) continue;
    input[group] ??= {};
    input[group][name] = value;
  }
  return input;
}

test('in the VM each policy says of the inputs of all what OPA itself says', () => {
  const policies = globSync('constitutions/k8s/rules/*/rule.yaml', { cwd: root })
    .sort()
    .map((file) => dirname(join(root, file)));
  const rules = policies.map(
    (dir) => readRule(readFileSync(join(dir, 'rule.yaml'), 'utf8'), ENVIRONMENT, (file) => new Uint8Array(readFileSync(join(dir, file)))) as GuestRule,
  );
  // each object with the parameters of every test of the policy that is asked
  const objects = rules.flatMap(({ manifest }) => manifest.tests.map(({ given }) => given as Source));
  let denied = 0;
  rules.forEach((rule, i) => {
    const contexts = rule.manifest.tests.map(({ given }) => (given as Source)['context'] ?? null);
    const sources = objects.flatMap((object) => contexts.map((context): Source => ({ ...object, context })));
    const file = join(scratch, 'inputs.json');
    writeFileSync(file, JSON.stringify({ inputs: sources.map((source) => taken(rule, source)) }));
    const name = /^package (\w+)/m.exec(readFileSync(join(policies[i], 'rule.rego'), 'utf8'))?.[1];
    const query = `[n | some given in data.inputs; n := count(data.${name}.deny) with input as given]`;
    const { stdout, stderr } = spawnSync('opa', ['eval', '-f', 'raw', '-d', join(policies[i], 'rule.rego'), '-d', file, query], { encoding: 'utf8' });
    assert.equal(stderr, '');
    const counts = JSON.parse(stdout) as readonly number[];
    const guest = guestOf(rule);
    const results = sources.map((source) => guest.judge(encodeInputs(rule.inputs.map((input) => find(input, source))), NO_ANSWERS).result);
    assert.deepEqual(
      results,
      counts.map((count) => (count === 0 ? 2 : 0)),
      rule.manifest.name,
    );
    denied += results.filter((result) => result === 0).length;
  });
  assert.ok(denied > 100);
});

test('the template of Rego builds as it stands, and the compiler is heard', () => {
  const dir = join(scratch, 'begun');
  cpSync(join(root, 'guest/templates/rego'), dir, { recursive: true });
  writeFileSync(join(dir, 'rule.yaml'), readFileSync(join(dir, 'rule.yaml'), 'utf8').replace('RULE_NAME', 'begun'));
  const { changed, tests } = buildRule(dir);
  assert.deepEqual(changed, ['rule.wasm']);
  assert.ok(tests.length === 4 && tests.every(({ passed }) => passed));
  const policy = readFileSync(join(dir, 'rule.rego'), 'utf8');
  const refused = (text: string, message: RegExp): void => {
    writeFileSync(join(dir, 'rule.rego'), text);
    assert.throws(
      () => buildRule(dir),
      (fault: unknown) => fault instanceof Fault && fault.slug === 'rule_source' && message.test(fault.message),
    );
  };
  refused(policy.replace('if input', 'if { input'), /rule\.rego:.*rego_parse_error/);
  refused(policy.replaceAll('allow', 'permit'), /neither `allow` nor `deny`/);
  refused(policy.replace('package rule', ''), /`package NAME`/);
});
