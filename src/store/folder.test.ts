import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../sim/scratch.ts';
import { ZERO32 } from '../base/bytes.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { signingKey } from '../crypto/suite.ts';
import { noteVerifier } from '../merkle/note.ts';
import { DATA_VERSION, openFolder, readFolder, versionOf } from './folder.ts';
import { holderOf } from './lock.ts';

const refuses = (slug: FaultName, text: RegExp) => (e: unknown) => e instanceof Fault && e.slug === slug && text.test(e.message);

/** Names, sizes and times of all files, to see that nothing was written. */
const stateOf = (path: string): string =>
  readdirSync(path, { recursive: true })
    .sort()
    .map((name) => `${name} ${statSync(join(path, String(name))).size} ${statSync(join(path, String(name))).mtimeMs}`)
    .join('\n');

/** A process that opens the folder, says so, and waits. */
async function holder(path: string): Promise<{ pid: number; kill: (signal: NodeJS.Signals) => Promise<void> }> {
  const code = `import { openFolder } from ${JSON.stringify(new URL('./folder.ts', import.meta.url).href)}; await openFolder(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const [line] = await once(child.stdout, 'data');
  assert.equal(String(line), 'held\n');
  assert.equal(errors, '', 'no notice of an experimental module');
  return {
    pid: Number(child.pid),
    async kill(signal) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

test('a new folder is made, private, and opened again', async (t) => {
  const path = join(scratchFolder(t), 'a', 'data');
  assert.equal(versionOf(path), null);
  const folder = await openFolder(path);
  assert.equal(versionOf(path), DATA_VERSION);
  assert.equal(statSync(path).mode & 0o77, 0);
  assert.equal(folder.at('x'), join(path, 'x'));
  assert(existsSync(join(path, 'log')));
  assert.equal(holderOf(path), process.pid);
  await assert.rejects(openFolder(path), refuses('data_locked', new RegExp(`process ${process.pid}$`)));
  folder.release();
  (await openFolder(path)).release();
});

test('a second process is refused, and SIGKILL frees the folder', async (t) => {
  const path = join(scratchFolder(t), 'data');
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const first = await holder(path);
    const before = stateOf(path);
    await assert.rejects(openFolder(path), refuses('data_locked', new RegExp(`in use by process ${first.pid}$`)));
    assert.equal(stateOf(path), before, 'nothing was written');
    await first.kill(signal);
    (await openFolder(path)).release();
  }
});

test('only one of many gets it', async (t) => {
  const path = join(scratchFolder(t), 'data');
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => openFolder(path)));
  const won = all.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  assert.equal(won.length, 1);
  for (const result of all) if (result.status === 'rejected') assert(refuses('data_locked', /./)(result.reason));
  won[0].release();
});

test('a folder of another version or kind is refused, and nothing is written', async (t) => {
  const path = scratchFolder(t);
  for (const [text, reason] of [
    ['ava-data 2\n', /has version 2/],
    ['ava-data 01\n', /cannot be read/],
    ['', /cannot be read/],
    ['ava-data 1', /cannot be read/],
  ] as const) {
    writeFileSync(join(path, 'version'), text);
    const before = stateOf(path);
    await assert.rejects(openFolder(path), refuses('data_version', reason));
    assert.equal(stateOf(path), before);
  }
  const other = join(path, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'holiday.jpg'), '');
  const before = stateOf(other);
  await assert.rejects(openFolder(other), refuses('data_version', /no data folder/));
  assert.equal(stateOf(other), before);
});

test('a file, and what lies below one, is no folder', async (t) => {
  const file = join(scratchFolder(t), 'letter.txt');
  writeFileSync(file, 'dear');
  await assert.rejects(openFolder(file), refuses('config', /letter\.txt cannot be a data folder \(ENOTDIR\)$/));
  await assert.rejects(openFolder(join(file, 'data')), refuses('config', /cannot be a data folder \(ENOTDIR\)$/));
});

test('a start that was interrupted early is taken up', async (t) => {
  const path = scratchFolder(t);
  for (const name of ['lock.db', 'pid', 'version.tmp']) writeFileSync(join(path, name), '');
  const folder = await openFolder(path);
  assert.equal(readFileSync(join(path, 'version'), 'utf8'), 'ava-data 1\n');
  assert(!existsSync(join(path, 'version.tmp')));
  folder.release();
});

test('a held folder can be read, and its checkpoint', async (t) => {
  const path = join(scratchFolder(t), 'data');
  assert.throws(() => readFolder(path), refuses('data_version', /no data folder/));
  assert(!existsSync(path));
  const folder = await openFolder(path);
  const key = signingKey(new Uint8Array(32).fill(1));
  const verifier = noteVerifier('a.example', key.public);
  assert.equal(folder.published(verifier), null);
  await folder.publisher({ size: 4 }, key, 'a.example', null).publish(4, ZERO32);
  const before = stateOf(path);
  assert.deepEqual(readFolder(path).published(verifier), { origin: 'a.example', size: 4, root: ZERO32 });
  assert.equal(stateOf(path), before);
  folder.release();
});
