import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConstitution } from '../node/constitution.ts';
import { run } from './main.ts';

async function packs(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const parts = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.err += text) },
    env: {},
  };
  return { code: await run(['packs', ...args], parts, new AbortController().signal), ...said };
}

test('a constitution of packs is made, grows and shrinks; its comments stay; what does not compile is not written', async () => {
  const law = join(mkdtempSync(join(tmpdir(), 'ava-packs-')), 'my-law');
  try {
    assert.equal((await packs('add', 'secrets', 'flow', '--constitution', law)).code, 0);
    const file = join(law, 'constitution.yaml');
    writeFileSync(file, `# ours\n${readFileSync(file, 'utf8')}`);
    const both = loadConstitution(law).rules.length;
    assert.equal((await packs('add', 'flow', '--constitution', law)).code, 0);
    assert.equal(loadConstitution(law).rules.length, both, 'a pack that is named already is not named twice');
    assert.equal((await packs('remove', 'flow', '--constitution', law)).code, 0);
    assert.ok(loadConstitution(law).rules.length < both);
    assert.match(readFileSync(file, 'utf8'), /^# ours\n/);

    const before = readFileSync(file, 'utf8');
    const unknown = await packs('add', 'flwo', '--constitution', law);
    assert.equal(unknown.code, 64);
    assert.match(unknown.err, /`flow`/);
    assert.notEqual((await packs('remove', 'secrets', '--constitution', law)).code, 0, 'a constitution has at least one rule');
    assert.equal(readFileSync(file, 'utf8'), before);
    assert.match((await packs('list', '--constitution', law)).out, /\* +secrets/);
  } finally {
    rmSync(join(law, '..'), { recursive: true, force: true });
  }
});

test("AVA's own constitutions are not changed, and a new folder that does not compile is not left", async () => {
  assert.equal((await packs('add', 'flow')).code, 64);
  const nothing = join(tmpdir(), `ava-packs-none-${process.pid}`);
  assert.notEqual((await packs('remove', 'flow', '--constitution', nothing)).code, 0);
  assert.equal(existsSync(nothing), false);
});
