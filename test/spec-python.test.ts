/** The checks of spec/ in Python, which share no code with src/: one test a program. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { test } from 'node:test';

const root = `${import.meta.dirname}/..`;
const programs = globSync('spec/check/*.py', { cwd: root }).sort();

test('there are programs', () => assert.ok(programs.length > 0));

for (const program of programs) {
  test(program, () => {
    const { status, stdout, stderr } = spawnSync('python3', [program], { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /[1-9]\d* checks/, 'the program says how much it checked');
  });
}
