/** The committed modules of guest/examples pass the tests of their rules, as a node loads them; no compiler is needed. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRule } from '../src/node/constitution.ts';
import { decodeManifest } from '../src/rule/manifest.ts';

const root = join(import.meta.dirname, '..', 'guest');

test('every example loads, and its tests pass', () => {
  const abis = globSync('examples/*/rule.yaml', { cwd: root })
    .sort()
    .map((rule) => decodeManifest(loadRule(join(root, rule)).manifest))
    .map(({ name, program, tests }) => `${name} ${program?.abi} ${tests.length > 4}`);
  assert.deepEqual(abis, ['payments/lookalike buffer true', 'payments/no-path buffer true', 'k8s/pod-limits wapc true']);
});
