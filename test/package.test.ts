/** What is published: compiled, complete, startable, and nothing else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

test('each export has a source', () => {
  for (const [name, entry] of Object.entries(manifest.exports)) {
    const target = typeof entry === 'string' ? entry : entry.default;
    assert.ok(existsSync(join(root, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))), `${name}: ${target}`);
  }
  for (const file of manifest.files) if (file !== 'dist') assert.ok(existsSync(join(root, file)), file);
});

test('an old Node says in one line what to do', () => {
  const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  for (const program of [[manifest.bin['avactl']], ['tools/with-node.mjs', 'tools/test.ts']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', old, ...program], { cwd: root, encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.equal(stdout, '');
    assert.match(stderr, /^AVA-1004.*20\.20\.2.*24 or later.*\n$/);
  }
});

test('the compiled package starts where Node refuses TypeScript', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-package-'));
  try {
    const at = join(folder, 'node_modules/@artifact-virtual/ava');
    mkdirSync(at, { recursive: true });
    const build = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(at, 'dist')], { encoding: 'utf8' });
    assert.equal(build.status, 0, build.stdout);
    for (const file of ['package.json', ...manifest.files]) if (file !== 'dist') cpSync(join(root, file), join(at, file), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(at, 'node_modules'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(at, manifest.bin['avactl']), 'help'], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /avactl/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
