/** Ledgers that a node must not go on with: older than what is known, or with a part missing. It says so and writes nothing. */
import assert from 'node:assert/strict';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fsck, openReadOnly } from '../src/audit/fsck.ts';
import { Fault } from '../src/base/fault.ts';
import { picture } from './real/folder.ts';
import { writeLaw } from './real/law.ts';
import { Promises, work } from './real/load.ts';
import { endAll, RealNode, scratch } from './real/process.ts';

const folder = scratch('refused');
const constitution = writeLaw(folder.path);
after(async () => {
  await endAll();
  folder.remove();
});
const dirOf = (name: string): string => join(folder.path, name);
const CLEAN = { code: 0, signal: null };
/** Locks: all that a start which is refused by what it reads may touch. */
const LOCK = ['pid', 'lock.db', 'state/lock.mdb'];

const start = (dir: string): Promise<RealNode> => RealNode.start({ dir, constitution });

async function stop(node: RealNode): Promise<void> {
  assert.deepEqual(await node.stop(), CLEAN, node.err);
}

/** A start that must not succeed: its exit code and the one line that it says. */
async function refused(dir: string): Promise<{ code: number | null; line: string }> {
  const node = new RealNode({ dir, constitution });
  assert.equal(await node.answers(), false, 'the node started');
  const { code } = await node.exit;
  assert.equal(node.out, '');
  assert.match(node.err, /^AVA-[0-9]{4} [^\n]+\n$/, 'one line');
  return { code, line: node.err };
}

test('a ledger that is older than its checkpoint or its state is refused, and nothing is written', { timeout: 60_000 }, async () => {
  const dir = dirOf('backup');
  const promises = new Promises();
  let node = await start(dir);
  await work(node, promises, 2, 60);
  await stop(node);
  cpSync(join(dir, 'log'), dirOf('backup-log'), { recursive: true });
  const old = readFileSync(join(dir, 'checkpoint'));
  node = await start(dir);
  await work(node, promises, 3, 60);
  await stop(node);
  const { blocks: newer, entries } = await fsck(dir);
  const newerNote = readFileSync(join(dir, 'checkpoint'));
  rmSync(join(dir, 'log'), { recursive: true });
  cpSync(dirOf('backup-log'), join(dir, 'log'), { recursive: true });
  const before = picture(dir, LOCK);
  const first = await refused(dir);
  assert.equal(first.code, 7);
  assert.match(first.line, /^AVA-5001 The published checkpoint has [0-9]+ entries, the ledger [0-9]+ and ends with block [0-9]+\. A restored backup\?/);
  assert.deepEqual(picture(dir, LOCK), before);
  // the checkpoint restored with it: the state store still knows better
  writeFileSync(join(dir, 'checkpoint'), old);
  const second = await refused(dir);
  assert.equal(second.code, 7);
  assert.match(second.line, new RegExp(`^AVA-5001 Block ${newer} was durable, the ledger ends with block [0-9]+\\.`));
  // who drops the state too goes on with what is left; the newer checkpoint is then of another history
  rmSync(join(dir, 'state'), { recursive: true });
  node = await start(dir);
  const { session } = await node.client.openSession('other');
  const call = { session, action: { kind: 'tool.call', name: 'balance', args: {} }, permit: false };
  for (let i = 0; i <= entries; i += 64) await node.client.batch(Array(64).fill(call));
  await stop(node);
  assert.ok((await fsck(dir)).entries > entries);
  writeFileSync(join(dir, 'checkpoint'), newerNote);
  const third = await refused(dir);
  assert.match(third.line, /^AVA-5002 Block [0-9]+: the published checkpoint of [0-9]+ entries has another root\./);
});

test('a ledger without its log is refused, and no new one is begun', { timeout: 60_000 }, async () => {
  const dir = dirOf('no-log');
  const promises = new Promises();
  const node = await start(dir);
  await work(node, promises, 5, 60);
  await stop(node);
  renameSync(join(dir, 'log'), dirOf('no-log-log'));
  mkdirSync(join(dir, 'log'));
  const before = picture(dir, LOCK);
  const { code, line } = await refused(dir);
  assert.equal(code, 7);
  assert.match(line, /^AVA-5001 The published checkpoint has [0-9]+ entries, the ledger 0 and/);
  assert.deepEqual(picture(dir, LOCK), before);
  rmSync(join(dir, 'checkpoint'));
  const bare = await refused(dir);
  assert.match(bare.line, /^AVA-5001 Block [0-9]+ was durable, the ledger ends with block 0\./);
  assert.deepEqual(Object.keys(picture(join(dir, 'log'))), ['.']);
});

test('a folder that lost its genesis or its key is refused, and gets no new one', { timeout: 60_000 }, async () => {
  const dir = dirOf('lost');
  const node = await start(dir);
  await node.client.openSession('agent');
  await stop(node);
  for (const [name, says] of [
    ['genesis.cbor', /^AVA-5006 .* has a log and no genesis\.cbor\./],
    ['node.seed', /^AVA-1007 The node's key .*node\.seed is missing\./],
  ] as const) {
    renameSync(join(dir, name), dirOf(name));
    const before = picture(dir, LOCK);
    const { code, line } = await refused(dir);
    assert.equal(code, 78);
    assert.match(line, says);
    assert.deepEqual(picture(dir, LOCK), before);
    renameSync(dirOf(name), join(dir, name));
  }
  await stop(await start(dir));
  assert.equal((await fsck(dir)).entries, 1);
});

function hasFrames(path: string): boolean {
  if (!existsSync(path)) return false;
  const fd = openSync(path, 'r');
  const start = Buffer.alloc(128);
  readSync(fd, start);
  closeSync(fd);
  return start.subarray(64).some((byte) => byte !== 0);
}

test('a segment that is missing is named', { timeout: 60_000 }, async () => {
  const dir = dirOf('segments');
  let node = await start(dir);
  const { session } = await node.client.openSession('agent');
  const fill = 'x'.repeat(60_000);
  const decisions = Array.from({ length: 64 }, () => ({ session, action: { kind: 'tool.call', name: 'balance', args: { fill } }, permit: false }));
  // 64 × 60 KB a batch: the 64 MiB of one segment, and more where the next one is not ready in time
  const second = join(dir, 'log', '00000002.log');
  for (let i = 0; i < 60 && !hasFrames(second); i++)
    for (const answer of await node.client.batch(decisions)) assert.ok(!(answer instanceof Fault), String(answer));
  assert.ok(hasFrames(second));
  await stop(node);
  const { log } = await openReadOnly(dir);
  const head = log.head;
  await log.close();
  const names = Object.keys(picture(join(dir, 'log'))).filter((name) => name.endsWith('.log'));
  assert.ok(names.length >= 2, names.join(' '));
  node = await start(dir);
  assert.equal((await node.client.health()).height, head);
  await stop(node);
  renameSync(join(dir, 'log', '00000001.log'), dirOf('first-segment'));
  const before = picture(dir, LOCK);
  const first = await refused(dir);
  assert.match(first.line, /^AVA-5002 Segment 1 is missing, block 1 with it\./);
  assert.equal(first.code, 7);
  assert.deepEqual(picture(dir, LOCK), before);
  renameSync(dirOf('first-segment'), join(dir, 'log', '00000001.log'));
  for (const name of names.slice(1)) rmSync(join(dir, 'log', name));
  const last = await refused(dir);
  assert.match(last.line, /^AVA-5001 The published checkpoint has [0-9]+ entries/);
});
