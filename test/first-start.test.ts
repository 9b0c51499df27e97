/** SIGKILL within a node's first start: whatever it has left, the next start makes it good. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fsck } from '../src/audit/fsck.ts';
import { writeLaw } from './real/law.ts';
import { endAll, eventually, RealNode, scratch } from './real/process.ts';

const folder = scratch('first-start');
const constitution = writeLaw(folder.path);
after(async () => {
  await endAll();
  folder.remove();
});

/** What a first start makes, in the order in which it makes it. */
const STEPS = ['pid', 'version', 'node.seed', 'genesis.cbor', 'state/data.mdb', 'log/spare.tmp', 'log/00000001.log', 'address'];

test('a first start that is killed at any step is made good by the next one', { timeout: 120_000 }, async () => {
  const seen: string[] = [];
  for (const step of STEPS) {
    const dir = join(folder.path, `first-${step.replaceAll('/', '-')}`);
    const node = new RealNode({ dir, constitution });
    // a step may have passed before it is seen: then this kills a little later, which is as good
    const path = join(dir, step);
    await eventually(
      step,
      () => new Promise<boolean>((resolve) => setImmediate(() => resolve(existsSync(path) || existsSync(join(dir, 'address')) || !node.running))),
    );
    assert.ok(node.running, node.err);
    await node.kill();
    if (existsSync(path)) seen.push(step);
    const next = await RealNode.start({ dir, constitution });
    const { session } = await next.client.openSession('after');
    assert.match(session, /^[0-9a-f]{32}$/);
    assert.deepEqual(await next.stop(), { code: 0, signal: null }, next.err);
    assert.equal((await fsck(dir)).entries, 1);
    rmSync(dir, { recursive: true });
  }
  console.log(`first starts ended at ${seen.join(' ')}`);
  assert.ok(seen.length >= STEPS.length / 2);
});
