/** docs/rules.md as a new author follows it: expressions, a recorded call, AssemblyScript. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { follow, isWhole } from './rules-page.fixture.ts';

const root = join(import.meta.dirname, '..');

test('every block of the page is run or typed', () => {
  assert.ok(isWhole());
});

test('an expression, from a recorded call, and in AssemblyScript', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-rules-'));
  const data = join(folder, 'ledger');
  const node = spawn(process.execPath, [join(root, 'bin/avactl.mjs'), 'up', '--port', '0', '--data', data], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    // What `npm install --save-dev assemblyscript` in the folder gives.
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const url = await addressOf(data);
    const post = async (path: string, body: unknown): Promise<Record<string, string>> => {
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      assert.ok(answer.ok);
      return (await answer.json()) as Record<string, string>;
    };
    const { session } = await post('/v1/sessions', { agent: 'author', user: 'Read notes.txt' });
    const action = { kind: 'tool.call', name: 'read_text_file', args: { path: 'notes.txt', head: 10, scale: 0.5, tags: ['a', 'b'] } };
    const { receipt } = await post('/v1/decisions', { session, action });
    assert.ok(follow({ folder, has: new Set(['', 'node', 'assemblyscript']), env: { RECEIPT: receipt }, node: `--data ${data}` }) > 20);
  } finally {
    const ended = new Promise((done) => node.once('exit', done));
    if (node.kill('SIGTERM')) await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

async function addressOf(data: string): Promise<string> {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    try {
      const url = readFileSync(join(data, 'address'), 'utf8').trim();
      if ((await fetch(`${url}/ready`)).ok) return url;
    } catch {
      // not yet
    }
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error('the node did not get ready');
}
