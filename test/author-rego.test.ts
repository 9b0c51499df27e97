/** Policies in Rego: what their sources give with OPA is what is committed. */
import assert from 'node:assert/strict';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildRule } from '../src/author/build.ts';
import { Fault } from '../src/base/fault.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'ava-rego-'));
after(() => rmSync(scratch, { recursive: true }));

test('each policy of the packs gives its committed module', () => {
  const sources = globSync('constitutions/**/rule.rego', { cwd: root });
  assert.ok(sources.length >= 8);
  for (const source of sources) {
    const { changed, tests, compiler } = buildRule(join(root, dirname(source)), { check: true });
    assert.deepEqual([compiler, changed], ['opa 1.22.2', []], `${source}: \`node guest/build.mjs rego\` builds it anew`);
    assert.ok(tests.every(({ passed }) => passed));
  }
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
