/** A disk that takes no more: the node denies, stays readable, tries nothing again, and the next start goes on. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../sim/random.ts';
import { fsck, openReadOnly } from '../src/audit/fsck.ts';
import { Auditor } from './real/auditor.ts';
import { showFailed } from './real/failed-disk.ts';
import { writeLaw } from './real/law.ts';
import { Promises, startLoad } from './real/load.ts';
import { endAll, RealNode, scratch } from './real/process.ts';

const folder = scratch('disk-full');
const constitution = writeLaw(folder.path);
const SEED = Number(process.env['AVA_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);
const CLEAN = { code: 0, signal: null };
after(async () => {
  await endAll();
  folder.remove();
});

/** The limit of the operating system on the size of files: a write past it fails, half done where it crosses it. */
const limited =
  (kib: number) =>
  (command: readonly string[]): readonly string[] => ['bash', '-c', `ulimit -f ${kib}; exec "$@"`, 'bash', ...command];

test('a log that may not grow', { timeout: 60_000 }, async () => {
  console.log(`disk full: seed ${SEED}`);
  const random = new Random(SEED);
  const dir = join(folder.path, 'data');
  const promises = new Promises();
  const auditor = new Auditor(dir);
  let node = await RealNode.start({ dir, constitution });
  const { session } = await node.client.openSession('agent');
  assert.deepEqual(await node.stop(), CLEAN);
  let torn = 0;
  for (let round = 1; round <= 3; round++) {
    const { log } = await openReadOnly(dir);
    const used = log.bytesOf(log.head).length * log.head;
    await log.close();
    node = await RealNode.start({ dir, constitution, wrap: limited((used >> 10) + round * 400 + random.below(64)) });
    const load = startLoad({ client: node.client, random, promises, clients: 4, name: `agent-${round}`, ends: ['disk_failed'] });
    await load.done;
    assert.deepEqual(promises.unexpected, []);
    await showFailed(node, promises, session);
    const begin = performance.now();
    const exit = await node.stop();
    assert.equal(exit.signal, null);
    assert.ok(performance.now() - begin < 5_000, 'it ends in time');
    if ((await auditor.check(promises)).torn) torn += 1;
    node = await RealNode.start({ dir, constitution });
    const permit = [...promises.open][0];
    if (permit !== undefined) await promises.outcome(node.client, permit, true);
    assert.equal((await node.client.decide({ session, action: { kind: 'tool.call', name: 'balance', args: {} } })).verdict, 'allow');
    assert.deepEqual(await node.stop(), CLEAN, node.err);
    const audit = await auditor.check(promises);
    assert.equal((await fsck(dir)).entries, audit.entries);
  }
  console.log(`disk full: ${promises.answers} answers, ${torn} of 3 ends torn, log of ${statSync(join(dir, 'log', '00000001.log')).size} bytes`);
});

test('a first start without room says so in one line', { timeout: 30_000 }, async () => {
  const dir = join(folder.path, 'first');
  const node = new RealNode({ dir, constitution, wrap: limited(512) });
  assert.equal(await node.answers(), false);
  assert.equal((await node.exit).code, 1);
  assert.match(node.err, /^AVA-5003 [^\n]*EFBIG[^\n]*\n$/);
  const next = await RealNode.start({ dir, constitution });
  await next.client.openSession('agent');
  assert.deepEqual(await next.stop(), CLEAN, next.err);
  assert.equal((await fsck(dir)).entries, 1);
});
