/** Restarts of a real node: what it finds in its folder, and that it goes on as if it had never ended. */
import assert from 'node:assert/strict';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../sim/random.ts';
import type { DecisionAnswer } from '../src/api/schema.ts';
import { fsck, openReadOnly } from '../src/audit/fsck.ts';
import { decodeHeader } from '../src/machine/block.ts';
import { Auditor } from './real/auditor.ts';
import { writeLaw } from './real/law.ts';
import { Promises, work } from './real/load.ts';
import { endAll, RealNode, scratch } from './real/process.ts';

const folder = scratch('restart');
const constitution = writeLaw(folder.path);
after(async () => {
  await endAll();
  folder.remove();
});
const dirOf = (name: string): string => join(folder.path, name);
const CLEAN = { code: 0, signal: null };

const start = (dir: string, node_args: readonly string[] = []): Promise<RealNode> => RealNode.start({ dir, constitution, node_args });

async function stop(node: RealNode): Promise<void> {
  assert.deepEqual(await node.stop(), CLEAN, node.err);
}

const ask = (node: RealNode, session: string, permit = false, name = 'balance', args: Record<string, unknown> = {}): Promise<DecisionAnswer> =>
  node.client.decide({ session, action: { kind: 'tool.call', name, args }, permit });

const replayedBy = (node: RealNode): number => Number(/ ([0-9]+) replayed/.exec(node.out)?.[1] ?? 0);

test('a node goes on from a clean end, from no state, and from a state that is garbage', { timeout: 60_000 }, async () => {
  const dir = dirOf('state');
  const promises = new Promises();
  const auditor = new Auditor(dir);
  const spoil: readonly (readonly [string, boolean, () => void])[] = [
    ['nothing', false, () => undefined],
    ['no folder', true, () => rmSync(join(dir, 'state'), { recursive: true })],
    ['garbage', true, () => writeFileSync(join(dir, 'state', 'data.mdb'), Buffer.from(new Random(3).octets(20_000), 'latin1'))],
    ['a cut file', true, () => truncateSync(join(dir, 'state', 'data.mdb'), 5_000)],
    [
      'a file in its place',
      true,
      () => {
        rmSync(join(dir, 'state'), { recursive: true });
        writeFileSync(join(dir, 'state'), 'state');
      },
    ],
    ['an attempt that did not end', true, () => writeFileSync(join(dir, 'state', 'opening'), '')],
  ];
  let node = await start(dir);
  await work(node, promises, 1);
  for (const [name, rebuilt, change] of spoil) {
    await stop(node);
    const before = await auditor.check(promises);
    assert.equal(before.torn, false);
    change();
    node = await start(dir);
    assert.equal(replayedBy(node), rebuilt ? before.height : 0, name);
    assert.equal((await node.client.health()).height, before.height, name);
    assert.equal((await node.client.block(before.height)).block.header, before.header, name);
    await work(node, promises, before.height, 60);
  }
  await stop(node);
  const last = await auditor.check(promises);
  assert.equal((await fsck(dir)).entries, last.entries);
});

test('blocks that the state store missed are in it after the next start', { timeout: 60_000 }, async () => {
  const dir = dirOf('behind');
  const denied = async (to: RealNode, session: string): Promise<void> =>
    assert.equal((await ask(to, session, true, 'pay', { to: 'alice', amount: 300 })).verdict, 'deny');
  let node = await start(dir);
  const { session } = await node.client.openSession('agent');
  const other = (await node.client.openSession('agent')).session;
  await denied(node, session);
  await stop(node);
  // killed before the store follows: three blocks that change old facts only, so that nothing looks missing
  node = await start(dir);
  for (let i = 0; i < 3; i++) await denied(node, session);
  await node.kill();
  node = await start(dir);
  const missed = replayedBy(node);
  await denied(node, other);
  await stop(node);
  node = await start(dir);
  assert.equal(replayedBy(node), 0, `the store is up to date and is used: ${node.err}`);
  const { receipt } = await ask(node, session);
  const { witness } = await node.client.receipt(receipt);
  assert.equal((witness as Record<string, unknown>)['session.denied'], 4);
  await stop(node);
  assert.equal((await fsck(dir)).entries, 8);
  assert.equal(missed, 3, 'the store was behind');
});

test('time never runs back, even where the clock does', { timeout: 60_000 }, async () => {
  const dir = dirOf('clock');
  const ahead = ['--import', 'data:text/javascript,const now = Date.now; Date.now = () => now() + 300_000;'];
  let node = await start(dir, ahead);
  const { session } = await node.client.openSession('agent');
  const allowed = await ask(node, session, true);
  const later_ms = (await node.client.block(2)).fields.time_ms;
  assert.ok(later_ms > Date.now() + 200_000, 'its clock is ahead');
  await stop(node);
  node = await start(dir);
  const { height } = await ask(node, session, true);
  assert.equal((await node.client.block(height)).fields.time_ms, later_ms);
  await node.client.outcome({ permit: allowed.permit as string, ok: true });
  await stop(node);
  assert.equal((await fsck(dir)).entries, 4);
  const { log } = await openReadOnly(dir);
  let last = 0;
  for (const { header } of log.frames()) {
    const { time_ms } = decodeHeader(header);
    assert.ok(time_ms >= last);
    last = time_ms;
  }
  await log.close();
});
