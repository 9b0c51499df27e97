/** Guests in AssemblyScript: what their sources give, in any folder, is what is committed. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildRule } from '../src/author/build.ts';

const guest = join(import.meta.dirname, '..', 'guest');
const scratch = mkdtempSync(join(tmpdir(), 'ava-guest-'));
after(() => rmSync(scratch, { recursive: true }));

for (const rule of ['examples/no-path', 'probe/assemblyscript']) {
  test(`${rule}: the source gives the committed module`, () => {
    const dir = join(scratch, rule.replaceAll('/', '-'));
    cpSync(join(guest, rule), dir, { recursive: true });
    const { changed, tests, compiler } = buildRule(dir, { check: true });
    assert.deepEqual(changed, [], `${rule} with ${compiler}: \`node guest/build.mjs\` builds it anew`);
    assert.deepEqual(
      tests.filter(({ passed }) => !passed),
      [],
    );
  });
}
