/** README.md: each snippet under `<!-- run -->` compiles against the built package and runs against a node; what stands under `<!-- expect -->` is in its output. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startNode } from '../../src/node/start.ts';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'sdk/README.md'), 'utf8');
const snippets = [...readme.matchAll(/^<!-- run -->\n```ts\n([\s\S]*?)^```\n\n<!-- expect -->\n```text\n([\s\S]*?)^```$/gm)].map(([, code, expected]) => ({
  code,
  expected,
}));

test('the snippets compile and run as they stand', { timeout: 60_000 }, async () => {
  assert.equal(snippets.length, readme.split('<!-- run -->').length - 1);
  const folder = mkdtempSync(join(tmpdir(), 'ava-sdk-readme-'));
  const node = await startNode({ dir: join(folder, 'data'), port: 0, constitution: 'starter', warm_ms: 0 });
  try {
    const at = join(folder, 'node_modules/@artifact-virtual/ava-sdk');
    mkdirSync(at, { recursive: true });
    const tsc = join(root, 'node_modules/.bin/tsc');
    execFileSync(tsc, ['-p', join(root, 'sdk/tsconfig.build.json'), '--outDir', join(at, 'dist')]);
    writeFileSync(join(at, 'package.json'), readFileSync(join(root, 'sdk/package.json')));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const files = snippets.map(({ code }, i) => {
      writeFileSync(join(folder, `snippet-${i}.ts`), code.replaceAll('http://127.0.0.1:4100', node.url));
      return `snippet-${i}.ts`;
    });
    execFileSync(tsc, ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,dom', '--types', '', ...files], { cwd: folder });
    for (const [i, file] of files.entries()) {
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
      for (const line of snippets[i].expected.trim().split('\n')) assert.ok(stdout.includes(line), `${line}\n--- is not in\n${stdout}`);
    }
  } finally {
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
