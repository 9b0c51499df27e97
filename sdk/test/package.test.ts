/** What is published of the SDK: packed by npm, installed where nothing else is, imported from every entry point. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'sdk/package.json'), 'utf8')) as {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies?: object;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
};
/** Entry points that need a package of somebody else's when they run; the others need types at most. */
const PEERS: Readonly<Record<string, string>> = { './langchain': 'langchain', './otel': '@opentelemetry/api' };

test('no dependency; each peer is optional', () => {
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(
    Object.keys(manifest.peerDependencies).map((name) => manifest.peerDependenciesMeta[name]?.optional),
    Object.keys(manifest.peerDependencies).map(() => true),
  );
});

test('packed and installed elsewhere, every entry point is there, and those without a peer run', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-sdk-pack-'));
  try {
    // packed from a copy of the package: a checkout's dist is left alone
    const from = join(folder, 'from');
    mkdirSync(from);
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'sdk/tsconfig.build.json'), '--outDir', join(from, 'dist')]);
    for (const file of ['package.json', 'README.md']) writeFileSync(join(from, file), readFileSync(join(root, 'sdk', file)));
    const npm = (cwd: string, ...args: string[]): string =>
      execFileSync('npm', [...args, '--ignore-scripts', '--offline'], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const [{ filename, files }] = JSON.parse(npm(from, 'pack', '--json')) as { filename: string; files: { path: string }[] }[];
    const packed = files.map(({ path }) => path);
    assert.ok(packed.includes('README.md') && !packed.some((path) => /test|fixture|\.ts$/.test(path) && !path.endsWith('.d.ts')), packed.join(' '));
    const to = join(folder, 'to');
    mkdirSync(to);
    writeFileSync(join(to, 'package.json'), '{"type":"module","private":true}');
    npm(to, 'install', '--no-audit', '--no-fund', join(from, filename));
    const at = join(to, 'node_modules', manifest.name);
    for (const [name, entry] of Object.entries(manifest.exports)) {
      for (const file of typeof entry === 'string' ? [entry] : [entry.types, entry.default]) assert.ok(existsSync(join(at, file)), `${name}: ${file}`);
    }
    const names = Object.keys(manifest.exports).filter((name) => name !== './package.json' && PEERS[name] === undefined);
    const script = `${names.map((name) => `await import(${JSON.stringify(manifest.name + name.slice(1))});`).join('\n')}
      const { Client } = await import(${JSON.stringify(manifest.name)});
      await new Client('http://127.0.0.1:1', { retries: 0 }).health().catch((error) => console.log(error.code));`;
    const run = (): string => execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: to, encoding: 'utf8' });
    assert.equal(run(), 'AVA-1005\n');
    // and its types, as a user's compiler reads them
    writeFileSync(
      join(to, 'use.ts'),
      `import { Client } from '${manifest.name}';\nimport { guard } from '${manifest.name}/guard';\nimport { Session } from '${manifest.name}/session';\nconst session = new Session(new Client(), 'x');\nexport const f: (args: { a: number }) => Promise<string> = guard((args: { a: number }) => String(args.a), { session, name: 'f' });\n`,
    );
    execFileSync(
      join(root, 'node_modules/.bin/tsc'),
      ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,dom', '--types', '', 'use.ts'],
      { cwd: to },
    );
    for (const [name, peer] of Object.entries(PEERS)) {
      const link = join(to, 'node_modules', peer);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join(root, 'node_modules', peer), link);
      execFileSync(process.execPath, ['--input-type=module', '-e', `await import(${JSON.stringify(manifest.name + name.slice(1))})`], { cwd: to });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
