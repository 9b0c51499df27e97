/**
 * SIGKILL at any moment, under load through HTTP: nothing that was acknowledged is lost, no receipt lacks its block, and
 * a restart goes on where the ledger ends. AVA_KILL_ROUNDS and AVA_SEED repeat or lengthen a run.
 */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../sim/random.ts';
import { fsck } from '../src/audit/fsck.ts';
import { Fault } from '../src/base/fault.ts';
import { Auditor } from './real/auditor.ts';
import { writeLaw } from './real/law.ts';
import { Promises, startLoad } from './real/load.ts';
import { endAll, pause, RealNode, scratch } from './real/process.ts';

const ROUNDS = Number(process.env['AVA_KILL_ROUNDS'] ?? 20);
const SEED = Number(process.env['AVA_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);
const CLIENTS = 8;
/** Longer than a start takes on a busy machine, so that kills hit every part of it. */
const START_SPAN_MS = 1_200;
const PERMITS_TRIED = 6;

const folder = scratch('kill');
const constitution = writeLaw(folder.path);
after(async () => {
  await endAll();
  folder.remove();
});

const slugOf = async (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Fault ? error.slug : String(error)),
  );

/** Open permits are usable once; used ones stay used. */
async function tryPermits(node: RealNode, promises: Promises): Promise<number> {
  const open = [...promises.open].slice(0, PERMITS_TRIED);
  for (const permit of open) {
    await promises.outcome(node.client, permit, true);
    assert.equal(await slugOf(node.client.outcome({ permit, ok: true })), 'permit_used', `permit ${permit} is usable twice`);
  }
  const used = [...promises.used].slice(-2 * PERMITS_TRIED, -PERMITS_TRIED);
  for (const permit of used) assert.equal(await slugOf(node.client.outcome({ permit, ok: true })), 'permit_used', `permit ${permit} came back`);
  return open.length + used.length;
}

test(`${ROUNDS} rounds of SIGKILL under load lose nothing that was acknowledged`, { timeout: 1_800_000 }, async () => {
  console.log(`kill: seed ${SEED}, ${ROUNDS} rounds`);
  const random = new Random(SEED);
  const dir = join(folder.path, 'data');
  const promises = new Promises();
  const auditor = new Auditor(dir);
  const figures = { under_load: 0, in_start: 0, clean: 0, torn: 0, rebuilt: 0, permits: 0, replayed: 0 };
  let last = { height: 0, entries: 0, header: '' };
  for (let round = 1; round <= ROUNDS; round++) {
    const rebuild = round > 1 && random.chance(0.25);
    if (rebuild) rmSync(join(dir, 'state'), { recursive: true, force: true });
    const way = round > 1 && random.chance(0.3) ? 'in_start' : round % 7 === 0 ? 'clean' : 'under_load';
    const node = new RealNode({ dir, constitution });
    if (way === 'in_start') {
      await pause(random.below(START_SPAN_MS));
      await node.kill();
      figures.in_start += 1;
    } else {
      await node.ready();
      const { height } = await node.client.health();
      assert.equal(height, last.height, 'the node starts where the ledger ends');
      if (height > 0) assert.equal((await node.client.block(height)).block.header, last.header, 'the header is that of a replay from genesis');
      figures.replayed += Number(/ ([0-9]+) replayed/.exec(node.out)?.[1] ?? 0);
      if (rebuild) figures.rebuilt += 1;
      figures.permits += await tryPermits(node, promises);
      const load = startLoad({ client: node.client, random, promises, clients: CLIENTS, name: `agent-${round}` });
      await pause(way === 'clean' ? 200 : 3 + random.below(random.chance(0.4) ? 60 : 1_000));
      if (way === 'clean') {
        await load.stop();
        assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.err);
        figures.clean += 1;
      } else {
        await node.kill();
        await load.done;
        figures.under_load += 1;
      }
    }
    assert.deepEqual(promises.unexpected, []);
    if (!existsSync(join(dir, 'log'))) continue;
    const audit = await auditor.check(promises);
    if (audit.torn) figures.torn += 1;
    if (way === 'clean') {
      assert.equal(audit.torn, false, 'a clean end leaves no torn tail');
      assert.equal((await fsck(dir)).blocks, audit.height);
    }
    last = audit;
  }
  const node = await RealNode.start({ dir, constitution });
  await tryPermits(node, promises);
  assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.err);
  last = await auditor.check(promises);
  const report = await fsck(dir);
  assert.equal(report.blocks, last.height);
  assert.equal(report.entries, last.entries);
  assert.equal(report.checkpoint?.size, last.entries, 'a clean end publishes all');
  console.log(
    `kill: ${JSON.stringify({ answers: promises.answers, sessions: promises.sessions.length, blocks: report.blocks, entries: report.entries, ...figures })}`,
  );
  assert.ok(promises.answers > ROUNDS * 10, 'there was load');
});
