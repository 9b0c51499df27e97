/** The modules in test/guest are what their sources compile to, byte for byte; those of Rego where `opa` is at hand. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../sim/scratch.ts';

const FOLDER = join(import.meta.dirname, 'guest');
const OPA = process.env['OPA'] ?? 'opa';

function compare(out: string, count: number): void {
  const built = readdirSync(out);
  assert.equal(built.length, count);
  for (const name of built) assert.ok(readFileSync(join(out, name)).equals(readFileSync(join(FOLDER, name))), `${name} is not what its source compiles to`);
}

test('from text', (t) => {
  const out = scratchFolder(t);
  execFileSync('sh', [join(FOLDER, 'build.sh'), out, 'text']);
  compare(out, readdirSync(FOLDER).filter((name) => name.endsWith('.wat')).length);
});

if (/^Version: 1\.22\.2$/m.test(spawnSync(OPA, ['version'], { encoding: 'utf8' }).stdout ?? ''))
  test('from Rego', (t) => {
    const out = scratchFolder(t);
    execFileSync('sh', [join(FOLDER, 'build.sh'), out, 'rego']);
    compare(out, readdirSync(FOLDER).filter((name) => name.startsWith('opa-')).length);
  });
