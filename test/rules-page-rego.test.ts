/** docs/rules.md: the part about Rego. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { follow } from './rules-page.fixture.ts';

test('from nothing to a tested, linted rule', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-rules-'));
  try {
    assert.equal(follow({ folder, has: new Set(['rego']), env: {} }), 3);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
