/** `npm run suite:wasm` as a test: nothing fails, and as much passes as ever did. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Raised when more passes; a fall means that modules which ran are refused now. */
const PASSED_LEAST = 51_500;

test('the specification suite of WebAssembly', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${import.meta.dirname}/wasm.ts`], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  const [, passed, failed] = /^(\d+) passed, (\d+) failed, \d+ skipped$/.exec(last) ?? [];
  assert.equal(failed, '0', `${stdout}${stderr}`);
  assert.equal(status, 0, stderr);
  assert.ok(Number(passed) >= PASSED_LEAST, last);
});
