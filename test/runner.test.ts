/** `npm test` itself: it counts from the event stream, prints failures whole, lists what was left out, and never passes with nothing run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');
const TOOLS = ['check.ts', 'test.ts', 'test-file.ts', 'with-node.mjs'];
const SUITES = `
  export const TOOLS = { absent: { probe: ['no-such-program'], pip: ['no-such-package'] } };
  export const SUITES = [
    { name: 'outside', files: ['src/outside.test.ts'], needs: ['absent'] },
    { name: 'unit', files: ['src/*.test.ts'], minutes: 0.05 },
  ];
`;
const PASSES = "import { test } from 'node:test'; test('good', () => {}); test('group', async (t) => { await t.test('inner', () => {}); });";

interface Outcome {
  readonly status: number | null;
  readonly lines: readonly string[];
}

/** Runs the runner over these files, in a repository of its own. */
function runOver(files: Readonly<Record<string, string>>, words: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'ava-runner-'));
  try {
    for (const name of ['tools', 'src', 'node_modules']) mkdirSync(join(folder, name));
    for (const name of TOOLS) copyFileSync(join(root, 'tools', name), join(folder, 'tools', name));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'tools/suites.ts'), SUITES);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'src', name), text);
    const { NODE_TEST_CONTEXT: _, CI: __, ...clean } = process.env;
    const { status, stdout } = spawnSync(process.execPath, [join(folder, 'tools/with-node.mjs'), join(folder, 'tools/test.ts'), ...words], {
      encoding: 'utf8',
      env: { ...clean, ...env },
    });
    return { status, lines: stdout.trimEnd().split('\n') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('all passed: exit 0, and the totals alone on the last line', () => {
  const { status, lines } = runOver({ 'a.test.ts': PASSES, 'b.test.ts': PASSES }, ['src/']);
  assert.equal(status, 0, lines.join('\n'));
  assert.equal(lines.at(-1), '6 passed, 0 failed');
  assert.ok(lines.some((line) => /^unit +6 +0 +0 +\d/.test(line)));
});

test('failures of every kind are counted, and printed whole', () => {
  const { status, lines } = runOver(
    {
      'bad.test.ts': "import { test } from 'node:test'; console.log('SEED=7'); test('good', () => {}); test('bad', () => { throw new Error('the reason'); });",
      'broken.test.ts': 'const x: = 1;',
      'empty.test.ts': 'export const x = 1;',
      'hangs.test.ts': "import { test } from 'node:test'; test('hangs', () => new Promise((done) => setTimeout(done, 60_000)));",
    },
    ['src/'],
  );
  const all = lines.join('\n');
  assert.equal(status, 1);
  assert.equal(lines.at(-1), '1 passed, 4 failed', all);
  for (const text of ['the reason', 'SEED=7', 'the file has no tests', 'was ended', 'SyntaxError']) assert.ok(all.includes(text), text);
});

test('a suite without its tool is left out with the command that brings it; with CI=true that is a failure', () => {
  const files = { 'outside.test.ts': PASSES, 'a.test.ts': PASSES };
  const here = runOver(files, ['src/']);
  assert.equal(here.status, 0);
  assert.ok(here.lines.some((line) => /^outside +0 +0 +all/.test(line)));
  assert.ok(here.lines.some((line) => line.includes('absent') && line.includes('python3 -m pip install no-such-package')));
  // PATH holds no python3 and no bash: nothing is installed in earnest.
  const ci = runOver(files, ['src/'], { CI: 'true', PATH: '/nowhere' });
  assert.equal(ci.status, 1);
  assert.equal(ci.lines.at(-1), '3 passed, 0 failed');
});

test('nothing ran, or a test was skipped in CI: a failure', () => {
  assert.equal(runOver({}, ['src/']).status, 1);
  const skipped = { 'a.test.ts': `${PASSES} test('later', { ['sk' + 'ip']: true }, () => {});` };
  assert.equal(runOver(skipped, ['src/']).status, 0);
  assert.equal(runOver(skipped, ['src/'], { CI: 'true' }).status, 1);
});
