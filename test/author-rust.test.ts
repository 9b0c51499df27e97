/** Guests in Rust: what their sources give with Debian's compiler is what is committed. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildRule } from '../src/author/build.ts';
import { Fault } from '../src/base/fault.ts';

const guest = join(import.meta.dirname, '..', 'guest');
const scratch = mkdtempSync(join(tmpdir(), 'ava-rust-'));
after(() => rmSync(scratch, { recursive: true }));
process.env['RUSTC'] = '/usr/bin/rustc';

for (const rule of ['examples/lookalike', 'probe/rust']) {
  test(`${rule}: the source gives the committed module, from any folder`, () => {
    const dir = join(scratch, rule.replaceAll('/', '-'));
    cpSync(join(guest, rule), dir, { recursive: true });
    for (const at of [join(guest, rule), dir]) {
      const { changed, tests, compiler } = buildRule(at, { check: true });
      assert.equal(compiler, 'rustc 1.63.0');
      assert.deepEqual(changed, [], `\`RUSTC=/usr/bin/rustc node guest/build.mjs rust\` builds it anew`);
      assert.ok(tests.every(({ passed }) => passed));
    }
  });
}

test('the template of Rust builds as it stands, and the compiler is heard', () => {
  const dir = join(scratch, 'begun');
  cpSync(join(guest, 'templates/rust'), dir, { recursive: true });
  writeFileSync(join(dir, 'rule.yaml'), readFileSync(join(dir, 'rule.yaml'), 'utf8').replace('RULE_NAME', 'begun'));
  const { changed, tests } = buildRule(dir);
  assert.deepEqual(changed, ['inputs.rs', 'rule.wasm']);
  assert.ok(tests.length === 4 && tests.every(({ passed }) => passed));
  writeFileSync(join(dir, 'rule.rs'), readFileSync(join(dir, 'rule.rs'), 'utf8').replace('.int()', '.money()'));
  assert.throws(
    () => buildRule(dir),
    (fault: unknown) =>
      fault instanceof Fault &&
      fault.slug === 'rule_source' &&
      /no method named `money`/.test(fault.message) &&
      /rule\.rs:/.test(String(fault.context['output'])),
  );
});
