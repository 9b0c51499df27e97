/** A folder of its own for a test, removed after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function scratchFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ava-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
