/** The pack of admission policies: it loads, its tests pass, and where the labelled objects are, all are judged as labelled. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadConstitution } from '../src/node/constitution.ts';

const root = join(import.meta.dirname, '..');

test('the pack k8s compiles and passes its own tests', () => {
  assert.equal(loadConstitution('k8s').rules.length, 24);
});

test('npm run suite:k8s ends with its counts', () => {
  const { stdout, status } = spawnSync(process.execPath, ['spec/suite/k8s.ts'], { cwd: root, encoding: 'utf8' });
  const last = stdout.trim().split('\n').at(-1);
  const data = resolve(root, process.env['AVA_DATA'] ?? '../shared/data', 'k8s-admission.jsonl.gz');
  assert.deepEqual([last, status], existsSync(data) ? ['124 passed, 0 failed, 0 skipped', 0] : ['0 passed, 0 failed, 124 skipped', 1], stdout);
});
