/** Dependencies: pinned exactly, locked for every platform without addresses, each with a decision record. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Package>> };
const manifests = ['package.json', 'tools/node/package.json', 'sdk/package.json'].map((path) => JSON.parse(read(path)) as Package);
const dependencies = manifests.flatMap((manifest) =>
  Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }),
);

test('the lock holds every platform: completing it again changes nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-lock-'));
  try {
    copyFileSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
    execFileSync(process.execPath, [join(root, 'tools/complete-lock.mjs')], { cwd: folder });
    assert.equal(readFileSync(join(folder, 'package-lock.json'), 'utf8'), read('package-lock.json'), 'run `node tools/complete-lock.mjs` after `npm install`');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('no address of a registry is recorded', () => {
  const bad = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.includes('://'));
  assert.deepEqual(
    bad.map(([path]) => path),
    [],
    'omit-lockfile-registry-resolved=true in .npmrc, then npm install again',
  );
  assert.match(read('.npmrc'), /^omit-lockfile-registry-resolved=true$/m);
});

test('every dependency is pinned exactly, and the lock agrees', () => {
  assert.ok(dependencies.length > 10);
  for (const [name, version] of dependencies) {
    assert.match(version, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, `${name}: write one version, no range`);
    assert.equal(lock.packages[`node_modules/${name}`]?.version, version, `${name}: npm install`);
  }
});

test('every dependency has a decision record', () => {
  const records = globSync('docs/decisions/*.md', { cwd: root }).map(read).join('\n');
  for (const [name] of dependencies)
    assert.ok(records.includes(`\`${name}\``), `${name}: write docs/decisions/NNN-title.md: what, why, licence, what was rejected`);
});
