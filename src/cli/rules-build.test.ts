import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EXIT } from './exit.ts';
import { run } from './main.ts';

const guest = join(import.meta.dirname, '..', '..', 'guest');
const scratch = mkdtempSync(join(tmpdir(), 'ava-rules-build-'));
after(() => rmSync(scratch, { recursive: true }));

async function avactl(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const parts = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.err += text) },
    env: {},
  };
  return { code: await run(['rules', 'build', ...args], parts, new AbortController().signal), ...said };
}

/** A module without its source: what was built elsewhere. */
function moduleRule(name: string, change: (yaml: string) => string = (yaml) => yaml): string {
  const dir = join(scratch, name);
  for (const file of ['rule.yaml', 'rule.wasm']) cpSync(join(guest, 'examples/no-path', file), join(dir, file));
  const yaml = join(dir, 'rule.yaml');
  writeFileSync(yaml, change(readFileSync(yaml, 'utf8')));
  return dir;
}

test('says what was built, its inputs, and each test with its gas', async () => {
  const { code, out, err } = await avactl(moduleRule('whole'));
  assert.deepEqual([code, err], [EXIT.ok, '']);
  assert.match(out, /^payments\/no-path {2}No chain of transfers/);
  assert.match(out, /\n {2}language {2}module\n {2}program {3}\d+ bytes, rule\.wasm\n {2}id {8}[0-9a-f]{64}\n/);
  assert.match(out, /\n {2}inputs {4}0 {2}args\.from {2}string\(32\)\n/);
  assert.match(out, /\n {2}ok {2}nothing leads there {16}pass {3}gas \d+\n/);
  assert.match(out, /\n6 tests, 0 failed; nothing changed\n$/);
});

test('the same as JSON', async () => {
  const { code, out } = await avactl(moduleRule('json'), '--json');
  const built = JSON.parse(out) as Record<string, unknown> & { tests: readonly Record<string, unknown>[] };
  assert.equal(code, EXIT.ok);
  assert.deepEqual(
    { ...built, bytes: 0, id: '', module: '', tests: built.tests.length },
    {
      rule: 'payments/no-path',
      language: 'module',
      compiler: null,
      abi: 'buffer',
      file: 'rule.wasm',
      bytes: 0,
      id: '',
      module: '',
      changed: [],
      inputs: [
        { path: 'args.from', type: 'string(32)' },
        { path: 'args.transfers', type: 'list(map(string(8), string(32), 2), 128)' },
        { path: 'context.sanctioned', type: 'list(string(32), 32)' },
      ],
      gas_limit: 20_000_000,
      tests: 6,
    },
  );
  const last = built.tests[4];
  assert.deepEqual({ ...last, gas: 0 }, { name: 'no list of sanctioned accounts', expect: 'error', got: 'error', passed: true, gas: 0, trap: last['trap'] });
  assert.match(String(last['trap']), /unreachable/);
});

test('a test that fails says what came instead, and ends with the code of rules', async () => {
  const { code, out } = await avactl(
    moduleRule('failing', (yaml) => yaml.replace('    expect: pass', '    expect: fail').replace('gas: 20000000', 'gas: 5000')),
  );
  assert.equal(code, EXIT.rule);
  assert.match(out, /\n {2}FAIL {2}nothing leads there +pass, not fail +gas \d+\n/);
  assert.match(out, /\n {2}FAIL {2}over three accounts, in any order +error, not fail: the gas limit was reached +gas 5000\n/);
  assert.match(out, /\n6 tests, 3 failed; nothing changed\n$/);
});

test('what cannot be built is a fault with its place', async () => {
  const unknown = await avactl(moduleRule('unknown', (yaml) => yaml.replace('abi: buffer', 'abi: opa')));
  assert.deepEqual([unknown.code, unknown.out], [EXIT.rule, '']);
  assert.match(unknown.err, /^AVA-2022 /);
  const field = await avactl(moduleRule('field', (yaml) => yaml.replace('otherwise: deny', 'otherwise: dney')));
  assert.equal(field.code, EXIT.rule);
  assert.match(field.err, /rule\.yaml:\d+:\d+ /);
  assert.equal((await avactl(join(scratch, 'nowhere'))).code, EXIT.config);
});
