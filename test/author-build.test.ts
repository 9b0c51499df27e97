/** The compiler of constitutional programs: templates build as they stand, and what is wrong is said. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildRule } from '../src/author/build.ts';
import { Fault } from '../src/base/fault.ts';

const guest = join(import.meta.dirname, '..', 'guest');
const scratch = mkdtempSync(join(tmpdir(), 'ava-guest-'));
after(() => rmSync(scratch, { recursive: true }));

/** A copy of a template with a name. */
function begun(language: string, name: string): string {
  const dir = join(scratch, name);
  cpSync(join(guest, 'templates', language), dir, { recursive: true });
  edit(dir, 'rule.yaml', (text) => text.replace('RULE_NAME', name));
  return dir;
}

function edit(dir: string, file: string, change: (text: string) => string): void {
  const before = readFileSync(join(dir, file), 'utf8');
  const text = change(before);
  assert.notEqual(text, before);
  writeFileSync(join(dir, file), text);
}

function refused(dir: string, slug: string, message: RegExp): void {
  assert.throws(
    () => buildRule(dir),
    (fault: unknown) => fault instanceof Fault && fault.slug === slug && message.test(fault.message),
  );
}

test('the template of AssemblyScript builds as it stands; changed, it is stopped by its gas', () => {
  const dir = begun('assemblyscript', 'begun');
  const first = buildRule(dir);
  assert.deepEqual(first.changed, ['inputs.ts', 'rule.wasm']);
  assert.deepEqual(
    first.tests.map(({ got, gas }) => [got, gas > 0]),
    [
      ['pass', true],
      ['pass', true],
      ['fail', true],
      ['error', true],
    ],
  );

  // a rule that never ends is stopped by its gas; under check nothing is written, and what would be is named
  const committed = readFileSync(join(dir, 'rule.wasm'));
  edit(dir, 'rule.ts', (text) => text.replace('  const amount', '  for (let i = 0; i >= 0; i = (i + 1) & 0xff) memory.size();\n  const amount'));
  edit(dir, 'rule.yaml', (text) => text.replace('tests:', 'limits: { gas: 50000 }\ntests:'));
  const { changed, tests } = buildRule(dir, { check: true });
  assert.deepEqual(changed, ['rule.wasm']);
  assert.deepEqual(new Set(tests.map(({ got, gas }) => `${got} ${gas}`)), new Set(['error 50000']));
  assert.deepEqual(readFileSync(join(dir, 'rule.wasm')), committed);
});

test('the template of CEL builds as it stands', () => {
  const { language, file, changed, tests } = buildRule(begun('cel', 'expression'));
  assert.deepEqual({ language, file, changed }, { language: 'cel', file: null, changed: [] });
  assert.ok(tests.length === 4 && tests.every(({ passed }) => passed));
});

test('what is wrong is said with its place', () => {
  const source = begun('assemblyscript', 'source');
  edit(source, 'rule.ts', (text) => text.replace('amount.int', 'amount.money'));
  refused(source, 'rule_source', /^rule\.ts:10:17 ERROR TS2339: Property 'money' does not exist/);

  const floats = begun('assemblyscript', 'floats');
  edit(floats, 'rule.ts', (text) => text.replace('amount.int <= limit.int', '<f64>amount.int * 1.5 <= <f64>limit.int'));
  refused(floats, 'wasm_refused', /./);

  const both = begun('assemblyscript', 'both');
  edit(both, 'rule.yaml', (text) => text.replace('program: rule.wasm\nabi: buffer', 'judge: money.amount < 5').replace(/^uses.*\n/m, ''));
  refused(both, 'rule_field', /`judge` although rule\.ts/);

  writeFileSync(join(source, 'rule.rs'), '');
  refused(source, 'config', /more than one source: rule\.ts, rule\.rs/);
  refused(join(scratch, 'nowhere'), 'config', /rule\.yaml is not there/);
});
