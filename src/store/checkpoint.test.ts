import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyWay } from '../../sim/choice.ts';
import { SimDisk } from '../../sim/disk.ts';
import { type Octets, utf8 } from '../base/bytes.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { sha256 } from '../crypto/hash.ts';
import { signingKey } from '../crypto/suite.ts';
import { noteVerifier, openCheckpoint } from '../merkle/note.ts';
import { openPublished, Publisher, readPublished } from './checkpoint.ts';

const ORIGIN = 'log.example/ava';
const key = signingKey(new Uint8Array(32).fill(3));
const verifier = noteVerifier(ORIGIN, key.public);
const rootOf = (size: number): Octets => sha256(utf8(`root ${size}`));
const refuses = (slug: FaultName) => (e: unknown) => e instanceof Fault && e.slug === slug;

test('a checkpoint is published, replaced, and read back', async () => {
  const disk = new SimDisk(() => 0);
  assert.equal(openPublished(disk, verifier), null);
  const log = { size: 10 };
  const publisher = new Publisher(disk, log, key, ORIGIN, null);
  for (const size of [3, 3, 10]) {
    const note = await publisher.publish(size, rootOf(size));
    assert.deepEqual(readPublished(disk), utf8(note));
    assert.deepEqual(openPublished(disk, verifier), { origin: ORIGIN, size, root: rootOf(size) });
    assert.deepEqual(openCheckpoint(utf8(note), verifier), publisher.published);
  }
});

test('what is not durable, goes back or forks is never signed', async () => {
  const disk = new SimDisk(() => 0);
  const publisher = new Publisher(disk, { size: 10 }, key, ORIGIN, { origin: ORIGIN, size: 5, root: rootOf(5) });
  await assert.rejects(publisher.publish(11, rootOf(11)), refuses('ledger_behind'));
  await assert.rejects(publisher.publish(4, rootOf(4)), refuses('ledger_behind'));
  await assert.rejects(publisher.publish(5, rootOf(6)), refuses('ledger_behind'));
  assert.equal(readPublished(disk), null);
  const both = await Promise.allSettled([publisher.publish(6, rootOf(6)), publisher.publish(7, rootOf(7))]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

test('a damaged or foreign checkpoint is refused', async () => {
  const disk = new SimDisk(() => 0);
  await new Publisher(disk, { size: 1 }, key, ORIGIN, null).publish(1, rootOf(1));
  disk.flip('checkpoint', 3, 0);
  assert.throws(() => openPublished(disk, verifier), refuses('note_unsigned'));
  assert.throws(() => openPublished(disk, noteVerifier('other', key.public)), refuses('note_unsigned'));
});

test('whatever happens, the old one or the new one stands, and a published one stays', async () => {
  let states = 0;
  for (const fault of ['crash', 'EIO', 'ENOSPC', 'short'] as const) {
    for (let at = 1; ; at++) {
      const disk = new SimDisk(() => 1);
      const log = { size: 9 };
      await new Publisher(disk, log, key, ORIGIN, null).publish(1, rootOf(1));
      disk.faults.set(disk.calls + at, fault);
      let published = false;
      let settled = false;
      const attempt = new Publisher(disk, log, key, ORIGIN, null).publish(2, rootOf(2)).then(
        () => {
          published = settled = true;
        },
        (error) => {
          settled = true;
          assert(refuses('disk_failed')(error), String(error));
        },
      );
      for (let i = 0; i < 100 && !settled; i++) await Promise.resolve();
      if (settled) await attempt;
      states += await everyWay(100, async (choose) => {
        const found = openPublished(disk.crashed(choose), verifier);
        assert(found !== null && (found.size === 2 || (found.size === 1 && !published)), `${fault} at ${at}: ${found?.size}`);
      });
      if (published) break;
    }
  }
  console.log(`${states} states`);
});
